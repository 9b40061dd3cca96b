"""The routes for the session as a whole: versions, and itself as a file.

What a restore or import does is an act in the store like any other: the portal sees that the store's head moved, and
tells every page.
"""

from __future__ import annotations

from typing import Any

from tvcore.portal import session_messages as messages
from tvcore.portal.messages import Nothing, NothingAnswer
from tvcore.portal.route import Call, Route

READ_SECONDS = 40.0
CHANGE_SECONDS = 90.0


def _do(call: Call, name: str, seconds: float, /, **arguments: Any) -> Any:
    return call.portal.do(name, seconds, session=call.login.session, **arguments)


def _change(call: Call, name: str, /, **arguments: Any) -> Any:
    """Do what changes the document, as the person of the login, and have everyone told soon."""
    found = _do(call, name, CHANGE_SECONDS, person=call.login.person, role=call.login.role, **arguments)
    call.portal.monitor.hint()
    return found


def versions(call: Call) -> Any:
    """List the versions."""
    return {"versions": _do(call, "session_versions", READ_SECONDS)}


def save(call: Call) -> Any:
    """Save one."""
    return _do(call, "save_version", READ_SECONDS, name=call.body.name, person=call.login.person)


def compare(call: Call) -> Any:
    """Return one, and what differs from it now."""
    return _do(call, "compare_version", READ_SECONDS, version=call.path["version"])


def restore(call: Call) -> Any:
    """Make the session what it was."""
    return _change(call, "restore_version", version=call.path["version"])


def delete(call: Call) -> Any:
    """Forget one."""
    return _do(call, "delete_version", READ_SECONDS, version=call.path["version"])


def export(call: Call) -> Any:
    """Return the session as a file: the text that the worker process wrote."""
    return _do(call, "export_session", READ_SECONDS).encode()


def import_(call: Call) -> Any:
    """Make the session what a file says."""
    return _change(call, "import_session", text=call.body)


SESSION_ROUTES: tuple[Route, ...] = (
    Route(
        "GET", "/session/versions", "The versions of the session that were saved", versions, messages.Versions,
        right="read",
    ),
    Route(
        "POST", "/session/versions", "Save the session under a name", save, messages.Version,
        body=messages.VersionName, right="arrange", audit="version save", kept=("name",),
    ),
    Route(
        "GET", "/session/versions/{version}", "A version, and what differs from it now", compare,
        messages.ComparedVersion, right="read",
    ),
    Route(
        "POST", "/session/versions/{version}/restore", "Make the session what it was, by one act that can be undone",
        restore, messages.RestoredVersion, body=Nothing, right="arrange", audit="version restore",
    ),
    Route(
        "POST", "/session/versions/{version}/delete", "Forget a version", delete, NothingAnswer,
        body=Nothing, right="arrange", audit="version delete",
    ),
    Route("GET", "/session/export", "The session as a file", export, messages.ExportedFile, right="read"),
    Route(
        "POST", "/session/import", "Make the session what a file says, by one act that can be undone", import_,
        messages.Imported, body=messages.ImportedFile, body_max=messages.FILE_BODY_MAX, unread=True,
        right="arrange", audit="version import",
    ),
)  # fmt: skip
