from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tvcore.errors import UsageError
from tvcore.importing.importers import detect, import_source
from tvcore.importing.report import report_lines

PNG = b"\x89PNG\r\n\x1a\n"
VNC = "https://gate/vnc.html?host=node7&port=5901&encrypt=0&password=xyzzy&true_color=1"


def taken(path: Path, text: str) -> tuple[dict[str, Any], list[str]]:
    path.write_text(text)
    assert detect(path) == "tiledviz"
    found = import_source(str(path), None, {}, None)
    assert "xyzzy" not in json.dumps(found)
    return found["document"], report_lines(found["report"])


def nodes(*given: dict[str, Any]) -> str:
    return json.dumps({"nodes": given})


def test_every_field_of_a_node_is_kept(tmp_path: Path) -> None:
    (tmp_path / "é 1.png").write_bytes(PNG)
    node = {
        "url": "é 1.png", "title": "sub-01", "name": "other", "variable": "ID-001", "comment": "first",
        "usersNotes": "a note\nof two lines", "tags": ["animal", "8_300K", "{age,0,3,20}"], "pos_px_x": 10.5,
        "pos_px_y": -1, "IdLocation": 0, "connection": 3, "dbid": 4, "mine": {"a": [1, 2], "b": True},
    }  # fmt: skip
    found, said = taken(tmp_path / "brains.json", nodes(node))
    assert found["title"] == "brains"
    assert found["tiles"] == [
        {
            "key": 1, "title": "sub-01", "kind": "picture", "source": str(tmp_path / "é 1.png"),
            "tags": ["animal", "8_300K", "{age,0,3,20}"], "note": "a note\nof two lines", "variable": "ID-001",
            "place": {"x": 10.5, "index": 0},
            "values": {
                "comment": "first", "connection": 3, "dbid": 4, "mine.a": "1, 2", "mine.b": True, "name": "other",
            },
        }
    ]  # fmt: skip
    assert any(line.startswith("fields that TiledViz does not have are kept as columns: mine.a") for line in said)


@pytest.mark.parametrize("declared", ["var text_ = ", "let nodes=", "text_ =\n", ""])
def test_javascript_with_comments_trailing_commas_and_a_byte_order_mark_is_read(tmp_path: Path, declared: str) -> None:
    text = (
        '\ufeff// made by hand, with a "quote\n' + declared + '{ "nodes": [ /* two, */\n'
        '{"url": "https://h/a//b.png", "title": "a, ] // no comment", "tags": ["x",], },\n'
        '{"url": "https://h/p q", "name": "b \\" /* */"}, // last\n] , }' + (" ;\n" if declared else "")
    )
    found, _ = taken(tmp_path / "nodes.js", text)
    assert [tile["title"] for tile in found["tiles"]] == ["a, ] // no comment", 'b " /* */']
    assert [tile["source"] for tile in found["tiles"]] == ["https://h/a//b.png", "https://h/p%20q"]


def test_a_vnc_stream_keeps_host_and_port_and_never_a_password(tmp_path: Path) -> None:
    given = nodes(
        {"url": VNC, "title": "t", "comment": f"see {VNC}", "password": "xyzzy", "deep": {"PassWord": "xyzzy"}},
        {"?password=xyzzy": {"password=xyzzy": 1}, "tags": [VNC], "usersNotes": VNC},
        {"url": "vnc_lite.html?host=n&port=99999&password=xyzzy"},
        {"url": "https://h/page?a=1&pa%73sword=xyzzy&b=2"},
        {"url": "https://me:xyzzy@h/page"},
        {"url": "gone.png?password=xyzzy"},
        {"url": "https://h/vnc.html?path=x%3Ftoken%3Dy&host=me:xyzzy@n1&port=5900"},
    )
    found, said = taken(tmp_path / "nodes.json", given)
    tiles = found["tiles"]
    assert tiles[0]["stream"] == {"host": "node7", "port": 5901}
    assert "source" not in tiles[0]
    assert tiles[0]["values"] == {"comment": f"see {VNC.replace('xyzzy', '')}"}
    assert tiles[2]["stream"] == {"host": "n"}
    assert tiles[3]["source"] == "https://h/page?a=1&b=2"
    assert tiles[6]["stream"] == {"host": "n1", "port": 5900}
    assert "source" not in tiles[4]
    for line in (
        "row 1, changed: it was a VNC stream: the tile is a card, with its host and port; no password is kept",
        "row 1, left: password: passwords are not kept",
        "row 3, left: the port of its stream: it is none",
        "row 4, changed: a password or token in its address is left out",
    ):
        assert line in said


def test_tiles_stand_by_their_place_in_the_grid_where_these_are_a_permutation(tmp_path: Path) -> None:
    given = [{"url": "https://h/", "title": str(at), "IdLocation": at} for at in (2, 0, 1)]
    found, _ = taken(tmp_path / "nodes.json", nodes(*given))
    assert [(tile["key"], tile["title"]) for tile in found["tiles"]] == [(1, "0"), (2, "1"), (3, "2")]
    given[0]["IdLocation"] = 7
    found, said = taken(tmp_path / "nodes.json", nodes(*given))
    assert [tile["title"] for tile in found["tiles"]] == ["2", "0", "1"]
    assert found["tiles"][0]["place"] == {"index": 7}
    assert any(line.startswith("IdLocation is not a number of its own") for line in said)


def test_what_is_not_as_it_should_be_is_told_row_by_row(tmp_path: Path) -> None:
    given = {
        "nodes": [
            7,
            {"title": "no url"},
            {"url": "gone.png", "title": "two\nlines", "tags": ["a", "a", "", "x" * 300, 5], "pos_px_x": "here"},
            {"url": "https://h/", "tags": "one", "usersNotes": 3, "pos_px_y": True, "IdLocation": 1.5},
        ],
        "version": 2,
    }
    found, said = taken(tmp_path / "nodes.json", json.dumps(given))
    assert len(found["tiles"]) == 3
    assert found["tiles"][1]["tags"] == ["a", "x" * 200, "5"]
    for line in (
        "left: 'version' beside the nodes",
        "row 1, left: it is no object, so no tile",
        "row 2, changed: it has no url: the tile is a card",
        "row 3, changed: gone.png: there is no such file: the tile is a card",
        "row 3, changed: title: it is made one line that can be shown",
        "row 3, left: tags: one that is empty, or there twice",
        "row 3, changed: tags: one is made a line of at most 200 letters",
        "row 3, left: pos_px_x: it is no place",
        "row 4, left: IdLocation: it is no place",
        "row 4, changed: tags: a text stands where a list should: it is one tag",
    ):
        assert line in said, line


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('var text_ = {"nodes": [\n  {"url": }\n]}', "line 2, column 11: this is no JSON"),
        ('{"nodes": {}}', 'a TiledViz file is an object with a list of "nodes"'),
        ('{"nodes": ' + "[" * 100_000, "it is nested too deeply"),
        ('{"nodes": [' + "9" * 5000 + "]}", "a number in it has too many digits"),
        ('{"nodes": [' + "1," * 70_000 + "1]}", "it has 70001 nodes"),
        ('{"nodes": ' + "/*" * 1_000_000, "this is no JSON"),
        ('{"nodes": "' + '\\"' * 1_000_000, "this is no JSON"),
    ],
)
def test_a_file_that_cannot_be_read_is_one_line_that_says_where(tmp_path: Path, text: str, words: str) -> None:
    path = tmp_path / "nodes.js"
    path.write_text(text)
    with pytest.raises(UsageError, match=words) as caught:
        import_source(str(path), "tiledviz", {}, None)
    assert str(caught.value).startswith(str(path))
    assert str(caught.value).isprintable()
