"""Tiles without a display: pictures, movies, PDFs and pages, read from real files by a real node agent."""

from __future__ import annotations

import asyncio
import os
import struct
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest
from pydantic import ValidationError

from nodekit import NodeAgent, wait_for
from tvcore.batch.plan import TilePlan
from tvcore.cases import TileSpec
from tvcore.causes import TileFailureError
from tvcore.errors import TiledVizError
from tvcore.node import media, media_tile
from tvcore.node.heads import read_head
from tvcore.node.media_tile import MediaTile, Moment, number_at
from tvcore.tunnel import agents

Start = Callable[..., NodeAgent]
FPS, FRAMES = 10, 30


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """A movie of three seconds whose frame i is of the grey 8 * i."""
    path = tmp_path / "movie.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), FPS, (96, 64))  # type: ignore[attr-defined]
    assert writer.isOpened()
    for i in range(FRAMES):
        writer.write(np.full((64, 96, 3), 8 * i, np.uint8))
    writer.release()
    return path


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """A PDF of three pages: upright, upright, and lying."""
    path = tmp_path / "paper.pdf"
    document = pypdfium2.PdfDocument.new()
    for size in ((300, 400), (300, 400), (400, 300)):
        document.new_page(*size)
    document.save(str(path))
    return path


def grey(pixels: Any) -> int:
    return int(pixels[..., :3].mean().round())


# ------------------------------------------------------------------- decoding


def test_a_grey_picture_of_16_bits_is_spread_from_its_darkest_to_its_brightest(tmp_path: Path) -> None:
    path = tmp_path / "deep.tif"
    cv2.imwrite(str(path), np.linspace(1000, 1400, 64 * 64, dtype=np.uint16).reshape(64, 64))
    pixels = media.open_medium("picture", str(path)).frame(0)
    assert (pixels.shape, pixels.dtype) == ((64, 64, 4), np.uint8)
    assert (pixels[..., 0].min(), pixels[..., 0].max()) == (0, 255)


def test_numbers_that_are_none_do_not_spoil_a_picture_of_floats(tmp_path: Path) -> None:
    values = np.linspace(-1, 1, 256, dtype=np.float32).reshape(16, 16)
    values[0, 0] = np.nan
    pixels = media.framebuffer(values)
    assert (pixels[0, 0, 0], pixels[-1, -1, 0]) == (0, 255)


def test_what_can_be_seen_through_stands_on_white(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    image = np.zeros((8, 8, 4), np.uint8)
    image[:4, :, 3] = 255
    cv2.imwrite(str(path), image)
    pixels = media.open_medium("picture", str(path)).frame(0)
    assert (grey(pixels[:4]), grey(pixels[4:])) == (0, 255)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_picture_of_any_size_becomes_no_larger_framebuffer_than_16_mebipixels(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"large.{suffix}"
    cv2.imwrite(str(path), np.full((6000, 7000), 99, np.uint8))
    height, width = media.open_medium("picture", str(path)).frame(0).shape[:2]
    assert height * width <= media.MOST_PIXELS
    assert width / height == pytest.approx(7 / 6, rel=0.01)


def test_the_files_of_a_node_share_its_memory() -> None:
    assert [media.share(tiles) for tiles in (1, 32)] == [media.MOST_PIXELS] * 2
    assert media.share(128) * 128 == media.ALL_PIXELS
    assert media.share(4096) == media.LEAST_PIXELS


def test_no_framebuffer_has_more_pixels_than_its_share(tmp_path: Path, movie: Path, pdf: Path) -> None:
    for suffix, kind in (("png", np.uint8), ("jpg", np.uint8), ("tif", np.int32)):
        picture = tmp_path / f"picture.{suffix}"
        cv2.imwrite(str(picture), np.full((600, 700), 99, kind))
        height, width = media.open_medium("picture", str(picture), 1000).frame(0).shape[:2]
        assert 900 < height * width <= 1000
    for name, path in (("movie", movie), ("pdf", pdf)):
        height, width = media.open_medium(name, str(path), 1000).frame(1).shape[:2]
        assert 900 < height * width <= 1000


def tiff(order: str, big: bool, width: int, height: int) -> bytes:
    """Return the head of a TIFF whose width is a SHORT and whose height a LONG."""
    place, count, entry = ("Q", "Q", "HHQ") if big else ("I", "H", "HHI")
    start = b"II" if order == "<" else b"MM"
    start += struct.pack(order + ("HHH" if big else "H"), *((43, 8, 0) if big else (42,)))
    start += struct.pack(order + place, len(start) + struct.calcsize(place))
    fields = [struct.pack(order + entry, 256, 3, 1) + struct.pack(order + "H", width)]
    fields.append(struct.pack(order + entry, 257, 4, 1) + struct.pack(order + "I", height))
    length = struct.calcsize("=" + entry) + struct.calcsize(place)
    return start + struct.pack(order + count, len(fields)) + b"".join(field.ljust(length, b"\0") for field in fields)


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("big", [False, True])
def test_the_head_of_a_tiff_says_how_large_it_is(tmp_path: Path, order: str, big: bool) -> None:
    path = tmp_path / "picture.tif"
    path.write_bytes(tiff(order, big, 50_000, 70_000))
    assert read_head(str(path))[1:] == (50_000, 70_000)
    with pytest.raises(
        TileFailureError, match="its 50000 x 70000 pixels are more than 1024 megapixels: make it smaller"
    ):
        media.open_medium("picture", str(path))
    path.write_bytes(path.read_bytes()[:20])
    with pytest.raises(TileFailureError, match="it is no whole picture"):
        media.open_medium("picture", str(path))


@pytest.mark.parametrize("suffix", ["png", "jpg", "tif"])
def test_the_head_of_a_picture_says_what_is_in_it(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"picture.{suffix}"
    cv2.imwrite(str(path), np.zeros((20, 30, 3), np.uint8))
    assert read_head(str(path)) == (suffix == "jpg", 30, 20)


@pytest.mark.parametrize(("crowd", "most"), [(media.CROWD, 3), (100, 1)])
def test_large_pictures_are_decoded_one_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, crowd: int, most: int
) -> None:
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.zeros((20, 30, 3), np.uint8))
    monkeypatch.setattr(media, "CROWD", crowd)
    at_once: list[int] = []
    running: set[int] = set()

    def slow(*_: object) -> Any:
        running.add(threading.get_ident())
        time.sleep(0.3)
        at_once.append(len(running))
        running.discard(threading.get_ident())
        return np.zeros((2, 2, 3), np.uint8)

    monkeypatch.setattr(media, "_read", slow)
    threads = [threading.Thread(target=media.open_medium, args=("picture", str(path))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert max(at_once) == most


def test_what_is_no_regular_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(TileFailureError, match="it is no regular file"):
        media.open_medium("picture", str(tmp_path / "pipe.png"))


@pytest.mark.parametrize("kind", ["picture", "movie", "pdf"])
@pytest.mark.parametrize(
    ("content", "why"), [(b"", "it is empty"), (b"\x89PNG rubbish", "read here"), (None, "No such file")]
)
def test_a_file_that_cannot_be_shown_says_so_in_one_line(
    tmp_path: Path, kind: str, content: bytes | None, why: str
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TileFailureError, match=why) as caught:
        media.open_medium(kind, str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.cause == ("file missing" if content is None else "file broken")


def test_a_movie_gives_each_frame_forwards_backwards_and_far_off(movie: Path) -> None:
    shown = media.open_medium("movie", str(movie))
    assert (shown.count, shown.pace, shown.length) == (FRAMES, FPS, FRAMES / FPS)
    for number in (0, 1, 2, 9, 3, 29, 0, 28):
        assert grey(shown.frame(number)) == pytest.approx(8 * number, abs=3)
    shown.close()


def test_a_movie_takes_one_thread_and_its_name_for_what_it_is(tmp_path: Path) -> None:
    path = tmp_path / "run%04d.mp4"  # MPEG-4, which FFMPEG would decode on every core
    writer = cv2.VideoWriter(str(path), cv2.CAP_FFMPEG, cv2.VideoWriter_fourcc(*"mp4v"), FPS, (96, 64))  # type: ignore[attr-defined]
    for i in range(10):
        writer.write(np.full((64, 96, 3), 8 * i, np.uint8))
    writer.release()
    shown = media.Movie(str(path), media.MOST_PIXELS)
    assert grey(shown.frame(9)) == pytest.approx(72, abs=4)
    assert shown._file.get(cv2.CAP_PROP_N_THREADS) == 1


def test_a_movie_is_not_closed_under_the_frame_that_is_read(movie: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = media.open_medium("movie", str(movie))
    begun, go_on = threading.Event(), threading.Event()

    def slow(image: Any, most: int) -> Any:
        begun.set()
        assert go_on.wait(20)
        return image

    monkeypatch.setattr(media, "framebuffer", slow)
    reading = threading.Thread(target=shown.frame, args=(0,))
    closing = threading.Thread(target=shown.close)
    reading.start()
    assert begun.wait(20)
    closing.start()
    closing.join(0.2)
    assert closing.is_alive()
    go_on.set()
    closing.join(20)
    assert not closing.is_alive()


def test_a_page_that_cannot_be_drawn_is_closed_under_the_lock(pdf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown = media.open_medium("pdf", str(pdf))
    locked: list[bool] = []
    close = pypdfium2.PdfPage.close

    def fails(*_: object, **__: object) -> None:
        raise pypdfium2.PdfiumError("no")

    def closes(page: pypdfium2.PdfPage) -> None:
        locked.append(media._pdf.locked())
        close(page)

    monkeypatch.setattr(pypdfium2.PdfPage, "render", fails)
    monkeypatch.setattr(pypdfium2.PdfPage, "close", closes)
    with pytest.raises(TileFailureError, match=r"page 1 cannot be drawn \(no\)"):
        shown.frame(0)
    assert locked == [True]


def test_pages_of_a_pdf_are_drawn_in_their_own_shape(pdf: Path) -> None:
    shown = media.open_medium("pdf", str(pdf))
    (height, width), (height_3, width_3) = (shown.frame(i).shape[:2] for i in (0, 2))
    assert width / height == pytest.approx(3 / 4, rel=0.01)
    assert width_3 / height_3 == pytest.approx(4 / 3, rel=0.01)
    assert [number_at(shown, at) for at in (0, 1, 2.9, 3, 99)] == [0, 0, 1, 2, 2]
    shown.close()


def test_a_moment_goes_on_by_the_clock_and_stops_at_either_end() -> None:
    assert Moment(2.0).now(1000.0, 3.0) == 2.0
    assert Moment(0.5, since=100.0, rate=2.0).now(101.0, 3.0) == 2.5
    assert Moment(0.5, since=100.0, rate=2.0).now(200.0, 3.0) == 3.0
    assert Moment(2.0, since=100.0, rate=-1.0).now(200.0, 3.0) == 0.0


# ---------------------------------------------------------------------- tiles


class Slow:
    """A medium that is slow to open and to close, and notes where it was closed."""

    count, pace, length, clock = 1, 0.0, 0.0, ""
    seconds = 0.5

    def __init__(self) -> None:
        self.closed: list[int] = []

    def open(self, *_: object) -> Slow:
        time.sleep(self.seconds)
        return self

    def frame(self, number: int) -> Any:
        return np.zeros((2, 2, 4), np.uint8)

    def close(self) -> None:
        time.sleep(self.seconds)
        self.closed.append(threading.get_ident())


def media_tile_of(folder: Path) -> MediaTile:
    """Return a tile on a node that has nothing but a folder for logs."""
    node: Any = SimpleNamespace(members=None, logs=folder, changed=lambda *_: None)
    return MediaTile(TilePlan(index=0, title="t", kind="pdf", source="/paper.pdf"), node)


@pytest.mark.parametrize("after", [0.1, 1.0])  # while it is opened; when it is open
def test_a_file_is_closed_in_a_thread_whenever_its_tile_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: float
) -> None:
    medium = Slow()
    monkeypatch.setattr(media_tile, "open_medium", medium.open)

    async def stop() -> float:
        tile = media_tile_of(tmp_path)
        life = asyncio.create_task(tile.run())
        await asyncio.sleep(after)
        begun = time.monotonic()
        await tile.stop()
        took = time.monotonic() - begun
        life.cancel()
        await asyncio.wait([life])
        return took

    assert asyncio.run(stop()) < Slow.seconds / 2
    wait_for(lambda: medium.closed, what="it is closed")
    assert threading.get_ident() not in medium.closed
    assert len(medium.closed) == 1


def test_a_tile_takes_no_more_than_its_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shares: list[int] = []
    monkeypatch.setattr(media_tile, "open_medium", lambda *given: shares.append(given[2]) or Slow())  # type: ignore[func-returns-value]
    tiles = [media_tile_of(tmp_path) for _ in range(64)]

    async def live() -> None:
        life = asyncio.create_task(tiles[0].run())
        while not shares:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        life.cancel()
        await asyncio.wait([life])

    asyncio.run(live())
    for tile in tiles[1:]:
        tile.log.close()
    assert shares[0] <= media.share(64)


# --------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "a live tile has a command"),
        ({"kind": "picture", "source": "picture.png"}, "absolute path"),
        ({"kind": "page", "source": "/etc/passwd"}, "begins with http"),
        ({"kind": "page", "source": "file:///etc/passwd"}, "begins with http"),
        ({"kind": "movie", "source": "/a", "command": ("x",)}, "no command"),
        ({"command": ("x",), "source": "/a"}, "no source"),
    ],
)
def test_a_tile_has_a_command_or_a_source_of_its_kind(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        TileSpec(**wrong)
    with pytest.raises(ValidationError, match=why):
        TilePlan(index=0, title="t", **wrong)


# ----------------------------------------------------------------- real agents


def test_a_picture_is_a_live_tile_without_a_display(
    start_agent: Start, look: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.full((120, 160, 3), (10, 200, 30), np.uint8))
    agent = start_agent((), kind="picture", source=str(path))
    status = agent.wait_state("live")
    assert (status["width"], status["height"], status["display"], status["kind"]) == (160, 120, None, "picture")
    assert status["media"]["name"] == "picture.png"
    for call, more in (("type", {"text": "x"}), ("resize", {"width": 100, "height": 100}), ("windows", {})):
        with pytest.raises(TiledVizError, match="shows a picture: there is no display"):
            agents.call(agent.registration, call, tile=0, **more)
    with pytest.raises(TiledVizError, match="no time passes"):
        agents.call(agent.registration, "play", tile=0, at=1.0)


def test_a_broken_file_fails_its_tile_until_it_is_mended_and_started_again(start_agent: Start, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"no picture")
    agent = start_agent((), kind="picture", source=str(path))
    status = agent.wait_state("failed")
    assert (status["cause"], str(path) in status["reason"]) == ("file broken", True)
    cv2.imwrite(str(path), np.zeros((20, 30, 3), np.uint8))
    agents.call(agent.registration, "restart", tile=0)
    assert agent.wait_state("live")["width"] == 30
    agents.call(agent.registration, "stop", tile=0)
    agent.wait_state("stopped")
    agents.call(agent.registration, "restart", tile=0)
    agent.wait_state("live")


def test_a_movie_is_decoded_only_while_somebody_looks(
    start_agent: Start, look: Callable[..., Any], movie: Path
) -> None:
    agent = start_agent((), kind="movie", source=str(movie))
    status = agent.wait_state("live")
    assert (status["media"]["clock"], status["media"]["length"]) == ("seconds", FRAMES / FPS)
    frames = agent.status()["frames"]
    agents.call(agent.registration, "play", tile=0, at=0.0, since=time.time() + 1, rate=0.25)
    time.sleep(1.5)
    assert agent.status()["frames"] == frames
    viewer = look(agent)
    viewer.show((0, 96, 64))
    wait_for(lambda: agent.status()["frames"] > frames + 2, what="frames come")
    agents.call(agent.registration, "play", tile=0, at=2.9)
    assert agent.status()["media"]["play"] == {"at": 2.9, "since": None, "rate": 1.0}
    viewer.settle()
    assert grey(viewer.canvas[0]) == pytest.approx(8 * 29, abs=4)
    late = look(agent, 4)
    late.show((0, 96, 64))
    late.settle()
    assert grey(late.canvas[0]) == pytest.approx(8 * 29, abs=4)
