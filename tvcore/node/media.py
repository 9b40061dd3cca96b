"""What a tile without a display shows: a picture, a movie, a PDF, decoded into framebuffers. Files only, no tiles.

Each medium is opened once and asked for one of its frames, by number from 0; ``open_medium`` and ``frame`` may take
long, and belong into a thread; who cancels one may close the medium at once: that waits for the thread. Whatever its
size, no framebuffer has more pixels than asked for.
"""

from __future__ import annotations

import contextlib
import os
import stat
import threading
import unicodedata
from typing import Any, Protocol
from urllib.parse import urlsplit

import cv2
import numpy as np
import pypdfium2

from tvcore.causes import Cause, TileFailureError
from tvcore.node.heads import Head, read_head
from tvcore.node.rfb import Pixels

MOST_PIXELS = 1 << 24  # of a framebuffer
LEAST_PIXELS = 1 << 20  # that it may have on a node with however many
ALL_PIXELS = 1 << 29  # of all of them on a node: 2 GiB
MOST_DECODED = 1 << 30  # pixels of a picture; OpenCV takes no more
CROWD = 1 << 26  # pixels of a picture up to which others are decoded at the same time
PAGE_PIXELS = 1 << 22  # of a page of a PDF: A4 at some 200 dots an inch
SKIP = 24  # frames of a movie that are read over rather than looked for
_CARD = (640, 480)
_RESIZED = {np.dtype(kind) for kind in ("u1", "u2", "i2", "f4", "f8")}  # what OpenCV can resize
_large = threading.Lock()
_pdf = threading.Lock()  # pdfium is for one thread at a time


class Medium(Protocol):
    """Something that has frames: one, or one after the other."""

    count: int
    pace: float  # frames of one unit of its clock (a second of a movie, a page of a PDF); 0: it has no clock
    length: float  # the last moment of its clock
    clock: str  # "seconds", "pages" or "" where it has none

    def frame(self, number: int) -> Pixels:
        """Return the frame *number*. Raises TileFailureError."""
        ...

    def close(self) -> None:
        """Give the file back."""
        ...


def share(tiles: int) -> int:
    """Return how many pixels a framebuffer may have where *tiles* have one each. Pure."""
    return min(MOST_PIXELS, max(LEAST_PIXELS, ALL_PIXELS // tiles))


def open_medium(kind: str, source: str, most: int = MOST_PIXELS) -> Medium:
    """Return what the file *source* shows, in *most* pixels. Raises TileFailureError in one line, with the cause."""
    try:
        file = os.open(source, os.O_RDONLY | os.O_NONBLOCK)  # a FIFO is not waited for
        found = os.fstat(file)
        os.close(file)
    except OSError as error:
        raise TileFailureError(Cause.FILE_MISSING, f"{source} cannot be read: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode):
        raise broken(source, "it is no regular file")
    if not found.st_size:
        raise broken(source, "it is empty")
    kinds: dict[str, type[Picture] | type[Movie] | type[Pdf]] = {"picture": Picture, "movie": Movie, "pdf": Pdf}
    return kinds[kind](source, most)


def broken(source: str, why: str) -> TileFailureError:
    """Return the failure of a file that is there but cannot be shown."""
    return TileFailureError(Cause.FILE_BROKEN, f"{source} cannot be shown: {why}")


class Picture:
    """A picture of any size and depth that OpenCV reads."""

    count, pace, length, clock = 1, 0.0, 0.0, ""

    def __init__(self, source: str, most: int) -> None:
        try:
            head = read_head(source)
        except (OSError, ValueError) as error:
            raise broken(source, f"it is no whole picture ({error})") from error
        pixels = head.width * head.height
        if pixels > MOST_DECODED:
            size = f"{head.width} x {head.height} pixels"
            raise broken(source, f"its {size} are more than {MOST_DECODED >> 20} megapixels: make it smaller")
        with contextlib.nullcontext() if 0 < pixels <= CROWD else _large:
            self._pixels = framebuffer(_read(source, head, most), most)

    def frame(self, number: int) -> Pixels:
        """Return the picture."""
        return self._pixels

    def close(self) -> None:
        """Nothing is open."""


class Movie:
    """A movie: read frame by frame when it is played forward, looked for when somebody scrubs."""

    clock = "seconds"

    def __init__(self, source: str, most: int) -> None:
        self._source = source
        self._most = most
        self._lock = threading.Lock()
        # One thread, as there are many movies. FFMPEG by name: others take %04d in a name for a pattern.
        self._file = cv2.VideoCapture(source, cv2.CAP_FFMPEG, [cv2.CAP_PROP_N_THREADS, 1])
        self.pace = float(self._file.get(cv2.CAP_PROP_FPS))
        self.count = int(self._file.get(cv2.CAP_PROP_FRAME_COUNT))
        self._next = 0
        self._last: Pixels | None = None
        if not self._file.isOpened() or not 0 < self.pace < 1000 or self.count < 1:
            self._file.release()
            raise broken(source, "it is no movie that can be read here")
        self.length = self.count / self.pace

    def frame(self, number: int) -> Pixels:
        """Return the frame *number*; of one that is missing in the file, the one shown last."""
        with self._lock:
            if not self._next <= number <= self._next + SKIP:
                self._file.set(cv2.CAP_PROP_POS_FRAMES, number)
                self._next = number
            while self._next < number and self._file.grab():
                self._next += 1
            good, image = self._file.read()
            self._next = number + 1
            if good:
                self._last = framebuffer(image, self._most)
            if self._last is None:
                raise broken(self._source, f"its frame {number} cannot be decoded")
            return self._last

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._file.release()


class Pdf:
    """A PDF; its clock counts pages from 1."""

    pace, clock = 1.0, "pages"

    def __init__(self, source: str, most: int) -> None:
        self._source = source
        self._most = most
        with _pdf:
            try:
                self._file = pypdfium2.PdfDocument(source)
            except pypdfium2.PdfiumError as error:
                raise broken(source, f"it is no PDF that can be read here ({error})") from error
            self.count = len(self._file)
            if not self.count:
                self._file.close()
                raise broken(source, "it has no page")
        self.length = float(self.count)

    def frame(self, number: int) -> Pixels:
        """Return page *number*, from 0, on white."""
        with _pdf:
            try:
                page = self._file[number]
                try:
                    width, height = page.get_size()
                    scale = (min(PAGE_PIXELS, self._most) / max(1.0, width * height)) ** 0.5
                    image = page.render(scale=scale, rev_byteorder=False).to_numpy().copy()
                finally:
                    page.close()  # here, under the lock, and not by its finalizer
            except pypdfium2.PdfiumError as error:
                raise broken(self._source, f"its page {number + 1} cannot be drawn ({error})") from error
        return framebuffer(image, self._most)

    def close(self) -> None:
        """Close the file."""
        with _pdf:
            self._file.close()


def _read(source: str, head: Head, most: int) -> Any:
    """Return the picture *source* as OpenCV decodes it, a large JPEG reduced on the way, to no less than *most*."""
    flags = cv2.IMREAD_UNCHANGED
    if head.jpeg:
        flags = cv2.IMREAD_COLOR  # turned as its camera was held
        pixels = head.width * head.height
        for reduced in (cv2.IMREAD_REDUCED_COLOR_2, cv2.IMREAD_REDUCED_COLOR_4, cv2.IMREAD_REDUCED_COLOR_8):
            if pixels >= 4 * most:
                flags, pixels = reduced, pixels // 4
    try:
        image = cv2.imread(source, flags)
    except cv2.error as error:
        raise broken(source, " ".join(str(error.err).split()) or "it is too large") from error
    if image is None:
        raise broken(source, "it is no picture that can be read here, or not whole")
    return image


def framebuffer(image: Any, most: int = MOST_PIXELS) -> Pixels:
    """Return *image* (grey, BGR or BGRA, of any depth) as a framebuffer: BGRX, bytes, of *most* pixels."""
    height, width = image.shape[:2]
    if width * height > most:
        if image.dtype not in _RESIZED:
            image = image.astype(np.float32)
        scale = (most / (width * height)) ** 0.5
        size = (max(1, int(width * scale)), max(1, int(height * scale)))
        image = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    image = _bytes(image)
    if image.ndim == 2 or image.shape[2] == 1:
        return _colours(image, cv2.COLOR_GRAY2BGRA)
    if image.shape[2] == 2:  # grey with alpha
        image = np.dstack([image[..., 0]] * 3 + [image[..., 1]])
    if image.shape[2] == 3:
        return _colours(image, cv2.COLOR_BGR2BGRA)
    alpha = image[..., 3:]
    if (alpha == 255).all():
        return np.ascontiguousarray(image)
    on_white = image[..., :3].astype(np.uint16) * alpha + 255 * (255 - alpha.astype(np.uint16))
    return _colours((on_white // 255).astype(np.uint8), cv2.COLOR_BGR2BGRA)


def _colours(image: Any, code: int) -> Pixels:
    made: Pixels = cv2.cvtColor(image, code)
    return made


def _bytes(image: Any) -> Any:
    """Return *image* in bytes: from its least to its largest value where it is grey, else from 0 to its largest."""
    if image.dtype == np.uint8:
        return image
    values = image.astype(np.float32)
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    if image.ndim == 3 and image.shape[2] >= 3:
        low, high = min(low, 0.0), float(np.iinfo(image.dtype).max) if image.dtype.kind in "ui" else max(high, 1.0)
    scaled = (np.nan_to_num(values, nan=low, posinf=high, neginf=low) - low) * (255 / ((high - low) or 1.0))
    return np.clip(scaled, 0, 255).astype(np.uint8)


def card(title: str, url: str) -> Pixels:
    """Return the picture that stands for a page on the wall: its title and host, in the letters that OpenCV has."""
    picture = np.full((*_CARD[::-1], 4), (38, 32, 28, 255), np.uint8)
    picture[: _CARD[1] // 40] = (196, 150, 82, 255)
    host = urlsplit(url).hostname or url
    _write(picture, title or host, 200, 1.3, (236, 236, 236, 255))
    _write(picture, host, 270, 0.9, (180, 170, 160, 255))
    return picture


def _write(picture: Pixels, text: str, y: int, scale: float, colour: tuple[int, ...]) -> None:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode() or "page"
    (width, _), _ = cv2.getTextSize(plain, cv2.FONT_HERSHEY_SIMPLEX, scale, 2)
    scale *= min(1.0, (_CARD[0] - 64) / width)
    cv2.putText(picture, plain, (32, y), cv2.FONT_HERSHEY_SIMPLEX, scale, colour, 2, cv2.LINE_AA)
