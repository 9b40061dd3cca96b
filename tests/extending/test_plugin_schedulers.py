"""Batch systems of plugins: what is launched runs there, is followed and ended; one that is broken costs one line."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin_kit import write_plugin, write_sample
from tvcore import api, config
from tvcore.batch import schedulers, watch
from tvcore.batch.scheduler import JobState, JobStatus, Scheduler, SchedulerAwayError
from tvcore.cases import provided
from tvcore.errors import TiledVizError, UsageError
from tvcore.store import Store
from tvcore.tunnel import agents
from tvcore.tunnel.process import end_endpoint
from waiting import wait_until

SPOOL = Path(__file__).parent / "spool.py"

# One whose parts fail as a test says.
HOSTILE = """
from tvcore.cases import hookimpl
from tvcore.cases.extending import SchedulerWay

class Hostile:
    name = "hostile"
    def submit(self, script): return {submit}
    def jobs(self, ids): return {jobs}
    def cancel(self, job): raise RuntimeError("no\\nway")
    def estimate(self, script): return "soon"
    def addresses(self, node): return 7

@hookimpl
def portal_schedulers():
    return [SchedulerWay(name="hostile", title="Hostile", job_variable="JOB", make={make})]
"""


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Forget what was loaded before and after: plugins of one name are others in each test."""
    provided.values.cache_clear()
    schedulers._foreign.cache_clear()
    yield
    provided.values.cache_clear()
    schedulers._foreign.cache_clear()


@pytest.fixture
def store() -> Iterator[Store]:
    made = Store.open()
    yield made
    made.close()


def use_spool() -> None:
    write_plugin("spool", SPOOL.read_text())
    write_sample("shown", case_tile='def case_tile():\n    return TileSpec(command=("xmessage", "hello"))')


@pytest.mark.parametrize("remote", [False, True], ids=["here", "by the tunnel"])
def test_a_case_runs_by_the_scheduler_of_a_plugin_and_is_followed_and_stopped(
    store: Store, home: Path, monkeypatch: pytest.MonkeyPatch, remote: bool
) -> None:
    monkeypatch.setenv("SPOOL", json.dumps({"remote": remote}))
    use_spool()
    given = {"scheduler.backend": "spool", "tunnel.host": "127.0.0.1"}
    with pytest.raises(UsageError, match=r"^--set job\.nodes=2: jobs of spool have one node$"):
        api.launch(store, "shown", {**given, "job.nodes": "2"}, tiles=2)
    job = api.launch(store, "shown", given, tiles=1)
    assert job["id"].startswith("spool-")
    assert job["scheduler"] == "spool"
    try:

        def live() -> bool:
            watch.sync(store, 0.1)
            return [tile["state"] for tile in api.tiles(store)] == ["live"]

        wait_until(live, 60, "a live tile in a job of the plugin's scheduler")
        (registration,) = agents.registrations()
        assert (registration.job, bool(registration.key)) == (job["id"], remote)
        assert any("1 tiles, sockets in" in line for line in api.logs(store, job["id"]))
        # Whoever comes later follows it too, whatever the setting says by now.
        schedulers._foreign.cache_clear()
        assert schedulers.schedulers().keys() >= {"local", "spool"}
        assert schedulers.scheduler_of(job["id"]) == "spool"
        with pytest.raises(UsageError, match="the scheduler spool knows no job spool-0"):
            schedulers.schedulers()["spool"].cancel("spool-0")
    finally:
        stopped = api.stop(store, job["id"])
        end_endpoint(home)
    assert JobState(stopped["state"]) is JobState.CANCELLED


def test_an_unknown_scheduler_or_one_that_cannot_be_is_said_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SPOOL", json.dumps({"why": "its disk\nis full"}))
    use_spool()
    with pytest.raises(UsageError, match=r"there is no scheduler pbs: there are auto, slurm, pyslurm, local, spool$"):
        schedulers.default("pbs")
    with pytest.raises(TiledVizError, match=r"scheduler\.backend is spool, but its disk is full"):
        schedulers.default("spool")
    assert "spool" not in schedulers.schedulers()
    with pytest.raises(UsageError, match="must be auto, slurm, pyslurm, local, or the name of a plugin's scheduler"):
        config.load({"scheduler.backend": "$(touch x)"})


@pytest.mark.parametrize(
    ("parts", "verb", "words"),
    [
        ({"make": "lambda: 1 / 0"}, "submit", "submit failed: ZeroDivisionError"),
        ({"submit": "'../../x'"}, "submit", "calls a job '../../x': an id has letters"),
        ({"submit": "7"}, "submit", "submit returned int"),
        ({"jobs": "{'1': 'running'}"}, "jobs", "something else than a JobStatus"),
        ({"jobs": "exit(3)"}, "jobs", "jobs failed: SystemExit"),
        ({}, "estimate", "estimate returned str"),
        ({}, "addresses", "addresses returned int"),
    ],
)
def test_a_scheduler_of_a_plugin_that_fails_is_away_and_the_others_are_not(
    parts: dict[str, str], verb: str, words: str
) -> None:
    write_plugin("hostile", HOSTILE.format(**{"make": "Hostile", "submit": "'1'", "jobs": "{}"} | parts))
    found = schedulers.default("hostile")
    arguments = {"jobs": [["hostile-1"]], "submit": ["#!/bin/bash\n"], "estimate": ["#!/bin/bash\n"]}
    with pytest.raises(TiledVizError, match=f"the scheduler hostile.*{words}") as caught:
        getattr(found, verb)(*arguments.get(verb, ["node"]))
    assert "\n" not in str(caught.value)
    assert schedulers.schedulers()["local"].jobs([]) == {}


def test_jobs_of_a_scheduler_whose_plugin_is_gone_stay_as_they_are_with_a_notice(store: Store) -> None:
    use_spool()
    found: Scheduler = schedulers.default("spool")
    job = found.submit("#!/bin/bash\nexit 0\n")
    wait_until(lambda: found.jobs([job])[job].state.ended, 30, "the job is over")
    assert isinstance(found.jobs([job])[job], JobStatus)
    shutil.rmtree(config.own_file().parent / "plugins")
    schedulers._foreign.cache_clear()
    provided.values.cache_clear()
    with pytest.raises(SchedulerAwayError, match="the scheduler spool cannot be asked: the plugin spool"):
        schedulers.schedulers()["spool"].jobs([job])
