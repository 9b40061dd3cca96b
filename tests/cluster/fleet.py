"""The clusters that a run of the tests shares, one per release, and the count of tests that used them.

The fixtures below are for the ``conftest.py`` of every folder with tests that need a cluster: it imports them. However
many do, there is one cluster of a release, from the first test that asks for it to the end of the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest

from cluster import Cluster, UnsuitableError, why_not

FIXTURES = {"cluster", "cluster_of"}


class Fleet:
    """The clusters that are up, and what became of the tests that wanted one."""

    def __init__(self) -> None:
        self._up: dict[str, Cluster] = {}
        self._unsuitable: dict[str, str] = {}
        self.versions: list[str] = []
        self.tests: set[str] = set()
        self.ran: set[str] = set()
        self.skipped: set[str] = set()

    def get(self, release: str) -> Cluster:
        """Return the cluster of *release*, brought up now where need be; skip the test where there can be none."""
        if release not in self._up:
            reason = self._unsuitable.get(release) or why_not()
            if not reason:
                cluster = Cluster(release)
                try:
                    cluster.up()
                    self._up[release] = cluster
                    self.versions.append(cluster.slurm_text)
                except UnsuitableError as error:
                    reason = str(error)
            if reason:
                self._unsuitable[release] = reason
                pytest.skip(f"not run: {reason}")
        return self._up[release]

    def close(self) -> None:
        """End all clusters."""
        while self._up:
            self._up.popitem()[1].down()

    def count(self, report: pytest.TestReport) -> None:
        """Take note of how a test went."""
        if report.nodeid in self.tests:
            if report.skipped:
                self.skipped.add(report.nodeid)
            elif report.when == "call" or report.failed:
                self.ran.add(report.nodeid)

    def summary(self) -> list[str]:
        """Return the lines for the end of the run."""
        if not self.tests:
            return []
        releases = f"Slurm {', '.join(self.versions)}" if self.versions else "no Slurm"
        lines = [f"cluster: {len(self.ran)} tests ran on {releases}; {len(self.skipped)} skipped"]
        return lines if os.environ.get("PYSLURM_SRC") else [*lines, "pyslurm: not run, no source"]


FLEET = pytest.StashKey[Fleet]()


def fleet(config: pytest.Config) -> Fleet:
    """Return the clusters of this run."""
    if FLEET not in config.stash:
        config.stash[FLEET] = Fleet()
        config.add_cleanup(config.stash[FLEET].close)
    return config.stash[FLEET]


@pytest.fixture(scope="session")
def cluster_of(pytestconfig: pytest.Config) -> Callable[[str], Cluster]:
    """Return a function that gives the cluster of a release (``bookworm``, ``trixie``, ``sid``)."""
    return fleet(pytestconfig).get


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Cluster:
    """Return the cluster on which tiles can run."""
    return fleet(pytestconfig).get("trixie")
