"""Mail at a real SMTP server: what is sent to whom, and how it is told when it cannot be."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError
from smtp_kit import SmtpServer

from tvcore.errors import TiledVizError
from tvcore.people import accounts, links, mail
from tvcore.people.accounts import NoSuchThingError
from tvcore.settings import MailSettings, PortalSettings
from tvcore.store import Store

GOOD, OTHER = "glass otter lamp 9", "brass heron kite 4"
URL = "https://wall.example/"


@pytest.fixture
def server() -> Iterator[SmtpServer]:
    with SmtpServer() as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield running
        running.shutdown()


def settings(server: SmtpServer, **more: object) -> PortalSettings:
    port = server.server_address[1]
    sent = {"server": "127.0.0.1", "port": port, "security": "none", "sender": "wall@example.org"}
    return PortalSettings.model_validate({"login": "accounts", "registration": "open", "mail": sent, **more})


def secret_in(server: SmtpServer, kind: str) -> str:
    found = re.search(rf"{URL}#{kind}=([\w-]+)", server.got[-1][1].get_payload(decode=True).decode())
    assert found is not None
    return found[1]


def test_an_address_is_ones_own_once_its_link_was_opened_and_a_new_password_comes_there(
    home: Path, server: SmtpServer
) -> None:
    store, portal = Store.open(), settings(server)
    with pytest.raises(Exception, match="a mail address is needed"):
        accounts.register(store, portal, "ann", GOOD)
    person = accounts.register(store, portal, "ann", GOOD, "Ann", "ann@example.org")
    assert person["state"] == accounts.check(store, "ann", GOOD).came == "unverified"
    links.send_verify(store, portal, person["id"], person["mail"], URL)
    to, message = server.got[-1]
    assert (to, message["To"], message["From"]) == ("ann@example.org", "ann@example.org", "wall@example.org")
    links.forgot(store, portal, "ann", URL)
    assert len(server.got) == 1  # nobody showed yet that this address is theirs
    secret = secret_in(server, "verify")
    assert links.verify(store, portal, secret)["state"] == "active"
    with pytest.raises(NoSuchThingError, match="used already"):
        links.verify(store, portal, secret)
    assert accounts.check(store, "ann", GOOD).came == "in"

    for asked in ("nobody", "nobody@example.org", "ann@example.com"):
        links.forgot(store, portal, asked, URL)
    assert len(server.got) == 1
    for asked in ("ann", "Ann@Example.org"):
        links.forgot(store, portal, asked, URL)
        assert links.reset(store, secret_in(server, "reset"), OTHER) == "ann"

    assert links.change_mail(store, portal, person["id"], "lee@example.org", OTHER, URL)
    assert store.accounts.person(person["id"])["mail"] == "ann@example.org"  # until the link is opened
    links.verify(store, portal, secret_in(server, "verify"))
    assert store.accounts.person(person["id"])["mail"] == "lee@example.org"
    waiting = accounts.register(store, settings(server, registration="approval"), "bob", GOOD, "", "bob@example.org")
    links.send_verify(store, portal, waiting["id"], "bob@example.org", URL)
    verified = links.verify(store, settings(server, registration="approval"), secret_in(server, "verify"))
    assert verified["state"] == "pending"
    store.close()


def test_who_did_not_show_that_their_address_is_theirs_may_nothing_and_gets_nobodys_links(
    home: Path, server: SmtpServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, portal = Store.open(), settings(server, newcomers="admin")
    mine = accounts.register(store, portal, "ann", GOOD, "Ann", "ann@example.org")["id"]
    links.send_verify(store, portal, mine, "ann@example.org", URL)
    own = secret_in(server, "verify")
    token = "tvz_" + "x" * 43
    store.tokens.add(mine, "t", token, ["see"], None, 1000)

    def nothing(person: int, name: str) -> None:
        assert accounts.check(store, name, GOOD).came == "unverified"
        assert accounts.check(store, name, OTHER).came == "no", "whose password it is not is told of no state"
        assert store.access.add_login("c" * 64, "k" * 64, 100, person) is None
        assert store.access.of_person(person) is None
        assert store.access.of_token(token) is None
        assert store.projects.members(store.projects.first())[1:] == []

    nothing(mine, "ann")
    with pytest.raises(NoSuchThingError, match="used already"):
        links.reset(store, own, OTHER)  # which is a link of another kind
    # An administrator's link lets them choose a password, and not come in.
    links.reset(store, links.make_reset(store, mine)["secret"], GOOD)
    nothing(mine, "ann")
    # Another one says that they have this address too: what is sent there is for whose it is alone.
    links.verify(store, portal, own)
    sly = accounts.register(store, portal, "sly", GOOD, "Sly", "ann@example.org")["id"]
    for asked in ("sly", "ann@example.org"):
        links.forgot(store, portal, asked, URL)
    sent = [str(message.get_payload(decode=True)) for _, message in server.got]
    assert ["account ann of" in each for each in sent] == [False, True], "none for sly"
    assert accounts.check(store, "sly", GOOD).came == "unverified"
    # Let in by an administrator they come in, but their address still is not known to be theirs.
    accounts.activate(store, sly)
    assert accounts.check(store, "sly", GOOD).came == "in"
    links.forgot(store, portal, "sly", URL)
    assert len(server.got) == 2
    # Who never shows it is forgotten after a week, and the name is free.
    late = accounts.register(store, portal, "late", GOOD, "", "late@example.org")["id"]
    links.send_verify(store, portal, late, "late@example.org", URL)
    lates = secret_in(server, "verify")
    monkeypatch.setattr(accounts, "UNVERIFIED_SECONDS", -60.0)
    again = accounts.register(store, portal, "late", OTHER, "", "new@example.org")
    assert (again["id"] != late, again["mail"]) == (True, "new@example.org")
    with pytest.raises(NoSuchThingError, match="used already"):
        links.verify(store, portal, lates)
    assert accounts.check(store, "late", OTHER).came == "unverified"
    store.close()


def test_what_is_in_the_way_of_mail_is_told_in_one_line_without_secrets(server: SmtpServer, tmp_path: Path) -> None:
    server.refuses.add("no@example.org")
    password = tmp_path / "password"
    password.write_text("hidden-word")
    password.chmod(0o644)
    port = server.server_address[1]
    here = {"server": "127.0.0.1", "port": port, "security": "none", "sender": "wall@example.org"}
    for changed, to, words in (
        ({}, "no@example.org", "does not take mail for this address"),
        ({"port": 1}, "a@example.org", "Connection refused"),
        ({"security": "starttls"}, "a@example.org", "STARTTLS"),
        ({"user": "u", "password_file": str(password)}, "a@example.org", "chmod 600"),
        ({"user": "u", "password_file": str(tmp_path / "none")}, "a@example.org", "No such file"),
    ):
        with pytest.raises(TiledVizError, match=words) as told:
            mail.send(MailSettings.model_validate(here | changed), to, "Subject", "text #reset=hidden-word")
        assert "\n" not in str(told.value)
        assert "hidden-word" not in str(told.value)
    assert not server.got


@pytest.mark.parametrize(
    "address", ["a@b\nBcc: c@example.org", "a", "a@b@c", "<a@example.org>", "a b@example.org", "é@x.y"]
)
def test_what_is_no_address_gets_no_mail(address: str) -> None:
    with pytest.raises(TiledVizError, match="must be a mail address"):
        accounts.checked_mail(address)
    with pytest.raises(ValidationError):
        MailSettings(server="localhost", sender=address)


def test_settings_that_would_send_links_in_clear_are_refused() -> None:
    for wrong in (
        {"server": "mail.example", "sender": "a@example.org", "security": "none"}, {"server": "mail.example"},
        {"user": "u"}, {"server": "a b", "sender": "a@example.org"}, {"password_file": "relative"},
    ):  # fmt: skip
        with pytest.raises(ValidationError):
            MailSettings.model_validate(wrong)
