"""Projects and their members: who may say what somebody is, on both engines."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from pathlib import Path

import pytest
from sqlalchemy import text

from tvcore.errors import TiledVizError, UsageError
from tvcore.people import accounts, projects
from tvcore.people.by import By, NotAllowedError, here
from tvcore.people.projects import problem_of, refusal_of
from tvcore.portal.roles import RIGHTS, ROLES, TABLE, Grant, Role
from tvcore.store import Store
from tvcore.store.projects import Change, Standing

STANDINGS = [None, *(Standing(role, operate) for role, operate in product(ROLES, (False, True)))]


@pytest.fixture
def store(engine: str) -> Iterator[Store]:
    opened = Store.open()
    yield opened
    opened.close()


def person(store: Store, name: str, way: str = "accounts") -> int:
    return store.access.came(way, name, None)


def as_(store: Store, project: int, name: str, role: Role, operate: bool = False) -> By:
    """Have somebody called *name* be a member; return who they are."""
    number = person(store, name)
    store.projects.change(project, number, lambda _: Standing(role, operate), lambda _: None)
    return By(number, Grant(role, operate))


def standings(store: Store, project: int) -> dict[str, tuple[str, bool]]:
    return {each["name"]: (each["role"], each["operate"]) for each in store.projects.members(project)}


def test_nobody_gives_or_takes_more_than_they_have_whatever_anybody_was_and_is_to_be() -> None:
    for role, operate, was, now, own in product(ROLES, (False, True), STANDINGS, STANDINGS, (False, True)):
        by = Grant(role, operate)
        why = refusal_of(by, Change(was, now, 2, guest=False, active=True), own)
        leaves = own and now is None
        owned = {each.role for each in (was, now) if each is not None} & {"owner"}
        granted = now is not None and now.operate and not (was is not None and was.operate)
        taken = was is not None and was.operate and now is not None and not now.operate
        may_manage, may_own = "manage" in TABLE[role], "own" in TABLE[role]
        allowed = leaves or (may_manage and (may_own or not (owned or granted or taken)))
        assert (not why) == allowed, (role, operate, was, now, own, why)
        # So nobody is ever made more than who makes them it, but by who may say who owns.
        if not why and now is not None and not may_own:
            assert TABLE[now.role] <= TABLE[role]
    for scope in ({"see"}, {"manage"}, {"manage", "own"}):
        token = Grant("owner", scope=frozenset(scope))  # type: ignore[arg-type]
        change = Change(Standing("editor"), Standing("editor", True), 2, guest=False, active=True)
        assert bool(refusal_of(token, change, False)) == ("own" not in scope)


def test_the_last_owner_stays_and_nobody_owns_who_is_gone_tomorrow() -> None:
    owner, admin = Standing("owner"), Standing("admin")
    assert problem_of(Change(owner, None, 1, guest=False, active=True)).startswith("the last owner stays")
    assert problem_of(Change(owner, admin, 1, guest=False, active=True)).startswith("the last owner stays")
    assert problem_of(Change(owner, None, 2, guest=False, active=True)) == ""
    assert problem_of(Change(owner, None, 1, guest=False, active=False)) == ""  # another one is active
    assert problem_of(Change(owner, Standing("owner"), 1, guest=False, active=True)) == ""
    assert problem_of(Change(None, owner, 1, guest=True, active=True)).startswith("somebody who is here for a while")
    assert problem_of(Change(admin, owner, 1, guest=False, active=False)).startswith("this account is not active")


def test_a_project_is_made_named_and_deleted_and_the_first_one_stays(store: Store) -> None:
    by = here(store)
    made = projects.new_project(store, by, "  Combustion ")
    assert (made["name"], made["role"], made["operate"], made["first"]) == ("Combustion", "owner", True, False)
    assert (made["members"], made["sessions"]) == (1, 0)
    with pytest.raises(UsageError, match="there is a project 'Combustion' already"):
        projects.new_project(store, by, "Combustion")
    with pytest.raises(UsageError, match="1 to 80 letters"):
        projects.new_project(store, by, "a\u202eb")
    assert projects.rename_project(store, by, made["id"], "Flames")["name"] == "Flames"
    with pytest.raises(NotAllowedError, match="needs the right `own`"):
        projects.delete_project(store, By(by.person, Grant("admin")), made["id"])
    with pytest.raises(TiledVizError, match="the first project stays"):
        projects.delete_project(store, by, store.projects.first())
    assert projects.delete_project(store, by, made["id"])["name"] == "Flames"
    assert [each["first"] for each in projects.projects(store)] == [True]
    assert projects.projects(store, {}) == []


def test_members_come_change_and_go_and_every_change_is_known_to_portals(store: Store) -> None:
    by = here(store)
    number = projects.new_project(store, by, "Flames")["id"]
    person(store, "anna")
    version = store.access.version()
    added = projects.add_member(store, by, number, "anna", "editor")
    assert (added["role"], added["operate"], added["may"]) == ("editor", False, ["role", "remove", "operate", "owner"])
    anna = By(added["person"], Grant("editor"))
    assert (access := store.access.of_person(anna.person)) is not None
    assert access["projects"][0]["role"] == "editor"
    with pytest.raises(UsageError, match="a member already, as editor"):
        projects.add_member(store, by, number, "anna", "viewer")
    with pytest.raises(NotAllowedError, match="only who may manage"):
        projects.set_role(store, anna, number, anna.person, "admin")
    assert projects.set_operate(store, by, number, anna.person, True)["operate"] is True
    assert projects.set_role(store, by, number, anna.person, "viewer")["operate"] is True
    boss = as_(store, number, "boss", "admin")
    with pytest.raises(NotAllowedError, match="only an owner takes back"):
        projects.set_operate(store, boss, number, anna.person, False)
    with pytest.raises(NotAllowedError, match="only an owner says who owns"):
        projects.remove_member(store, boss, number, by.person)
    shown = projects.members(store, boss, number)
    assert shown["roles"] == ["admin", "editor", "viewer", "guest"]
    assert "shell as the Unix user" in shown["shell"]
    may = {each["name"]: each["may"] for each in shown["members"]}
    assert may["anna"] == ["role", "remove"]
    assert may["boss"] == ["role", "remove"]
    assert next(each["may"] for each in shown["members"] if each["role"] == "owner") == []
    assert projects.remove_member(store, boss, number, anna.person) == {"person": anna.person}
    with pytest.raises(TiledVizError, match="the last owner stays"):
        projects.remove_member(store, by, number, by.person)
    assert projects.remove_member(store, boss, number, boss.person) == {"person": boss.person}
    assert list(standings(store, number).values()) == [("owner", False)]
    assert store.access.version() >= version + 6


def test_people_are_found_by_name_and_by_their_way_in_where_that_is_not_clear(store: Store) -> None:
    there = {way: person(store, "tom", way) for way in ("accounts", "proxy")}
    sly = person(store, "accounts:tom", "proxy")
    guest = person(store, "visitor", "guest")
    with pytest.raises(UsageError, match="accounts:tom or proxy:tom"):
        store.projects.person("tom")
    assert store.projects.person("accounts:tom") == there["accounts"]  # and not who calls themselves that
    assert store.projects.person("proxy:tom") == there["proxy"]
    assert store.projects.person("proxy:accounts:tom") == sly
    person(store, "accounts:tim", "proxy")
    for nobody in ("tim", "accounts:tim", "guest:visitor", "visitor", ""):
        with pytest.raises(UsageError, match="is known here"):
            store.projects.person(nobody)
    with pytest.raises(TiledVizError, match="here for a while"):
        projects.set_role(store, here(store), store.projects.first(), _member(store, guest), "owner")


def test_a_member_or_account_is_who_has_the_way_and_the_name_and_not_who_is_called_like_that(store: Store) -> None:
    first = store.projects.first()
    ways = {f"{way}:tom": person(store, "tom", way) for way in ("accounts", "proxy")}
    sly = person(store, "accounts:tom", "proxy")
    grace = [person(store, f"g-{number}", "guest") for number in range(7)]
    for each in (*ways.values(), sly, *grace):
        _member(store, each)
    with store.engine.begin() as db:
        db.execute(text("UPDATE person SET display = 'Grace' WHERE way = 'guest'"))
        db.execute(text("UPDATE person SET display = 'accounts:tim' WHERE name = 'g-6'"))
    for name, who in (*ways.items(), ("proxy:accounts:tom", sly), ("guest:g-3", grace[3])):
        assert projects.find_member(store, first, name) == who
        if who not in grace:
            assert accounts.find(store, name)["id"] == who
    for find in (lambda name: projects.find_member(store, first, name), lambda name: accounts.find(store, name)):
        with pytest.raises(UsageError) as several:
            find("tom")
        assert str(several.value) == "several people are called 'tom': write accounts:tom or proxy:tom"
        for nobody in ("accounts:tim", "proxy:tim", "tim", ""):
            with pytest.raises(UsageError, match=r"is no member|there is nobody called") as told:
                find(nobody)
            assert "\n" not in str(told.value)
    with pytest.raises(UsageError, match=r"called 'Grace': write guest:g-0 or .*guest:g-4 or another$"):
        projects.find_member(store, first, "Grace")
    for left in grace[1:]:
        projects.remove_member(store, here(store), first, left)
    assert projects.find_member(store, first, "Grace") == grace[0]
    # Who comes by another way is not taken for the account that is gone.
    projects.remove_member(store, here(store), first, ways["accounts:tom"])
    with pytest.raises(UsageError, match="is no member"):
        projects.find_member(store, first, "accounts:tom")
    assert projects.find_member(store, first, "tom") == ways["proxy:tom"]


def _member(store: Store, number: int) -> int:
    store.projects.change(store.projects.first(), number, lambda _: Standing("viewer"), lambda _: None)
    return number


def test_a_project_is_handed_over_and_who_gave_it_is_an_admin(store: Store) -> None:
    by = here(store)
    number = projects.new_project(store, by, "Flames")["id"]
    anna = as_(store, number, "anna", "editor", operate=True)
    stranger = person(store, "eva")
    with pytest.raises(UsageError, match="no member of the project"):
        projects.transfer(store, by, number, by.person, stranger)
    with pytest.raises(UsageError, match="to another member"):
        projects.transfer(store, by, number, by.person, by.person)
    with pytest.raises(UsageError, match="only who owns a project"):
        projects.transfer(store, by, number, anna.person, by.person)
    shown = projects.transfer(store, by, number, by.person, anna.person)
    assert {each["person"]: (each["role"], each["operate"]) for each in shown["members"]} == {
        by.person: ("admin", False), anna.person: ("owner", False),
    }  # fmt: skip
    assert shown["roles"] == ["admin", "editor", "viewer", "guest"]
    after = By(by.person, Grant("admin"))
    with pytest.raises(NotAllowedError):
        projects.set_role(store, after, number, by.person, "owner")


def test_two_owners_who_leave_at_once_do_not_leave_the_project_without_one(store: Store) -> None:
    by = here(store)
    for turn in range(4):
        number = projects.new_project(store, by, f"Flames {turn}")["id"]
        other = as_(store, number, f"anna{turn}", "owner")
        start, refused = threading.Barrier(2), []

        def leave(
            who: By, number: int = number, start: threading.Barrier = start, refused: list[str] = refused
        ) -> None:
            start.wait(10)
            try:
                projects.remove_member(store, who, number, who.person)
            except TiledVizError as error:
                refused.append(str(error))

        threads = [threading.Thread(target=leave, args=(who,)) for who in (by, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert len(refused) == 1
        assert "last owner" in refused[0]
        assert [each["role"] for each in store.projects.members(number)] == ["owner"]


def test_a_project_keeps_an_owner_who_can_come_in_and_whose_portal_it_is_mends_one_that_has_none(store: Store) -> None:
    by = here(store)
    number = projects.new_project(store, by, "Night's fires")["id"]
    anna = as_(store, number, "anna", "owner").person
    projects.remove_member(store, by, number, by.person)
    tom = as_(store, number, "tom", "viewer").person
    with pytest.raises(TiledVizError) as refused:
        accounts.deactivate(store, anna)
    assert str(refused.value) == (
        'anna is the last owner of the project "Night\'s fires": have another member own it first '
        """(`tiledviz project role 'Night'"'"'s fires' PERSON owner`)"""
    )
    assert store.accounts.person(anna)["state"] == "active"
    projects.set_role(store, by, number, tom, "owner")

    def out(each: int) -> str:
        try:
            return str(accounts.deactivate(store, each)["state"])
        except TiledVizError as error:
            return str(error)

    with ThreadPoolExecutor(2) as pool:  # at once: one of them stays
        came = list(pool.map(out, (anna, tom)))
    assert sorted(each == "deactivated" or "last owner" in each for each in came) == [True, True]
    assert came.count("deactivated") == 1
    # However it came that there is none.
    with store.engine.begin() as db:
        db.execute(text("UPDATE person SET state = 'deactivated' WHERE way = 'accounts'"))
    projects.add_member(store, by, number, f"token:{store.accounts.person(by.person)['name']}", "owner")
    projects.remove_member(store, by, number, anna)
    assert standings(store, number)["tom"] == ("owner", False)
    assert accounts.deactivate(store, tom)["state"] == "deactivated"


def table_of_roles() -> str:
    """Return the table of ``tvcore.portal.roles`` as the docs have it."""
    lines = [
        "| right | what it is for | " + " | ".join(ROLES) + " |",
        "|---|---|" + "---|" * len(ROLES),
        *(
            f"| `{right}` | {what} | " + " | ".join("yes" if right in TABLE[role] else "" for role in ROLES) + " |"
            for right, what in RIGHTS.items()
        ),
    ]
    return "\n".join(line.replace("  ", " ") for line in lines)


def test_the_table_in_the_docs_is_the_one_that_decides() -> None:
    assert table_of_roles() in (Path(__file__).parents[2] / "docs" / "projects.md").read_text()
