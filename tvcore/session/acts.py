"""What a person does with a session as a whole: versions, compare, restore, export, import, and undo of those."""

from __future__ import annotations

import json
import secrets
from collections.abc import Collection, Mapping
from typing import Any

from tvcore.errors import UsageError
from tvcore.portal.roles import Role
from tvcore.session import SESSION, file
from tvcore.session.changes import changes_to, compare
from tvcore.session.document import Document, Plain
from tvcore.session.rules import WHOLE, RefusedError, check
from tvcore.store import Store

NOTES_AT_ONCE = WHOLE.letters // 2  # letters: those that are replaced count too
HERE = "command-line"  # the person that the command line is


def find_version(store: Store, name: str, session: str = SESSION) -> int:
    """Return the id of the version *name*. Raises UsageError when there is none."""
    for version in store.rooms.versions(session):
        if version["name"] == name:
            return int(version["id"])
    raise _no_version(name)


def compare_version(store: Store, version: int, session: str = SESSION) -> dict[str, Any]:
    """Return a version, and as ``differences`` the paths at which the session differs from it now."""
    found = _version(store, version, session)
    plain = found.pop("plain")
    return found | {"differences": compare(plain, store.rooms.document(session).plain())}


def restore_version(
    store: Store, version: int, person: str = HERE, role: Role = "owner", session: str = SESSION
) -> dict[str, Any]:
    """Make the session what it was, by one act; return the version, and what came of it as ``_make`` does."""
    found = _version(store, version, session)
    plain = found.pop("plain")
    return found | _make(store, store.rooms.document(session), plain, "restore", person, role, session)


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
    wall, now = store.wall(session), store.rooms.document(session)
    placed = file.placed(file.read(document), wall)
    stays = file.off_wall(now.plain(), wall)
    plain = {part: stays[part] | placed.plain[part] for part in stays}
    found = _make(store, now, plain, "import", person, role, session)
    return found | {"missing": [*placed.missing, *found["missing"]]}


def carry_over(store: Store, tiles: Mapping[int, int], session: str = SESSION) -> None:
    """Have on other tiles what people made of some that are to go, by one act that is nobody's: new ids by old ones."""
    document = store.rooms.document(session)
    names = {str(old): str(new) for old, new in tiles.items()}
    if act := changes_to(document, file.renamed(document.plain(), lambda tile: names.get(tile, tile))):
        _append(store, "", {"label": "again", **act}, session)


def write_notes(store: Store, notes: Mapping[int, str], over: Collection[int] = (), session: str = SESSION) -> None:
    """Write *notes* on tiles, by their ids, that have none yet or are in *over*, by acts that are nobody's.

    It is one, unless they are more letters than an act may have.
    """
    there = store.rooms.document(session).plain()["texts"]
    new = {f"note/{tile}": note for tile, note in notes.items() if tile in over or not there.get(f"note/{tile}")}
    parts: list[dict[str, str]] = [{}]
    for path, note in new.items():
        if parts[-1] and sum(map(len, parts[-1].values())) + len(note) > NOTES_AT_ONCE:
            parts.append({})
        parts[-1][path] = note
    for part in parts:
        document = store.rooms.document(session)
        plain = document.plain()
        if act := changes_to(document, {**plain, "texts": {**plain["texts"], **part}}):
            _append(store, "", {"label": "import", **act}, session)


def set_registers(
    store: Store, registers: Mapping[str, Any], label: str, session: str = SESSION, person: str = HERE
) -> None:
    """Have *registers*, by their paths, say this, by one act; None: nothing any more. Raises RefusedError."""
    _append(store, person, {"label": label, "set": [list(each) for each in registers.items()]}, session)


def undo(store: Store, session: str = SESSION) -> dict[str, Any]:
    """Take back what the command line did last; return its ``label``, and ``at``, when it was done."""
    act = store.rooms.document(session).undoable(HERE)
    if act is None:
        raise UsageError("nothing that the command line did here is left to be taken back")
    _append(store, HERE, {"undo": act["id"]}, session)
    return {"label": act["label"], "at": act["at"]}


def parse(text: str | bytes, what: str) -> Any:
    """Return the JSON in *text*, of the file *what*. Raises UsageError."""
    if len(text) > file.FILE_MAX:
        raise UsageError(f"{what} has more than {file.FILE_MAX >> 20} MiB: this is no session file")
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{what} is not JSON: {str(error)[:120]}") from None


def _make(
    store: Store, now: Document, plain: Mapping[str, Any], label: str, person: str, role: Role, session: str
) -> dict[str, Any]:
    """Make the session say what *plain* says, by one act; return whether that ``changed`` anything, and ``missing``.

    What cannot be stays as it is *now*: ``missing`` has a line for each.
    """
    plain, missing = _possible(now, plain)
    made = store.rooms.make(session, person, role, plain, label, _name())
    return {"changed": made["op"] is not None, "missing": missing}


def _possible(now: Document, plain: Mapping[str, Any]) -> tuple[Plain, list[str]]:
    """Return *plain*, but what is there *now* for each path of which it says what cannot be; and a line for each."""
    there = now.plain()
    possible: Plain = {part: dict(plain[part]) for part in ("registers", "texts")}
    missing = []
    for kind, part in (("set", "registers"), ("text", "texts")):
        for path, does in changes_to(now, plain).get(kind, ()):
            try:
                check({"id": "one", kind: [[path, does]]}, "", lambda _: True, WHOLE)
            except RefusedError as error:
                why = str(error)
                missing.append(why if path[:80] in why else f"{path[:80]}: {why}")
                possible[part].pop(path, None)
                if path in there[part]:
                    possible[part][path] = there[part][path]
    return possible, missing


def _append(store: Store, person: str, does: Mapping[str, Any], session: str) -> None:
    (found,) = store.rooms.append(session, person, "owner", [{"id": _name(), **does}], WHOLE)
    if "refused" in found:
        raise RefusedError(found["why"])


def _version(store: Store, version: int, session: str) -> dict[str, Any]:
    if version not in {there["id"] for there in store.rooms.versions(session)}:
        raise _no_version(version)
    return store.rooms.version(version)


def _no_version(which: str | int) -> UsageError:
    return UsageError(f"there is no version {which!r}: `tiledviz session versions` lists those there are")


def _name() -> str:
    return f"whole-{secrets.token_hex(8)}"
