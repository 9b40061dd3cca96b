"""Makes a tile set of what is on the wall, and keeps what its tiles show for when the jobs are over."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from tvcore import tiles as acts
from tvcore.analysis.made import Made
from tvcore.batch import watch
from tvcore.batch.plan import TilePlan
from tvcore.errors import TiledVizError, UsageError
from tvcore.exporting.new_folder import new_folder
from tvcore.importing.report import Report
from tvcore.importing.typed import column_name, one_line, typed_column
from tvcore.planning import silent
from tvcore.session import SESSION
from tvcore.session.document import Document
from tvcore.session.order import by_hand
from tvcore.store import Store
from tvcore.tiles import Result, Target
from tvcore.tilesets.document import TAGS_MAX, TEXT_MAX, Column, Kind, Tile, TileSet, Value, source_problem

FILE_MAX = 1 << 30  # bytes of a file that is fetched
SOURCE_MAX = 4_000  # letters


def tileset_of_wall(store: Store, ids: Sequence[int] | None, report: Report, session: str = SESSION) -> TileSet:
    """Return the tiles *ids*, all where it is None, as people put them by hand, with their own tags and notes.

    Pictures, movies, PDFs and pages have their sources, live tiles are cards. What a tile set cannot hold is told to
    *report*, tiles counted from 1.
    """
    found, targets = _wall(store, ids, report, session)
    live = sum(_is_drawn(target) for target in targets)
    if live:
        report.about(
            f"left: what live tiles show: they are cards, with their titles and values ({live} of {len(targets)})"
        )
    return found


def freeze(
    store: Store,
    ids: Sequence[int] | None,
    folder: Path,
    report: Report,
    progress: Callable[[float, str], None] = silent,
    session: str = SESSION,
) -> TileSet:
    """Return what ``tileset_of_wall`` does, with pictures of the live tiles, as PNGs in the new folder *folder*.

    The files of others are fetched into it where they cannot be read here. A tile that cannot be had is told to
    *report*, and is a card. The folder is not made where nothing is in it. *progress* gets the fraction that is done,
    0 to 1, and of what. Raises UsageError when the folder cannot be written.
    """
    folder = folder.absolute()
    if not str(folder).isprintable() or len(str(folder)) > SOURCE_MAX // 2:
        raise UsageError(f"{one_line(str(folder), 200)}: choose a shorter name, that is one plain line")
    found, targets = _wall(store, ids, report, session)
    with new_folder(folder) as beside:
        results = _had(found.tiles, targets, beside, progress)
    fetched = sum(result.get("fetched", False) for result in results)
    if fetched:
        report.about(f"files that this machine cannot read were fetched from their nodes: {fetched}")
    tiles = []
    for row, (tile, result) in enumerate(zip(found.tiles, results, strict=True), 1):
        if result["error"]:
            report.left(row, f"what it shows: {one_line(result['error'], 500)}")
            tile = tile.model_copy(update={"kind": "card", "source": ""})
        elif name := result.get("name"):
            kind = "picture" if tile.kind == "card" else tile.kind
            tile = tile.model_copy(update={"kind": kind, "source": str(folder / name)})
        tiles.append(tile)
    return found.model_copy(update={"tiles": tuple(tiles)})


# ------------------------------------------------------------------ what they show


def _had(
    tiles: Sequence[Tile], targets: Sequence[Target], folder: Path, progress: Callable[[float, str], None]
) -> list[Result]:
    """Write what *tiles* show into *folder*; return of each the ``name`` of its file, if one was needed."""
    of_tile = {target.tile["id"]: (row, tile) for row, (target, tile) in enumerate(zip(targets, tiles, strict=True), 1)}
    lock, done = threading.Lock(), 0

    def work(target: Target) -> Result:
        row, tile = of_tile[target.tile["id"]]
        if _is_drawn(target):
            return {"name": _written(folder / f"{row:05}.png", iter([target.live().picture()]))}
        if tile.kind in ("card", "page") or os.access(tile.source, os.R_OK):
            return {}
        name = f"{row:05}{Path(tile.source).suffix}"
        return {"name": _written(folder / name, target.live().source()), "fetched": True}

    def tell(_: Result) -> None:
        nonlocal done
        with lock:
            done += 1
            progress(done / len(targets), "pictures of the tiles")

    return acts.at_once(targets, work, tell)


def _written(path: Path, pieces: Iterator[bytes]) -> str:
    """Write *pieces* to *path*, all or nothing; return its name."""
    left = FILE_MAX
    try:
        with path.open("xb") as file:
            for piece in pieces:
                left -= len(piece)
                if left < 0:
                    raise TiledVizError(f"it has more than {FILE_MAX >> 20} MiB")
                file.write(piece)
    except TiledVizError:
        path.unlink()
        raise
    return path.name


# ---------------------------------------------------------------------- the wall


def _wall(
    store: Store, ids: Sequence[int] | None, report: Report, session: str
) -> tuple[TileSet, Sequence[acts.Target]]:
    """Return the tile set, and the tiles of which it is in its order."""
    watch.sync_here(store)
    written = store.rooms.document(session)
    wall = Made(written).wall(store.wall(session))
    by_id = {tile["id"]: tile for tile in wall["tiles"]}
    wanted = by_id.keys() if ids is None else dict.fromkeys(ids)
    if strange := sum(each not in by_id for each in wanted):
        report.about(f"left: {strange} tiles that are not on the wall")
    targets = acts.targets_of(store, by_hand([each for each in wanted if each in by_id], written))
    chosen = [by_id[target.tile["id"]] for target in targets]
    sets = [each for each in wall["sets"] if each["id"] in {tile["set"] for tile in chosen}]
    columns, values = _values(chosen, sets, report)
    plans: dict[str, dict[int, TilePlan]] = {}
    tiles = []
    for row, (target, tile, cells) in enumerate(zip(targets, chosen, values, strict=True), 1):
        kind, source = _source(target, plans, row, report)
        note = written.text(f"note/{tile['id']}")
        if len(note) > TEXT_MAX:
            report.changed(row, f"its note: cut after {TEXT_MAX} letters")
        tiles.append(
            Tile(
                key=row,
                title=one_line(tile["title"], 1_000),
                kind=kind,
                source=source,
                tags=_tags(tile, written, row, report),
                note=note[:TEXT_MAX],
                values=cells,
            )
        )
    title = (one_line(sets[0]["title"], 1_000) if len(sets) == 1 else "") or "Wall"
    return TileSet(title=title, columns=columns, tiles=tuple(tiles)), targets


def _values(
    chosen: Sequence[dict[str, Any]], sets: Sequence[dict[str, Any]], report: Report
) -> tuple[tuple[Column, ...], list[dict[str, Value | None]]]:
    """Return the columns of the tiles *chosen*, and the values of each."""
    rows = range(1, len(chosen) + 1)
    said: dict[str, dict[str, Any]] = {each["name"]: each for of in sets for each in of["columns"]}
    names = list(dict.fromkeys([*said, *(name for tile in chosen for name in tile["metadata"])]))
    columns: dict[str, Column] = {}
    values: list[dict[str, Value | None]] = [{} for _ in rows]
    for name in names:
        about = said.get(name, {})
        called = column_name(name, columns, report)
        given = [tile["metadata"].get(name) for tile in chosen]
        columns[called], found = typed_column(
            called,
            given,
            rows,
            report,
            unit=about.get("unit") or "",
            description=about.get("description") or "",
            role="parameter" if about.get("role") == "parameter" else "result",
        )
        for cells, value in zip(values, found, strict=True):
            if value is not None:
                cells[called] = value
    return tuple(columns.values()), values


def _is_drawn(target: Target) -> bool:
    """Return whether what a tile shows is in no file that others can show: a program's, or a plugin's of its file."""
    return target.tile["kind"] == "live" or bool((target.tile["media"] or {}).get("drawn"))


def _source(target: Target, plans: dict[str, dict[int, TilePlan]], row: int, report: Report) -> tuple[Kind, str]:
    """Return kind and source of a tile; *plans* are those that were looked up, by job and node."""
    tile, kind = target.tile, target.tile["kind"]
    if _is_drawn(target):
        return "card", ""
    source = (tile["media"] or {}).get("url") or ""
    if registration := target.registration:
        if registration.name not in plans:
            plans[registration.name] = {each.index: each for each in registration.plan.tiles}
        source = plans[registration.name][tile["index"]].source
    if not source:
        report.left(row, f"the {kind} that it shows: its job is over, or waits, and no node agent says where it is")
        return "card", ""
    problem = source_problem(kind, source)
    if problem or not source.isprintable() or len(source) > SOURCE_MAX:
        report.left(row, f"the {kind} that it shows: {problem or 'its name is too long, or no plain line'}")
        return "card", ""
    return kind, source


def _tags(tile: dict[str, Any], written: Document, row: int, report: Report) -> tuple[str, ...]:
    own = {unquote(name): on is True for name, on in written.below(f"tags/{tile['id']}/")}
    kept = [tag for tag in tile["tags"] if own.get(tag, True)] + [tag for tag, on in own.items() if on]
    found = list(dict.fromkeys(shown for tag in kept if (shown := one_line(tag, 200))))
    if len(found) > TAGS_MAX:
        report.left(row, f"{len(found) - TAGS_MAX} tags: a tile has at most {TAGS_MAX}")
    return tuple(found[:TAGS_MAX])
