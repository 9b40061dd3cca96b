"""The page of the login where a plugin has a way to log in, and the format list of the import dialog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from plugin_kit import write_plugin
from portal_kit import RunningPortal
from tvcore import config
from world import until

PLUGIN = """
from tvcore.cases import hookimpl
from tvcore.cases.extending import LoginField, LoginWay, Person
from tvcore.importing.importer import Importer, Tile, TileSet

def check(given):
    return Person(name="Ann", role=given["name"]) if given["word"] == "open sesame" else None

def read(path, options, report):
    return TileSet(title="Points", tiles=(Tile(key=1, title=path.read_text()[:9]),))

@hookimpl
def portal_logins():
    fields = (LoginField(name="name", title="Role <b>"), LoginField(name="word", title="Password", secret=True))
    return [LoginWay(name="cave", title="The cave <i>", fields=fields, check=check)]

@hookimpl
def portal_importers():
    return [Importer("points", "a list of points", lambda path: False, read)]
"""


@pytest.fixture
def cave(home: Path) -> Iterator[RunningPortal]:
    """A portal whose way to log in is the plugin's."""
    write_plugin("caves", PLUGIN)
    config.own_file().write_text('[portal]\nlogin = "cave"\n')
    running = RunningPortal(home)
    yield running
    assert running.stop() == 0


def test_one_logs_in_by_the_fields_that_the_plugin_asks_for(
    chromium: Browser, cave: RunningPortal, output: Path, tmp_path: Path
) -> None:
    context = chromium.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(cave.origin)
    form = page.get_by_role("form", name="Log in: The cave <i>")
    word = form.get_by_label("Password")
    expect(word).to_have_attribute("type", "password")
    form.get_by_label("Role <b>").fill("owner")
    word.fill("open says me")
    for theme in ("light", "contrast", "dark"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        page.screenshot(path=output / f"login-way-{theme}.png")
    word.press("Enter")
    expect(form.get_by_role("alert")).to_have_text("This is not right, or cannot be checked now.")
    expect(word).to_have_value("")
    expect(word).to_be_focused()
    word.fill("open sesame")
    form.get_by_role("button", name="Log in").click()
    until(page, "window.tiledviz?.connection() == 'open'")
    assert "sesame" not in page.url
    expect(form).to_have_count(0)

    # What a plugin reads can be chosen where one imports.
    page.set_viewport_size({"width": 1200, "height": 800})
    page.get_by_role("button", name="Tile sets").first.click()
    page.get_by_role("button", name="Import").first.click()
    dialog = page.get_by_role("dialog", name="Import")
    dialog.get_by_label("Format").select_option(label="a list of points (points)", timeout=30_000)
    (tmp_path / "some").write_text("one two three")
    dialog.get_by_label("A file or folder on the server").fill(str(tmp_path / "some"))
    page.screenshot(path=output / "import-format.png")
    dialog.get_by_role("button", name="Import").click()
    expect(page.get_by_text("Took 1 tile into some.")).to_be_visible()
    context.close()
