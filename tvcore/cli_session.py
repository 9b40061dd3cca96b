"""``tiledviz session``: the session's document as a whole: versions, and itself as a file."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from tvcore.cli_kit import as_json, opened_store, save_file, show
from tvcore.errors import TiledVizError
from tvcore.session import SESSION, acts
from tvcore.session.file import FILE_MAX
from tvcore.terminal import printable, table

name_argument = click.argument("name")


@click.group(name="session")
def session() -> None:
    """Save and restore the session: its order, layout, tags, notes, drawings; as versions, or as a file.

    What restore and import do is one act: everyone who looks sees it, and `tiledviz session undo` takes it back.
    """


@session.command()
@as_json
def versions(as_json: bool) -> None:
    """List the versions that were saved."""
    with opened_store() as store:
        found = store.rooms.versions(SESSION)
    rows = [(printable(version["name"]), _when(version["at"])) for version in found]
    empty = "No versions: `tiledviz session save NAME` makes one."
    show(found, as_json, lambda: table(("version", "saved"), rows) if rows else empty)


def _when(at: float) -> str:
    return time.strftime("%d %b %Y %H:%M", time.localtime(at))


@session.command()
@name_argument
@as_json
def save(name: str, as_json: bool) -> None:
    """Keep what the session is now under NAME."""
    with opened_store() as store:
        found = store.rooms.save_version(SESSION, name, acts.HERE)
    show(found, as_json, lambda: f"saved as {printable(found['name'])}")


@session.command()
@name_argument
@as_json
def restore(name: str, as_json: bool) -> None:
    """Make the session what it was when NAME was saved."""
    with opened_store() as store:
        found = acts.restore_version(store, acts.find_version(store, name))
    show(found, as_json, lambda: _came(found, "restored"))


@session.command()
@as_json
def undo(as_json: bool) -> None:
    """Take back the last restore or import of the command line that still counts; what others did since stays."""
    with opened_store() as store:
        found = acts.undo(store)
    show(found, as_json, lambda: f"taken back: {found['label']} of {_when(found['at'])}")


@session.command()
@name_argument
@as_json
def delete(name: str, as_json: bool) -> None:
    """Forget the version NAME."""
    with opened_store() as store:
        acts.delete_version(store, acts.find_version(store, name))
    show({"deleted": name}, as_json, lambda: "deleted")


@session.command()
@name_argument
@as_json
def compare(name: str, as_json: bool) -> None:
    """Say what differs now from the version NAME: a line for each path of the document."""
    with opened_store() as store:
        found = acts.compare_version(store, acts.find_version(store, name))
    show(found, as_json, lambda: "\n".join(map(printable, found["differences"])) or "nothing differs")


@session.command(name="export")
@click.argument("file", type=click.Path(path_type=Path, allow_dash=True))
def export(file: Path) -> None:
    """Write the session into FILE (`-`: standard output), as docs/session-file.md describes."""
    with opened_store() as store:
        written = acts.export_session(store)
    text = json.dumps(written, indent=1, ensure_ascii=False) + "\n"
    if str(file) == "-":
        click.echo(text, nl=False)
    else:
        save_file([text.encode()], file)
    for note in written["notes"]:
        click.echo(f"tiledviz: {note}", err=True)


@session.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def import_(file: Path, as_json: bool) -> None:
    """Make the session what FILE says; what cannot be placed on this wall is told."""
    try:
        with file.open("rb") as opened:
            text = opened.read(FILE_MAX + 1)
    except OSError as error:
        raise TiledVizError(f"cannot read {file}: {error.strerror}") from error
    with opened_store() as store:
        found = acts.import_session(store, acts.parse(text, str(file)))
    show(found, as_json, lambda: _came(found, "imported"))


def _came(found: dict[str, Any], what: str) -> str:
    lines = [what if found["changed"] else "it is so already"]
    return "\n".join(lines + [f"not {what}: {printable(line)}" for line in found["missing"]])
