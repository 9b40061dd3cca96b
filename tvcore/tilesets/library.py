"""What a person can do with tile sets that are kept: one function each, called alike by command line and web API.

They are those of a *project*, by its id: None is the first one.
"""

from __future__ import annotations

import json
import re
import secrets
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tvcore import api, paths
from tvcore.errors import TiledVizError, UsageError
from tvcore.exporting.freeze import freeze, tileset_of_wall
from tvcore.importing import formats
from tvcore.importing.report import Report
from tvcore.people.by import NotAllowedError
from tvcore.session import SESSION, acts
from tvcore.store import Store
from tvcore.store.kept import CASE, ConflictError, KeptSet, TakenError
from tvcore.tilesets.document import NAME, Problem, Tile, TileSet, problems_of, read
from tvcore.tilesets.wall import cards_folder, runs_of, tell_wall

__all__ = [
    "CASE", "ConflictError", "ProblemsError", "copy_set", "from_wall", "import_set", "import_text", "read_set",
    "remove_set", "rename_set", "restore_set", "revisions", "saved", "show_set", "write_set",
]  # fmt: skip

BODY_MAX = 64 << 20  # letters of a document
RESERVED = ("schema", "import", "from-wall")  # what the web API's addresses have in the place of a name


class ProblemsError(UsageError):
    """The document cannot be kept: *problems* has every cell in which something is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(f"this tile set is not as it should be: {problems[0]}{more}")
        self.problems = problems


def saved(store: Store, query: str = "", project: int | None = None) -> list[dict[str, Any]]:
    """Return a dictionary per set whose name or title has *query* in it, with the ``jobs`` that show it on the wall."""
    wanted = query.strip().casefold()
    shown: dict[str, list[str]] = {}
    for run in runs_of(store, CASE, project):
        shown.setdefault(str(run.parameters.get("name")), []).append(run.job)
    return [
        found | {"jobs": shown.get(found["name"], [])}
        for found in store.kept.of(project).sets()
        if wanted in found["name"].casefold() or wanted in found["title"].casefold()
    ]


def read_set(store: Store, name: str, revision: int | None = None, project: int | None = None) -> dict[str, Any]:
    """Return ``name``, ``revision`` and ``document`` of a set, as it is now or was at *revision*."""
    found = store.kept.of(project).read(name, revision)
    return {"name": name, "revision": found["revision"], "document": json.loads(found["body"])}


def write_set(
    store: Store,
    name: str,
    document: object,
    revision: int | None,
    person: str = acts.HERE,
    label: str = "",
    project: int | None = None,
    operate: bool = True,
) -> dict[str, Any]:
    """Keep *document* under *name*, made of *revision* (None: a new set); return ``name``, ``revision`` and ``wall``.

    What changed in titles, tags and values is on the wall at once, where the set is there: ``wall`` says how many
    tiles were ``updated``, and has the jobs whose rest is seen when they are shown ``again``. Who does not *operate*
    names no other files and pages than those that are named in it. Raises ProblemsError, ConflictError,
    NotAllowedError.
    """
    _check_name(name)
    found, problems = problems_of(document)
    if found is None:
        raise ProblemsError(problems)
    kept = store.kept.of(project)
    if not operate:
        named = _sources(read(json.loads(kept.read(name)["body"]))) if revision is not None else set()
        if _sources(found) - named:
            raise NotAllowedError("to have a tile set show another file or page is for who may operate")
    number = kept.write(name, _kept(found), revision, person, label)
    wall = _tell(store, name, project) if revision is not None else {"updated": 0, "again": []}
    return {"name": name, "revision": number, "wall": wall}


def _sources(found: TileSet) -> set[tuple[str, str]]:
    """Return what the tiles of a set show that is read where they are shown: files, and pages of the web."""
    return {(tile.kind, tile.source) for tile in found.tiles if tile.source or tile.kind != "card"}


def copy_set(store: Store, name: str, to: str, person: str = acts.HERE, project: int | None = None) -> dict[str, Any]:
    """Keep what *name* says as a new set *to*."""
    _check_name(to)
    return {"name": to, "revision": store.kept.of(project).copy(name, to, person)}


def rename_set(store: Store, name: str, to: str, project: int | None = None) -> dict[str, Any]:
    """Call a set otherwise, on the wall too."""
    _check_name(to)
    return {"name": to, "revision": store.kept.of(project).rename(name, to)}


def remove_set(store: Store, name: str, project: int | None = None) -> dict[str, Any]:
    """Remove a set; ``restore_set`` with the ``revision`` that is returned has it back. Its tiles stay on the wall."""
    return {"name": name, "revision": store.kept.of(project).remove(name)}


def revisions(store: Store, name: str, project: int | None = None) -> list[dict[str, Any]]:
    """Return a dictionary per revision that is kept, the last first: number, sizes, who, when, and what was done."""
    return store.kept.of(project).revisions(name)


def restore_set(
    store: Store, name: str, revision: int, person: str = acts.HERE, project: int | None = None
) -> dict[str, Any]:
    """Make a set what it was at *revision*, by a new revision; also one that was removed."""
    number = store.kept.of(project).restore(name, revision, person)
    return {"name": name, "revision": number, "wall": _tell(store, name, project)}


def import_set(
    store: Store,
    path: str,
    format: str | None = None,  # noqa: A002 (as everywhere: the importer's name)
    options: Mapping[str, Any] | None = None,
    name: str | None = None,
    title: str | None = None,
    person: str = acts.HERE,
    project: int | None = None,
) -> dict[str, Any]:
    """Keep what the file or folder *path* holds as a new set; return ``name``, ``revision`` and ``report``.

    It is read in a process apart, with limits on memory and time. The name is the file's where none is given, with a
    number where that is taken. Raises TiledVizError with the importer's line.
    """
    if name is not None:
        _check_name(name)
    whole = str(Path(path).expanduser().absolute())
    found = formats.import_file(whole, format, options or {}, title)
    tileset = read(found["document"])
    label = f"imported from {Path(whole).name}"[:80]
    kept, sets = _kept(tileset), store.kept.of(project)
    if name is not None:
        return {"name": name, "revision": sets.write(name, kept, None, person, label), "report": found["report"]}
    wished, number = _name_for(Path(whole).stem), 1
    while True:
        free = wished if number == 1 else f"{wished[:70]}-{number}"
        try:
            return {
                "name": free,
                "revision": sets.write(free, kept, None, person, label),
                "report": found["report"],
            }
        except TakenError:
            number += 1


def import_text(
    store: Store,
    file: str,
    text: str,
    format: str | None = None,  # noqa: A002 (as everywhere: the importer's name)
    options: Mapping[str, Any] | None = None,
    name: str | None = None,
    title: str | None = None,
    person: str = acts.HERE,
    project: int | None = None,
) -> dict[str, Any]:
    """Do what ``import_set`` does with *text*, which a browser read from a *file* of its own machine."""
    own = re.sub(r"[^\w.-]", "_", Path(file).name)[-100:].lstrip(".") or "file"
    with tempfile.TemporaryDirectory(prefix="tiledviz-import-", dir=paths.secure_folder(_folder("imports"))) as folder:
        path = Path(folder) / own
        try:
            path.write_text(text, "utf-8")
        except UnicodeEncodeError:
            raise UsageError(f"{own}: it is not text that UTF-8 can hold") from None
        try:
            return import_set(store, str(path), format, options, name, title, person, project)
        except TiledVizError as error:
            said = str(error).replace(str(path), own)
            raise (UsageError if error.exit_code == 2 else TiledVizError)(said) from error


def from_wall(
    store: Store,
    name: str,
    tiles: Sequence[int] | None,
    person: str = acts.HERE,
    pictures: bool = True,
    session: str = SESSION,
) -> dict[str, Any]:
    """Keep *tiles* of the wall, all where it is None, as a new set with their tags, notes and values.

    It is of the project of *session*, whose wall it is. With *pictures* live tiles are kept as they look now. Returns
    ``name``, ``revision`` and ``report``.
    """
    _check_name(name)
    kept = store.kept.of(store.sessions.project_of(session))
    if any(each["name"] == name for each in kept.sets()):
        raise UsageError(f"there is a tile set {name} already: choose another name")
    report = Report()
    if pictures:
        folder = paths.secure_folder(_folder("pictures")) / f"{name}-{secrets.token_hex(4)}"
        found = freeze(store, tiles, folder, report, session=session)
    else:
        found = tileset_of_wall(store, tiles, report, session)
    if not found.tiles:
        raise UsageError("there are no such tiles on the wall: `tiledviz tiles` lists those there are")
    found = found.model_copy(update={"tiles": tuple(map(_card_again, found.tiles))})
    report.took, report.columns = len(found.tiles), len(found.columns)
    number = kept.write(name, _kept(found), None, person, "from the wall")
    return {"name": name, "revision": number, "report": report.plain()}


def show_set(
    store: Store,
    name: str,
    settings: Mapping[str, Any] | None = None,
    replace: str | None = None,
    session: str = SESSION,
) -> dict[str, Any]:
    """Put a set of the project of *session* on its wall; return the job.

    It is one of the local scheduler unless *settings* say otherwise. The set's notes are on its tiles. With *replace*,
    a job of the project that shows the set as it was, its tiles are taken off wherever it is shown, and what people
    made of them is the new ones'.
    """
    project = store.sessions.project_of(session)
    found = store.kept.of(project).read(name)
    tileset = read(json.loads(found["body"]))
    if not tileset.tiles:
        raise UsageError(f"the tile set {name} has no tiles: `tiledviz tileset edit {name}` adds some")
    run = next((run for run in runs_of(store, CASE, project) if run.job == replace), None)
    if replace is not None and (run is None or run.parameters.get("name") != name):
        raise UsageError(f"job {replace} does not show the tile set {name}: `tiledviz tileset list` says which does")
    of = {"name": name, "revision": found["revision"], "project": project}
    given = {"scheduler.backend": "local", **(settings or {}), **of}
    home = session if run is None else run.session
    job = api.launch(store, CASE, given, title=tileset.title, session=home)
    ids = _ids(store, job["id"])
    as_given: dict[str, set[int]] = {}
    if run is not None:
        old = {key: tile for key, tile in run.keys(store).items() if tile in run.tiles.values()}
        moved = {tile: ids[index] for index, each in enumerate(tileset.tiles) if (tile := old.get(each.key))}
        for there in (home, *store.sessions.showing(run.job)):
            as_given[there] = {moved[tile] for tile in run.as_given(store, there) if tile in moved}
        api.take_over(store, run.job, job["id"], moved)
        api.stop(store, run.job, remove=True)
    notes = {ids[index]: each.note for index, each in enumerate(tileset.tiles) if index in ids}
    for there in as_given or (home,):
        acts.write_notes(store, notes, as_given.get(there, ()), there)
    return job


def _tell(store: Store, name: str, project: int | None) -> dict[str, Any]:
    """Tell the wall what the set *name* says now: of several who write at once the last to get here tells the last."""
    kept = store.kept.of(project)
    while True:
        now = kept.read(name)
        told = tell_wall(store, CASE, name, read(json.loads(now["body"])), project)
        if kept.read(name)["revision"] == now["revision"]:
            return told


def _ids(store: Store, job: str) -> dict[int, int]:
    return {tile["index"]: tile["id"] for tile in store.tiles() if tile["job"] == job}


def _card_again(tile: Tile) -> Tile:
    """Return *tile*, as a card where what it shows was drawn of one: the drawing may be gone some day."""
    drawn = Path(tile.source).parent == cards_folder()
    return tile.model_copy(update={"kind": "card", "source": ""}) if drawn else tile


def _kept(found: TileSet) -> KeptSet:
    body = json.dumps(found.plain(), allow_nan=False, ensure_ascii=False)
    if len(body) > BODY_MAX:
        raise UsageError(f"this tile set has more than {BODY_MAX >> 20} MiB: make several of it")
    return KeptSet(body, found.title, len(found.tiles), len(found.columns))


def _check_name(name: str) -> None:
    if not re.fullmatch(NAME, name) or name in RESERVED:
        raise UsageError(
            f"{name[:80]!r} cannot name a tile set: take letters, digits, `.`, `_` and `-`, at most 80, a letter or "
            f"digit first; {', '.join(RESERVED)} are taken"
        )


def _name_for(stem: str) -> str:
    """Return a name for a set that is made of a file with this *stem*."""
    found = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._")[:60]
    return f"{found}-set" if found in RESERVED else found or "tiles"


def _folder(name: str) -> Path:
    return paths.state_dir() / name
