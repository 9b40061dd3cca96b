"""Every hook is called with every argument that its signature has, whatever an implementation takes of them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from plugin_kit import write_plugin
from tvcore.cases import Action, Member, hookspecs, manager
from tvcore.cases.sources import of_path

LIVE = ("case_ready", "case_limit", "case_end")
# A plugin with all hooks there are: each keeps what it was given.
HEAD = """
from pathlib import Path
from pydantic import BaseModel
from tvcore.cases import Action, CaseInfo, Column, Member, TileSpec, hookimpl

GIVEN = {}


class Parameters(BaseModel):
    step: int = 1


def answer(hook, given):
    GIVEN[hook] = given
    return {
        "case_info": lambda: CaseInfo(name="all_hooks", title="All", description="All hooks."),
        "case_parameters": lambda: Parameters,
        "case_ensemble": lambda: Path("/data/ensemble.h5"),
        "case_members": lambda: [Member(index=0, title="a")],
        "case_columns": lambda: [Column("F", "float64")],
        "case_tile": lambda: TileSpec(command=("true",)),
        "case_actions": lambda: [Action(name="go", title="Go", parameters=Parameters)],
        "case_action": lambda: "gone",
    }.get(hook, lambda: [] if hook.startswith("portal_") else None)()
"""


def calls(case: manager.Case) -> dict[str, Callable[[], Any]]:
    """Return, by hook, what has it called."""
    parameters = case.parameters({"step": "2"})
    member, tile = Member(index=0, title="a"), object()

    def report(_fraction: float, _text: str) -> None:
        pass

    action = Action(name="go", title="Go", parameters=case.model)
    found: dict[str, Callable[[], Any]] = {
        "case_info": lambda: case.info,
        "case_parameters": lambda: case.model,
        "case_prepare": lambda: case.prepare(parameters, report),
        "case_ensemble": lambda: case.ensemble(parameters),
        "case_members": lambda: case.members(parameters, 1),
        "case_columns": lambda: case.columns(parameters),
        "case_tile": lambda: case.tile(parameters, member),
        "case_actions": lambda: case.actions(parameters),
        "case_action": lambda: case.act(parameters, action, member, tile, {"step": "3"}, report),  # type: ignore[arg-type]
    }
    for hook in LIVE:
        more = {"seconds": 60.0} if hook == "case_limit" else {}
        found[hook] = lambda hook=hook, more=more: case.tell(hook, parameters, member, tile, **more)  # type: ignore[arg-type,misc]
    for hook in manager.HOOKS:
        if hook.startswith("portal_"):
            found[hook] = lambda hook=hook: case.several(hook, object)  # type: ignore[misc]
    return found


@pytest.fixture
def case(home: Path) -> manager.Case:
    """Return the case of a plugin that has every hook, with every argument."""
    parts = [HEAD]
    for hook in manager.HOOKS:
        arguments = ", ".join(inspect.signature(getattr(hookspecs, hook)).parameters)
        parts.append(f"@hookimpl\ndef {hook}({arguments}):\n    return answer({hook!r}, dict(locals()))\n")
    return manager.load(of_path(write_plugin("all_hooks", "\n\n".join(parts))))


def test_a_case_is_asked_for_each_of_its_hooks_with_every_argument(case: manager.Case) -> None:
    import tiledviz_plugin_all_hooks as plugin  # type: ignore[import-not-found]

    ways = calls(case)
    assert set(ways) == set(manager.HOOKS)
    for hook, call in ways.items():
        plugin.GIVEN.pop(hook, None)
        call()
        wanted = inspect.signature(getattr(hookspecs, hook)).parameters
        assert list(plugin.GIVEN[hook]) == list(wanted)
        assert all(value is not None for value in plugin.GIVEN[hook].values()), hook
    assert plugin.GIVEN["case_limit"]["seconds"] == 60
    assert plugin.GIVEN["case_members"]["count"] == 1
    assert plugin.GIVEN["case_tile"]["parameters"].step == 2
    acted = plugin.GIVEN["case_action"]
    assert (acted["action"], acted["arguments"].step, acted["member"].title) == ("go", 3, "a")
