"""Rendering a job script."""

from __future__ import annotations

import shlex
import subprocess

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tvcore.batch.plan import Plan, TilePlan, place, read_plan
from tvcore.batch.script import quote, render
from tvcore.errors import TiledVizError, UsageError

HOSTILE = ["a b", "it's", '"', "$(touch /tmp/x)", "`id`", "-rf", "\\", "é𝄞", "*", "; exit", "TILEDVIZ_PLAN", "", "#"]


def plan(title: str = "a tile", case: str = "gears", state: str = "/home/me/state") -> Plan:
    tile = TilePlan(index=0, title=title, command=("prog", title), environment={"A": title})
    return Plan(case=case, title=title, state=state, tiles=(tile,))


@pytest.mark.parametrize("value", [*HOSTILE, "line\nbreak", "TILEDVIZ_PLAN\nid\n"])
def test_the_plan_arrives_at_the_program_whatever_it_holds(value: str) -> None:
    script = render(plan(value), python="cat #").replace("'cat #' -m tvcore.node", "cat")
    arrived = subprocess.run(["bash"], input=script, capture_output=True, text=True, check=True).stdout
    assert read_plan(arrived) == plan(value)


@pytest.mark.parametrize("value", HOSTILE)
def test_values_in_the_script_are_one_word_each(value: str) -> None:
    script = render(plan(state=f"/home/{value}"), python=f"/opt/{value}/python")
    launch = next(line for line in script.splitlines() if line.startswith("exec "))
    assert shlex.split(launch)[2] == f"/opt/{value}/python"


@pytest.mark.parametrize("value", ["a\nb", "a\rb", "\0", "\x1b[2J", "a\u2028b"])
def test_a_value_that_would_break_a_line_is_refused_by_name(value: str) -> None:
    with pytest.raises(UsageError, match="cannot stand in a job script"):
        render(plan(state=f"/home/{value}"))


@settings(max_examples=300, deadline=None)
@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=40))
def test_quoting_any_text_gives_one_word_or_an_error(text: str) -> None:
    try:
        word = quote(text)
    except UsageError:
        assert "\u2028" in text or "\u2029" in text
        return
    assert shlex.split(word) == [text]


def test_the_same_plan_gives_the_same_script() -> None:
    assert render(plan()) == render(plan())


def test_the_scripts_sbatch_lines_come_before_any_command() -> None:
    lines = render(plan()).splitlines()
    first_command = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))
    sbatch = [i for i, line in enumerate(lines) if line.startswith("#SBATCH")]
    assert sbatch
    assert max(sbatch) < first_command


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 2}', "\x00", '{"tiles": []}'])
def test_a_text_that_is_no_plan_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(TiledVizError, match="not a plan of TiledViz") as error:
        read_plan(text)
    assert "\n" not in str(error.value)


@settings(max_examples=200, deadline=None)
@given(st.integers(1, 300), st.integers(1, 40))
def test_tiles_are_spread_evenly_and_in_order(tiles: int, nodes: int) -> None:
    template = plan().tiles[0]
    placed = place([template.model_copy(update={"index": i}) for i in range(tiles)], nodes)
    ordinals = [tile.node for tile in placed]
    assert ordinals == sorted(ordinals)
    assert max(ordinals) < nodes
    counts = [ordinals.count(node) for node in range(nodes)]
    assert max(counts) - min(counts) <= 1


def test_no_nodes_is_an_error() -> None:
    with pytest.raises(TiledVizError, match="at least one node"):
        place(plan().tiles, 0)
