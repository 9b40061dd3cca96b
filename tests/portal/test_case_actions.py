"""Actions of a case through the web API: offered, done per tile or once, refused in one line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portal_kit import Browser, RunningJob, RunningPortal


@pytest.fixture
def job(portal: RunningPortal, until: Callable[..., None]) -> Iterator[RunningJob]:
    """A job of three tiles of the case ``gears``, which the store knows as live."""
    made = RunningJob(portal, 3)
    until(lambda: {t["state"] for t in portal.store.tiles() if t["job"] == made.id} == {"live"}, seconds=30)
    yield made
    made.end()


def act(browser: Browser, tiles: list[int], name: str) -> list[dict[str, Any]]:
    answer = browser.post("/tiles/act", {"tiles": tiles, "name": name})
    assert answer.status == 200, answer.json
    found: list[dict[str, Any]] = answer.json["results"]
    assert [result["tile"] for result in found] == tiles
    return found


def test_the_actions_of_a_case_are_offered_for_its_live_tiles(
    browser: Browser, job: RunningJob, until: Callable[..., None]
) -> None:
    job.agent.change(1, state="failed", reason="exit code 7")
    until(lambda: job.portal.store.tiles(job.tiles)[1]["state"] == "failed", seconds=30)
    found = browser.post("/tiles/actions", {"tiles": job.tiles}).json
    assert found["errors"] == []
    assert [(each["case"], each["name"], each["each"]) for each in found["actions"]] == [
        ("gears", "turn", "tile"),
        ("gears", "in-step", "once"),
    ]
    assert all(each["tiles"] == job.tiles[::2] for each in found["actions"])


def test_an_action_is_done_with_each_tile_and_says_what_came_of_it(browser: Browser, job: RunningJob) -> None:
    job.agent.calls.clear()
    assert [found["said"] for found in act(browser, job.tiles, "turn")] == ["turned to the left"] * 3
    assert sorted(said["tile"] for said in job.agent.calls) == [0, 1, 2]
    assert {said["call"] for said in job.agent.calls} == {"key"}


def test_an_action_for_all_together_is_done_once(browser: Browser, job: RunningJob) -> None:
    assert [found["said"] for found in act(browser, job.tiles[1:], "in-step")] == ["2 started together"] * 2


def test_what_fails_in_one_tile_is_an_error_for_it_alone(
    browser: Browser, job: RunningJob, until: Callable[..., None]
) -> None:
    job.agent.change(1, state="failed", reason="exit code 7")
    until(lambda: job.portal.store.tiles(job.tiles)[1]["state"] == "failed", seconds=30)
    for name in ("turn", "in-step"):
        first, second, third = act(browser, job.tiles, name)
        assert (first["error"], third["error"]) == ("", "")
        assert second["error"] == "it is not live, but failed: exit code 7"


def test_an_action_that_there_is_not_names_those_there_are(browser: Browser, job: RunningJob) -> None:
    (found,) = act(browser, job.tiles[:1], "explode")
    assert found["error"] == "the case gears has no action 'explode': it has turn, in-step"


def test_who_may_not_operate_has_no_actions(portal: RunningPortal, job: RunningJob) -> None:
    viewer = portal.login("viewer")
    for path, more in (("/tiles/actions", {}), ("/tiles/act", {"name": "turn"})):
        assert viewer.post(path, {"tiles": job.tiles, **more}).status == 403
