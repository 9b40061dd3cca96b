"""Tiles without a display: pictures, movies, PDFs and pages, read from real files by a real node agent."""

from __future__ import annotations

import http.server
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
import pytest
from pydantic import ValidationError

from nodekit import NodeAgent, wait_for
from tvcore.batch.plan import TilePlan
from tvcore.cases import TileSpec
from tvcore.causes import TileFailureError
from tvcore.errors import TiledVizError
from tvcore.node import framing, media
from tvcore.node.media_tile import Moment, number_at
from tvcore.tunnel import agents

Start = Callable[..., NodeAgent]
FPS, FRAMES = 10, 30


@pytest.fixture
def movie(tmp_path: Path) -> Path:
    """A movie of three seconds whose frame i is of the grey 8 * i."""
    path = tmp_path / "movie.avi"
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), FPS, (96, 64))  # type: ignore[attr-defined]
    assert writer.isOpened()
    for i in range(FRAMES):
        writer.write(np.full((64, 96, 3), 8 * i, np.uint8))
    writer.release()
    return path


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    """A PDF of three pages: upright, upright, and lying."""
    path = tmp_path / "paper.pdf"
    document = pypdfium2.PdfDocument.new()
    for size in ((300, 400), (300, 400), (400, 300)):
        document.new_page(*size)
    document.save(str(path))
    return path


def grey(pixels: Any) -> int:
    return int(pixels[..., :3].mean().round())


# ------------------------------------------------------------------- decoding


def test_a_grey_picture_of_16_bits_is_spread_from_its_darkest_to_its_brightest(tmp_path: Path) -> None:
    path = tmp_path / "deep.tif"
    cv2.imwrite(str(path), np.linspace(1000, 1400, 64 * 64, dtype=np.uint16).reshape(64, 64))
    pixels = media.open_medium("picture", str(path)).frame(0)
    assert (pixels.shape, pixels.dtype) == ((64, 64, 4), np.uint8)
    assert (pixels[..., 0].min(), pixels[..., 0].max()) == (0, 255)


def test_numbers_that_are_none_do_not_spoil_a_picture_of_floats(tmp_path: Path) -> None:
    values = np.linspace(-1, 1, 256, dtype=np.float32).reshape(16, 16)
    values[0, 0] = np.nan
    pixels = media.framebuffer(values)
    assert (pixels[0, 0, 0], pixels[-1, -1, 0]) == (0, 255)


def test_what_can_be_seen_through_stands_on_white(tmp_path: Path) -> None:
    path = tmp_path / "clear.png"
    image = np.zeros((8, 8, 4), np.uint8)
    image[:4, :, 3] = 255
    cv2.imwrite(str(path), image)
    pixels = media.open_medium("picture", str(path)).frame(0)
    assert (grey(pixels[:4]), grey(pixels[4:])) == (0, 255)


@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_a_picture_of_any_size_becomes_no_larger_framebuffer_than_16_mebipixels(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"large.{suffix}"
    cv2.imwrite(str(path), np.full((6000, 7000), 99, np.uint8))
    height, width = media.open_medium("picture", str(path)).frame(0).shape[:2]
    assert height * width <= media.MOST_PIXELS
    assert width / height == pytest.approx(7 / 6, rel=0.01)


@pytest.mark.parametrize("kind", ["picture", "movie", "pdf"])
@pytest.mark.parametrize(
    ("content", "why"), [(b"", "it is empty"), (b"\x89PNG rubbish", "read here"), (None, "No such file")]
)
def test_a_file_that_cannot_be_shown_says_so_in_one_line(
    tmp_path: Path, kind: str, content: bytes | None, why: str
) -> None:
    path = tmp_path / "file"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TileFailureError, match=why) as caught:
        media.open_medium(kind, str(path))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.cause == ("file missing" if content is None else "file broken")


def test_a_movie_gives_each_frame_forwards_backwards_and_far_off(movie: Path) -> None:
    shown = media.open_medium("movie", str(movie))
    assert (shown.count, shown.pace, shown.length) == (FRAMES, FPS, FRAMES / FPS)
    for number in (0, 1, 2, 9, 3, 29, 0, 28):
        assert grey(shown.frame(number)) == pytest.approx(8 * number, abs=3)
    shown.close()


def test_pages_of_a_pdf_are_drawn_in_their_own_shape(pdf: Path) -> None:
    shown = media.open_medium("pdf", str(pdf))
    (height, width), (height_3, width_3) = (shown.frame(i).shape[:2] for i in (0, 2))
    assert width / height == pytest.approx(3 / 4, rel=0.01)
    assert width_3 / height_3 == pytest.approx(4 / 3, rel=0.01)
    assert [number_at(shown, at) for at in (0, 1, 2.9, 3, 99)] == [0, 0, 1, 2, 2]
    shown.close()


def test_a_moment_goes_on_by_the_clock_and_stops_at_either_end() -> None:
    assert Moment(2.0).now(1000.0, 3.0) == 2.0
    assert Moment(0.5, since=100.0, rate=2.0).now(101.0, 3.0) == 2.5
    assert Moment(0.5, since=100.0, rate=2.0).now(200.0, 3.0) == 3.0
    assert Moment(2.0, since=100.0, rate=-1.0).now(200.0, 3.0) == 0.0


# --------------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        ({}, "a live tile has a command"),
        ({"kind": "picture", "source": "picture.png"}, "absolute path"),
        ({"kind": "page", "source": "/etc/passwd"}, "begins with http"),
        ({"kind": "page", "source": "file:///etc/passwd"}, "begins with http"),
        ({"kind": "movie", "source": "/a", "command": ("x",)}, "no command"),
        ({"command": ("x",), "source": "/a"}, "no source"),
    ],
)
def test_a_tile_has_a_command_or_a_source_of_its_kind(wrong: dict[str, Any], why: str) -> None:
    with pytest.raises(ValidationError, match=why):
        TileSpec(**wrong)
    with pytest.raises(ValidationError, match=why):
        TilePlan(index=0, title="t", **wrong)


# -------------------------------------------------------------------- framing


@pytest.mark.parametrize(
    ("headers", "refused"),
    [
        ([], False),
        ([("X-Frame-Options", "DENY")], True),
        ([("x-frame-options", "sameorigin")], True),
        ([("X-Frame-Options", "ALLOW-FROM https://example.org")], False),
        ([("Content-Security-Policy", "default-src 'self'; frame-ancestors 'none'")], True),
        ([("Content-Security-Policy", "frame-ancestors")], True),
        ([("Content-Security-Policy", "frame-ancestors 'self' https://example.org")], True),
        ([("Content-Security-Policy", "frame-ancestors *"), ("X-Frame-Options", "DENY")], False),
        ([("Content-Security-Policy", "frame-ancestors *, frame-ancestors 'none'")], True),
        ([("Content-Security-Policy", "default-src 'none'"), ("X-Frame-Options", "DENY")], True),
        ([("Content-Security-Policy-Report-Only", "frame-ancestors 'none'")], False),
    ],
)
def test_what_a_site_says_of_framing_is_understood(headers: list[tuple[str, str]], refused: bool) -> None:
    assert bool(framing.refusal(headers)) == refused


@contextmanager
def site(**headers: str) -> Iterator[str]:
    """Yield the address of a site that answers with *headers*."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            for name, value in headers.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(b"<p>hello")

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def test_a_site_that_is_not_there_is_told_of_and_not_called_refusing() -> None:
    found = framing.ask("http://127.0.0.1:9/")
    assert found["framing"] == "allowed"
    assert "could not ask the site" in found["why"]


# ----------------------------------------------------------------- real agents


def test_a_picture_is_a_live_tile_without_a_display(
    start_agent: Start, look: Callable[..., Any], tmp_path: Path
) -> None:
    path = tmp_path / "picture.png"
    cv2.imwrite(str(path), np.full((120, 160, 3), (10, 200, 30), np.uint8))
    agent = start_agent((), kind="picture", source=str(path))
    status = agent.wait_state("live")
    assert (status["width"], status["height"], status["display"], status["kind"]) == (160, 120, None, "picture")
    assert status["media"]["name"] == "picture.png"
    for call, more in (("type", {"text": "x"}), ("resize", {"width": 100, "height": 100}), ("windows", {})):
        with pytest.raises(TiledVizError, match="shows a picture: there is no display"):
            agents.call(agent.registration, call, tile=0, **more)
    with pytest.raises(TiledVizError, match="no time passes"):
        agents.call(agent.registration, "play", tile=0, at=1.0)


def test_a_broken_file_fails_its_tile_until_it_is_mended_and_started_again(start_agent: Start, tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    path.write_bytes(b"no picture")
    agent = start_agent((), kind="picture", source=str(path))
    status = agent.wait_state("failed")
    assert (status["cause"], str(path) in status["reason"]) == ("file broken", True)
    cv2.imwrite(str(path), np.zeros((20, 30, 3), np.uint8))
    agents.call(agent.registration, "restart", tile=0)
    assert agent.wait_state("live")["width"] == 30
    agents.call(agent.registration, "stop", tile=0)
    agent.wait_state("stopped")
    agents.call(agent.registration, "restart", tile=0)
    agent.wait_state("live")


def test_a_movie_is_decoded_only_while_somebody_looks(
    start_agent: Start, look: Callable[..., Any], movie: Path
) -> None:
    agent = start_agent((), kind="movie", source=str(movie))
    status = agent.wait_state("live")
    assert (status["media"]["clock"], status["media"]["length"]) == ("seconds", FRAMES / FPS)
    frames = agent.status()["frames"]
    agents.call(agent.registration, "play", tile=0, at=0.0, since=time.time() + 1, rate=0.25)
    time.sleep(1.5)
    assert agent.status()["frames"] == frames
    viewer = look(agent)
    viewer.show((0, 96, 64))
    wait_for(lambda: agent.status()["frames"] > frames + 2, what="frames come")
    agents.call(agent.registration, "play", tile=0, at=2.9)
    assert agent.status()["media"]["play"] == {"at": 2.9, "since": None, "rate": 1.0}
    viewer.settle()
    assert grey(viewer.canvas[0]) == pytest.approx(8 * 29, abs=4)
    late = look(agent, 4)
    late.show((0, 96, 64))
    late.settle()
    assert grey(late.canvas[0]) == pytest.approx(8 * 29, abs=4)


def test_a_page_says_whether_its_site_lets_it_be_framed(start_agent: Start) -> None:
    with site(X_Frame_Options="DENY") as refusing:
        status = start_agent((), kind="page", source=refusing).wait_state("live")
    assert status["media"] == {
        "url": refusing, "framing": "refused", "why": "the site answers X-Frame-Options: DENY",
    }  # fmt: skip


def test_a_page_that_may_be_framed_says_so(start_agent: Start) -> None:
    with site() as friendly:
        status = start_agent((), kind="page", source=friendly).wait_state("live")
    assert status["media"] == {"url": friendly, "framing": "allowed", "why": ""}
