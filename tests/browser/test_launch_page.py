"""Launching a case from the page: its list, its form by label, what is wrong with it as `--set` says it, its tiles."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from plugin_kit import write_plugin
from portal_kit import RunningPortal
from tvcore import api
from world import until

SLOW = 60_000  # milliseconds, on a busy machine
CASE = """
from typing import Literal

from pydantic import BaseModel, Field, SecretStr

from tvcore.cases import CaseInfo, Member, TileSpec, hookimpl


class View(BaseModel):
    angle: float = Field(30, ge=0, lt=360, description="of the camera", json_schema_extra={"unit": "°"})


class Parameters(BaseModel):
    steps: int = Field(4, ge=1, le=100, description="how many steps")
    level: float = Field(0.5, gt=0, lt=1, description="where it is cut", json_schema_extra={"unit": "K"})
    colours: Literal["viridis", "gray"] = Field("viridis", description="the colour map")
    wires: bool = Field(False, description="edges alone")
    label: str = Field("a", max_length=20, pattern="^[^<]*$", description="what stands below")
    key: SecretStr = Field(SecretStr(""), description="what opens the data")
    view: View = View()


@hookimpl
def case_info():
    return CaseInfo(name="probe", title="Probe of forms", description="All that a form may ask for.")


@hookimpl
def case_parameters():
    return Parameters


@hookimpl
def case_members(parameters, count):
    return [Member(index=i, title=f"{parameters.label} {i}") for i in range(count or 2)]


@hookimpl
def case_tile(parameters, member):
    return TileSpec(command=("glxgears", "-geometry", "160x120+0+0"), width=160, height=120, unwatched="pause")
"""


PREPARE = """

@hookimpl
def case_prepare(report):
    import time

    while True:
        report(0.5, "it goes on")
        time.sleep(0.2)
"""


class LaunchPage:
    """The dialog of a page, and what one does in it."""

    def __init__(self, page: Page, portal: RunningPortal) -> None:
        self.page, self.portal = page, portal
        page.goto(f"{portal.origin}/#login={portal.login_ticket()}")
        until(page, "window.tiledviz?.connection() == 'open'")
        self.open()

    def open(self) -> None:
        """Open the list, by its key."""
        self.page.keyboard.press("Shift+L")
        expect(self.page.get_by_role("list", name="Cases", exact=True)).to_be_visible(timeout=SLOW)

    def case(self, title: str) -> Locator:
        """Open a case's form."""
        self.page.get_by_role("list", name="Cases").get_by_role("button", name=title, exact=True).click()
        form = self.page.get_by_role("form", name=title)
        expect(form.get_by_label("Tiles to show")).to_be_visible()
        expect(form.get_by_text("It runs on this machine")).to_be_visible(timeout=SLOW)
        return form

    def wrong(self, label: str) -> Locator:
        """What is said beside a field."""
        described = str(self.page.get_by_label(label, exact=True).get_attribute("aria-describedby"))
        return self.page.locator(f"#{described.split()[-1]}")


@pytest.fixture
def launching(chromium: Browser, own_portal: RunningPortal) -> Iterator[LaunchPage]:
    """The list of cases, one of them the test's own, one broken."""
    write_plugin("probe", CASE)
    write_plugin("bent", "import no_such_library\n")
    write_plugin("never", CASE.replace("probe", "never").replace("Probe of forms", "Never done") + PREPARE)
    context = chromium.new_context(viewport={"width": 1440, "height": 1000}, locale="en-GB")
    problems: list[str] = []
    context.on("weberror", lambda error: problems.append(str(error.error)))
    yield LaunchPage(context.new_page(), own_portal)
    context.close()
    for job in own_portal.store.jobs():
        api.stop(own_portal.store, job["id"])
    assert problems == []


def said_by_set(key: str, value: str) -> str:
    """Return what the command line says of ``--set KEY=VALUE``, without its name."""
    command = [sys.executable, "-m", "tvcore", "launch", "probe", "--set", f"{key}={value}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ})
    assert done.returncode == 2, done.stderr
    assert done.stderr.startswith("tiledviz: ")
    return done.stderr.removeprefix("tiledviz: ").removesuffix("\n")


HOSTILE = '\'; $(touch x) `id` "<img src=x onerror=alert(1)>&amp;" ☃ ../'
WRONG = [
    ("Steps", "steps", "abc"), ("Steps", "steps", "101"), ("Level", "level", "nan"), ("Steps", "steps", "9" * 10_000),
    ("Label", "label", HOSTILE), ("Level", "level", ""), ("Time", "job.time", "01:30"), ("Nodes", "job.nodes", "0"),
    ("Partition", "job.partition", "two\u2028lines"), ("Sbatch", "job.sbatch", "--nodes=4 'open"),
]  # fmt: skip


def test_what_the_form_says_of_wrong_and_hostile_values_is_word_for_word_what_set_says(
    launching: LaunchPage, output: Path
) -> None:
    page, form = launching.page, launching.case("Probe of forms")
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda wrong: said_by_set(*wrong[1:]), WRONG))
    form.get_by_text("More settings").click()
    for (label, key, value), words in zip(WRONG, told, strict=True):
        field = form.get_by_label(label, exact=True)
        before = field.input_value()
        field.fill(value)
        expect(launching.wrong(label), f"{key}={value[:60]}").to_have_text(words, timeout=SLOW)
        expect(field).to_have_attribute("aria-invalid", "true")
        field.fill(before)
        expect(launching.wrong(label)).to_have_text("", timeout=SLOW)
        expect(field).not_to_have_attribute("aria-invalid", "true")
    # All that is wrong is said at once; what is first has the keyboard, and nothing is launched.
    for label, value in (("Steps", "0"), ("Angle", "360"), ("Tiles to show", "none")):
        form.get_by_label(label, exact=True).fill(value)
    form.get_by_role("button", name="Launch", exact=True).click()
    expect(form.get_by_role("status").filter(has_text="3 things are to be mended first.")).to_be_visible(timeout=SLOW)
    expect(form.get_by_label("Steps", exact=True)).to_be_focused()
    expect(launching.wrong("Angle")).to_contain_text("less than 360")
    expect(launching.wrong("Tiles to show")).to_contain_text("--tiles")
    page.screenshot(path=output / "launch-wrong.png")
    assert launching.portal.store.jobs() == []


def test_a_case_is_found_set_up_by_label_launched_and_seen_and_can_be_launched_as_before(
    launching: LaunchPage, output: Path
) -> None:
    page = launching.page
    page.get_by_role("searchbox", name="Search cases").fill("probe of")
    expect(page.get_by_role("list", name="Cases", exact=True).get_by_role("listitem")).to_have_count(1)
    form = launching.case("Probe of forms")
    level = form.get_by_label("Level", exact=True)
    expect(level).to_have_accessible_description("K where it is cut · between 0 and 1")
    level.press("ArrowUp")
    expect(level).to_have_value("0.6")
    form.get_by_label("Colours", exact=True).select_option("gray")
    form.get_by_label("Wires", exact=True).check()
    form.get_by_label("Label", exact=True).fill("it's")
    form.get_by_label("Key", exact=True).fill("se same")
    expect(launching.wrong("Key")).to_contain_text("key=…: it is a secret", timeout=SLOW)
    form.get_by_label("Angle", exact=True).fill("45")
    form.get_by_label("Tiles to show").fill("2")
    beside = page.get_by_role("complementary", name="What is launched")
    expect(beside).to_contain_text("--tiles 2")
    expect(beside).to_contain_text("--set colours=gray")
    expect(beside).to_contain_text("--set 'label=it'\\''s'")
    expect(beside).not_to_contain_text("se same")
    form.get_by_label("Key", exact=True).fill("")
    expect(beside.get_by_label("Script of the job")).to_contain_text("#!/bin/", timeout=SLOW)
    for theme in ("light", "contrast", "dark"):
        page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        page.wait_for_timeout(300)  # colours fade
        page.screenshot(path=output / f"launch-form-{theme}.png")
    form.get_by_role("button", name="Launch", exact=True).click()
    expect(form).to_be_hidden(timeout=SLOW)
    expect(page.get_by_role("status").filter(has_text="Probe of forms is launched with 2 tiles")).to_be_visible()
    until(page, "window.tiledviz.tiles().map(t => t.title + t.state).join() == \"it's 0live,it's 1live\"", seconds=90)
    page.get_by_role("gridcell").first.focus()
    launching.open()
    page.get_by_role("searchbox", name="Search cases").fill("")
    page.get_by_role("list", name="Launched before").get_by_role("button", name="Probe of forms").click()
    form = page.get_by_role("form", name="Probe of forms")
    expect(form.get_by_label("Label", exact=True)).to_have_value("it's")
    expect(form.get_by_label("Colours", exact=True)).to_have_value("gray")
    expect(form.get_by_label("Wires", exact=True)).to_be_checked()
    expect(form.get_by_label("Angle", exact=True)).to_have_value("45")
    expect(form.get_by_label("Tiles to show")).to_have_value("2")
    expect(form.get_by_label("Key", exact=True)).to_have_value("")


def test_a_set_is_prepared_only_kept_as_a_draft_saved_used_and_removed_and_a_broken_case_says_why(
    launching: LaunchPage, output: Path
) -> None:
    page = launching.page
    seven = page.get_by_role("list", name="Saved sets").get_by_role("button", name="seven", exact=True)
    broken = page.get_by_role("list", name="Cannot be used now").get_by_role("listitem").filter(has_text="bent")
    expect(broken).to_contain_text("No module named 'no_such_library'")
    expect(broken).to_contain_text("tiledviz plugin check bent")
    page.screenshot(path=output / "launch-list.png")
    form = launching.case("Never done")
    form.get_by_role("button", name="Launch", exact=True).click()
    expect(form.get_by_role("status").filter(has_text="it goes on")).to_be_visible(timeout=SLOW)
    form.get_by_role("button", name="Cancel", exact=True).click()
    expect(form.get_by_role("status").filter(has_text="it was cancelled")).to_be_visible(timeout=SLOW)
    expect(form.get_by_role("button", name="Cancel", exact=True)).to_be_hidden()
    assert launching.portal.store.jobs() == []
    page.keyboard.press("Escape")
    form = launching.case("Probe of forms")
    form.get_by_label("Steps", exact=True).fill("7")
    form.get_by_label("Tiles to show").fill("2")
    form.get_by_role("button", name="Prepare only").click()
    expect(page.get_by_role("heading", name="Probe of forms: prepared")).to_be_focused(timeout=SLOW)
    rows = page.get_by_role("table", name="To run it by hand").get_by_role("row")
    expect(rows).to_have_count(3)
    expect(rows.nth(2)).to_contain_text("tiledviz try probe --member 1 --set steps=7")
    page.screenshot(path=output / "launch-prepared.png")
    assert launching.portal.store.jobs() == []
    page.keyboard.press("Escape")  # a page back each
    form.get_by_role("button", name="Save as …").click()
    page.get_by_role("dialog", name="Save this set").get_by_label("Name").fill("seven")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="Saved as seven.")).to_be_visible(timeout=SLOW)
    form.get_by_label("Steps", exact=True).fill("8")
    page.keyboard.press("Escape")
    expect(seven).to_be_visible(timeout=SLOW)
    form = launching.case("Probe of forms")
    expect(form.get_by_label("Steps", exact=True)).to_have_value("8")
    page.get_by_role("button", name="Start afresh").click()
    expect(form.get_by_label("Steps", exact=True)).to_have_value("4")
    page.keyboard.press("Escape")
    seven.click()
    expect(form.get_by_label("Steps", exact=True)).to_have_value("7")
    expect(form.get_by_label("Tiles to show")).to_have_value("2")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Remove seven").click()
    expect(seven).to_be_hidden(timeout=SLOW)
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(seven).to_be_visible(timeout=SLOW)
    page.keyboard.press("Escape")
    expect(page.get_by_role("heading", name="Launch a case")).to_be_hidden()
