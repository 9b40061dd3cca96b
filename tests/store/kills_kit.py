"""What people do at a portal, thing by thing, and what was said of each: to see that no death of it loses any.

There are a few things of each kind, by name. What is done next to one depends on what it is: what is not there is
made, what is there is changed or taken away. So it stays small, however often the portal dies.
"""

from __future__ import annotations

import http.client
import itertools
import random
import secrets
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any

from websockets.exceptions import WebSocketException

from portal_kit import Browser, Reply, RunningPortal, WallPage

NAMES = 4  # things of a kind
GONE = (OSError, http.client.HTTPException, WebSocketException, TimeoutError)  # what one gets whose portal dies
There = dict[str, tuple[Any, Any]]  # what things are, and what they are asked for by
SERIALS = itertools.count(1)


class Kind(ABC):
    """Things of one kind; *said* is what was acknowledged of them, *asked* what nobody answered yet."""

    name = ""

    def __init__(self) -> None:
        self.said: dict[str, Any] = {}
        self.by: dict[str, Any] = {}  # what one is asked for by: an id, a login
        self.asked: dict[str, Any] = {}

    @abstractmethod
    def read(self, portal: RunningPortal, owner: Browser) -> There:
        """Return all that are there."""

    @abstractmethod
    def do(self, portal: RunningPortal, owner: Browser, slot: str, again: bool) -> tuple[Any, Callable[[], Any]]:
        """Return what the thing *slot* is to be, and how that is asked; *again*: rather change than remove."""

    def act(self, portal: RunningPortal, owner: Browser, drawn: random.Random) -> None:
        """Do something to one of them. Raises one of GONE when the portal dies."""
        slot = f"{self.name}-{drawn.randrange(NAMES)}"
        wanted, ask = self.do(portal, owner, slot, drawn.random() < 0.6)
        self.asked[slot] = wanted
        by = ask()
        self.said[slot] = wanted
        self.by[slot] = self.by.get(slot) if by is None else by
        del self.asked[slot]

    def lost(self, portal: RunningPortal, owner: Browser) -> list[str]:
        """Return a line for each that is not what was said; what was asked and not answered may be so or not."""
        there = self.read(portal, owner)
        found = []
        for slot in {*self.said, *self.asked, *there}:
            value, by = there.get(slot, (None, None))
            may = [self.said.get(slot), *([self.asked[slot]] if slot in self.asked else [])]
            if value not in may:
                found.append(f"{slot} is {value!r}, not {' or '.join(map(repr, may))}")
            self.said[slot], self.by[slot] = value, by
        self.asked.clear()
        return found


def done(reply: Reply) -> Any:
    """Return what was answered. Raises OSError where the portal says that what does the work is dying."""
    if reply.status == 503:
        raise OSError(reply.json["error"])
    assert reply.status == 200, (reply.status, reply.json)
    return reply.json


class Registers(Kind):
    """Operations of the document, by the wall stream of a page."""

    name = "colour"

    def __init__(self) -> None:
        super().__init__()
        self.page: WallPage | None = None

    def read(self, portal: RunningPortal, owner: Browser) -> There:
        registers = done(owner.get("/session/export"))["registers"]
        return {
            name: (value, None)
            for path, value in registers.items()
            if (name := path.removeprefix("tag/").removesuffix("/colour")) != path
        }

    def do(self, portal: RunningPortal, owner: Browser, slot: str, again: bool) -> tuple[Any, Callable[[], Any]]:
        value = f"#{next(SERIALS) + 0x111111:06x}" if again or slot not in self.said else None
        name = f"{slot}-{secrets.token_hex(6)}"

        def ask() -> None:
            if self.page is None:
                self.page = owner.wall()
                self.page.say(join=None)
            self.page.say(ops=[{"id": name, "set": [[f"tag/{slot}/colour", value]]}])
            told = self.page.event(lambda e: any(op["id"] == name for op in e.get("ops", [])) or e.get("op") == name)
            assert told["event"] != "refused", told
            self.page.events.clear()

        return value, ask

    def lost(self, portal: RunningPortal, owner: Browser) -> list[str]:
        if self.page is not None:
            self.page.close()
            self.page = None
        return super().lost(portal, owner)


class Posted(Kind):
    """Things that are changed by one request each."""

    @abstractmethod
    def post(self, slot: str, again: bool) -> tuple[Any, str, dict[str, Any]]:
        """Return what the thing is to be, and the request."""

    def found(self, answer: Any) -> Any:
        """Return by what it is asked for, of the *answer* that made it."""
        return answer.get("id")

    def do(self, portal: RunningPortal, owner: Browser, slot: str, again: bool) -> tuple[Any, Callable[[], Any]]:
        wanted, path, body = self.post(slot, again)
        return wanted, lambda: self.found(done(owner.post(path, body)))


class Versions(Posted):
    """Versions of the session."""

    name = "version"

    def read(self, portal: RunningPortal, owner: Browser) -> There:
        return {each["name"]: (True, each["id"]) for each in done(owner.get("/session/versions"))["versions"]}

    def post(self, slot: str, again: bool) -> tuple[Any, str, dict[str, Any]]:
        if self.said.get(slot):
            return None, f"/session/versions/{self.by[slot]}/delete", {}
        return True, "/session/versions", {"name": slot}


class Walls(Posted):
    """Sessions of a project: there, put away, or not."""

    name = "wall"

    def __init__(self, project: int) -> None:
        super().__init__()
        self._project = project

    def read(self, portal: RunningPortal, owner: Browser) -> There:
        found = [
            each for put in ("no", "yes") for each in done(owner.get(f"/sessions?q=wall&archived={put}"))["sessions"]
        ]
        return {each["title"]: ("away" if each["archived"] else "here", each["key"]) for each in found}

    def post(self, slot: str, again: bool) -> tuple[Any, str, dict[str, Any]]:
        value = self.said.get(slot)
        if not value:
            return "here", f"/projects/{self._project}/sessions", {"title": slot}
        if again:
            away = value == "here"
            return "away" if away else "here", f"/sessions/{self.by[slot]}/archive", {"archived": away}
        return None, f"/sessions/{self.by[slot]}/delete", {}

    def found(self, answer: Any) -> Any:
        return answer.get("key")


class Membership(Posted):
    """People with an account, as members of a project."""

    name = "member"

    def __init__(self, portal: RunningPortal, project: int) -> None:
        super().__init__()
        self._about = f"/projects/{project}/members"
        for number in range(NAMES):
            portal.store.access.came("accounts", f"member-{number}", None)

    def read(self, portal: RunningPortal, owner: Browser) -> There:
        found = done(owner.get(self._about))["members"]
        return {each["name"]: (each["role"], each["person"]) for each in found if each["way"] == "accounts"}

    def post(self, slot: str, again: bool) -> tuple[Any, str, dict[str, Any]]:
        role = self.said.get(slot)
        if not role:
            return "viewer", self._about, {"name": slot, "role": "viewer"}
        if again:
            other = "editor" if role == "viewer" else "viewer"
            return other, f"{self._about}/{self.by[slot]}/role", {"role": other}
        return None, f"{self._about}/{self.by[slot]}/remove", {}

    def found(self, answer: Any) -> Any:
        return answer.get("person")


class Invitations(Posted):
    """Invitations: open, or revoked for ever."""

    name = "invitation"

    def read(self, portal: RunningPortal, owner: Browser) -> There:
        found = done(owner.get("/invitations"))["invitations"]
        return {each["note"]: ("open", each["id"]) for each in found if each["state"] == "open" and each["note"]}

    def post(self, slot: str, again: bool) -> tuple[Any, str, dict[str, Any]]:
        if self.said.get(slot):
            return None, f"/invitations/{self.by[slot]}/revoke", {}
        return "open", "/invitations", {"note": slot}

    def found(self, answer: Any) -> Any:
        return answer.get("invitation", answer)["id"]


class TileSets(Posted):
    """Tile sets that are kept."""

    name = "set"

    def read(self, portal: RunningPortal, owner: Browser) -> There:
        found = done(owner.get("/tilesets?q=set-"))["tilesets"]
        return {each["name"]: (each["title"], each["revision"]) for each in found}

    def post(self, slot: str, again: bool) -> tuple[Any, str, dict[str, Any]]:
        there = self.said.get(slot)
        if there and not again:
            return None, f"/tilesets/{slot}/remove", {}
        title = f"Title {next(SERIALS)}"
        tiles = [{"key": 1, "title": "a", "values": {"F": 0.5}}]
        document = {"title": title, "columns": [{"name": "F", "kind": "number"}], "tiles": tiles}
        document |= {"format": "tiledviz-tileset", "version": 1}
        return title, f"/tilesets/{slot}", {"revision": self.by[slot] if there else None, "document": document}

    def found(self, answer: Any) -> Any:
        return answer.get("revision")


class Presets(Posted):
    """Sets of parameters of a case."""

    name = "preset"

    def read(self, portal: RunningPortal, owner: Browser) -> There:
        return {each["name"]: (each["tiles"], None) for each in done(owner.get("/presets"))["saved"]}

    def post(self, slot: str, again: bool) -> tuple[Any, str, dict[str, Any]]:
        there = self.said.get(slot)
        if there and not again:
            return None, f"/presets/{slot}/remove", {}
        tiles = (there or 0) % 60 + 1
        return tiles, "/presets", {"name": slot, "case": "gears", "tiles": str(tiles), "replace": bool(there)}


class Tokens(Posted):
    """API tokens: each opens what it is for, and none that was revoked."""

    name = "token"

    def __init__(self) -> None:
        super().__init__()
        self._secrets: dict[int, str] = {}

    def read(self, portal: RunningPortal, owner: Browser) -> There:
        found = {each["name"]: ("good", each["id"]) for each in done(owner.get("/tokens"))}
        for _, number in found.values():
            if number in self._secrets:
                with_it = {"Authorization": f"Bearer {self._secrets[number]}"}
                assert Browser(portal).get("/wall", **with_it).status == 200
        return found

    def post(self, slot: str, again: bool) -> tuple[Any, str, dict[str, Any]]:
        if self.said.get(slot):
            return None, f"/tokens/{self.by[slot]}/revoke", {}
        return "good", "/tokens", {"name": slot, "rights": ["see"]}

    def found(self, answer: Any) -> Any:
        if "token" in answer:
            self._secrets[answer["id"]] = answer["token"]
        return answer.get("id")


class Logins(Kind):
    """People who come in, and go: by a ticket of their own, or as guests by an invitation."""

    name = "login"

    def __init__(self, owner: Browser) -> None:
        super().__init__()
        self._invitation = done(owner.post("/invitations", {"uses": None}))["secret"]
        self._used: list[str] = []

    def read(self, portal: RunningPortal, owner: Browser) -> There:
        assert [ticket for ticket in self._used if portal.store.access.use_ticket(ticket)] == [], "used twice"
        self._used.clear()
        found = {}
        for slot, browser in self.by.items():
            if browser is None:
                continue
            browser.portal = portal
            if browser.get("/me").status == 200:
                found[slot] = ("in", browser)
        return found

    def do(self, portal: RunningPortal, owner: Browser, slot: str, again: bool) -> tuple[Any, Callable[[], Any]]:
        browser = self.by.get(slot)
        if browser is not None and self.said.get(slot):
            return None, lambda: done(browser.post("/logout", {})).get("by")
        browser = Browser(portal)
        if slot.endswith(("0", "1")):
            path, body = "/invitations/accept", {"secret": self._invitation, "name": slot}
        else:
            path, body = "/login", {"ticket": portal.login_ticket()}

        def ask() -> Browser:
            browser.key = done(browser.post(path, body))["key"]
            if "ticket" in body:
                self._used.append(body["ticket"])
            return browser

        return "in", ask


class Actor:
    """One who does things of some *kinds*, one after the other, until the portal dies."""

    def __init__(self, portal: RunningPortal, owner: Browser, kinds: Sequence[Kind], seed: int) -> None:
        self.count = 0
        self.wrong: BaseException | None = None
        self._about = portal, owner, kinds, random.Random(seed)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def _work(self) -> None:
        portal, owner, kinds, drawn = self._about
        try:
            while True:
                drawn.choice(kinds).act(portal, owner, drawn)
                self.count += 1
        except GONE:
            pass
        except BaseException as error:
            self.wrong = error

    def end(self) -> int:
        """Wait until it is over; return how much was acknowledged."""
        self._thread.join(60)
        assert not self._thread.is_alive(), "the portal is dead, and someone waits for it"
        if self.wrong is not None:
            raise self.wrong
        return self.count
