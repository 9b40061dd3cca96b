"""The cases ``pictures``, ``pages``, ``cinema`` and ``command`` from the command line to live tiles, on this machine.

The tests share four jobs and stand in order.
"""

from __future__ import annotations

import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest

from world import World

Tiles = dict[str, dict[str, Any]]
TITLE = 'it\'s $(id); {F} "2"'  # what no shell, and nothing of ours, is to read


def draw_files(folder: Path) -> None:
    """Make a picture, a movie, a PDF, and a text that is none of them."""
    folder.mkdir()
    ramp = np.tile(np.linspace(0, 255, 64, dtype=np.uint8), (48, 1))
    cv2.imwrite(str(folder / "a.png"), cv2.applyColorMap(ramp, cv2.COLORMAP_VIRIDIS))
    writer = cv2.VideoWriter(str(folder / "b.avi"), cv2.VideoWriter_fourcc(*"MJPG"), 10, (64, 48))  # type: ignore[attr-defined]
    for i in range(20):
        writer.write(np.full((48, 64, 3), 10 * i, np.uint8))
    writer.release()
    document = pypdfium2.PdfDocument.new()
    document.new_page(200, 300)
    document.save(str(folder / "c.pdf"))
    (folder / "notes.txt").write_text("nothing to look at")


def say(world: World, *arguments: str) -> str:
    """Return what a verb prints, whatever its exit code is."""
    command = world.command(*arguments)
    return subprocess.run(command, env=world.env, capture_output=True, text=True, check=False, timeout=120).stdout


@pytest.fixture(scope="module")
def tiles(world: World) -> Tiles:
    """The tiles of four jobs by their titles, once they are live: all but one, whose file is missing."""
    files, database, table = world.folder / "data", world.folder / "run.cdb", world.folder / "members.csv"
    draw_files(files)
    draw_files(database)
    (database / "data.csv").write_text("F,title,FILE\n0.5,first,a.png\n1.5,second,gone.png\n")
    quoted = TITLE.replace('"', '""')
    table.write_text(f'name,F,rgb\n"{quoted}",0.25,#7090f0\nplain,2.5,#f09070\n')
    program = "xmessage -name '{name}' -geometry 300x200+0+0 -bg '{rgb}' 'F is {F:.3f}'"
    launches = {
        "pictures": [f"paths={files}"],
        "pages": ["addresses=http://127.0.0.1:9/paper"],
        "cinema": [f"path={database}"],
        "command": [f"table={table}", f"cmd={program}", "width=320", "height=240"],
    }
    with ThreadPoolExecutor() as pool:  # people launch at the same time too
        for case, given in launches.items():
            pool.submit(world.ask, "launch", "--detach", case, *(part for each in given for part in ("--set", each)))
    world.wait_live(7)
    return {tile["title"]: tile for tile in world.tiles()}


def test_every_file_address_row_and_program_has_its_tile(tiles: Tiles) -> None:
    assert {title: (tile["case"], tile["kind"], tile["state"]) for title, tile in tiles.items()} == {
        "a.png": ("pictures", "picture", "live"),
        "b.avi": ("pictures", "movie", "live"),
        "c.pdf": ("pictures", "pdf", "live"),
        "127.0.0.1/paper": ("pages", "page", "live"),
        "first": ("cinema", "picture", "live"),
        "second": ("cinema", "picture", "failed"),
        TITLE: ("command", "live", "live"),
        "plain": ("command", "live", "live"),
    }
    assert tiles["b.avi"]["tags"] == ["movie"]
    assert tiles["b.avi"]["media"]["length"] == 2.0
    assert tiles["127.0.0.1/paper"]["media"]["framing"] == "allowed"
    assert "run.cdb/gone.png cannot be read: No such file or directory" in tiles["second"]["reason"]


def test_tiles_are_found_by_what_tables_files_and_pictures_say(world: World, tiles: Tiles) -> None:
    def found(search: str) -> list[str]:
        return sorted(tile["title"] for tile in world.ask("tiles", search))

    assert found("F>1") == ["plain", "second"]
    assert found("F<1") == ["first", TITLE]
    assert found("width=64") == ["a.png"]


def test_a_program_has_the_words_of_its_row_as_they_are(world: World, tiles: Tiles) -> None:
    for title, value in ((TITLE, "0.250"), ("plain", "2.500")):
        (found,) = world.ask("tile", "windows", str(tiles[title]["id"]))
        assert [window["title"] for window in found["windows"]] == [title]
        script = "for each in /proc/[0-9]*/cmdline; do tr '\\0' '|' < $each; done"
        assert f"|F is {value}|" in say(world, "tile", "run", str(tiles[title]["id"]), "--", "sh", "-c", script)


def test_movies_are_played_and_nothing_else_is(world: World, tiles: Tiles) -> None:
    ids = ",".join(str(tiles[title]["id"]) for title in ("a.png", "b.avi", "c.pdf", "127.0.0.1/paper"))
    found = json.loads(say(world, "tile", "play", ids, "1.5", "--pause", "--json"))
    assert [bool(each["error"]) for each in found] == [True, False, False, True]


def test_what_the_tiles_show_is_seen(world: World, tiles: Tiles) -> None:
    path = world.folder / "wall.cdb"
    assert str(path) in say(world, "export", "cinema", str(path))
    seen = [cv2.imread(str(file)) for file in sorted((path / "files").iterdir()) if file.suffix == ".png"]
    colours = [picture.reshape(-1, 3).astype(int) for picture in seen if picture is not None]
    for red, green, blue in ((0x70, 0x90, 0xF0), (0xF0, 0x90, 0x70)):
        shares = [(np.abs(picture - (blue, green, red)).max(axis=1) < 8).mean() for picture in colours]
        assert max(shares) > 0.5, "no tile shows the window of this colour"
    ramp = cv2.imread(str(world.folder / "data" / "a.png"))
    assert any(picture.shape == ramp.shape and np.array_equal(picture, ramp) for picture in seen if picture is not None)
