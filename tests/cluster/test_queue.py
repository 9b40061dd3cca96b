"""The queue is the wall: tiles from submission on, in words; and each cause of failure, made to happen."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from case_kit import fail, install_case, trial
from cluster import Cluster
from site_kit import Site, States
from trial_case import WAIT
from tvcore.causes import Cause
from waiting import wait_until

FILLED = 600  # seconds that the job lasts which fills the cluster
TAKES = "python3 -c 'b = bytearray(500 << 20); input()'"


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    made = Site(cluster, python_path=install_case(cluster))
    made.up()
    yield made
    made.close()


@pytest.fixture(scope="module")
def failing(site: Site) -> dict[str, str]:
    """Jobs whose tiles fail, each for another reason, all at once: some take their time."""
    programs = {
        "memory": (TAKES, "--set", "memory=300M"),
        "code": ("sh -c 'echo the last words; exit 7'",),
        "signal": ("sh -c 'kill -SEGV $$'",),
        "program": ("/no/such/program",),
        "time": (WAIT, "--set", "time=5"),
    }
    jobs = {name: trial(site, program, *options) for name, (program, *options) in programs.items()}
    site.wait_live(jobs["time"], 1)
    # Limits are whole minutes otherwise; Slurm looks only every 30 s.
    site.cluster.expire(jobs["time"])
    return jobs


def state_of(site: Site, job: str) -> str:
    return site.cluster.run("login", ["squeue", "-h", "-j", job, "-o", "%T"]).stdout.strip()


def test_a_full_cluster_says_why_tiles_wait_and_when_they_start_and_then_they_live(site: Site) -> None:
    fill = f"#!/bin/sh\nsleep {FILLED}\n"
    command = ["sbatch", "--parsable", "-N2", "--exclusive", f"--time={FILLED // 60}", "-o/dev/null"]
    filler = site.cluster.run("login", command, user="tv", input=fill).stdout.strip()
    wait_until(lambda: state_of(site, filler) == "RUNNING", 30, "the cluster is full")
    full = time.time()
    browser = site.login()
    job = site.launch("--set", "time=20", tiles=4)
    wait_until(lambda: all(tile["expected_start"] for tile in site.tiles(job)), 40, "Slurm planned the job")
    for tile in site.tiles(job):
        assert (tile["state"], tile["reason"]) == ("queued", "waits for free nodes (Resources)")
        assert abs(tile["expected_start"] - full - FILLED) < 90
        assert (tile["cause"], tile["advice"], tile["node"]) == ("", "", None)
    wall = browser.get("/wall").json
    (tile_set,) = (found for found in wall["sets"] if found["job"] == job)
    assert abs(tile_set["expected_start"] - full - FILLED) < 90
    assert tile_set["ends"] is None
    with closing(States(browser, job)) as seen:
        site.cluster.run("login", ["scancel", filler], user="tv")
        tiles = site.wait_live(job, 4)
        wait_until(lambda: all(states[-1:] == ["live"] for states in seen.states.values()), 10, "the page knows")
    for states in seen.states.values():
        assert states == ["queued", "starting", "live"]
    assert [tile["node"] for tile in tiles] == ["c1", "c1", "c2", "c2"]
    assert {tile["expected_start"] for tile in tiles} == {None}


def test_a_time_limit_is_known_from_the_start_and_warned_of_before_it_ends_the_job(site: Site) -> None:
    job = trial(site, WAIT, "--set", "time=30")
    site.wait_live(job, 1)
    found = site.job(job)
    assert found["ends"] == found["started"] + 1800
    (tile_set,) = (tile_set for tile_set in site.login().get("/wall").json["sets"] if tile_set["job"] == job)
    assert (tile_set["started"], tile_set["ends"]) == (found["started"], found["ends"])
    assert tile_set["warns"] == found["ends"] - 180  # a tenth of its time before
    site.command("stop", job, "--remove")


def test_a_program_that_takes_too_much_memory_is_out_of_memory(site: Site, failing: dict[str, str]) -> None:
    (tile,) = fail(site, Cause.OUT_OF_MEMORY, failing["memory"])
    assert "300 MiB" in tile["reason"]


def test_a_program_that_ends_says_its_exit_code_and_its_last_words_are_in_the_log(
    site: Site, failing: dict[str, str]
) -> None:
    (tile,) = fail(site, Cause.PROGRAM_ENDED, failing["code"])
    assert "exit code 7" in tile["reason"]
    assert "the last words" in site.command("logs", str(tile["id"]), "--lines", "10").stdout
    (tile,) = fail(site, Cause.PROGRAM_ENDED, failing["signal"])
    assert "SIGSEGV" in tile["reason"]


def test_a_program_that_is_not_there_is_missing(site: Site, failing: dict[str, str]) -> None:
    (tile,) = fail(site, Cause.PROGRAM_MISSING, failing["program"])
    assert "/no/such/program" in tile["reason"]


def test_an_image_that_the_nodes_do_not_see_is_missing(site: Site, tile_images: dict[str, Path]) -> None:
    here = site.node_path("login", Path("/tmp/images"))  # each node has a /tmp of its own
    here.mkdir(mode=0o755)
    shutil.copy(site.node_path("login", tile_images["tile"]), here)
    job = trial(site, WAIT, "--set", "container=apptainer", "--set", "image=/tmp/images/tile.sif")
    (tile,) = fail(site, Cause.IMAGE_MISSING, job)
    assert "/tmp/images/tile.sif" in tile["reason"]
    assert tile["node"] in tile["reason"]
    shutil.rmtree(here)


def test_a_job_past_its_time_limit_says_so_on_its_tiles(site: Site, failing: dict[str, str]) -> None:
    (tile,) = fail(site, Cause.TIME_LIMIT, failing["time"], 90)
    assert tile["reason"].startswith("it reached its time limit")
    assert site.job(failing["time"])["cause"] == Cause.TIME_LIMIT


def test_a_tile_whose_node_fails_says_so_and_starts_again_elsewhere_by_another_launch(site: Site) -> None:
    job = trial(site, WAIT, "--set", "sbatch=--nodelist=c2")
    site.wait_live(job, 1)
    site.cluster.crash("c2")
    try:
        site.cluster.mark_down("c2")
        (tile,) = fail(site, Cause.NODE_FAILURE, job)
        assert tile["node"] == "c2"
        again = trial(site, WAIT)
        assert site.wait_live(again, 1)[0]["node"] == "c1"
    finally:
        site.cluster.start("c2")
    site.cluster.wait_idle()
