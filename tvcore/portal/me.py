"""What a page is told about itself."""

from __future__ import annotations

from typing import Any

from tvcore.portal.auth import Login


def me(login: Login) -> dict[str, Any]:
    """Return who *login* is, and what they may do in the session that it is about."""
    who = login.who
    session = login.access.sessions.get(login.session) if login.grant else None
    return {
        "who": {"id": who.id, "name": who.name, "display": who.display, "administrator": who.administrator,
                "guest": who.guest, "way": who.way},
        "person": login.person, "session": session.key if session else "", "title": session.title if session else "",
        "role": login.role,
        "rights": login.rights, "chosen": login.grant is not None and login.grant.tiles is not None,
        "leads": login.grant is not None and login.grant.may_lead(),
    }  # fmt: skip
