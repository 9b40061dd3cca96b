"""Tiles that are frozen: what is had of each from a real node agent, and what is told of those that cannot be had."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest

from tvcore.batch.plan import Plan, TilePlan
from tvcore.batch.scheduler import JobState
from tvcore.errors import UsageError
from tvcore.exporting.exports import export_wall
from tvcore.exporting.freeze import freeze, tileset_of_wall
from tvcore.exporting.sheet import write_sheet
from tvcore.exporting.sheet_layout import SheetOptions
from tvcore.importing.report import Report
from tvcore.proc import Process
from tvcore.store import Store
from tvcore.tunnel import agents

JOB = "local-0a1b2c3d"
DRAWN = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)


@pytest.fixture
def store(home: Path, tmp_path: Path, until: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A wall of a picture that only its node can read, one here, one that is nowhere, a page, and a program."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for path in (elsewhere / "there.png", tmp_path / "here.png"):
        cv2.imwrite(str(path), DRAWN)
    sources = (
        # of each process its own: only the agent is in that folder
        ("picture", "/proc/self/cwd/there.png"), ("picture", str(tmp_path / "here.png")),
        ("movie", "/no/such/movie.mp4"), ("page", "http://127.0.0.1:9/a"),
    )  # fmt: skip
    tiles = [TilePlan(index=at, title=f"t{at}", kind=kind, source=of) for at, (kind, of) in enumerate(sources)]
    tiles.append(TilePlan(index=4, title="t4", command=("xeyes-that-is-not-there",)))
    plan = Plan(case="test", title="Things", state=str(home), tiles=tuple(tiles))
    folder = home / "jobs" / JOB
    folder.mkdir(mode=0o700, parents=True)
    with (home / "agent.log").open("w") as log:
        agent = subprocess.Popen(
            ["/bin/sh", "-c", 'exec "$0" -m tvcore.node', sys.executable],
            stdin=subprocess.PIPE, stdout=log, stderr=log, cwd=elsewhere,
            env={**os.environ, "TILEDVIZ_JOB": JOB, "PYTHONPATH": str(Path(__file__).parents[2])},
        )  # fmt: skip
    assert agent.stdin
    with agent.stdin as given:
        given.write(plan.model_dump_json().encode() + b"\n")
    started = {"pid": agent.pid, "start": Process.of(agent.pid).start, "time": 1.0}
    (folder / "started.json").write_text(json.dumps(started))
    store = Store.open()
    store.add_run(plan, "local", JOB, state=JobState.RUNNING)
    until(lambda: list(agents.registrations()), seconds=60)
    (registration,) = agents.registrations()

    def settled() -> bool:
        said = agents.call(registration, "status")["tiles"]
        store.apply_tiles(JOB, registration.node, said)
        return [tile["state"] for tile in said] == ["live", "live", "failed", "live", "failed"]

    until(settled, seconds=60)
    yield store
    store.close()
    agent.terminate()
    agent.wait(20)


def test_what_is_not_here_is_fetched_and_what_cannot_be_had_is_told_by_its_row(store: Store, tmp_path: Path) -> None:
    report, said = Report(), []
    folder = tmp_path / "kept"
    found = freeze(store, None, folder, report, lambda fraction, _: said.append(fraction))
    assert [(tile.kind, tile.source) for tile in found.tiles] == [
        ("picture", str(folder / "00001.png")), ("picture", str(tmp_path / "here.png")), ("card", ""),
        ("page", "http://127.0.0.1:9/a"), ("card", ""),
    ]  # fmt: skip
    assert (cv2.imread(found.tiles[0].source) == DRAWN).all()
    assert [path.name for path in folder.iterdir()] == ["00001.png"]
    lines = report.lines()
    assert "files that this machine cannot read were fetched from their nodes: 1" in lines
    assert [line for line in lines if line.startswith("row ")] == [
        "row 3, left: what it shows: it is not live, but failed: /no/such/movie.mp4 cannot be read: No such file or "
        "directory",
        next(line for line in lines if line.startswith("row 5, left: what it shows: it is not live, but failed: ")),
    ]
    assert sorted(said) == [0.2, 0.4, 0.6, 0.8, 1.0]
    assert found.title == "Things"


def test_tiles_without_pictures_are_named_and_live_ones_are_cards(store: Store) -> None:
    report = Report()
    found = tileset_of_wall(store, None, report)
    assert [tile.kind for tile in found.tiles] == ["picture", "picture", "movie", "page", "card"]
    assert found.tiles[2].source == "/no/such/movie.mp4"
    assert report.lines()[1:] == ["left: what live tiles show: they are cards, with their titles and values (1 of 5)"]


def test_a_folder_that_is_there_stays_as_it_is_and_nothing_is_left_beside_it(store: Store, tmp_path: Path) -> None:
    there = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match="there already"):
        freeze(store, None, tmp_path / "elsewhere", Report())
    with pytest.raises(UsageError, match="there is no folder"):
        freeze(store, None, tmp_path / "no" / "folder", Report())
    with pytest.raises(UsageError, match="called NAME"):
        export_wall(store, None, "cinema", tmp_path / "wall", Report())
    with pytest.raises(UsageError, match="leave --pictures out"):
        export_wall(store, None, "cinema", tmp_path / "wall.cdb", Report(), pictures=tmp_path / "kept")
    freeze(store, [store.tiles()[1]["id"]], tmp_path / "none", Report())  # a picture that can be read here
    assert sorted(tmp_path.iterdir()) == there


def test_other_formats_name_the_pictures_that_are_kept(store: Store, tmp_path: Path) -> None:
    path, kept = tmp_path / "wall.json", tmp_path / "kept"
    export_wall(store, None, "tileset", path, Report(), pictures=kept)
    assert json.loads(path.read_text())["tiles"][0]["source"] == str(kept / "00001.png")


def test_pictures_of_an_export_that_cannot_be_written_do_not_stay(store: Store, tmp_path: Path) -> None:
    there = sorted(tmp_path.iterdir())
    for path, why in ((tmp_path / ("long" * 80), "File name too long"), (Path("/proc/wall.json"), "No such file")):
        with pytest.raises(UsageError, match=why):
            export_wall(store, None, "tileset", path, Report(), pictures=tmp_path / "kept")
    with pytest.raises(UsageError, match="it cannot be written: No such file"):
        export_wall(store, None, "cinema", Path("/proc/wall.cdb"), Report())
    assert sorted(tmp_path.iterdir()) == there


def test_what_is_no_file_any_more_is_not_waited_for(store: Store, tmp_path: Path) -> None:
    (tmp_path / "here.png").unlink()
    os.mkfifo(tmp_path / "here.png")
    report = Report()
    export_wall(store, None, "cinema", tmp_path / "wall.cdb", report)
    assert any("here.png: there is no such file" in line for line in report.lines())


def test_a_contact_sheet_has_what_each_tile_shows_and_what_of_it_cannot_be_had_is_told(
    store: Store, tmp_path: Path
) -> None:
    report = Report()
    path = tmp_path / "sheet.pdf"
    done = write_sheet(store, None, path, SheetOptions(across=2, down=2), report)
    assert (done["path"], done["paths"]) == (str(path), [str(path)])
    with pypdfium2.PdfDocument(path) as document:
        texts = [page.get_textpage().get_text_bounded() for page in document]
        shown = [
            each for page in document for each in page.get_objects() if each.type == pypdfium2.raw.FPDF_PAGEOBJ_IMAGE
        ]
    assert [title in texts[0] for title in ("t0", "t1", "t2", "t3", "t4")] == [True] * 4 + [False]
    assert "t4" in texts[1]
    assert "failed" in texts[0]
    assert len(shown) >= 2, "of the two pictures"
    rows = [line.partition(",")[0] for line in report.lines() if line.startswith("row ")]
    assert rows[:1] == ["row 3"]
    assert rows[-1:] == ["row 5"]
    pictures = tmp_path / "sheet.png"
    done = write_sheet(store, [store.tiles()[1]["id"]], pictures, SheetOptions(across=1, down=1, paper="a5"), Report())
    assert done["paths"] == [str(pictures)]
    assert cv2.imread(str(pictures)).std() > 10


def test_a_contact_sheet_is_never_written_over_and_of_several_pages_all_or_none_are(
    store: Store, tmp_path: Path
) -> None:
    one = SheetOptions(across=1, down=1)
    (tmp_path / "sheet-2.png").write_text("mine")
    there = sorted(tmp_path.iterdir())
    with pytest.raises(UsageError, match=r"sheet-2.png: it is there already"):
        write_sheet(store, None, tmp_path / "sheet.png", one, Report())
    for name, why in (("sheet-2.png", "there already"), ("sheet.svg", "is called NAME.pdf"), ("no/a.pdf", "no folder")):
        with pytest.raises(UsageError, match=why):
            write_sheet(store, None, tmp_path / name, one, Report())
    with pytest.raises(UsageError, match="no column 'mass'"):
        write_sheet(store, None, tmp_path / "a.pdf", SheetOptions(columns=("mass",)), Report())
    with pytest.raises(UsageError, match="at least one"):
        write_sheet(store, [123456], tmp_path / "a.pdf", one, Report())
    assert sorted(tmp_path.iterdir()) == there
    assert (tmp_path / "sheet-2.png").read_text() == "mine"
