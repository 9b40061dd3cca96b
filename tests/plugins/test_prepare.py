from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from tvcore.ensemble import open_ensemble, partial_files
from tvcore.errors import TiledVizError
from tvcore.plugins.gray_scott import prepare as preparing
from tvcore.plugins.gray_scott.parameters import Parameters
from tvcore.plugins.gray_scott.prepare import ensemble_path, prepare
from tvcore.plugins.gray_scott.simulation import kill_line
from waiting import wait_until

SMALL = Parameters(members=4, size=16, steps=300)
LONG = Parameters(members=2, size=16, steps=200_000)
PREPARE = """
import sys
from tvcore.plugins.gray_scott.parameters import Parameters
from tvcore.plugins.gray_scott.prepare import prepare
prepare(Parameters.model_validate_json(sys.argv[1]), lambda fraction, text: print(fraction, text, flush=True))
"""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Give the test a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "tiledviz"


def quiet(_fraction: float, _text: str) -> None:
    """Report to nobody."""


def in_process(parameters: Parameters) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-c", PREPARE, parameters.model_dump_json()], stdout=subprocess.PIPE, text=True
    )


def workers_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def test_the_sweep_is_written_with_metadata_fields_and_surfaces(cache: Path) -> None:
    told: list[tuple[float, str]] = []
    path = prepare(SMALL, lambda fraction, text: told.append((fraction, text)))
    assert sorted(p.suffix for p in cache.iterdir()) == [".h5", ".lock"]
    fractions = [fraction for fraction, _ in told]
    assert fractions == sorted(fractions)
    assert told[-1] == (1.0, "4 members made")
    with open_ensemble(path) as ensemble:
        table = ensemble.table()
        assert [(run.feed, run.kill) for run in SMALL.runs()] == list(zip(table["F"], table["k"], strict=True))
        assert set(table["class"]) <= {"spots", "stripes", "waves", "dead"}
        for column in ensemble.columns:
            assert column.description
            assert column.unit or column.is_text
        for member in range(4):
            u, v = ensemble.field("u", member), ensemble.field("v", member)
            assert (u.shape, u.dtype) == ((16, 16, 16), np.float32)
            assert v.mean(dtype=float) == pytest.approx(table["mean_v"][member])
            triangles = ensemble.dataset(f"surfaces/{member}/triangles")
            points = ensemble.dataset(f"surfaces/{member}/points")
            assert len(triangles) == table["triangles"][member]
            assert not len(triangles) or triangles.max() == len(points) - 1


def test_what_is_there_is_not_made_again() -> None:
    path = prepare(SMALL, quiet)
    before = path.stat()
    assert prepare(SMALL, lambda *_: pytest.fail("made again")) == path
    assert path.stat().st_mtime_ns == before.st_mtime_ns


def test_other_parameters_have_another_file() -> None:
    names = {ensemble_path(p).name for p in (SMALL, LONG, SMALL.model_copy(update={"isovalue": 0.3}))}
    assert len(names) == 3
    assert ensemble_path(SMALL) == ensemble_path(Parameters(members=4, size=16, steps=300))


@pytest.mark.parametrize("damage", ["short", "garbage", "inside", "empty"])
def test_a_damaged_file_is_made_again(damage: str) -> None:
    path = prepare(SMALL, quiet)
    whole = path.read_bytes()
    with open_ensemble(path) as ensemble:
        at = whole.index(ensemble.field("v", 2).tobytes())
    damaged = {
        "short": whole[: len(whole) // 2],
        "garbage": os.urandom(5000),
        "inside": whole[: at + 50] + b"\xff\x00\xff" + whole[at + 53 :],
        "empty": b"",
    }[damage]
    path.write_bytes(damaged)
    told: list[str] = []
    assert prepare(SMALL, lambda _, text: told.append(text)) == path
    assert told[0] == f"{path.name} is damaged: making it again"
    with open_ensemble(path) as ensemble:
        ensemble.verify()
        assert len(ensemble) == 4


def test_killed_in_the_middle_it_leaves_no_worker_and_is_made_by_the_next(cache: Path) -> None:
    process = in_process(LONG)
    assert process.stdout is not None
    with process:
        wait_until(lambda: "integrating" in process.stdout.readline(), what="the start of the work")
        wait_until(lambda: partial_files(ensemble_path(LONG)), what="the half-made file")
        workers = workers_of(process.pid)
        assert workers
        process.kill()
    assert process.returncode == -signal.SIGKILL
    wait_until(lambda: all(gone(pid) for pid in workers), what="the end of the workers")
    assert not ensemble_path(LONG).exists()
    # the same place, made with parameters that a test has the time for
    short = LONG.model_copy(update={"steps": 100})
    partial_files(ensemble_path(LONG))[0].rename(cache / f".{ensemble_path(short).name}.0000.partial")
    prepare(short, quiet)
    assert partial_files(ensemble_path(short)) == []
    assert ensemble_path(short).exists()


def test_interrupted_it_leaves_nothing(cache: Path) -> None:
    process = in_process(LONG)
    assert process.stdout is not None
    with process:
        wait_until(lambda: "integrating" in process.stdout.readline(), what="the start of the work")
        workers = workers_of(process.pid)
        process.send_signal(signal.SIGINT)
    # 1: the interrupt came while the pool of workers was being told of something, and Python ended by that error
    assert process.returncode in (-signal.SIGINT, 1)
    assert all(gone(pid) for pid in workers)
    assert [p.suffix for p in cache.iterdir()] == [".lock"]


def test_a_worker_that_is_killed_is_an_error_in_one_line(cache: Path) -> None:
    failures: list[str] = []

    def run() -> None:
        try:
            prepare(LONG, quiet)
        except TiledVizError as error:
            failures.append(str(error))

    thread = threading.Thread(target=run)
    thread.start()
    children = Path(f"/proc/self/task/{thread.native_id}/children")
    wait_until(lambda: children.read_text().split(), what="a worker")
    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
    thread.join(30)
    assert failures == [
        "the simulation ended early (signal 9, perhaps for want of memory): launch it again, or with a smaller size"
    ]
    assert [p.suffix for p in cache.iterdir()] == [".lock"]


def test_two_at_once_make_one_file() -> None:
    one, other = in_process(SMALL), in_process(SMALL)
    said = [process.communicate(timeout=120)[0] for process in (one, other)]
    assert (one.returncode, other.returncode) == (0, 0)
    assert sum("members made" in text for text in said) == 1
    assert len(list(ensemble_path(SMALL).parent.glob("*.h5"))) == 1


def test_whoever_waits_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    with preparing._locked(ensemble_path(SMALL).with_suffix(".lock"), quiet):
        thread = threading.Thread(target=prepare, args=(SMALL, lambda _, text: told.append(text)))
        thread.start()
        wait_until(lambda: told, what="the report")
        assert told == ["waiting for another TiledViz, which makes the same ensemble"]
        assert not ensemble_path(SMALL).exists()
    thread.join(60)
    assert ensemble_path(SMALL).exists()


def test_the_sweep_is_a_grid_beside_the_kill_line() -> None:
    runs = Parameters().runs()
    assert len(runs) == 16
    assert len({run.feed for run in runs}) == 4
    for row in (runs[i : i + 4] for i in range(0, 16, 4)):
        assert len({run.feed for run in row}) == 1
        assert [run.kill for run in row] == sorted({run.kill for run in row})
        assert row[0].kill - kill_line(row[0].feed) == pytest.approx(0.001, abs=1e-6)
    assert [len(Parameters(members=n).runs()) for n in (1, 2, 7, 64)] == [1, 2, 7, 64]
