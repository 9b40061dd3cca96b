"""Actions and hooks of a person's own plugin on compute nodes: where they run, with what came of it, and their end.

The tests share one job of four tiles on two nodes and stand in order.
"""

from __future__ import annotations

import math
import os
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cluster import USERS, Cluster
from portal_kit import Browser, Reply
from site_kit import Site
from waiting import wait_until

CASE = Path(__file__).with_name("acting_case.py")
TILES = 4


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    """A portal of a person who has the case in a folder of theirs."""
    made = Site(cluster)
    made.configure("")
    for folder in (cluster.home("tv") / ".config" / "tiledviz" / "plugins", notes(made)):
        folder.mkdir(exist_ok=True)
        os.chown(folder, USERS["tv"], USERS["tv"])
    plugin = cluster.home("tv") / ".config" / "tiledviz" / "plugins" / CASE.name
    plugin.write_text(CASE.read_text())
    os.chown(plugin, USERS["tv"], USERS["tv"])
    made.up()
    yield made
    made.close()
    plugin.unlink()


def notes(site: Site) -> Path:
    return site.cluster.home("tv") / "notes"


@pytest.fixture(scope="module")
def job(site: Site) -> str:
    settings = ("notes=/home/tv/notes", "nodes=2", "time=60", "warning=150")
    options = [word for setting in settings for word in ("--set", setting)]
    launched = str(site.ask("launch", "acting_case", "--detach", "--tiles", str(TILES), *options)["id"])
    site.wait_live(launched, TILES)
    return launched


@pytest.fixture(scope="module")
def tiles(site: Site, job: str) -> list[dict[str, Any]]:
    return site.tiles(job)


@pytest.fixture(scope="module")
def browser(site: Site) -> Browser:
    return site.login()


def said(results: list[dict[str, Any]]) -> list[str]:
    return [result["said"] or f"! {result['error']}" for result in results]


def act(browser: Browser, tiles: list[dict[str, Any]], action: str, **arguments: str) -> list[str]:
    """Have *action* done with *tiles*, the first the leader; return what came of it for each, errors behind a mark."""
    body = {"tiles": [tile["id"] for tile in tiles], "name": action, "arguments": arguments}
    reply = browser.post("/tiles/act", body)
    assert reply.status == 200, reply.json
    return said(reply.json["results"])


def pids(site: Site, action: str) -> dict[str, int]:
    """Return the processes that an action notes down, by file, as the nodes count them."""
    return {path.name: int(path.read_text()) for path in notes(site).glob(f"{action}-*")}


def running(site: Site, tiles: list[dict[str, Any]]) -> int:
    """Return how many processes of actions the nodes of *tiles* have."""
    count = 0
    for node in {tile["node"] for tile in tiles}:
        done = site.cluster.run(node, ["pgrep", "-fc", "tvcore.cases.on_node"], check=False)
        count += int(done.stdout or 0)
    return count


def test_an_action_for_each_tile_runs_on_the_tiles_own_node_in_python_and_as_a_command(
    site: Site, browser: Browser, tiles: list[dict[str, Any]]
) -> None:
    nodes = [tile["node"] for tile in tiles]
    assert len(set(nodes)) == 2
    ids = ",".join(str(tile["id"]) for tile in tiles)
    found = site.ask("tile", "act", "where", ids, "--set", "word=hello there")
    assert said(found) == [f"hello there {index} on {node}" for index, node in enumerate(nodes)]
    assert act(browser, tiles, "command", word="a'b $x") == ["a'b $x x"] * TILES


def test_an_action_once_reaches_tiles_on_both_nodes_and_its_leader_comes_first(
    browser: Browser, tiles: list[dict[str, Any]]
) -> None:
    leader = tiles[-1]
    (line,) = set(act(browser, tiles[::-1], "together"))
    assert line == f"{leader['node']} led {', '.join([leader['node']] * (TILES - 1))} from login"


def test_what_fails_or_takes_too_long_on_one_node_is_that_tiles_own(
    site: Site, browser: Browser, tiles: list[dict[str, Any]]
) -> None:
    even, odd, third, fourth = act(browser, tiles, "odd")
    assert (even, third) == ("even", "even")
    assert odd == fourth
    assert "failed in its action odd: RuntimeError: it is odd" in odd
    assert act(browser, tiles[:1], "slow") == ["! it took longer than 3 s and was ended"]
    wait_until(lambda: running(site, tiles) == 0, 30, "nothing of it is left on the nodes")


def test_an_action_is_seen_on_its_way_by_the_page_and_cancelled_on_both_nodes(
    site: Site, browser: Browser, tiles: list[dict[str, Any]]
) -> None:
    request = str(uuid.uuid4())
    body = {"tiles": [tile["id"] for tile in tiles], "name": "wait", "request": request}
    replies: list[Reply] = []
    caller = threading.Thread(target=lambda: replies.append(browser.post("/tiles/act", body)))
    caller.start()

    def far() -> bool:
        return [each["text"] for each in browser.get(f"/acts/{request}").json.get("tiles", [])] == [
            "a quarter of it"
        ] * TILES

    wait_until(far, 60, "all tiles are on their way")
    assert len(pids(site, "wait")) == TILES
    assert running(site, tiles) >= TILES
    assert browser.post(f"/acts/{request}/cancel").json == {"cancelled": True}
    caller.join(60)
    assert said(replies[0].json["results"]) == ["! it was cancelled"] * TILES
    wait_until(lambda: running(site, tiles) == 0, 30, "nothing of it is left on the nodes")


def test_the_case_is_told_before_the_time_limit_where_slurm_has_shortened_it(
    site: Site, job: str, tiles: list[dict[str, Any]]
) -> None:
    minutes = math.ceil((time.time() - site.job(job)["started"]) / 60) + 2  # so that less than the warning is left soon
    site.cluster.run("login", ["scontrol", "update", f"JobId={job}", f"TimeLimit={minutes}"], user="tv")

    def told() -> bool:
        return len(list(notes(site).glob("limit-*"))) == TILES

    wait_until(told, 120, "the case is told of the limit")
    for index, tile in enumerate(tiles):
        node, left = (notes(site) / f"limit-{index}").read_text().split()
        assert node == tile["node"]
        assert 0 < int(left) <= 150
    wait_until(lambda: all("time is over at" in tile["reason"] for tile in site.tiles(job)), 20, "the tiles say so")


def test_the_case_does_the_last_of_each_tile_before_its_program_ends(
    site: Site, browser: Browser, tiles: list[dict[str, Any]]
) -> None:
    stopped = browser.post("/tiles/stop", {"tiles": [tile["id"] for tile in tiles]}).json["results"]
    assert [each["error"] for each in stopped] == [""] * TILES
    assert [(notes(site) / f"end-{index}").read_text() for index in range(TILES)] == [tile["node"] for tile in tiles]


def test_all_that_was_done_is_in_the_audit(site: Site) -> None:
    entries = [each for each in site.ask("audit") if each["verb"] == "act"][-6:]  # tests of other modules were before
    assert [f"{each['what']['action']} {each['outcome']}" for each in entries] == [
        "where done", "command done", "together done", "odd failed", "slow failed", "wait failed",
    ]  # fmt: skip
    assert entries[0]["what"]["arguments"] == {"word": "hello there"}
