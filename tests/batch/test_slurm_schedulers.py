"""Which schedulers there are, and which runs what is launched."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tvcore.batch import schedulers, slurm_py
from tvcore.batch.local import LocalScheduler
from tvcore.batch.slurm import SlurmCommandLine
from tvcore.errors import TiledVizError

Choose = Callable[[str], None]


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """Forget what was found out before and after; there is no Slurm and nothing is set."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("TILEDVIZ_SITE_CONFIG", "")
    forget()
    yield
    forget()


def forget() -> None:
    for function in (schedulers._local, schedulers._slurm, schedulers._why_not):
        function.cache_clear()


@pytest.fixture
def choose(tmp_path: Path) -> Choose:
    """Return a function that sets scheduler.backend."""

    def write(backend: str) -> None:
        folder = tmp_path / "config" / "tiledviz"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "config.toml").write_text(f"[scheduler]\nbackend = {json.dumps(backend)}\n")

    return write


@pytest.fixture
def sbatch(tmp_path: Path) -> None:
    """Put an sbatch and a sinfo of 24.11 on the search path."""
    for name in ("sbatch", "sinfo"):
        (tmp_path / name).write_text("#!/bin/sh\necho slurm-wlm 24.11.5\n")
        (tmp_path / name).chmod(0o755)


def install_pyslurm(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, version: str, body: str = "") -> None:
    folder = tmp_path / "packages"
    (folder / f"pyslurm-{version}.dist-info").mkdir(parents=True)
    (folder / f"pyslurm-{version}.dist-info" / "METADATA").write_text(f"Name: pyslurm\nVersion: {version}\n")
    (folder / "pyslurm.py").write_text(body)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", str(folder))
    monkeypatch.delitem(sys.modules, "pyslurm", raising=False)


def test_without_slurm_there_is_the_local_scheduler() -> None:
    assert schedulers.schedulers().keys() == {"local"}
    assert isinstance(schedulers.default(), LocalScheduler)


@pytest.mark.usefixtures("sbatch")
def test_where_there_is_slurm_it_runs_what_is_launched_and_local_jobs_are_followed_too() -> None:
    assert schedulers.schedulers().keys() == {"local", "slurm"}
    assert isinstance(schedulers.default(), SlurmCommandLine)
    assert schedulers.default() is schedulers.schedulers()["slurm"]


@pytest.mark.usefixtures("sbatch")
def test_jobs_of_slurm_are_followed_where_the_local_scheduler_runs_new_ones(choose: Choose) -> None:
    choose("local")
    assert isinstance(schedulers.default(), LocalScheduler)
    assert isinstance(schedulers.schedulers()["slurm"], SlurmCommandLine)


@pytest.mark.parametrize(
    ("backend", "words"), [("slurm", "sbatch was not found"), ("pyslurm", "pyslurm is not installed")]
)
def test_a_chosen_scheduler_that_cannot_be_is_an_error_and_the_others_are_followed(
    choose: Choose, backend: str, words: str
) -> None:
    choose(backend)
    with pytest.raises(TiledVizError, match=f"scheduler.backend is {backend}, but {words}"):
        schedulers.default()
    assert schedulers.schedulers().keys() == {"local"}


@pytest.mark.usefixtures("sbatch")
def test_pyslurm_is_preferred_where_it_is_of_this_slurms_version(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, choose: Choose
) -> None:
    install_pyslurm(monkeypatch, tmp_path, "24.11.0")
    assert slurm_py.why_not() == ""
    assert isinstance(schedulers.default(), slurm_py.PyslurmScheduler)
    forget()
    choose("slurm")
    assert isinstance(schedulers.default(), SlurmCommandLine)


@pytest.mark.usefixtures("sbatch")
@pytest.mark.parametrize(
    ("version", "body", "words"),
    [
        ("25.11.2", "", "pyslurm 25.11.2 is for Slurm 25.11, this is 24.11: install pyslurm 24.11"),
        ("24.5.1", "", "pyslurm 24.5.1 is for Slurm 24.05, this is 24.11"),
        (
            "24.11.0",
            "raise RuntimeError('Slurm version mismatch')",
            "cannot be loaded: RuntimeError: Slurm version mism",
        ),
        ("24.11.0", "import os; os._exit(1)", "pyslurm cannot be loaded: exit code 1"),
    ],
)
def test_a_pyslurm_that_does_not_fit_is_passed_over_and_says_why_when_it_was_chosen(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, choose: Choose, version: str, body: str, words: str
) -> None:
    install_pyslurm(monkeypatch, tmp_path, version, body)
    assert isinstance(schedulers.default(), SlurmCommandLine)
    choose("pyslurm")
    with pytest.raises(TiledVizError, match=f"scheduler.backend is pyslurm, but .*{words}"):
        schedulers.default()
    assert isinstance(schedulers.schedulers()["slurm"], SlurmCommandLine)


def test_the_name_of_a_jobs_scheduler_is_told_by_its_id() -> None:
    assert [schedulers.scheduler_of(job) for job in ("local-0123abcd", "123")] == ["local", "slurm"]
