"""The case ``files`` from the command line to live tiles, on this machine; and what it takes its parameters for."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest

from tvcore import api
from tvcore import tiles as acts
from tvcore.cases import manager
from tvcore.errors import UsageError
from tvcore.plugins.files import found
from tvcore.store import Store


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a picture, a movie, a PDF, and a text that is none of them."""
    folder = tmp_path / "data"
    folder.mkdir()
    cv2.imwrite(str(folder / "a.png"), np.full((48, 64, 3), 77, np.uint8))
    writer = cv2.VideoWriter(str(folder / "b.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))  # type: ignore[attr-defined]
    for i in range(20):
        writer.write(np.full((48, 64, 3), 10 * i, np.uint8))
    writer.release()
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 300)
    document.save(str(folder / "c.pdf"))
    (folder / "notes.txt").write_text("nothing to look at")
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    store = Store.open()
    yield store
    for job in api.jobs(store):
        api.stop(store, job["id"], remove=True)
    store.close()


def tiledviz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tvcore", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=180, env=os.environ)


def test_what_a_folder_a_pattern_and_an_address_name_is_told_by_its_content(folder: Path) -> None:
    (folder / "a.png").rename(folder / "a")  # by its content, not by its name
    assert found([str(folder), "https://example.org/x", str(folder / "*.pdf")]) == [
        ("picture", str(folder / "a")),
        ("movie", str(folder / "b.avi")),
        ("pdf", str(folder / "c.pdf")),
        ("page", "https://example.org/x"),
    ]


def test_what_is_not_there_or_is_nothing_to_look_at_is_named(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"there is no .*nowhere\.png"):
        found([str(folder / "nowhere.png")])
    with pytest.raises(UsageError, match=r"notes\.txt has no picture, movie or PDF"):
        found([str(folder / "notes.txt")])
    case = manager.find("files")
    with pytest.raises(UsageError, match="name files, folders or addresses"):
        case.members(case.parameters({}), None)


def test_files_are_launched_shown_and_played_from_the_command_line(store: Store, folder: Path) -> None:
    paths = f"{folder},http://127.0.0.1:9/paper"
    done = tiledviz("launch", "files", "--set", "scheduler.backend=local", "--set", f"paths={paths}", "--json")
    assert done.returncode == 0, done
    assert json.loads(done.stdout)["live"] == 4
    tiles: list[dict[str, Any]] = api.tiles(store)
    assert [tile["kind"] for tile in tiles] == ["picture", "movie", "pdf", "page"]
    assert [(tile["title"], tile["tags"]) for tile in tiles] == [
        ("a.png", ["picture"]),
        ("b.avi", ["movie"]),
        ("c.pdf", ["pdf"]),
        ("127.0.0.1/paper", ["page"]),
    ]
    assert tiles[1]["media"]["length"] == 2.0
    assert tiles[3]["media"]["framing"] == "allowed"
    done = tiledviz("tile", "play", "all", "1.5", "--pause", "--json")
    assert [bool(found["error"]) for found in json.loads(done.stdout)] == [True, False, False, True]
    (refused,) = acts.type_text(store, [tiles[0]["id"]], "x")
    assert "shows a picture: there is no display to work in" in refused["error"]
    assert "offer no actions" in tiledviz("tile", "actions", "all").stdout
