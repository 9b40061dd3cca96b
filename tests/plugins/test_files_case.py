"""The case ``files``: what its parameters are taken for, and what is refused."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tvcore.cases import manager
from tvcore.errors import UsageError
from tvcore.plugins import files


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with three pictures, where we are."""
    (tmp_path / "pics").mkdir()
    for name in ("a.png", "b.png", "c,d.png"):
        (tmp_path / "pics" / name).write_bytes(b"\x89PNG\r\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def paths_of(given: object) -> list[str]:
    """Return the paths that a job remembers."""
    found: list[str] = manager.find("files").parameters({"paths": given}).model_dump(mode="json")["paths"]
    return found


def test_paths_are_remembered_so_that_they_are_the_same_from_anywhere(folder: Path) -> None:
    remembered = [f"{folder}/pics", f"{folder}/pics/*.png", f"{folder}/a", "https://example.org/x"]
    assert paths_of("pics, ~/pics/*.png,./a,https://example.org/x") == remembered
    assert paths_of(["pics", "~/pics/*.png", "a", "https://example.org/x"]) == remembered
    os.chdir("/")
    assert paths_of(remembered) == remembered


def test_a_comma_in_a_name_is_written_with_a_backslash(folder: Path) -> None:
    assert paths_of(r"pics/c\,d.png,pics/a.png") == [f"{folder}/pics/c,d.png", f"{folder}/pics/a.png"]


def test_a_folder_is_read_once_a_launch_whatever_becomes_of_it(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    case = manager.find("files")
    parameters = case.parameters({"paths": "pics"})
    members = case.members(parameters, None)
    (folder / "pics/a.png").unlink()
    monkeypatch.setattr(files, "found", None)
    tiles = [case.tile(parameters, member) for member in members]
    assert [tile.source for tile in tiles] == [f"{folder}/pics/{name}" for name in ("a.png", "b.png", "c,d.png")]
    assert {tile.kind for tile in tiles} == {"picture"}


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://user:secret@example.org/x", "http://…@example.org/x has a name or password in it"),
        ("https://secret@example.org", "https://…@example.org has a name or password in it"),
        ("http://user:secret@[bad/", "is no address"),
        ("http://user:sec\nret@example.org", "has a name or password in it"),
        ("http://[bad/", "is no address: name a page as https://HOST"),
        ("http://example.org:port/", "is no address"),
        ("http:///x", "is no address"),
    ],
)
def test_an_address_that_is_none_or_has_a_password_is_refused_in_one_line(address: str, why: str) -> None:
    with pytest.raises(UsageError) as caught:
        files.found([address])
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_at_sign_in_a_path_is_no_password() -> None:
    assert files.found(["https://example.org/@somebody"]) == [("page", "https://example.org/@somebody")]


def test_only_regular_files_are_opened(folder: Path) -> None:
    os.mkfifo(folder / "pipe.png")
    with pytest.raises(UsageError, match=r"pipe\.png has no picture, movie or PDF"):
        files.found([str(folder / "pipe.png")])
