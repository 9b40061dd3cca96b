"""A plugin loaded here, and cases as plans: what is asked of them, and what is wrong with them in words."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from plugin_kit import write_sample
from tvcore import api
from tvcore.cases import Bind, CaseInfo, Member, TileSpec, hookimpl, hookspecs, manager
from tvcore.cases.sources import Plugin, of_path
from tvcore.errors import TiledVizError, UsageError

SAMPLE = Plugin("sample", "folder", "/nowhere/sample.py", "a test")


class Parameters(BaseModel):
    count: int = Field(3, ge=1, le=9, description="how many")
    word: SecretStr = Field(SecretStr("hush"), min_length=4, description="a secret")


def case(**overrides: Any) -> manager.Case:
    hooks: dict[str, Any] = {
        "case_info": lambda: CaseInfo(name="sample", title="Sample", description="A sample."),
        "case_parameters": lambda: Parameters,
        "case_members": lambda parameters: [Member(index=i, title=f"m{i}") for i in range(parameters.count)],
        "case_tile": lambda member: TileSpec(command=("true",)),
    } | overrides
    marked = {name: hookimpl(function) for name, function in hooks.items() if function}
    return manager.of_object(types.SimpleNamespace(**marked), SAMPLE)


def fails(**_arguments: object) -> None:
    raise ValueError("boom\nand more")


def test_a_case_becomes_a_plan(home: Path) -> None:
    path = write_sample()
    plan, _ = api.plan_case("sample", {"count": "4"})
    assert [tile.title for tile in plan.tiles] == ["m0", "m1", "m2", "m3"]
    assert plan.tiles[2].command == ("true", "2")
    assert plan.parameters == {"count": 4}
    assert (plan.plugin, plan.hooks) == (f"folder:sample:{path}", ())
    assert [tile.title for tile in api.plan_case("sample", tiles=2)[0].tiles] == ["m0", "m1"]
    some, _ = api.plan_case("sample", {"count": 5}, indices=[1, 4])
    assert [(tile.index, tile.title) for tile in some.tiles] == [(1, "m1"), (4, "m4")]
    with pytest.raises(UsageError, match="has 3 members with these parameters, fewer than 5"):
        api.plan_case("sample", tiles=5)
    with pytest.raises(UsageError, match="at least one tile"):
        api.plan_case("sample", tiles=0)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cuont": "4"}, "no parameter 'cuont', .* did you mean count"),
        ({"count": "ten"}, "count=ten: Input should be a valid integer"),
        ({"count": "10"}, "count=10: Input should be less than or equal to 9"),
        ({"count": "1\n\x1b[31m"}, r"count=1\\n\\x1b\[31m: Input should be a valid integer"),
    ],
)
def test_a_wrong_key_or_value_is_named(home: Path, given: dict[str, str], words: str) -> None:
    write_sample()
    with pytest.raises(UsageError, match=words) as error:
        api.plan_case("sample", given)
    assert "\n" not in str(error.value)
    assert "\x1b" not in str(error.value)


def test_all_that_is_wrong_with_parameters_is_told_and_a_secret_stays_one() -> None:
    found = case().problems({"count": 99, "word": "no"})
    assert [problem.key for problem in found] == ["count", "word"]
    assert "count=99" in found[0].text
    assert found[1].text.startswith("the case sample cannot take word=…:")
    assert [each.key for each in case().problems({"a": 1, "b": 2, "count": 99})] == ["a", "b"]


def test_a_secret_within_a_parameter_stays_one_too() -> None:
    class Login(BaseModel):
        name: str = "ann"
        word: SecretStr = Field(SecretStr("hush hush"), min_length=8)

    class Nested(BaseModel):
        login: Login = Login()
        others: list[Login] = []

    found = case(case_parameters=lambda: Nested).problems(
        {"login": {"word": "hunter2"}, "others": [{"word": "swordf"}]}
    )
    assert [problem.key for problem in found] == ["login", "others"]
    assert not [problem for problem in found if "hunter2" in problem.text or "swordf" in problem.text]


def test_a_case_in_an_image_is_planned_with_the_image_its_digest_and_its_own_command(
    home: Path, tmp_path: Path
) -> None:
    image = tmp_path / "image"
    (image / "bin").mkdir(parents=True)
    write_sample(
        case_tile=f"""
        def case_tile(member):
            spec = ImageSpec(
                name="{image}", command=("inside",), environment={{"B": "2"}},
                binds=(Bind(source="/data", target="/d"),),
            )
            return TileSpec(command=("outside",), environment={{"A": "1"}}, image=spec if member.index else None)
        """
    )
    plain, _ = api.plan_case("sample", tiles=2)
    assert {(tile.command, tile.image) for tile in plain.tiles} == {(("outside",), None)}
    assert (plain.images, plain.hooks) == ({}, ())
    assert (plain.encoders, plain.cores) == (0, 0.0)
    bounds: dict[str, object] = {"wall.encoders": 3, "wall.cores": 0.5}
    size = {"tiles.gl": "mesa", "tiles.size": "800x600"}
    plan, _ = api.plan_case("sample", {"container": "apptainer", **size, **bounds}, 2)
    first, second = plan.tiles
    assert (first.command, first.image, first.binds) == (("outside",), None, ())
    assert (second.command, second.environment, second.image) == (("inside",), {"B": "2"}, str(image))
    assert second.binds == (Bind(source="/data", target="/d"),)
    assert list(plan.images) == [str(image)]
    assert (plan.container, plan.gl) == ("apptainer", "mesa")
    assert (plan.encoders, plan.cores) == (3, 0.5)
    assert {(tile.width, tile.height) for tile in plan.tiles} == {(800, 600)}


def test_an_image_that_is_not_there_is_told_before_anything_is_submitted(home: Path) -> None:
    write_sample(case_tile="def case_tile():\n    return TileSpec(command=('x',), image=ImageSpec(name='nonesuch'))")
    with pytest.raises(UsageError, match="nonesuch") as error:
        api.plan_case("sample", {"container": "apptainer"})
    assert "\n" not in str(error.value)


def test_the_job_asks_for_what_the_tiles_of_a_node_need_unless_it_is_said(home: Path) -> None:
    write_sample(
        case_tile="""
        def case_tile(member):
            return TileSpec(command=("x",), cpus=2, memory=3 << 29)
        """
    )
    plan, settings = api.plan_case("sample", {"count": 5, "nodes": 2})
    assert (settings.job.cpus, settings.job.memory) == (6, str(3 * 1536))  # three tiles on the fuller node
    assert plan.tiles[0].environment == {"OMP_NUM_THREADS": "2"}
    said = {"nodes": 2, "cpus": 1, "memory": "1G"}
    _, settings = api.plan_case("sample", said)
    assert (settings.job.cpus, settings.job.memory) == (1, "1G")


def test_the_hooks_that_are_called_on_nodes_are_in_the_plan(home: Path) -> None:
    nothing = "def {}(parameters, member, tile):\n    pass"
    write_sample(case_ready=nothing.format("case_ready"), case_end=nothing.format("case_end"))
    assert api.plan_case("sample")[0].hooks == ("case_ready", "case_end")


def test_a_hook_gets_just_the_arguments_that_it_takes() -> None:
    told: list[object] = []
    found = case(
        case_ready=lambda parameters, tile: told.append((parameters.count, tile)),
        case_limit=lambda member, seconds: told.append((member.index, seconds)),
    )
    member, parameters = Member(index=2, title="x"), found.parameters({})
    found.tell("case_ready", parameters, member, "a tile")  # type: ignore[arg-type]
    found.tell("case_limit", parameters, member, "a tile", seconds=60.0)  # type: ignore[arg-type]
    assert told == [(3, "a tile"), (2, 60.0)]


@pytest.mark.parametrize(
    ("said", "planned"),
    [
        ("Path('/data/e.h5')", ("/data/e.h5", False, 0)),
        ("EnsembleFile('/data/e.h5')", ("/data/e.h5", False, 0)),
        ("EnsembleFile(Path('/var/tmp/e.h5'), live=True)", ("/var/tmp/e.h5", True, 0)),
        ("None", (None, False, None)),
    ],
)
def test_a_case_says_whether_its_file_grows_yet(
    home: Path, said: str, planned: tuple[str | None, bool, int | None]
) -> None:
    write_sample(head="from pathlib import Path", case_ensemble=f"def case_ensemble():\n    return {said}")
    plan, _ = api.plan_case("sample")
    assert (plan.ensemble, plan.live, plan.tiles[0].member) == planned


def test_a_live_file_has_a_path_that_is_the_same_wherever_it_is_read(home: Path) -> None:
    write_sample(case_ensemble="def case_ensemble():\n    return EnsembleFile('e.h5', live=True)")
    with pytest.raises(
        TiledVizError, match=r"case_ensemble: EnsembleFile: a live file has an absolute path, .*'e\.h5'"
    ):
        api.plan_case("sample")


def test_a_hook_that_raises_is_named_with_plugin_reason_and_line(home: Path) -> None:
    path = write_sample(case_members="def case_members():\n    raise ValueError('boom')")
    line = path.read_text().splitlines().index("    raise ValueError('boom')") + 1
    words = rf"the case sample \({path}\) failed in case_members: ValueError: boom \(sample\.py, line {line}\)$"
    with pytest.raises(TiledVizError, match=words):
        api.plan_case("sample")


@pytest.mark.parametrize(
    ("hooks", "words"),
    [
        ({"case_info": None}, "does not implement case_info"),
        ({"case_info": lambda: "sample"}, "case_info must return a CaseInfo, not str"),
        ({"case_info": lambda: CaseInfo(name="other", title="O", description="")}, "names it 'other'.*'sample'"),
        ({"case_info": fails}, "failed in case_info: ValueError: boom and more$"),
        ({"case_parameters": lambda: 3}, "case_parameters must return a type, not int"),
        ({"case_parameters": lambda: int}, "case_parameters must return a class of pydantic's BaseModel"),
        ({"case_members": lambda: 5}, "case_members must return a list of Members, not int"),
        ({"case_members": lambda: ["m"]}, "case_members must return Members, and item 0 is str"),
        ({"case_members": lambda: (1 / 0 for _ in "x")}, "failed in case_members: ZeroDivisionError"),
        ({"case_tile": lambda: ("true",)}, "case_tile must return a TileSpec, not tuple"),
        ({"case_tile": None}, "does not implement case_tile"),
        ({"case_ensemble": lambda: 7}, "case_ensemble must return an EnsembleFile, not int"),
        ({"case_columns": lambda: ["F"]}, "case_columns must return Columns, and item 0 is str"),
        ({"case_info": lambda: sys.exit("away")}, "failed in case_info: SystemExit: away"),
    ],
)
def test_what_a_hook_should_not_answer_is_named(hooks: dict[str, Any], words: str) -> None:
    def everything() -> None:
        found = case(**hooks)
        assert found.info.title
        parameters = found.parameters({})
        members = found.members(parameters, None)
        found.tile(parameters, members[0])
        if found.implements("case_ensemble"):
            found.ensemble(parameters)
        found.columns(parameters)

    with pytest.raises(TiledVizError, match=words) as error:
        everything()
    assert "\n" not in str(error.value)


def test_members_without_end_are_cut_off() -> None:
    def case_members() -> Any:
        i = 0
        while True:
            yield Member(index=i, title=str(i))
            i += 1

    found = case(case_members=case_members)
    assert len(found.members(found.parameters({}), None)) == manager.MEMBERS_MAX
    assert len(found.members(found.parameters({}), 7)) == 7


def wrong_argument(parameters: Parameters, membre: Member) -> TileSpec:
    raise AssertionError((parameters, membre))


@pytest.mark.parametrize(
    ("hooks", "words"),
    [
        ({"case_tile": wrong_argument}, "case_tile has no argument membre: it may have parameters, member"),
        ({"case_tyle": lambda: None}, "there is no hook case_tyle: did you mean case_tile?"),
    ],
)
def test_a_hook_that_there_is_not_and_a_wrong_argument_are_named(hooks: dict[str, Any], words: str) -> None:
    with pytest.raises(TiledVizError, match=words):
        case(**hooks)


def test_what_is_no_fault_yet_is_a_warning(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    path = write_sample()
    path.write_text(path.read_text() + "\n\ndef case_ready(tile):\n    pass\n")
    assert manager.load(of_path(path)).warnings == ("case_ready is not marked with @hookimpl, and is never called",)
    monkeypatch.setattr(hookspecs, "DEPRECATED", {"case_members.count": "take all", "case_tile": "take case_show"})
    assert case(case_members=lambda count: []).warnings == (
        "case_members.count is going to change: take all", "case_tile is going to change: take case_show",
    )  # fmt: skip
    assert case().warnings == ("case_tile is going to change: take case_show",)


def test_every_call_of_a_hook_can_be_traced(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("TILEDVIZ_TRACE_HOOKS", "1")
    found = case(case_tile=fails)
    with pytest.raises(TiledVizError):
        found.tile(found.parameters({}), Member(index=1, title="x"))
    said = capsys.readouterr().err
    assert "tiledviz: sample.case_tile(parameters=Parameters(count=3, word=SecretStr('**********'))" in said
    assert "tiledviz: sample.case_tile -> raised ValueError: boom and more [" in said
    monkeypatch.setenv("TILEDVIZ_TRACE_HOOKS", "0")
    assert case().info.title == "Sample"
    assert capsys.readouterr().err == ""
