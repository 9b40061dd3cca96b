"""How a route asks a worker process for what depends on who asks, and tells a refusal."""

from __future__ import annotations

from typing import Any

from tvcore.people.by import By
from tvcore.portal.auth import Login
from tvcore.portal.roles import Grant
from tvcore.portal.route import ApiError, Call

READ_SECONDS = 40.0
CHANGE_SECONDS = 60.0


def grant_plain(grant: Grant) -> dict[str, Any]:
    """Return *grant* as JSON."""
    return By(0, grant).plain()


def by(login: Login) -> dict[str, Any]:
    """Return who *login* is and may, as JSON for ``tvcore.people.by``."""
    assert login.grant is not None
    return By(login.who.id, login.grant).plain()


def answered(found: Any) -> Any:
    """Return what a worker process *found*. Raises ApiError: it was refused."""
    if isinstance(found, dict) and (refused := found.get("refused")):
        raise ApiError(refused["status"], refused["error"])
    return found


def ask(call: Call, name: str, /, **arguments: Any) -> Any:
    """Return what the function *name* of ``calls`` says to who calls. Raises ApiError."""
    return answered(call.portal.do(name, READ_SECONDS, by=by(call.login), **arguments))


def change(call: Call, name: str, /, **arguments: Any) -> Any:
    """Do the same for what changes who may do what, and have everyone asked anew."""
    found = answered(call.portal.do(name, CHANGE_SECONDS, by=by(call.login), **arguments))
    call.portal.access_changed()
    return found


def project_of(call: Call) -> int:
    """Return the id of the project that the session is of that *call* is about.

    Raises ApiError for who is in the session alone: a guest, or an API token that was made for it.
    """
    project = call.login.access.sessions[call.login.session].project
    if project not in call.login.access.projects:
        raise ApiError(403, "this is for who is in the project: an API token for one session is for that alone")
    return project
