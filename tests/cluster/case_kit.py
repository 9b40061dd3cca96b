"""A person's own case on the test cluster, installed in a folder of theirs; and how tiles of it fail."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cluster import USERS, Cluster
from site_kit import Site
from tvcore.causes import Cause
from waiting import wait_until

CASE = Path(__file__).with_name("trial_case.py")
ENTRY_POINTS = "[tiledviz.cases]\ntrial = trial_case\n"
METADATA = "Metadata-Version: 2.1\nName: trial-case\nVersion: 1\n"


def install_case(cluster: Cluster, user: str = "tv") -> str:
    """Install the case ``trial`` for *user*; return the folder, as the nodes see it, for PYTHONPATH."""
    folder = cluster.home(user) / "cases"
    info = folder / "trial_case-1.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (folder / CASE.name).write_text(CASE.read_text())
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (info / "METADATA").write_text(METADATA)
    for path in (folder, *folder.rglob("*")):
        os.chown(path, USERS[user], USERS[user])
    return f"/home/{user}/cases"


def site_with_images(cluster: Cluster, images: dict[str, Path]) -> Iterator[Site]:
    """Give a portal of a person who has the case, and the *images* where their settings say; end it after that."""
    site = Site(cluster, python_path=install_case(cluster))
    site.configure(f'[images]\nfolder = "{next(iter(images.values())).parent}"\n')
    site.up()
    yield site
    site.close()
    site.configure("")


def trial(site: Site, program: str, *options: str, tiles: int = 1) -> str:
    """Launch the case ``trial`` with *program* in each tile; return the job's id."""
    command = ("launch", "trial", "--detach", "--tiles", str(tiles), "--set", f"program={program}", *options)
    return str(site.ask(*command)["id"])


def fail(site: Site, cause: Cause, job: str, seconds: float = 60) -> list[dict[str, Any]]:
    """Wait until every tile of *job* failed for *cause*, and says so in one line and what to do; return them."""
    found: list[dict[str, Any]] = []

    def failed() -> bool:
        found[:] = site.tiles(job)
        return {tile["state"] for tile in found} == {"failed"}

    try:
        wait_until(failed, seconds, f"the tiles of job {job} failed")
    except BaseException:
        print([(tile["state"], tile["cause"], tile["reason"]) for tile in found], file=sys.stderr)
        print(site.diagnosis(job), file=sys.stderr)
        raise
    for tile in found:
        assert (tile["cause"], tile["advice"]) == (cause, cause.advice), tile["reason"]
        assert len(tile["reason"].splitlines()) == 1
    return found


def tile_verb(
    site: Site, verb: str, tiles: Sequence[dict[str, Any]], *arguments: str, check: bool = True
) -> list[dict[str, Any]]:
    """Do ``tiledviz tile VERB`` with *tiles*; return the result of each. *check*: none may be an error."""
    ids = ",".join(str(tile["id"]) for tile in tiles)
    done = site.command("tile", verb, ids, "--json", *arguments, check=False)
    assert done.stdout, done.stderr
    results: list[dict[str, Any]] = json.loads(done.stdout)
    assert [result["tile"] for result in results] == [tile["id"] for tile in tiles]
    assert not check or done.returncode == 0, results
    return results


def in_tiles(site: Site, tiles: Sequence[dict[str, Any]], *command: str, check: bool = True) -> list[dict[str, Any]]:
    """Run *command* in *tiles*; return the result of each."""
    return tile_verb(site, "run", tiles, "--", *command, check=check)
