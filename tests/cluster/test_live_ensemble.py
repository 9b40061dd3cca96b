"""A simulation on a compute node writes on that node's own disk, and the wall on the login node follows."""

from __future__ import annotations

import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import simulation
from case_kit import install_case, trial
from cluster import Cluster, NodeProcess
from portal_kit import WallPage
from site_kit import Site
from waiting import wait_until

FILE = "/var/tmp/live-ensemble.h5"
MEMBERS = 6
MOST = 5.0  # seconds, on a busy machine; the median is printed


class Remote:
    """A simulation on a node."""

    def __init__(self, site: Site, node: str) -> None:
        script = site.cluster.home(site.user) / "simulation.py"
        script.write_text(Path(simulation.__file__).read_text())
        command = [sys.executable, f"/home/{site.user}/simulation.py", FILE]
        pipe = subprocess.PIPE
        self.process: NodeProcess = site.cluster.popen(node, command, site.user, stdin=pipe, stdout=pipe, text=True)
        self._flushed()

    def tell(self, line: str) -> float:
        """Have something done; return when it was flushed, in seconds since the epoch."""
        assert self.process.stdin
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self._flushed()

    def _flushed(self) -> float:
        assert self.process.stdout
        return float(self.process.stdout.readline())

    def end(self) -> None:
        self.process.kill()
        self.process.communicate()


@pytest.fixture(scope="module")
def site(cluster: Cluster) -> Iterator[Site]:
    """A portal of a person who has the case."""
    site = Site(cluster, python_path=install_case(cluster))
    site.up()
    yield site
    site.close()


class Page:
    """A page, and what it was told of the metadata of tiles: read by a thread, so that the time is right."""

    def __init__(self, wall: WallPage) -> None:
        self.values: dict[int, tuple[float, float]] = {}  # by tile: F, and when the page had it
        self.notices: list[str] = []
        self._wall = wall
        self._over = False
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while not self._over:
            try:
                self._wall.receive(0.5)
            except TimeoutError:
                continue
            except Exception:  # the connection is over
                return
            for event in self._wall.events:
                self._take(event)
            self._wall.events.clear()

    def _take(self, event: dict[str, Any]) -> None:
        now = time.time()
        tiles = event["tiles"] if event["event"] == "tiles" else event.get("wall", {}).get("tiles", ())
        for tile in tiles:
            value = tile.get("metadata", {}).get("F")
            if value is not None and self.values.get(tile["id"], (None,))[0] != value:
                self.values[tile["id"]] = (value, now)
        self.notices = event.get("notices", event.get("wall", {}).get("notices", self.notices))

    def close(self) -> None:
        self._over = True
        self._wall.close()
        self._thread.join(10)


def test_the_wall_follows_a_simulation_on_its_nodes_own_disk_and_its_death_costs_nothing_shown(
    site: Site, capsys: pytest.CaptureFixture[str]
) -> None:
    job = trial(site, "glxgears", "--set", f"live={FILE}", tiles=MEMBERS)
    waiting = "no such file yet"
    wait_until(lambda: all(waiting in (tile["reason"] or "") for tile in site.tiles(job)), 90, "all tiles wait")
    node = site.tiles(job)[0]["node"]
    assert node == "c1"  # the first that is free, and not the login node
    remote = Remote(site, node)
    page = Page(site.login().wall())
    try:
        ids = [tile["id"] for tile in sorted(site.tiles(job), key=lambda tile: tile["index"])]
        delays = []
        for step in range(12):
            member, value = step % 3, step + 0.5
            line = f"append {value}" if step < 3 else f"update {member} {value}"
            flushed = remote.tell(line)
            wait_until(lambda: page.values.get(ids[member], (None,))[0] == value, 30, f"step {step} is on the page")  # noqa: B023
            delays.append(page.values[ids[member]][1] - flushed)
        median = statistics.median(delays)
        with capsys.disabled():
            print(f"\nfrom flush on c1 to the page: median {median:.2f} s, most {max(delays):.2f} s")
        assert median < MOST, delays
        site.wait_live(job, 3)
        assert [tile["state"] for tile in site.tiles(job)] == ["live"] * 3 + ["starting"] * 3
        shown = {tile: value for tile, (value, _) in page.values.items()}

        assert site.node_path(node, Path(FILE)).exists()
        assert not site.node_path("login", Path(FILE)).exists()
        remote.process.kill()
        wait_until(lambda: any("its writer is gone" in line for line in page.notices), 60, "the death is told")
        (notice,) = [line for line in page.notices if "writer" in line]
        assert len(notice.splitlines()) == 1
        assert {tile: value for tile, (value, _) in page.values.items()} == shown
        stored = {tile["id"]: tile["metadata"].get("F") for tile in site.tiles(job) if tile["metadata"]}
        assert stored == shown
        assert [tile["state"] for tile in site.tiles(job)] == ["live"] * 3 + ["starting"] * 3

        site.command("stop", job)
        wait_until(lambda: {tile["state"] for tile in site.tiles(job)} == {"stopped"}, 60, "the job is over")
        after = {tile["id"]: tile["metadata"].get("F") for tile in site.tiles(job) if tile["metadata"]}
        assert after == shown
    finally:
        page.close()
        remote.end()
        site.cluster.run("c1", ["rm", "-f", FILE], check=False)
