"""Login tickets, logins and what they are good for, on every engine."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest
from sqlalchemy import inspect, text

from tvcore.portal.roles import ROLES
from tvcore.store import Store
from tvcore.store.access import hashed


@pytest.fixture
def store(engine: str) -> Store:
    return Store.open()


def valid(store: Store, cookie: str, key: str) -> bool:
    return store.access.of_login(hashed(cookie), hashed(key)) is not None


def test_a_login_ticket_is_good_once_even_for_many_at_the_same_time(store: Store) -> None:
    store.access.add_ticket("secret")
    results: list[int | None] = []
    threads = [threading.Thread(target=lambda: results.append(store.access.use_ticket("secret"))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results, key=str) == sorted([None] * 4 + [store.access.owner()], key=str)
    store.access.add_ticket("old", seconds=-1)
    assert store.access.use_ticket("old") is None
    assert store.access.use_ticket("never made") is None


def test_a_login_needs_cookie_and_key_of_the_same_login(store: Store) -> None:
    me = store.access.owner()
    for cookie, key, seconds in (("cookie", "key", 60), ("cookie2", "key2", 60), ("old", "key", -1)):
        store.access.add_login(cookie, key, seconds, me)
    assert valid(store, "cookie", "key")
    for cookie, key in (("cookie", "key2"), ("cookie", ""), ("", "key"), ("", ""), ("old", "key")):
        assert not valid(store, cookie, key)
    store.access.add_login("cookie", "key of another page", 60, me)
    assert valid(store, "cookie", "key")
    assert valid(store, "cookie", "key of another page")
    assert store.access.cookie_known("cookie")
    assert not store.access.cookie_known("old")
    store.access.remove_login("cookie")
    assert not valid(store, "cookie", "key")
    assert not valid(store, "cookie", "key of another page")
    assert valid(store, "cookie2", "key2")


def test_a_ticket_for_a_role_lets_a_guest_in_with_it_and_one_that_is_not_known_has_no_right(store: Store) -> None:
    for role in ROLES:
        store.access.add_ticket(f"for {role}", role=role)
        person = store.access.use_ticket(f"for {role}")
        assert person is not None
        document = store.access.of_person(person)
        assert document is not None
        assert [each["role"] for each in document["sessions"]] == [role]
        assert (document["who"]["way"], document["who"]["administrator"]) == (
            ("token", True) if role == "owner" else ("guest", False)
        )


def test_the_version_grows_whenever_somebody_comes_who_may_do_something(store: Store) -> None:
    before = store.access.version()
    store.access.add_ticket("t", role="viewer")
    assert store.access.version() == before
    store.access.use_ticket("t")
    assert store.access.version() > before
    first = store.access.came("proxy", "ann", "editor")
    before = store.access.version()
    assert store.access.came("proxy", "ann", "editor") == first
    assert store.access.version() == before, "nothing changed"
    store.access.came("proxy", "ann", "viewer")
    assert store.access.version() > before


def test_people_of_one_name_by_different_ways_are_different_people_even_if_they_come_at_once(store: Store) -> None:
    found: list[int] = []
    threads = [threading.Thread(target=lambda: found.append(store.access.came("proxy", "ann", None))) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert store.access.came("accounts", "ann", None) not in found


def test_no_secret_stands_in_the_store(store: Store, home: Path) -> None:
    store.access.add_ticket("planted-ticket")
    store.access.add_login("planted-cookie", "planted-key", 60, store.access.owner())
    with store.engine.connect() as db:
        for table in inspect(db).get_table_names():
            assert "planted" not in str(db.execute(text(f'SELECT * FROM "{table}"')).fetchall())
    store.close()
    assert not any(b"planted" in path.read_bytes() for path in home.glob("store.sqlite*"))


def test_a_guest_of_whom_no_login_is_left_is_forgotten(store: Store) -> None:
    store.access.add_ticket("t", role="viewer")
    guest = store.access.use_ticket("t")
    assert guest is not None
    store.access.add_login("c", "k", 60, guest)
    with store.engine.begin() as db:
        db.execute(text("UPDATE person SET created = :then WHERE id = :id"), {"then": time.time() - 90, "id": guest})
    store.access.remove_login("c")
    assert store.access.of_person(guest) is None
    store.access.add_ticket("t", role="viewer")
    assert store.access.use_ticket("t") != guest, "an id is one person's for ever"
