"""Metadata that changes while one looks: the order, the colours, the legend, the panel and the search follow."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from portal_kit import RunningJob, RunningPortal
from told_tags import CLASSES, COLUMNS, TaggedWall, job_of
from waiting import wait_until


@pytest.fixture
def job(own_portal: RunningPortal) -> Iterator[RunningJob]:
    running = job_of(own_portal)
    yield running
    running.end()


@pytest.fixture
def live(chromium: Browser, own_portal: RunningPortal, job: RunningJob) -> Iterator[TaggedWall]:
    """A page with eight tiles, whose agent is watched by the portal."""
    context = chromium.new_context(viewport={"width": 1500, "height": 900}, locale="en-GB")
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    wall = TaggedWall(context.new_page(), own_portal)
    wait_until(lambda: job.agent.watches, 30, "the portal watches the agent")
    yield wall
    context.close()
    assert problems == []


def row(index: int, temperature: float | None) -> dict[str, object]:
    return {"F": index / 100, "T": temperature, "class": CLASSES[index]}


def test_the_order_follows_values_that_change(live: TaggedWall, job: RunningJob) -> None:
    live.on_wall()
    live.press("s")
    live.page.get_by_role("dialog", name="Sort").get_by_label("Sort by").select_option(label="T (K)")
    live.press("Escape")
    live.shows(3, 7, 1, 0, 6, 2, 4, 5)
    live.on_wall(0)
    job.agent.say_members({0: row(0, 400.0), 5: row(5, 100.0)})
    live.shows(5, 3, 7, 1, 6, 2, 4, 0)
    expect(live.cell(0)).to_be_focused()  # the keyboard goes with the tile
    job.agent.change(3, state="failed", reason="ended")  # a state moves nothing
    live.shows(5, 3, 7, 1, 6, 2, 4, 0)


def test_colours_legend_and_panel_follow_values_that_change(live: TaggedWall, job: RunningJob, output: Path) -> None:
    live.on_wall(0)
    live.command("Colour by a column or tag …")
    live.choose("T (K)")
    scale = live.legend.get_by_role("img")
    expect(scale).to_have_accessible_name("T from 275 to 320 K · tile in focus: 300 K")
    expect(live.legend.get_by_role("button", name="no value: select 1 tile")).to_be_visible()
    live.on_wall(0)
    live.press("i")
    panel = live.page.get_by_role("complementary", name="Details")
    expect(panel).to_contain_text("300")
    job.agent.say_members({0: row(0, 412.5), 5: row(5, 100.0)})
    expect(scale).to_have_accessible_name("T from 100 to 412.5 K · tile in focus: 412.5 K")
    expect(live.legend.get_by_role("button", name="no value")).to_have_count(0)
    expect(panel).to_contain_text("412.5")
    live.page.screenshot(path=output / "live-members.png")


def test_the_search_follows_values_that_change_and_columns_that_come(live: TaggedWall, job: RunningJob) -> None:
    live.on_wall()
    live.press("/")
    box = live.page.get_by_role("combobox", name="Search tiles")
    box.fill("T>310")
    live.undimmed(4)
    job.agent.say_members({1: row(1, 333.0)})
    live.undimmed(1, 4)
    energy = {"name": "E", "dtype": "float64", "unit": "J", "description": "energy", "role": "result"}
    job.agent.say_members({2: row(2, 300.0) | {"E": 5.0}}, columns=[*COLUMNS, energy])
    box.fill("E=5")
    live.undimmed(2)


def test_what_is_wrong_with_the_file_is_told_and_taken_back(live: TaggedWall, job: RunningJob) -> None:
    words = "/data/run.h5: its writer is gone"
    job.agent.say_members({}, note=words)
    wait_until(lambda: words in live.page.inner_text("body"), 30, "the page tells it")
    job.agent.say_members({})
    wait_until(lambda: words not in live.page.inner_text("body"), 30, "the page tells it no more")
