"""``tiledviz import`` and ``tiledviz tileset``, as somebody types them; a script stands at the editor."""

from __future__ import annotations

import json
import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tvcore import api
from tvcore.store import Store


def run(*words: str, code: int = 0, editor: Path | None = None) -> str:
    """Return what the command prints, on both outputs."""
    environment = {**os.environ, "EDITOR": str(editor or "false"), "VISUAL": ""}
    done = subprocess.run(
        [sys.executable, "-m", "tvcore", *words],
        capture_output=True, text=True, timeout=120, env=environment, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == code, said
    assert "Traceback" not in said
    return said


def kept(name: str = "brains") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(run("tileset", "print", name))
    return document


@pytest.fixture
def brains(tmp_path: Path) -> Path:
    """A table that was imported, and is not on the wall."""
    file = tmp_path / "brains.csv"
    file.write_text("title,F,file\none,0.5,gone.png\ntwo,0.25,\n")
    said = run("import", str(file), "--no-show")
    assert "tile set brains" in said
    assert "took 2 tiles" in said
    assert "row 2, changed: gone.png: there is no such file" in said
    return file


@pytest.fixture
def script(tmp_path: Path) -> Any:
    """Make an editor of lines of Python that change ``text``; each time it is opened it does the next one."""

    def make(*lines: str) -> Path:
        path, count = tmp_path / "editor", tmp_path / "count"
        count.write_text("0")
        path.write_text(
            f"#!{sys.executable}\nimport sys\nfrom pathlib import Path\n"
            f"n = int(Path({str(count)!r}).read_text())\nPath({str(count)!r}).write_text(str(n + 1))\n"
            f"file = Path(sys.argv[1])\ntext = file.read_text()\nLINES = {lines!r}\n"
            "scope = {'text': text}\nexec(LINES[n], scope)\nfile.write_text(scope['text'])\n"
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return path

    return make


def test_sets_are_listed_copied_renamed_removed_and_had_back(brains: Path) -> None:
    assert "brains" in run("tileset", "list")
    run("tileset", "copy", "brains", "minds")
    run("tileset", "rename", "minds", "heads")
    assert "there is a tile set brains already" in run("tileset", "rename", "heads", "brains", code=2)
    assert "`tiledviz tileset restore heads 1` has it back" in run("tileset", "remove", "heads")
    assert "No such tile set." in run("tileset", "list", "heads")
    run("tileset", "restore", "heads", "1")
    assert [each["name"] for each in json.loads(run("tileset", "list", "--json"))] == ["brains", "heads"]


def test_what_the_editor_saves_is_kept_and_what_it_leaves_alone_is_not(brains: Path, script: Any) -> None:
    assert "brains is at revision 2" in run(
        "tiles", "edit", "brains", editor=script("text = text.replace('two', 'TWO')")
    )
    assert [tile["title"] for tile in kept()["tiles"]] == ["one", "TWO"]
    assert "brains is as it was" in run("tileset", "edit", "brains", editor=script("pass"))
    assert "edited" in run("tileset", "revisions", "brains")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("text.replace('0.25', '\"much\"')", "tile 2, values/F: this column holds numbers"),
        ("text.replace('0.25', '')", "this is not JSON"),
        ("text.replace('tiledviz-tileset', 'x')", "this is not a tile set"),
        ('text.replace(\'"title": "one"\', \'"titel": "one"\')', "tile 1, titel"),
    ],
)
def test_what_is_wrong_is_told_at_the_top_and_nothing_typed_is_lost(
    brains: Path, script: Any, home: Path, change: str, said: str
) -> None:
    told = run("tileset", "edit", "brains", code=2, editor=script(f"text = {change}"))
    assert said in told
    (file,) = (home / "edits").iterdir()
    assert str(file) in told
    assert file.stat().st_mode & 0o777 == 0o600
    first = file.read_text().splitlines()[0]
    assert first.startswith("// ")
    assert said in first
    assert [tile["title"] for tile in kept()["tiles"]] == ["one", "two"]


def test_an_editor_that_fails_or_is_not_there_is_one_line(brains: Path) -> None:
    assert "the editor ended with exit code 1" in run("tileset", "edit", "brains", code=1)
    assert "cannot be started" in run("tileset", "edit", "brains", code=2, editor=Path("/nowhere/editor"))


def test_an_import_is_on_the_wall_at_once(tmp_path: Path) -> None:
    file = tmp_path / "two.csv"
    file.write_text("title,F\na,1\nb,2\n")
    assert "2 of 2 live" in run("import", str(file))
    assert "a" in run("tiles", "F=1")
    store = Store.open()
    for job in store.jobs(active=True):
        api.stop(store, job["id"])
    store.close()


def test_a_query_of_several_words_is_to_be_quoted() -> None:
    assert "put the query in quotes: tiledviz tiles 'a b'" in run("tiles", "a", "b", code=2)
    assert "there is no tile set nothing" in run("tiles", "edit", "nothing", code=2)
