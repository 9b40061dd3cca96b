"""Kinds of tiles that a plugin brings: drawn on the node, shown as pictures are; what fails is its own tile's."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from plugin_kit import write_plugin, write_sample
from tvcore import api, config
from tvcore import tiles as acts
from tvcore.cases.live import LiveTile
from tvcore.errors import UsageError
from tvcore.exporting.freeze import freeze
from tvcore.importing.report import Report
from tvcore.store import Store
from tvcore.tunnel import agents
from waiting import wait_until

# A picture of one colour, or what a test of a bad plugin wants; the file says which.
SPOTS = """
import os, sys, time
from pathlib import Path
from tvcore.cases import hookimpl
from tvcore.cases.extending import TileKind

def picture(source, folder):
    said = Path(source).read_text()
    print(f"drawing {Path(source).name}")
    if said.startswith("exec "):
        return eval(said.removeprefix("exec "))
    path = folder / "spot.ppm"
    path.write_bytes(b"P6 40 30 255\\n" + bytes(map(int, said.split())) * (40 * 30))
    return path

@hookimpl
def portal_tile_kinds():
    return [TileKind(name="spot", title="A spot of one colour", reads=(".spot",), picture=picture)]
"""

BAD = {
    "raises": ("exec 1 / 0", "the plugin spots .* failed: ZeroDivisionError"),
    "exits": ("exec sys.exit(3)", "failed: SystemExit: 3"),
    "dies": ("exec os._exit(7)", "ended with exit code 7"),
    "hangs": ("exec time.sleep(600)", r"took longer than 5 s \(plugins.seconds\)"),
    "lies": ("exec folder / 'nothing.png'", "names '.*nothing.png' as its picture, which is no file"),
    "text": ("exec source", "no whole picture|no picture that can be read"),
    "number": ("exec 7", "failed: TypeError"),
}


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store.open()
    yield made
    made.close()


def show(store: Store, files: list[Path]) -> str:
    """Launch a case with a tile for each of *files*, all of the kind spot, and return the job's id."""
    names = [str(each) for each in files]
    tile = f'def case_tile(member):\n    return TileSpec(kind="spot", source={names}[member.index])'
    members = f"def case_members():\n    return [Member(index=i, title=str(i)) for i in range({len(files)})]"
    write_sample("spotted", case_members=members, case_tile=tile)
    return str(api.launch(store, "spotted", {"scheduler.backend": "local"})["id"])


def test_a_kind_of_a_plugin_is_drawn_on_the_node_and_what_fails_is_its_own_tiles_alone(
    store: Store, tmp_path: Path
) -> None:
    write_plugin("spots", SPOTS)
    config.own_file().write_text("[plugins]\nseconds = 5\n")
    (tmp_path / "red.spot").write_text("255 0 0")
    for name, (text, _) in BAD.items():
        (tmp_path / f"{name}.spot").write_text(text)
    names = ["red", *BAD]
    job = show(store, [tmp_path / f"{name}.spot" for name in names])
    try:
        found: list[dict[str, Any]] = []

        def settled() -> bool:
            found[:] = api.tiles(store)
            return all(tile["state"] in ("live", "failed") for tile in found)

        wait_until(settled, 90, "every tile is live or has failed")
        red, *bad = found
        assert (red["state"], red["kind"], red["width"], red["height"]) == ("live", "picture", 40, 30)
        assert red["media"]["name"] == "red.spot"
        (registration,) = agents.registrations()
        with Image.open(io.BytesIO(LiveTile(registration, 0).picture())) as seen:
            assert seen.convert("RGB").getcolors() == [(1200, (255, 0, 0))]
        assert any(line == "drawing red.spot" for line in api.logs(store, str(red["id"]), 50))
        for name, tile in zip(BAD, bad, strict=True):
            assert tile["state"] == "failed", name
            assert re.search(BAD[name][1], tile["reason"]), tile["reason"]
            assert "\n" not in tile["reason"]
        frozen = freeze(store, [red["id"]], tmp_path / "frozen", Report())
        assert [(tile.kind, tile.source) for tile in frozen.tiles] == [("picture", str(tmp_path / "frozen/00001.png"))]
        # It is drawn anew when the tile is started again.
        (tmp_path / "raises.spot").write_text("0 0 255")
        acts.restart_tiles(store, [bad[0]["id"]])
        wait_until(lambda: api.tiles(store)[1]["state"] == "live", 60, "the tile whose file was mended is live")
    finally:
        api.stop(store, job)


def test_an_unknown_kind_or_a_file_of_another_is_refused_before_anything_is_submitted(
    store: Store, tmp_path: Path
) -> None:
    (tmp_path / "a.txt").write_text("1 2 3")
    with pytest.raises(UsageError, match=r"there is no kind of tile spot: there are live, picture, movie, pdf, page$"):
        show(store, [tmp_path / "a.txt"])
    write_plugin("spots", SPOTS)
    with pytest.raises(UsageError, match=r"a\.txt' cannot be a tile of the kind spot: it reads \.spot$"):
        show(store, [tmp_path / "a.txt"])
    write_plugin("spots", SPOTS.replace("reads=", "red="))
    with pytest.raises(UsageError, match=r"there is no kind of tile spot: .*the plugin spots .* failed in portal_tile"):
        show(store, [tmp_path / "a.txt"])
    assert api.jobs(store) == []
