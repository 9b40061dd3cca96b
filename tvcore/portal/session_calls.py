"""What the portal's worker processes do with the session as a whole (``tvcore.portal.calls`` has the rest)."""

from __future__ import annotations

from functools import cache
from typing import Any

from tvcore.portal.roles import Role
from tvcore.session import acts
from tvcore.store import Store


@cache
def _store() -> Store:
    return Store.open()


def session_versions(session: str) -> Any:
    """Return the versions of *session*."""
    return _store().rooms.versions(session)


def save_version(session: str, name: str, person: str) -> Any:
    """Keep what *session* is now under *name*."""
    return _store().rooms.save_version(session, name, person)


def compare_version(session: str, version: int) -> Any:
    """Return a version, and where the session differs from it now."""
    return acts.compare_version(_store(), version, session)


def restore_version(session: str, version: int, person: str, role: Role) -> Any:
    """Make *session* what it was."""
    return acts.restore_version(_store(), version, person, role, session)


def delete_version(session: str, version: int) -> Any:
    """Forget a version."""
    acts.delete_version(_store(), version, session)
    return {}


def export_session(session: str) -> Any:
    """Return *session* as a file."""
    return acts.export_session(_store(), session)


def import_session(session: str, document: Any, person: str, role: Role) -> Any:
    """Make *session* what the file *document* says."""
    return acts.import_session(_store(), document, person, role, session)


SESSION_FUNCTIONS = {
    function.__name__: function
    for function in (
        session_versions, save_version, compare_version, restore_version, delete_version, export_session,
        import_session,
    )
}  # fmt: skip
