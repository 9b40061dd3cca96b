"""Invitations over HTTP: a guest comes in by a secret and a name, and is out when it is revoked."""

from __future__ import annotations

import json
import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import pytest
from people_kit import member, person
from websockets.exceptions import ConnectionClosed

from portal_kit import Browser, RunningJob, RunningPortal
from tvcore.store.projects import Standing


def invite(browser: Browser, **wanted: Any) -> dict[str, Any]:
    answer = browser.post("/invitations", wanted)
    assert answer.status == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def come(portal: RunningPortal, secret: str, name: str = "Grace") -> Browser:
    guest = Browser(portal)
    answer = guest.post("/invitations/accept", {"secret": secret, "name": name})
    assert answer.status == 200, answer.json
    guest.key = answer.json["key"]
    return guest


def test_a_guest_comes_in_by_the_link_sees_the_session_and_is_out_within_a_second_of_its_end(
    portal: RunningPortal, browser: Browser, standing_job: RunningJob
) -> None:
    made = invite(browser, uses=2, note="for Grace")
    assert made["invitation"]["session"] == "main"
    guest = come(portal, made["secret"])
    me = guest.get("/me").json
    assert (me["who"]["display"], me["who"]["guest"], me["role"], me["rights"]) == ("Grace", True, "guest", ["see"])
    assert [each["title"] for each in me["sessions"]] == ["main"]
    assert me["projects"] == []
    assert guest.cookie not in ("", browser.cookie)
    (seen,) = guest.get("/sessions").json["sessions"]
    assert (seen["project_name"], seen["people"], seen["changed"]) == ("", [], None)
    assert guest.get("/projects").status == 403
    assert guest.get("/invitations").status == 403
    assert guest.post("/invitations", {}).status == 403
    listed = browser.get("/invitations").json
    (there,) = [each for each in listed["invitations"] if each["id"] == made["invitation"]["id"]]
    assert (there["uses"], there["state"], there["note"]) == (1, "open", "for Grace")
    assert [each["display"] for each in there["guests"]] == ["Grace"]
    assert made["secret"] not in str(listed)
    page = guest.wall()
    page.event(lambda event: event["event"] == "wall")
    asked = time.monotonic()
    answer = browser.post(f"/invitations/{there['id']}/revoke", {})
    assert (answer.status, answer.json["state"], answer.json["guests"]) == (200, "revoked", [])
    with pytest.raises(ConnectionClosed):
        page.event(lambda _: False, 10)
    assert time.monotonic() - asked < 5
    assert guest.get("/me").status == 401
    late = Browser(portal)
    answer = late.post("/invitations/accept", {"secret": made["secret"], "name": "Late"})
    assert (answer.status, "not any more" in answer.json["error"]) == (401, True)
    assert "Set-Cookie" not in answer.headers


def test_an_invitation_is_for_what_it_says_and_nobody_invites_to_more_than_they_have(
    portal: RunningPortal, browser: Browser, standing_job: RunningJob
) -> None:
    tile, other = (tile["id"] for tile in browser.get("/wall").json["tiles"] if tile["job"] == standing_job.id)
    made = invite(browser, tiles=[tile], control=True)
    assert (made["invitation"]["tiles"], made["invitation"]["control"]) == ([tile], True)
    guest = come(portal, made["secret"])
    me = guest.get("/me").json
    assert (me["chosen"], me["rights"]) == (True, ["see", "operate"])
    assert guest.post("/tickets", {"stream": "rfb", "tile": other}).status == 404
    (seen,) = guest.get("/sessions").json["sessions"]
    assert (seen["chosen"], seen["sets"], seen["tiles"]) == (True, 0, 1)
    assert browser.post("/invitations", {"tiles": [10**14]}).status == 404
    admin = member(portal, 1, "admin")
    answer = admin.post("/invitations", {"control": True})
    assert (answer.status, "only who operates invites with control" in answer.json["error"]) == (403, True)
    assert invite(admin)["invitation"]["control"] is False
    assert member(portal, 1, "editor").post("/invitations", {}).status == 403
    for wrong in ({"days": 0}, {"days": 1e9}, {"uses": 0}, {"tiles": []}, {"note": "a" * 81}, {"note": "a\0b"}):
        assert browser.post("/invitations", wrong).status == 400, wrong
    # An invitation is revoked in its own session, and by who may manage that.
    far = browser.post("/projects/1/sessions", {"title": f"Far {secrets.token_hex(4)}"}).json["key"]
    browser.session = far
    assert browser.get("/invitations").json["invitations"] == []
    assert browser.post(f"/invitations/{made['invitation']['id']}/revoke", {}).status == 404


def test_a_guest_is_called_nothing_that_could_be_a_members_name_and_a_wrong_secret_tells_nothing(
    portal: RunningPortal, browser: Browser, until: Callable[..., None]
) -> None:
    number, _ = person(portal, "Marie Curie")
    portal.store.projects.change(1, number, lambda _: Standing("viewer"), lambda _: None)
    secret = invite(browser)["secret"]

    def status(name: str, given: str = secret) -> int:
        return Browser(portal).post("/invitations/accept", {"secret": given, "name": name}).status

    assert [status(name) for name in ("M\u0430rie Curie", "", "a" * 41, "\u202eeiram", "a\0")] == [400] * 5
    assert [status(name) for name in ("Marie Curie", "rnarie CURIE")] == [409, 409]
    assert status("Marie Curie", "A" * 43) == 401
    assert status("Tom", "") == 401
    assert status("Tom") == 200
    assert status("Tom") == 401  # it was for one
    both = invite(browser, uses=2)["secret"]
    eve = come(portal, both, "Eve Curie")
    page = eve.wall()
    page.event(lambda event: event["event"] == "wall")
    assert status("Eve CURIE", both) == 409  # who is there now
    page.close()
    until(lambda: status("Eve CURIE", both) == 200)


def test_a_link_with_a_secret_is_drawn_as_a_code_without_being_in_an_address(browser: Browser) -> None:
    text = f"{browser.portal.origin}/#invite={'A' * 43}"
    answer = browser.post("/qr", {"text": text})
    rows = answer.json["rows"]
    assert answer.status == 200
    assert {len(row) for row in rows} == {len(rows)}
    assert browser.post("/qr", {"text": "a" * 601}).status == 400
    assert browser.post("/qr", {"text": "\ud83d\ude00" * 300}).status in (200, 400)


def test_the_command_line_invites_and_revokes_beside_a_portal_that_runs(
    portal: RunningPortal, browser: Browser
) -> None:
    def tiledviz(*words: str) -> Any:
        environment = {**os.environ, "TILEDVIZ_HOME": str(portal.home)}
        command = [sys.executable, "-m", "tvcore", "invite", *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    made = json.loads(tiledviz("new", "--note", "by hand", "--uses", "0", "--json"))
    assert (made["control"], made["tiles"], made["uses_max"]) == (False, None, None)
    address, _, secret = made["url"].partition("#invite=")
    assert address == f"{portal.origin}/"
    guest = come(portal, secret, "Hand")
    page = guest.wall()
    page.event(lambda event: event["event"] == "wall")
    assert "Hand" in tiledviz("list")
    assert secret not in tiledviz("list")
    assert tiledviz("revoke", str(made["id"])) == f"Invitation {made['id']} is revoked; 1 guest out.\n"
    with pytest.raises(ConnectionClosed):
        page.event(lambda _: False, 10)
    assert guest.get("/me").status == 401
