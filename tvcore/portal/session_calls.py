"""What the portal's worker processes do with the session as a whole (``tvcore.portal.calls`` has the rest)."""

from __future__ import annotations

import json
from typing import Any

from tvcore.portal.opened import opened_store
from tvcore.portal.roles import Role
from tvcore.session import acts


def session_versions(session: str) -> Any:
    """Return the versions of *session*."""
    return opened_store().rooms.versions(session)


def save_version(session: str, name: str, person: str) -> Any:
    """Keep what *session* is now under *name*."""
    return opened_store().rooms.save_version(session, name, person)


def compare_version(session: str, version: int) -> Any:
    """Return a version, and where the session differs from it now."""
    return acts.compare_version(opened_store(), version, session)


def restore_version(session: str, version: int, person: str, role: Role) -> Any:
    """Make *session* what it was."""
    return acts.restore_version(opened_store(), version, person, role, session)


def delete_version(session: str, version: int) -> Any:
    """Forget a version."""
    acts.delete_version(opened_store(), version, session)
    return {}


def export_session(session: str) -> Any:
    """Return *session* as the text of a file."""
    return json.dumps(acts.export_session(opened_store(), session), allow_nan=False, ensure_ascii=False)


def import_session(session: str, text: str, person: str, role: Role) -> Any:
    """Make *session* what the file with *text* says."""
    return acts.import_session(opened_store(), acts.parse(text, "this file"), person, role, session)


SESSION_FUNCTIONS = {
    function.__name__: function
    for function in (
        session_versions, save_version, compare_version, restore_version, delete_version, export_session,
        import_session,
    )
}  # fmt: skip
