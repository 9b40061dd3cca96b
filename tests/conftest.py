"""What every test has: a TiledViz of its own, in folders that nobody else uses."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from postgres import engine, postgres

from waiting import wait_until
from wheel_kit import course, installed, made, source, wheel

__all__ = ["course", "engine", "installed", "made", "postgres", "source", "wheel"]

OUTPUT = Path(__file__).parent / "output"
# Folders whose tests share a cluster: one process runs them all.
CLUSTER = ("tests/cluster/", "tests/hostile/")
# What is held to a time is marked so: how quick examples are made and tried says nothing on a busy machine.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Have the tests of a module, and all of those that share a cluster, run in one process where several run."""
    from xdist.scheduler import LoadScopeScheduling

    class Together(LoadScopeScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            return "cluster" if nodeid.startswith(CLUSTER) else nodeid.partition("::")[0]

    return Together(config, log)


@pytest.fixture(autouse=True)
def home(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Give the test an empty state folder and a short runtime folder (unix sockets: 108 bytes)."""
    folder = Path(tempfile.mkdtemp(prefix="tvt-", dir="/tmp"))
    for name in ("state", "run"):
        (folder / name).mkdir(mode=0o700)
    monkeypatch.setenv("TILEDVIZ_HOME", str(folder / "state"))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("TILEDVIZ_SITE_CONFIG", "")
    yield folder / "state"
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def output() -> Path:
    """Return the folder for pictures that people look at."""
    OUTPUT.mkdir(exist_ok=True)
    return OUTPUT


@pytest.fixture
def until() -> Callable[..., None]:
    """Return ``wait_until``."""
    return wait_until


@pytest.fixture(scope="session")
def other_user() -> list[str]:
    """Return the beginning of a command that runs the rest as another Unix user (nobody); needs root."""
    if os.getuid() != 0:
        pytest.skip("not run: only root can become another Unix user")
    return ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"]
