"""One attack a user: its results are looked at by several tests."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from fleet import cluster
from hostile_kit import Attack, attack_by
from ordinary import USER as ORDINARY
from site_kit import site

__all__ = ["attack", "cluster", "site"]


@pytest.fixture(scope="module", params=["this user", "an ordinary user"])
def attack(request: pytest.FixtureRequest) -> Iterator[Attack]:
    """Return what a hostile program gets, of this user's and, where that is root, of an ordinary user's."""
    uid = os.getuid() if request.param == "this user" else ORDINARY
    if uid != os.getuid() and os.getuid() != 0:
        pytest.skip("not run: this user is an ordinary one, and only root can become another")
    with tempfile.TemporaryDirectory(prefix="tvh-", dir="/tmp") as top:
        yield attack_by(uid, Path(top))
