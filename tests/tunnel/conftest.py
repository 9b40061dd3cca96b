"""Endpoints and nodes for tests, each ended with all it started, whatever the test did."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tunnel_kit import EndpointProcess, Node, say


@pytest.fixture
def start_endpoint(home: Path) -> Iterator[Callable[..., EndpointProcess]]:
    """Return a function that starts an endpoint with these settings; job 12 runs on this machine."""
    started: list[EndpointProcess] = []
    say(home, {"12": {"nodes": [socket.gethostname()]}})

    def start(**settings: object) -> EndpointProcess:
        started.append(EndpointProcess(home, **settings))
        return started[-1]

    yield start
    for endpoint in started:
        endpoint.kill()


@pytest.fixture
def endpoint(start_endpoint: Callable[..., EndpointProcess]) -> EndpointProcess:
    """Return an endpoint on the loopback."""
    return start_endpoint()


@pytest.fixture
def make_node(home: Path) -> Iterator[Callable[..., Node]]:
    """Return a function that makes a node, of job 12 if nothing else is said."""
    made: list[Node] = []

    def make(**given: object) -> Node:
        made.append(Node(home, home.parent / f"n{len(made)}", **given))
        return made[-1]

    yield make
    for node in made:
        node.stop()
