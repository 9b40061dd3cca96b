"""The table of what is shown: as the page and as the command line make it, for spreadsheets."""

from __future__ import annotations

import csv
import io
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as some

from tvcore.batch.plan import Plan, TilePlan
from tvcore.cli import cli
from tvcore.exporting.shown_table import HEAD, columns_of, quoted, table
from tvcore.session.document import Document
from tvcore.session.order import key_of
from tvcore.store import Members, Store

ROOT = Path(__file__).parents[2]
TWIN = """
import { tableOf } from '%s/web_static/table-csv.js';
const { tiles, columns } = JSON.parse(await new Response(process.stdin).text());
process.stdout.write(tableOf(tiles.map((tile) => ({ tile, state: tile.state, tags: tile.tags, note: '' })), columns));
"""
WORDS = some.text(some.characters(exclude_categories=("Cs",)), max_size=20)


def tile(number: int, title: str, **values: Any) -> dict[str, Any]:
    return {"id": number, "title": title, "state": "live", "tags": [], "metadata": values, "set": 1}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_the_table_has_titles_tags_notes_and_the_values_that_there_are() -> None:
    written = Document()
    op = {"set": [["tags/3/by%20hand", True], ["tags/3/case", False]], "text": [["note/3", [["+", "", 'a "b"\nc']]]]}
    written.take({"id": "a", "person": "p", "seq": 1, "at": 0.0, **op})
    tiles = [tile(3, "é, 1", F=0.037, n=4, wet=True, odd=None) | {"tags": ["case", "kept"]}, tile(1, "b", F=2.0)]
    text = table(tiles, columns_of(tiles, [{"columns": [{"name": "n"}, {"name": "empty"}]}]), written)
    assert text.splitlines()[0] == '"tile","title","state","tags","note","n","F","wet"'
    first, second = rows(text)
    assert first == {
        "tile": "3", "title": "é, 1", "state": "live", "tags": "kept, by hand", "note": 'a "b"\nc',
        "n": "4", "F": "0.037", "wet": "true",
    }  # fmt: skip
    assert (second["F"], second["n"], second["wet"]) == ("2", "", "")
    assert text.endswith("\r\n")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("x")'])
def test_what_a_spreadsheet_would_run_is_shown_instead(text: str) -> None:
    tiles = [tile(1, text, **{text: text, "n": -1.5})]
    head, row = csv.reader(io.StringIO(table(tiles, columns_of(tiles), Document()), newline=""))
    assert row[1] == head[len(HEAD)] == row[len(HEAD)] == f"'{text}"
    assert row[-1] == "-1.5", "a number is none"


@given(WORDS)
def test_a_text_is_read_again_as_it_was_but_for_the_apostrophe(text: str) -> None:
    ((read,),) = csv.reader(io.StringIO(quoted(text) + "\r\n", newline=""))
    assert read.removeprefix("'" if quoted(text).startswith("\"'") and not text.startswith("'") else "") == text


VALUES = some.none() | some.booleans() | some.integers(-(2**50), 2**50) | WORDS | some.floats(-1e9, 1e9).map(
    lambda value: round(value, 3) + 0.0
)  # fmt: skip


@settings(max_examples=3)
@given(some.lists(some.dictionaries(WORDS.filter(bool), VALUES, max_size=4), min_size=40, max_size=60))
def test_page_and_command_line_make_the_same_table(values: list[dict[str, Any]]) -> None:
    tiles = [tile(at, f"t{at}\n") | {"metadata": found, "tags": ["a", '"b"']} for at, found in enumerate(values)]
    columns = columns_of(tiles)
    page = subprocess.run(
        ["node", "--input-type=module", "-e", TWIN % ROOT], capture_output=True, check=True, timeout=60,
        input=json.dumps({"tiles": tiles, "columns": columns}).encode(),
    )  # fmt: skip
    ours, theirs = (
        list(csv.reader(io.StringIO(text, newline="")))
        for text in (table(tiles, columns, Document()), page.stdout.decode())
    )
    assert len(ours) == len(tiles) + 1
    for one, other in zip(ours, theirs, strict=True):
        for cell, twin in zip(one, other, strict=True):
            assert cell == twin or float(cell) == float(twin)


def test_the_command_prints_the_tiles_as_people_put_them_or_as_it_is_told_to_sort_them(home: Path) -> None:
    store = Store.open()
    plans = tuple(TilePlan(index=at, title=f"t{at}", command=("x",)) for at in range(3))
    plan = Plan(case="gears", title="Gears", session="main", state="/s", tiles=plans)
    column = {"name": "F", "dtype": "f", "unit": "", "description": "", "role": "parameter"}
    store.add_run(plan, "local", "local-0a1b2c3d", Members([column], [{"F": at % 2} for at in range(3)]))
    ids = [found["id"] for found in store.tiles()]
    order = {f"order/{ids[2]}": "0", f"order/{ids[0]}": key_of(ids[1]) + "V"}
    store.rooms.make("main", "ada", "owner", {"registers": order, "texts": {}}, "put", "0123456789abcdef0123")
    store.close()

    def told(*arguments: str) -> list[str]:
        result = CliRunner().invoke(cli, ["tiles", "--csv", *arguments], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return [row["title"] for row in rows(result.stdout_bytes.decode())]

    assert told() == ["t2", "t1", "t0"]
    assert told("--sort", "-F") == ["t1", "t0", "t2"]
    assert told("F=0") == ["t2", "t0"]
    refused = CliRunner().invoke(cli, ["tiles", "--csv", "--group", "F"])
    assert "leave --group and --json out" in str(refused.exception)
