"""The package of docs/plugins.md, installed with pip into a clean environment: checked, run, in the form."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from portal_kit import RunningPortal
from third_party_kit import Installed


@pytest.fixture
def third_party(installed: Path, tmp_path: Path) -> Installed:
    """The environment of somebody who has TiledViz and the plugin, and nothing of this repository."""
    return Installed(installed, tmp_path)


def test_it_is_listed_with_the_package_it_comes_from(third_party: Installed) -> None:
    (found,) = [case for case in third_party.ask("cases") if case["name"] == "wheels"]
    assert (found["title"], found.get("error")) == ("Wheels", None)
    assert found["source"] == "tiledviz-wheels"
    (listed,) = [each for each in third_party.ask("plugin", "list") if each["name"] == "wheels"]
    assert (listed["state"], listed["origin"], listed["error"]) == ("on", "tiledviz-wheels", "")


def test_nothing_is_wrong_with_it_and_its_own_tests_say_so_too(
    third_party: Installed, course: Path, tmp_path: Path
) -> None:
    found = third_party.ask("plugin", "check", "wheels", "--set", f"folder={tmp_path}")
    assert found["errors"] == []
    assert not [each for each in found["warnings"] if "image" not in each["text"]]
    tests = tmp_path / "tests"
    tests.mkdir()
    (tests / "test_wheels.py").write_text((course / "tests/test_wheels.py").read_text())
    done = subprocess.run(
        [third_party.python, "-m", "pytest", "-q", tests], cwd=tmp_path, env=third_party.env,
        capture_output=True, text=True, timeout=180, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "3 passed" in done.stdout


def test_it_runs_here_its_hooks_are_called_and_its_actions_done(third_party: Installed, tmp_path: Path) -> None:
    folder = tmp_path / "runs"
    done = third_party.run(
        "plugin", "test", "wheels", "--tiles", "2", "--actions", "--set", f"folder={folder}", "--set", "order=wear",
        "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    outcome = json.loads(done.stdout)
    assert [(seen["title"], seen["state"], seen["flat"]) for seen in outcome["tiles"]] == [
        ("west", "live", False), ("south", "live", False),
    ]  # fmt: skip
    for seen in outcome["tiles"]:
        with Image.open(tmp_path / seen["picture"]) as picture:
            assert picture.size == (320, 320)
    said = {name: [result["said"] for result in results] for name, results in outcome["actions"].items()}
    assert said == {
        "note": [f"noted on {socket.gethostname()}"] * 2,
        "turn": ["2 turned as west"] * 2,
        "folder": [str(folder)] * 2,
    }
    assert sorted(path.name for path in folder.iterdir()) == ["east", "north", "south", "west"]  # case_prepare
    assert (folder / "west/notes.txt").read_text() == "looked at\n"
    assert (folder / "west/seen").exists()  # case_end
    assert not (folder / "east/seen").exists()


@pytest.fixture
def portal(third_party: Installed, home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[RunningPortal]:
    """A portal of that environment."""
    monkeypatch.setattr(sys, "executable", third_party.python)
    monkeypatch.chdir(third_party.where)
    running = RunningPortal(home)
    yield running
    running.stop()


@pytest.fixture
def page(portal: RunningPortal) -> Iterator[Page]:
    """That portal's page in Chromium, logged in."""
    arguments = ["--disable-gpu", *(["--no-sandbox"] if os.getuid() == 0 else [])]
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        found = chromium.new_page(viewport={"width": 1280, "height": 900}, locale="en-GB")
        found.goto(f"{portal.origin}/#login={portal.login_ticket()}")
        yield found
        chromium.close()


def test_a_portal_of_that_environment_offers_it_with_its_fields_and_picture(
    portal: RunningPortal, page: Page, output: Path
) -> None:
    browser = portal.login()
    (found,) = [case for case in browser.get("/cases").json if case["name"] == "wheels"]
    assert (found["source"], found["picture"]) == ("tiledviz-wheels", True)
    assert found["parameters"]["properties"]["width"]["unit"] == "pixels"
    assert browser.get("/cases/wheels/picture").content.startswith(b"\x89PNG")

    expect(page.get_by_role("button", name="Launch").first).to_be_visible(timeout=30_000)
    page.keyboard.press("Shift+L")
    page.get_by_role("list", name="Cases").get_by_role("button", name="Wheels").click(timeout=30_000)
    form = page.get_by_role("form", name="Wheels")
    expect(form.get_by_label("width")).to_have_value("320")
    expect(form.get_by_text("width and height of a tile")).to_be_visible()
    order = form.get_by_label("order")
    order.select_option("wear")
    form.get_by_label("width").fill("5")
    wrong = "the case wheels cannot take width=5: Input should be greater than or equal to 64"
    expect(form.get_by_text(wrong)).to_be_visible(timeout=30_000)
    page.screenshot(path=output / "third-party-form.png")
