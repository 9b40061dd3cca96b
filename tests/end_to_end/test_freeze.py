"""A wall that was frozen is looked at when its jobs are over: ``tiledviz export cinema`` as its user has it."""

from __future__ import annotations

import subprocess
from pathlib import Path

import cinema_rules
import cv2
import numpy as np
import pytest

from tvcore.importing.importers import import_source
from tvcore.tilesets.document import read
from world import World

TILES = 3


@pytest.fixture(scope="module")
def frozen(world: World) -> tuple[Path, str, list[str]]:
    """The database of a wall of live gears and a picture that were stopped since; what was said; the titles."""
    picture = world.folder / "pictures" / "noise.png"
    picture.parent.mkdir()
    cv2.imwrite(str(picture), np.random.default_rng(1).integers(0, 256, (40, 60, 3), np.uint8))
    jobs = [
        world.ask("launch", "--detach", *what)["id"]
        for what in (("gears", "--set", f"tiles={TILES}"), ("pictures", "--set", f"paths={picture.parent}"))
    ]
    titles = [tile["title"] for tile in world.wait_live(TILES + 1)]
    path = world.folder / "wall.cdb"
    done = subprocess.run(
        world.command("export", "cinema", str(path)),
        env=world.env, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "pictures of the tiles: 100 %" in done.stderr
    for job in jobs:
        world.ask("stop", job, "--remove")
    world.wait(lambda: not world.tiles(), 60, "no tile is left")
    picture.unlink()
    return path, done.stdout, titles


def test_a_frozen_wall_is_a_cinema_database_by_the_specification(frozen: tuple[Path, str, list[str]]) -> None:
    path, said, _ = frozen
    assert cinema_rules.problems(path) == []
    assert said.splitlines()[:2] == [f"wrote {path}", f"took {TILES + 1} tiles with {said.split()[6]} columns"]
    assert "row " not in said  # nothing was left


def test_a_frozen_wall_is_read_again_with_a_picture_of_each_tile(frozen: tuple[Path, str, list[str]]) -> None:
    path, _, titles = frozen
    found = read(import_source(str(path), None, {}, None)["document"])
    assert [tile.title for tile in found.tiles] == titles
    pictures = [cv2.imread(tile.source) for tile in found.tiles]
    for picture in pictures:
        assert picture is not None
        assert picture.std() > 8, "a picture is one flat colour"
    assert [picture.shape for picture in pictures] == [(480, 640, 3)] * TILES + [(40, 60, 3)]
    assert not list(path.parent.glob(".wall*"))


def test_a_wall_whose_job_is_over_is_written_as_cards_and_that_is_told(world: World) -> None:
    job = world.ask("launch", "--detach", "gears", "--set", "tiles=1")["id"]
    world.wait_live(1)
    world.ask("stop", job)
    path = world.folder / "late.cdb"
    (item,) = world.ask("export", "cinema", str(path))["report"]["items"][:1]
    assert item["rows"] == [1]
    assert "its job is over" in item["text"]
    assert cinema_rules.problems(path) == []
