"""The images of tiles: where they lie, and what is known of each.

An image ``NAME.sif`` has a sidecar ``NAME.json`` beside it, written when it was built. What that says holds as long as
the image's size and time of change are those it names; of another file, a copy perhaps, the digest decides.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import platformdirs

from tvcore.container.command import Runtime
from tvcore.container.sif import HEADER_BYTES, Sif, parse_header
from tvcore.errors import TiledVizError, UsageError
from tvcore.paths import cache_dir, write_atomic
from tvcore.settings import ImageSettings

SUFFIX = ".sif"
NAME = re.compile(r"[a-z0-9][\w.-]{0,63}", re.IGNORECASE | re.ASCII)
_DIGESTS_KEPT = 200


@dataclass(frozen=True)
class Image:
    """An image. *digest* is ``sha256:…`` of the file, empty for a folder; *architecture* in Go's words (``amd64``).

    *definition*, *runtime* (what built it) and *built* (seconds since the epoch) are known of images that TiledViz
    built.
    """

    name: str
    path: Path
    digest: str
    architecture: str = ""
    size: int = 0
    definition: str = ""
    runtime: str = ""
    built: float | None = None

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        return asdict(self) | {"path": str(self.path)}


def images_folder(settings: ImageSettings) -> Path:
    """Return the folder of built images, made or not."""
    return Path(settings.folder) if settings.folder else platformdirs.user_data_path("tiledviz") / "images"


def check_name(name: str) -> str:
    """Return *name*, which an image may have. Raises UsageError."""
    if not NAME.fullmatch(name):
        raise UsageError(f"an image cannot be called {name!r}: use letters, digits, dots, - and _, 64 at most")
    return name


def find(name: str, settings: ImageSettings) -> Image:
    """Return the image *name*: NAME.sif of the folder, else NAME, unpacked there; or one by its absolute path.

    Raises UsageError where there is none, or what is there is none, in one line.
    """
    if name.startswith("/"):
        return look(Path(name).name.removesuffix(SUFFIX), Path(name))
    folder = images_folder(settings)
    path = folder / f"{check_name(name)}{SUFFIX}"
    if not path.exists() and (folder / name).is_dir():
        path = folder / name
    try:
        path.stat()
    except FileNotFoundError:
        raise UsageError(f"there is no image {name!r} in {folder}: `tiledviz image build {name}` makes it") from None
    except OSError as error:
        raise UsageError(f"the image {path} cannot be used: {error.strerror}") from error
    return look(name, path)


def list_images(settings: ImageSettings) -> tuple[Image, ...]:
    """Return the images of the folder, by name; what is none there is passed over."""
    return tuple(_images(images_folder(settings)))


def _images(folder: Path) -> Iterator[Image]:
    for path in sorted(folder.glob("*")):
        unpacked = path.is_dir() and not path.with_name(f"{path.name}{SUFFIX}").exists()
        if not path.name.startswith(".") and (unpacked or path.name.endswith(SUFFIX)):
            with contextlib.suppress(UsageError):
                yield look(path.name.removesuffix(SUFFIX), path)


def look(name: str, path: Path) -> Image:
    """Return what is known of the image at *path*. Raises UsageError when it cannot be one."""
    try:
        found = path.stat()
        if found.st_mode & stat.S_IWOTH:
            raise UsageError(f"everybody may write to the image {path}: `chmod o-w {path}`, and build it again")
        if stat.S_ISDIR(found.st_mode):
            return Image(name, path, "")
        if not stat.S_ISREG(found.st_mode):
            raise UsageError(f"{path} is neither a file nor a folder: it is no image")
        with path.open("rb") as file:
            sif = parse_header(file.read(HEADER_BYTES))
    except OSError as error:
        raise UsageError(f"the image {path} cannot be used: {error.strerror}") from error
    _check(path, sif, found.st_size)
    said = _sidecar(path)
    same = (said.get("size"), said.get("mtime_ns")) == (found.st_size, found.st_mtime_ns) and "digest" in said
    digest = str(said["digest"]) if same else _digest(path, found)
    said = said if said.get("digest") == digest else {}
    assert sif
    return Image(
        name, path, digest, sif.architecture, found.st_size,
        str(said.get("definition", "")), str(said.get("runtime", "")), said.get("built"),
    )  # fmt: skip


def _check(path: Path, sif: Sif | None, size: int) -> None:
    if sif is None:
        raise UsageError(f"{path} is not an image: build one (tiledviz image build)")
    if size < sif.size:
        raise UsageError(f"the image {path} is cut short ({size:,} of {sif.size:,} bytes): build or copy it again")


# ---------------------------------------------------------------------------------------------------------- sidecars


def sidecar_path(path: Path) -> Path:
    """Return where the sidecar of the image at *path* is."""
    return path.with_suffix(".json")


def write_sidecar(path: Path, definition: str, runtime: Runtime, built: float) -> None:
    """Write down what the image at *path* was built from, and what it looks like now."""
    found = path.stat()
    said = {
        "digest": sha256(path),
        "definition": definition,
        "runtime": runtime.title,
        "built": built,
        "size": found.st_size,
        "mtime_ns": found.st_mtime_ns,
    }
    write_atomic(sidecar_path(path), json.dumps(said, indent=2) + "\n", found.st_mode & 0o666)


def _sidecar(path: Path) -> dict[str, Any]:
    """Return what the sidecar says, of whatever file it was; empty when there is none."""
    try:
        said = json.loads(sidecar_path(path).read_text())
    except (OSError, ValueError):
        return {}
    return said if isinstance(said, dict) else {}


def sha256(path: Path) -> str:
    """Return ``sha256:…`` of a file's content."""
    with path.open("rb") as file:
        return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"


def _digest(path: Path, found: os.stat_result) -> str:
    """Return the digest of an image without a sidecar that holds; kept in the cache, as images are large."""
    store = cache_dir() / "image-digests.json"
    key = f"{path.resolve()}:{found.st_dev}:{found.st_ino}:{found.st_size}:{found.st_mtime_ns}:{found.st_ctime_ns}"
    try:
        known = json.loads(store.read_text())
    except (OSError, ValueError):
        known = {}
    if not isinstance(known, dict):
        known = {}
    if not isinstance(known.get(key), str):
        known[key] = sha256(path)
        kept = dict(list(known.items())[-_DIGESTS_KEPT:])
        with contextlib.suppress(OSError):
            write_atomic(store, json.dumps(kept))
    return str(known[key])


# ----------------------------------------------------------------------------------------------------------- inspect


def inspect(name: str, settings: ImageSettings, runtime: Runtime) -> dict[str, Any]:
    """Return all that is known of an image: what ``find`` says, with its labels, help and definition as it holds them.

    The definition that an image holds has its arguments filled in; the one it was built from comes first. Raises
    TiledVizError when the file is not what its sidecar says, which only reading all of it can tell.
    """
    image = find(name, settings)
    written = _sidecar(image.path).get("digest", image.digest)
    if image.digest and (now := sha256(image.path)) != written:
        raise TiledVizError(
            f"the image {image.path} is not the one that {sidecar_path(image.path).name} tells of (its digest is {now},"
            f" there it is {written}): build or copy it again, or remove that file"
        )
    held = _held(image, runtime)
    attributes = held.get("attributes", {})
    document = image.document()
    document["definition"] = image.definition or str(attributes.get("deffile") or "")
    document["labels"] = {key: str(value) for key, value in (attributes.get("labels") or {}).items()}
    document["help"] = str(attributes.get("helpfile") or "").strip()
    return document


def _held(image: Image, runtime: Runtime) -> dict[str, Any]:
    """Return what spython reads out of the image. It would run whatever PATH calls singularity: it is told which."""
    from spython.main import get_client

    client = get_client(quiet=True)
    client._init_command = lambda action, flags=None: [runtime.path, "--nocolor", "-s", *(flags or ()), action]
    try:
        found = client.inspect(str(image.path))
    except (OSError, ValueError, LookupError) as error:
        raise TiledVizError(f"{runtime.title} cannot look into {image.path}: {error}") from error
    if "attributes" not in found:
        said = " ".join(" ".join(found.get("message", ())).split())
        raise TiledVizError(f"{runtime.title} cannot look into {image.path}: {said[-300:] or 'it does not say why'}")
    return dict(found)
