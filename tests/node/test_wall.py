"""The wall stream from real displays, read as a viewer reads it."""

from __future__ import annotations

import json
import os
import socket
import struct
import time
from collections.abc import Callable

import pytest
import simplejpeg

from nodekit import (
    LISTENER,
    PAINTER,
    NodeAgent,
    WallViewer,
    area_average,
    cpu_seconds,
    psnr,
    read_framebuffer,
    size_of,
    wait_for,
)
from tvcore.node import wire
from tvcore.tunnel import agents

Start = Callable[..., NodeAgent]
Look = Callable[..., WallViewer]


@pytest.fixture
def painted(start_agent: Start) -> NodeAgent:
    """Return an agent with one tile that draws what it is told."""
    agent = start_agent(PAINTER)
    agent.wait_state("live")
    return agent


def test_first_comes_the_whole_then_only_what_changed(painted: NodeAgent, look: Look) -> None:
    viewer = look(painted, number=9)
    viewer.show((0, 320, 240))
    first = viewer.read()
    assert first is not None
    assert (first.number, first.sequence) == (9, 1)
    (cell,) = first.cells
    assert (cell.tile, cell.flags, cell.width, cell.height) == (0, wire.WHOLE, 320, 240)
    assert abs(cell.captured - time.time()) < 60
    viewer.settle()
    painted.paint("200 100 40 30 00ff00")
    later = viewer.settle()
    assert later
    for message in later:
        for cell in message.cells:
            assert not cell.flags & wire.WHOLE
            assert (cell.left, cell.top) == (100, 50)
            assert (cell.w, cell.h) == (20, 15)
    assert later[-1].cells[0].frame > first.cells[0].frame
    assert abs(viewer.canvas[0][57, 110].astype(int) - (0, 255, 0)).max() < 20
    assert [message.sequence for message in viewer.messages] == list(range(1, len(viewer.messages) + 1))


@pytest.mark.parametrize("size", [(640, 480), (320, 240), (160, 120)])
def test_the_picture_is_the_framebuffer_scaled(painted: NodeAgent, look: Look, size: tuple[int, int]) -> None:
    viewer = look(painted)
    viewer.show((0, *size))
    for line in ("noise 1", "50 60 70 80 ff0000", "noise 2", "333 111 55 77 ffffff"):
        painted.paint(line)
        viewer.settle(0.1)
    # What was painted last may not be in the framebuffer yet when everything is quiet for a moment.
    until = time.monotonic() + 20
    while psnr(viewer.canvas[0], area_average(painted.framebuffer(), *size)) <= 35:
        assert time.monotonic() < until, "the picture is not that of the framebuffer"
        viewer.settle()


def test_what_does_not_change_is_not_sent_and_costs_nothing(painted: NodeAgent, look: Look) -> None:
    viewer = look(painted)
    viewer.show((0, 320, 240))
    viewer.settle()
    pid, frames = painted.process.pid, painted.status()["frames"]
    before = cpu_seconds(pid)
    assert viewer.read(2.0) is None
    assert cpu_seconds(pid) - before <= 0.05
    assert painted.status()["frames"] == frames


def test_what_has_come_to_rest_is_sent_sharp(painted: NodeAgent, look: Look) -> None:
    viewer = look(painted)
    viewer.show((0, 640, 480), credit=1 << 24)
    painted.paint("noise 3")
    kinds = [simplejpeg.decode_jpeg_header(message.jpeg)[3] for message in viewer.settle()]
    assert kinds[0] == "420"
    assert kinds[-1] == "444"
    assert kinds.count("444") <= 2


def test_no_more_is_sent_than_there_is_credit_for(painted: NodeAgent, look: Look) -> None:
    viewer = look(painted)
    viewer.show((0, 320, 240), credit=0)
    assert viewer.read(0.5) is None
    viewer.say(credit=1)
    first = viewer.read()
    assert first is not None
    for colour in ("ff0000", "00ff00", "0000ff"):
        painted.paint(f"0 0 640 480 {colour}")
    assert viewer.read(0.7) is None
    viewer.say(credit=size_of(first))
    assert viewer.read()
    assert abs(viewer.canvas[0].mean(axis=(0, 1)) - (0, 0, 255)).max() < 4, "it is the latest picture"
    assert viewer.read(0.7) is None


def test_another_size_is_sent_whole_in_steps(painted: NodeAgent, look: Look) -> None:
    viewer = look(painted)
    for shown, size in (((300, 200), (320, 240)), ((100, 75), (107, 80)), ((2000, 1500), (640, 480))):
        viewer.show((0, *shown))
        came = viewer.settle()
        assert came[0].cells[0].flags & wire.WHOLE
        assert {(cell.width, cell.height) for message in came for cell in message.cells} == {size}
    viewer.show((0, 1999, 1499))
    assert viewer.settle() == [], "the same step is not sent again"
    viewer.show()
    viewer.settle()
    viewer.show((0, 2000, 1500))
    assert viewer.settle()[0].cells[0].flags & wire.WHOLE


def test_a_viewer_without_credit_does_not_hold_up_another(start_agent: Start, look: Look) -> None:
    agent = start_agent(("glxgears",))
    agent.wait_state("live")
    portal = look(agent)
    portal.say(viewer=7, demand=[[0, 640, 480, 1]], credit=1)
    portal.show((0, 640, 480))
    begun, count = time.monotonic(), 0
    while time.monotonic() < begun + 3:
        viewers, picture = portal.read_addressed(2.0) or ((), None)
        if portal.viewer in viewers:
            portal.say(credit=size_of(picture))
            count += 1
    assert count >= 12


def test_a_portal_that_reads_nothing_holds_up_nobody_else(start_agent: Start, look: Look) -> None:
    agent = start_agent(("glxgears",))
    agent.wait_state("live")
    slow, quick = look(agent), look(agent)
    slow.show((0, 640, 480), credit=1 << 28)
    quick.show((0, 640, 480))
    begun, count = time.monotonic(), 0
    while time.monotonic() < begun + 3:
        picture = quick.read(2.0)
        assert picture
        quick.say(credit=size_of(picture))
        count += 1
    assert count >= 12


def test_several_viewers_get_the_same_bytes_once(painted: NodeAgent, look: Look) -> None:
    portal = look(painted)
    for viewer in (1, 2, 3):
        portal.say(viewer=viewer, demand=[[0, 320, 240, viewer]], credit=1 << 20)
    while portal.read_addressed(0.6):
        pass
    painted.paint("200 100 40 30 00ff00")
    viewers, _ = portal.read_addressed() or ((), None)
    assert sorted(viewers) == [1, 2, 3]
    portal.say(viewer=2, gone=True)
    painted.paint("200 100 40 30 0000ff")
    while 2 in viewers:
        viewers, _ = portal.read_addressed() or ((), None)
    assert sorted(viewers) == [1, 3]


def test_moving_tiles_are_sent_at_most_ten_times_a_second(start_agent: Start, look: Look) -> None:
    agent = start_agent(("glxgears",))
    agent.wait_state("live")
    viewer = look(agent)
    viewer.show((0, 640, 480), credit=1 << 28)
    viewer.read()
    begun, first = time.monotonic(), len(viewer.messages)
    while (took := time.monotonic() - begun) < 3:
        viewer.read(1.0)
    assert 10 <= len(viewer.messages) - first <= 10 * took + 4


def test_a_display_that_changes_its_size_is_shown_at_its_new_size(painted: NodeAgent, look: Look) -> None:
    viewer = look(painted)
    viewer.show((0, 4000, 3000))
    viewer.settle()
    with agents.connect(painted.registration, "rfb", tile=0) as focus:
        read_framebuffer(focus)
        screen = struct.pack("!IHHHHI", 0, 0, 0, 400, 300, 0)
        focus.sendall(struct.pack("!BxHHBx", 251, 400, 300, 1) + screen)  # SetDesktopSize
        wait_for(lambda: painted.status()["width"] == 400)
    assert painted.status()["height"] == 300
    viewer.settle()
    assert viewer.canvas[0].shape == (300, 400, 3)
    painted.paint("0 0 4000 4000 225588")
    viewer.settle()
    assert psnr(viewer.canvas[0], painted.framebuffer()) > 35


def test_tiles_that_are_not_looked_at_are_not_asked_for_pictures(start_agent: Start, look: Look) -> None:
    agent = start_agent(("glxgears",), ("glxgears",))
    for i in range(2):
        agent.wait_state("live", i)
    frames = [agent.status(i)["frames"] for i in range(2)]
    viewer = look(agent)
    viewer.show((1, 320, 240), (55, 100, 100), credit=1 << 26)
    wait_for(lambda: agent.status(1)["frames"] > frames[1] + 10)
    assert agent.status(0)["frames"] <= frames[0] + 1
    assert {cell.tile for message in iter(lambda: viewer.read(0.05), None) for cell in message.cells} == {1}


def test_a_tile_that_somebody_works_in_is_wanted_more_often(painted: NodeAgent, look: Look) -> None:
    viewer, watch = look(painted), painted.folder / "t0" / "watch"
    for said, rate in (
        ({"demand": [[0, 320, 240, 1]]}, 10),
        ({"demand": [[0, 320, 240, 0]]}, 30),
        ({"demand": [[0, 160, 120, 3]]}, 10),
        ({"demand": [[0, 160, 120, 0]]}, 30),
        ({"gone": True}, 0),
    ):
        viewer.say(**said)
        wait_for(lambda rate=rate: watch.read_text() == f"{rate}\n")


BAD_LINES = {
    b"nonsense\n": "Invalid JSON",
    b"[]\n": "the line: Input should be an object",
    b"{}\n": "viewer: Field required",
    b'{"viewer": 65536}\n': "viewer: Input should be less than or equal to 65535",
    b'{"viewer": 1, "demand": [[0, -1, 5, 1]]}\n': "demand.0.1: Input should be greater than or equal to 0",
    b'{"viewer": 1, "demand": [[0, 1, 5, 4]]}\n': "demand.0.3: Input should be less than or equal to 3",
    b'{"viewer": 1, "demand": 5}\n': "demand: Input should be a valid array",
    b'{"viewer": 1, "credit": -1}\n': "credit: Input should be greater than or equal to 0",
    b'{"viewer": 1, "key": [1]}\n': "key.1: Field required",
    b'{"viewer": 1, "pointer": [65536, 0, 0]}\n': "pointer.0: Input should be less than or equal to 65535",
    b'{"viewer": 1, "gone": 1}\n': "gone: Input should be a valid boolean",
    b"[" * (1 << 21): "limit",
}


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_portal_that_says_nonsense_is_cut_with_the_reason_and_nobody_else(
    quiet: NodeAgent, look: Look, line: bytes
) -> None:
    def cut() -> list[str]:
        return [said for said in quiet.log.read_text().splitlines() if "a stream is cut" in said]

    before = len(cut())
    bad, good = look(quiet), look(quiet)
    try:
        bad.connection.sendall(line)
        assert bad.connection.recv(10) == b""
    except ConnectionError:
        pass  # cut while we still wrote
    good.show((0, 320, 240))
    assert good.read()
    (said,) = cut()[before:]
    assert BAD_LINES[line] in said


# input


@pytest.fixture
def heard(start_agent: Start, look: Look) -> tuple[NodeAgent, WallViewer]:
    """Return an agent with two tiles that print what they hear, of other sizes, and a portal."""
    agent = start_agent(LISTENER, LISTENER)
    for i in range(2):
        agent.wait_state("live", i)
    viewer = look(agent)
    viewer.show((0, 320, 240), (1, 320, 240))
    assert viewer.read()
    return agent, viewer


def middle(side: int, pixel: int) -> int:
    return int((pixel + 0.5) * 65536 / side)


PLACE = [middle(640, 200), middle(480, 100)]


def hears(agent: NodeAgent, tile: int, line: str) -> bool:
    return bool(wait_for(lambda: line in agent.said(tile), what=f"tile {tile} hears {line}"))


def test_pointer_and_keys_go_to_every_tile_that_is_named(heard: tuple[NodeAgent, WallViewer]) -> None:
    agent, viewer = heard
    for buttons in (0, 1, 0):
        viewer.say(tiles=[0, 1, 9], pointer=[*PLACE, buttons])
    for tile in (0, 1):
        assert hears(agent, tile, "press 1 200 100")
        assert hears(agent, tile, "release 1 200 100")
    for down in (True, False):
        viewer.say(tiles=[1], key=[0x61, down])
    assert hears(agent, 1, "up 0x61 0")
    assert "down 0x61 0" not in agent.said(0)


def test_input_of_who_shows_nothing_goes_nowhere(heard: tuple[NodeAgent, WallViewer]) -> None:
    agent, viewer = heard
    viewer.say(tiles=[0], pointer=[*PLACE, 0])
    viewer.say(viewer=99, tiles=[0], key=[0x62, True])
    viewer.say(tiles=[0], key=[0x63, True])
    assert hears(agent, 0, "down 0x63 0")
    assert "down 0x62 0" not in agent.said(0)


@pytest.mark.parametrize("how", ["release", "gone", "disconnect"])
def test_keys_and_buttons_held_down_are_let_go_of(heard: tuple[NodeAgent, WallViewer], how: str) -> None:
    agent, viewer = heard
    viewer.say(tiles=[0, 1], pointer=[*PLACE, 4])
    viewer.say(tiles=[0, 1], key=[0x61, True])
    for tile in (0, 1):
        assert hears(agent, tile, "press 3 200 100")
        wait_for(lambda tile=tile: any(line.startswith("down 0x61") for line in agent.said(tile)))
    if how == "disconnect":
        viewer.close()
    else:
        viewer.say(**{how: True})
    for tile in (0, 1):
        assert hears(agent, tile, "release 3 200 100")
        wait_for(lambda tile=tile: any(line.startswith("up 0x61") for line in agent.said(tile)))


def opened(agent: NodeAgent, line: bytes) -> tuple[socket.socket, dict[str, object]]:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(10)
    connection.connect(agent.registration.socket)
    connection.sendall(line)
    return connection, json.loads(agents.read_line(connection))


def test_a_stream_opens_by_a_fresh_token_for_itself_only(painted: NodeAgent) -> None:
    registration = painted.registration
    good = agents.opening_line(registration, "rfb", tile=0)
    with opened(painted, good)[0] as connection:
        assert connection.recv(12) == b"RFB 003.008\n"
    refused = "the token is wrong, expired or used"
    other = json.dumps({**json.loads(agents.opening_line(registration, "rpc")), "stream": "wall"}).encode() + b"\n"
    stale = {"v": 2, "stream": "rpc", "token": agents.make_token(registration.secret, "rpc", None, time.time() - 99)}
    for line, words in (
        (good, refused),
        (other, refused),
        (json.dumps(stale).encode() + b"\n", refused),
        (agents.opening_line(registration, "rfb", tile=7), "there is no tile 7"),
        (b"{}\n", "not an opening line"),
        (b'{"v": 1, "stream": "rpc", "token": ""}\n', "version 1"),
        (b"x" * 70000 + b"\n", "too long"),
    ):
        connection, answer = opened(painted, line)
        assert words in str(answer["error"])
        assert connection.recv(1) == b""
        connection.close()


def test_who_opens_a_stream_and_says_nothing_is_cut(painted: NodeAgent) -> None:
    connection, answer = opened(painted, b"")
    assert "no opening line within 5 s" in str(answer["error"])
    connection.close()


def test_a_watcher_hears_of_all_tiles_and_then_of_those_that_change(start_agent: Start, look: Look) -> None:
    agent = start_agent(PAINTER, ("sleep", "60"))
    agent.wait_state("live")
    with agents.connect(agent.registration, "rpc") as connection, connection.makefile("rwb") as file:
        for call in ({"id": 7, "call": "watch"}, {"id": 8, "call": "dance"}, {"id": 9, "call": "log", "tile": 5}):
            file.write(json.dumps(call).encode() + b"\n")
        file.flush()
        lines = [json.loads(file.readline()) for _ in range(4)]
        answers = {line["id"]: line for line in lines if "id" in line}
        (event,) = [line for line in lines if "event" in line]
        assert answers[7] == {"id": 7, "result": {}}
        assert "not a call: call" in answers[8]["error"]
        assert answers[9] == {"id": 9, "error": "there is no tile 5 on this node"}
        assert [tile["index"] for tile in event["tiles"]] == [0, 1]
        os.kill(agent.status()["pid"], 9)
        states = []
        while states[-1:] != ["live"]:
            event = json.loads(file.readline())
            states += [tile["state"] for tile in event["tiles"] if tile["index"] == 0]
        assert "starting" in states
