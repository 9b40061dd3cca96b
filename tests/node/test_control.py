"""What is asked of a tile while it runs, on real displays. In containers: tests/cluster."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import pytest

from nodekit import LISTENER, PAINTER, NodeAgent, WallViewer, alive, wait_for
from tvcore.causes import Cause
from tvcore.errors import TiledVizError
from tvcore.tunnel import agents

Start = Callable[..., NodeAgent]
Look = Callable[..., WallViewer]


def test_a_restart_starts_the_program_anew_in_the_same_display(start_agent: Start) -> None:
    agent = start_agent(PAINTER)
    before = agent.wait_state("live")
    agent.call("restart")
    wait_for(lambda: agent.status()["pid"] not in (None, before["pid"]), what="another program runs")
    after = agent.wait_state("live")
    assert not alive(before["pid"])
    assert (after["xvnc"], after["display"]) == (before["xvnc"], before["display"])
    assert (after["restarts"], after["cause"]) == (1, "")


def test_a_tile_that_is_stopped_has_no_process_until_it_is_started_again(start_agent: Start) -> None:
    agent = start_agent(PAINTER, PAINTER)
    before = agent.wait_state("live", 1)
    agent.call("stop", 1)
    status = agent.status(1)
    assert (status["state"], status["pid"], status["xvnc"], status["display"]) == ("stopped", None, None, None)
    assert not alive(before["pid"])
    assert not alive(before["xvnc"])
    agent.call("stop", 1)
    with pytest.raises(TiledVizError, match="tile 1 has no display now: it is stopped"):
        agent.call("type", 1, text="x")
    agent.call("restart", 1)
    assert agent.wait_state("live", 1)["pid"] != before["pid"]
    assert agent.wait_state("live", 0)["restarts"] == 0, "the other tile has nothing to do with it"


def test_a_tile_that_failed_starts_again_once_its_cause_is_gone(start_agent: Start) -> None:
    script = 'test -e "$PAINT.there" || exit 126; exec "$@"'
    agent = start_agent(("sh", "-c", script, "sh", *PAINTER))
    failed = agent.wait_state("failed")
    assert failed["cause"] == Cause.PROGRAM_MISSING
    (agent.home.parent / "paint-0.there").touch()
    agent.call("restart")
    assert agent.wait_state("live")["cause"] == ""


def test_a_tile_can_be_stopped_while_it_waits_to_start_again(start_agent: Start) -> None:
    agent = start_agent(("sh", "-c", "exit 3"))
    wait_for(lambda: "starts again in 2 s" in agent.status()["reason"], what="it waits")
    begun = time.monotonic()
    agent.call("stop")
    assert agent.status()["state"] == "stopped"
    agent.call("restart")
    wait_for(lambda: agent.status()["reason"].endswith("starts again in 0.5 s"), what="its failures are forgotten")
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("command", "cause"),
    [
        (("no-such-program-here",), Cause.PROGRAM_MISSING),
        (("sh", "-c", "exit 127"), Cause.PROGRAM_MISSING),
        (("sh", "-c", "exit 3"), Cause.PROGRAM_ENDED),
        (("sh", "-c", "kill -9 $$"), Cause.PROGRAM_ENDED),
    ],
)
def test_what_failed_is_told_by_its_cause(start_agent: Start, command: tuple[str, ...], cause: Cause) -> None:
    agent = start_agent(command)
    assert wait_for(lambda: agent.status()["cause"], what="there is a cause") == cause


def test_a_display_changes_its_size_while_its_program_draws(start_agent: Start, look: Look) -> None:
    agent = start_agent(PAINTER)
    before = agent.wait_state("live")
    assert agent.call("resize", width=900, height=500) == {"width": 900, "height": 500}
    status = agent.status()
    assert (status["width"], status["height"]) == (900, 500)
    assert (status["pid"], status["xvnc"]) == (before["pid"], before["xvnc"])
    agent.paint("800 400 100 100 00ff00")
    wait_for(lambda: agent.framebuffer().shape == (500, 900, 3), what="viewers get the new size")
    wait_for(lambda: (agent.framebuffer()[450, 850] == (0, 255, 0)).all(), what="it is drawn into")
    viewer = look(agent)
    viewer.show((0, 900, 500))
    viewer.settle()
    assert viewer.canvas[0].shape == (500, 900, 3)


def test_a_tile_comes_up_in_the_size_that_it_was_given_last(start_agent: Start) -> None:
    agent = start_agent(PAINTER)
    before = agent.wait_state("live")
    agent.call("resize", width=800, height=300)
    os.kill(before["xvnc"], 9)
    wait_for(lambda: agent.status()["xvnc"] not in (None, before["xvnc"]), what="another display is up")
    agent.wait_state("live")
    assert agent.framebuffer().shape == (300, 800, 3)
    agent.call("stop")
    assert agent.call("resize", width=400, height=300) == {"width": 400, "height": 300}
    assert (agent.status()["width"], agent.status()["height"]) == (400, 300)
    agent.call("restart")
    agent.wait_state("live")
    assert agent.framebuffer().shape == (300, 400, 3)


@pytest.mark.parametrize(
    ("call", "arguments", "words"),
    [
        ("resize", {"width": 16384, "height": 16384}, "more than"),
        ("resize", {"width": 5, "height": 100}, "width"),
        ("resize", {}, "width: Field required"),
        ("type", {"text": "a\x01b"}, "no key types the character U\\+0001"),
        ("key", {"keys": "ctrl+nothing"}, "no key 'nothing'"),
        ("click", {"x": 640, "y": 3}, "640,3 is outside of tile 0, which has 640x480 pixels"),
        ("move", {"x": -1, "y": 3}, "x: Input should be greater"),
        ("drag", {"x": 0, "y": 0, "to_x": 0, "to_y": 480}, "0,480 is outside"),
        ("window", {"window": 77, "action": "raise"}, "there is no window 77 now"),
        ("window", {"window": 77, "action": "shake"}, "action"),
    ],
)
def test_what_cannot_be_is_refused_in_one_line(
    quiet: NodeAgent, call: str, arguments: dict[str, object], words: str
) -> None:
    with pytest.raises(TiledVizError, match=words) as caught:
        quiet.call(call, **arguments)
    assert "\n" not in str(caught.value)
    assert quiet.status()["state"] == "live"


def test_a_call_that_an_older_agent_does_not_know_is_told_as_such(quiet: NodeAgent) -> None:
    with pytest.raises(TiledVizError, match="older release, whose node agents do not know this: stop it with"):
        quiet.call("dance")


def listening(agent: NodeAgent) -> Callable[[str], list[str]]:
    """Return what gives the listener's lines that begin with a word, once it has its window."""
    agent.wait_state("live")
    wait_for(lambda: "listens" in agent.said(), what="it listens")
    return lambda word: [line for line in agent.said() if line.startswith(f"{word} ")]


def test_keys_are_typed_into_the_window_under_the_pointer(start_agent: Start) -> None:
    agent = start_agent(LISTENER)
    lines = listening(agent)
    agent.call("move", x=100, y=100)
    text = "éaA1!~\\|èñ_üÖößBçzÉ\n"
    agent.call("type", text=text)
    expected = [hex(0xFF0D if c == "\n" else ord(c)) for c in text]

    def pressed() -> list[str]:
        symbols = [line.split()[1] for line in lines("down")]
        return [symbol for symbol in symbols if not 0xFFE1 <= int(symbol, 16) <= 0xFFEE and symbol != "0xfe03"]

    wait_for(lambda: len(pressed()) >= len(expected), what="all keys have come")
    assert pressed() == expected
    assert not [line for line in lines("down") if int(line.split()[2]) & 2], "Caps Lock is never on"
    agent.call("key", keys="ctrl+alt+t")
    wait_for(lambda: any(line.startswith("up 0xffe3") for line in lines("up")), what="the keys are released")
    state = next(int(line.split()[2]) for line in lines("down") if line.split()[1] == "0x74")
    assert state & 4, "Control is down"
    assert state & 8, "Alt is down"


def test_the_pointer_clicks_and_drags(start_agent: Start) -> None:
    agent = start_agent(LISTENER)
    lines = listening(agent)
    agent.call("click", x=60, y=80, button=3, count=2)
    wait_for(lambda: len(lines("release")) == 2, what="both clicks have come")
    assert lines("press") == ["press 3 60 80"] * 2
    agent.call("drag", x=50, y=50, to_x=200, to_y=150)
    wait_for(lambda: "release 1 200 150" in lines("release"), what="the button is released")
    assert "press 1 50 50" in lines("press")
    dragged = [line for line in lines("move") if line.startswith("move 1 ")]
    assert len(dragged) >= 3
    assert dragged[-1] == "move 1 200 150"


def test_windows_are_listed_placed_maximised_and_closed(start_agent: Start) -> None:
    agent = start_agent(LISTENER)
    listening(agent)
    (window,) = agent.call("windows")
    number = window.pop("id")
    assert window == {"title": "a listener", "x": 10, "y": 20, "width": 300, "height": 200}
    agent.call("window", window=number, action="place", x=40, y=50, width=200, height=100)
    assert agent.call("windows") == [
        {"id": number, "title": "a listener", "x": 40, "y": 50, "width": 200, "height": 100}
    ]
    agent.call("window", window=number, action="maximise")
    (window,) = agent.call("windows")
    assert (window["x"], window["y"], window["width"], window["height"]) == (0, 0, 640, 480)
    agent.call("window", window=number, action="raise")
    pid = agent.status()["pid"]
    agent.call("window", window=number, action="close")
    wait_for(lambda: agent.status()["pid"] != pid, what="the program is gone with its window")


def test_a_display_without_a_window_manager_says_so_and_goes_on(start_agent: Start, home: object) -> None:
    agent = start_agent(PAINTER, window_manager=True, environment={"PATH": f"/nowhere:{os.environ['PATH']}"})
    agent.wait_state("live")
    if not any(os.access(f"{p}/{m}", os.X_OK) for p in os.environ["PATH"].split(":") for m in MANAGERS):
        note = "[tiledviz] there is no window manager in this node: install openbox"
        wait_for(lambda: note in agent.call("log", lines=100)["lines"], what="the log says it")
    assert agent.status()["state"] == "live"


MANAGERS = ("openbox", "icewm", "xfwm4", "metacity", "fluxbox", "twm")


def test_each_tile_sees_the_gpu_that_it_was_given_and_no_other(
    start_agent: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "2,5")
    show = ("sh", "-c", 'echo "sees ($CUDA_VISIBLE_DEVICES)"; exec "$@"', "sh", *PAINTER)
    agent = start_agent(show, show, show, show, gpus=(0, 1, None, 2))
    for index, seen in enumerate(("2", "5", "", "")):
        agent.wait_state("live", index, seconds=60)
        assert f"sees ({seen})" in agent.said(index)
    truths = [wait_for(lambda i=i: agent.status(i)["gl"], what="the truth is known") for i in range(4)]
    assert [truth["promised"] for truth in truths] == [True, True, False, True]
    assert "the job has only 2 GPUs on this node" in truths[3]["note"]
    assert truths[2]["note"] == ""


def test_the_case_is_told_once_that_a_tile_is_live(start_agent: Start) -> None:
    agent = start_agent(PAINTER, plan={"hooks": ("case_ready",)})

    def told() -> list[str]:
        return [line for line in agent.call("log", lines=1000)["lines"] if "case_ready: " in line]

    agent.wait_state("live")
    wait_for(told, what="the case is asked")
    agent.call("restart")
    agent.wait_state("live")
    time.sleep(1.0)
    (line,) = told()
    assert "'test'" in line, "there is no such case, which the log says"


def test_nothing_is_asked_of_a_display_that_nobody_looks_at(quiet: NodeAgent) -> None:
    frames = quiet.status()["frames"]
    quiet.paint("0 0 50 50 ff0000")
    time.sleep(0.5)
    assert quiet.status()["frames"] == frames
    assert agents.call(quiet.registration, "status")["tiles"][0]["state"] == "live"
