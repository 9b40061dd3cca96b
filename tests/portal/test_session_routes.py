"""The session as a whole over HTTP: versions, and itself as a file."""

from __future__ import annotations

from portal_kit import RunningPortal


def test_versions_are_saved_compared_restored_and_deleted(portal: RunningPortal) -> None:
    browser = portal.login()
    saved = browser.post("/session/versions", {"name": "before"})
    assert saved.status == 200, saved.json
    version = saved.json["id"]
    assert version in [each["id"] for each in browser.get("/session/versions").json["versions"]]
    written = browser.get("/session/export").json
    changed = written | {"registers": written["registers"] | {"layout/gap": 77}}
    assert browser.post("/session/import", changed).json == {"changed": True, "missing": []}
    assert browser.get(f"/session/versions/{version}").json["differences"] == ["layout/gap"]
    assert browser.post(f"/session/versions/{version}/restore", {}).json["changed"] is True
    assert browser.get(f"/session/versions/{version}").json["differences"] == []
    assert browser.post(f"/session/versions/{version}/delete", {}).status == 200
    gone = browser.get(f"/session/versions/{version}")
    assert gone.status >= 400
    assert "no version" in gone.json["error"]


def test_a_file_that_is_none_is_refused_in_one_line(portal: RunningPortal) -> None:
    browser = portal.login()
    refused = browser.post("/session/import", {"format": "else"})
    assert refused.status == 400
    assert "not a session file" in refused.json["error"]
