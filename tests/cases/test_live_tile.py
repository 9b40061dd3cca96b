"""A case's own program acts on its live tiles, and people do: launched, asked, started again, on this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tvcore import api
from tvcore import tiles as acts
from tvcore.batch.scheduler import JobState
from tvcore.cases.live import LiveTile
from tvcore.errors import TiledVizError
from tvcore.store import Store
from tvcore.tunnel import agents

CASE = """
import json
from pathlib import Path
from pydantic import BaseModel
from tvcore.cases import CaseInfo, Member, TileSpec, hookimpl

class Parameters(BaseModel):
    notes: str = ""
    code: int = 0

@hookimpl
def case_info():
    return CaseInfo(name="acting", title="Acting", description="Acts on its tiles.")

@hookimpl
def case_parameters():
    return Parameters

@hookimpl
def case_members(parameters, count):
    return [Member(index=10 + i, title=f"m{i}") for i in range(3 if count is None else count)]

@hookimpl
def case_tile(parameters, member):
    command = ("sh", "-c", f"exit {parameters.code}") if parameters.code else ("xmessage", member.title)
    return TileSpec(command=command, environment={"MEMBER": str(member.index)})

@hookimpl
def case_ready(parameters, member, tile):
    if not parameters.notes:
        raise ValueError("no folder for notes")
    told = Path(parameters.notes) / f"{member.index}"
    tile.put([b"by ", b"the case"], f"{told}.put")
    seen = tile.run(["sh", "-c", 'echo "$MEMBER"'])
    print("the case was here", flush=True)
    told.write_text(json.dumps([seen.text, tile.read(f"{told}.put").decode(), tile.index]))
"""


@pytest.fixture
def acting(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the case ``acting``, as a person's own package is."""
    folder = tmp_path / "cases"
    info = folder / "acting_case-1.dist-info"
    info.mkdir(parents=True)
    (folder / "acting_case.py").write_text(CASE)
    (info / "entry_points.txt").write_text("[tiledviz.cases]\nacting = acting_case\n")
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acting-case\nVersion: 1\n")
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.syspath_prepend(str(folder))


@pytest.fixture
def store(acting: None, home: Path) -> Iterator[Store]:
    store = Store.open()
    yield store
    for job in api.jobs(store):
        api.stop(store, job["id"], remove=True)
    store.close()


@pytest.fixture
def notes(tmp_path: Path) -> Path:
    folder = tmp_path / "notes"
    folder.mkdir()
    return folder


def launch(store: Store, tiles: int = 2, **given: object) -> list[dict[str, Any]]:
    """Launch the case; return its tiles once they are live, or failed."""
    job = api.launch(store, "acting", {"scheduler.backend": "local", **given}, tiles)
    return api.wait_until_live(store, job["id"], lambda _job, _tiles: None, 60)


def ids(found: list[dict[str, Any]]) -> list[int]:
    return [tile["id"] for tile in found]


def tiledviz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tvcore", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, env=os.environ)


def test_the_case_is_told_once_that_each_tile_is_live_and_acts_in_it(
    store: Store, notes: Path, until: Callable[..., None]
) -> None:
    launched = launch(store, notes=str(notes))
    assert [tile["state"] for tile in launched] == ["live", "live"]
    until(lambda: all(path.exists() and path.read_text() for path in (notes / "10", notes / "11")), seconds=30)
    for index, member in enumerate(("10", "11")):
        assert json.loads((notes / member).read_text()) == [f"{member}\n", "by the case", index]
        until(lambda tile=launched[index]["id"]: "the case was here" in api.logs(store, str(tile)), seconds=10)
    (notes / "10").unlink()
    acts.restart_tiles(store, ids(launched)[:1])
    pid = launched[0]["pid"]
    until(lambda: api.tiles(store)[0]["pid"] not in (None, pid) and api.tiles(store)[0]["state"] == "live", seconds=30)
    assert not (notes / "10").exists()


def test_what_fails_in_the_cases_hook_is_one_line_of_the_tiles_log(store: Store, until: Callable[..., None]) -> None:
    (tile,) = launch(store, tiles=1)
    assert tile["state"] == "live"

    def told() -> list[str]:
        return [line for line in api.logs(store, str(tile["id"])) if "case_ready" in line]

    until(told, seconds=30)
    (line,) = told()
    assert line.startswith("[tiledviz] case_ready: the case acting (acting_case) failed in case_ready: ValueError: no")
    assert "Traceback" not in "".join(api.logs(store, str(tile["id"])))


def test_tiles_are_stopped_started_again_and_removed_until_their_job_ends(
    store: Store, notes: Path, until: Callable[..., None]
) -> None:
    first, second = ids(launch(store, notes=str(notes)))

    def states() -> dict[int, str]:
        return {tile["id"]: tile["state"] for tile in api.tiles(store)}

    assert [found["error"] for found in acts.stop_tiles(store, [first])] == [""]
    until(lambda: states() == {first: "stopped", second: "live"}, seconds=20)
    assert "it is not live" in acts.type_text(store, [first], "x")[0]["error"]
    acts.restart_tiles(store, [first])
    until(lambda: states() == {first: "live", second: "live"}, seconds=20)
    acts.remove_tiles(store, [first])
    assert states() == {second: "live"}
    (job,) = api.jobs(store)
    assert (job["state"], job["tiles"]) == ("running", 1)
    acts.remove_tiles(store, [second])
    until(lambda: api.jobs(store) == [], seconds=20)
    until(lambda: list(agents.registrations()) == [], seconds=20)


def test_a_job_that_is_over_is_launched_again_with_what_is_left_of_it(
    store: Store, notes: Path, until: Callable[..., None]
) -> None:
    first, *_ = launch(store, 3, notes=str(notes))
    acts.remove_tiles(store, [first["id"]])
    api.stop(store, first["job"])
    done = tiledviz("launch", "--again", first["job"], "--json")
    assert done.returncode == 0, done
    again = json.loads(done.stdout)
    assert (again["live"], again["tiles"]) == (2, 2)
    assert again["id"] != first["job"]
    assert [(tile["title"], tile["state"]) for tile in api.tiles(store)] == [("m1", "live"), ("m2", "live")]
    assert [run["stdout"] for run in acts.run_on_tiles(store, ids(api.tiles(store)), ["sh", "-c", "echo $MEMBER"])] == [
        "11\n", "12\n",
    ]  # fmt: skip
    refused = tiledviz("launch", "--again", again["id"])
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "is not over" in refused.stderr


def test_launch_waits_until_tiles_are_live_and_tells_why_one_failed(store: Store, notes: Path) -> None:
    local = ("--set", "scheduler.backend=local", "--tiles", "2")
    done = tiledviz("launch", "acting", *local, "--set", f"notes={notes}")
    assert done.returncode == 0, done
    assert "2 of 2 live" in done.stderr.splitlines()[-1]
    assert done.stdout.endswith(": 2 of 2 live\n")
    done = tiledviz("launch", "acting", *local, "--set", "code=7", "--json")
    assert done.returncode == 1
    assert done.stderr == ""
    document = json.loads(done.stdout)
    assert (document["case"], document["live"]) == ("acting", 0)
    done = tiledviz("launch", "acting", *local, "--set", "code=7")
    assert done.returncode == 1
    assert "(m0) failed: the program ended with exit code 7" in done.stderr
    assert "Then start it again." in done.stderr
    assert done.stdout.endswith("0 of 2 live, 2 failed\n")


def test_the_command_line_acts_on_tiles(store: Store, notes: Path, tmp_path: Path) -> None:
    first, second = ids(launch(store, notes=str(notes)))
    wanted = f"{first},{second}"
    done = tiledviz("tile", "run", wanted, "--json", "--", "sh", "-c", 'echo "$MEMBER"; exit $(($MEMBER - 10))')
    assert done.returncode == 1
    assert [(found["code"], found["stdout"]) for found in json.loads(done.stdout)] == [(0, "10\n"), (1, "11\n")]
    done = tiledviz("tile", "run", str(second), "--", "sh", "-c", "printf one; printf two >&2; exit 5")
    assert (done.returncode, done.stdout, done.stderr) == (5, "one", "two")
    done = tiledviz("tile", "run", "all", "--where", "title=m1", "--", "pwd")
    assert (done.returncode, done.stderr) == (0, "")
    content = os.urandom(100_000)
    (tmp_path / "sent").write_bytes(content)
    done = tiledviz("tile", "put", str(first), str(tmp_path / "sent"), f"{notes}/a b")
    assert (done.returncode, done.stderr) == (0, "")
    done = tiledviz("tile", "get", str(second), f"{notes}/a b", str(tmp_path / "fetched"), "--json")
    assert json.loads(done.stdout)["bytes"] == len(content)
    assert (tmp_path / "fetched").read_bytes() == content
    done = tiledviz("tile", "get", str(second), f"{notes}/nowhere", str(tmp_path / "nothing"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert f"{notes}/nowhere" in done.stderr
    assert not (tmp_path / "nothing").exists()
    done = tiledviz("tile", "stop", "all")
    assert done.returncode == 0
    assert done.stdout.count("stopped") == 2
    done = tiledviz("tile", "key", "all", "Return")
    assert done.returncode == 1
    assert done.stdout.count("it is not live, but stopped") == 2


def test_a_tile_whose_agent_is_gone_says_so_in_one_line(store: Store, notes: Path) -> None:
    (tile,) = launch(store, tiles=1, notes=str(notes))
    (registration,) = agents.registrations()
    api.stop(store, tile["job"])
    assert JobState(api.jobs(store)[0]["state"]).ended
    with pytest.raises(TiledVizError, match="does not answer"):
        LiveTile(registration, 0).run(["true"])
    assert "its job is over" in acts.run_on_tiles(store, [tile["id"]], ["true"])[0]["error"]
