"""What a case offers to do with its tiles, and what comes of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel

from tvcore.cases import Action, CaseInfo, Member, hookimpl, manager
from tvcore.errors import TiledVizError


def case(actions: Any = (), act: Any = None) -> manager.Case:
    class Plugin:
        @hookimpl
        def case_info(self) -> CaseInfo:
            return CaseInfo(name="tried", title="Tried", description="Tried.")

        @hookimpl
        def case_parameters(self) -> type[BaseModel]:
            return BaseModel

        @hookimpl
        def case_actions(self, parameters: BaseModel) -> Any:
            return actions

        @hookimpl
        def case_action(self, parameters: BaseModel, action: str, member: Any, tile: Any) -> Any:
            return act(action, member, tile)

    return manager.load(Plugin(), "a test")


class Nothing(BaseModel):
    """No parameters."""


MEMBER = Member(index=0, title="m")


def test_a_case_without_the_hooks_offers_nothing() -> None:
    plugin = SimpleNamespace()
    plugin.case_info = hookimpl(lambda: CaseInfo(name="plain", title="P", description="P"))
    assert manager.load(plugin, "a test").actions(Nothing()) == ()


def test_what_a_case_says_of_an_action_is_one_line() -> None:
    found = case(act=lambda action, member, tile: f"{action}\nof {member.title}").act(Nothing(), "go", MEMBER, None)  # type: ignore[arg-type]
    assert found == "go of m"
    assert case(act=lambda *_: "").act(Nothing(), "go", MEMBER, None) == "done"  # type: ignore[arg-type]


def test_an_exception_of_a_case_is_one_line_that_names_case_and_action() -> None:
    def act(*_: object) -> str:
        raise ValueError("no\nluck")

    with pytest.raises(TiledVizError) as caught:
        case(act=act).act(Nothing(), "go", MEMBER, None)  # type: ignore[arg-type]
    assert str(caught.value) == "the case tried (a test) failed in its action go: ValueError: no luck"


@pytest.mark.parametrize("wrong", [["go"], [Action(name="go", title="Go"), Action(name="go", title="Again")]])
def test_what_is_no_list_of_actions_is_refused_by_the_cases_name(wrong: Any) -> None:
    with pytest.raises(TiledVizError, match=r"the case tried .*: case_actions must return Actions, no name twice"):
        case(actions=wrong).actions(Nothing())
