"""The wall from a real cluster, as an ordinary user has it: sbatch, tunnels, and what outlives what."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from site_kit import SMALL_SWEEP, Site, looking, processes
from waiting import wait_until

TILES = 8


@pytest.fixture(scope="module")
def job(site: Site) -> str:
    """One job of eight tiles on two nodes, for the tests that leave it as it was."""
    launched = site.launch()
    site.wait_live(launched)
    return launched


def test_a_launch_gives_eight_live_tiles_four_a_node(site: Site, job: str) -> None:
    tiles = site.tiles(job)
    assert len(tiles) == TILES
    assert [tile["node"] for tile in tiles] == ["c1"] * 4 + ["c2"] * 4
    assert all("llvmpipe" in tile["renderer"] for tile in tiles)
    found = site.job(job)
    assert (found["state"], found["nodes"], found["scheduler"]) == ("running", ["c1", "c2"], "slurm")


def test_pictures_of_every_tile_come_through_the_tunnels(site: Site, job: str) -> None:
    ids = [tile["id"] for tile in site.tiles(job)]
    with looking(site) as watcher:
        wait_until(lambda: all(watcher.counts.get(tile, 0) >= 3 for tile in ids), 40, "three pictures of every tile")


def test_each_tile_has_one_gpu_of_its_node_and_they_share_evenly(site: Site, job: str) -> None:
    plans = [tile for found in site.registrations(job) for tile in found["plan"]["tiles"]]
    for node in (0, 1):
        gpus = [tile["gpu"] for tile in plans[:TILES] if tile["node"] == node]
        assert gpus == [None] * 4  # the job asked for none
    script = site.ask("render", "gray_scott", "--tiles", "8", *SMALL_SWEEP, "--set", "nodes=2", "--set", "gres=gpu:2")
    planned = json.loads(next(line for line in script["script"].splitlines() if line.startswith('{"')))["tiles"]
    assert [(tile["node"], tile["gpu"]) for tile in planned] == [
        (0, 0), (0, 0), (0, 1), (0, 1), (1, 0), (1, 0), (1, 1), (1, 1),
    ]  # fmt: skip


def test_the_tile_in_focus_comes_through_the_tunnel_too(site: Site, job: str) -> None:
    tile = site.tiles(job)[-1]["id"]
    browser = site.login()
    with browser.rfb(tile) as display:
        assert bytes(display.recv(10)) == b"RFB 003.008\n"


def test_a_rendered_script_handed_to_sbatch_twice_gives_two_jobs_that_join_the_wall_by_themselves(site: Site) -> None:
    sweep = ("gray_scott", "--tiles", "2", *SMALL_SWEEP, "--set", "nodes=2")
    script = site.command("render", *sweep).stdout
    known = {tile["job"] for tile in site.tiles()}
    ids = [
        site.cluster.run("login", ["sbatch", "--parsable"], user="tv", input=script).stdout.strip() for _ in range(2)
    ]
    assert len(set(ids) - known) == 2
    for job in ids:
        tiles = site.wait_live(job, 2)
        assert [tile["node"] for tile in tiles] == ["c1", "c2"]
    assert len({tile["set"] for tile in site.tiles() if tile["job"] in ids}) == 2
    for job in ids:
        site.command("stop", job, "--remove")


def test_a_cancelled_job_stops_its_tiles_and_leaves_no_process(site: Site) -> None:
    job = site.launch(tiles=4)
    site.wait_live(job, 4)
    sockets = [registration["socket"] for registration in site.registrations(job)]
    assert len(sockets) == 2
    site.command("stop", job)
    wait_until(lambda: {tile["state"] for tile in site.tiles(job)} == {"stopped"}, 30, "all tiles are stopped")
    assert site.job(job)["state"] == "cancelled"
    for node in ("c1", "c2"):
        names = site.cluster.run(node, ["ps", "-eo", "user,args"]).stdout
        mine = [line for line in names.splitlines() if line.startswith("tv ") and f"SLURM_JOB_ID={job}" in line]
        assert mine == []
        assert not [path for path in sockets if site.node_path(node, Path(path).parent).exists()]
    assert site.registrations(job) == []
    wait_until(lambda: not list(site.node_path("login", endpoint_folder(site)).glob(f"{job}.*")), 20, "no tunnel left")
    site.command("stop", job, "--remove")


def endpoint_folder(site: Site) -> Path:
    return Path(site.endpoint_info()["folder"])


def test_a_killed_portal_and_a_killed_endpoint_come_back_and_no_tile_was_restarted(site: Site, job: str) -> None:
    ids = [tile["id"] for tile in site.tiles(job)]
    programs = processes(site, job)
    before = programs()
    with looking(site) as watcher:
        wait_until(lambda: watcher.fresh(ids), 30, "pictures of every tile")
        old = site.endpoint_info()
        site.kill("login", old["pid"])
        wait_until(lambda: site.endpoint_info()["pid"] != old["pid"], 15, "another endpoint is there")
        assert site.endpoint_info()["host_key"] == old["host_key"]
        killed = time.monotonic()
        wait_until(lambda: all(watcher.last.get(t, 0) > killed for t in ids) and watcher.fresh(ids), 30, "pictures")
        site.kill("login", site.portal_info()["pid"])
        site.up()
        killed = time.monotonic()
        wait_until(lambda: all(watcher.last.get(t, 0) > killed for t in ids) and watcher.fresh(ids), 30, "pictures")
    assert programs() == before
    assert {tile["restarts"] for tile in site.tiles(job)} == {0}


def test_a_cable_cut_for_twenty_seconds_costs_no_tile(site: Site, job: str) -> None:
    tiles = site.tiles(job)
    there = [tile["id"] for tile in tiles if tile["node"] == "c1"]
    away = [tile["id"] for tile in tiles if tile["node"] == "c2"]
    programs = processes(site, job)
    before = programs()
    with looking(site) as watcher:
        wait_until(lambda: watcher.fresh(there + away), 30, "pictures of every tile")
        site.cluster.cut("c2")
        begun = time.monotonic()
        try:
            while time.monotonic() < begun + 20:
                time.sleep(0.5)
                assert watcher.fresh(there, 10), "the other node's tiles go on"
        finally:
            site.cluster.join("c2")
        joined = time.monotonic()
        assert all(watcher.last[tile] < begun + 15 for tile in away)
        wait_until(lambda: all(watcher.last[tile] > joined for tile in away), 40, "the cut tiles come back")
    site.wait_live(job, TILES, 30)
    assert programs() == before
    assert {tile["restarts"] for tile in site.tiles(job)} == {0}


def test_an_agent_that_is_killed_fails_its_nodes_tiles_with_the_cause_and_no_other(site: Site) -> None:
    job = site.launch(tiles=4)
    site.wait_live(job, 4)
    (second,) = [found for found in site.registrations(job) if found["ordinal"] == 1]
    site.kill("c2", second["pid"])
    wait_until(lambda: [t["state"] for t in site.tiles(job)] == ["live", "live", "failed", "failed"], 30, "two failed")
    assert all("SIGKILL" in tile["reason"] for tile in site.tiles(job)[2:])
    assert site.job(job)["state"] == "running"
    site.command("stop", job, "--remove")


def test_a_node_that_crashes_fails_its_tiles_and_leaves_the_others_alone(site: Site, job: str) -> None:
    tiles = site.tiles(job)
    there = [tile["id"] for tile in tiles if tile["node"] == "c1"]
    programs = processes(site, job)
    before = {(node, pid) for node, pid in programs() if node == "c1"}
    with looking(site) as watcher:
        wait_until(lambda: watcher.fresh(there), 30, "pictures of every tile")
        site.cluster.crash("c2")
        crashed = time.monotonic()

        def failed() -> bool:
            assert watcher.fresh(there, 10), "the other node's tiles live throughout"
            return [tile["state"] for tile in site.tiles(job)] == ["live"] * 4 + ["failed"] * 4

        try:
            site.cluster.mark_down("c2")
            wait_until(failed, 60, "the node's tiles have failed")
            assert watcher.longest_gap(crashed) < 10
        finally:
            site.cluster.start("c2")
    assert all(tile["reason"].startswith("node failure") for tile in site.tiles(job)[4:])
    assert {(node, pid) for node, pid in programs() if node == "c1"} == before
    site.cluster.wait_idle()
    assert [tile["state"] for tile in site.tiles(job)] == ["live"] * 4 + ["failed"] * 4
    again = site.launch(tiles=2)
    assert {tile["node"] for tile in site.wait_live(again, 2)} == {"c1", "c2"}


def test_several_jobs_feed_one_wall_one_tile_set_each(site: Site) -> None:
    jobs = [site.launch(tiles=1, nodes=1), site.launch(tiles=1, nodes=1)]
    for job in jobs:
        site.wait_live(job, 1)
    wall = site.login().get("/wall").json
    sets = {found["job"]: found["id"] for found in wall["sets"] if found["job"] in jobs}
    assert len(set(sets.values())) == 2
    assert all(sets[tile["job"]] == tile["set"] for tile in wall["tiles"] if tile["job"] in jobs)


@pytest.mark.parametrize(
    ("setting", "words"),
    [("partition=nowhere", "partition"), ("account=nobody", "account"), ("reservation=none", "eservation")],
)
def test_what_slurm_refuses_is_told_in_its_words_and_how_to_mend_it(site: Site, setting: str, words: str) -> None:
    done = site.command("launch", "--detach", "gears", "--tiles", "1", "--set", setting, check=False)
    if setting.startswith("account") and done.returncode == 0:  # without accounting Slurm takes any account
        site.command("stop", done.stdout.split()[1].rstrip(":"), "--remove")
        return
    assert done.returncode == 1
    assert words in done.stderr
    assert done.stderr.startswith("tiledviz: ")
    assert len(done.stderr.strip().splitlines()) == 1
