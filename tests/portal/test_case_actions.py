"""Actions of a case through the web API: offered, checked, done per tile or once, with progress, cancelled, audited."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rows_kit import new_session

from portal_kit import Browser, Reply, RunningJob, RunningPortal
from tvcore import proc, tiles
from tvcore.errors import UsageError
from tvcore.portal import acts
from tvcore.portal.access import Access, Who
from tvcore.portal.auth import Login
from tvcore.portal.core import LOOKER_WORKERS
from tvcore.portal.roles import Grant, Role

CANNOT = "the action colour cannot take "
CASE = Path(__file__).with_name("sample_actions.py")
Until = Callable[..., None]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the actions of the case write."""
    return tmp_path_factory.mktemp("actions")


@pytest.fixture
def job(portal: RunningPortal, folder: Path, until: Until) -> Iterator[RunningJob]:
    """A job of three tiles of the case, which the store knows as live."""
    spec = f"folder:sample_actions:{CASE}"
    plan = {"case": "sample_actions", "plugin": spec, "parameters": {"folder": str(folder)}}
    made = RunningJob(portal, 3, plan=plan)
    until(lambda: {t["state"] for t in portal.store.tiles() if t["job"] == made.id} == {"live"}, seconds=30)
    yield made
    made.end()


def ask(browser: Browser, tiles: Sequence[int], name: str, **more: Any) -> Reply:
    return browser.post("/tiles/act", {"tiles": list(tiles), "name": name, **more})


def act(browser: Browser, tiles: Sequence[int], name: str, **arguments: Any) -> list[dict[str, Any]]:
    answer = ask(browser, tiles, name, arguments=arguments)
    assert answer.status == 200, answer.json
    found: list[dict[str, Any]] = answer.json["results"]
    assert [result["tile"] for result in found] == list(tiles)
    return found


def said(results: Sequence[dict[str, Any]]) -> list[str]:
    return [result["said"] or f"! {result['error']}" for result in results]


def audited(portal: RunningPortal) -> list[dict[str, Any]]:
    path = portal.home / "audit.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_the_actions_of_a_case_are_offered_for_its_live_tiles_to_whom_they_are_for(
    portal: RunningPortal, browser: Browser, job: RunningJob, until: Until
) -> None:
    job.agent.change(1, state="failed", reason="exit code 7")
    until(lambda: job.portal.store.tiles(job.tiles)[1]["state"] == "failed", seconds=30)
    found = browser.post("/tiles/actions", {"tiles": job.tiles}).json
    assert found["errors"] == []
    offered = {each["name"]: each for each in found["actions"]}
    assert list(offered) == ["colour", "follow", "echo", "quote", "wait", "wait-all", "slow-all", "odd"]
    assert all(each["tiles"] == job.tiles[::2] for each in found["actions"])
    colour = offered["colour"]
    assert (colour["case"], colour["icon"], colour["each"], colour["right"]) == (
        "sample_actions", "colour", "tile", "operate",
    )  # fmt: skip
    assert colour["parameters"]["properties"]["level"] == {
        "default": 0.5, "description": "where", "exclusiveMinimum": 0, "exclusiveMaximum": 1, "title": "Level",
        "type": "number", "unit": "m",
    }  # fmt: skip
    assert (offered["follow"]["leader"], offered["wait"]["parameters"], offered["wait"]["seconds"]) == (True, None, 900)
    for role, names in (("viewer", ["echo"]), ("editor", ["echo", "odd"])):
        theirs = portal.login(role).post("/tiles/actions", {"tiles": job.tiles}).json["actions"]
        assert [each["name"] for each in theirs] == names


def test_the_wall_says_what_the_actions_of_a_case_mean_while_an_agent_of_it_runs(
    portal: RunningPortal, browser: Browser, until: Until
) -> None:
    case = CASE.with_name("viewing_actions.py")
    plan = {"case": "viewing_actions", "plugin": f"folder:viewing_actions:{case}", "means": ["camera", "time"]}
    job = RunningJob(portal, 2, plan=plan)

    def means() -> Any:
        return next(each["means"] for each in browser.get("/wall").json["sets"] if each["job"] == job.id)

    until(lambda: means() == ["camera", "time"], seconds=30)
    offered = {each["name"]: each for each in browser.post("/tiles/actions", {"tiles": job.tiles}).json["actions"]}
    assert {name: each["means"] for name, each in offered.items()} == {"look": "camera", "moment": "time"}
    assert offered["moment"]["parameters"]["properties"]["time"]["maximum"] == 40
    assert said(act(browser, job.tiles, "moment", time=2.5)) == ["at 2.5", "at 2.5"]
    job.agent.stop()
    until(lambda: means() == [], seconds=30)
    job.end()


def test_an_action_with_parameters_is_done_with_each_tile_on_its_node_and_says_what_came_of_it(
    portal: RunningPortal, browser: Browser, job: RunningJob
) -> None:
    job.agent.calls.clear()
    found = act(browser, job.tiles, "colour", color="gray", level="0.25", password="12345")
    assert said(found) == ["gray at 0.25, 5"] * 3
    assert sorted((call["call"], call["tile"]) for call in job.agent.calls) == [("key", 0), ("key", 1), ("key", 2)]
    entry = audited(portal)[-1]
    assert (entry["role"], entry["verb"], entry["tiles"], entry["outcome"]) == ("owner", "act", job.tiles, "done")
    assert entry["what"] == {
        "action": "colour",
        "arguments": {"color": "gray", "level": 0.25, "password": "**********"},
    }
    assert (entry["way"], entry["project"], entry["session"]) == ("token", 1, "main")
    assert "12345" not in (portal.home / "audit.jsonl").read_text() + portal.log.read_text()


def test_wrong_arguments_are_refused_before_anything_is_done_all_of_them_in_words(
    browser: Browser, job: RunningJob
) -> None:
    job.agent.calls.clear()
    answer = ask(browser, job.tiles, "colour", arguments={"color": "blu", "level": "2"})
    assert answer.status == 400
    first = f"{CANNOT}color=blu: Input should be 'viridis' or 'gray'"
    second = f"{CANNOT}level=2: Input should be less than 1"
    assert answer.json == {
        "error": first,
        "problems": [{"key": "color", "text": first}, {"key": "level", "text": second}],
    }
    answer = ask(browser, job.tiles, "colour", arguments={"colour": "gray"})
    words = "the action colour has no parameter 'colour': it has color, level, password"
    assert (answer.status, answer.json["error"]) == (400, words)
    answer = ask(browser, job.tiles, "explode")
    words = "the case sample_actions has no action 'explode': it has colour, follow"
    assert (answer.status, answer.json["error"].startswith(words)) == (400, True)
    assert job.agent.calls == []


def test_a_command_is_run_in_each_tile_with_the_arguments_filled_in_and_no_shell_reads_them(
    browser: Browser, job: RunningJob
) -> None:
    assert said(act(browser, job.tiles[:2], "echo", word="good")) == ["good"] * 2
    assert said(act(browser, job.tiles[:1], "echo", word="bad")) == ["! alas"]
    hostile = "$(touch /tmp/x); `id` {word} 'q\" \\"
    assert said(act(browser, job.tiles[:1], "quote", word=hostile)) == [f"{hostile} {{x}}"]


def test_an_action_for_all_together_is_done_once_and_the_first_tile_leads(browser: Browser, job: RunningJob) -> None:
    first, second, third = job.tiles
    assert said(act(browser, [third, first, second], "follow", word="all")) == ["all: member 2, member 0, member 1"] * 3


def test_what_fails_in_one_tile_is_an_error_for_it_alone(
    portal: RunningPortal, browser: Browser, job: RunningJob, until: Until
) -> None:
    failed = "! the case sample_actions"
    even, odd, other = said(act(browser, job.tiles, "odd"))
    assert (even, other) == ("even", "even")
    assert odd.startswith(failed)
    assert "failed in its action odd: RuntimeError: it is odd" in odd
    entry = audited(portal)[-1]
    assert (entry["outcome"], entry["failed"], entry["error"]) == ("failed", 1, odd.removeprefix("! "))
    job.agent.change(1, state="failed", reason="exit code 7")
    until(lambda: job.portal.store.tiles(job.tiles)[1]["state"] == "failed", seconds=30)
    dead = "! it is not live, but failed: exit code 7"
    assert said(act(browser, job.tiles, "echo", word="x")) == ["x", dead, "x"]
    together = "x: member 0, member 2"
    assert said(act(browser, job.tiles, "follow", word="x")) == [together, dead, together]
    assert said(act(browser, job.tiles[1:], "follow", word="x")) == [
        dead, f"! its leader, tile {job.tiles[1]}, cannot lead: it is not live, but failed: exit code 7",
    ]  # fmt: skip


def test_who_has_not_the_right_of_an_action_does_nothing(portal: RunningPortal, job: RunningJob) -> None:
    job.agent.calls.clear()
    for role, name, right in (
        ("viewer", "colour", "operate"), ("editor", "colour", "operate"), ("admin", "wait", "operate"),
        ("viewer", "odd", "arrange"), ("guest", "odd", "arrange"),
    ):  # fmt: skip
        answer = ask(portal.login(role), job.tiles, name, arguments={"color": "blu"} if name == "colour" else {})
        assert answer.status == 403, (role, name)
        words = f"the role {role} has not the right `{right}`, which the action {name} needs"
        assert answer.json["error"] == words
        entry = audited(portal)[-1]
        assert (entry["role"], entry["what"], entry["outcome"], entry["error"]) == (
            role,
            {"action": name},
            "refused",
            words,
        )
    assert job.agent.calls == []
    answer = ask(portal.login("viewer"), job.tiles, "explode")
    words = "the case sample_actions has no action 'explode': it has echo for the role viewer"
    assert (answer.status, answer.json["error"]) == (400, words), "the others are none of a viewer's business"
    assert said(act(portal.login("viewer"), job.tiles[:1], "echo", word="seen")) == ["seen"]
    assert said(act(portal.login("editor"), job.tiles[:1], "odd")) == ["even"]


def test_a_page_sees_how_far_its_action_is_and_can_cancel_it_and_nobody_else_can(
    portal: RunningPortal, browser: Browser, job: RunningJob, folder: Path, until: Until
) -> None:
    other = portal.login()
    for name, pids in (("wait", ["wait-0", "wait-1"]), ("wait-all", ["wait-all-0"])):
        request = str(uuid.uuid4())
        answers: list[Reply] = []
        tiles = job.tiles[:2]
        caller = threading.Thread(
            target=lambda name=name, tiles=tiles, request=request, answers=answers: answers.append(
                ask(browser, tiles, name, request=request)
            )
        )
        caller.start()

        def far(request: str = request) -> Any:
            return browser.get(f"/acts/{request}").json.get("tiles", [])

        until(lambda far=far: [each["fraction"] for each in far()] == [0.25] * 2, seconds=30)
        assert [(each["tile"], each["text"], each["state"]) for each in far()] == [
            (tile, "a quarter of it", "runs") for tile in tiles
        ]
        running = [proc.Process.of(int((folder / pid).read_text())) for pid in pids]
        assert all(process and process.alive for process in running)
        assert other.get(f"/acts/{request}").status == 404
        assert other.post(f"/acts/{request}/cancel").status == 404
        elsewhere = {"X-TiledViz-Session": new_session(portal.store)}
        assert browser.get(f"/acts/{request}", **elsewhere).status == 404, "nor the same login in another session"
        assert browser.post(f"/acts/{request}/cancel", headers=elsewhere).status == 404
        assert ask(browser, tiles, name, request=request).status == 409, "the name is taken"
        assert browser.post(f"/acts/{request}/cancel").json == {"cancelled": True}
        caller.join(30)
        assert said(answers[0].json["results"]) == ["! it was cancelled"] * 2
        until(lambda running=running: not any(process.alive for process in running), seconds=30)
        last = browser.get(f"/acts/{request}").json
        assert last["over"]
        assert [each["state"] for each in last["tiles"]] == ["failed"] * 2


def test_an_action_for_all_together_has_its_time_whatever_it_reports(browser: Browser, job: RunningJob) -> None:
    assert said(act(browser, job.tiles[:2], "slow-all")) == ["! it took longer than 1.5 s and was ended"] * 2


def test_the_command_line_does_the_same_with_set_and_leader_and_says_what_was_done(
    portal: RunningPortal, job: RunningJob, folder: Path, until: Until
) -> None:
    first, second, third = job.tiles
    every = f"{first},{second},{third}"

    def tiledviz(*arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "TILEDVIZ_HOME": str(portal.home)}
        command = [sys.executable, "-m", "tvcore", *arguments]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)

    done = tiledviz("tile", "act", "follow", every, "--set", "word=we", "--leader", str(second), "--json")
    assert done.returncode == 0, done.stderr
    assert [found["said"] for found in json.loads(done.stdout)] == ["we: member 1, member 0, member 2"] * 3
    done = tiledviz("tile", "act", "colour", every, "--set", "color=blu")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f"tiledviz: {CANNOT}color=blu: Input should be 'viridis' or 'gray'\n"
    assert tiledviz("tile", "act", "follow", every, "--leader", "9999999").returncode == 2
    log, printed = folder / "stderr", folder / "stdout"
    with log.open("w") as stderr, printed.open("w") as stdout:
        waiting = subprocess.Popen(
            [sys.executable, "-m", "tvcore", "tile", "act", "wait", f"{first},{second}", "--json"],
            env={**os.environ, "TILEDVIZ_HOME": str(portal.home)}, stdout=stdout, stderr=stderr,
        )  # fmt: skip
    try:
        until(lambda: re.search(r"^wait, tile \d+: a quarter of it: 20 %$", log.read_text(), re.MULTILINE), seconds=60)
        waiting.send_signal(signal.SIGINT)
        assert waiting.wait(60) == 1
    finally:
        waiting.kill()
    assert [found["error"] for found in json.loads(printed.read_text())] == ["it was cancelled"] * 2
    listed = tiledviz("tile", "actions", every).stdout
    assert "color=viridis|gray, level=0.5" in listed
    entries = json.loads(tiledviz("audit", "--json").stdout)
    assert [(each["what"]["action"], each["role"], each["outcome"]) for each in entries[-2:]] == [
        ("colour", "owner", "refused"), ("wait", "owner", "failed"),
    ]  # fmt: skip
    assert "color=blu: Input should be" in tiledviz("audit").stdout


def test_what_is_broken_off_is_written_down_and_what_cannot_be_written_loses_no_result(
    portal: RunningPortal, job: RunningJob, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("TILEDVIZ_HOME", str(portal.home))

    def report(_: object) -> None:
        raise KeyError("the page is gone")

    with pytest.raises(KeyError, match="the page is gone"):
        tiles.act(portal.store, job.tiles, "echo", {"word": "x"}, report=report)
    entry = audited(portal)[-1]
    assert (entry["what"]["action"], entry["outcome"], entry["error"]) == ("echo", "broken off", "KeyError")
    lock = portal.home / "audit.lock"
    lock.unlink()
    lock.mkdir()
    try:
        found = tiles.act(portal.store, job.tiles[:1], "echo", {"word": "x"})
        with pytest.raises(UsageError, match="has no action 'explode'"):
            tiles.act(portal.store, job.tiles[:1], "explode")
    finally:
        lock.rmdir()
    assert said(found) == ["x"]
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == ["done", "refused"]


def a_login(browser: str, role: Role = "viewer", session: str = "main", operate: bool = False) -> Login:
    grant = Grant(role, operate=operate)
    return Login(browser, "", Access(Who(1, "accounts", "ann", "Ann")), session=session, grant=grant)


def test_a_person_has_few_actions_under_way_and_those_that_are_over_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    under_way, me = acts.Acts(), a_login("me", operate=True)
    mine = [under_way.begin(me, f"request-{number}", [1]) for number in range(acts.MOST)]
    with pytest.raises(UsageError, match="6 actions are under way already: wait for one, or cancel it"):
        under_way.begin(me, "request-x", [1])
    with pytest.raises(UsageError, match="6 actions"):
        under_way.begin(a_login("my other browser", operate=True), "request-x", [1])
    you = Login("you", "", Access(Who(2, "accounts", "bob", "Bob")), session="main", grant=me.grant)
    assert under_way.begin(you, "request-0", [1]) is not mine[0]
    assert under_way.find(me, "request-0") is mine[0]
    mine[0].ended = time.monotonic()
    under_way.begin(me, "request-x", [1])
    assert under_way.find(me, "request-0") is mine[0], "one that is over can be asked about for a while"
    monkeypatch.setattr(acts, "KEPT_SECONDS", -1.0)
    mine[1].ended = time.monotonic()
    under_way.begin(me, "", [1])
    assert under_way.find(me, "request-0") is under_way.find(me, "request-1") is None


def test_who_does_not_operate_cannot_take_all_workers_of_those_and_each_session_has_its_own_actions() -> None:
    under_way, me, there = acts.Acts(), a_login("me"), a_login("me", session="other")
    first = under_way.begin(me, "request-0", [1])
    assert under_way.find(there, "request-0") is None
    assert under_way.begin(there, "request-0", [2]) is not first
    with pytest.raises(UsageError, match="2 actions are under way already"):
        under_way.begin(a_login("me", session="third"), "request-0", [3])
    assert acts.MOST_LOOKING < LOOKER_WORKERS
