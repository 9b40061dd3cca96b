"""``tiledviz session``: a session's document as a whole: versions, and itself as a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from tvcore.cli_kit import as_json, save_file, session_option, show
from tvcore.cli_place import in_session
from tvcore.errors import TiledVizError
from tvcore.session import acts
from tvcore.session.file import FILE_MAX
from tvcore.terminal import printable, table, when

name_argument = click.argument("name")


@click.group(name="session")
def session() -> None:
    """Make, copy and delete sessions (docs/projects.md); save and restore one, as versions or as a file.

    What of a session is saved is its order, layout, tags, notes and drawings.

    What restore and import do is one act: everyone who looks sees it, and `tiledviz session undo` takes it back.
    """


@session.command()
@session_option
@as_json
def versions(session: str | None, as_json: bool) -> None:
    """List the versions that were saved."""
    with in_session(session) as (store, _, key):
        found = store.rooms.versions(key)
    rows = [(printable(version["name"]), when(version["at"])) for version in found]
    empty = "No versions: `tiledviz session save NAME` makes one."
    show(found, as_json, lambda: table(("version", "saved"), rows) if rows else empty)


@session.command()
@name_argument
@session_option
@as_json
def save(name: str, session: str | None, as_json: bool) -> None:
    """Keep what the session is now under NAME."""
    with in_session(session) as (store, _, key):
        found = store.rooms.save_version(key, name, acts.HERE)
    show(found, as_json, lambda: f"saved as {printable(found['name'])}")


@session.command()
@name_argument
@session_option
@as_json
def restore(name: str, session: str | None, as_json: bool) -> None:
    """Make the session what it was when NAME was saved."""
    with in_session(session) as (store, _, key):
        found = acts.restore_version(store, acts.find_version(store, name, key), session=key)
    show(found, as_json, lambda: _came(found, "restored"))


@session.command()
@session_option
@as_json
def undo(session: str | None, as_json: bool) -> None:
    """Take back the last restore or import of the command line that still counts; what others did since stays."""
    with in_session(session) as (store, _, key):
        found = acts.undo(store, key)
    show(found, as_json, lambda: f"taken back: {found['label']} of {when(found['at'])}")


@session.command()
@name_argument
@session_option
@as_json
def forget(name: str, session: str | None, as_json: bool) -> None:
    """Forget the version NAME."""
    with in_session(session) as (store, _, key):
        acts.delete_version(store, acts.find_version(store, name, key), key)
    show({"deleted": name}, as_json, lambda: "deleted")


@session.command()
@name_argument
@session_option
@as_json
def compare(name: str, session: str | None, as_json: bool) -> None:
    """Say what differs now from the version NAME: a line for each path of the document."""
    with in_session(session) as (store, _, key):
        found = acts.compare_version(store, acts.find_version(store, name, key), key)
    show(found, as_json, lambda: "\n".join(map(printable, found["differences"])) or "nothing differs")


@session.command(name="export")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
@session_option
def export(file: Path, session: str | None) -> None:
    """Write the session into FILE (`-`: standard output), as docs/session-file.md describes."""
    with in_session(session) as (store, _, key):
        written = acts.export_session(store, key)
    text = json.dumps(written, indent=1, ensure_ascii=False) + "\n"
    if str(file) == "-":
        click.echo(text, nl=False)
    else:
        save_file([text.encode()], file)
    for note in written["notes"]:
        click.echo(f"tiledviz: {note}", err=True)


@session.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@session_option
@as_json
def import_(file: Path, session: str | None, as_json: bool) -> None:
    """Make the session what FILE says; what cannot be placed on this wall is told."""
    try:
        with file.open("rb") as opened:
            text = opened.read(FILE_MAX + 1)
    except OSError as error:
        raise TiledVizError(f"cannot read {file}: {error.strerror}") from error
    with in_session(session) as (store, _, key):
        found = acts.import_session(store, acts.parse(text, str(file)), session=key)
    show(found, as_json, lambda: _came(found, "imported"))


def _came(found: dict[str, Any], what: str) -> str:
    lines = [what if found["changed"] else "it is so already"]
    return "\n".join(lines + [f"not {what}: {printable(line)}" for line in found["missing"]])
