"""Cases as plugins."""

from __future__ import annotations

import types
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, Field

from tvcore import api
from tvcore.cases import CaseInfo, Member, TileSpec, hookimpl, manager
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
