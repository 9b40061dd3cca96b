"""``tiledviz plugin check`` says in words all that is wrong with a plugin; ``new`` and ``list``."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from plugin_kit import write_plugin, write_sample
from tvcore.authoring import check
from tvcore.authoring.signatures import sound
from tvcore.authoring.template import new
from tvcore.cases import hookspecs, manager, sources
from tvcore.cases.sources import of_path
from tvcore.cli import cli
from tvcore.errors import UsageError

# As many faults as a plugin can have while its hooks can still be called.
FAULTY = """
from pydantic import BaseModel, Field
from tvcore.cases import Action, CaseInfo, Column, ImageSpec, Member, TileSpec, hookimpl


class Parameters(BaseModel):
    width: int = 3
    depth: int = Field(default=-1, ge=0, description="how deep")
    needed: str = Field(description="what it needs")


class Choice(BaseModel):
    level: float = 0.5


@hookimpl
def case_info():
    return CaseInfo(name="faulty", title="Faulty", description="Nothing is right.", picture="faulty.png")


@hookimpl
def case_parameters():
    return Parameters


@hookimpl
def case_members(parameters):
    return [
        Member(index=0, title="a", values={"load": 1.5, "waer": 2}),
        Member(index=1, title="b\\0c", values={"load": "heavy"}),
    ]


@hookimpl
def case_columns():
    return [Column("load", "float64", unit="N"), Column("wear", "float64")]


@hookimpl
def case_tile(member):
    if member.index:
        return TileSpec(kind="picture", source="/nowhere/at/all.png")
    return TileSpec(
        command=("no-such-program", "a" * (200 << 10)), environment={"A": "x\\0y"}, image=ImageSpec(name="nowhere")
    )


@hookimpl
def case_actions():
    return [
        Action(name="forgotten", title="Nobody does it"),
        Action(name="level", title="Level", parameters=Choice, command=("true", "{levl}", "{{kept}}")),
    ]


@hookimpl
def case_tiel(member):
    pass


@hookimpl
def case_end(tile, secnods):
    pass


@hookimpl
def case_ready(tile, *more):
    pass


def case_limit(tile):
    pass


def case_preapre(report):
    pass
"""


def said(result: Result) -> list[str]:
    return [line for line in result.stdout.splitlines() if line]


def test_all_that_is_wrong_with_a_plugin_is_told_a_line_each(home: Path, tmp_path: Path) -> None:
    write_plugin("faulty", FAULTY)
    result = CliRunner().invoke(cli, ["plugin", "check", "faulty", "--set", "needed=it"])
    assert result.exit_code == 1
    assert said(result) == [
        "error: case_end: it takes 'secnods', which it is never given (it is given: parameters, member, tile)",
        "error: case_limit: it is not marked with @hookimpl, and so is never called",
        "error: case_ready: it takes *more: name the arguments that it needs (it is given: parameters, member, tile)",
        "error: case_tiel: there is no such hook: did you mean case_tile?",
        "error: case_info: names the picture faulty.png, which is not beside its code",
        "error: case_parameters: width has no description: the form and `tiledviz cases` have no words for it",
        "error: case_parameters: the default of depth, -1, breaks its own rules: depth: Input should be greater than "
        "or equal to 0",
        "error: case_parameters: needed has no default: it cannot be launched without one",
        "error: case_members, member 0: the value 'waer' has no column in case_columns (columns: load, wear)",
        "error: case_members, member 1: load is 'heavy', and its column is of the type float64",
        "error: case_tile, member 0: argument 1 of the command has 204,800 bytes: 128 KiB is the most that a program "
        "can be given",
        "error: case_tile, member 0: the variable A has a NUL character in it, which no program can be given: "
        "'x\\x00y'",
        "error: case_members, member 1: the title has a NUL character in it, which no program can be given: 'b\\x00c'",
        "error: case_actions, forgotten: it has neither a command nor a case_action that does it",
        "error: case_actions, level: level has no description: the form and `tiledviz cases` have no words for it",
        "error: case_actions, level: {levl} in its command names no parameter: did you mean level? (parameters: level)",
        "error: case_tile, member 0: the program no-such-program is not on the PATH of this machine",
        "warning: case_preapre: there is no such hook: did you mean case_prepare?, marked with @hookimpl",
        "warning: case_columns: none of the members has a value of wear",
        "warning: case_columns: wear has no unit: write unit='1' for a number without one",
        "warning: case_tile, member 0: there is no image 'nowhere' in "
        f"{Path.home()}/.local/share/tiledviz/images: `tiledviz image build nowhere` makes it",
        "warning: case_tile, member 1: /nowhere/at/all.png is not on this machine: the nodes have to have it",
        "faulty: 17 errors, 5 warnings (6 hooks, 2 members looked at)",
    ]


def test_where_tiles_run_in_containers_their_image_has_to_be_there(home: Path, tmp_path: Path) -> None:
    write_sample(
        case_tile="""
        def case_tile(member):
            return TileSpec(
                command=("glxgears",), image=ImageSpec(name="nowhere", binds=(Bind(source="/no/data"),))
            )
        """
    )
    inside = check("sample", {"container": "apptainer", "images.folder": str(tmp_path)})
    assert [str(each) for each in inside.errors] == [
        f"error: case_tile, member 0: there is no image 'nowhere' in {tmp_path}: "
        "`tiledviz image build nowhere` makes it"
    ]
    assert "/no/data, which is bound, is not on this machine" in str(inside.warnings[-1])
    outside = check("sample", {"images.folder": str(tmp_path)})
    assert (outside.errors, len(outside.warnings)) == ([], 2)  # no picture, no image


def test_what_a_plugin_adds_to_the_portal_is_looked_at_too(home: Path) -> None:
    write_plugin(
        "adds",
        """
        from tvcore.cases import hookimpl


        @hookimpl
        def portal_logins():
            return [3]


        @hookimpl
        def portal_importers():
            return []
        """,
    )
    found = check("adds")
    assert [str(each) for each in found.errors + found.warnings] == [
        "error: portal_logins: must return LoginWays, and item 0 is int",
        "warning: portal_importers: it returns nothing: nothing is added",
    ]


def test_nothing_is_wrong_with_the_bundled_cases_and_one_that_needs_data_says_which(home: Path) -> None:
    small = {"gray_scott": {"size": "16", "steps": "40"}}
    bundled = [plugin.name for plugin in sources.plugins()[0].values() if plugin.kind == "bundled"]
    reports = {name: check(name, small.get(name)) for name in bundled}
    assert {name: found.errors for name, found in reports.items() if found.errors} == {}
    (needs,) = [each.text for each in reports["cinema"].warnings if each.where == "case_members"]
    assert needs.startswith(
        "with what it has by default there are no members to look at (give it something with --set)"
    )
    (wrong,) = check("cinema", {"path": str(home / "none.cdb")}).errors
    assert "none.cdb" in wrong.text


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("import os\n\n1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero (broken.py, line 3)"),
        ("def case_info(:\n", "cannot be imported: SyntaxError: invalid syntax (broken.py, line 1)"),
        ("import nothing_of_the_kind\n", "No module named 'nothing_of_the_kind'"),
        ("import broken.table\n", "No module named 'broken' (broken.py, line 1): within it, write `from . import …`"),
        ("import time\ntime.sleep(60)\n", "took longer than 2 s in its import"),
        ("import os\nos._exit(3)\n", "ended its process in its import"),
        ("x = 1\n", "implements no hook"),
    ],
)
def test_a_plugin_that_cannot_even_be_imported_is_told_with_file_and_line(home: Path, source: str, words: str) -> None:
    path = write_plugin("broken", source)
    (path.parent.parent / "config.toml").write_text("[plugins]\nseconds = 2.0\n")
    result = CliRunner().invoke(cli, ["plugin", "check", str(path), "--json"])
    assert result.exit_code == 1
    document = json.loads(result.stdout)
    (error,) = document["errors"]
    assert words in error["text"]
    assert "\n" not in error["text"]


def test_what_is_going_to_change_is_a_warning(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deprecated = {"case_tile.member": "take index", "case_prepare": "use case_make", "case_members.count": "take most"}
    monkeypatch.setattr(hookspecs, "DEPRECATED", deprecated)
    findings: list[object] = []
    sound(manager.imported(of_path(write_sample())), findings)  # type: ignore[arg-type]
    assert [str(each) for each in findings] == ["warning: case_tile.member: it is going to change: take index"]


def test_what_is_no_plugin_and_what_is_none_any_more_are_told_from_each_other(home: Path, tmp_path: Path) -> None:
    write_sample("gears")
    for what, words in (
        ("nothing", "there is no plugin 'nothing'"),
        ("/etc/passwd", "is no plugin: name a file NAME.py"),
        (str(tmp_path / "away"), "there is no such file or folder"),
        (str(tmp_path), "is no plugin"),
        ("a\0b", "zero byte"),
    ):
        with pytest.raises(UsageError, match=words):
            check(what)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    with pytest.raises(UsageError, match="names no plugin: write "):
        check(tmp_path)
    (tmp_path / "pyproject.toml").write_text('[project.entry-points."tiledviz.cases"]\nthere = "away"\n')
    with pytest.raises(UsageError, match="there is the module 'away', which is neither in"):
        check(tmp_path)


def test_a_new_plugin_is_right_its_own_test_passes_and_it_runs(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    made = CliRunner().invoke(cli, ["plugin", "new", "north_star", "--folder", str(folder), "--json"])
    assert made.exit_code == 0, made.output
    assert all(Path(path).is_file() for path in json.loads(made.stdout)["files"])
    found = check(folder)
    assert (found.plugin, found.errors) == ("north_star", [])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"], cwd=folder, text=True,
        env={**os.environ, "PYTHONPATH": str(folder), "PYTEST_ADDOPTS": ""},
        capture_output=True, check=False, timeout=120,
    )  # fmt: skip
    assert "2 passed" in done.stdout, done.stdout + done.stderr
    tried = CliRunner().invoke(
        cli,
        ["plugin", "test", str(folder), "--tiles", "1", "--actions", "--pictures", str(tmp_path / "seen"), "--json"],
    )
    assert tried.exit_code == 0, tried.output
    outcome = json.loads(tried.stdout)
    assert [seen["state"] for seen in outcome["tiles"]] == ["live"]
    assert outcome["actions"]["turn"][0]["said"] == f"speed 0.5 turned on {os.uname().nodename}"
    assert (tmp_path / "seen/tile-0.png").read_bytes().startswith(b"\x89PNG")
    assert os.environ["TILEDVIZ_HOME"] == str(home)
    assert not (home / "jobs").exists() or not list((home / "jobs").iterdir())


def test_what_fails_in_a_try_is_told_tile_by_tile_with_reason_and_last_words(home: Path, tmp_path: Path) -> None:
    path = write_sample(
        case_tile="""
        def case_tile(member):
            if member.index:
                return TileSpec(command=("sh", "-c", "echo something is missing; exit 3"))
            return TileSpec(command=("glxgears",), width=64, height=64)
        """,
        case_ready="""
        def case_ready(member, tile):
            raise KeyError("no such key")
        """,
        case_actions="""
        def case_actions():
            return [Action(name="fail", title="Fail")]
        """,
        case_action="""
        def case_action(tile):
            raise TypeError("not done")
        """,
    )
    command = ["plugin", "test", str(path), "--tiles", "2", "--actions", "--pictures", str(tmp_path)]
    tried = CliRunner().invoke(cli, command)
    assert tried.exit_code == 1
    assert "tile 1 (m1): failed: " in tried.output
    assert "  something is missing" in said(tried)
    (action,) = [line for line in said(tried) if line.startswith("action fail of tile 0: ")]
    assert "TypeError: not done" in action
    (ready,) = [line for line in said(tried) if line.startswith("tile 0: case_ready: ")]
    assert "KeyError: 'no such key'" in ready
    assert said(tried)[-1] == "sample: 1 of 2 tiles were live"


def test_nothing_is_overwritten_and_no_name_is_taken_that_a_case_cannot_have(home: Path, tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("mine")
    for name in ("Big", "a-b", "../up", "a\nb", "class", "json", "tvcore", "gears", "", "9lives", "a" * 41):
        with pytest.raises(UsageError, match=r"\Aa case has a name|\A\w+ is "):
            new(name, tmp_path / "new")
    for folder in (tmp_path, tmp_path / "kept"):
        with pytest.raises(UsageError, match="is there already, and is left as it is"):
            new("fine", folder)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_the_list_has_every_plugin_and_what_became_of_it(home: Path) -> None:
    for name in ("gears", "pages", "sample"):
        write_sample(name)
    path = write_plugin("broken", "1 / 0\n")
    (path.parent.parent / "config.toml").write_text('[plugins]\noverride = ["pages"]\ndisabled = ["cinema"]\n')
    result = CliRunner().invoke(cli, ["plugin", "list", "--json"])
    assert result.exit_code == 0, result.output
    states = [(each["name"], each["state"], each["origin"] == "bundled") for each in json.loads(result.stdout)]
    wanted = [
        ("broken", "broken", False), ("cinema", "off", True), ("gears", "on", True), ("gears", "overridden", False),
        ("pages", "on", False), ("pages", "off", True), ("sample", "on", False),
    ]  # fmt: skip
    assert [each for each in states if each[0] in {name for name, _, _ in wanted}] == wanted, result.stdout
    shown = CliRunner().invoke(cli, ["plugin", "list"]).stdout
    assert "ZeroDivisionError" in shown
    assert "plugins.disabled names it" in shown
