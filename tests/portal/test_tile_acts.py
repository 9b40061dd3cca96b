"""What people do with tiles through the web API, and what the wall says of agents that do not answer."""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from portal_kit import API, Browser, RunningJob, RunningPortal, send_raw
from tvcore.batch.scheduler import JobState, JobStatus


@pytest.fixture
def job(portal: RunningPortal, until: Callable[..., None]) -> Iterator[RunningJob]:
    """A job of three tiles, which the store knows as live."""
    made = RunningJob(portal, 3)
    until(lambda: {t["state"] for t in portal.store.tiles() if t["job"] == made.id} == {"live"}, seconds=20)
    yield made
    made.end()


def results(browser: Browser, verb: str, tiles: list[int], **more: Any) -> list[dict[str, Any]]:
    answer = browser.post(f"/tiles/{verb}", {"tiles": tiles, **more})
    assert answer.status == 200, answer.json
    found: list[dict[str, Any]] = answer.json["results"]
    assert [result["tile"] for result in found] == tiles
    return found


@pytest.mark.parametrize(
    ("verb", "more", "call"),
    [
        ("restart", {}, {"call": "restart"}),
        ("stop", {}, {"call": "stop"}),
        ("type", {"text": 'a "b" $c\n'}, {"call": "type", "text": 'a "b" $c\n'}),
        ("key", {"keys": "ctrl+alt+t"}, {"call": "key", "keys": "ctrl+alt+t"}),
        ("move", {"x": 3, "y": 4}, {"call": "move", "x": 3, "y": 4}),
        ("click", {"x": 3, "y": 4, "count": 2}, {"call": "click", "x": 3, "y": 4, "button": 1, "count": 2}),
        (
            "drag",
            {"x": 1, "y": 2, "to_x": 3, "to_y": 4, "button": 2},
            {"call": "drag", "x": 1, "y": 2, "to_x": 3, "to_y": 4, "button": 2},
        ),
    ],
)
def test_what_is_asked_of_tiles_reaches_their_agent(
    browser: Browser, job: RunningJob, verb: str, more: dict[str, Any], call: dict[str, Any]
) -> None:
    tiles = job.tiles[1:]
    assert [found["error"] for found in results(browser, verb, tiles, **more)] == ["", ""]
    assert sorted(job.agent.calls, key=lambda said: said["tile"]) == [{**call, "tile": 1}, {**call, "tile": 2}]


def test_a_tile_for_which_it_cannot_be_done_is_an_error_for_it_alone(
    browser: Browser, job: RunningJob, until: Callable[..., None]
) -> None:
    job.agent.change(1, state="failed", reason="exit code 7")
    until(lambda: job.portal.store.tiles(job.tiles)[1]["state"] == "failed")
    job.agent.answers["resize"] = {"result": {"width": 400, "height": 300}}
    first, second, third = results(browser, "resize", job.tiles, width=400, height=300)
    assert (first["error"], first["width"], first["height"]) == ("", 400, 300)
    assert third["error"] == ""
    assert second["error"] == "it is not live, but failed: exit code 7"
    assert results(browser, "restart", job.tiles[1:2])[0]["error"] == ""  # that a failed one can
    job.agent.answers["type"] = {"error": "the display is gone"}
    assert {found["error"] for found in results(browser, "type", job.tiles[::2], text="x")} == {"the display is gone"}


def test_windows_are_found_by_their_title(browser: Browser, job: RunningJob) -> None:
    windows = [
        {"id": number, "title": title, "x": 0, "y": 0, "width": 10, "height": 10}
        for number, title in ((7, "menu"), (8, "View of F"))
    ]
    job.agent.answers["windows"] = {"result": windows}
    assert results(browser, "windows", job.tiles[:1])[0]["windows"] == windows
    (done,) = results(browser, "window", job.tiles[:1], action="place", title="View", place=[1, 2])
    assert (done["error"], done["window"]) == ("", "View of F")
    assert job.agent.calls[-1] == {"call": "window", "tile": 0, "window": 8, "action": "place", "x": 1, "y": 2}
    (done,) = results(browser, "window", job.tiles[:1], action="maximise", title="nothing")
    assert "no window with 'nothing' in its title" in done["error"]
    assert "View of F" in done["error"]
    wrong = browser.post("/tiles/window", {"tiles": job.tiles, "action": "place", "place": [1]})
    assert wrong.status == 400
    assert "x and y" in wrong.json["error"]


def test_a_command_runs_in_each_tile_and_says_what_came_of_it(browser: Browser, job: RunningJob) -> None:
    found = results(browser, "run", job.tiles, command=["sh", "-c", "echo out; echo aside >&2; exit 3"])
    assert [(r["code"], r["stdout"], r["stderr"], r["error"], r["cut"]) for r in found] == [
        (3, "out\n", "aside\n", "", False)
    ] * 3
    (missing,) = results(browser, "run", job.tiles[:1], command=["/no/such/command"])
    assert "/no/such/command" in missing["error"]
    (long,) = results(browser, "run", job.tiles[:1], command=["head", "-c", "100000", "/dev/zero"])
    assert (len(long["stdout"]), long["cut"]) == (1 << 16, True)


def test_a_file_goes_and_comes_byte_for_byte(browser: Browser, job: RunningJob, tmp_path: Path) -> None:
    content = os.urandom(300_000)  # more than a body may usually have
    path = tmp_path / "a name ; $HOME"
    sent = base64.b64encode(content).decode()
    assert results(browser, "put", job.tiles[:1], path=str(path), data=sent)[0]["error"] == ""
    assert path.read_bytes() == content
    answer = browser.post("/tiles/get", {"tile": job.tiles[2], "path": str(path)})
    assert answer.json["name"] == path.name
    assert base64.b64decode(answer.json["data"]) == content
    missing = browser.post("/tiles/get", {"tile": job.tiles[0], "path": "/no/such/file"})
    assert missing.status == 409
    assert "/no/such/file" in missing.json["error"]
    assert browser.post("/tiles/put", {"tiles": job.tiles, "path": "/x", "data": "no base64!"}).status == 400


def test_only_who_is_logged_in_may_send_a_large_body(portal: RunningPortal, browser: Browser) -> None:
    head = f"POST {API}/tiles/put HTTP/1.1\r\nHost: {portal.host}\r\nContent-Length: 1000000\r\n"
    assert send_raw(portal, f"{head}\r\n".encode()).startswith(b"HTTP/1.1 413 ")
    wrong = f"{head}Cookie: {browser.cookie}\r\nX-TiledViz-Key: {'0' * len(browser.key)}\r\n\r\n"
    assert send_raw(portal, wrong.encode()).startswith(b"HTTP/1.1 413 ")
    assert browser.post("/launch", {"case": "x" * 100_000}).status == 413
    more = head.replace("1000000", "50000000") + f"Cookie: {browser.cookie}\r\nX-TiledViz-Key: {browser.key}\r\n\r\n"
    assert send_raw(portal, more.encode()).startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("verb", "body"),
    [
        ("restart", {"tiles": []}),
        ("restart", {"tiles": [-1]}),
        ("restart", {}),
        ("resize", {"tiles": [1], "width": 1, "height": 300}),
        ("run", {"tiles": [1], "command": []}),
        ("run", {"tiles": [1], "command": "ls"}),
        ("run", {"tiles": [1], "command": ["ls"], "seconds": 601}),
        ("key", {"tiles": [1], "keys": "", "more": 1}),
        ("window", {"tiles": [1], "action": "explode"}),
    ],
)
def test_what_cannot_be_asked_of_tiles_is_400(browser: Browser, verb: str, body: dict[str, Any]) -> None:
    answer = browser.post(f"/tiles/{verb}", body)
    assert answer.status == 400
    assert "\n" not in answer.json["error"]


def test_tiles_that_are_not_there_are_404(browser: Browser, job: RunningJob) -> None:
    answer = browser.post("/tiles/restart", {"tiles": [*job.tiles, 999_999]})
    assert (answer.status, "there is no tile 999999" in answer.json["error"]) == (404, True)
    assert job.agent.calls == []


def test_a_tile_that_is_removed_is_gone_for_good_and_ended_if_it_runs_on(
    browser: Browser, job: RunningJob, until: Callable[..., None]
) -> None:
    first, *rest = job.tiles
    assert results(browser, "remove", [first])[0]["error"] == ""
    assert {"call": "stop", "tile": 0} in job.agent.calls
    assert job.tiles == rest
    until(lambda: [t["id"] for t in browser.get("/wall").json["tiles"] if t["job"] == job.id] == rest)
    asked = len(job.agent.calls)
    job.agent.change(0, state="live", frames=99)  # it was not stopped, or it had not yet begun
    until(lambda: {"call": "stop", "tile": 0} in job.agent.calls[asked:], seconds=10)
    assert job.tiles == rest


def test_a_job_whose_last_tile_is_removed_is_ended(
    browser: Browser, job: RunningJob, until: Callable[..., None]
) -> None:
    results(browser, "remove", job.tiles)
    assert job.runner.wait(10) != 0
    until(lambda: job.id not in [found["id"] for found in browser.get("/jobs").json], seconds=10)


def test_a_tile_whose_job_is_over_says_how_to_have_it_again(browser: Browser, job: RunningJob) -> None:
    job.portal.store.apply_jobs([JobStatus(job.id, JobState.TIMEOUT)])
    (found,) = results(browser, "restart", job.tiles[:1])
    assert found["error"] == f"its job is over: launch the case again (`tiledviz launch --again {job.id}`)"


def test_a_job_that_runs_is_not_launched_again(browser: Browser, job: RunningJob) -> None:
    answer = browser.post(f"/jobs/{job.id}/again")
    assert answer.status == 400
    assert "is not over" in answer.json["error"]
    assert browser.post("/jobs/local-00000000/again").status == 404


# ------------------------------------------------------------------------ away


def away(browser: Browser, job: RunningJob) -> set[float | None]:
    return {tile["away"] for tile in browser.get("/wall").json["tiles"] if tile["job"] == job.id}


def test_the_wall_says_since_when_an_agent_does_not_answer_and_that_it_is_back(
    browser: Browser, job: RunningJob, until: Callable[..., None]
) -> None:
    assert away(browser, job) == {None}
    job.agent.die()
    died = time.time()
    until(lambda: None not in away(browser, job), seconds=15)
    (heard,) = away(browser, job)
    assert heard is not None
    assert abs(heard - died) < 2
    job.restart_agent()
    until(lambda: away(browser, job) == {None}, seconds=15)


def test_an_agent_that_hangs_is_away_though_its_connection_is_there(
    browser: Browser, job: RunningJob, until: Callable[..., None]
) -> None:
    until(lambda: len(job.agent.watches) > 0)
    job.agent.mute = True
    until(lambda: None not in away(browser, job), seconds=25)
    job.agent.mute = False
    until(lambda: away(browser, job) == {None}, seconds=15)


def test_a_complaint_that_goes_on_is_logged_once(home: Path, tmp_path: Path, until: Callable[..., None]) -> None:
    config = Path(os.environ["XDG_CONFIG_HOME"]) / "tiledviz" / "config.toml"
    config.parent.mkdir(parents=True)
    portal = RunningPortal(home)
    try:
        config.write_text("[job]\nnodes = 'many'\n")
        until(lambda: "nodes" in portal.log.read_text(), seconds=20)
        time.sleep(4)  # several more rounds
        said = [line for line in portal.log.read_text().splitlines() if str(config) in line]
        assert 1 <= len(said) <= 3, said
        assert len({line.split(" ", 2)[2] for line in said}) == len(said)
    finally:
        portal.stop()
