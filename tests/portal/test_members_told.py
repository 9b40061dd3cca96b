"""What node agents say of an ensemble that is written meanwhile: it reaches the store, the pages and the searches."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from portal_kit import RunningJob, RunningPortal
from tvcore.portal.monitor import merged
from tvcore.store.lookup import Lookup
from waiting import wait_until

F = {"name": "F", "dtype": "float64", "unit": "1/s", "description": "", "role": "result"}


@pytest.fixture
def portal(own_portal: RunningPortal) -> RunningPortal:
    """A portal with nothing else on its wall."""
    return own_portal


@pytest.fixture
def job(portal: RunningPortal) -> Iterator[RunningJob]:
    running = RunningJob(portal, tiles=3)
    yield running
    running.end()


def rows(job: RunningJob) -> list[dict[str, object]]:
    return [tile["metadata"] for tile in job.portal.store.tiles() if tile["job"] == job.id]


def test_rows_that_change_come_to_the_page_as_changes_of_those_tiles_alone(
    portal: RunningPortal, job: RunningJob
) -> None:
    quiet = {"columns": None, "rows": {}, "note": "", "complete": False}
    portal.store.apply_members(job.id, job.agent.registration.node, quiet)
    wall = portal.login().wall()
    try:
        wall.event(lambda said: said["event"] == "wall" and len(said["wall"]["tiles"]) == 3)
        wait_until(lambda: job.agent.watches, 30, "the portal watches the agent")
        job.agent.say_members({1: {"F": 7.5}})
        said = wall.event(lambda said: said["event"] == "tiles" and any("metadata" in tile for tile in said["tiles"]))
        changed = [tile for tile in said["tiles"] if "metadata" in tile]
        # What the agent says of the tile's state may have come at the same moment, and is told with it.
        assert [(tile["id"], tile["metadata"]) for tile in changed] == [(job.tiles[1], {"F": 7.5})]
        assert rows(job) == [{"F": 0.0}, {"F": 7.5}, {"F": 0.02}]
        job.agent.say_members({}, note="F.h5: its writer is gone", columns=[F])
        words = f"{job.agent.registration.node}: F.h5: its writer is gone"
        said = wall.event(lambda said: said["event"] == "wall" and said["wall"]["notices"] == [f"Test: {words}"])
        (tile_set,) = said["wall"]["sets"]
        assert (tile_set["columns"], tile_set["complete"]) == ([F], False)
        assert tile_set["reason"] == words
    finally:
        wall.close()


def test_a_search_finds_what_changed(portal: RunningPortal, job: RunningJob) -> None:
    browser = portal.login()
    wait_until(lambda: job.agent.watches, 30, "the portal watches the agent")
    assert browser.get("/query?q=F%3E5").json["matches"] == []
    job.agent.say_members({0: {"F": 6.0}, 2: {"F": 8.0}})
    wanted = [job.tiles[0], job.tiles[2]]
    wait_until(lambda: browser.get("/query?q=F%3E5").json["matches"] == wanted, 30, "the search sees the new values")


def test_the_edition_of_a_wall_changes_with_metadata_and_columns_alone(portal: RunningPortal, job: RunningJob) -> None:
    store = portal.store
    lookup = Lookup(store.engine, "main")
    said = {"columns": None, "rows": {"0": {"F": 1.5}}, "note": "", "complete": False}
    before = lookup.editions()
    assert store.apply_members(job.id, "n1", said)
    assert lookup.editions() > before
    before, revision = lookup.editions(), store.revision()
    assert not store.apply_members(job.id, "n1", said)  # the same again is no news
    assert (lookup.editions(), store.revision()) == (before, revision)
    assert store.apply_members(job.id, "n1", said | {"rows": {}, "note": "gone"})
    assert lookup.editions() == before
    assert store.revision() > revision
    assert store.apply_members(job.id, "n1", said | {"columns": [F]})
    assert lookup.editions() > before


def test_each_node_has_its_own_note_and_takes_back_its_own_alone(portal: RunningPortal, job: RunningJob) -> None:
    def note() -> str:
        return next(found["reason"] for found in portal.store.wall()["sets"] if found["job"] == job.id)

    quiet = {"columns": None, "rows": {}, "note": "", "complete": False}
    for node in ("c1", "c2"):
        portal.store.apply_members(job.id, node, quiet | {"note": f"there is no file\non {node}"})
    assert note() == "c1: there is no file on c1; c2: there is no file on c2"
    portal.store.apply_members(job.id, "c1", quiet)
    assert note() == "c2: there is no file on c2"
    portal.store.apply_members(job.id, "c2", quiet | {"complete": True})
    assert note() == ""


def test_what_is_said_in_a_row_is_written_at_once_and_the_later_word_counts() -> None:
    old = {"columns": [F], "rows": {"0": {"F": 1}, "1": {"F": 2}}, "note": "gone", "complete": False}
    new = {"columns": None, "rows": {"1": {"F": 3}}, "note": "", "complete": True}
    both = {"columns": [F], "rows": {"0": {"F": 1}, "1": {"F": 3}}, "note": "", "complete": True}
    assert merged(old, new) == both
    assert (merged(None, new), merged(old, None)) == (new, old)
