"""What a person does with a session as a whole: versions, compare, restore, export, import."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from typing import Any

from tvcore.errors import UsageError
from tvcore.portal.roles import Role
from tvcore.session import file
from tvcore.session.changes import compare
from tvcore.session.rules import WHOLE, RefusedError, check
from tvcore.store import Store

SESSION = "main"
HERE = "command-line"  # the person that the command line is


def find_version(store: Store, name: str, session: str = SESSION) -> int:
    """Return the id of the version *name*. Raises UsageError when there is none."""
    for version in store.rooms.versions(session):
        if version["name"] == name:
            return int(version["id"])
    raise UsageError(f"there is no version {name!r}: `tiledviz session versions` lists those there are")


def compare_version(store: Store, version: int, session: str = SESSION) -> dict[str, Any]:
    """Return a version, and as ``differences`` the paths at which the session differs from it now."""
    found = _version(store, version, session)
    plain = found.pop("plain")
    return found | {"differences": compare(plain, store.rooms.document(session).plain())}


def restore_version(
    store: Store, version: int, person: str = HERE, role: Role = "owner", session: str = SESSION
) -> dict[str, Any]:
    """Make the session what it was, by one act; return the version, and whether that ``changed`` anything."""
    found = _version(store, version, session)
    plain = found.pop("plain")
    made = store.rooms.make(session, person, role, plain, "restore", _name())
    return found | {"changed": made["op"] is not None}


def delete_version(store: Store, version: int, session: str = SESSION) -> None:
    """Forget a version. Raises UsageError when there is none."""
    _version(store, version, session)
    store.rooms.delete_version(version)


def export_session(store: Store, session: str = SESSION) -> dict[str, Any]:
    """Return the session as a file (``tvcore.session.file``)."""
    return file.written(session, store.rooms.document(session).plain(), store.wall(session))


def import_session(
    store: Store, document: object, person: str = HERE, role: Role = "owner", session: str = SESSION
) -> dict[str, Any]:
    """Make the session what the file *document* says, by one act; return ``changed`` and ``missing``.

    *missing* has a line for each tile that is not on this wall, and each thing that this release does not know. Raises
    UsageError: it is no such file.
    """
    placed = file.placed(file.read(document), store.wall(session))
    plain, unknown = _known(placed.plain)
    made = store.rooms.make(session, person, role, plain, "import", _name())
    return {"changed": made["op"] is not None, "missing": [*placed.missing, *unknown]}


def parse(text: str | bytes, what: str) -> Any:
    """Return the JSON in *text*, of the file *what*. Raises UsageError."""
    if len(text) > file.FILE_MAX:
        raise UsageError(f"{what} has more than {file.FILE_MAX >> 20} MiB: this is no session file")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{what} is not JSON: {str(error)[:120]}") from None


def _known(plain: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return what of *plain* can be, and a line for each thing in it that cannot."""
    known: dict[str, Any] = {"registers": {}, "texts": {}}
    unknown = []
    for part, into in known.items():
        for path, value in plain[part].items():
            if part == "texts" and not value:
                continue
            act = {"set": [[path, value]]} if part == "registers" else {"text": [[path, [["+", "", value]]]]}
            try:
                check({"id": "import", **act}, "", lambda _: True, WHOLE)
            except RefusedError as error:
                unknown.append(str(error))
                continue
            if value is not None:
                into[path] = value
    return known, unknown


def _version(store: Store, version: int, session: str) -> dict[str, Any]:
    if version not in {there["id"] for there in store.rooms.versions(session)}:
        raise UsageError(f"there is no version {version}: `tiledviz session versions` lists those there are")
    return store.rooms.version(version)


def _name() -> str:
    return f"whole-{secrets.token_hex(8)}"
