"""Node agents for tests, each ended with all it started, whatever the test did."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nodekit import PAINTER, NodeAgent, WallViewer


@pytest.fixture
def start_agent(home: Path) -> Iterator[Callable[..., NodeAgent]]:
    """Return a function that starts a node agent with tiles of these commands."""
    started: list[NodeAgent] = []

    def start(*commands: tuple[str, ...], **tile: object) -> NodeAgent:
        started.append(NodeAgent(home, *commands, **tile))
        return started[-1]

    yield start
    for agent in started:
        agent.stop()


@pytest.fixture
def look() -> Iterator[Callable[..., WallViewer]]:
    """Return a function that opens a wall stream at an agent."""
    viewers: list[WallViewer] = []

    def look(agent: NodeAgent, number: int = 3) -> WallViewer:
        viewers.append(WallViewer(agent, number))
        return viewers[-1]

    yield look
    for viewer in viewers:
        viewer.close()


@pytest.fixture(scope="module")
def quiet() -> Iterator[NodeAgent]:
    """Return an agent with one tile that lives and is not to be changed, for a module's tests."""
    with tempfile.TemporaryDirectory(prefix="tvt-", dir="/tmp") as folder:
        for name in ("state", "run"):
            (Path(folder) / name).mkdir(mode=0o700)
        agent = NodeAgent(Path(folder) / "state", PAINTER)
        agent.wait_state("live")
        yield agent
        agent.stop()
