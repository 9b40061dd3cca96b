"""The picture of a tile, and the file that it shows, as they are: from a real node agent."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from nodekit import PAINTER, NodeAgent
from tvcore.cases.live import LiveTile
from tvcore.errors import TiledVizError
from tvcore.node import snapshot

Start = Callable[..., NodeAgent]


def test_the_picture_is_the_framebuffer_pixel_for_pixel_and_shows_what_was_painted_last(start_agent: Start) -> None:
    agent = start_agent(PAINTER)
    agent.wait_state("live")
    tile = LiveTile(agent.registration, 0)
    for level in ("ff0000", "00ff00"):
        agent.paint("noise 7")
        agent.paint(f"0 0 50 40 {level}")
        agent.call("windows")  # the program has been given its line; the display answers in turn
        data = b""
        for _ in range(200):
            data = tile.picture()
            found = np.asarray(Image.open(io.BytesIO(data)))
            if tuple(found[5, 5]) == tuple(bytes.fromhex(level)):
                break
        assert tuple(found[5, 5]) == tuple(bytes.fromhex(level))
        assert found.shape == (480, 640, 3)
        assert (found == agent.framebuffer()).all()
    assert data.startswith(b"\x89PNG")


def test_a_tile_without_a_picture_and_a_program_without_a_file_are_refused_in_one_line(start_agent: Start) -> None:
    agent = start_agent(PAINTER, ("/no/such/program",))
    agent.wait_state("live")
    agent.wait_state("failed", 1)
    with pytest.raises(TiledVizError, match=r"refuses: tile 1 has no picture yet: it is failed$"):
        LiveTile(agent.registration, 1).picture()
    with pytest.raises(TiledVizError, match=r"refuses: tile 0 shows a program, no file$"):
        list(LiveTile(agent.registration, 0).source())


def test_of_a_tile_that_shows_a_file_the_file_is_had_and_its_picture_too(start_agent: Start, tmp_path: Path) -> None:
    path = tmp_path / "shown.png"
    drawn = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)
    cv2.imwrite(str(path), drawn)
    agent = start_agent((), kind="picture", source=str(path))
    agent.wait_state("live")
    tile = LiveTile(agent.registration, 0)
    assert b"".join(tile.source()) == path.read_bytes()
    assert (np.asarray(Image.open(io.BytesIO(tile.picture())))[..., ::-1] == drawn).all()
    path.unlink()
    with pytest.raises(TiledVizError, match=r"shown\.png cannot be read: No such file or directory$"):
        list(tile.source())


def test_no_more_of_a_file_than_may_be_sent_is_read(tmp_path: Path) -> None:
    path = tmp_path / "large"
    with path.open("wb") as file:
        file.truncate(snapshot.FILE_MAX + 1)
    with pytest.raises(TiledVizError, match=r"more than 1024 MiB are not sent$"):
        list(snapshot._read(path))
