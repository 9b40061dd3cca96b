"""Formats of plugins: imported by the command and over HTTP as TiledViz' own are; a bad one costs one line."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from plugin_kit import write_plugin
from tvcore.errors import TiledVizError, UsageError
from tvcore.importing import formats
from tvcore.store import Store
from tvcore.tilesets import library

POINTS = """
from pydantic import BaseModel, Field
from tvcore.cases import hookimpl
from tvcore.errors import UsageError
from tvcore.importing.importer import Column, Importer, Tile, TileSet

class Options(BaseModel):
    most: int = Field(100, ge=1, description="how many are taken")

def reads(path):
    return path.is_file() and path.read_bytes()[:6] == b"POINTS"

def read(path, options, report):
    lines = path.read_text().splitlines()[1:]
    tiles = []
    for number, line in enumerate(lines[: options.most], 1):
        try:
            name, value = line.split()
            tiles.append(Tile(key=number, title=name, values={"x": float(value)}))
        except ValueError:
            report.left(number, f"{line}: this is no name and number")
    if not tiles:
        raise UsageError(f"{path.name}: there is no point in it")
    return TileSet(title="Points", columns=(Column(name="x", kind="number"),), tiles=tuple(tiles))

@hookimpl
def portal_importers():
    return [Importer("points", "a list of points", reads, read, Options)]
"""

HOSTILE = """
import os, time
from tvcore.cases import hookimpl
from tvcore.importing.importer import Importer

def read(path, options, report):
    {read}

@hookimpl
def portal_importers():
    {hook}
    return [Importer("bad", "bad", lambda path: {reads}, read)]
"""


@pytest.fixture
def points(tmp_path: Path) -> Path:
    """A file in the plugin's format."""
    write_plugin("points", POINTS)
    path = tmp_path / "some.points"
    path.write_text("POINTS\na 1.5\nb two\nc 3\n")
    return path


def tiledviz(*words: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "tvcore", *words], capture_output=True, text=True, timeout=120, check=False
    )
    assert "Traceback" not in done.stderr
    return done.returncode, done.stdout + done.stderr


def test_a_file_in_the_format_of_a_plugin_is_known_listed_and_imported_with_its_report(points: Path) -> None:
    code, said = tiledviz("import", "--formats")
    assert code == 0
    rows = [line.split() for line in said.splitlines()]
    assert ["csv", "a", "table", "of", "values", "with", "commas", "bundled"] in rows
    assert next(row for row in rows if row[0] == "points")[-1].endswith("plugins/points.py")
    code, said = tiledviz("import", str(points), "--no-show")
    assert code == 0, said
    assert "took 2 tiles with 1 column" in said
    assert "row 2, left: b two: this is no name and number" in said
    with contextlib.closing(Store.open()) as store:
        document = library.read_set(store, "some")["document"]
        assert [tile["values"] for tile in document["tiles"]] == [{"x": 1.5}, {"x": 3.0}]
        done = library.import_set(store, str(points), "points", {"most": "1"}, "less", "Mine")
        assert done["report"]["took"] == 1
        assert library.read_set(store, "less")["document"]["title"] == "Mine"
        with pytest.raises(UsageError, match="option most of points: Input should be greater than or equal to 1"):
            library.import_set(store, str(points), "points", {"most": 0})


def test_what_nobody_reads_or_knows_is_said_with_the_formats_of_plugins(points: Path) -> None:
    strange = points.with_suffix(".strange")
    strange.write_bytes(b"\1\2\3")
    with pytest.raises(UsageError, match=r"cannot be told by how it begins: choose one of .*pictures, points$"):
        formats.import_file(str(strange), None, {}, None)
    with pytest.raises(UsageError, match=r"^there is no format exel: there are .*pictures, points$"):
        formats.import_file(str(strange), "exel", {}, None)
    points.write_text("POINTS\n")
    with pytest.raises(UsageError, match=r"^some\.points: there is no point in it$"):
        formats.import_file(str(points), None, {}, None)


def test_of_two_of_one_name_the_first_counts_and_our_own_before_both(points: Path) -> None:
    csv = POINTS.replace('"points", "a list', '"csv", "no table, a list')
    for name, source in (("aaa", POINTS.replace("a list", "the first list")), ("bbb", csv), ("ccc", POINTS)):
        write_plugin(name, source)
    rows, problems = formats.formats()
    titles = {row["name"]: row["title"] for row in rows}
    assert (titles["points"], titles["csv"]) == ("the first list of points", "a table of values with commas")
    assert [row["name"] for row in rows].count("points") == 1
    assert [problem.partition(", from ")[0] for problem in problems] == [
        f"the plugin {name}: a format points comes before its own" for name in ("ccc", "points")
    ]
    table = points.with_suffix(".csv")
    table.write_text("title,x\na,1\n")
    assert formats.import_file(str(table), "csv", {}, None)["report"]["took"] == 1


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        ({"read": "raise ValueError('a\\nb')"}, r"failed: ValueError: a b"),
        ({"read": "os._exit(3)"}, "the plugin bad .* ended its process in reading"),
        ({"read": "time.sleep(60)"}, "the plugin bad .* took longer than 2 s in reading"),
        ({"read": "return {'tiles': 'all'}"}, "returned dict, not TileSet"),
        ({"reads": "'perhaps'"}, "returned str, not bool"),
        ({"hook": "return [7]"}, "portal_importers must return Importers, and item 0 is int"),
        ({"hook": "time.sleep(60)"}, "took longer than 2 s in portal_importers"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_an_importer_of_a_plugin_that_fails_costs_one_line_and_the_others_read_on(
    points: Path, parts: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(formats, "SECONDS", 2)
    monkeypatch.setattr(formats, "TELL_SECONDS", 2)
    folder = Path(os.environ["XDG_CONFIG_HOME"]) / "tiledviz"
    (folder / "config.toml").write_text("[plugins]\nseconds = 2\n")
    write_plugin("bad", HOSTILE.format(**{"read": "pass", "hook": "", "reads": "path.suffix == '.bad'"} | parts))
    bad = points.with_suffix(".bad")
    bad.write_bytes(b"\1\2\3")
    with pytest.raises(TiledVizError, match=words) as caught:
        formats.import_file(str(bad), None, {}, None)
    assert "\n" not in str(caught.value)
    found = formats.import_file(str(points), None, {}, None)
    assert found["report"]["took"] == 2
