"""What is given to an action: checked in words, kept secret, filled into a command; and who had it done."""

from __future__ import annotations

import enum
import re
from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import BaseModel, Field, SecretStr, ValidationError, create_model

from tvcore.case_actions import Progress, Whole, offered
from tvcore.cases import Action
from tvcore.cases.arguments import ArgumentsError, checked, filled, shown
from tvcore.cases.problems import is_secret
from tvcore.errors import TiledVizError
from tvcore.planning import plan_case
from tvcore.portal.roles import TABLE
from tvcore.tiles import Target
from tvcore.tunnel.agents import Registration


class Shape(enum.Enum):
    """A choice."""

    ROUND = "round"


class Inner(BaseModel):
    """Has a secret within."""

    key: SecretStr = Field(default=SecretStr(""), max_length=4)


class Given(BaseModel):
    """What one may choose."""

    color: Literal["viridis", "gray"] = "gray"
    level: float = Field(default=0.5, gt=0, lt=1)
    shape: Shape = Shape.ROUND
    password: SecretStr = Field(default=SecretStr(""), max_length=4)
    maybe: SecretStr | None = None
    inner: Inner = Inner()


GATHER = """
import time
from pathlib import Path
from pydantic import BaseModel
from tvcore.cases import Action, CaseInfo, Member, TileSpec, hookimpl

class Parameters(BaseModel):
    folder: Path
    number: int

@hookimpl
def case_info():
    return CaseInfo(name="gather", title="Gather", description="Waits until three are asked.")

@hookimpl
def case_parameters():
    return Parameters

@hookimpl
def case_members(parameters, count):
    return [Member(index=0, title="m")]

@hookimpl
def case_tile(parameters, member):
    return TileSpec(command=("true",))

@hookimpl
def case_actions(parameters):
    (parameters.folder / f"asked-{parameters.number}").touch()
    while len(list(parameters.folder.glob("asked-*"))) < 3:
        time.sleep(0.05)
    if parameters.number == 2:
        raise ValueError("not I")
    return [Action(name=f"go-{parameters.number}", title="Go"), Action(name="all", title="All", right="see")]
"""

ACTION = Action(name="go", title="Go", parameters=Given)


def problems(action: Action, **given: object) -> list[tuple[str, str]]:
    with pytest.raises(ArgumentsError) as caught:
        checked(action, given)
    assert str(caught.value) == caught.value.problems[0]["text"]
    return [(each["key"], each["text"]) for each in caught.value.problems]


def test_all_that_is_wrong_is_told_by_name_on_one_line_each_and_a_secret_stays_one() -> None:
    head = "the action go cannot take "
    assert problems(ACTION, color="blu\n<b>", level="2", password="hunter2", inner={"key": "hunter2"}) == [
        ("color", rf"{head}color=blu\n<b>: Input should be 'viridis' or 'gray'"),
        ("level", f"{head}level=2: Input should be less than 1"),
        ("password", f"{head}password=…: Value should have at most 4 items after validation, not 7"),
        ("inner", f"{head}inner.key=…: Value should have at most 4 items after validation, not 7"),
    ]
    assert problems(ACTION, colour="x", b="y")[1] == (
        "b",
        "the action go has no parameter 'b': it has color, level, shape, password, maybe, inner",
    )
    assert problems(Action(name="go", title="Go"), x=1)[0][1] == "the action go has no parameter 'x': it has none"
    assert len(problems(ACTION, color="x" * 10_000)[0][1]) < 300


def test_what_is_right_becomes_a_value_of_the_model_from_text_too() -> None:
    found = checked(
        ACTION, {"level": "0.25", "color": "viridis", "password": "1234", "maybe": "x", "inner": {"key": "y"}}
    )
    assert isinstance(found, Given)
    assert (found.level, found.color, found.password.get_secret_value()) == (0.25, "viridis", "1234")
    assert checked(Action(name="go", title="Go"), {}) is None
    assert shown(found) == {
        "color": "viridis", "level": 0.25, "shape": "round", "password": "**********", "maybe": "**********",
        "inner": {"key": "**********"},
    }  # fmt: skip
    assert [name for name in Given.model_fields if is_secret(Given, name)] == ["password", "maybe", "inner"]


def test_a_command_has_the_values_in_its_arguments_and_never_more_arguments_or_a_secret() -> None:
    def command(*words: str) -> list[str]:
        return filled(ACTION.model_copy(update={"command": words}), Given(level=0.25))

    assert command("a", "{level}-{color} {shape}", "{{level}} {}") == ["a", "0.25-gray round", "{level} {}"]
    with pytest.raises(TiledVizError, match=r"go: its command has \{size\}, which is no parameter of it"):
        command("{size}")
    with pytest.raises(TiledVizError, match=r"go: its command has \{maybe\}, a secret: use case_action"):
        command("{maybe}")


class Moment(BaseModel):
    """When."""

    time: float = Field(ge=0, le=40)
    smooth: bool = True


class Loose(BaseModel):
    """Nothing that can be done without asking."""

    time: str = ""
    how: str


def means(what: str, **more: Any) -> Action:
    return Action(name="go", title="Go", means=what, **more)


def test_what_an_action_means_can_be_done_without_asking_anything() -> None:
    together: dict[str, Any] = {"each": "once", "leader": True}
    assert means("camera", **together).plain()["means"] == "camera"
    assert means("camera", **together, parameters=Given).means == "camera"
    assert means("time", parameters=Moment).plain()["parameters"]["properties"]["time"]["maximum"] == 40
    assert (means("time", parameters=Moment, **together).means, Action(name="go", title="Go").means) == ("time", "")
    for wrong, more, said in (
        ("camera", {}, "each='once', leader=True"),
        ("camera", {"each": "once"}, "each='once', leader=True"),
        ("camera", together | {"parameters": Loose}, "so how needs a default"),
        ("time", {}, "has a parameter `time`, a number"),
        ("time", {"parameters": Given}, "has a parameter `time`, a number"),
        ("time", {"parameters": Loose}, "has a parameter `time`, a number"),
        ("time", {"parameters": create_model("More", __base__=Moment, how=(str, ...))}, "so how needs a default"),
        ("zoom", {}, "Input should be '', 'camera' or 'time'"),
    ):
        with pytest.raises(ValidationError, match=re.escape(said)):
            means(wrong, **more)


def test_a_plan_says_what_the_actions_of_its_case_mean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEDVIZ_HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    folder = tmp_path / "config" / "tiledviz" / "plugins"
    folder.mkdir(parents=True)
    head, _, _ = GATHER.partition("@hookimpl\ndef case_actions")
    camera = 'Action(name="see", title="See", each="once", leader=True, means="camera")'
    fine = f'return [{camera}, Action(name="a", title="A")]'
    for name, actions in (("fine", fine), ("broken", "raise ValueError('not I')")):
        code = f"{head}@hookimpl\ndef case_actions(parameters):\n    {actions}\n"
        (folder / f"{name}.py").write_text(code.replace('"gather"', f'"{name}"'))
    given = {"folder": str(tmp_path), "number": 1}
    assert plan_case("fine", given)[0].means == ("camera",)
    assert plan_case("broken", given)[0].means == ()


def live(number: int, plugin: Path) -> Target:
    """Return a live tile, one of the job *number* of the case *plugin*."""
    plan = {
        "case": plugin.stem, "title": "t", "state": "/", "plugin": f"folder:{plugin.stem}:{plugin}",
        "parameters": {"folder": str(plugin.parent), "number": number},
        "tiles": [{"index": 0, "title": "t", "command": ["true"]}],
    }  # fmt: skip
    registration = Registration.model_validate({
        "job": f"local-{number}", "ordinal": 0, "node": "here", "pid": 1, "started": 0, "socket": "/", "secret": "",
        "plan": plan,
    })  # fmt: skip
    return Target({"id": number, "state": "live", "job": registration.job}, False, registration)


def test_cases_are_asked_together_what_they_offer_and_one_that_fails_costs_a_line(tmp_path: Path) -> None:
    plugin = tmp_path / "gather.py"
    plugin.write_text(GATHER)
    found = offered([live(number, plugin) for number in (0, 1, 2)], TABLE["owner"])
    assert [(each["name"], each["tiles"]) for each in found["actions"]] == [
        ("go-0", [0]), ("all", [0, 1]), ("go-1", [1]),
    ]  # fmt: skip
    (error,) = found["errors"]
    assert "failed in case_actions: ValueError: not I" in error
    assert [each["name"] for each in offered([live(1, plugin)], TABLE["viewer"])["actions"]] == ["all"]


def test_how_far_several_tiles_are_is_one_fraction() -> None:
    whole = Whole([3, 4])
    assert whole.take(Progress(3, 0.5, "", "runs")) == 0.25
    assert whole.take(Progress(4, 1.0, "", "done")) == 0.75
    assert whole.take(Progress(3, 1.0, "", "failed")) == 1.0
