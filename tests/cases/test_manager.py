"""Cases as plugins."""

from __future__ import annotations

import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from tvcore import api
from tvcore.cases import Bind, CaseInfo, EnsembleFile, ImageSpec, Member, TileSpec, hookimpl, manager
from tvcore.errors import TiledVizError, UsageError


class Parameters(BaseModel):
    count: int = Field(3, ge=1, le=9, description="how many")


def plugin(**overrides: Any) -> types.SimpleNamespace:
    def case_info() -> CaseInfo:
        return CaseInfo(name="sample", title="Sample", description="A sample.")

    def case_parameters() -> type[BaseModel]:
        return Parameters

    def case_members(parameters: Parameters) -> Sequence[Member]:
        return [Member(index=i, title=f"m{i}") for i in range(parameters.count)]

    def case_tile(member: Member) -> TileSpec:
        return TileSpec(command=("true", str(member.index)))

    hooks = {f.__name__: f for f in (case_info, case_parameters, case_members, case_tile)} | overrides
    return types.SimpleNamespace(**{name: hookimpl(function) for name, function in hooks.items() if function})


@pytest.fixture
def sample(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, plugin())


def use(monkeypatch: pytest.MonkeyPatch, *plugins: object) -> None:
    sources = [("sample", f"source {i}", lambda found=found: found) for i, found in enumerate(plugins)]
    monkeypatch.setattr(manager, "_sources", lambda: sources)


def fails(**_arguments: object) -> None:
    raise ValueError("boom")


def test_the_bundled_cases_are_found() -> None:
    cases, broken = manager.discover()
    assert {"gears", "gray_scott"} <= set(cases)
    assert broken == []
    assert all(case.source == "bundled" for case in cases.values())


def test_a_case_becomes_a_plan(sample: None, home: Path) -> None:
    plan, _ = api.plan_case("sample", {"count": "4"})
    assert [tile.title for tile in plan.tiles] == ["m0", "m1", "m2", "m3"]
    assert plan.tiles[2].command == ("true", "2")
    assert plan.parameters == {"count": 4}
    assert [tile.title for tile in api.plan_case("sample", tiles=2)[0].tiles] == ["m0", "m1"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"cuont": "4"}, "no parameter 'cuont', .* did you mean count"),
        ({"count": "ten"}, "count=ten: Input should be a valid integer"),
        ({"count": "10"}, "count=10: Input should be less than or equal to 9"),
    ],
)
def test_a_wrong_key_or_value_is_named(sample: None, home: Path, given: dict[str, str], words: str) -> None:
    with pytest.raises(UsageError, match=words) as error:
        api.plan_case("sample", given)
    assert "\n" not in str(error.value)


def test_a_case_in_an_image_is_planned_with_the_image_its_digest_and_its_own_command(
    monkeypatch: pytest.MonkeyPatch, home: Path, tmp_path: Path
) -> None:
    image = tmp_path / "image"
    (image / "bin").mkdir(parents=True)

    def case_tile(member: Member) -> TileSpec:
        spec = ImageSpec(
            name=str(image), command=("inside",), environment={"B": "2"}, binds=(Bind(source="/data", target="/d"),)
        )
        return TileSpec(command=("outside",), environment={"A": "1"}, image=spec if member.index else None)

    use(monkeypatch, plugin(case_tile=case_tile))
    plain, _ = api.plan_case("sample", tiles=2)
    assert {(tile.command, tile.image) for tile in plain.tiles} == {(("outside",), None)}
    assert (plain.images, plain.ready) == ({}, False)
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


def test_an_image_that_is_not_there_is_told_before_anything_is_submitted(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    spec = TileSpec(command=("x",), image=ImageSpec(name="nonesuch"))
    use(monkeypatch, plugin(case_tile=lambda member: spec))
    with pytest.raises(UsageError, match="nonesuch") as error:
        api.plan_case("sample", {"container": "apptainer"})
    assert "\n" not in str(error.value)


def test_members_are_planned_by_their_place_when_not_all_are_wanted(sample: None, home: Path) -> None:
    plan, _ = api.plan_case("sample", {"count": 5}, indices=[1, 4])
    assert [(tile.index, tile.title) for tile in plan.tiles] == [(1, "m1"), (4, "m4")]


def test_a_case_that_wants_to_be_told_is(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    told: list[object] = []

    def case_ready(parameters: Parameters, member: Member, tile: object) -> None:
        told.append((parameters.count, member.index, tile))

    use(monkeypatch, plugin(case_ready=case_ready))
    assert api.plan_case("sample")[0].ready
    case = manager.find("sample")
    case.ready(case.parameters({}), Member(index=2, title="x"), "a tile")  # type: ignore[arg-type]
    assert told == [(3, 2, "a tile")]


@pytest.mark.parametrize(
    ("said", "planned"),
    [
        (Path("/data/e.h5"), ("/data/e.h5", False, 0)),
        (EnsembleFile("/data/e.h5"), ("/data/e.h5", False, 0)),
        (EnsembleFile(Path("/var/tmp/e.h5"), live=True), ("/var/tmp/e.h5", True, 0)),
        (None, (None, False, None)),
    ],
)
def test_a_case_says_whether_its_file_grows_yet(
    monkeypatch: pytest.MonkeyPatch, home: Path, said: object, planned: tuple[str | None, bool, int | None]
) -> None:
    use(monkeypatch, plugin(case_ensemble=lambda: said))
    plan, _ = api.plan_case("sample")
    assert (plan.ensemble, plan.live, plan.tiles[0].member) == planned


def test_a_live_file_has_a_path_that_is_the_same_wherever_it_is_read(
    monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    use(monkeypatch, plugin(case_ensemble=lambda: EnsembleFile("e.h5", live=True)))
    with pytest.raises(
        TiledVizError, match=r"case_ensemble: EnsembleFile: a live file has an absolute path, .*'e\.h5'$"
    ):
        api.plan_case("sample")


def test_an_unknown_case_lists_those_there_are(sample: None) -> None:
    with pytest.raises(UsageError, match="there is no case 'simple': there are sample"):
        manager.find("simple")


def test_more_tiles_than_members_or_none_are_refused(sample: None, home: Path) -> None:
    with pytest.raises(UsageError, match="has 3 members with these parameters, fewer than 5"):
        api.plan_case("sample", tiles=5)
    with pytest.raises(UsageError, match="at least one tile"):
        api.plan_case("sample", tiles=0)


def test_a_broken_plugin_is_listed_and_takes_nothing_else_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def bad_signature(nonsense: int) -> CaseInfo:
        raise AssertionError

    bad = types.SimpleNamespace(case_info=hookimpl(bad_signature))
    raising = plugin(case_info=fails)
    wrong = plugin(case_info=lambda: "sample")
    use(monkeypatch, bad, raising, wrong, plugin(), plugin())
    cases, broken = manager.discover()
    assert list(cases) == ["sample"]
    assert cases["sample"].source == "source 3"
    errors = [b.error for b in broken]
    assert len(errors) == 4
    assert all("\n" not in error for error in errors)
    assert "ValueError: boom" in errors[1]
    assert "returned str, not a CaseInfo" in errors[2]
    assert "from source 3" in errors[3]


def test_a_hook_that_raises_is_named_with_its_plugin(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    use(monkeypatch, plugin(case_members=fails))
    with pytest.raises(TiledVizError, match=r"the case sample \(source 0\) failed in case_members: ValueError: boom"):
        api.plan_case("sample")


def test_a_hook_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    use(monkeypatch, plugin(case_tile=None))
    with pytest.raises(TiledVizError, match="does not implement case_tile"):
        api.plan_case("sample")
