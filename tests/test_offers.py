"""Asking a batch system what it offers: once a minute, whoever asks; and what holds while it is away."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tvcore import launch_form, offers
from tvcore.batch import schedulers

SINFO = "cpu*|up|1:00:00|30:00|1-infinite|4|64|256000|idle|(null)|(null)"
AWAY = "slurm_load_partitions: Unable to contact slurm controller (connect failure)"


class Slurm:
    """Commands of Slurm in *folder*, which write down how often they were asked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir()
        for name, text in {
            "sbatch": "exit 1", "scontrol": "echo No reservations in the system",
            "sacctmgr": "echo 'chem|normal,high'",
        }.items():  # fmt: skip
            self.write(name, text)
        self.write("sinfo", f"echo '{SINFO}'")

    def write(self, name: str, text: str) -> None:
        path = self._folder / name
        path.write_text(f"#!/bin/sh\necho {name} $1 >> {self._folder}/asked\n{text}\n")
        path.chmod(0o755)

    @property
    def asked(self) -> int:
        return (self._folder / "asked").read_text().count("sinfo -h") if (self._folder / "asked").exists() else 0


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slurm]:
    made = Slurm(tmp_path / "bin")
    monkeypatch.setenv("PATH", f"{tmp_path}/bin:{os.environ['PATH']}")
    found = (schedulers._slurm, schedulers._why_not)
    for each in found:
        each.cache_clear()
    yield made
    for each in found:
        each.cache_clear()


def grow_old(home: Path, seconds: float) -> None:
    """Have what is kept said, and tried for, so many seconds before."""
    (path,) = home.glob("offers-slurm-*.json")
    said = json.loads(path.read_text())
    path.write_text(json.dumps(said | {at: max(0.0, said[at] - seconds) for at in ("at", "tried")}))


def test_slurm_is_asked_once_a_minute_and_a_form_asks_nothing(slurm: Slurm, home: Path) -> None:
    form = {"job.nodes": "5", "job.account": "bio"}
    assert launch_form.check_form("gears", form)["warnings"] == []  # nothing is known yet
    assert slurm.asked == 0
    found = offers.offers()
    assert (found["scheduler"], found["error"]) == ("slurm", "")
    assert [each["says"] for each in found["partitions"]] == ["4 nodes, 64 cores, 250 GiB each, at most 1 h"]
    assert (found["accounts"], found["qos"], found["reservations"]) == (["chem"], ["high", "normal"], [])
    assert offers.offers() == found
    assert slurm.asked == 1
    (path,) = home.glob("offers-slurm-*.json")
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each["key"] for each in launch_form.check_form("gears", form)["warnings"]] == ["job.account", "job.nodes"]
    grow_old(home, offers.FRESH)
    assert offers.offers()["asked"] > found["asked"]
    assert slurm.asked == 2


def test_while_slurm_is_away_what_it_said_holds_with_the_reason_for_a_day(slurm: Slurm, home: Path) -> None:
    slurm.write("sinfo", f"echo '{AWAY}' >&2; exit 1")
    found = offers.offers()
    assert "Slurm does not answer" in found["error"]
    assert "\n" not in found["error"]
    assert found["partitions"] == []
    slurm.write("sinfo", f"echo '{SINFO}'")
    assert offers.offers() == found  # it is not asked again for a while: that takes long
    assert slurm.asked == 1
    grow_old(home, offers.AWAY)
    assert offers.offers()["error"] == ""
    slurm.write("sinfo", f"echo '{AWAY}' >&2; exit 1")
    grow_old(home, offers.FRESH)
    found = offers.offers()
    assert "Slurm does not answer" in found["error"]
    assert [each["name"] for each in found["partitions"]] == ["cpu"]
    assert time.time() - found["asked"] >= offers.FRESH
    grow_old(home, offers.OLD)
    assert offers.offers()["partitions"] == []
    (path,) = home.glob("offers-slurm-*.json")
    for garbage in ("", "[]", '{"at": 1e99, "offered": {"partitions": 7}}', '{"at": "x"}', "\xff"):
        path.write_text(garbage)
        assert offers.offers()["partitions"] == []
