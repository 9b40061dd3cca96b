"""A way to log in that a plugin brings, at a real portal: who may comes in, all others hear the same."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin_kit import write_plugin
from portal_kit import Browser, Reply, RunningPortal
from tvcore import config

SECRET = "Open-Sesame-7x"

CAVE = f"""
import hmac, os, sys, time
from tvcore.cases import hookimpl
from tvcore.cases.extending import LoginField, LoginWay, Person

def check(given):
    name, word = given["name"], given["word"]
    print("trying", word, file=sys.stderr)
    if name == "raises":
        raise ValueError(f"no {{word}} for {{name}}")
    if name == "exits":
        sys.exit(f"{{word}}")
    if name == "dies":
        os._exit(1)
    if name == "hangs":
        time.sleep(600)
    if name == "lies":
        return {{"name": name, "role": "owner"}}
    if name == "eats":
        return Person(name="x" * (1 << 40))
    if hmac.compare_digest(word.encode(), {SECRET!r}.encode()) and name in ("ann", "ed"):
        return Person(name=name, role="editor" if name == "ed" else "viewer")
    return None

@hookimpl
def portal_logins():
    fields = (LoginField(name="name", title="Name"), LoginField(name="word", title="Password", secret=True))
    return [LoginWay(name="cave", title="The cave", fields=fields, check=check)]
"""


@pytest.fixture
def cave(home: Path) -> Iterator[RunningPortal]:
    """A portal whose way to log in is the plugin's."""
    write_plugin("caves", CAVE)
    config.own_file().write_text('[portal]\nlogin = "cave"\n[plugins]\nseconds = 3\n')
    running = RunningPortal(home)
    yield running
    assert running.stop() == 0
    text = running.log.read_text()
    running.log.unlink()
    assert "Traceback" not in text
    assert SECRET not in text
    assert "wrong-word" not in text


def enter(portal: RunningPortal, name: str, word: str) -> tuple[Browser, Reply]:
    browser = Browser(portal)
    return browser, browser.post("/login", {"fields": {"name": name, "word": word}})


def test_who_may_comes_in_with_the_role_that_the_plugin_says_and_all_others_hear_the_same(cave: RunningPortal) -> None:
    stranger = Browser(cave)
    way = stranger.get("/login-way").json
    assert way == {
        "way": "cave",
        "title": "The cave",
        "registration": "no",
        "mail": False,
        "fields": [
            {"name": "name", "title": "Name", "secret": False},
            {"name": "word", "title": "Password", "secret": True},
        ],
    }
    for name, role, rights in (
        ("ann", "viewer", ["see", "read"]),
        ("ed", "editor", ["see", "read", "arrange", "host"]),
    ):
        browser, answer = enter(cave, name, SECRET)
        assert (answer.status, answer.json["role"], answer.json["rights"]) == (200, role, rights)
        browser.key = answer.json["key"]
        assert browser.get("/wall").status == 200
        assert browser.post("/launch", {"case": "gears"}).status == 403
    assert cave.login().get("/wall").status == 200  # the owner's own address goes on working

    answers: dict[str, tuple[int, bytes, float]] = {}

    def try_it(name: str) -> None:
        begun = time.monotonic()
        answer = enter(cave, name, "wrong-word")[1]
        answers[name] = answer.status, answer.content, time.monotonic() - begun

    names = ["ann", "nobody", "raises", "exits", "dies", "hangs", "lies", "eats", "", "$(touch x)", "a\0b", "é" * 500]
    threads = [threading.Thread(target=try_it, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert {(status, content) for status, content, _ in answers.values()} == {
        (401, b'{"error":"this is not right, or cannot be checked now"}')
    }
    assert min(took for _, _, took in answers.values()) > 0.9
    said = cave.log.read_text()
    for words in (
        "its check raised ValueError",
        "its check raised SystemExit",
        "its check must return a Person or None, not dict",
        "ann logged in by cave as viewer",
        "took longer than 3 s in check",
    ):
        assert words in said, words
    # What is not asked for is not looked at.
    for body in ({"fields": {}}, {"fields": {"name": "ann"}}, {"fields": {"name": "ann", "word": SECRET, "more": "1"}}):
        assert stranger.post("/login", body).status == 401
    for body in ({}, {"ticket": "x" * 20, "fields": {"name": "ann", "word": SECRET}}, {"fields": {"name": "x" * 1001}}):
        assert stranger.post("/login", body).status == 400
    assert enter(cave, "ann", SECRET)[1].status == 200


def test_a_way_to_log_in_that_is_not_there_leaves_the_addresses_of_the_owner(home: Path) -> None:
    write_plugin("caves", CAVE.replace("import hmac", "import nothing_of_this_name"))
    config.own_file().write_text('[portal]\nlogin = "cave"\n')
    running = RunningPortal(home)
    try:
        assert Browser(running).get("/login-way").json == {
            "way": "broken", "title": "", "fields": [], "registration": "no", "mail": False,
        }  # fmt: skip
        assert enter(running, "ann", SECRET)[1].status == 401
        assert running.login().get("/wall").status == 200
        said = running.log.read_text()
        assert "portal.login: there is no way to log in cave: there are token" in said
    finally:
        running.stop()
        running.log.unlink()
