"""The one decision that all authorisation is made of, for everything that it can be asked."""

from __future__ import annotations

from itertools import chain, combinations, pairwise, product
from typing import get_args

import pytest

from tvcore.portal import roles
from tvcore.portal.access import Access, ProjectAccess, SessionAccess, Who, access_of
from tvcore.portal.auth import Login
from tvcore.portal.roles import RIGHTS, ROLES, TABLE, About, Grant, Need, Right, Role, grant_of, known, refusal

ABOUTS: tuple[About, ...] = get_args(About)

# Written down here a second time: whoever changes who may do what changes it in two places, and knows it.
EXPECTED: dict[Role, set[Right]] = {
    "owner": {"see", "read", "arrange", "host", "manage", "own", "operate"},
    "admin": {"see", "read", "arrange", "host", "manage"},
    "editor": {"see", "read", "arrange", "host"},
    "viewer": {"see", "read"},
    "guest": {"see"},
}
ORDER: list[Right] = ["see", "read", "arrange", "host", "manage", "own", "operate"]

SCOPES: list[frozenset[Right] | None] = [
    None,
    *(frozenset(some) for some in chain.from_iterable(combinations(ORDER, count) for count in range(len(ORDER) + 1))),
]
TILES = [None, frozenset[int](), frozenset({3}), frozenset({3, 4})]


def expected(role: Role, operate: bool, scope: frozenset[Right] | None) -> set[Right]:
    """Return the rights of a grant, by the table above."""
    has = EXPECTED[role] | ({"operate"} if operate else set())
    return has if scope is None else has & scope


def test_the_table_gives_each_role_its_rights_and_the_shell_to_owners_alone() -> None:
    assert {role: set(rights) for role, rights in TABLE.items()} == EXPECTED
    assert list(RIGHTS) == ORDER == list(get_args(Right))
    assert list(ROLES) == list(EXPECTED)
    assert [role for role in ROLES if roles.may(role, "operate")] == ["owner"]
    assert all(roles.may(role, "see") for role in ROLES)
    for more, less in pairwise(ROLES):
        assert TABLE[less] < TABLE[more]
    assert Grant("owner") == roles.OWNER
    assert "shell as the Unix user {user}" in roles.SHELL


def test_a_grant_has_the_rights_of_its_role_and_operate_where_granted_but_none_outside_its_scope() -> None:
    for role, operate, scope in product(ROLES, (False, True), SCOPES):
        grant = Grant(role, operate, None, scope)
        has = expected(role, operate, scope)
        assert {right for right in ORDER if grant.may(right)} == has
        assert grant.rights() == [right for right in ORDER if right in has]
    assert Grant("viewer") == Grant("viewer", False, None, None)


def test_a_display_wall_is_led_by_who_arranges_and_by_its_remote_control_but_not_from_chosen_tiles() -> None:
    scopes: list[frozenset[Right] | None] = [None, frozenset(), frozenset({"see"}), frozenset({"arrange"})]
    for role, tiles, scope, leads in product(ROLES, TILES, scopes, (False, True)):
        has = expected(role, False, scope)
        may = tiles is None and ("arrange" in has or (leads and "see" in has))
        assert Grant(role, False, tiles, scope, leads).may_lead() is may, (role, tiles, scope, leads)


def test_a_grant_reaches_the_tiles_that_it_is_for_and_no_others() -> None:
    for tiles, asked in product(TILES, ([], [3], [4], [3, 4], [3, 5], [5])):
        assert Grant("guest", tiles=tiles).reaches(asked) == (tiles is None or set(asked) <= tiles)
        assert Grant("guest", tiles=tiles).reaches(iter(asked)) == (tiles is None or set(asked) <= tiles)


def test_what_is_about_the_portal_is_for_administrators_and_for_nobody_else() -> None:
    grants = [None, *(Grant(role, operate) for role in ROLES for operate in (False, True))]
    for right, chosen, guests, grant, guest in product(ORDER, (False, True), (False, True), grants, (False, True)):
        need = Need("portal", right, chosen, guests)
        assert refusal(need, grant, administrator=True, guest=guest) is None
        said = refusal(need, grant, administrator=False, guest=guest)
        assert said is not None
        assert (said.status, said.text) == (403, "this is for the portal's administrators")
    assert refusal(Need("portal"), Grant("owner")) is not None  # nobody is an administrator who is not said to be


def test_what_is_about_a_person_is_for_all_but_guests_unless_it_is_for_them() -> None:
    for right, chosen, guests, administrator in product(ORDER, (False, True), (False, True), (False, True)):
        need = Need("person", right, chosen, guests)
        for grant in (None, Grant("guest"), Grant("owner")):
            assert refusal(need, grant, administrator, guest=False) is None
            said = refusal(need, grant, administrator, guest=True)
            assert (said is None) == guests
            if said is not None:
                assert (said.status, said.text) == (403, "this is for members, not for guests")
    assert refusal(Need("person"), None) is None  # nobody is a guest who is not said to be


@pytest.mark.parametrize("about", ["session", "project"])
def test_what_is_about_a_session_or_project_is_decided_by_right_and_chosen_tiles_alone(about: About) -> None:
    for right, chosen, guests, administrator, guest in product(ORDER, *[(False, True)] * 4):
        need = Need(about, right, chosen, guests)
        nobody = refusal(need, None, administrator, guest)
        assert nobody is not None
        assert (nobody.status, nobody.text) == (404, f"there is no such {about}, or you are no member of it")
        for role, operate, tiles, scope in product(ROLES, (False, True), TILES, SCOPES):
            said = refusal(need, Grant(role, operate, tiles, scope), administrator, guest)
            if right not in expected(role, operate, scope):
                assert said is not None
                assert said.status == 403
                if scope is not None and right not in scope:
                    assert said.text == f"this API token is not for the right `{right}`: {RIGHTS[right]}"
                else:
                    assert said.text == f"the role {role} has not the right `{right}`: {RIGHTS[right]}"
            elif tiles is not None and not chosen:
                assert said is not None
                assert (said.status, said.text) == (
                    403, "your invitation is for chosen tiles of this session, and for nothing else of it"
                )  # fmt: skip
            else:
                assert said is None


def test_a_need_that_says_nothing_is_to_see_a_session_as_a_whole_and_not_as_a_guest_of_something_else() -> None:
    assert Need() == Need("session", "see", False, False)


def test_roles_and_rights_of_a_later_release_give_nothing() -> None:
    assert [known(role) for role in ROLES] == list(ROLES)
    assert known("emperor") is None
    assert known("") is None
    assert grant_of({"role": "emperor", "operate": True}) is None
    assert grant_of({"role": "viewer"}) == Grant("viewer")
    assert grant_of({"role": "viewer", "operate": None, "tiles": None, "scope": None}) == Grant("viewer")
    assert grant_of({"role": "guest", "operate": 1, "tiles": [3, 4], "scope": ["see", "fly"]}) == Grant(
        "guest", True, frozenset({3, 4}), frozenset({"see"})
    )
    # None at all is another thing than all of them.
    assert grant_of({"role": "guest", "tiles": [], "scope": []}) == Grant("guest", False, frozenset(), frozenset())


def test_what_the_store_says_of_somebody_is_read_whole_and_what_is_unknown_in_it_gives_nothing() -> None:
    who = {"id": 7, "way": "accounts", "name": "ada", "display": "Ada", "administrator": False}
    said = {
        "version": 5,
        "who": who | {"invitation": None, "token": None},
        "sessions": [
            {"key": "old", "title": "Old", "project": 1, "archived": True, "role": "owner"},
            {"key": "new", "title": "New", "project": 2, "archived": False, "role": "editor", "operate": True},
            {"key": "far", "title": "Far", "project": 2, "archived": False, "role": "guest", "leads": True},
            {"key": "odd", "title": "Odd", "project": 2, "archived": False, "role": "emperor"},
        ],
        "projects": [{"id": 1, "name": "one", "role": "owner"}, {"id": 2, "name": "two", "role": "emperor"}],
    }
    access = access_of(said)
    assert access.version == 5
    assert access.who == Who(7, "accounts", "ada", "Ada")
    assert access.sessions == {
        "old": SessionAccess("old", "Old", 1, True, Grant("owner")),
        "new": SessionAccess("new", "New", 2, False, Grant("editor", True)),
        "far": SessionAccess("far", "Far", 2, False, Grant("guest", leads=True)),
    }
    assert access.projects == {1: ProjectAccess(1, "one", Grant("owner"))}
    assert access.first == "new"
    assert access_of({**said, "sessions": said["sessions"][:1]}).first == "old"  # type: ignore[index]
    assert access_of({**said, "sessions": []}).first == ""


def test_who_is_a_guest_is_said_by_the_way_they_came_and_nobody_is_no_person_of_any_store() -> None:
    assert Who(3, "guest", "g", "G").guest is True
    assert Who(3, "accounts", "guest", "G").guest is False
    # Ids and versions of a store begin at one.
    assert Access() == Access(Who(0, "", "", ""), 0, {}, {})


def test_a_login_about_a_session_or_project_has_the_rights_there_and_nowhere_else() -> None:
    there = SessionAccess("wall", "Wall", 1, False, Grant("editor", True))
    access = Access(Who(7, "accounts", "ada", "Ada"), 1, {"wall": there}, {1: ProjectAccess(1, "one", Grant("admin"))})
    login = Login("id", "cookie", access, "page")
    assert (login.grant, login.role, login.rights, login.may("see")) == (None, "guest", [], False)
    inside = login.within("wall")
    assert (inside.session, inside.grant, inside.role) == ("wall", Grant("editor", True), "editor")
    assert inside.may("operate")
    assert not inside.may("manage")
    assert (inside.id, inside.cookie, inside.page, inside.who) == ("id", "cookie", "page", access.who)
    for elsewhere in (inside.within("other"), inside.in_project(2)):
        assert (elsewhere.grant, elsewhere.role, elsewhere.rights, elsewhere.may("see")) == (None, "guest", [], False)
    project = inside.in_project(1)
    assert (project.session, project.grant) == ("", Grant("admin"))


def test_a_person_with_an_account_is_one_in_all_browsers_and_anybody_else_one_in_each() -> None:
    def person(browser: str, way: str, number: int, token: str | None = None) -> str:
        return Login(browser, "", Access(Who(number, way, "n", "N", token=token))).person

    for way in ("accounts", "proxy", "ldap"):
        assert person("one", way, 7) == person("two", way, 7) != person("one", way, 8)
    for way in ("", "token", "guest"):
        assert person("one", way, 7) != person("two", way, 7)
        assert person("one", way, 7) == person("one", way, 8)
    assert person("one", "token", 7, "script") == person("two", "token", 7, "other") != person("one", "token", 7)
    assert len(person("one", "accounts", 7)) == 12
