"""How fast a local wall starts, and what it costs to look at it and not to.

``.venv/bin/python tests/benchmarks/demo.py [--tiles 16] [--repeat 3] [--seconds 10]`` launches ``gray_scott`` on the
local scheduler and reads its wall stream as a viewer does. The last line is one JSON object of medians: seconds from
launch to the first and to all tiles live; then, of one core, what the agent, the Xvncs and the programs take while
nobody looks, and while all tiles are looked at at half size, with frames per second and tile and MB per second.
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from typing import Any

from bench_kit import cores, medians, report
from tvcore import api
from tvcore.node import wire
from tvcore.store import Store
from tvcore.tunnel import agents

WINDOW = 1 << 22  # bytes of pictures that may be on their way


def watch(registration: agents.Registration, tiles: list[dict[str, Any]], seconds: float) -> tuple[float, float]:
    """Look at *tiles* at half their size for *seconds*; return pictures per second and tile, and MB per second."""
    cells = size = 0
    with agents.connect(registration, "wall", number=1) as stream, stream.makefile("rwb") as file:

        def say(**what: object) -> None:
            file.write(json.dumps({"viewer": 1, **what}).encode() + b"\n")
            file.flush()

        say(demand=[[tile["index"], tile["width"] // 2, tile["height"] // 2, 1] for tile in tiles], credit=WINDOW)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            (length,) = wire.LENGTH.unpack(file.read(wire.LENGTH.size))
            _, picture = wire.read_address(file.read(length))
            cells += len(wire.unpack(bytes(picture)).cells)
            size += len(picture)
            say(credit=len(picture))
    return cells / seconds / len(tiles), size / seconds / 1e6


def run_once(store: Store, count: int, seconds: float) -> dict[str, float]:
    """Launch *count* tiles, measure, and end them."""
    begin = time.monotonic()
    job = api.launch(store, "gray_scott", {"scheduler.backend": "local"}, count)["id"]
    (registration,) = _registered(job)
    first = 0.0
    while True:
        tiles = agents.call(registration, "status")["tiles"]
        live = sum(tile["state"] == "live" for tile in tiles)
        first = first or (time.monotonic() - begin if live else 0.0)
        if live == count:
            break
        time.sleep(0.05)
    everything = time.monotonic() - begin
    groups = {
        "agent": [registration.pid],
        "xvnc": [tile["xvnc"] for tile in tiles],
        "programs": [tile["pid"] for tile in tiles],
    }
    time.sleep(3)  # the programs come to rest
    idle = cores(groups, lambda: time.sleep(seconds))
    seen: list[tuple[float, float]] = []
    looked_at = cores(groups, lambda: seen.append(watch(registration, tiles, seconds)))
    api.stop(store, job, remove=True)
    return {
        "first_live_s": first,
        "all_live_s": everything,
        **{f"idle_{name}_cores": value for name, value in idle.items()},
        **{f"seen_{name}_cores": value for name, value in looked_at.items()},
        "seen_fps": seen[0][0],
        "seen_mb_s": seen[0][1],
    }


def _registered(job: str) -> list[agents.Registration]:
    while not (found := [r for r in agents.registrations() if r.job == job]):
        time.sleep(0.02)
    return found


def main() -> None:
    """Measure as often as asked and print the medians."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--tiles", type=int, default=16)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=10)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tvb-") as folder:
        os.environ["TILEDVIZ_HOME"] = f"{folder}/state"
        store = Store.open()
        api.plan_case("gray_scott", {}, given.tiles)  # the ensemble is made, or there
        runs = [run_once(store, given.tiles, given.seconds) for _ in range(given.repeat)]
        store.close()
    report("demo", {"tiles": given.tiles, **medians(runs)})


if __name__ == "__main__":
    main()
