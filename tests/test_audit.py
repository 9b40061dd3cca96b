"""The audit: what is written down, by whom, for whom; pages and filters; and that everything that changes is in it."""

from __future__ import annotations

import json
import os
import pwd
import stat
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tvcore import audit
from tvcore.audit import By, Entry
from tvcore.audit_reading import Wanted, entries, page
from tvcore.cli import cli
from tvcore.cli_audit import COMMANDS, commands, moment
from tvcore.errors import TiledVizError, UsageError

# Commands that change nothing that others could ask about, or that are written down where they do it.
READING = {
    "account list", "audit", "cases", "config show", "db check", "db where", "ensemble", "image build", "image check",
    "image inspect", "image list", "invite list", "jobs", "logs", "offers", "plugin check", "plugin list", "plugin new",
    "plugin test", "presets list", "project list", "project members", "render", "replay",
    "session compare", "session export", "session list", "session versions", "tile act", "tile actions", "tile play",
    "tile windows", "tiles", "tileset list", "tileset print", "tileset revisions", "token list", "try",
    "wall list",
}  # fmt: skip


def ann(verb: str = "act", **more: Any) -> Entry:
    return Entry(By("ann", "accounts", 3, "owner", None, "192.0.2.7"), verb, **more)


def tiledviz(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tvcore", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def test_what_was_done_is_written_down_for_the_owner_alone_and_files_do_not_grow_for_ever(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert list(entries()) == []
    entry = ann(tiles=[3, 5], project=1, session="main", what={"action": "go", "arguments": {"x": "é\n"}})
    audit.write(entry, "failed", "no luck", failed=1)
    (found,) = entries()
    assert {name: value for name, value in found.items() if name not in ("time", "id")} == {
        "who": "ann", "way": "accounts", "person": 3, "role": "owner", "token": None, "address": "192.0.2.7",
        "verb": "act", "project": 1, "session": "main", "tiles": [3, 5],
        "what": {"action": "go", "arguments": {"x": "é\n"}}, "outcome": "failed", "failed": 1, "error": "no luck",
    }  # fmt: skip
    path = home / "audit.jsonl"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    audit.write(ann("many", tiles=list(range(100_000)), what={"x": "y" * (1 << 20), "\ud800": ["z"] * 1000}), "done")
    long = page(Wanted(verb="many"))["entries"][0]
    assert (len(long["tiles"]), long["of"], len(long["what"]["x"])) == (100, 100_000, 301)
    audit.write(ann("huge", what={str(n): "y" * 300 for n in range(100)}), "done")
    assert page(Wanted(verb="huge"))["entries"][0]["what"] == {"left out": "too long to be kept"}
    with path.open("a") as file:
        file.write('{"cut sh\n[]\n')
    monkeypatch.setattr(audit, "MOST", 10)
    for number in range(audit.FILES + 2):
        audit.write(ann(f"later {number}"), "done")
    assert sorted(each.name for each in home.glob("audit.jsonl*")) == [
        "audit.jsonl", *(f"audit.jsonl.{number}" for number in range(1, audit.FILES))
    ]  # fmt: skip
    assert [each["verb"] for each in entries()] == [f"later {number}" for number in range(6, 1, -1)]
    monkeypatch.setenv("LOGNAME", "mallory")
    assert audit.whoever() == pwd.getpwuid(os.getuid()).pw_name


def test_many_that_write_at_once_lose_no_line_when_the_file_is_put_aside(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, aside = home / "audit.jsonl", home / "audit.jsonl.1"
    monkeypatch.setattr(audit, "MOST", 100_000)
    for _ in range(5):
        aside.unlink(missing_ok=True)
        path.write_text('{"outcome": "old"}\n' * 6000)
        together = threading.Barrier(16)

        def write(number: int, together: threading.Barrier = together) -> None:
            together.wait()
            audit.write(ann(tiles=[number]), "done")

        with ThreadPoolExecutor(16) as pool:
            list(pool.map(write, range(16)))
        found = list(entries())
        assert sorted(each["tiles"][0] for each in found[:16]) == list(range(16))
        assert len(found) == 6016


def test_a_disk_that_fills_up_within_a_line_leaves_no_half_of_it(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    audit.write(ann("first"), "done")
    before = (home / "audit.jsonl").read_bytes()
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, line: write(file, line[:20]))
    with pytest.raises(TiledVizError, match="cannot be written: No space left on device"):
        audit.write(ann("second"), "done")
    assert (home / "audit.jsonl").read_bytes() == before


def test_what_is_begun_is_shown_until_it_is_known_how_it_ended(home: Path) -> None:
    lost, done = ann("launch"), ann("tile run")
    audit.write(lost, "begun")
    audit.write(done, "begun")
    audit.write(done, "done")
    assert [(each["verb"], each["outcome"]) for each in entries()] == [("tile run", "done"), ("launch", "begun")]


def test_pages_go_back_to_the_first_entry_and_each_filter_leaves_out_the_rest(home: Path) -> None:
    for number in range(25):
        audit.write(ann(f"verb {number % 5}", project=number % 2, session=f"s{number % 3}", tiles=[number]), "done")
    found, before = [], ""
    while True:
        part = page(Wanted(), before, 10)
        found += part["entries"]
        if not (before := part["before"]):
            break
    assert [each["tiles"] for each in found] == [[number] for number in reversed(range(25))]
    audit.write(Entry(By("Bob", "guest", 9, "guest", None, "by proxy 192.0.2.9"), "login"), "refused", "no")
    audit.write(Entry(audit.here(), "stop", tiles=[7]), "done")

    def verbs(**wanted: Any) -> list[str]:
        return [each["verb"] for each in entries(Wanted(**wanted))]

    assert verbs(who="bo") == verbs(outcome="refused") == ["login"]
    assert verbs(tile=7) == ["stop", "verb 2"]
    assert len(verbs(projects=frozenset({1}))) == 12
    assert verbs(projects=frozenset({1}), first=True)[0] == "stop", "the command line works in the first project"
    assert len(verbs(session="s2", verb="verb 4")) == 1
    times = [each["time"] for each in entries()]
    assert len(verbs(since=times[3])) >= 4
    assert len(verbs(until=times[3])) >= 24
    assert verbs(since=times[0] + 1) == []


def test_files_that_are_put_aside_while_they_are_read_are_read_once_each(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between two lines, between two files, and between two pages; what comes meanwhile is another reading's."""
    monkeypatch.setattr(audit, "MOST", 2500)
    monkeypatch.setattr(audit, "FILES", 40)

    def write(first: int, number: int) -> list[str]:
        verbs = [f"verb {each}" for each in range(first, first + number)]
        for verb in verbs:
            audit.write(ann(verb), "done")
        return verbs[::-1]

    def moved() -> int:
        return len(list(home.glob("audit.jsonl.*")))

    there = write(0, 60)
    assert moved() >= 4
    for count in range(1, 60, 7):
        before, reading = moved(), entries()
        found = [next(reading)["verb"] for _ in range(count)]
        later = write(1000 + count, 25)
        assert moved() > before + 1
        found += [each["verb"] for each in reading]
        assert found == there
        there = later + there
        monkeypatch.setattr(audit, "FILES", audit.FILES + 10)
    hung = ann("hung")
    audit.write(hung, "begun")
    write(3000, 3)
    there = [each["verb"] for each in entries()]
    found, before = [], ""
    while True:
        part = page(Wanted(), before, 4)  # the first of them ends with what is only begun
        assert len(part["before"]) <= 40
        found += [(each["verb"], each["outcome"]) for each in part["entries"]]
        if not (before := part["before"]):
            break
        if len(found) == 4:
            audit.write(hung, "done")
        write(5000 + len(found), 1)
    assert found == [(verb, "begun" if verb == "hung" else "done") for verb in there]
    assert page(Wanted(verb="hung"))["entries"][0]["outcome"] == "done"


def test_every_command_is_written_down_or_known_to_change_nothing() -> None:
    there = {name for name, _ in commands(cli)}
    assert there - set(COMMANDS) - READING == set(), "say in tvcore/cli_audit.py what it is called in the audit"
    assert set(COMMANDS) & READING == set()
    for name, command in commands(cli):
        kept = COMMANDS[name][1] if name in COMMANDS else ()
        assert set(kept) <= {parameter.name for parameter in command.params}, name
    assert (set(COMMANDS) | READING) - there == set(), "these commands are gone"


def test_what_is_done_at_the_command_line_is_written_down_with_how_it_came_out_and_listed(home: Path) -> None:
    assert tiledviz("presets", "save", "mine", "gears").returncode == 0
    assert tiledviz("presets", "remove", "nothing").returncode != 0
    assert tiledviz("tile", "run", "17", "--", "echo", "hello").returncode != 0
    assert tiledviz("log", "warning").returncode == 0
    found = json.loads(tiledviz("audit", "--json").stdout)
    assert [(each["verb"], each["what"]) for each in found] == [
        ("preset save", {"name": "mine", "case": "gears"}), ("preset remove", {"name": "nothing"}),
        ("tile run", {"wanted": "17", "command": ["echo", "hello"]}), ("log", {"level": "warning"}),
    ]  # fmt: skip
    assert [each["outcome"] for each in found][::3] == ["done", "done"]
    assert {each["outcome"] for each in found[1:3]} <= {"failed", "refused"}
    assert {(each["who"], each["address"]) for each in found} == {(audit.whoever(), "command line")}
    assert "preset save" in tiledviz("audit", "--verb", "preset save", "--since", "1h").stdout
    assert tiledviz("audit", "--until", "2020-01-01").stdout == "Nothing of that kind is written down.\n"
    wrong = tiledviz("audit", "--since", "yesterday")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)
    # What amounts to a shell is not done when it cannot be written down.
    (home / "audit.lock").unlink()
    (home / "audit.lock").mkdir()
    refused = tiledviz("launch", "gears", "--detach")
    assert refused.returncode == 1
    assert "audit.jsonl cannot be written" in refused.stderr
    assert not list((home / "jobs").glob("*")) if (home / "jobs").exists() else True
    told = tiledviz("presets", "remove", "mine")
    assert (told.returncode, "what was done is not written down" in told.stderr) == (0, True)


@pytest.mark.parametrize(("text", "seconds"), [("30s", 30), ("5m", 300), ("2h", 7200), ("1d", 86400)])
def test_a_moment_is_a_date_or_a_while_ago(text: str, seconds: float) -> None:
    assert moment(text) == pytest.approx(time.time() - seconds, abs=30)
    assert moment("") is None
    assert moment("2026-11-29T00:00:00+00:00") == 1795910400
    for wrong in ("yesterday", "²d", "99999-01-01", "-1d"):
        with pytest.raises(UsageError, match="is no moment"):
            moment(wrong)
