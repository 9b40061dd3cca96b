"""``kill -9`` of the portal and of its workers, at any moment of what people do: all that was acknowledged is there.

A few times here; hundreds of times in ``make soak``.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from kills_kit import (
    Actor,
    Invitations,
    Kind,
    Logins,
    Membership,
    Presets,
    Registers,
    TileSets,
    Tokens,
    Versions,
    Walls,
    done,
)

from portal_kit import ConfiguredPortal, RunningPortal
from soak import examples
from tvcore.store.check import check
from waiting import wait_until

KILLS = examples(4, 200)
MOST = 30  # things that people have done when it is killed, at most
LONGEST = 0.1  # seconds that they have for the next ones
AT_WORK = 2  # of those whose hands there are: each needs processes of its own, which take longer than all else
LOOKED = 10  # kills until everybody's things are looked at, and not just those of who was at work
ACT_SECONDS = 120.0


def kill(portal: RunningPortal, drawn: random.Random) -> None:
    """Kill it and all its processes at once, in an order that is drawn."""
    pids = [portal.process.pid, *portal.children()]
    drawn.shuffle(pids)
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    portal.stop()


def work(portal: RunningPortal, actors: list[Actor], drawn: random.Random) -> int:
    """Have *actors* work for as long as is drawn, and the portal killed; return how much they were told is done."""
    enough, rest = drawn.randrange(MOST), drawn.uniform(0, LONGEST)
    wait_until(
        lambda: sum(actor.count for actor in actors) >= enough or any(actor.wrong for actor in actors),
        ACT_SECONDS, f"{enough} things are done",
    )  # fmt: skip
    time.sleep(rest)
    kill(portal, drawn)
    return sum(actor.end() for actor in actors)


def test_what_the_portal_acknowledged_is_there_after_it_was_killed_at_any_moment(engine: str, home: Path) -> None:
    drawn = random.Random(f"2026-11-29 {engine}")
    portal = ConfiguredPortal(home)
    owner = portal.login()
    project = int(done(owner.post("/projects", {"name": "Flames"}))["id"])
    hands: list[list[Kind]] = [
        [Registers()],
        [Versions(), Walls(project), Membership(portal, project)],
        [Invitations(), TileSets(), Tokens()],
        [Presets()],
        [Logins(owner)],
    ]
    total = 0
    try:
        for number in range(1, KILLS + 1):
            at_work = drawn.sample(hands, AT_WORK)
            actors = [Actor(portal, owner, each, drawn.getrandbits(32)) for each in at_work]
            total += work(portal, actors, drawn)
            said = portal.log.read_text()
            assert "Traceback" not in said, said
            portal = ConfiguredPortal(home, port=portal.port)
            owner.portal = portal
            looked = hands if number in (KILLS, *range(0, KILLS, LOOKED)) else at_work
            lost = [line for kinds in looked for kind in kinds for line in kind.lost(portal, owner)]
            assert lost == [], f"after kill {number}"
            assert [each for each in check() if each.wrong] == [], f"after kill {number}"
            print(f"{engine}: {number} kills, {total} things acknowledged, none lost", flush=True)
        assert total > KILLS, "something was done before most kills"
    finally:
        portal.stop()
    verb = [sys.executable, "-m", "tvcore", "db", "check"]
    sound = subprocess.run(verb, capture_output=True, text=True, timeout=120, check=False)
    assert sound.returncode == 0, sound.stdout + sound.stderr
