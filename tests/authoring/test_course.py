"""docs/plugins.md tells everything that a plugin can have, as it is."""

from __future__ import annotations

import ast
import inspect
import re
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from plugin_kit import write_plugin
from tvcore.authoring import check
from tvcore.cases import Action, Bind, CaseInfo, Column, EnsembleFile, ImageSpec, Member, TileSpec, hookspecs
from tvcore.cases.extending import LoginField, LoginWay, Person, SchedulerWay, TileKind
from tvcore.cases.live import LiveTile
from tvcore.cases.manager import HOOKS
from wheel_kit import COURSE, ROOT, course_files, write_course

TEXT = (ROOT / COURSE).read_text()
VALUES = (
    CaseInfo, Member, Column, EnsembleFile, TileSpec, ImageSpec, Bind, Action,
    TileKind, SchedulerWay, LoginWay, LoginField, Person,
)  # fmt: skip


def section(title: str) -> str:
    """Return what stands below the heading *title*, up to the next of its level or above."""
    found = re.search(rf"^(#+) {re.escape(title)}\n(.*?)(?=^#{{1,3}} |\Z)", TEXT, re.M | re.S)
    assert found, f"{COURSE} has no section {title}"
    return found[2]


def signatures() -> dict[str, str]:
    """Return the signature of each hook as it stands in the code."""
    source = Path(inspect.getfile(hookspecs)).read_text()
    found = {}
    for node in ast.parse(source).body:
        if isinstance(node, ast.FunctionDef) and node.name in HOOKS:
            head = "\n".join(source.splitlines()[node.lineno - 1 : node.body[0].lineno - 1])
            found[node.name] = head.removesuffix(":")
    assert set(found) == set(HOOKS)
    return found


@pytest.mark.parametrize("hook", HOOKS)
def test_a_hook_has_a_section_with_its_very_signature_each_argument_in_words_and_an_example(hook: str) -> None:
    text = section(hook)
    head, *blocks = re.findall(r"^```python\n(.*?)^```$", text, re.M | re.S)
    assert head.strip() == signatures()[hook]
    words = re.sub(r"^```.*?^```$", "", text, flags=re.M | re.S)
    for argument in inspect.signature(getattr(hookspecs, hook)).parameters:
        assert f"`{argument}`" in words, f"the section {hook} does not say what `{argument}` is"
    assert any(f"def {hook}(" in block for block in blocks), f"the section {hook} has no example"
    for block in blocks:
        compile(block, hook, "exec")


def test_every_hook_and_argument_has_a_test_of_its_own() -> None:
    rows = re.findall(r"^\| \[`(\w+)`\]\(#(\w+)\) \| `(tests/[\w/.]+)(?:::(\w+))?` \|$", section("All hooks"), re.M)
    assert [row[0] for row in rows] == [row[1] for row in rows] == list(HOOKS)
    for hook, _, path, function in rows:
        test = ROOT / path
        assert not function or f"def {function}(" in test.read_text(), f"{path}::{function}"
        # The plugin that a test runs is in its text, in a module beside it, or it is the course's.
        beside = [each.read_text() for each in sorted(test.parent.glob("*.py")) if each != Path(__file__)]
        text = "\n".join([*beside, *course_files().values()])
        assert hook in text, f"{path} has nothing of {hook}"
        for argument in inspect.signature(getattr(hookspecs, hook)).parameters:
            assert re.search(rf"def {hook}\([^)]*\b{argument}\b", text), f"{path} never takes {argument} of {hook}"


@pytest.mark.parametrize("value", VALUES, ids=lambda value: value.__name__)
def test_every_field_of_a_value_is_told(value: type[Any]) -> None:
    names = list(value.model_fields) if issubclass(value, BaseModel) else [field.name for field in fields(value)]
    told = re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| ([^|]+) \|", section(value.__name__), re.M)))
    assert told == names


def test_everything_that_a_live_tile_can_do_is_told() -> None:
    methods = {name for name, _ in inspect.getmembers(LiveTile, inspect.isfunction) if not name.startswith("_")}
    assert set(re.findall(r"`(\w+)\(", section("A tile in your hands"))) >= methods - {"pass_on"}


def test_the_release_of_the_hooks_is_told() -> None:
    assert f"`tvcore.cases.hookspecs.VERSION` is {hookspecs.VERSION}." in section("Versions")
    for what in hookspecs.DEPRECATED:
        assert f"`{what}`" in section("Versions")


def test_the_first_case_of_the_course_is_right_as_it_stands(home: Path) -> None:
    files = course_files()
    (first,) = [name for name in files if name.startswith("~")]
    write_plugin("sizes", files[first])
    assert first == "~/.config/tiledviz/plugins/sizes.py"
    found = check("sizes", {"step": "200"}, members=3)
    assert (found.errors, found.members) == ([], 3)
    (wrong,) = check("sizes", {"step": "2"}).errors
    assert wrong.text == "the case sizes cannot take step=2: Input should be greater than or equal to 50"


def test_the_package_of_the_course_is_right_as_it_stands_before_anybody_installs_it(home: Path, tmp_path: Path) -> None:
    folder = write_course(tmp_path / "course")
    given = {"folder": str(tmp_path / "runs"), "order": "wear"}
    found = check(folder, given, members=4)
    assert (found.plugin, found.members, found.errors) == ("wheels", 4, [])
    assert set(found.hooks) == {hook for hook in HOOKS if hook.startswith("case_") and hook != "case_ensemble"}
    (tmp_path / "runs.csv").write_text("name,load\nnorth,heavy\n")
    (wrong,) = check(folder, given | {"table": str(tmp_path / "runs.csv")}).errors
    assert wrong.text == f"table={tmp_path}/runs.csv: ValueError: could not convert string to float: 'heavy'"
    project = folder / "pyproject.toml"
    project.write_text(project.read_text().replace(', "*.png"]', "]"))
    (warning, *_) = check(folder, given).warnings
    assert str(warning) == (
        "warning: pyproject.toml: *.png in wheels is not installed: name it in [tool.setuptools.package-data]"
    )
