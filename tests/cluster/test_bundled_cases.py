"""All cases that come with TiledViz on one wall, each in its image on the test cluster; and ParaView's actions there.

The tests share one portal and its jobs, and stand in order.
"""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from playwright.sync_api import Browser, sync_playwright

from case_kit import site_with_images, tile_verb
from cluster import USERS, Cluster
from site_kit import SMALL_SWEEP, Site
from waiting import wait_until
from world import part, shot, until

DATA = "/home/tv/data"  # in the nodes
SIDE = 16  # points
CHART = {"spots": (40, 200, 240), "stripes": (220, 140, 40)}
# A state that people write by hand; ParaView then writes it as it does itself.
STATE = """
import os
from paraview.simple import *

reader = XMLImageDataReader(FileName=[os.environ["TILEDVIZ_DATA"]])
surface = Contour(Input=reader, ContourBy=["POINTS", "height"], Isosurfaces=[0.6])
view = GetActiveViewOrCreate("RenderView")
display = Show(surface, view)
ColorBy(display, ("POINTS", "Normals", "X"))
view.CameraPosition, view.CameraViewUp = [-2.0, -1.4, 1.2], [0.0, 0.0, 1.0]
ResetCamera(view)
SaveState(os.path.join(os.environ["TMPDIR"], "made.pvsm"))
"""


def field(path: Path, waves: float) -> None:
    """Write a field of SIDE points a side, of so many *waves*, as VTK's XML."""
    axis = np.linspace(0, 1, SIDE)
    z, y, x = np.meshgrid(axis, axis, axis, indexing="ij")
    values = z + 0.25 * np.sin(waves * math.tau * x) * np.cos(math.tau * y)
    extent, spacing = f"0 {SIDE - 1} " * 3, f"{1 / (SIDE - 1)} " * 3
    path.write_text(
        '<VTKFile type="ImageData" version="1.0" byte_order="LittleEndian">'
        f'<ImageData WholeExtent="{extent}" Origin="0 0 0" Spacing="{spacing}"><Piece Extent="{extent}">'
        '<PointData Scalars="height"><DataArray type="Float32" Name="height" format="ascii">'
        f"{' '.join(f'{value:.4f}' for value in values.ravel())}</DataArray></PointData></Piece></ImageData></VTKFile>"
    )


def chart(path: Path, colour: tuple[int, int, int]) -> None:
    """Write a picture with something to see on it."""
    picture = np.full((480, 640, 3), 250, np.uint8)
    cv2.circle(picture, (320, 240), 160, colour, -1)
    cv2.rectangle(picture, (40, 40), (600, 440), (60, 60, 60), 6)
    cv2.imwrite(str(path), picture)


@pytest.fixture(scope="module")
def site(cluster: Cluster, tile_images: dict[str, Path]) -> Iterator[Site]:
    folder = cluster.home("tv") / "data"
    for name in ("fields", "charts", "run.cdb"):
        (folder / name).mkdir(parents=True)
    (folder / "waves.py").write_text(STATE)
    for waves in (1, 2):
        field(folder / "fields" / f"waves-{waves}.vti", waves)
    for name, colour in CHART.items():
        chart(folder / "charts" / f"{name}.png", colour)
        chart(folder / "run.cdb" / f"{name}.png", colour)
    rows = [f"{number},{name}.png" for number, name in enumerate(CHART)]
    (folder / "run.cdb" / "data.csv").write_text("\n".join(["F,FILE", *rows]) + "\n")
    (folder / "members.csv").write_text("name,colour\nnight,navy\nday,gold\n")
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USERS["tv"], USERS["tv"])
    yield from site_with_images(cluster, tile_images)
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    arguments = ["--disable-gpu", "--disable-background-networking", "--no-sandbox"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield browser
        browser.close()


def paraview(*options: str) -> tuple[str, ...]:
    """Return what follows ``launch`` for small tiles of ParaView on the two fields."""
    given = (f"data={DATA}/fields", "width=800", "height=600", *options)
    return ("paraview", *(word for each in given for word in ("--set", each)))


CASES: dict[str, tuple[str, ...]] = {
    "gears": ("gears", "--tiles", "1"),
    "command": ("command", "--set", f"table={DATA}/members.csv", "--set", "image=tile",
                "--set", "cmd=xterm -geometry 110x40 -bg {colour} -T {name}"),
    "gray_scott": ("gray_scott", "--tiles", "2", *SMALL_SWEEP),
    "paraview": paraview(f"states={DATA}/waves.py"),
    "vtk_files": ("vtk_files", "--set", f"paths={DATA}/fields"),
    "pictures": ("pictures", "--set", f"paths={DATA}/charts"),
    "pages": ("pages", "--set", "addresses=http://127.0.0.1:9/paper"),
    "cinema": ("cinema", "--set", f"path={DATA}/run.cdb"),
}  # fmt: skip
IMAGES = {"gears": "tile", "command": "tile", "gray_scott": "vtk", "vtk_files": "vtk", "paraview": "paraview"}
TILES = 14
PATIENCE = 300.0  # seconds for programs of many libraries, from images, on few cores


def launch(site: Site, words: Sequence[str]) -> str:
    """Launch in containers; return the job's id."""
    return str(site.ask("launch", "--detach", *words, "--set", "container=apptainer", seconds=300)["id"])


@pytest.fixture(scope="module")
def jobs(site: Site) -> dict[str, str]:
    """A job of each case, all of them live, by the case's name."""
    with ThreadPoolExecutor(2) as pool:
        jobs = dict(zip(CASES, pool.map(lambda words: launch(site, words), CASES.values()), strict=True))
    for case, job in jobs.items():
        site.wait_live(job, 1 if case in ("gears", "pages") else 2, PATIENCE)
    views = site.tiles(jobs["paraview"])
    wait_until(
        lambda: all(len(covering(site, tile)) == 2 for tile in views), PATIENCE, "the view alone fills each tile"
    )
    return jobs


def test_all_eight_bundled_cases_live_on_one_wall_each_in_its_image(
    site: Site, jobs: dict[str, str], chromium: Browser, output: Path
) -> None:
    for case, job in jobs.items():
        for tile in site.tiles(job):
            assert tile["image"] == IMAGES.get(case), case
    page = chromium.new_page(viewport={"width": 1600, "height": 1000})
    page.goto(site.ask("open")["url"])
    until(page, f"window.tiledviz.tiles().filter(t => t.state == 'live').length == {TILES}", seconds=60)
    page.get_by_role("button", name="Details", exact=True).click()  # which takes room

    def all_show_something() -> bool:
        picture = shot(page, output / "bundled-cases.png")
        drawn = [tile for tile in page.evaluate("window.tiledviz.tiles()") if "127.0.0.1" not in tile["title"]]
        return len(drawn) == TILES - 1 and all(part(picture, tile["rect"]).std() > 4 for tile in drawn)

    wait_until(all_show_something, 60, "no tile is of one flat colour")
    page.close()


def act(site: Site, tiles: Sequence[dict[str, Any]], name: str, *options: str) -> list[str]:
    """Have an action done with *tiles*; return what is said of each."""
    ids = ",".join(str(tile["id"]) for tile in tiles)
    done = site.command("tile", "act", name, ids, "--json", *options, check=False)
    assert done.returncode == 0, (done.stdout, done.stderr)
    return [str(found["said"]) for found in json.loads(done.stdout)]


def drawn(site: Site, tiles: Sequence[dict[str, Any]]) -> list[npt.NDArray[np.uint8]]:
    """Have ParaView save a picture of each of *tiles*; return them."""
    found = []
    for said in act(site, tiles, "picture", "--set", "width=400"):
        path = site.cluster.home("tv") / Path(said.removeprefix("saved: ")).relative_to("/home/tv")
        found.append(cv2.imread(str(path)).astype(np.uint8))
        path.unlink()
    assert all(each.shape[1] == 400 and each.std() > 4 for each in found)
    return found


def apart(a: npt.NDArray[np.uint8], b: npt.NDArray[np.uint8]) -> float:
    """Return the share of pixels in which two pictures differ."""
    return float((a != b).any(axis=2).mean())


def covering(site: Site, tile: dict[str, Any]) -> list[str]:
    """Return the titles of the windows of *tile* that cover its whole display, but for a frame."""
    (found,) = tile_verb(site, "windows", [tile])
    return [w["title"] for w in found["windows"] if w["width"] >= 790 and w["height"] >= 560]


def test_paraviews_camera_is_turned_by_hand_copied_and_set_back_and_its_picture_saved_on_the_node(
    site: Site, jobs: dict[str, str]
) -> None:
    tiles = site.tiles(jobs["paraview"])
    first = drawn(site, tiles)
    assert apart(*first) > 0.02  # each shows its own data
    site.command("tile", "drag", str(tiles[0]["id"]), "400", "300", "520", "340")
    turned = drawn(site, tiles)
    assert apart(turned[0], first[0]) > 0.02
    assert apart(turned[1], first[1]) < 0.001
    act(site, tiles, "camera-copy")
    copied = drawn(site, tiles)
    assert apart(copied[0], turned[0]) < 0.001
    assert apart(copied[1], first[1]) > 0.02
    assert {*act(site, tiles, "camera-reset")} == {"all of it is seen"}


def test_a_state_that_paraview_wrote_is_shown_with_the_data_of_each_member(site: Site, jobs: dict[str, str]) -> None:
    tile = site.tiles(jobs["paraview"])[0]
    site.command("tile", "get", str(tile["id"]), "/tmp/made.pvsm", f"{DATA}/made.pvsm")
    job = launch(site, paraview(f"states={DATA}/made.pvsm", "interface=full"))
    tiles = site.wait_live(job, 2, PATIENCE)
    wait_until(lambda: all(covering(site, tile) for tile in tiles), PATIENCE, "ParaView is as large as the tile")
    assert all("ParaView" in covering(site, tile)[0] for tile in tiles)
    ids = ",".join(str(tile["id"]) for tile in tiles)
    reset = ("tile", "act", "camera-reset", ids)
    wait_until(lambda: site.command(*reset, check=False).returncode == 0, PATIENCE, "ParaView has read what it shows")
    assert apart(*drawn(site, tiles)) > 0.02
    assert [tile["title"] for tile in tiles] == ["waves-1", "waves-2"]
