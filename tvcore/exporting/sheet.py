"""A contact sheet: what tiles show now, with titles and chosen values, as pages to print or to send."""

from __future__ import annotations

import io
import os
import tempfile
import threading
import zipfile
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, get_args

from PIL import Image

from tvcore import tiles as acts
from tvcore.errors import TiledVizError, UsageError
from tvcore.exporting.new_folder import check_new
from tvcore.exporting.sheet_layout import Box, SheetOptions, layout, within
from tvcore.exporting.sheet_pages import DPI, Cell, pdf_of, pictures_of
from tvcore.exporting.shown_table import tags_of
from tvcore.importing.report import Report
from tvcore.importing.typed import one_line
from tvcore.planning import silent
from tvcore.session import SESSION
from tvcore.session.order import by_hand
from tvcore.store import Store
from tvcore.tiles import Result, Target

How = Literal["pdf", "png"]
HOWS: tuple[str, ...] = get_args(How)

PIXELS_MAX = 1 << 27  # of a tile's picture
QUALITY = 90  # of JPEG, in which pictures stand on the pages


def write_sheet(
    store: Store,
    ids: Sequence[int] | None,
    path: Path,
    options: SheetOptions,
    report: Report,
    *,
    font: Path | None = None,
    progress: Callable[[float, str], None] = silent,
    session: str = SESSION,
) -> dict[str, Any]:
    """Write a sheet of the tiles *ids* of *session*, all as people put them where it is None, to the new *path*.

    It ends with ``.pdf``, or ``.png``; of several pages the pictures are ``NAME-1.png``, ``NAME-2.png`` and so on.
    Return ``{"path", "paths", "report"}``. Raises UsageError before anything is asked for, and writes all or nothing.
    """
    how = path.suffix.lower().removeprefix(".")
    if how not in HOWS:
        raise UsageError(f"{path}: a contact sheet is called NAME.pdf or NAME.png")
    check_new(path)
    pdf = pdf_of_wall(store, ids, options, report, font=font, progress=progress, session=session)
    pages = [pdf] if how == "pdf" else pictures_of(pdf)
    paths = [path] if len(pages) == 1 else [path.with_stem(f"{path.stem}-{at}") for at in range(1, len(pages) + 1)]
    _all_new(paths, pages)
    return {
        "path": str(paths[0].absolute()), "paths": [str(each.absolute()) for each in paths], "report": report.plain(),
    }  # fmt: skip


def sheet_file(
    store: Store, ids: Sequence[int], how: How, options: SheetOptions, report: Report, session: str = SESSION
) -> bytes:
    """Return the same as one file: a PDF, a PNG, or a ZIP archive of several. Raises UsageError."""
    pdf = pdf_of_wall(store, ids, options, report, session=session)
    if how == "pdf":
        return pdf
    pages = pictures_of(pdf)
    if len(pages) == 1:
        return pages[0]
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_STORED) as archive:
        for at, page in enumerate(pages, 1):
            archive.writestr(f"sheet-{at}.png", page)
    return written.getvalue()


def pdf_of_wall(
    store: Store,
    ids: Sequence[int] | None,
    options: SheetOptions,
    report: Report,
    *,
    font: Path | None = None,
    progress: Callable[[float, str], None] = silent,
    session: str = SESSION,
) -> bytes:
    """Return the sheet as a PDF; a tile whose picture cannot be had is told to *report*, tiles counted from 1."""
    where = layout(options)
    wall = store.wall(session)
    written = store.rooms.document(session)
    there = {tile["id"]: tile for tile in wall["tiles"]}
    wanted = by_hand(there, written) if ids is None else list(dict.fromkeys(ids))
    if strange := sum(each not in there for each in wanted):
        report.about(f"left: {strange} tiles that are not on the wall")
    targets = acts.targets_of(store, [each for each in wanted if each in there])
    if not targets:
        raise UsageError("there are no tiles: a contact sheet has at least one")
    units = _units(wall["sets"], options.columns, [there[target.tile["id"]] for target in targets])
    report.took, report.columns = len(targets), len(options.columns)
    with tempfile.TemporaryDirectory(prefix="tiledviz-sheet-") as kept:
        results = _pictures(targets, where.picture_of(where.cells[0]), Path(kept), progress)
        cells = []
        for row, (target, result) in enumerate(zip(targets, results, strict=True), 1):
            tile = there[target.tile["id"]]
            if result["error"]:
                report.left(row, f"its picture: {one_line(result['error'], 500)}")
            tags = [", ".join(tags_of(tile, written))] if options.tags else []
            values = [_line(name, tile["metadata"].get(name), units.get(name, "")) for name in options.columns]
            lines = tuple(one_line(line, 300) for line in values + tags)
            cells.append(Cell(one_line(tile["title"], 300), lines, result.get("picture"), target.tile["state"]))
        (about,) = store.sessions.listed([session])
        return pdf_of(cells, where, options, one_line(about["title"], 200), font, report.about, datetime.now())


def _pictures(
    targets: Sequence[Target], box: Box, folder: Path, progress: Callable[[float, str], None]
) -> list[Result]:
    """Have the pictures of *targets* in *folder*, as small as they are printed; return the ``picture`` of each."""
    lock, done = threading.Lock(), 0

    def work(target: Target) -> Result:
        path = folder / f"{target.tile['id']}.jpg"
        _small(target.live().picture(), box, path)
        return {"picture": path}

    def tell(_: Result) -> None:
        nonlocal done
        with lock:
            done += 1
            progress(done / len(targets), "pictures of the tiles")

    return acts.at_once(targets, work, tell)


def _small(png: bytes, box: Box, path: Path) -> None:
    """Write the picture *png* to *path* with no more pixels than are seen in *box*. Raises TiledVizError."""
    try:
        with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
            width, height = picture.size
            if width * height > PIXELS_MAX:
                raise TiledVizError(f"it has {width} x {height} pixels, which is too many")
            fitted = within(box, width, height)
            most = (max(1, round(fitted.width / 25.4 * DPI)), max(1, round(fitted.height / 25.4 * DPI)))
            shown = picture.convert("RGB")
        if most[0] < width:
            shown = shown.resize(most, Image.Resampling.LANCZOS, reducing_gap=3.0)
        shown.save(path, "JPEG", quality=QUALITY, subsampling=0)
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise TiledVizError(f"it is no picture that can be read: {error}") from error


def _units(
    sets: Sequence[Mapping[str, Any]], columns: Sequence[str], tiles: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Return the units of *columns*. Raises UsageError for one that none of *tiles* has."""
    of = {tile["set"] for tile in tiles}
    said = {column["name"]: column.get("unit") or "" for each in sets if each["id"] in of for column in each["columns"]}
    known = dict.fromkeys([*said, *(name for tile in tiles for name in tile["metadata"])])
    for name in columns:
        if name not in known:
            there = ", ".join(list(known)[:20]) or "none"
            raise UsageError(f"--columns: these tiles have no column {name[:80]!r}; they have: {there}")
    return {name: "" if unit == "1" else unit for name, unit in said.items()}


def _line(name: str, value: Any, unit: str) -> str:
    """Return a value as people read it, with its name and unit."""
    if value is None or value == "":
        return f"{name} –"
    if isinstance(value, bool):
        return f"{name} {'yes' if value else 'no'}"
    text = f"{value:.5g}" if isinstance(value, float) else str(value)
    return f"{name} {text}{f' {unit}' if unit else ''}"


def _all_new(paths: Sequence[Path], contents: Sequence[bytes]) -> None:
    """Write new files, all of them or none. Raises UsageError."""
    made: list[Path] = []
    try:
        for path, content in zip(paths, contents, strict=True):
            with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666), "wb") as file:
                made.append(path)
                file.write(content)
    except OSError as error:
        for each in made:
            each.unlink(missing_ok=True)
        why = f"it cannot be written: {error.strerror}"
        if isinstance(error, FileExistsError):
            why = "it is there already, and nothing is overwritten: choose another name"
        raise UsageError(f"{path}: {why}") from error
