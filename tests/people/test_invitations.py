# ruff: noqa: RUF001 - letters that look like others are what this is about
"""Invitations: who may come in by one, for how long, as whom, on both engines; and names that pass for others."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text

from tvcore.batch.plan import Plan, TilePlan
from tvcore.errors import UsageError
from tvcore.people import invitations, projects, sessions
from tvcore.people.by import By, NoneSuchError, NotAllowedError, here
from tvcore.people.invitations import LookalikeError
from tvcore.people.names import guest_name, skeleton
from tvcore.portal.roles import Grant, Role
from tvcore.store import Store


@pytest.fixture
def store(engine: str) -> Iterator[Store]:
    opened = Store.open()
    yield opened
    opened.close()


def tiles(store: Store) -> list[int]:
    plans = tuple(TilePlan(index=i, title=str(i), command=("x",)) for i in range(4))
    store.add_run(Plan(case="gears", title="Gears", state="/s", tiles=plans), "local", "local-1")
    return [tile["id"] for tile in store.tiles()]


def accept(store: Store, made: dict[str, Any], name: str = "Grace") -> dict[str, Any]:
    """Come in; return what the guest may do."""
    guest = invitations.accept_invitation(store, made["secret"], name)
    assert guest is not None
    access = store.access.add_login("c" * 64, f"{guest:064x}", 60.0, guest)
    assert access is not None
    return access


def test_a_guest_comes_in_by_the_secret_alone_and_may_what_the_invitation_says(store: Store) -> None:
    by, ids = here(store), tiles(store)
    whole = invitations.new_invitation(store, by, "main", note=" for Grace ")
    assert whole["invitation"]["state"] == "open"
    assert whole["invitation"]["note"] == "for Grace"
    assert "secret" not in whole["invitation"]
    assert whole["secret"] not in str(store.invitations.listed("main"))
    access = accept(store, whole)
    assert (access["who"]["display"], access["who"]["way"], access["projects"]) == ("Grace", "guest", [])
    (session,) = access["sessions"]
    assert (session["key"], session["role"], session["operate"], session["tiles"]) == ("main", "guest", False, None)
    some = invitations.new_invitation(store, by, "main", control=True, tiles=[ids[2], ids[0], ids[2]])
    (session,) = accept(store, some)["sessions"]
    assert (session["operate"], session["tiles"]) == (True, [ids[0], ids[2]])
    listed = invitations.invitations(store, "main")
    assert "shell as the Unix user" in listed["shell"]
    newest, oldest = listed["invitations"]
    assert (newest["control"], newest["tiles"], oldest["by"]) == (True, [ids[0], ids[2]], newest["by"])
    assert [guest["display"] for guest in newest["guests"]] == ["Grace"]
    with store.engine.connect() as db:
        kept = str(db.execute(text("SELECT * FROM invitation")).all())
    assert whole["secret"] not in kept
    assert some["secret"] not in kept


def test_an_invitation_is_good_for_its_uses_and_its_time_and_until_it_is_revoked(store: Store) -> None:
    by = here(store)
    two = invitations.new_invitation(store, by, "main", uses=2)
    came = [invitations.accept_invitation(store, two["secret"], name) for name in ("A", "B", "C")]
    assert [each is not None for each in came] == [True, True, False]
    assert store.invitations.read(two["invitation"]["id"])["state"] == "used"
    late = invitations.new_invitation(store, by, "main", days=1e-9)
    assert invitations.accept_invitation(store, late["secret"], "A") is None
    assert store.invitations.read(late["invitation"]["id"])["state"] == "expired"
    many = invitations.new_invitation(store, by, "main", uses=None)
    guests = [accept(store, many, f"Guest {number}")["who"]["id"] for number in range(3)]
    version = store.access.version()
    revoked = invitations.revoke_invitation(store, by, "main", many["invitation"]["id"])
    assert (revoked["state"], revoked["guests"], revoked["uses"]) == ("revoked", [], 3)
    assert store.access.version() > version
    assert [store.access.of_person(guest) for guest in guests] == [None] * 3
    assert store.access.cookie_known("c" * 64) is False
    assert invitations.accept_invitation(store, many["secret"], "A") is None
    for wrong in ("", "x", "A" * 43, many["secret"][:-1], many["secret"] + "A", "\N{FIRE}" * 43):
        assert invitations.accept_invitation(store, wrong, "A") is None


def test_of_many_who_accept_at_once_as_many_come_in_as_it_is_for(store: Store) -> None:
    made = invitations.new_invitation(store, here(store), "main", uses=3)
    came: list[int | None] = []
    start = threading.Barrier(6)

    def come() -> None:
        start.wait(10)
        came.append(invitations.accept_invitation(store, made["secret"], "A"))

    threads = [threading.Thread(target=come) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sum(each is not None for each in came) == 3


def test_nobody_invites_to_more_than_they_have_nor_to_what_is_not_there(store: Store) -> None:
    by, ids = here(store), tiles(store)
    admin, editor = By(by.person, Grant("admin")), By(by.person, Grant("editor", operate=True))
    with pytest.raises(NotAllowedError, match="only who operates invites with control: it is a shell"):
        invitations.new_invitation(store, admin, "main", control=True)
    with pytest.raises(NotAllowedError, match="needs the right `manage`"):
        invitations.new_invitation(store, editor, "main")
    made = invitations.new_invitation(store, By(by.person, Grant("admin", operate=True)), "main", control=True)
    with pytest.raises(NotAllowedError, match="`manage`"):
        invitations.revoke_invitation(store, editor, "main", made["invitation"]["id"])
    other = sessions.new_session(store, by, store.projects.first(), "Other")["key"]
    with pytest.raises(NoneSuchError, match="to this session"):
        invitations.revoke_invitation(store, by, other, made["invitation"]["id"])
    with pytest.raises(UsageError, match=f"tile {ids[0]} is not in this session"):
        invitations.new_invitation(store, by, other, tiles=ids)
    for wrong, why in (
        ({"tiles": []}, "choose one tile at least"),
        ({"days": 0.0}, "at most 366 days"),
        ({"days": 367.0}, "at most 366 days"),
        ({"days": float("nan")}, "at most 366 days"),
        ({"uses": 0}, "1 to 1000 guests"),
        ({"note": "a\u200bb"}, "at most 80 letters"),
        ({"note": "a" * 81}, "at most 80 letters"),
    ):
        with pytest.raises(UsageError, match=why):
            invitations.new_invitation(store, by, "main", **wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="there is no session"):
        invitations.new_invitation(store, by, "s-00000000")


def test_who_may_not_invite_any_more_has_no_way_back_by_a_link_of_their_own(store: Store) -> None:
    owner = here(store)
    flames = projects.new_project(store, owner, "Flames")["id"]
    key = sessions.new_session(store, owner, flames, "A")["key"]
    store.access.came("accounts", "anna", None)
    anna = projects.add_member(store, owner, flames, "anna", "admin")["person"]
    projects.set_operate(store, owner, flames, anna, True)
    projects.add_member(store, owner, store.projects.first(), "anna", "admin")
    by, theirs = By(anna, Grant("admin", operate=True)), invitations.new_invitation(store, owner, key)
    look, control = (invitations.new_invitation(store, by, key, control) for control in (False, True))
    elsewhere = invitations.new_invitation(store, by, "main")
    guest = accept(store, control)["who"]["id"]

    def state() -> list[str]:
        made = (look, control, elsewhere, theirs)
        return [store.invitations.read(each["invitation"]["id"])["state"] for each in made]

    projects.set_operate(store, owner, flames, anna, False)
    assert state() == ["open", "revoked", "open", "open"]
    assert store.access.of_person(guest) is None
    projects.set_role(store, owner, flames, anna, "editor")
    assert state() == ["revoked", "revoked", "open", "open"]
    projects.remove_member(store, owner, flames, anna)
    assert state() == ["revoked", "revoked", "open", "open"]


def test_what_was_taken_from_somebody_a_moment_ago_counts_when_they_invite(store: Store) -> None:
    owner = here(store)
    anna = store.access.came("accounts", "anna", "admin")
    first = store.projects.first()
    projects.set_operate(store, owner, first, anna, True)
    stale = By(anna, Grant("admin", operate=True))  # as the portal knows them for half a second more
    projects.set_operate(store, owner, first, anna, False)
    with pytest.raises(NotAllowedError, match="only who operates invites with control"):
        invitations.new_invitation(store, stale, "main", control=True)
    invitations.new_invitation(store, stale, "main")
    projects.set_role(store, owner, first, anna, "editor")
    with pytest.raises(NotAllowedError, match="`manage`"):
        invitations.new_invitation(store, stale, "main")
    projects.remove_member(store, owner, first, anna)
    with pytest.raises(NotAllowedError, match="no member of this project any more"):
        invitations.new_invitation(store, stale, "main")
    assert [each["state"] for each in store.invitations.listed("main")] == ["revoked"]
    # Nobody whom the project has forgotten is asked for: whose portal it is mends all of them.
    projects.add_member(store, owner, first, "anna", "owner")
    projects.remove_member(store, owner, first, owner.person)
    invitations.new_invitation(store, here(store), "main", control=True)


@pytest.mark.parametrize("how", ["removed", "deactivated", "comes as less"])
def test_who_invites_while_they_are_thrown_out_has_no_way_back(store: Store, how: str) -> None:
    owner, first = here(store), store.projects.first()
    for turn in range(6):
        anna = store.access.came("accounts", f"anna{turn}", "admin")
        start = threading.Barrier(3)

        def invite(anna: int = anna, start: threading.Barrier = start) -> None:
            start.wait(10)
            with contextlib.suppress(NotAllowedError):
                invitations.new_invitation(store, By(anna, Grant("admin")), "main")

        def out(anna: int = anna, turn: int = turn, start: threading.Barrier = start) -> None:
            start.wait(10)
            if how == "removed":
                projects.remove_member(store, owner, first, anna)
            elif how == "deactivated":
                store.accounts.set_state(anna, "deactivated")
            else:
                store.access.came("accounts", f"anna{turn}", "viewer")

        with ThreadPoolExecutor(3) as pool:
            for done in [pool.submit(each) for each in (invite, invite, out)]:
                done.result(60)
    assert {each["state"] for each in store.invitations.listed("main")} <= {"revoked"}


def test_an_invitation_ends_with_its_session_and_so_does_who_came_by_it(store: Store) -> None:
    by = here(store)
    key = sessions.new_session(store, by, store.projects.first(), "Gone")["key"]
    made = invitations.new_invitation(store, by, key)
    guest = accept(store, made)["who"]["id"]
    sessions.delete_session(store, by, key)
    assert store.access.of_person(guest) is None
    assert invitations.accept_invitation(store, made["secret"], "A") is None


def test_a_guest_is_not_called_what_a_member_is_called_nor_what_looks_like_it(store: Store) -> None:
    by = here(store)
    flames = projects.new_project(store, by, "Flames")["id"]
    key = sessions.new_session(store, by, flames, "A")["key"]
    store.access.came("accounts", "marie", None, "Marie Curie")
    projects.add_member(store, by, flames, "marie", "viewer")
    made = invitations.new_invitation(store, by, key, uses=None)
    for name in (
        "Marie Curie", "marie curie", "MARIE", "Marie  Curie".replace("  ", " "), "Marie-Curie", "Mar\u0456e".lower(),
        "\u041c\u0430\u0433\u0456\u0435", "rnarie", "Mar1e", "Marié Curie", "\uff2d\uff41\uff52\uff49\uff45",
    ):  # fmt: skip
        with pytest.raises(UsageError):
            invitations.accept_invitation(store, made["secret"], name)
    with pytest.raises(LookalikeError, match="the name of a member"):
        invitations.accept_invitation(store, made["secret"], "MARIE")
    # Who has no invitation learns nothing of who is a member; and who is in another project is nobody's double.
    assert invitations.accept_invitation(store, "A" * 43, "MARIE") is None
    elsewhere = invitations.new_invitation(store, by, "main")
    assert accept(store, elsewhere, "Marie")["who"]["display"] == "Marie"
    assert store.invitations.read(made["invitation"]["id"])["uses"] == 0


def test_a_guest_is_not_called_what_another_guest_of_the_session_is_called_who_is_there(store: Store) -> None:
    by, first = here(store), store.projects.first()
    one, two = (invitations.new_invitation(store, by, "main", uses=None) for _ in range(2))
    far = invitations.new_invitation(store, by, sessions.new_session(store, by, first, "A")["key"], uses=None)
    marie = accept(store, one, "Marie Curie")["who"]["id"]
    for made in (one, two):
        for name in ("Marie Curie", "marie-curie", "rnarie CURIE", "Mar1e Curie"):
            with pytest.raises(LookalikeError, match="another guest, who is here now"):
                invitations.accept_invitation(store, made["secret"], name, [marie, by.person])
        assert invitations.accept_invitation(store, made["secret"], "Pierre", [marie]) is not None
    assert invitations.accept_invitation(store, far["secret"], "Marie Curie", [marie]) is not None
    assert store.invitations.read(two["invitation"]["id"])["uses"] == 1
    # Whose stream ended comes again by the same link as who they were; with a wrong one nobody learns who is there.
    assert invitations.accept_invitation(store, one["secret"], "Marie Curie", []) is not None
    assert invitations.accept_invitation(store, "A" * 43, "Marie Curie", [marie]) is None


def test_names_are_seen_as_what_they_are() -> None:
    good = (
        "Anna",
        "Анна",
        "李 明",
        "山田 たろう",
        "O\u2019Neil",
        "Zoë Müller-Lüdenscheid",
        "김철수",
        "محمد",
        "R2-D2",
        "ﬁ",
        "आनंद",
    )
    for name in good:
        assert guest_name(f" {name} ") == name
    bad = (
        "", " ", "a" * 41, "a\u200bb", "\u202eanna", "a\u2066b", "a\tb", "a\nb", "a  b", "...", "\u2800", "\u3164",
        "a\u034fb", "Аnna", "Aν", "a\u0301\u0302\u0303", "a\ud800", "a\u00adb", "\ufeffa", "a\u00a0b", "a\ue000",
    )  # fmt: skip
    for name in bad:
        with pytest.raises(UsageError):
            guest_name(name)
    for one, other in (
        ("Paul", "PauI"), ("Clara", "CIara"), ("admin", "аdmіn"), ("ΗΕLΕΝ", "HELEN"), ("Bob", "80b"), ("Tom", "T o m"),
        ("modern", "modem"), ("Å", "A"), ("ﬁn", "fin"),
    ):  # fmt: skip
        assert skeleton(one) == skeleton(other), (one, other)
    for one, other in (("Anna", "Hanna"), ("Tom", "Tim"), ("李明", "李朋"), ("Анна", "Инна")):
        assert skeleton(one) != skeleton(other), (one, other)


@given(st.text(max_size=60))
def test_what_is_taken_for_a_name_is_one_line_that_can_be_seen_and_stays_as_it_is(given_: str) -> None:
    try:
        name = guest_name(given_)
    except UsageError:
        return
    assert name.isprintable()
    assert 1 <= len(name) <= 40
    assert name == name.strip()
    assert guest_name(name) == name
    assert skeleton(name.upper().lower()) == skeleton(name.lower()) or not name.isascii()


def invited_by(store: Store, name: str, role: Role = "owner") -> tuple[int, dict[str, Any], int]:
    """Return somebody of the first project, an invitation of theirs with control, and a guest who came by it."""
    who = store.access.came("plugin", name, role)
    made = invitations.new_invitation(store, By(who, Grant(role)), "main", control=True, uses=None)
    return who, made, accept(store, made)["who"]["id"]


def test_who_is_deactivated_has_no_way_back_by_an_invitation_of_their_own(store: Store) -> None:
    who, made, guest = invited_by(store, "ann")
    version = store.access.version()
    store.accounts.set_state(who, "deactivated")
    assert store.access.of_person(guest) is None
    assert invitations.accept_invitation(store, made["secret"], "Ann again") is None
    assert store.access.version() > version
    store.accounts.set_state(who, "active")
    assert invitations.accept_invitation(store, made["secret"], "Ann again") is None


def test_who_comes_as_less_than_before_loses_what_they_might_invite_to_and_what_was_granted(store: Store) -> None:
    first = store.projects.first()
    who, made, guest = invited_by(store, "ann")
    store.access.came("plugin", "ann", "admin")
    assert store.access.of_person(guest) is None, "with control, which an admin does not have"
    assert invitations.accept_invitation(store, made["secret"], "Ann") is None
    projects.set_operate(store, here(store), first, who, True)
    store.access.came("plugin", "ann", "viewer")
    member = store.projects.member(first, who)
    assert (member["role"], member["operate"]) == ("viewer", False)
    projects.set_operate(store, here(store), first, who, True)
    store.access.came("plugin", "ann", "editor")
    assert store.projects.member(first, who)["operate"] is True, "more than before: it stays"


def test_the_last_owner_stays_one_whatever_a_login_says(store: Store) -> None:
    first, me = store.projects.first(), store.access.owner()
    who = store.access.came("plugin", "ann", "owner")
    projects.transfer(store, here(store), first, me, who)
    store.access.came("plugin", "ann", "viewer")
    assert store.projects.member(first, who)["role"] == "owner"


def test_a_guest_who_is_forgotten_leaves_no_invitation_behind(store: Store) -> None:
    store.access.add_ticket("t", role="admin")
    host = store.access.use_ticket("t")
    assert host is not None
    made = invitations.new_invitation(store, By(host, Grant("admin")), "main", uses=None)
    store.access.add_login("host", "k", 60, host)
    guest = accept(store, made)["who"]["id"]
    with store.engine.begin() as db:
        db.execute(text("UPDATE person SET created = created - 90 WHERE id = :id"), {"id": host})
    store.access.remove_login("host")
    assert store.access.of_person(host) is None
    assert store.access.of_person(guest) is None
    assert invitations.accept_invitation(store, made["secret"], "Again") is None
