"""A guest who was invited to look at one tile, with this program instead of our page: what all of it gets them.

Run as another Unix user; the facts come as JSON on stdin, and what was got goes as JSON to stdout.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import sys
import time
from typing import Any

from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.sync.client import connect

API = "/api/v1"
GREETING = b"RFB 003.008\n\x01\x01"
KEYS = struct.pack("!BBxxI", 4, 1, 0x61) + struct.pack("!BBHH", 5, 1, 3, 4) + struct.pack("!B3xI", 6, 6) + b"secret"
EVIL = "http://evil.example"
HOSTS = ("evil.example", "127.0.0.1.evil.example", "127.0.0.1:1", "[::1]", "localhost:1@evil.example")


class Guest:
    """Somebody with a cookie and a key, and no scruples."""

    def __init__(self, facts: dict[str, Any]) -> None:
        self.facts = facts
        self.host = f"127.0.0.1:{facts['port']}"
        self.origin = f"http://{self.host}"
        self.cookie = self.key = ""
        status, text = self.ask("POST", "/invitations/accept", {"secret": facts["secret"], "name": "Mallory"})
        assert status == 200, text
        self.key = json.loads(text)["key"]

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> tuple[int, str]:
        """Return status and text of an answer."""
        connection = http.client.HTTPConnection("127.0.0.1", self.facts["port"], timeout=30)
        given = {"Origin": self.origin, "Cookie": self.cookie, "X-TiledViz-Key": self.key} | headers
        content = None if body is None else json.dumps(body).encode()
        if content is not None:
            given["Content-Type"] = "application/json"
        with contextlib.closing(connection):
            connection.request(method, API + path, content, {name: value for name, value in given.items() if value})
            answer = connection.getresponse()
            if found := answer.headers.get("Set-Cookie"):
                self.cookie = found.partition(";")[0]
            return answer.status, answer.read().decode(errors="replace")

    def ticket(self, stream: str, tile: int | None = None) -> str:
        """Return a ticket, or why there is none."""
        _, text = self.ask("POST", "/tickets", {"stream": stream, "tile": tile})
        return str(json.loads(text).get("ticket") or text)

    def open(self, path: str, ticket: str, origin: str | None = None) -> Any:
        """Open a stream. Raises InvalidStatus."""
        return connect(
            f"ws://{self.host}{API}{path}", origin=origin or self.origin,  # type: ignore[arg-type]
            subprotocols=["tiledviz", f"ticket.{ticket}"],  # type: ignore[list-item]
            additional_headers={"Cookie": self.cookie}, max_size=None, compression=None, proxy=None, open_timeout=20,
            close_timeout=1,
        )  # fmt: skip

    def opens(self, path: str, ticket: str, origin: str | None = None) -> int:
        """Return the status with which a stream is refused, 101 if it is not."""
        try:
            with self.open(path, ticket, origin):
                return 101
        except InvalidStatus as error:
            return error.response.status_code
        except InvalidHandshake:
            return 0

    def wall(self) -> tuple[list[str], str]:
        """Ask for all tiles, do all that a page can say, and return the messages that came, and how it ended."""
        own, others = self.facts["own"], self.facts["others"]
        heard: list[str] = []
        with self.open("/wall/stream", self.ticket("wall")) as stream:
            for said in (
                {"demand": [[tile, 64, 64, 3] for tile in (own, *others)], "join": None},
                {"here": {"page": "e" * 12, "focus": others[0], "zoomed": others}},
                {"input": [{"tile": tile, "key": [97, True]} for tile in (own, *others)]},
                {"input": [{"tile": tile, "pointer": [1, 1, 1]} for tile in (own, *others)]},
                {"arm": {"leader": own, "followers": others}},
                {"ops": [{"id": "evil-1", "set": [[f"order/{own}", "z"]]}]},
                {"ops": [{"id": "evil-2", "set": [[f"tags/{others[0]}/evil", True]]}]},
                {"ops": [{"id": "evil-3", "text": [[f"note/{own}", [["+", "", "evil"]]]]}]},
                {"ops": [{"id": "evil-4", "undo": self.facts["operation"]}]},
                {"ops": [{"id": "evil-5", "set": [["person/" + "a" * 12 + "/selection", [own]]]}]},
            ):
                stream.send(json.dumps(said).encode())
            until = time.monotonic() + 3.0
            with contextlib.suppress(TimeoutError, ConnectionClosed):
                while (left := until - time.monotonic()) > 0:
                    heard.append(stream.recv(left).decode("latin-1"))
            end = f"{stream.protocol.close_code}"
        return heard, end

    def forge(self) -> dict[str, Any]:
        """Say to be somebody else, somewhere else, by every header that some program somewhere believes."""
        own = {"X-Remote-User": "owner", "X-TiledViz-Proxy": "x" * 40, "X-Forwarded-For": "127.0.0.1", "Via": "proxy"}
        said: dict[str, Any] = {f"host {host}": self.ask("GET", "/wall", Host=host)[0] for host in HOSTS}
        said["proxy"] = json.loads(self.ask("GET", "/me", **own)[1]).get("role")
        said["bearer"] = self.ask("GET", "/wall", Authorization=f"Bearer tvz_{'a' * 43}")[0]
        said["key alone"] = self.ask("GET", "/wall", Cookie="")[0]
        said["cookie alone"] = self.ask("GET", "/wall", **{"X-TiledViz-Key": ""})[0]
        tries = (
            {"X-Forwarded-For": f"203.0.113.{number}", "Forwarded": f"for=203.0.113.{number}"} for number in range(30)
        )
        said["tries"] = [self.ask("POST", "/login", {"ticket": "f" * 32}, **each)[0] for each in tries]
        return said

    def flood(self) -> list[str]:
        """Send as much as goes, in every way, and return how each ended."""
        ends = []
        others = self.facts["others"]
        operations = [{"id": f"flood-{number}", "set": [[f"order/{others[0]}", "z"]]} for number in range(50)]
        demand = [[tile, 4096, 4096, 60] for tile in others * 100]
        texts = (b'{"here": {"page": "eeeeeeeeeeee"}}', b'{"drawn": 9999999999}', b"[" * 9000, b"\xff" * (4 << 20))
        for message in (*texts, *(json.dumps(each).encode() for each in ({"ops": operations}, {"demand": demand}))):
            until = time.monotonic() + 1.0
            try:
                with self.open("/wall/stream", self.ticket("wall")) as stream:
                    while time.monotonic() < until:
                        stream.send(message)
                    ends.append("still there")
            except (ConnectionClosed, InvalidHandshake, OSError) as error:
                ends.append(type(error).__name__)
        for _ in range(300):
            ends.append(str(self.ask("GET", "/wall")[0]))
        return ends

    def hostile_frames(self) -> list[str]:
        """Send what no WebSocket may be sent, past the library; return whether each ended the connection."""
        mask, part = bytes(4), b"\xfe\xff\xff" + bytes(4) + b"x" * 65535
        kinds = {
            "as long as there is": b"\x82\xff" + (2**63 - 1).to_bytes(8, "big") + mask + b"x" * 1000,
            "longer than that": b"\x82\xff" + (2**63).to_bytes(8, "big") + mask,
            "not masked": b"\x82\x02{}",
            "never whole": b"\x02" + part + (b"\x00" + part) * 200,
        }
        ends = []
        for name, data in kinds.items():
            with (
                contextlib.suppress(OSError, ConnectionClosed),
                self.open("/wall/stream", self.ticket("wall")) as stream,
            ):
                with contextlib.suppress(OSError):
                    stream.socket.sendall(data)
                with contextlib.suppress(TimeoutError):
                    while True:
                        stream.recv(10)
                ends.append(name)
        return ends

    def crowd(self) -> int:
        """Open as many connections as one gets, streams that are not read among them; return how many stayed."""
        with contextlib.ExitStack() as held:
            for _ in range(20):
                with contextlib.suppress(InvalidHandshake, OSError):
                    stream = held.enter_context(self.open("/wall/stream", self.ticket("wall")))
                    stream.send(json.dumps({"demand": [[self.facts["own"], 4096, 4096, 60]], "join": None}).encode())
            plain = []
            for _ in range(600):
                with contextlib.suppress(OSError):
                    plain.append(held.enter_context(socket.create_connection(("127.0.0.1", self.facts["port"]), 5)))
                    plain[-1].sendall(b"GET /api/v1/wall HTTP/1.1\r\nX: ")
            time.sleep(2)
            stayed = 0
            for each in plain:
                each.setblocking(False)
                try:
                    stayed += each.recv(1) != b""
                except BlockingIOError:
                    stayed += 1
                except OSError:
                    continue
            return stayed

    def display(self) -> tuple[int, bytes]:
        """Press keys in the own tile's display, and return how many bytes came back, and the first of them."""
        ticket, back = self.ticket("rfb", self.facts["own"]), b""
        with self.open(f"/tiles/{self.facts['own']}/rfb", ticket) as stream:
            stream.send(GREETING + KEYS * 100)
            with contextlib.suppress(TimeoutError, ConnectionClosed):
                while True:
                    back += stream.recv(1)
        return len(back), back[:100]


def main() -> None:
    """Try everything."""
    facts = json.load(sys.stdin)
    guest = Guest(facts)
    own, other = facts["own"], facts["others"][0]
    used = guest.ticket("rfb", own)
    said: dict[str, Any] = {
        "routes": {name: guest.ask(*name.split(), body) for name, body in facts["routes"].items()},
        "other session": guest.ask("GET", "/wall", **{"X-TiledViz-Session": facts["session"]}),
        "ticket for another tile": guest.ticket("rfb", other),
        "first use": guest.opens(f"/tiles/{own}/rfb", used),
        "replayed": guest.opens(f"/tiles/{own}/rfb", used),
        "for another tile": guest.opens(f"/tiles/{other}/rfb", guest.ticket("rfb", own)),
        "for another stream": guest.opens("/wall/stream", guest.ticket("rfb", own)),
        "of somebody else": guest.opens("/wall/stream", facts["owner's ticket"]),
        "forged origin of a stream": guest.opens("/wall/stream", guest.ticket("wall"), EVIL),
        "forged origin of a call": guest.ask("GET", "/wall", Origin=EVIL)[0],
        "invitation again": guest.ask("POST", "/invitations/accept", {"secret": facts["secret"], "name": "Eve"}),
        "display": str(guest.display()),
    }
    said["heard"], said["end"] = guest.wall()
    said["forged"] = guest.forge()
    said["frames"] = guest.hostile_frames()
    said["connections"] = guest.crowd()
    said["flood"] = guest.flood()
    json.dump(said, sys.stdout)


if __name__ == "__main__":
    main()
