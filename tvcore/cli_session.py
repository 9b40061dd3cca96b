"""``tiledviz session``: the session's document as a whole: versions, and itself as a file."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import click

from tvcore.cli_kit import as_json, opened_store, show
from tvcore.errors import TiledVizError
from tvcore.session import acts
from tvcore.terminal import printable, table

name_argument = click.argument("name")


@click.group(name="session")
def session() -> None:
    """Save and restore the session: its order, layout, tags, notes, drawings; as versions, or as a file.

    What restore and import do is one act: everyone who looks sees it, and it can be taken back.
    """


@session.command()
@as_json
def versions(as_json: bool) -> None:
    """List the versions that were saved."""
    with opened_store() as store:
        found = store.rooms.versions(acts.SESSION)
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
        found = store.rooms.save_version(acts.SESSION, name, acts.HERE)
    show(found, as_json, lambda: f"saved as {printable(found['name'])}")


@session.command()
@name_argument
@as_json
def restore(name: str, as_json: bool) -> None:
    """Make the session what it was when NAME was saved."""
    with opened_store() as store:
        found = acts.restore_version(store, acts.find_version(store, name))
    show(found, as_json, lambda: "restored" if found["changed"] else "it is so already")


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
        text = json.dumps(acts.export_session(store), indent=1, ensure_ascii=False) + "\n"
    if str(file) == "-":
        click.echo(text, nl=False)
        return
    try:
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise TiledVizError(f"cannot write {file}: {error.strerror}") from error


@session.command(name="import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@as_json
def import_(file: Path, as_json: bool) -> None:
    """Make the session what FILE says; what cannot be placed on this wall is told."""
    try:
        text = file.read_bytes()
    except OSError as error:
        raise TiledVizError(f"cannot read {file}: {error.strerror}") from error
    with opened_store() as store:
        found = acts.import_session(store, acts.parse(text, str(file)))
    show(found, as_json, lambda: _imported(found))


def _imported(found: dict[str, Any]) -> str:
    lines = ["imported" if found["changed"] else "it is so already"]
    return "\n".join(lines + [f"not placed: {printable(line)}" for line in found["missing"]])
