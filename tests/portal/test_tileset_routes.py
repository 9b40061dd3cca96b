"""Tile sets that are kept, over HTTP: as the page asks for them."""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from portal_kit import API, Browser, RunningJob, RunningPortal


def document(*titles: str) -> dict[str, Any]:
    tiles = [{"key": number, "title": title, "values": {"F": number / 2}} for number, title in enumerate(titles, 1)]
    columns = [{"name": "F", "kind": "number"}]
    return {"format": "tiledviz-tileset", "version": 1, "title": "Brains", "columns": columns, "tiles": tiles}


@pytest.fixture
def name(browser: Browser) -> str:
    """A set of two tiles."""
    wanted = f"set-{secrets.token_hex(4)}"
    answer = browser.post(f"/tilesets/{wanted}", {"revision": None, "document": document("a", "b")})
    assert (answer.status, answer.json["revision"]) == (200, 1), answer.json
    return wanted


def listed(browser: Browser, query: str) -> list[str]:
    return [each["name"] for each in browser.get(f"/tilesets?q={query}").json["tilesets"]]


def test_a_set_is_kept_read_listed_and_written_anew(browser: Browser, name: str) -> None:
    found = browser.get(f"/tilesets/{name}").json
    assert found == {"name": name, "revision": 1, "document": document("a", "b")}
    answer = browser.post(f"/tilesets/{name}", {"revision": 1, "document": document("a", "c")})
    assert answer.json == {"name": name, "revision": 2, "wall": {"updated": 0, "again": []}}
    (about,) = browser.get(f"/tilesets?q={name}").json["tilesets"]
    assert (about["title"], about["tiles"], about["columns"], about["revision"], about["jobs"]) == (
        "Brains",
        2,
        1,
        2,
        [],
    )
    assert [each["revision"] for each in browser.get(f"/tilesets/{name}/revisions").json["revisions"]] == [2, 1]


def test_who_was_second_is_told_the_revision_there_is(browser: Browser, name: str) -> None:
    assert browser.post(f"/tilesets/{name}", {"revision": 1, "document": document("mine")}).status == 200
    answer = browser.post(f"/tilesets/{name}", {"revision": 1, "document": document("yours")})
    assert (answer.status, answer.json["revision"]) == (409, 2)
    assert "somebody else changed" in answer.json["error"]
    assert browser.get(f"/tilesets/{name}").json["document"]["tiles"][0]["title"] == "mine"


def test_every_wrong_cell_is_told_and_nothing_is_kept(browser: Browser, name: str) -> None:
    wrong = document("a", "b")
    wrong["tiles"][0]["values"] = {"F": "x", "G": 1}
    answer = browser.post(f"/tilesets/{name}", {"revision": 1, "document": wrong})
    assert answer.status == 422
    assert answer.json["problems"] == [
        {"row": 0, "field": "values/F", "text": "this column holds numbers"},
        {"row": 0, "field": "values/G", "text": "there is no such column"},
    ]
    assert browser.get(f"/tilesets/{name}").json["revision"] == 1


@pytest.mark.parametrize("text", ["{", "[]", '{"revision": 1}', '{"document": {}, "revision": 1, "more": 1}'])
def test_a_body_that_is_none_is_one_line(browser: Browser, name: str, text: str) -> None:
    headers = {"Content-Type": "application/json", "Origin": browser.portal.origin}
    answer = browser.request("POST", f"{API}/tilesets/{name}", text.encode(), headers)
    assert answer.status == 400
    assert "\n" not in answer.json["error"]


def test_a_set_is_copied_renamed_removed_and_had_back(browser: Browser, name: str) -> None:
    assert browser.post(f"/tilesets/{name}/copy", {"to": f"{name}-2"}).status == 200
    assert browser.post(f"/tilesets/{name}/rename", {"to": f"{name}-2"}).status == 400
    assert browser.post(f"/tilesets/{name}/rename", {"to": f"{name}-3"}).status == 200
    assert listed(browser, name) == [f"{name}-2", f"{name}-3"]
    assert browser.post(f"/tilesets/{name}-2/remove", {}).status == 200
    assert listed(browser, name) == [f"{name}-3"]
    assert browser.post(f"/tilesets/{name}-2/restore", {"revision": 1}).status == 200
    assert listed(browser, name) == [f"{name}-2", f"{name}-3"]
    assert browser.get(f"/tilesets/{name}").status == 400


def test_the_schema_is_had_by_its_own_address(browser: Browser) -> None:
    assert browser.get("/tilesets/schema").json["title"] == "TileSet"


def test_a_file_of_the_server_and_one_of_the_browser_are_imported_with_a_report(
    browser: Browser, tmp_path: Path
) -> None:
    file = tmp_path / f"t{secrets.token_hex(4)}.csv"
    file.write_text("title,F,file\none,0.5,gone.png\n")
    answer = browser.post("/tilesets/import", {"path": str(file)})
    assert (answer.status, answer.json["name"], answer.json["report"]["took"]) == (200, file.stem, 1)
    assert "gone.png" in answer.json["report"]["items"][0]["text"]
    answer = browser.post("/tilesets/import", {"file": file.name, "text": file.read_text()})
    assert (answer.status, answer.json["name"]) == (200, f"{file.stem}-2")
    for body in ({}, {"path": "x.csv"}, {"file": "x.csv"}, {"path": str(tmp_path / "no.csv")}):
        assert browser.post("/tilesets/import", body).status == 400


def test_tiles_of_the_wall_are_kept_as_they_look_now(browser: Browser, job: RunningJob) -> None:
    drawn = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)
    job.agent.picture = cv2.imencode(".png", drawn)[1].tobytes()
    name = f"frozen-{secrets.token_hex(4)}"
    answer = browser.post("/tilesets/from-wall", {"name": name, "tiles": job.tiles})
    assert (answer.status, answer.json["name"]) == (200, name), answer.json
    tiles = browser.get(f"/tilesets/{name}").json["document"]["tiles"]
    assert [tile["title"] for tile in tiles] == ["tile 0", "tile 1"]
    assert all((cv2.imread(tile["source"]) == drawn).all() for tile in tiles)


def test_who_only_looks_reads_sets_and_changes_none(portal: RunningPortal, browser: Browser, name: str) -> None:
    viewer = portal.login("viewer")
    assert viewer.get(f"/tilesets/{name}").status == 200
    assert viewer.post(f"/tilesets/{name}", {"revision": 1, "document": document("x")}).status == 403
    assert viewer.post(f"/tilesets/{name}/remove", {}).status == 403
    assert browser.get(f"/tilesets/{name}").json["revision"] == 1
