"""Who was invited to chosen tiles gets those: of no other a frame, a name, or anything that was done to it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import pytest
from conftest import live_job
from hypothesis import given, settings
from hypothesis import strategies as st
from rows_kit import browser_of, guest, invitation

from portal_kit import Browser, RunningJob, RunningPortal, WallPage
from tvcore.portal.chosen import Part
from tvcore.session.document import Document

OWN, OTHERS = (3, 12, 40), (1, 4, 13, 30, 402)
PLANTED = "planted"  # whatever has this in it is of other tiles
ME, SHE = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
PART = Part(frozenset(OWN), ME)

tiles = st.sampled_from(OWN + OTHERS)


def word(tile: int) -> str:
    return f"shown-{tile}" if tile in OWN else f"{PLANTED}-{tile}"


@st.composite
def registers(draw: st.DrawFn) -> list[Any]:
    """A register as people set them, whose value tells of the tiles that it is about."""
    tile, other = draw(tiles), draw(tiles)
    about = [tile, other]
    found: tuple[list[int], str, Any] = draw(
        st.sampled_from(
            (
                ([tile], f"order/{tile}", word(tile)),
                ([tile], f"tags/{tile}/{word(tile)}", True),
                ([tile], f"tile/{tile}/opacity", word(tile)),
                ([tile], f"drawing/{tile}/d-1", {"kind": "text", "text": word(tile)}),
                ([0], f"tag/{PLANTED}/colour", "#123456"),
                ([0], "sort", {"by": f"column:{PLANTED}", "descending": False}),
                ([0], "group", {"by": f"column:{PLANTED}"}),
                ([0], "colour", {"by": f"tag:{PLANTED}", "from": 1.5}),
                ([0], "bookmark/b-1", {"name": PLANTED, "view": {"tile": other}}),
                ([0], f"person/{SHE}/filter", {"text": PLANTED, "rest": "hide"}),
                ([0], f"person/{SHE}/selection", [PLANTED, *about]),
                (about, f"person/{ME}/selection", [word(tile), *about]),
                (about, f"person/{ME}/zoomed", [word(tile), *about]),
                ([0], f"something-of-later/{tile}", PLANTED),
            )
        )
    )
    return [found[1], found[2]]


@st.composite
def texts(draw: st.DrawFn) -> list[Any]:
    """Edits of a note: a character is named by its number in the operation that wrote it, whatever else that wrote."""
    tile = draw(tiles)
    named = st.tuples(st.integers(1, 8), st.integers(0, 40))
    written = st.builds(lambda of, more: ["+", f"op-{of[0]}:{of[1]}", word(tile) + more], named, st.text("ab"))
    removed = st.builds(lambda of, count: ["-", f"op-{of[0]}", of[1], count], named, st.integers(1, 9))
    return [f"note/{tile}", [["+", "", word(tile)], *draw(st.lists(written | removed, max_size=3))]]


@st.composite
def operations(draw: st.DrawFn) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for seq in range(1, draw(st.integers(1, 8)) + 1):
        op: dict[str, Any] = {"id": f"op-{seq}", "person": draw(st.sampled_from((ME, SHE))), "seq": seq, "at": 1.0}
        kind = draw(st.sampled_from(("acts", "acts", "acts", "undo", "settle")))
        if kind == "acts":
            op |= {"set": draw(st.lists(registers(), max_size=4)), "text": draw(st.lists(texts(), max_size=3))}
            op["label"] = "label"
        elif kind == "undo":
            op["undo"] = f"op-{draw(st.integers(1, seq))}"
        else:
            op["settle"] = draw(st.integers(0, seq))
        found.append(op)
    return found


def folded(operations: list[dict[str, Any]]) -> Document:
    document = Document()
    for op in operations:
        document.take(op)
    return document


@settings(max_examples=300, deadline=None)
@given(operations())
def test_nothing_of_another_tile_is_in_what_is_told_of_operations(done: list[dict[str, Any]]) -> None:
    told = PART.event({"event": "ops", "after": 0, "ops": done})
    assert PLANTED not in json.dumps(told)
    named = {path.split("/")[1] for op in told["ops"] for path, _ in (*op.get("set", ()), *op.get("text", ()))}
    assert not named & {str(tile) for tile in OTHERS}
    assert [op["seq"] for op in told["ops"]] == [op["seq"] for op in done]  # so that none seems to be missing


@settings(max_examples=200, deadline=None)
@given(operations())
def test_what_is_told_of_ones_tiles_comes_to_what_everyone_else_has(done: list[dict[str, Any]]) -> None:
    mine, everyones = folded(PART.operations(done)), folded(done)
    for tile in OWN:
        assert mine.text(f"note/{tile}") == everyones.text(f"note/{tile}")
        for path in (f"order/{tile}", f"tags/{tile}/{word(tile)}", f"tile/{tile}/opacity", f"drawing/{tile}/d-1"):
            assert mine.get(path) == everyones.get(path)
    assert mine.seq == everyones.seq


@settings(max_examples=200, deadline=None)
@given(operations())
def test_nothing_of_another_tile_is_in_what_is_settled(done: list[dict[str, Any]]) -> None:
    document = folded(done)
    document.take({"id": "settle", "person": "", "seq": len(done) + 1, "settle": len(done)})
    base = document.base()
    told = PART.event({"event": "document", "base": base, "ops": [], "head": base["seq"]})
    assert PLANTED not in json.dumps(told)
    mine = Document(told["base"])
    assert all(mine.text(f"note/{tile}") == document.text(f"note/{tile}") for tile in OWN)


presences = st.builds(
    lambda person, focus, zoomed: {
        "person": person, "name": None, "focus": focus, "view": [1.5, 2.0, 3.0, 4.0], "columns": 7, "zoomed": zoomed
    },
    st.sampled_from((ME, SHE)), st.none() | tiles, st.lists(tiles, max_size=5),
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(("p1", "p2", "p3")), st.none() | presences))
def test_of_what_others_look_at_one_is_told_of_ones_own_tiles(people: dict[str, Any]) -> None:
    told = PART.event({"event": "people", "all": True, "people": people})
    assert told["all"] is True
    assert told["people"].keys() == people.keys()
    for page, here in told["people"].items():
        assert (here is None) == (people[page] is None)
        if here is not None:
            assert here["person"] == people[page]["person"]
            assert {here["focus"], *here["zoomed"]} <= {None, *OWN}
            assert (here["view"], here["columns"]) == (None, None)


def a_tile(tile: int, of: int) -> dict[str, Any]:
    said = {name: word(tile) for name in ("title", "reason", "node", "renderer")}
    metadata = {"shared": word(tile), ("F" if tile in OWN else f"{PLANTED}-column"): word(tile)}
    return {"id": tile, "set": of, "tags": [word(tile)], "metadata": metadata, **said}


@given(st.lists(tiles, unique=True), st.integers(1, 3))
def test_nothing_of_another_tile_is_in_the_wall(shown: list[int], sets: int) -> None:
    names = ("shared", "F", f"{PLANTED}-column")
    columns = [{"name": name, "unit": "m", "low": PLANTED, "values": [PLANTED]} for name in names]
    wall = {
        "session": "main", "revision": 5, "notices": [f"{PLANTED}: cannot be read"],
        "tiles": [a_tile(tile, tile % sets) for tile in shown],
        "sets": [
            {"id": of, "title": "Mine", "reason": f"{PLANTED} is gone", "images": {PLANTED: "1"}, "columns": columns}
            if any(tile in OWN and tile % sets == of for tile in shown)
            else {"id": of, "title": PLANTED, "reason": "", "images": {}, "columns": columns}
            for of in range(sets)
        ],
    }  # fmt: skip
    told = PART.wall(wall)
    assert PLANTED not in json.dumps(told)
    assert [tile["id"] for tile in told["tiles"]] == [tile for tile in shown if tile in OWN]
    assert {each["id"] for each in told["sets"]} == {tile % sets for tile in shown if tile in OWN}
    assert all(tile == a_tile(tile["id"], tile["id"] % sets) for tile in told["tiles"])
    assert PART.changes([{"id": tile, "state": word(tile)} for tile in shown]) == [
        {"id": tile, "state": word(tile)} for tile in shown if tile in OWN
    ]


def test_what_one_does_may_name_no_other_tile() -> None:
    assert PART.foreign({"set": [[f"person/{ME}/selection", [3, 12]], [f"person/{ME}/zoomed", None]]}) is None
    assert PART.foreign({"set": [[f"person/{ME}/filter", {"text": "4", "rest": "dim"}]]}) is None
    for name in ("selection", "zoomed", "followers"):
        assert PART.foreign({"set": [[f"person/{ME}/{name}", [3, 4]]]}) == 4
    for odd in ({}, {"set": None}, {"set": [7]}, {"set": [[5, [4]]]}, {"set": {"a": 1}}, {"undo": "x"}):
        assert PART.foreign(odd) is None


# -------------------------------------------------------------- over the wire


@pytest.fixture(scope="module")
def job(portal: RunningPortal) -> Iterator[RunningJob]:
    """A job of four tiles."""
    running = live_job(portal, tiles=4)
    yield from running


@pytest.fixture
def invited(portal: RunningPortal, job: RunningJob) -> Browser:
    """A guest who was invited to one tile of four, with control."""
    chosen = invitation(portal.store, "main", job.tiles[:1], operate=True)
    return browser_of(portal, guest(portal.store, chosen, "Gwen"))


def told(page: WallPage, seconds: float = 0.5) -> str:
    """Return all that the page was told, after it heard nothing for *seconds*."""
    while True:
        try:
            page.receive(seconds)
        except TimeoutError:
            return json.dumps(page.events)


def test_a_guest_is_told_of_the_tiles_that_they_were_invited_to(
    portal: RunningPortal, job: RunningJob, invited: Browser
) -> None:
    own, *others = job.tiles
    owner = portal.login().wall()
    owner.say(join=None, here={"page": "0" * 12, "focus": others[0], "zoomed": [own, others[1]]})
    owner.say(
        ops=[
            {"id": f"plant-{own}-1", "set": [[f"order/{others[0]}", "z"], [f"tags/{others[0]}/{PLANTED}", True]]},
            {"id": f"plant-{own}-2", "text": [[f"note/{others[0]}", [["+", "", PLANTED]]],
                                              [f"note/{own}", [["+", "", "for Gwen"]]]]},
            {"id": f"plant-{own}-3", "set": [["sort", {"by": f"tag:{PLANTED}", "descending": False}]]},
        ]
    )  # fmt: skip
    owner.event(lambda event: "plant" in json.dumps(event) and f"plant-{own}-3" in json.dumps(event))
    page = invited.wall()
    page.say(join=None)
    document = page.event(lambda event: event["event"] == "document")
    wall = page.event(lambda event: event["event"] == "wall")
    assert [tile["id"] for tile in wall["wall"]["tiles"]] == [own]
    assert wall["me"]["chosen"] is True
    assert wall["wall"]["notices"] == []
    # What is done meanwhile comes as it is done, and what is done to other tiles does not.
    owner.say(ops=[{"id": f"plant-{own}-4", "set": [[f"drawing/{others[1]}/{PLANTED}", None], [f"order/{own}", "k"]]}])
    owner.say(ops=[{"id": f"plant-{own}-5", "set": [[f"tile/{others[1]}/off", True]], "label": PLANTED}])
    job.agent.change(1, reason=PLANTED)
    job.agent.change(0, reason="of mine")
    owner.say(here={"page": "0" * 12, "focus": others[1], "view": [1.0, 2.0, 3.0, 4.0], "columns": 3})
    page.events += [document, wall]
    everything = told(page)
    assert PLANTED not in everything
    assert f"drawing/{others[1]}" not in everything
    assert f"order/{own}" in everything
    assert "of mine" in everything
    seen = folded([op for event in page.events if event["event"] in ("document", "ops") for op in event["ops"]])
    assert seen.text(f"note/{own}") == "for Gwen"
    people = [here for event in page.events if event["event"] == "people" for here in event["people"].values() if here]
    assert {here["focus"] for here in people} <= {None, own}
    assert {tile for here in people for tile in here["zoomed"]} <= {own}
    assert {here["view"] is None for here in people} == {True}
    # One page that knows some is told what it missed in the same way.
    page.say(join=0)
    again = page.event(lambda event: event["event"] in ("document", "ops"))
    assert PLANTED not in json.dumps(again)
    for each in (page, owner):
        each.close()


def test_a_guest_reaches_no_other_tile(portal: RunningPortal, job: RunningJob, invited: Browser) -> None:
    own, *others = job.tiles
    nowhere = 99999
    page = invited.wall()
    page.say(demand=[[tile, 64, 64, 3] for tile in (own, *others, nowhere)])
    stream = wait_for_demand(job, [0])
    assert [tile[0] for tile in stream.looker().demands[-1]] == [0]
    # Of another tile one is told what one is told of a tile that there is not.
    for tile in (others[0], nowhere):
        page.say(input=[{"tile": tile, "key": [97, True]}])
        page.say(arm={"leader": tile, "followers": [own]})
        refused = page.event(lambda event: event["event"] == "refused" and event["what"] == "arm")
        assert refused["why"] == f"no node agent runs tile {tile} now"
    page.say(arm={"leader": own, "followers": [*others, nowhere]})
    assert page.event(lambda event: event["event"] == "armed") == {"event": "armed", "leader": own, "followers": 0}
    page.say(input=[{"tile": own, "key": [98, True]}])
    deadline = time.monotonic() + 10
    while not stream.looker().input:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert stream.looker().input == [{"tiles": [0], "key": [98, True]}]
    person = page.event(lambda event: event["event"] == "wall")["me"]["person"]
    page.say(join=None)
    page.say(ops=[{"id": f"sel-{own}", "set": [[f"person/{person}/selection", [own, others[0]]]]}])
    assert page.event(lambda e: e["event"] == "refused" and e["what"] == "op")["why"] == f"there is no tile {others[0]}"
    page.say(ops=[{"id": f"order-{own}", "set": [[f"order/{own}", "b"]]}])
    assert "arrange" in page.event(lambda e: e["event"] == "refused" and e["what"] == "op")["why"]
    page.close()
    # And the same by the API.
    assert [tile["id"] for tile in invited.get("/wall").json["tiles"]] == [own]
    for tile in (others[0], nowhere):
        answer = invited.post("/tickets", {"stream": "rfb", "tile": tile})
        assert (answer.status, answer.json) == (404, {"error": f"there is no tile {tile}"})
    assert invited.post("/tickets", {"stream": "rfb", "tile": own}).status == 200
    for path in ("/tiles", "/jobs", "/query?q=", "/session/export", f"/tiles/{others[0]}/log"):
        assert invited.get(path).status == 403, path


def wait_for_demand(job: RunningJob, wanted: list[int]) -> Any:
    deadline = time.monotonic() + 15
    while True:
        for stream in job.agent.walls:
            if stream.demand is not None and [each[0] for each in stream.demand] == wanted:
                return stream
        assert time.monotonic() < deadline, "no demand"
        time.sleep(0.02)
