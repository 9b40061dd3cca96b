"""The portal's pure parts: values in, values out."""

from __future__ import annotations

import math
import struct

import pytest

from tvcore.portal.calls import finite
from tvcore.portal.hosts import Hosts
from tvcore.portal.instance import url_of
from tvcore.portal.walls import changed_tiles
from tvcore.portal.websocket import CloseError, frame_header, handshake_key, read_header


def wall(*tiles: dict[str, object], sets: object = ()) -> dict[str, object]:
    return {"session": "main", "revision": 1, "sets": sets, "tiles": list(tiles)}


def test_what_changed_on_the_wall_is_told_by_field() -> None:
    old = wall({"id": 1, "state": "live", "frames": 1}, {"id": 2, "state": "live", "frames": 1})
    new = wall({"id": 1, "state": "live", "frames": 1}, {"id": 2, "state": "failed", "frames": 1, "stream": None})
    assert changed_tiles(old, new) == [{"id": 2, "state": "failed", "stream": None}]
    assert changed_tiles(old, old) == []


def test_tiles_that_come_go_or_move_make_another_wall() -> None:
    one, two = {"id": 1}, {"id": 2}
    assert changed_tiles(wall(one), wall(one, two)) is None
    assert changed_tiles(wall(one, two), wall(two)) is None
    assert changed_tiles(wall(one, two), wall(two, one)) is None
    assert changed_tiles(wall(one, sets=[{"state": "pending"}]), wall(one, sets=[{"state": "running"}])) is None


def test_numbers_that_json_does_not_have_become_null() -> None:
    assert finite({"a": [math.nan, math.inf, 1.5], "b": {"c": -math.inf, "d": "nan"}}) == {
        "a": [None, None, 1.5],
        "b": {"c": None, "d": "nan"},
    }


@pytest.mark.parametrize("length", [0, 1, 125, 126, 65535, 65536, 1 << 40])
def test_a_frame_header_is_as_short_as_it_can_be_and_tells_the_length(length: int) -> None:
    header = frame_header(length)
    assert header[0] == 0x82
    assert len(header) == 2 if length < 126 else 4 if length < 65536 else 10
    masked = bytes([header[0], header[1] | 0x80]) + header[2:]
    assert read_header(masked) == (2, True, length)
    for cut in range(len(masked)):
        assert read_header(masked[:cut]) is None


def test_what_no_client_may_send_is_known_from_two_bytes() -> None:
    for first in range(256):
        opcode, good = first & 15, first in (0x00, 0x02, 0x80, 0x82, 0x88, 0x89, 0x8A)
        if good:
            assert read_header(struct.pack("BB", first, 0x80)) == (opcode, bool(first & 0x80), 0)
        else:
            with pytest.raises(CloseError) as refused:
                read_header(struct.pack("BB", first, 0x80))
            assert refused.value.code == (1003 if opcode == 1 and first & 0x70 == 0 else 1002)


def test_a_handshake_needs_all_its_headers() -> None:
    good = {
        "REQUEST_METHOD": "GET", "HTTP_UPGRADE": "WebSocket", "HTTP_CONNECTION": "keep-alive, Upgrade",
        "HTTP_SEC_WEBSOCKET_VERSION": "13", "HTTP_SEC_WEBSOCKET_KEY": "dGhlIHNhbXBsZSBub25jZQ==",
    }  # fmt: skip
    assert handshake_key(good) == "dGhlIHNhbXBsZSBub25jZQ=="
    for name, wrong in (
        ("REQUEST_METHOD", "POST"), ("HTTP_UPGRADE", "h2c"), ("HTTP_CONNECTION", "keep-alive"),
        ("HTTP_SEC_WEBSOCKET_VERSION", "8"), ("HTTP_SEC_WEBSOCKET_KEY", "short"), ("HTTP_SEC_WEBSOCKET_KEY", "é" * 24),
        ("HTTP_SEC_WEBSOCKET_KEY", "dGhlIHNhbXBsZSBub25jZQ==\r\nX: y"),
    ):  # fmt: skip
        assert handshake_key(good | {name: wrong}) is None
        assert handshake_key({key: value for key, value in good.items() if key != name}) is None


def test_a_portal_is_known_by_its_addresses_and_by_no_other_name() -> None:
    hosts = Hosts("192.0.2.7", 80, ["Wall.example:8443"])
    for host in ("127.0.0.1", "127.0.0.1:80", "localhost:80", "[::1]", "192.0.2.7:80", "wall.example:8443"):
        assert hosts.allowed(host), host
    for host in ("", "127.0.0.1:81", "wall.example", "evil", "0.0.0.0:80", "[::]:80"):
        assert not hosts.allowed(host), host
    assert not Hosts("0.0.0.0", 80).allowed("0.0.0.0:80")
    assert hosts.origin_allowed("http://localhost:80", "localhost:80")
    assert not hosts.origin_allowed("http://localhost:80", "127.0.0.1:80")
    assert not hosts.origin_allowed("http://evil", "evil")


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:1/"), ("0.0.0.0", "http://127.0.0.1:1/"), ("::", "http://[::1]:1/"),
        ("::1", "http://[::1]:1/"), ("login1", "http://login1:1/"),
    ],
)  # fmt: skip
def test_the_address_to_open_is_one_that_can_be_opened(host: str, url: str) -> None:
    assert url_of(host, 1) == url
