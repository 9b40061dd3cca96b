"""The wall over HTTP as a file that others read, or as its text."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import cinema_rules
import cv2
import numpy as np
import pypdfium2
import pytest

from portal_kit import Browser, RunningJob
from tvcore.importing.importers import import_source

DRAWN = np.random.default_rng(1).integers(0, 256, (60, 80, 3), np.uint8)


def exported(browser: Browser, how: str, tiles: list[int] | None, **more: Any) -> dict[str, Any]:
    answer = browser.post("/export", {"format": how, "tiles": tiles, **more})
    assert answer.status == 200, answer.json
    found: dict[str, Any] = answer.json
    return found


@pytest.mark.parametrize(("how", "name"), [("csv", "w.csv"), ("tiledviz", "w.json"), ("tileset", "w.json")])
def test_the_text_of_a_file_is_answered_and_is_imported_again(
    browser: Browser, job: RunningJob, how: str, name: str, tmp_path: Path
) -> None:
    answer = exported(browser, how, job.tiles[:1])
    assert (answer["path"], answer["report"]["took"]) == (None, 1)
    (tmp_path / name).write_text(answer["text"], newline="")
    (tile,) = import_source(str(tmp_path / name), how, {}, None)["document"]["tiles"]
    assert (tile["title"], tile["values"]["F"]) == ("tile 0", 0.0)


def test_a_database_is_written_on_the_portals_machine_with_a_picture_of_each_tile(
    browser: Browser, job: RunningJob, tmp_path: Path
) -> None:
    good, png = cv2.imencode(".png", DRAWN)
    assert good
    job.agent.picture = png.tobytes()
    path = tmp_path / "wall.cdb"
    answer = exported(browser, "cinema", job.tiles, path=str(path))
    assert (answer["path"], answer["text"], answer["report"]["items"]) == (str(path), None, [])
    assert cinema_rules.problems(path) == []
    tiles = import_source(str(path), None, {}, None)["document"]["tiles"]
    assert [(cv2.imread(tile["source"]) == DRAWN).all() for tile in tiles] == [True, True]
    again = browser.post("/export", {"format": "cinema", "tiles": job.tiles, "path": str(path)})
    assert again.status == 400
    assert "nothing is overwritten" in again.json["error"]


def test_an_agent_that_breaks_off_costs_the_pictures_and_is_told_by_row(
    browser: Browser, job: RunningJob, tmp_path: Path
) -> None:
    answer = exported(browser, "tileset", job.tiles, pictures=str(tmp_path / "kept"))
    assert [tile.get("kind", "card") for tile in json.loads(answer["text"])["tiles"]] == ["card", "card"]
    (item,) = answer["report"]["items"]
    assert item["rows"] == [1, 2]
    assert "its picture was cut off" in item["text"]
    assert not list(tmp_path.iterdir())


def test_a_tile_set_that_is_kept_is_exported_too(browser: Browser, job: RunningJob, tmp_path: Path) -> None:
    png = tmp_path / "a.png"
    cv2.imwrite(str(png), DRAWN)
    tiles = [{"key": 3, "title": "a", "kind": "picture", "source": str(png), "values": {"F": 0.5}}]
    columns = [{"name": "F", "kind": "number"}]
    document = {"format": "tiledviz-tileset", "version": 1, "title": "Kept", "columns": columns, "tiles": tiles}
    name = f"kept-{job.id}"
    assert browser.post(f"/tilesets/{name}", {"revision": None, "document": document}).status == 200
    text = browser.post("/export", {"format": "tileset", "set": name}).json["text"]
    assert json.loads(text) == document
    path = tmp_path / "kept.cdb"
    answer = browser.post("/export", {"format": "cinema", "set": name, "path": str(path)}).json
    assert answer["report"]["about"] == ["left: the tiles' keys: read again, they are numbered from 1"]
    assert (cv2.imread(str(path / "files" / "00001.png")) == DRAWN).all()
    assert browser.post("/export", {"format": "csv", "set": "no-such-set"}).status in (400, 404, 409)


def pages_of(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    try:
        return [page.get_textpage().get_text_bounded() for page in document]
    finally:
        document.close()


def test_a_contact_sheet_has_the_tiles_in_their_order_with_title_values_and_picture(
    browser: Browser, job: RunningJob
) -> None:
    good, png = cv2.imencode(".png", np.full((60, 80, 3), (20, 60, 210), np.uint8))
    assert good
    job.agent.picture = png.tobytes()
    tiles = job.tiles[::-1]
    answer = browser.post("/sheet", {"tiles": tiles, "title": "Two", "columns": ["F"], "across": 1, "down": 1})
    assert (answer.status, answer.headers["Content-Type"]) == (200, "application/octet-stream")
    first, second = pages_of(answer.content)
    assert "tile 1" in first
    assert "F 0.01" in first
    assert "tile 0" in second
    assert "Two" in first
    assert "2 / 2" in second
    answer = browser.post("/sheet", {"tiles": tiles, "format": "png", "across": 2, "down": 1})
    page = cv2.imdecode(np.frombuffer(answer.content, np.uint8), cv2.IMREAD_COLOR)
    assert page.shape[:2] == pytest.approx((2339, 1654), abs=1)
    near = (np.abs(page.astype(int) - (20, 60, 210)) < 8).all(axis=2)
    assert near.mean() > 0.1, "the pictures stand on it"
    archive = zipfile.ZipFile(
        io.BytesIO(browser.post("/sheet", {"tiles": tiles, "format": "png", "down": 1, "across": 1}).content)
    )
    assert archive.namelist() == ["sheet-1.png", "sheet-2.png"]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"columns": ["no such"]}, "no column 'no such'; they have: F"),
        ({"across": 12, "down": 20, "columns": ["F"]}, "do not fit on a page of a4"),
        ({"across": 0}, "across"), ({"paper": "b7"}, "paper"), ({"columns": ["F"] * 21}, "columns"),
        ({"title": "x" * 201}, "title"), ({"format": "svg"}, "format"), ({"tiles": []}, "tiles"),
        ({"font": "/a"}, "font"),
    ],
)  # fmt: skip
def test_a_sheet_that_cannot_be_is_refused_in_one_line(
    browser: Browser, job: RunningJob, more: dict[str, Any], words: str
) -> None:
    answer = browser.post("/sheet", {"tiles": job.tiles} | more)
    assert answer.status == 400
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]


def test_a_tile_without_a_picture_says_its_state_on_the_sheet(browser: Browser, job: RunningJob) -> None:
    (text,) = pages_of(browser.post("/sheet", {"tiles": job.tiles}).content)  # an agent that breaks off
    assert text.count("live") == 2


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"format": "cinema"}, "a Cinema database is a folder"),
        ({"format": "cinema", "path": "/tmp/x"}, "is called NAME.cdb"),
        ({"format": "csv", "path": "wall.csv"}, "path: Value error, a path here begins with /"),
        ({"format": "csv", "path": "/no/such/folder/wall.csv"}, "there is no folder"),
        ({"format": "csv", "path": "/etc/passwd"}, "there already"),
        ({"format": "xlsx"}, "format"),
        ({"format": "csv", "tiles": []}, "tiles"),
        ({"format": "csv", "tiles": [1], "set": "a"}, "leave tiles and pictures out"),
    ],
)
def test_what_cannot_be_written_is_refused_in_one_line(browser: Browser, body: dict[str, Any], words: str) -> None:
    answer = browser.post("/export", body)
    assert answer.status == 400
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]
