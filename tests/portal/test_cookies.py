"""Addresses, and the cookie at each: names that a browser itself checks, and paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvcore.errors import UsageError
from tvcore.portal.cookies import COOKIES_MAX, CookieJar
from tvcore.portal.hosts import Front, Hosts, read_url

SECRET = "a" * 64
OTHER = "b" * 64


def headers(host: str, cookie: str = "", scheme: str = "http") -> dict[str, str]:
    return {"HTTP_HOST": host, "HTTP_COOKIE": cookie, "wsgi.url_scheme": scheme}


@pytest.mark.parametrize(
    ("url", "host", "scheme", "name", "path", "secure"),
    [
        ("", "127.0.0.1:8765", "http", "tv", "/", False),
        ("", "127.0.0.1:8765", "https", "__Host-tv", "/", True),
        ("https://wall.example/", "wall.example", "http", "__Host-tv", "/", True),
        ("https://wall.example/tv", "wall.example", "http", "__Secure-tv", "/tv/", True),
        ("http://wall.example/tv/", "wall.example", "http", "tv", "/tv/", False),
    ],
)
def test_each_way_in_has_its_cookie_and_no_other_name_is_taken_there(
    url: str, host: str, scheme: str, name: str, path: str, secure: bool
) -> None:
    jar = CookieJar(Hosts("", 8765, (), url), "tv")
    parts = jar.given(headers(host, scheme=scheme), SECRET, 60).split("; ")
    assert parts[0] == f"{name}={SECRET}"
    assert set(parts[1:]) == {"Max-Age=60", f"Path={path}", "HttpOnly", "SameSite=Strict", *(["Secure"] * secure)}
    assert "Max-Age=0" in jar.given(headers(host, scheme=scheme), "", 0)
    names = ("tv", "__Host-tv", "__Secure-tv")
    sent = "; ".join(f"{each}={SECRET if each == name else OTHER}" for each in names)
    assert jar.values(headers(host, sent, scheme)) == [SECRET]
    assert jar.values(headers("evil.example", sent, scheme)) == []


def test_cookies_that_cannot_be_ours_are_passed_over_and_of_others_only_some_are_read() -> None:
    jar = CookieJar(Hosts("", 8765), "tv")
    assert jar.values(headers("127.0.0.1:8765", f"tv=x; tv={SECRET}; tv={SECRET.upper()}; tv={SECRET}1")) == [SECRET]
    assert len(jar.values(headers("127.0.0.1:8765", "; ".join([f"tv={SECRET}"] * 100)))) == COOKIES_MAX


def test_the_public_address_is_read_or_refused_in_one_line() -> None:
    assert read_url("https://Wall.Example:443/a/b") == Front("wall.example", True, "/a/b/")
    assert read_url("http://[::1]:8080") == Front("[::1]:8080", False, "/")
    assert read_url("https://wall.example:8443/").origin == "https://wall.example:8443"
    for wrong in (
        "wall.example", "ftp://wall.example/", "https://", "https:///x", "https://ada@wall.example/", "https://a b/",
        "https://wall.example/?x", "https://wall.example/#x", "https://wall.example:x/", "https://wall.example/a//b/",
        "https://wall.example/../x/", "https://wall.example/a%2fb/", "https://wall.example/a;b/",
        "https://wall.example/api/", "https://wall.example/static/x/", "https://wall.example/x\n/", "https://-/",
        "https://wall.example/a b/", f"https://wall.example/{'x' * 300}/",
    ):  # fmt: skip
        with pytest.raises(UsageError, match="--public-url") as told:
            read_url(wrong)
        assert "\n" not in str(told.value)


@given(st.text(alphabet="/tvx?#.%2f", max_size=12))
def test_the_path_is_taken_away_once_and_what_is_beside_it_stays(target: str) -> None:
    front = Front("wall.example", True, "/tv/")
    assert front.inner("/tv/" + target) == "/" + target
    assert front.inner("/x" + target) == "/x" + target
    assert Front("wall.example").inner(target) == target
    assert [front.inner(path) for path in ("/tv", "/tv?x", "/tvx", "/tvx/")] == ["", "?x", "/tvx", "/tvx/"]
