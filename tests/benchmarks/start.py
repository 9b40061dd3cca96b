"""From the start of a job to its pictures in a browser, and where the time goes.

``.venv/bin/python tests/benchmarks/start.py [--tiles 8] [--repeat 5] [--only local|cluster|containers]`` launches
``gray_scott`` on the local scheduler and, as an ordinary user, on the test cluster (two nodes, sbatch, tunnels), there
both on the bare nodes and in containers, while a page looks at the wall through the portal. The last line is one JSON
object: for each place the medians of the seconds from the first line of the job's script to

- ``registered``: the node agents have registered,
- ``tunnel``: their tunnels are up (on the cluster),
- ``program``: a tile's display is ready and its program starts,
- ``drawn``: the agent has seen the program draw,
- ``picture``: the page has the first picture of the tile that shows more than its empty display,

each for the first of them and for all; and ``queued``, from the launch to that first line. A step may begin before the
one above it has ended for all: tunnel and displays come up beside each other.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import simplejpeg

TESTS = Path(__file__).parents[1]
sys.path[:0] = [str(TESTS), str(TESTS / "portal"), str(TESTS / "cluster")]

from cluster import Cluster, UnsuitableError  # noqa: E402
from images_kit import OPTIONS, provide  # noqa: E402
from portal_kit import Browser, RunningPortal, WallPage  # noqa: E402
from site_kit import Site  # noqa: E402
from tvcore.node import wire  # noqa: E402

CASE = "gray_scott"
FLAT = 2.0  # grey levels that a picture of one colour may vary after JPEG
PATIENCE = 120.0  # seconds for the pictures of one job
MARK = re.compile(r"^begun (\d+\.\d+) ([+-]\d{4})$", re.MULTILINE)
# The person's settings: the script's first line says when it is, and in which time zone its node is.
SETTINGS = """[job]
prologue = "date '+begun %s.%N %z'"
"""
LINE = re.compile(r"^(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d),(\d{3}) tile (\d+): (.*)$", re.MULTILINE)
STEPS = {"program": "starting: the program starts", "drawn": "live"}  # of a tile, as the agent's log has them

Times = dict[str, list[float]]


class Place(Protocol):
    """Where jobs run, with a portal of one person."""

    name: str
    settings: tuple[str, ...]

    def ask(self, *arguments: str) -> Any:
        """Return the JSON document that a verb prints."""
        ...

    def login(self) -> Browser:
        """Return a browser that is logged in."""
        ...

    def log(self, job: str) -> Path:
        """Return the file with what the job prints."""
        ...

    def registrations(self, job: str) -> list[Path]:
        """Return the files of the agents that registered."""
        ...

    def tunnels(self, job: str) -> list[Path]:
        """Return the sockets that the endpoint made when tunnels came up."""
        ...


class Local:
    """The local scheduler of this machine, and a portal in *folder*."""

    name = "local"
    settings = ("--set", "scheduler.backend=local")

    def __init__(self, folder: Path) -> None:
        self._home = folder / "state"
        self._home.mkdir(mode=0o700)
        config = folder / "config" / "tiledviz"
        config.mkdir(parents=True)
        (config / "config.toml").write_text(SETTINGS)
        os.environ.update(TILEDVIZ_HOME=str(self._home), XDG_CONFIG_HOME=str(config.parent))
        self._portal = RunningPortal(self._home)

    def ask(self, *arguments: str) -> Any:
        """Return the JSON document that a verb prints."""
        command = [sys.executable, "-m", "tvcore", *arguments, "--json"]
        return json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True, timeout=300).stdout)

    def login(self) -> Browser:
        """Return a browser that is logged in."""
        return self._portal.login()

    def log(self, job: str) -> Path:
        """Return the file with what the job prints."""
        return self._home / "jobs" / job / "job.log"

    def registrations(self, job: str) -> list[Path]:
        """Return the files of the agents that registered."""
        return list((self._home / "agents").glob(f"{job}.*.json"))

    def tunnels(self, job: str) -> list[Path]:
        """Return none: the portal reaches these agents without."""
        return []

    def close(self) -> None:
        """End the portal."""
        self._portal.stop()


class OnCluster:
    """Two nodes of the test cluster, and a portal of an ordinary user on its login node."""

    name = "cluster"
    settings: tuple[str, ...] = ("--set", "nodes=2")

    def __init__(self, cluster: Cluster) -> None:
        config = "/home/tv/.config/tiledviz"
        cluster.run("login", ["mkdir", "-p", config], user="tv")
        cluster.run("login", ["tee", f"{config}/config.toml"], user="tv", input=SETTINGS)
        self._site = Site(cluster)
        self._site.up()

    def ask(self, *arguments: str) -> Any:
        """Return the JSON document that a verb prints."""
        return self._site.ask(*arguments, seconds=300)

    def login(self) -> Browser:
        """Return a browser that is logged in."""
        return self._site.login()

    def log(self, job: str) -> Path:
        """Return the file with what the job prints."""
        return self._site.state / "jobs" / f"slurm-{job}.log"

    def registrations(self, job: str) -> list[Path]:
        """Return the files of the agents that registered."""
        return list((self._site.state / "agents").glob(f"{job}.*.json"))

    def tunnels(self, job: str) -> list[Path]:
        """Return the sockets that the endpoint made when tunnels came up."""
        folder = self._site.node_path("login", Path(self._site.endpoint_info()["folder"]))
        return list(folder.glob(f"{job}.*"))

    def close(self) -> None:
        """End the portal."""
        self._site.close()


class InContainers(OnCluster):
    """The same, each tile in a container of its image."""

    name = "containers"
    settings = (*OnCluster.settings, *OPTIONS)

    def __init__(self, cluster: Cluster) -> None:
        provide(cluster)
        super().__init__(cluster)


@contextmanager
def places(only: str | None) -> Iterator[Iterator[Place | tuple[str, str]]]:
    """Give the places to measure at, one after the other; where there can be none, its name and why."""

    def each() -> Iterator[Place | tuple[str, str]]:
        if only in (None, "local"):
            folder = Path(at_the_end.enter_context(tempfile.TemporaryDirectory(prefix="tvb-", dir="/tmp")))
            local = Local(folder)
            at_the_end.callback(local.close)
            yield local
        if only != "local":
            try:
                cluster = at_the_end.enter_context(Cluster())
            except UnsuitableError as error:
                yield "cluster", str(error)
                return
            for kind in (OnCluster, InContainers):
                if only in (None, kind.name):
                    with contextlib.closing(kind(cluster)) as site:  # one portal of a person at a time
                        yield site

    with contextlib.ExitStack() as at_the_end:
        yield each()


class Viewer:
    """A page that shows the whole wall, and when it had the first picture of each tile (seconds since the epoch)."""

    def __init__(self, browser: Browser) -> None:
        self.first: dict[int, float] = {}
        self._tiles: dict[int, dict[str, Any]] = {}
        self._demanded: list[int] = []
        self._news = threading.Condition()
        self._page: WallPage = browser.wall()
        threading.Thread(target=self._run, daemon=True).start()

    def wait(self, job: str, count: int) -> list[float]:
        """Return when the first picture of each of the *count* tiles of *job* came. Raises TimeoutError."""

        def times() -> list[float]:
            return [self.first[id_] for id_, tile in self._tiles.items() if tile["job"] == job and id_ in self.first]

        with self._news:
            if not self._news.wait_for(lambda: len(times()) == count, PATIENCE):
                states = [(tile["state"], tile["reason"]) for tile in self._tiles.values()]
                raise TimeoutError(f"{len(times())} of {count} tiles had a picture after {PATIENCE:.0f} s: {states}")
            return times()

    def close(self) -> None:
        """Look away."""
        self._page.close()

    def _run(self) -> None:
        with contextlib.suppress(Exception):  # the connection was closed: whoever waits says so
            while True:
                self._page.receive(PATIENCE)
                with self._news:
                    self._take()
                    self._news.notify_all()

    def _take(self) -> None:
        now = time.time()
        for event in self._page.events:
            if event["event"] == "wall":
                self._tiles = {tile["id"]: tile for tile in event["wall"]["tiles"]}
            for tile in event.get("tiles", ()):
                self._tiles.get(tile["id"], {}).update(tile)
        self._page.events.clear()
        if list(self._tiles) != self._demanded:
            self._demanded = list(self._tiles)
            self._page.say(demand=[[id_, 320, 240, 1] for id_ in self._demanded])
        shown = {(tile["stream"], tile["index"]): id_ for id_, tile in self._tiles.items()}
        for message in self._page.pictures:
            picture = wire.unpack(message)
            self._page.say(drawn=len(message))
            new = [(cell, id_) for cell in picture.cells if (id_ := shown.get((picture.number, cell.tile)))]
            if all(id_ in self.first for _, id_ in new):
                continue
            pixels = simplejpeg.decode_jpeg(picture.jpeg, colorspace="BGR")
            for cell, id_ in new:
                if pixels[cell.y : cell.y + cell.h, cell.x : cell.x + cell.w].std() > FLAT:
                    self.first.setdefault(id_, now)
        self._page.pictures.clear()


def read_log(text: str) -> tuple[float, Times]:
    """Return when the job began, and when each tile came to each step first, from what the job printed."""
    mark = MARK.search(text)
    if mark is None:
        raise ValueError(f"the job did not say when it began:\n{text[-2000:]}")
    found: dict[str, dict[int, float]] = {step: {} for step in STEPS}
    for clock, thousandths, tile, said in LINE.findall(text):
        for step, words in STEPS.items():
            if said == words:
                at = datetime.strptime(f"{clock} {mark[2]}", "%Y-%m-%d %H:%M:%S %z").timestamp()
                found[step].setdefault(int(tile), at + int(thousandths) / 1000)
    return float(mark[1]), {step: list(tiles.values()) for step, tiles in found.items()}


def made_at(files: Iterable[Path]) -> list[float]:
    """Return when each of *files* was written."""
    return [file.stat().st_mtime for file in files]


def run_once(place: Place, tiles: int) -> dict[str, float]:
    """Launch *tiles* tiles at *place*, measure, and end them."""
    viewer = Viewer(place.login())
    try:
        launched = time.time()
        job = str(place.ask("launch", "--detach", CASE, "--tiles", str(tiles), *place.settings)["id"])
        try:
            seen = viewer.wait(job, tiles)
            begun, steps = read_log(place.log(job).read_text(errors="replace"))
            registered, tunnels = made_at(place.registrations(job)), made_at(place.tunnels(job))
        finally:
            place.ask("stop", job, "--remove")
    finally:
        viewer.close()
    times: Times = {"registered": registered, "tunnel": tunnels, **steps, "picture": seen}
    found = {"queued_s": begun - launched}
    for step, at in times.items():
        if at:
            found |= {f"first_{step}_s": min(at) - begun, f"all_{step}_s": max(at) - begun}
    return found


def measure(place: Place, tiles: int, repeat: int) -> dict[str, float]:
    """Return the medians of *repeat* launches."""
    place.ask("render", CASE, "--tiles", str(tiles), *place.settings)  # the ensemble is made now, or is there
    runs = []
    for _ in range(repeat):
        runs.append(run_once(place, tiles))
        print(place.name, json.dumps({name: round(value, 3) for name, value in runs[-1].items()}), flush=True)
    return {name: round(statistics.median(run[name] for run in runs), 3) for name in runs[0]}


def main() -> None:
    """Measure as often as asked and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tiles", type=int, default=8)
    parser.add_argument("--repeat", type=int, default=5)
    parser.add_argument("--only", choices=("local", "cluster", "containers"))
    given = parser.parse_args()
    result: dict[str, Any] = {"tiles": given.tiles, "repeat": given.repeat}
    with places(given.only) as each:
        for place in each:
            if isinstance(place, tuple):
                name, why = place
                result[name] = {"not_run": why}
            else:
                result[place.name] = measure(place, given.tiles, given.repeat)
    print(json.dumps({"start": result}))


if __name__ == "__main__":
    main()
