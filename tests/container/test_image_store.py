"""The images' folder: what is found there, what is known of it, and what is refused."""

from __future__ import annotations

import hashlib
import json
import os
import struct
import time
from pathlib import Path

import pytest

from tvcore.container import images
from tvcore.container.command import Runtime
from tvcore.container.images import Image, find, list_images, write_sidecar
from tvcore.container.sif import parse_header
from tvcore.errors import TiledVizError, UsageError
from tvcore.settings import ImageSettings

APPTAINER = Runtime("/usr/bin/apptainer", "apptainer", "1.4.5")
DATA = b"not really a file system"


def sif(data: bytes = DATA, architecture: bytes = b"02", size: int | None = None) -> bytes:
    """Return a file with SIF's global header before *data*."""
    head = b"#!/usr/bin/env run-singularity\n".ljust(32, b"\0") + b"SIF_MAGIC\0" + b"01\0" + architecture + b"\0"
    head = head.ljust(80, b"\0") + struct.pack("<qqqqqq", 0, 48, 128, 0, 128, len(data) if size is None else size)
    return head + data


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    made = tmp_path / "images"
    made.mkdir()
    return made


@pytest.fixture
def settings(folder: Path) -> ImageSettings:
    return ImageSettings(folder=str(folder))


def put(folder: Path, name: str = "tile", content: bytes | None = None) -> Path:
    path = folder / f"{name}.sif"
    path.write_bytes(sif() if content is None else content)
    path.chmod(0o644)
    return path


def digest(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def refusal(name: str, settings: ImageSettings) -> str:
    with pytest.raises(UsageError) as caught:
        find(name, settings)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_an_image_is_found_by_its_name(folder: Path, settings: ImageSettings) -> None:
    path = put(folder)
    assert find("tile", settings) == Image("tile", path, digest(path), "amd64", len(sif()))


def test_an_image_is_found_by_its_path(tmp_path: Path, folder: Path, settings: ImageSettings) -> None:
    path = put(tmp_path, "mine", sif(architecture=b"04"))
    found = find(str(path), settings)
    assert (found.name, found.architecture, found.digest) == ("mine", "arm64", digest(path))


def test_an_image_may_lie_unpacked_beside_the_others_and_a_file_comes_before_it(
    folder: Path, settings: ImageSettings
) -> None:
    (folder / "tile").mkdir()
    assert images.find("tile", settings).path == folder / "tile"
    assert [image.path for image in images.list_images(settings)] == [folder / "tile"]
    path = put(folder)
    assert images.find("tile", settings).path == path
    assert [image.path for image in images.list_images(settings)] == [path]


def test_a_folder_may_be_an_image(tmp_path: Path, settings: ImageSettings) -> None:
    (tmp_path / "sandbox").mkdir(mode=0o755)
    found = find(str(tmp_path / "sandbox"), settings)
    assert (found.name, found.digest) == ("sandbox", "")


def test_without_a_setting_images_lie_with_the_persons_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert images.images_folder(ImageSettings()) == tmp_path / "tiledviz" / "images"
    assert list_images(ImageSettings()) == ()


def test_what_a_build_wrote_down_is_known(folder: Path, settings: ImageSettings) -> None:
    path = put(folder)
    write_sidecar(path, "Bootstrap: scratch\n", APPTAINER, 1e9)
    found = find("tile", settings)
    assert (found.definition, found.runtime, found.built) == ("Bootstrap: scratch\n", "Apptainer 1.4.5", 1e9)
    assert found.digest == digest(path)


def test_what_was_written_down_of_another_file_does_not_count(folder: Path, settings: ImageSettings) -> None:
    write_sidecar(put(folder), "Bootstrap: scratch\n", APPTAINER, 1e9)
    path = put(folder, content=sif(b"another"))
    found = find("tile", settings)
    assert (found.digest, found.definition, found.built) == (digest(path), "", None)


def test_a_copy_keeps_what_was_written_down(folder: Path, settings: ImageSettings) -> None:
    path = put(folder)
    write_sidecar(path, "Bootstrap: scratch\n", APPTAINER, 1e9)
    os.utime(path, (1, 1))
    assert find("tile", settings).definition == "Bootstrap: scratch\n"


@pytest.mark.parametrize("later", [0, 10**9], ids=["same time", "another time"])
def test_damage_that_keeps_the_size_is_told_by_who_looks_closely(
    folder: Path, settings: ImageSettings, later: int
) -> None:
    path = put(folder)
    write_sidecar(path, "Bootstrap: scratch\n", APPTAINER, 1e9)
    when = path.stat().st_mtime_ns + later
    path.write_bytes(sif(DATA[::-1]))
    os.utime(path, ns=(when, when))
    with pytest.raises(
        TiledVizError, match=r"not the one that tile\.json tells of \(its digest is sha256:\w{64}, there"
    ):
        images.inspect("tile", settings, APPTAINER)


@pytest.mark.parametrize("text", ["", "{", "[]", '"x"', "{}"])
def test_a_broken_sidecar_is_as_none(folder: Path, settings: ImageSettings, text: str) -> None:
    path = put(folder)
    path.with_suffix(".json").write_text(text)
    assert find("tile", settings).digest == digest(path)


def test_a_digest_is_taken_once(folder: Path, settings: ImageSettings, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(folder)
    first = find("tile", settings).digest
    monkeypatch.setattr(images, "sha256", lambda path: pytest.fail("it is taken again"))
    assert find("tile", settings).digest == first
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder.parent / "cache"))
    time.sleep(0.01)
    path.write_bytes(sif(b"1234" * 6))
    assert find("tile", settings).digest == digest(path) != first


def test_one_that_is_not_there_says_how_to_make_it(folder: Path, settings: ImageSettings) -> None:
    said = refusal("vtk", settings)
    assert said == f"there is no image 'vtk' in {folder}: `tiledviz image build vtk` makes it"


@pytest.mark.parametrize("name", ["../tile", "a/b", "", ".hidden", "-x", "a b", "x" * 65])
def test_a_name_is_no_path(settings: ImageSettings, name: str) -> None:
    assert "an image cannot be called" in refusal(name, settings)


def test_what_is_no_image_is_refused(folder: Path, settings: ImageSettings) -> None:
    put(folder, content=b"GIF89a, or so")
    assert "tile.sif is not an image" in refusal("tile", settings)


def test_one_that_is_cut_short_is_refused(folder: Path, settings: ImageSettings) -> None:
    put(folder, content=sif(size=len(DATA) + 1))
    assert "is cut short (152 of 153 bytes): build or copy it again" in refusal("tile", settings)


def test_one_that_everybody_may_change_is_refused(folder: Path, settings: ImageSettings) -> None:
    put(folder).chmod(0o666)
    assert "everybody may write to the image" in refusal("tile", settings)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/no/such/image.sif", "the image /no/such/image.sif cannot be used: No such file or directory"),
        ("/dev/null", "/dev/null"),
    ],
)
def test_a_path_that_is_no_image_is_refused(settings: ImageSettings, path: str, expected: str) -> None:
    assert expected in refusal(path, settings)


def test_a_link_that_leads_nowhere_is_no_image(folder: Path, settings: ImageSettings) -> None:
    (folder / "tile.sif").symlink_to("/no/such/file")
    assert "there is no image 'tile'" in refusal("tile", settings)


def test_the_list_has_what_is_an_image_and_no_unfinished_one(folder: Path, settings: ImageSettings) -> None:
    put(folder, "b")
    put(folder, "a", b"hsqs squashfs alone")
    put(folder, "broken", b"nothing")
    put(folder, ".tile-12ab")
    (folder / ".tile-12ab.part").write_bytes(sif())
    assert [(one.name, one.architecture) for one in list_images(settings)] == [("a", ""), ("b", "amd64")]


def test_an_image_as_a_document_is_json(folder: Path, settings: ImageSettings) -> None:
    path = put(folder)
    assert json.loads(json.dumps(find("tile", settings).document()))["path"] == str(path)


@pytest.mark.parametrize("head", [b"", b"\0" * 200, b"SIF_MAGIC\0" * 20, sif()[:100], os.urandom(500)])
def test_what_has_no_header_of_an_image_is_none(head: bytes) -> None:
    assert parse_header(head) is None


def test_an_unknown_processor_is_named_by_its_number() -> None:
    found = parse_header(sif(architecture=b"77"))
    assert found is not None
    assert found.architecture == "processor 77"
