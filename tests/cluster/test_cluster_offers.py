"""What a site offers, asked of real Slurm of every release served; and a job prepared, then submitted by hand."""

from __future__ import annotations

import shlex
from collections.abc import Callable

import pytest

from cluster import Cluster
from site_kit import Site
from tvcore.batch import slurm_offers
from tvcore.batch.offered import Gpus
from waiting import wait_until

RELEASES = ("bookworm", "trixie", "sid")  # Slurm 22.05, 24.11, 26.05
ASK = {"LC_ALL": "C", "SLURM_TIME_FORMAT": "%s"}  # as the product asks


@pytest.fixture
def reserved() -> dict[str, str]:
    return {"Users": "tv", "StartTime": "now+2hours", "Duration": "30", "Nodes": "c1", "ReservationName": "evening"}


def reserve(cluster: Cluster, fields: dict[str, str]) -> None:
    words = [f"{key}={value}" for key, value in fields.items()]
    cluster.run("login", ["scontrol", "create", "reservation", *words])


def unreserve(cluster: Cluster) -> None:
    cluster.run("login", ["scontrol", "delete", "ReservationName=evening"])


@pytest.mark.parametrize("release", RELEASES)
def test_partitions_and_reservations_are_read_of_every_release(
    cluster_of: Callable[[str], Cluster], release: str, reserved: dict[str, str]
) -> None:
    cluster = cluster_of(release)
    reserve(cluster, reserved)
    try:
        printed = [
            cluster.run("login", argv, user="tv", env=ASK).stdout
            for argv in (slurm_offers.SINFO, slurm_offers.RESERVATIONS)
        ]
    finally:
        unreserve(cluster)
    (tiles,) = slurm_offers.read_sinfo(printed[0])
    assert (tiles.name, tiles.default, tiles.state, tiles.nodes, tiles.usable) == ("tiles", True, "up", 2, 2)
    assert (tiles.time, tiles.time_default, tiles.cpus, tiles.memory) == (86400.0, 3600.0, 16, 64000 << 20)
    assert (tiles.gpus, tiles.max_nodes) == ((Gpus("", 2, 2),), None)
    (evening,) = slurm_offers.read_reservations(printed[1], "tv")
    assert (evening.name, evening.nodes) == ("evening", 1)
    assert evening.start
    assert evening.end == evening.start + 1800
    assert slurm_offers.read_reservations(printed[1], "other") == ()


def test_a_site_says_what_it_offers_and_a_prepared_job_is_submitted_by_hand(
    site: Site, reserved: dict[str, str]
) -> None:
    reserve(site.cluster, reserved)
    try:
        found = site.ask("offers")
    finally:
        unreserve(site.cluster)
    assert (found["scheduler"], found["error"]) == ("slurm", "")
    assert found["partitions"][0]["says"] == "2 nodes, 16 cores, 62.5 GiB, 2 GPUs each, at most 24 h"
    assert [each["name"] for each in found["reservations"]] == ["evening"]
    browser = site.login()
    form = {"set": {"job.nodes": "3", "job.time": "2-0", "job.partition": "tiels", "job.gres": "gpu:2"}, "tiles": 2}
    told = browser.post("/cases/gears/check", form).json
    assert told["problems"] == []
    assert [each["key"] for each in told["warnings"]] == ["job.partition"]
    del form["set"]["job.partition"]  # type: ignore[attr-defined]
    told = browser.post("/cases/gears/check", form).json
    assert told["warnings"] == [
        {"key": "job.nodes", "text": "nodes: the partition tiles has at most 2 nodes, not 3 nodes"},
        {"key": "job.time", "text": "time: the partition tiles has at most 24:00:00, not 2-00:00:00"},
    ]
    form["set"] = {"job.nodes": "2", "job.time": "10"}
    done = browser.post("/cases/gears/prepare", form).json
    assert done["script"] == browser.post("/cases/gears/check", form).json["preview"]
    assert site.ask("jobs") == []
    command = shlex.split(done["submit"])
    assert command == ["sbatch", done["path"]]
    job = site.cluster.run("login", [*command[:1], "--parsable", *command[1:]], user=site.user).stdout.strip()
    wait_until(lambda: any(tile["job"] == job for tile in site.tiles()), 60, "the job's tiles are on the wall")
    tiles = site.wait_live(job, 2)
    assert [tile["node"] for tile in tiles] == ["c1", "c2"]
    site.command("stop", job, "--remove")
