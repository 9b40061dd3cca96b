"""The case ``pages``: addresses that are shown, those from a table, and those that are refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from ready_kit import HOSTILE, Made, refusal


def test_each_address_has_its_tile_once() -> None:
    made = Made("pages", {"addresses": r"https://example.org/a\,b/, http://[::1]:8080,https://example.org/a\,b/"})
    assert made.sources == [("page", "https://example.org/a,b/"), ("page", "http://[::1]:8080")]
    assert made.titles == ["example.org/a,b", "::1"]
    assert Made("pages", made.parameters).sources == made.sources
    assert Made("pages", {"addresses": "https://example.org/@somebody"}).sources[0][1].endswith("/@somebody")


def test_a_table_says_more_of_each_page(tmp_path: Path) -> None:
    table = tmp_path / "papers.csv"
    table.write_text("title,year,URL,tags\nOn walls,2014,https://example.org/w,old\n,2026,https://example.org/v,\n")
    made = Made("pages", {"table": str(table)})
    assert made.sources == [("page", "https://example.org/w"), ("page", "https://example.org/v")]
    assert made.titles == ["On walls", "example.org/v"]
    assert [member.tags for member in made.members] == [("page", "old"), ("page",)]
    assert [member.values["year"] for member in made.members] == [2014, 2026]
    assert [column.name for column in made.columns] == ["year", "URL"]
    table.write_text("where,url\nhttps://example.org/other,https://example.org/this\n")
    assert Made("pages", {"table": str(table), "column": "where"}).titles == ["example.org/other"]
    assert "no column 'nope' of texts: there are where, url" in refusal(
        "pages", {"table": str(table), "column": "nope"}
    )
    assert "leave out addresses=" in refusal("pages", {"table": str(table), "addresses": "https://x.org"})
    table.write_text("url,n\nhttps://example.org,1\nfile:///etc/passwd,2\n")
    assert "table: url of row 3: 'file:///etc/passwd' is no address" in refusal("pages", {"table": str(table)})
    table.write_text("n\n1\n")
    assert "column: it is one of a table" in refusal("pages", {"addresses": "https://x", "column": "url"})
    assert "has no column called url" in refusal("pages", {"table": str(table)})


@pytest.mark.parametrize(
    ("address", "why"),
    [
        ("http://user:secret@example.org/x", "http://…@example.org/x has a name or password in it"),
        ("https://secret@example.org", "https://…@example.org has a name or password in it"),
        ("http://user:secret@[bad/", "is no address"),
        ("http://user:sec\nret@example.org", "has a name or password in it"),
        ("http://[bad/", "is no address: name a page as https://HOST"),
        ("http://example.org:port/", "is no address"),
        ("http:///x", "is no address"),
        ("javascript:alert(1)", "is no address"),
        ("https://example.org/a b", "has spaces or control characters"),
        ("/etc/passwd", "is no address"),
    ],
)
def test_an_address_that_is_none_or_has_a_password_is_refused_in_one_line(address: str, why: str) -> None:
    said = refusal("pages", {"addresses": [address]})
    assert why in said
    assert "secret" not in said


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_refused_in_one_line(value: str, tmp_path: Path) -> None:
    assert refusal("pages", {"addresses": [value]})
    assert refusal("pages", {"table": value})
    (tmp_path / "t.csv").write_bytes(f'url\n"{value}"\n'.encode(errors="replace"))
    assert refusal("pages", {"table": str(tmp_path / "t.csv")})
