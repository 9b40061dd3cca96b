"""The package of docs/plugins.md on the cluster, from the clean environment that pip made, which the nodes see."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import host_python
from cluster import Cluster
from images_kit import OPTIONS
from site_kit import Site
from waiting import wait_until


class ThirdPartySite(Site):
    """A person's TiledViz that is the one of their own environment, in their home."""

    python = "/home/tv/env/bin/python"

    @property
    def tiledviz(self) -> list[str]:
        return [self.python, "-P", "-m", "tvcore"]

    def command(self, *arguments: str, node: str = "login", seconds: float = 120, check: bool = True) -> Any:
        done = self.cluster.run(node, [*self.tiledviz, *arguments], self.user, timeout=seconds, check=False)
        if check:
            assert done.returncode == 0, f"tiledviz {' '.join(arguments)}: {done.stderr}\n{self.cluster.logs()}"
        return done


@pytest.fixture(scope="module")
def third_party_site(cluster: Cluster, installed: Path) -> Iterator[Site]:
    """A portal of somebody who has that environment on a disk that the nodes see, and nothing of the repository."""
    home = cluster.home("tv") / "env"
    shutil.copytree(installed, home, symlinks=True)
    for link in (home / "bin").glob("python*"):  # to the one that runs here: a node's own is another version
        link.unlink()
        link.symlink_to(host_python.interpreter())
    site = ThirdPartySite(cluster)
    site.configure(f'[job]\npython = "{ThirdPartySite.python}"\n')
    yield site
    site.stop_all()
    site.close()
    site.configure("")
    shutil.rmtree(home)


FOLDER = ("--set", "folder=/home/tv/wheels")
LACKING = """
from pydantic import BaseModel
from tvcore.cases import CaseInfo, ImageSpec, Member, TileSpec, hookimpl


class Parameters(BaseModel):
    pass


@hookimpl
def case_info():
    return CaseInfo(name="lacking", title="Lacking", description="Its image has not what it needs.")


@hookimpl
def case_parameters():
    return Parameters


@hookimpl
def case_members():
    return [Member(index=0, title="one")]


@hookimpl
def case_tile():
    return TileSpec(command=("no-such-viewer", "a b"), image=ImageSpec(name="tile"))
"""


def test_check_looks_for_programs_in_the_images_of_tiles(third_party_site: Site, tile_images: dict[str, Path]) -> None:
    site = third_party_site
    found = site.ask("plugin", "check", "wheels", *OPTIONS, *FOLDER)
    assert (found["errors"], found["warnings"], found["origin"]) == ([], [], "tiledviz-wheels")
    plugins = "/home/tv/.config/tiledviz/plugins"
    site.cluster.run("login", ["mkdir", "-p", plugins], site.user)
    site.cluster.run("login", ["tee", f"{plugins}/lacking.py"], site.user, input=LACKING)
    done = site.command("plugin", "check", "lacking", *OPTIONS, check=False)
    assert done.returncode == 1
    assert "error: case_tile, member 0: the image tile has no program no-such-viewer\n" in done.stdout
    site.cluster.run("login", ["rm", "-r", plugins], site.user)


def test_the_courses_case_runs_in_its_image_on_compute_nodes_with_its_hooks_and_actions(
    third_party_site: Site, tile_images: dict[str, Path]
) -> None:
    site = third_party_site
    (found,) = [case for case in site.ask("cases") if case["name"] == "wheels"]
    assert found["source"] == "tiledviz-wheels"
    launch = ("launch", "wheels", "--detach", "--tiles", "2", "--set", "nodes=2")
    job = site.ask(*launch, *OPTIONS, *FOLDER, seconds=300)["id"]
    tiles = site.wait_live(job, 2)
    assert [(tile["title"], tile["node"]) for tile in tiles] == [("north", "c1"), ("east", "c2")]
    ids = ",".join(str(tile["id"]) for tile in tiles)
    assert [tile["title"] for tile in site.ask("tiles", "load>15")] == ["east"]

    for tile, words in zip(tiles, ("north: 320x320", "east: 320x320"), strict=True):  # case_ready
        wait_until(lambda tile=tile, words=words: words in str(site.ask("logs", str(tile["id"]))), 60, words)

    offered = {action["name"]: action for action in site.ask("tile", "actions", ids)["actions"]}
    assert list(offered) == ["note", "turn", "folder"]
    noted = site.ask("tile", "act", "note", ids, "--set", "text=odd wear")
    assert [result["said"] for result in noted] == ["noted on c1", "noted on c2"]
    turned = site.ask("tile", "act", "turn", ids, "--leader", str(tiles[1]["id"]))
    assert {result["said"] for result in turned} == {"2 turned as east"}
    asked = site.ask("tile", "act", "folder", ids)
    assert {result["said"] for result in asked} == {"/home/tv/wheels"}
    refused = site.command("tile", "act", "note", ids, "--set", f"text={'x' * 300}", check=False)
    assert refused.returncode == 2
    assert "at most 200 characters" in refused.stderr

    site.command("stop", job)
    wheels = site.cluster.home("tv") / "wheels"
    wait_until(lambda: (wheels / "north/seen").exists() and (wheels / "east/seen").exists(), 60, "case_end was called")
    assert (wheels / "east/notes.txt").read_text() == "odd wear\n"
    assert not (wheels / "south/seen").exists()
