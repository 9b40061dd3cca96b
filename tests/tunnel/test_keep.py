"""What the wall is told of the tunnels' endpoint."""

from __future__ import annotations

import os
import socket
import types
from pathlib import Path

import pytest

from tvcore.errors import TiledVizError
from tvcore.proc import Process
from tvcore.store import Store
from tvcore.tunnel import keep
from tvcore.tunnel.address import PROTOCOL, EndpointInfo


def endpoint(version: int) -> EndpointInfo:
    me = Process.current()
    return EndpointInfo(
        v=version, id="x", pid=os.getpid(), start=me.start, node=socket.gethostname(), hosts=("h",), port=1,
        host_key="ssh-ed25519 A", folder="/nowhere",
    )  # fmt: skip


@pytest.fixture
def on_a_cluster(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        keep, "schedulers", lambda: {name: types.SimpleNamespace(name=name) for name in ("local", "slurm")}
    )


def test_where_there_is_no_batch_system_no_endpoint_is_started(home: Path) -> None:
    store = Store.open()
    keep.keep(store)
    assert not (home / "endpoint.json").exists()
    assert store.services.notices() == []


def test_an_endpoint_that_does_not_start_is_a_notice_until_it_does(
    home: Path, on_a_cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open()

    def broken(_state: Path) -> EndpointInfo:
        raise TiledVizError("the tunnels' endpoint does not start: port 99 is in use")

    monkeypatch.setattr(keep, "ensure_endpoint", broken)
    keep.keep(store)
    assert "port 99 is in use" in store.services.notices()[0]
    monkeypatch.setattr(keep, "ensure_endpoint", lambda _state: endpoint(PROTOCOL))
    keep.keep(store)
    assert store.services.notices() == []


def test_an_endpoint_of_another_release_is_told_with_what_to_do(
    home: Path, on_a_cluster: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open()
    monkeypatch.setattr(keep, "ensure_endpoint", lambda _state: endpoint(PROTOCOL + 1))
    keep.keep(store)
    (notice,) = store.services.notices()
    assert f"kill {os.getpid()}" in notice
