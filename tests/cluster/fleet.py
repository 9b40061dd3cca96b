"""The clusters that a run of the tests shares, one per release, and the count of tests that used them.

The fixtures below are for the ``conftest.py`` of every folder with tests that need a cluster: it imports them. However
many do, there is one cluster of a release, from the first test that asks for it to the end of the run.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import pytest

from cluster import Cluster, UnsuitableError, why_not

FIXTURES = {"cluster", "cluster_of"}


class Fleet:
    """The clusters that are up."""

    def __init__(self) -> None:
        self._up: dict[str, Cluster] = {}
        self._unsuitable: dict[str, str] = {}
        self.versions: list[str] = []

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


def summary(reports: Iterable[pytest.TestReport]) -> list[str]:
    """Return the lines for the end of the run: what became of the tests that wanted a cluster."""
    ran, skipped = set(), set()
    versions: set[str] = set()
    for report in reports:
        on = dict(report.user_properties).get("cluster")
        if on is None:
            continue
        versions |= {str(each) for each in str(on).split(", ") if each}
        if report.skipped:
            skipped.add(report.nodeid)
        elif report.when == "call" or report.failed:
            ran.add(report.nodeid)
    if not ran | skipped:
        return []
    releases = f"Slurm {', '.join(sorted(versions))}" if versions else "no Slurm"
    lines = [f"cluster: {len(ran)} tests ran on {releases}; {len(skipped)} skipped"]
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
