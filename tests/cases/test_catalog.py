"""Plugins asked from elsewhere: what they answer, and that nothing of them is imported here."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from plugin_kit import write_plugin, write_sample
from tvcore import api
from tvcore.apart import CancelledError
from tvcore.cases import catalog
from tvcore.cases.sources import of_path
from tvcore.ensemble import open_ensemble
from tvcore.errors import TiledVizError, UsageError
from waiting import wait_until


def test_the_bundled_cases_are_all_whole() -> None:
    found = catalog.describe_all()
    assert {each.name for each in found} >= {"gears", "gray_scott", "tileset"}
    assert [(each.name, each.error, each.warnings) for each in found if each.error or each.warnings] == []
    assert {each.origin for each in found} == {"bundled"}
    assert all(each.title and each.description and each.is_case for each in found)


def test_a_plugin_is_described_and_asked_without_being_imported_here(home: Path) -> None:
    path = write_sample(
        "unseen",
        head="import os\nHERE = os.getpid()",
        case_tile="def case_tile():\n    return TileSpec(command=(str(HERE),))",
    )
    found = catalog.describe("unseen")
    assert (found.title, found.origin) == ("Sample", str(path))
    assert found.hooks == ("case_info", "case_parameters", "case_members", "case_tile")
    assert found.parameters["properties"]["count"]["maximum"] == 9
    assert catalog.check("unseen", {"count": "5"}) == {"count": 5}
    with pytest.raises(UsageError) as refused:
        catalog.check("unseen", {"count": "50"})
    (problem,) = catalog.problems("unseen", {"count": "50"})
    assert (problem.key, problem.text) == ("count", str(refused.value))
    survey = catalog.survey("unseen", {}, 1, None, lambda *_: None)
    assert survey.tiles[0].command != (str(os.getpid()),)
    assert "tiledviz_plugin_unseen" not in sys.modules


def test_members_with_values_get_a_file_of_metadata(home: Path) -> None:
    write_sample(
        case_members="""
        def case_members():
            return [
                Member(index=7, title="a", values={"F": 0.5, "n": 1, "name": "first", "good": True, "gap": None}),
                Member(index=9, title="b", values={"F": 1, "n": 2, "name": "the second", "good": False, "gap": 3}),
            ]
        """
    )
    plan, _ = api.plan_case("sample")
    assert [tile.member for tile in plan.tiles] == [0, 1]
    assert plan.ensemble
    assert Path(plan.ensemble).parent == home / "members"
    with open_ensemble(Path(plan.ensemble)) as ensemble:
        kinds = {column.name: column.dtype.rstrip("0123456789") for column in ensemble.columns}
        assert kinds == {"F": "float", "n": "int", "name": "S", "good": "bool", "gap": "float"}
        assert ensemble.row(1)["name"] == "the second"
    assert api.plan_case("sample")[0].ensemble == plan.ensemble


def test_columns_that_a_case_declares_keep_unit_and_role_and_hold_the_values_to_them(home: Path) -> None:
    columns = 'def case_columns():\n    return [Column("F", "float32", "1/s", role="parameter"), Column("name", "S1")]'
    members = "def case_members():\n    return [Member(index=0, title='a', values={})]"
    write_sample(case_columns=columns, case_members=members.format("{'F': 0.5, 'name': 'long enough'}"))
    plan, _ = api.plan_case("sample")
    with open_ensemble(Path(str(plan.ensemble))) as ensemble:
        assert [(c.name, c.unit, c.role) for c in ensemble.columns] == [
            ("F", "1/s", "parameter"),
            ("name", "", "result"),
        ]
        assert ensemble.row(0)["name"] == "long enough"
    for values, words in (
        ("{'G': 1}", "member 0 has a value for 'G', which is no column of case_columns"),
        ("{'F': 'x'}", "member 0 has F='x', which is no float32"),
    ):
        write_sample(case_columns=columns, case_members=members.format(values))
        with pytest.raises(TiledVizError, match=words):
            api.plan_case("sample")


def test_what_takes_long_tells_how_far_it_is(home: Path) -> None:
    write_sample(
        case_prepare="""
        def case_prepare(report):
            report(0.5, 'half')
            report(float('nan'), 'lost')
            return True
        """
    )
    heard: list[tuple[float, str]] = []
    api.plan_case("sample", report=lambda fraction, text: heard.append((fraction, text)))
    assert heard == [(0.5, "half"), (0.0, "lost")]


def test_an_unknown_case_lists_those_there_are_and_one_that_is_off_says_why(home: Path) -> None:
    write_sample("mine")
    with pytest.raises(UsageError, match=r"there is no case 'mien': there are .*gears.*mine"):
        catalog.find("mien")
    write_sample("gray_scott")
    (wrong,) = [each for each in catalog.describe_all() if each.error]
    assert wrong.name == "gray_scott"
    assert "plugins.override" in wrong.error


def test_a_plugin_without_a_case_is_none(home: Path) -> None:
    write_plugin("adds", "from tvcore.cases import hookimpl\n\n@hookimpl\ndef portal_importers():\n    return []\n")
    assert "adds" not in {each["name"] for each in api.cases()}
    assert [plugin.name for plugin in catalog.implementing("portal_importers")] == ["adds"]
    with pytest.raises(UsageError, match=r"the plugin adds .* is no case: it has portal_importers"):
        catalog.describe("adds")


def test_a_call_that_is_cancelled_ends_with_all_that_it_started(home: Path, tmp_path: Path) -> None:
    marker = tmp_path / "pid"
    path = write_sample(
        head="import subprocess",
        case_parameters=f"""
        def case_parameters():
            child = subprocess.Popen(["sleep", "1000"])
            open("{marker}", "w").write(str(child.pid))
            child.wait()
        """,
    )
    with pytest.raises(CancelledError):
        catalog.ask(of_path(path), "check", given={}, cancelled=lambda: marker.exists() and bool(marker.read_text()))
    pid = int(marker.read_text())
    wait_until(lambda: not lives(pid), what=f"{pid} to end")


def test_a_call_that_says_something_all_the_time_can_be_cancelled_and_has_an_end(home: Path) -> None:
    chatter = "while True:\n    report(0.5, 'still there')"
    path = write_sample(head=f"from tvcore.apart_call import report\n{chatter}")
    begun = time.monotonic()
    with pytest.raises(CancelledError):
        catalog.ask(
            of_path(path), "check", given={}, report=lambda *_: None, cancelled=lambda: time.monotonic() > begun + 1
        )
    with pytest.raises(TiledVizError, match="took longer than 1 s in its import"):
        catalog.ask(of_path(path), "check", 10.0, report=lambda *_: None, total=1.0, given={})


def test_what_a_plugin_says_is_text_and_numbers_that_all_can_take(home: Path) -> None:
    write_sample(
        head="""
        class Odd(BaseModel):
            half: float = Field(float("inf"), description="a\\ud800b\\x1b[31m")
        """,
        case_parameters="def case_parameters():\n    return Odd",
        case_members="""
        def case_members():
            from tvcore.errors import UsageError
            raise UsageError("one\\ntwo \\x1b[31m" + "x" * 10_000)
        """,
    )
    described = json.dumps(api.cases(), allow_nan=False, ensure_ascii=False).encode()
    assert b"a?b" in described
    with pytest.raises(UsageError, match=r"^one two \[31mx{100}") as error:
        api.plan_case("sample")
    assert len(str(error.value)) <= 2000


def lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
