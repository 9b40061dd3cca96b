"""The wall's slider of time over tiles of the case ``vtk_files``, which draw with VTK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, expect

import vtk_kit
from portal_kit import RunningPortal
from waiting import wait_until
from world import until

SLOW = 120_000  # milliseconds, on a busy machine


def test_the_slider_goes_over_the_times_of_the_files_and_their_tiles_show_them(
    chromium: Browser, own_portal: RunningPortal, tmp_path: Path, output: Path
) -> None:
    vtk_kit.write_run(tmp_path / "run.nc", (0, 6, 12, 18))
    vtk_kit.write_run(tmp_path / "long.nc", (0, 24, 48))
    vtk_kit.write_meshes(tmp_path)
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    environment = {**os.environ, "TILEDVIZ_HOME": str(own_portal.home)}

    def tiledviz(*arguments: str) -> Any:
        command = [sys.executable, "-m", "tvcore", *arguments, "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=240)
        return json.loads(done.stdout)

    def show(*moments: int) -> bool:
        """Return whether the fields are as bright in their middle as they are at these moments."""
        said = tiledviz("tile", "act", "picture", "all", "--set", f"folder={pictures}")
        files = [each["said"].removeprefix("saved: ") for each in said]
        found = [float(np.asarray(Image.open(file))[240, 300, 0]) for file in files[: len(moments)]]
        return np.allclose(found, [(moment + 0.5) / 4 * 255 for moment in moments], atol=12)

    files = ",".join(f"{tmp_path}/{name}" for name in ("run.nc:heat", "long.nc:heat", "ball.vtp"))
    given = (f"paths={files}", "colours=gray", "low=0", "high=4", "scheduler.backend=local")
    launched = tiledviz("launch", "vtk_files", *(word for each in given for word in ("--set", each)))
    page: Page = chromium.new_context(viewport={"width": 1440, "height": 900}, locale="en-GB").new_page()
    try:
        page.goto(f"{own_portal.origin}/#login={own_portal.login_ticket()}")
        until(page, "window.tiledviz?.tiles().length == 3")
        until(page, "window.tiledviz.tiles().every(t => t.state == 'live')")
        bar = page.get_by_role("region", name="Time of the wall")
        slider = bar.get_by_role("slider", name="Moment")
        expect(slider).to_have_attribute("max", "48", timeout=SLOW)
        expect(slider).to_have_attribute("min", "0")
        expect(bar).to_contain_text("0\u202fhours of 48\u202fhours")
        slider.fill("26")
        expect(bar).to_contain_text("26\u202fhours of 48\u202fhours")
        wait_until(lambda: show(3, 1), SLOW / 1000, "each field is shown at its moment nearest to the time")
        page.screenshot(path=output / "vtk-time.png")
        expect(bar.locator(".problem")).to_have_text("")  # a tile without a time is none
        page.get_by_role("gridcell").first.focus()
        page.keyboard.press("Shift+ArrowRight")  # by the least gap of the files
        expect(bar).to_contain_text("32\u202fhours of 48\u202fhours")
        page.keyboard.press("Control+z")
        page.keyboard.press("Control+z")
        wait_until(lambda: show(0, 0), SLOW / 1000, "the fields are at their first moments again")
    finally:
        tiledviz("stop", launched["id"])
        page.context.close()
