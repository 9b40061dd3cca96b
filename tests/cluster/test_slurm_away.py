"""A batch system that hangs: the wall, its tiles and the portal's answers go on, and the page says so."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster import Cluster
from pyslurm_wheel import WHEEL, install
from site_kit import Site, Stalls, looking, probing, processes
from waiting import wait_until


@pytest.fixture(scope="module", params=["slurm", *(["pyslurm"] if WHEEL else [])])
def site(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Site]:
    settings = cluster.home("tv") / ".config" / "tiledviz" / "config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text(f'[scheduler]\nbackend = "{request.param}"\n')
    for path in (settings.parent.parent, settings.parent, settings):
        shutil.chown(path, 2001, 2001)
    made = Site(cluster, python_path=install(cluster, Path(WHEEL)) if WHEEL and request.param == "pyslurm" else "")
    made.up()
    yield made
    made.close()
    settings.unlink()


@pytest.fixture(scope="module")
def job(site: Site) -> str:
    launched = site.launch()
    site.wait_live(launched)
    return launched


def test_a_slurmctld_that_hangs_for_thirty_seconds_holds_up_nothing(site: Site, job: str) -> None:
    ids = [tile["id"] for tile in site.tiles(job)]
    before = processes(site, job)()
    site.ask("cases")  # what plugins say is kept: to ask them takes longer than any answer here may
    with looking(site) as watcher, probing(site) as prober:
        wait_until(lambda: watcher.fresh(ids), 30, "pictures of every tile")
        # All tiles turn by now; the gap is measured with them all at work.
        time.sleep(2)
        stalls = Stalls()
        begun = time.monotonic()
        site.cluster.pause("slurmctld")
        try:
            wait_until(lambda: any("Slurm" in text for text in watcher.notices), 30, "the page is told")
            time.sleep(max(0.0, begun + 30 - time.monotonic()))
        finally:
            site.cluster.resume("slurmctld")
        gap, stall = watcher.longest_gap(begun), stalls.close()
        wait_until(lambda: not watcher.notices, 30, "the page is told that it is over")
    assert prober.failed == []
    assert prober.answers > 50
    print(f"longest gap {gap:.3f} s; slowest of {prober.answers} answers {prober.slowest}; stall {stall:.3f} s")
    assert prober.slowest[0] < 1.0 + stall, prober.slowest
    assert gap < 1.5 + stall  # what must not be is 30 s
    assert site.job(job)["state"] == "running"
    assert processes(site, job)() == before
