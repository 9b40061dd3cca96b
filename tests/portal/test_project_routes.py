"""Projects and sessions over HTTP: as the page asks for them, and as those who may not."""

from __future__ import annotations

import secrets
from typing import Any

import pytest
from people_kit import enter, member, person

from portal_kit import Browser, RunningJob, RunningPortal
from tvcore.people import tokens
from tvcore.store.projects import Standing


def made(browser: Browser, path: str, body: dict[str, Any]) -> dict[str, Any]:
    answer = browser.post(path, body)
    assert answer.status == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


def refused(browser: Browser, status: int, words: str, path: str, body: dict[str, Any]) -> None:
    answer = browser.post(path, body)
    assert (answer.status, words in answer.json["error"]) == (status, True), answer.json


@pytest.fixture
def project(browser: Browser) -> int:
    """A project of the portal's own person."""
    return int(made(browser, "/projects", {"name": f"Flames {secrets.token_hex(4)}"})["id"])


def test_who_is_in_a_project_and_as_what_is_said_by_who_may(
    portal: RunningPortal, browser: Browser, project: int
) -> None:
    about = f"/projects/{project}"
    (there,) = [each for each in browser.get("/projects").json["projects"] if each["id"] == project]
    assert (there["role"], there["operate"], there["first"], there["members"]) == ("owner", True, False, 1)
    who, name = person(portal, "Anna")
    anna = enter(portal, who)
    assert anna.get("/projects").json["projects"] == []
    assert anna.get(f"{about}/members").status == 404
    refused(anna, 403, "administrators", "/projects", {"name": "Mine"})
    refused(browser, 400, "is known here", f"{about}/members", {"name": "nobody-of-that-name", "role": "viewer"})
    refused(browser, 400, "role", f"{about}/members", {"name": name, "role": "king"})
    refused(browser, 400, "cannot be printed", f"{about}/members", {"name": "a\0b", "role": "viewer"})
    assert made(browser, f"{about}/members", {"name": f"accounts:{name}", "role": "admin"})["display"] == "Anna"
    shown = anna.get(f"{about}/members").json  # she is one at once
    assert [each["you"] for each in shown["members"]] == [False, True]
    assert shown["roles"] == ["admin", "editor", "viewer", "guest"]
    assert "shell as the Unix user" in shown["shell"]
    # Nobody gives or takes more than they have.
    owner = shown["members"][0]["person"]
    eva, eva_name = person(portal)
    made(anna, f"{about}/members", {"name": eva_name, "role": "viewer"})
    refused(anna, 403, "only an owner says who owns", f"{about}/members/{eva}/role", {"role": "owner"})
    refused(anna, 403, "`own`", f"{about}/members/{eva}/operate", {"operate": True})
    refused(anna, 403, "only an owner says who owns", f"{about}/members/{owner}/remove", {})
    refused(anna, 403, "`own`", f"{about}/transfer", {"person": who})
    refused(anna, 403, "`own`", f"{about}/delete", {})
    refused(browser, 400, "no member", f"{about}/members/999999999/role", {"role": "viewer"})
    assert made(browser, f"{about}/members/{eva}/operate", {"operate": True})["rights"] == ["see", "read", "operate"]
    refused(browser, 409, "the last owner stays", f"{about}/leave", {})
    refused(browser, 409, "the last owner stays", f"{about}/members/{owner}/role", {"role": "admin"})
    assert made(anna, f"{about}/leave", {}) == {"person": who}
    assert anna.get(f"{about}/members").status == 404
    made(browser, f"{about}/transfer", {"person": eva})
    assert browser.get("/me").json["projects"][-1]["role"] == "admin"
    eva_page = enter(portal, eva)
    assert eva_page.post(f"{about}/rename", {"name": f"Eva's {secrets.token_hex(4)}"}).status == 200
    gone = made(eva_page, f"{about}/delete", {})
    assert gone["lost"]["sessions"] == 0
    assert browser.get(f"{about}/members").status == 404
    refused(browser, 409, "the first project stays", "/projects/1/delete", {})


def test_sessions_are_made_found_copied_put_away_and_deleted_by_who_may(
    portal: RunningPortal, browser: Browser, project: int
) -> None:
    editor, viewer = member(portal, project, "editor", display="Ed"), member(portal, project, "viewer")
    stranger = enter(portal, person(portal)[0])
    title = f"Night {secrets.token_hex(4)}"
    session = made(editor, f"/projects/{project}/sessions", {"title": title})
    key = session["key"]
    assert (session["title"], session["role"], session["people"]) == (title, "editor", [])
    refused(editor, 400, "in this project already", f"/projects/{project}/sessions", {"title": title})
    refused(viewer, 403, "`host`", f"/projects/{project}/sessions", {"title": "Mine"})
    refused(stranger, 404, "no member", f"/projects/{project}/sessions", {"title": "Mine"})
    assert [each["key"] for each in viewer.get("/sessions").json["sessions"]] == [key]
    assert stranger.get("/sessions").json["sessions"] == []
    assert stranger.get(f"/sessions/{key}").status == 404
    editor.session = key
    wall = editor.wall()
    try:
        wall.event(lambda event: event["event"] == "wall")
        assert viewer.get(f"/sessions?q={title[:5]}").json["sessions"][0]["people"] == ["Ed"]
    finally:
        wall.close()
    read = viewer.get(f"/sessions/{key}").json
    assert (read["jobs"], read["loses"]["tiles"], read["rights"]) == ([], 0, ["see", "read"])
    assert made(editor, f"/sessions/{key}/rename", {"title": f"{title} 2"})["title"] == f"{title} 2"
    copy = made(editor, f"/sessions/{key}/copy", {"title": f"{title} copy"})
    assert copy["project"] == project
    assert made(editor, f"/sessions/{key}/archive", {"archived": True})["archived"] is True
    assert [each["key"] for each in viewer.get("/sessions").json["sessions"]] == [copy["key"]]
    assert [each["key"] for each in viewer.get("/sessions?archived=yes").json["sessions"]] == [key]
    for verb, body in (("rename", {"title": "x"}), ("copy", {"title": "x"}), ("archive", {"archived": False})):
        refused(viewer, 403, "`host`", f"/sessions/{key}/{verb}", body)
        refused(stranger, 404, "no member", f"/sessions/{key}/{verb}", body)
    refused(editor, 403, "`manage`", f"/sessions/{key}/delete", {})
    assert made(browser, f"/sessions/{key}/delete", {})["title"] == f"{title} 2"
    assert viewer.get(f"/sessions/{key}").status == 404
    refused(browser, 409, "the first session stays", "/sessions/main/delete", {})


def test_a_session_shows_another_ones_tiles_and_has_them_when_that_one_goes(
    portal: RunningPortal, browser: Browser, job: RunningJob, project: int
) -> None:
    key = made(browser, "/projects/1/sessions", {"title": f"Both {secrets.token_hex(4)}"})["key"]
    assert made(browser, f"/sessions/{key}/show", {"job": job.id})["tiles"] == 2
    page = Browser(portal)
    page.cookie, page.key, page.session = browser.cookie, browser.key, key
    assert [tile["job"] for tile in page.get("/wall").json["tiles"]] == [job.id] * 2
    assert [each["home"] for each in page.get(f"/sessions/{key}").json["jobs"]] == [False]
    far = made(browser, f"/projects/{project}/sessions", {"title": "Far"})["key"]
    refused(browser, 400, "of another project", f"/sessions/{far}/show", {"job": job.id})
    assert made(browser, f"/sessions/{key}/hide", {"job": job.id})["tiles"] == 0
    assert page.get("/wall").json["tiles"] == []
    refused(browser, 400, "there is no job", f"/sessions/{key}/show", {"job": "local-00000000"})


def test_tile_sets_and_presets_are_a_projects_own_and_editors_name_no_new_files(
    portal: RunningPortal, browser: Browser, project: int
) -> None:
    key = made(browser, f"/projects/{project}/sessions", {"title": "Sets"})["key"]
    name = f"set-{secrets.token_hex(4)}"
    pages = {role: member(portal, project, role) for role in ("editor", "viewer")}  # type: ignore[arg-type]
    for page in pages.values():
        page.session = key
    owner = Browser(portal)
    owner.cookie, owner.key, owner.session = browser.cookie, browser.key, key
    card = {"key": 1, "title": "a"}
    picture = {"key": 2, "title": "b", "kind": "picture", "source": "/etc/hostname"}

    def write(page: Browser, revision: int | None, *tiles: dict[str, Any]) -> Any:
        document = {"format": "tiledviz-tileset", "version": 1, "title": "T", "columns": [], "tiles": list(tiles)}
        return page.post(f"/tilesets/{name}", {"revision": revision, "document": document})

    assert write(pages["viewer"], None, card).status == 403
    answer = write(pages["editor"], None, card, picture)
    assert answer.status == 403
    assert "another file or page is for who may operate" in answer.json["error"]
    assert write(pages["editor"], None, card).json["revision"] == 1
    assert write(owner, 1, card, picture).json["revision"] == 2
    assert write(pages["editor"], 2, card | {"title": "c"}, picture | {"title": "d"}).json["revision"] == 3
    assert write(pages["editor"], 3, card, picture | {"source": "/etc/shadow"}).status == 403
    assert write(pages["editor"], 3, card, picture | {"kind": "pdf"}).status == 403
    assert write(pages["editor"], 3, picture | {"key": 7}).json["revision"] == 4
    assert pages["viewer"].get(f"/tilesets/{name}").json["revision"] == 4
    assert browser.get(f"/tilesets/{name}").status == 400  # of another project: there is none of that name
    assert [each["name"] for each in pages["viewer"].get("/tilesets").json["tilesets"]] == [name]
    assert name not in [each["name"] for each in browser.get("/tilesets").json["tilesets"]]
    made(pages["editor"], f"/tilesets/{name}/rename", {"to": f"{name}-2"})
    for verb, body in (("show", {}), ("import", {"path": "/etc/hostname"}), ("from-wall", {"name": "w"})):
        path = f"/tilesets/{name}-2/show" if verb == "show" else f"/tilesets/{verb}"
        refused(pages["editor"], 403, "`operate`", path, body)
    refused(pages["editor"], 403, "`operate`", "/presets", {"name": name, "case": "gears", "set": {}})
    made(owner, "/presets", {"name": name, "case": "gears", "set": {}})
    assert [each["name"] for each in owner.get("/presets").json["saved"]] == [name]
    assert name not in [each["name"] for each in browser.get("/presets").json["saved"]]
    assert pages["editor"].get("/cases").status == 403


def test_a_token_for_one_session_reaches_nothing_of_its_project_and_none_takes_its_person_out(
    portal: RunningPortal, browser: Browser, project: int
) -> None:
    key = made(browser, f"/projects/{project}/sessions", {"title": "Alone"})["key"]
    who, _ = person(portal)
    portal.store.projects.change(project, who, lambda _: Standing("owner"), lambda _: None)
    rights = ["see", "read", "host", "manage", "own", "operate"]
    for session, status in ((key, 403), (None, 200)):
        token = tokens.new(portal.store, who, f"for {session}", rights, session)["token"]
        bearer = {"Authorization": f"Bearer {token}", "X-TiledViz-Session": key}
        program = Browser(portal)
        for path in ("/tilesets", "/presets"):
            assert program.get(path, **bearer).status == status, path
        copied = program.post(f"/sessions/{key}/copy", {"title": f"Copy {session}"}, bearer)
        assert copied.status == status, copied.json
    for path in ("leave", f"members/{who}/remove", f"members/{who}/role"):
        body = {"role": "viewer"} if path.endswith("role") else {}
        assert program.post(f"/projects/{project}/{path}", body, bearer).status == 403, path
    assert portal.store.projects.member(project, who)["role"] == "owner"
