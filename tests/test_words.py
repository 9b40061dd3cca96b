"""What people read in the terminal of jobs and tiles."""

from __future__ import annotations

import time
from typing import Any

import pytest

from tvcore import words
from tvcore.launching import failure
from tvcore.terminal import printable, table

NOW = time.mktime((2026, 3, 4, 14, 7, 0, 0, 0, -1))


def job(**more: Any) -> dict[str, Any]:
    return {"id": "12", "state": "pending", "reason": "", "expected_start": None, "ends": None, **more}


def tile(state: str = "live", **more: Any) -> dict[str, Any]:
    return {
        "id": 3, "title": "F 0.03", "state": state, "cause": "", "reason": "", "advice": "", "gl": None,
        "renderer": None, **more,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (-3, "0 s"), (40, "40 s"), (118, "118 s"), (119, "2 min"), (1500, "25 min"), (3600, "1 h"),
        (12000, "3 h 20 min"), (36000 + 120, "10 h"), (3 * 86400, "3 days"),
    ],
)  # fmt: skip
def test_a_duration_in_words(seconds: float, text: str) -> None:
    assert words.duration(seconds) == text


def test_a_queued_job_says_why_and_when_it_starts() -> None:
    waiting = job(reason="waits for free nodes (Resources)", expected_start=NOW + 1500)
    assert words.progress(waiting, [tile("queued")] * 2, NOW) == (
        "queued: waits for free nodes (Resources), expected to start at 14:32, in 25 min"
    )
    assert words.queue(job(), NOW) == "queued"
    assert words.queue(job(expected_start=NOW - 5), NOW) == "queued: expected to start now"
    assert words.start(NOW + 86400, NOW) == "expected to start at 05 Mar 14:07, in 24 h"


def test_the_way_to_live_in_words() -> None:
    running = job(state="running", ends=NOW + 240)
    assert words.progress(running, [tile("starting")] * 3, NOW) == "starting"
    assert words.progress(running, [tile(), tile("starting"), tile("failed")], NOW) == "1 of 3 live, 1 failed"
    assert words.progress(running, [tile("queued"), tile("starting")], NOW) == "0 of 2 live"
    assert words.end(running, NOW) == "ends in 4 min"
    assert words.end(job(ends=NOW + 240), NOW) == ""


def test_why_a_tile_is_not_live() -> None:
    assert words.trouble(tile("failed", cause="out of memory", reason="of 4 GiB")) == "out of memory: of 4 GiB"
    assert words.trouble(tile("failed", cause="node failure", reason="node failure: c1 is gone")) == (
        "node failure: c1 is gone"
    )
    assert words.trouble(tile("queued", reason="waits")) == "waits"
    assert words.trouble(tile()) == ""


def test_what_draws_is_short_and_what_is_bad_is_said() -> None:
    truth = {"way": "mesa", "renderer": "llvmpipe (LLVM 19, 256 bits)", "software": True, "promised": False, "note": ""}
    assert words.gl(tile(gl=truth)) == "mesa: llvmpipe"
    assert words.gl_complaint(tile(gl=truth)) == ""
    assert words.gl_complaint(tile(gl=truth | {"promised": True, "note": "no /dev/dri"})) == "no /dev/dri"
    assert words.gl_complaint(tile(gl=truth | {"wrong": True, "software": False})) == "another GPU than its own draws"
    assert words.gl(tile(renderer="llvmpipe (LLVM 19)")) == "llvmpipe"
    assert words.gl(tile()) == ""


def test_a_failure_has_cause_log_and_advice_and_nothing_that_a_terminal_acts_on() -> None:
    failed = tile("failed", cause="program ended", reason="exit code 7", advice="Read the log.")
    assert failure(failed, ["one", "\x1b[2Jtwo\x07"]) == [
        "tile 3 (F 0.03) failed: program ended: exit code 7",
        "  | one",
        "  | \ufffd[2Jtwo\ufffd",
        "  Read the log.",
    ]
    assert printable("a\tb") == "a       b"


def test_colours_take_no_room_in_a_table() -> None:
    assert table(("a", "b"), [("\x1b[31mred\x1b[0m", "x"), ("long", "y")]).splitlines() == [
        "a     b", "\x1b[31mred\x1b[0m   x", "long  y",
    ]  # fmt: skip
