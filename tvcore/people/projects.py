"""What a person can do with projects and their members: one function each, called alike by all.

Nobody gives or takes more than they have: who may ``manage`` says what others are, but not who owns the project or
operates in it, which is for who may ``own``.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tvcore.errors import TiledVizError, UsageError
from tvcore.people.by import By, NotAllowedError, shell
from tvcore.people.named import called, the_one
from tvcore.people.names import title
from tvcore.portal.access import GUEST
from tvcore.portal.roles import ROLES, Grant, Role, known
from tvcore.store import Store
from tvcore.store.projects import Change, Standing

# ---------------------------------------------------------------------- rules


def refusal_of(by: Grant, change: Change, own: bool) -> str:
    """Return why who has *by* may not make *change*, of their *own* membership or another's; empty: they may.

    Pure, as it is the whole of who may say what somebody is.
    """
    was, now = change.was, change.now
    if not by.may("manage") and not (own and now is None):
        return "only who may manage the project says who is in it, and as what"
    owned = "owner" in (was and was.role, now and now.role)
    if owned and not by.may("own") and not (own and now is None):
        return "only an owner says who owns the project"
    operates = now is not None and now.operate
    if operates and not (was is not None and was.operate) and not by.may("own"):
        return "only an owner lets somebody operate: it is a shell as the portal's Unix user"
    if not operates and now is not None and was is not None and was.operate and not by.may("own"):
        return "only an owner takes back the right to operate, unless the person leaves the project"
    return ""


def problem_of(change: Change) -> str:
    """Return why *change* cannot be, whoever makes it; empty: it can."""
    was, now = change.was, change.now
    becomes = now is not None and now.role == "owner" and not (was is not None and was.role == "owner")
    if becomes and change.guest:
        return "somebody who is here for a while cannot own a project: they need an account, or another way in"
    if becomes and not change.active:
        return "this account is not active, so that nobody could act as the owner"
    ends = was is not None and was.role == "owner" and not (now is not None and now.role == "owner")
    if ends and change.active and change.owners <= 1:
        return "the last owner stays: make somebody else an owner first"
    return ""


def _checked(by: By, own: bool) -> Any:
    def check(change: Change) -> None:
        if why := refusal_of(by.grant, change, own):
            raise NotAllowedError(why)
        if why := problem_of(change):
            raise TiledVizError(why)

    return check


# ------------------------------------------------------------------- projects


def projects(store: Store, grants: Mapping[int, Grant] | None = None) -> list[dict[str, Any]]:
    """Return a dictionary per project: all for None, else those that somebody has a grant in, with what it comes to.

    ``id``, ``name``, ``role``, ``operate``, ``rights``, ``first``, how many ``members`` and ``sessions``, ``created``.
    """
    found = store.projects.listed(grants)
    return [each | _may(grants[each["id"]] if grants is not None else Grant("owner")) for each in found]


def project(store: Store, by: By, number: int) -> dict[str, Any]:
    """Return one of them. Raises UsageError when there is none."""
    found = store.projects.listed([number])
    if not found:
        raise UsageError(f"there is no project {number}: `tiledviz project list` lists those there are")
    return found[0] | _may(by.grant)


def _may(grant: Grant) -> dict[str, Any]:
    return {"role": grant.role, "operate": grant.may("operate"), "rights": grant.rights()}


def new_project(store: Store, by: By, name: str) -> dict[str, Any]:
    """Make a project, whose owner is who asks, an administrator: an owner operates."""
    return project(store, By(by.person, Grant("owner")), store.projects.new(title(name, "project"), by.person))


def rename_project(store: Store, by: By, number: int, name: str) -> dict[str, Any]:
    """Call a project otherwise."""
    by.need("own")
    store.projects.rename(number, title(name, "project"))
    return project(store, by, number)


def delete_project(store: Store, by: By, number: int) -> dict[str, Any]:
    """Delete a project with all that is in it; return its ``name`` and what was ``lost``.

    Raises TiledVizError: it is the first one, or a job runs in it.
    """
    by.need("own")
    name = project(store, by, number)["name"]
    return {"name": name, "lost": store.projects.delete(number).plain()}


# -------------------------------------------------------------------- members


def members(store: Store, by: By, number: int) -> dict[str, Any]:
    """Return the ``members`` of a project, the ``roles`` that who asks may give, and the sentence on a ``shell``."""
    found = store.projects.members(number)
    owners = sum(each["role"] == "owner" and each["state"] == "active" for each in found)
    return {
        "members": [_member(each, by, owners) for each in found],
        "roles": _roles(by.grant),
        "shell": shell(),
    }


def _roles(by: Grant) -> list[Role]:
    """Return the roles that who has *by* may give to somebody new."""
    return [
        role for role in ROLES if not refusal_of(by, Change(None, Standing(role), 1, guest=False, active=True), False)
    ]


def _member(found: dict[str, Any], by: By, owners: int) -> dict[str, Any]:
    role = known(found["role"]) or "guest"
    grant, own = Grant(role, found["operate"]), found["person"] == by.person
    was = Standing(role, found["operate"])

    def can(now: Standing | None) -> bool:
        change = Change(was, now, owners, found["way"] == GUEST, found["state"] == "active")
        return not refusal_of(by.grant, change, own) and not problem_of(change)

    other = Standing("viewer" if role != "viewer" else "editor", was.operate)
    may = [
        name
        for name, allowed in (
            ("role", can(other)),
            ("remove", can(None)),
            ("operate", role != "owner" and can(Standing(role, not was.operate))),
            ("owner", not own and role != "owner" and can(Standing("owner"))),
        )
        if allowed
    ]
    return found | {"role": role, "rights": grant.rights(), "you": own, "may": may}


def add_member(store: Store, by: By, number: int, name: str, role: str) -> dict[str, Any]:
    """Have the person called *name*, or ``way:name``, be a member as *role*; return them as ``members`` does."""
    person, wanted = store.projects.person(name), _role(role)

    def to(was: Standing | None) -> Standing:
        if was is not None:
            raise UsageError(f"{name[:80]} is a member already, as {was.role}")
        return Standing(wanted)

    store.projects.change(number, person, to, _checked(by, own=False))
    return _one(store, by, number, person)


def find_member(store: Store, number: int, name: str) -> int:
    """Return the id of the member of a project called *name*, ``way:name``, or, as a guest is, by what others read.

    Raises UsageError when there is none, or several.
    """
    there = store.projects.members(number)
    ways = {GUEST, *(each["way"] for each in store.accounts.people())}
    nobody = f"{name[:80]!r} is no member of this project: `tiledviz project members` lists them as WAY:NAME"
    return int(the_one(called(there, name, ways), name, nobody)["person"])


def set_role(store: Store, by: By, number: int, person: int, role: str) -> dict[str, Any]:
    """Make a member *role*; what was granted to them beside it stays."""
    wanted = _role(role)

    def to(was: Standing | None) -> Standing:
        return Standing(wanted, _member_only(was).operate and wanted != "owner")

    store.projects.change(number, person, to, _checked(by, person == by.person))
    return _one(store, by, number, person)


def set_operate(store: Store, by: By, number: int, person: int, operate: bool) -> dict[str, Any]:
    """Let a member operate, which is a shell as the portal's Unix user (``shell``), or not any more."""

    def to(was: Standing | None) -> Standing:
        if _member_only(was).role == "owner":
            raise UsageError("an owner operates in any case: give them another role first")
        return Standing(_member_only(was).role, operate)

    store.projects.change(number, person, to, _checked(by, person == by.person))
    return _one(store, by, number, person)


def remove_member(store: Store, by: By, number: int, person: int) -> dict[str, Any]:
    """Have somebody be no member any more; who is it themselves leaves the project."""

    def to(was: Standing | None) -> None:
        _member_only(was)

    store.projects.change(number, person, to, _checked(by, person == by.person))
    return {"person": person}


def transfer(store: Store, by: By, number: int, giver: int, taker: int) -> dict[str, Any]:
    """Have *taker*, a member, own the project in place of *giver*, who is an admin from then on; return the members.

    Whoever owns it operates in it (``shell``).
    """
    if giver == taker:
        raise UsageError("a project is handed over to another member")
    owner = next((each for each in store.projects.members(number) if each["person"] == giver), None)
    if owner is None or owner["role"] != "owner":
        raise UsageError("only who owns a project hands it over")
    store.projects.transfer(number, giver, taker, _checked(by, own=False))
    after = By(by.person, Grant("admin", scope=by.grant.scope)) if giver == by.person else by
    return members(store, after, number)


def _one(store: Store, by: By, number: int, person: int) -> dict[str, Any]:
    found = store.projects.members(number)
    owners = sum(each["role"] == "owner" and each["state"] == "active" for each in found)
    return _member(next(each for each in found if each["person"] == person), by, owners)


def _member_only(was: Standing | None) -> Standing:
    if was is None:
        raise UsageError("this person is no member of the project: add them first")
    return was


def _role(role: str) -> Role:
    found = known(role)
    if found is None:
        raise UsageError(f"{role[:40]!r} is no role: take one of {', '.join(ROLES)}")
    return found
