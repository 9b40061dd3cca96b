"""Keys and pointer on the wall, into one tile or into a leader and its followers, on two nodes."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fake_agent import Looker
from portal_kit import Browser, RunningJob, RunningPortal, WallPage

Until = Callable[..., None]

A, B = 0x61, 0x62  # keysyms
RELEASE = {"release": True}


@pytest.fixture
def page(browser: Browser, job: RunningJob) -> Iterator[WallPage]:
    """A page that shows the wall."""
    wall = browser.wall()
    yield wall
    wall.close()


def armed(page: WallPage, leader: int, *followers: int) -> dict[str, Any]:
    """Arm, and return the portal's answer."""
    page.say(arm={"leader": leader, "followers": followers})
    return page.event(lambda event: event["event"] in ("armed", "refused"))


def looker(job: RunningJob, until: Until) -> Looker:
    """Return what the agent of *job* knows of the page that came last, as soon as it does."""
    until(lambda: job.agent.walls and job.agent.stream().lookers)
    return job.agent.stream().looker()


def key(*tiles: int, keysym: int = A, down: bool = True) -> dict[str, Any]:
    """Return what an agent is told of a key, by the indices of its tiles."""
    return {"tiles": list(tiles), "key": [keysym, down]}


def told(looker: Looker, *lines: dict[str, Any]) -> Callable[[], bool]:
    return lambda: looker.input == list(lines)


def test_keys_and_pointer_go_to_one_tile_in_order(page: WallPage, job: RunningJob, until: Until) -> None:
    one, two = job.tiles
    page.say(input=[{"tile": two, "key": [A, True]}, {"tile": two, "pointer": [1, 65535, 4]}])
    page.say(input=[{"tile": two, "key": [A, False]}, {"tile": one, "pointer": [0, 0, 0]}])
    wanted = (
        key(1), {"tiles": [1], "pointer": [1, 65535, 4]}, key(1, down=False), {"tiles": [0], "pointer": [0, 0, 0]}
    )  # fmt: skip
    until(told(looker(job, until), *wanted))
    page.say(release=True)
    until(told(looker(job, until), *wanted, RELEASE))


def test_what_is_done_in_a_leader_is_done_in_all_its_followers_by_one_line_for_each_node(
    page: WallPage, job: RunningJob, other: RunningJob, until: Until
) -> None:
    assert armed(page, job.tiles[0], *job.tiles, *other.tiles) == {
        "event": "armed",
        "leader": job.tiles[0],
        "followers": 3,
    }
    page.say(input=[{"tile": job.tiles[0], "key": [A, True]}, {"tile": job.tiles[0], "pointer": [7, 8, 1]}])
    for each in (job, other):
        until(told(looker(each, until), key(0, 1), {"tiles": [0, 1], "pointer": [7, 8, 1]}))
    page.say(input=[{"tile": other.tiles[1], "key": [B, True]}])  # a follower is itself
    until(lambda: looker(other, until).input[2:] == [key(1, keysym=B)])
    assert len(looker(job, until).input) == 2


@pytest.mark.parametrize("how", ["disarmed", "released", "armed anew"])
def test_what_is_held_down_is_released_everywhere(
    page: WallPage, job: RunningJob, other: RunningJob, until: Until, how: str
) -> None:
    page.say(demand=[[tile, 10, 10, 1] for tile in (*job.tiles, *other.tiles)])
    armed(page, job.tiles[0], other.tiles[0])
    page.say(input=[{"tile": job.tiles[0], "key": [A, True]}])
    said: dict[str, dict[str, Any]] = {
        "disarmed": {"arm": None},
        "released": {"release": True},
        "armed anew": {"arm": {"leader": job.tiles[1], "followers": []}},
    }
    page.say(**said[how])
    for each in (job, other):
        until(told(looker(each, until), key(0), RELEASE))
    page.say(input=[{"tile": job.tiles[0], "key": [B, True]}])
    until(lambda: looker(job, until).input[2:] == [key(0, keysym=B)])
    follows = [key(0, keysym=B)] if how == "released" else []  # which lets go of keys, but of no follower
    page.say(release=True)
    until(lambda: looker(job, until).input[3:] == [RELEASE])
    until(lambda: looker(other, until).input[2:] == follows + ([RELEASE] if follows else []))


def test_a_page_whose_socket_is_lost_is_gone_for_every_agent_in_which_it_held_keys(
    page: WallPage, job: RunningJob, other: RunningJob, until: Until
) -> None:
    armed(page, job.tiles[0], other.tiles[0])
    page.say(input=[{"tile": job.tiles[0], "key": [A, True]}])
    for each in (job, other):
        until(told(looker(each, until), key(0)))
    page.connection.socket.shutdown(socket.SHUT_RDWR)
    for each in (job, other):
        until(lambda each=each: not each.agent.stream().open)  # at which an agent lets go of everything


def test_a_page_that_leaves_lets_go_though_others_keep_the_stream(
    page: WallPage, browser: Browser, job: RunningJob, until: Until
) -> None:
    page.say(input=[{"tile": job.tiles[0], "key": [A, True]}])
    first = looker(job, until)
    until(told(first, key(0)))
    bystander = browser.wall()
    bystander.say(demand=[[job.tiles[0], 10, 10, 1]])
    until(lambda: len(job.agent.stream().lookers) == 2)
    page.close()
    until(lambda: first.gone)
    assert first.input == [key(0), RELEASE]
    assert job.agent.stream().open
    bystander.close()


def test_no_line_waits_for_an_agent_that_is_away_and_typing_goes_on_when_it_is_back(
    page: WallPage, job: RunningJob, until: Until
) -> None:
    page.say(input=[{"tile": job.tiles[0], "key": [A, True]}])
    until(told(looker(job, until), key(0)))
    before = job.agent.stream()
    before.connection.shutdown(socket.SHUT_RDWR)
    until(lambda: not before.open)
    page.say(input=[{"tile": job.tiles[0], "key": [A, False]}])
    until(lambda: len(job.agent.walls) == 2 and job.agent.stream().lookers)
    page.say(input=[{"tile": job.tiles[0], "key": [B, True]}])
    until(lambda: looker(job, until).input[-1:] == [key(0, keysym=B)])


def test_followers_that_vanish_are_left_out_and_a_leader_that_vanishes_disarms(
    page: WallPage, job: RunningJob, other: RunningJob, until: Until
) -> None:
    armed(page, job.tiles[0], job.tiles[1], *other.tiles)
    page.say(input=[{"tile": job.tiles[0], "key": [A, True]}])
    until(told(looker(job, until), key(0, 1)))
    other.agent.stop()
    event = page.event(lambda event: event["event"] == "armed")
    assert (event["leader"], event["followers"]) == (job.tiles[0], 1)
    until(told(looker(job, until), key(0, 1), RELEASE))
    page.say(input=[{"tile": job.tiles[0], "key": [B, True]}])
    until(lambda: looker(job, until).input[2:] == [key(0, 1, keysym=B)])
    job.agent.stop()
    event = page.event(lambda event: event["event"] == "armed")
    assert (event["leader"], event["followers"]) == (None, 0)


def test_what_is_done_in_an_opened_leader_is_done_in_its_followers_alone(
    page: WallPage, browser: Browser, job: RunningJob, until: Until
) -> None:
    greeting = b"RFB 003.008\n" + b"\x01" + b"\x01"

    job.agent.serve_rfb = lambda _agent, connection: drain_after(connection, b"")
    armed(page, *job.tiles)
    opened = browser.rfb(job.tiles[0])
    opened.send(greeting)
    opened.send(b"\x04\x01\x00\x00" + A.to_bytes(4, "big"))
    until(told(looker(job, until), key(1)))
    opened.send(b"\x05\x01" + (320).to_bytes(2, "big") + (0).to_bytes(2, "big"))
    until(lambda: looker(job, until).input[1:] == [{"tiles": [1], "pointer": [32819, 68, 1]}])
    opened.close()
    until(lambda: looker(job, until).input[2:] == [RELEASE])


def drain_after(connection: socket.socket, first: bytes) -> None:
    connection.sendall(first)
    while connection.recv(4096):
        pass


def test_another_page_of_the_login_takes_a_leader_over(
    page: WallPage, browser: Browser, job: RunningJob, until: Until
) -> None:
    armed(page, *job.tiles)
    page.say(input=[{"tile": job.tiles[0], "key": [A, True]}])
    first = looker(job, until)
    until(told(first, key(0, 1)))
    second = browser.wall()
    assert armed(second, *job.tiles)["followers"] == 1
    event = page.event(lambda event: event["event"] == "armed")
    assert event["leader"] is None
    until(told(first, key(0, 1), RELEASE))
    second.close()


def test_who_may_only_look_does_nothing_and_is_told_so_once_a_second(
    portal: RunningPortal, page: WallPage, job: RunningJob, until: Until
) -> None:
    guest = portal.login("viewer").wall()
    first = guest.event(lambda event: event["event"] == "wall")
    assert (first["me"]["role"], first["me"]["rights"]) == ("viewer", ["see", "read"])
    guest.say(demand=[[tile, 10, 10, 1] for tile in job.tiles])
    said = armed(guest, *job.tiles)
    assert (said["event"], said["what"]) == ("refused", "arm")
    assert "the role viewer has not the right `operate`" in said["why"]
    for _ in range(20):
        guest.say(input=[{"tile": job.tiles[0], "key": [A, True]}, {"tile": job.tiles[1], "pointer": [1, 1, 1]}])
    guest.say(release=True, demand=[[job.tiles[0], 20, 20, 1]])
    until(lambda: job.agent.walls and job.agent.stream().demand == [[0, 20, 20, 1]], what="all was read")
    assert looker(job, until).input == []
    sent = job.agent.stream().send(0, b"after all of it")
    assert guest.picture() == sent
    refused = [event for event in guest.events if event["event"] == "refused"]
    assert len(refused) <= 1
    guest.close()


def test_tiles_that_nobody_runs_take_nothing_and_are_said_so(page: WallPage, job: RunningJob, until: Until) -> None:
    said = armed(page, 999_999, *job.tiles)
    assert said == {"event": "refused", "what": "arm", "why": "no node agent runs tile 999999 now"}
    assert armed(page, job.tiles[0], 999_999, job.tiles[1])["followers"] == 1
    page.say(input=[{"tile": 999_999, "key": [A, True]}])
    said = page.event(lambda event: event["event"] == "refused")
    assert said == {"event": "refused", "what": "input", "why": "no node agent runs tile 999999 now"}
