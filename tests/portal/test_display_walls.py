"""Display walls over the wire: a screen's address is for looking alone, and each screen is told when to show what."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from portal_kit import Browser, RunningJob, RunningPortal, WallPage, closing
from tvcore.portal.presenting import AHEAD_MS

VIEW = {"rect": [0.0, 0.5, 4.0, 2.0], "columns": 2, "layout": [1440.0, 800.0], "zoomed": [], "focus": None}
SCREENS = [{"width": 1920, "height": 1080, "inches": 24.0}, {"width": 1280, "height": 1024, "inches": 19.0}]


@pytest.fixture
def wall(portal: RunningPortal, browser: Browser) -> Iterator[dict[str, Any]]:
    """A wall of two screens, as the owner is told of it."""
    name = f"w{secrets.token_hex(4)}"
    wanted = {"name": name, "columns": 2, "rows": 1, "bezel": 10, "screens": SCREENS, "uses": 2}
    answer = browser.post("/display-walls", wanted)
    assert answer.status == 200, answer.json
    yield answer.json
    browser.post(f"/display-walls/{name}/remove", {})


def come(portal: RunningPortal, secret: str, name: str) -> Browser:
    guest = Browser(portal)
    answer = guest.post("/invitations/accept", {"secret": secret, "name": name})
    assert answer.status == 200, answer.json
    guest.key = answer.json["key"]
    return guest


def in_room(browser: Browser) -> WallPage:
    page = browser.wall()
    page.event(lambda event: event["event"] == "wall")
    page.name = secrets.token_hex(6)
    page.say(here={"page": page.name})
    return page


def shown(page: WallPage, wanted: Callable[[Any], Any] = lambda event: True) -> dict[str, Any]:
    return page.event(lambda event: event["event"] == "shown" and wanted(event), 20)


def test_a_leaders_view_comes_to_all_screens_with_one_time_and_to_one_that_comes_late(
    portal: RunningPortal, browser: Browser, wall: dict[str, Any]
) -> None:
    name = wall["name"]
    remote = in_room(come(portal, wall["remote"]["secret"], f"{name} remote"))
    remote.say(watch={"wall": name, "screen": None})
    screens = []
    for place in wall["places"]:
        page = in_room(come(portal, place["secret"], f"{name} {place['column']}x{place['row']}"))
        page.say(watch={"wall": name, "screen": [place["column"], place["row"]]})
        screens.append(page)
    assert shown(remote, lambda event: len(event["screens"]) == 2)["screens"] == [[1, 1], [2, 1]]
    asked = time.time() * 1000
    remote.say(lead={"wall": name, "view": VIEW, "duration": 170, "take": True})
    told = [shown(page, lambda event: event["view"]) for page in (remote, *screens)]
    assert {each["at"] for each in told} == {told[0]["at"]}, "exactly the same"
    assert asked + AHEAD_MS - 50 < told[0]["at"] < time.time() * 1000 + AHEAD_MS + 50
    assert told[0]["view"] == VIEW | {"blank": False}
    assert told[0]["duration"] == 170
    screens.pop().connection.close()
    shown(remote, lambda event: event["screens"] == [[1, 1]])
    late = in_room(browser)
    late.say(watch={"wall": name, "screen": [2, 1]})
    assert shown(late)["at"] == told[0]["at"]
    # Whoever arranges may take it over, and is followed from then on.
    late.say(lead={"wall": name, "view": VIEW | {"blank": True}, "take": True})
    assert shown(screens[0], lambda event: event["view"] and event["view"]["blank"])["leader"]["page"] == late.name
    screens[0].events.clear()
    remote.say(lead={"wall": name, "view": VIEW})
    for page in (remote, screens[0]):
        page.say(clock=1.0)
        page.event(lambda event: event["event"] == "clock")
    assert not [each for each in screens[0].events if each["event"] == "shown"]
    for page in (remote, *screens, late):
        page.connection.close()


def test_a_screens_address_is_for_looking_and_a_remotes_for_that_and_leading(
    portal: RunningPortal, browser: Browser, wall: dict[str, Any]
) -> None:
    name, (first, second) = wall["name"], wall["places"]
    screen = come(portal, first["secret"], f"{name} 1x1")
    remote = come(portal, wall["remote"]["secret"], f"{name} remote")
    for guest, leads in ((screen, False), (remote, True)):
        me = guest.get("/me").json
        assert (me["role"], me["rights"], me["leads"], me["chosen"]) == ("guest", ["see"], leads, False)
        assert [each["key"] for each in me["sessions"]] == [me["session"]]
        for method, path, body in (
            ("GET", "/display-walls", None), ("POST", "/display-walls", {}), ("GET", "/invitations", None),
            ("POST", f"/display-walls/{name}/remove", {}), ("GET", "/projects", None),
        ):  # fmt: skip
            answer = guest.get(path) if method == "GET" else guest.post(path, body)
            assert answer.status == 403, (path, answer.json)
    page = in_room(screen)
    page.say(join=None, watch={"wall": name, "screen": [1, 1]})
    page.say(lead={"wall": name, "view": VIEW, "take": True})
    refused = page.event(lambda event: event["event"] == "refused")
    assert refused["what"] == "lead"
    assert "`arrange`" in refused["why"]
    assert shown(page)["view"] is None
    page.say(ops=[{"id": "mine-1", "set": [[f"screens/{name}", None]]}])
    assert "`arrange`" in page.event(lambda event: event["event"] == "refused" and event.get("op") == "mine-1")["why"]
    page.say(input=[{"tile": 1, "key": [97, True]}])
    assert page.event(lambda event: event["event"] == "refused" and event["what"] == "input")
    # An address is good for as many browsers as was said, and for none once the wall is taken down.
    come(portal, first["secret"], f"{name} 1x1 b")
    assert Browser(portal).post("/invitations/accept", {"secret": first["secret"], "name": "Eve"}).status == 401
    assert browser.post(f"/display-walls/{name}/remove", {}).json == {"name": name, "out": 3}
    assert closing(page.connection).code == 1008
    assert Browser(portal).post("/invitations/accept", {"secret": second["secret"], "name": "Eve"}).status == 401
    assert screen.get("/me").status == 401
    assert browser.post(f"/display-walls/{name}/remove", {}).status == 404


def test_what_a_wall_is_like_stands_in_the_document_and_its_secrets_nowhere(
    browser: Browser, wall: dict[str, Any]
) -> None:
    page = in_room(browser)
    page.say(join=None)
    document = page.event(lambda event: event["event"] == "document")
    registers = dict((document["base"] or {"registers": []})["registers"])
    for op in document["ops"]:
        registers |= dict(op.get("set", []))
    there = registers[f"screens/{wall['name']}"]
    assert (there["columns"], there["rows"], there["bezel"]) == (2, 1, 10)
    assert there["screens"][1]["pixels"] == [1280, 1024]
    (listed,) = [each for each in browser.get("/display-walls").json["walls"] if each["name"] == wall["name"]]
    assert (listed["here"], listed["screens"]) == (0, there["screens"])
    everything = str(document) + str(listed) + str(browser.get("/invitations").json)
    for secret in (wall["remote"]["secret"], *(each["secret"] for each in wall["places"])):
        assert secret not in everything
    page.connection.close()
    again = {"name": wall["name"], "columns": 1, "rows": 1, "screens": SCREENS[:1]}
    answer = browser.post("/display-walls", again)
    assert (answer.status, "already" in answer.json["error"]) == (400, True)
    assert browser.post("/display-walls", again | {"name": "other", "columns": 2}).status == 400


def test_a_page_is_told_the_portals_time_and_odd_words_end_its_stream(portal: RunningPortal, browser: Browser) -> None:
    page = in_room(browser)
    before = time.time() * 1000
    page.say(clock=12.5)
    told = page.event(lambda event: event["event"] == "clock")
    assert told["t1"] == 12.5
    assert before - 50 <= told["t2"] <= told["t3"] <= time.time() * 1000 + 50
    page.connection.close()
    for odd in (
        {"clock": -1}, {"clock": "now"}, {"watch": "lobby"}, {"watch": {"wall": "a/b"}},
        {"watch": {"wall": "lobby", "screen": [0, 1]}}, {"lead": {"wall": "lobby"}},
        {"lead": {"wall": "lobby", "view": VIEW | {"rect": [0, 0, 0, 1]}}},
        {"lead": {"wall": "lobby", "view": VIEW, "duration": 1e9}}, {"lead": {"wall": "lobby", "view": VIEW, "at": 1}},
    ):  # fmt: skip
        page = in_room(browser)
        page.say(**odd)
        assert closing(page.connection).code == 1007, odd


def test_who_was_invited_to_chosen_tiles_is_told_of_no_display_wall(
    portal: RunningPortal, browser: Browser, wall: dict[str, Any], standing_job: RunningJob
) -> None:
    made = browser.post("/invitations", {"tiles": standing_job.tiles[:1]}).json
    guest = come(portal, made["secret"], "Chosen")
    assert guest.get("/me").json["leads"] is False
    page, owner = in_room(guest), in_room(browser)
    page.say(join=None, watch={"wall": wall["name"]})
    assert wall["name"] not in str(page.event(lambda event: event["event"] == "document"))
    owner.say(lead={"wall": wall["name"], "view": VIEW, "take": True})
    page.say(lead={"wall": wall["name"], "view": VIEW, "take": True})
    assert page.event(lambda event: event["event"] == "refused")["what"] == "lead"
    page.say(clock=1)
    page.event(lambda event: event["event"] == "clock")
    assert not [each for each in page.events if each["event"] == "shown"]
    for each in (page, owner):
        each.connection.close()
