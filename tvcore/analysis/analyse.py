"""What a person does: an analysis of the tiles of a session, recorded as columns and tags by one act."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from tvcore import __version__, apart
from tvcore.analysis import COLUMNS_MAX, Method
from tvcore.analysis.made import Made, path_of, quoted
from tvcore.errors import TiledVizError, UsageError
from tvcore.planning import silent
from tvcore.portal.roles import Role
from tvcore.searching import Searched
from tvcore.session.document import Document
from tvcore.session.rules import WHOLE, RefusedError
from tvcore.store import Store

if TYPE_CHECKING:  # NumPy is loaded by those who analyse
    from tvcore.ensemble.table import MemberTable
    from tvcore.ensemble.values import Mask

WORDS: Mapping[str, str] = {
    "kmeans": "k-means", "pca": "PCA", "tsne": "t-SNE", "outliers": "outliers", "nearest": "nearest tiles"
}  # fmt: skip
NAMES: Mapping[str, str] = {
    "kmeans": "cluster", "pca": "pca", "tsne": "tsne", "outliers": "outlier", "nearest": "distance"
}  # fmt: skip
NAME = re.compile(r"[^\W\d_][\w.-]{0,39}")
RESERVED = frozenset({"title", "tags", "tag", "state", "node", "case", "job", "note", "and", "or", "not", "in"})
CELLS_MAX = 8_000_000  # numbers that are looked at together
SECONDS = 170.0
MEMORY = 3 << 30  # bytes of address space: scikit-learn's libraries alone take one of them
SHARE_LEAST = 0.5  # of the tiles that have a value in a column that is taken by itself
HOW_MOST = 2000

Report = Callable[[float, str], None]


@dataclass(frozen=True)
class Asked:
    """An analysis: *columns* by name, none for all numbers; *query* finds the tiles, empty: all.

    *k* is for k-means, None: a number of groups that is proposed; for the nearest, how many are listed. *tile* is whose
    nearest are wanted. *name* is what comes of it is called, empty: as its method has it.
    """

    method: Method
    columns: Sequence[str] = ()
    query: str = ""
    k: int | None = None
    seed: int = 0
    tile: int | None = None
    name: str = ""


@dataclass(frozen=True)
class Whose:
    """Who asks: the *person* of the session's document, their *role*, and *called* what."""

    person: str
    role: Role
    called: str


@dataclass(frozen=True)
class _Column:
    """What is recorded: the *values* by tile, numbers or texts, and the tags it gives (``Made.tagged``)."""

    name: str
    values: Mapping[int, float | str]
    tagged: float | Literal["values"] | None = None


def analyse(store: Store, asked: Asked, session: str, whose: Whose, report: Report = silent) -> dict[str, Any]:
    """Do what is *asked* with the tiles of *session*, and record it by one act of *whose*; return what came of it.

    ``made`` are the columns that it is recorded in, ``how`` says how they were made, ``tiles`` of how many there is
    something, ``said`` what is to be known besides, ``columns`` what it is over; the rest is the method's own:
    ``compute`` has them. Raises UsageError, QueryError, TiledVizError, and RefusedError: whoever asks may not.
    """
    document = store.rooms.document(session)
    tiles = store.tiles(session=session)
    if not tiles:
        raise UsageError("there is no tile on this wall yet: launch a case, or import a tile set")
    searched = Searched(tiles, document)
    table = searched.members([(tile["state"], tile["node"]) for tile in tiles])
    mask = table.filter(asked.query)
    if not mask.any():
        raise UsageError("no tile is found by this search: there is nothing to analyse")
    base = _name(asked, table, document)
    names, said = _columns(asked, table, mask, searched.made)
    if asked.method == "nearest":
        found, columns = _nearest(asked, searched, table, mask, names, base)
    else:
        found, columns = _computed(asked, searched, table, mask, names, base, report)
    found["said"] = said + found["said"]
    how = _how(asked, found, whose)
    _record(store, session, whose, document, columns, how)
    titles = {tile["id"]: tile["title"] for tile in tiles}
    for each in (*found.get("outliers", ()), *found.get("near", ())):
        each["title"] = titles[each["tile"]]
    recorded = {"made": [column.name for column in columns], "how": how, "tiles": len(columns[0].values)}
    return {"method": asked.method, **recorded, **found}


# --------------------------------------------------------------------- what of it


def _name(asked: Asked, table: MemberTable, document: Document) -> str:
    """Return what comes of it is called. Raises UsageError: there is such a column, and no analysis made it."""
    name = asked.name or NAMES[asked.method]
    if not NAME.fullmatch(name) or name.casefold() in RESERVED:
        raise UsageError(f"{name[:60]!r} names no column: a letter, then letters, digits, `_`, `.` and `-`, 40 at most")
    made = Made(document).columns
    given = {each.casefold() for each in table if each not in made}
    for each in _called(asked.method, name):
        if each.casefold() in given:
            raise UsageError(f"there is a column {each} already, which the tiles have by themselves: take another name")
    return name


def _called(method: str, base: str) -> list[str]:
    return [f"{base}_1", f"{base}_2"] if method in ("pca", "tsne") else [base]


def _columns(asked: Asked, table: MemberTable, mask: Mask, made: Made) -> tuple[list[str], list[str]]:
    """Return the columns that are looked at, and what is to be said of that. Raises UsageError."""
    import numpy as np

    if asked.columns:
        chosen = list(dict.fromkeys(table.found(name)[0] for name in asked.columns))
        for name in chosen:
            if name == "tags" or table[name].kind != "number":
                raise UsageError(f"{name} is no column of numbers")
        few: list[str] = []
    else:
        numbers = [name for name, values in table.items() if values.kind == "number" and name not in made.columns]
        if not numbers:
            raise UsageError("these tiles have no column of numbers, which an analysis is of")
        count = int(mask.sum())
        there = {name: int(np.isfinite(table[name].numbers[mask]).sum()) for name in sorted(numbers)}
        chosen = [name for name, values in there.items() if values >= SHARE_LEAST * count]
        few = [name for name in there if name not in chosen]
        if not chosen:
            raise UsageError("no column of numbers has a value in half of these tiles: choose columns, or tiles")
    if len(chosen) > COLUMNS_MAX or len(chosen) * int(mask.sum()) > CELLS_MAX:
        raise UsageError(
            f"{len(chosen)} columns of {int(mask.sum())} tiles are too many to look at together (at most {COLUMNS_MAX} "
            f"columns, and {CELLS_MAX} values): choose fewer columns, or search for fewer tiles"
        )
    less = ", ".join(few[:8]) + (f" and {len(few) - 8} more" if len(few) > 8 else "")
    return chosen, [f"left out, as more than half of the tiles lack it: {less}"] if few else []


def _computed(
    asked: Asked, searched: Searched, table: MemberTable, mask: Mask, names: list[str], base: str, report: Report
) -> tuple[dict[str, Any], list[_Column]]:
    import numpy as np

    from tvcore.analysis.compute import packed

    data = packed(np.column_stack([table[name].numbers[mask].astype(np.float64) for name in names]))
    about = f"{WORDS[asked.method]} of {int(mask.sum())} tiles"
    arguments = {"method": asked.method, "names": names, "data": data, "k": asked.k, "seed": asked.seed}
    try:
        found = apart.call(
            "tvcore.analysis.compute:compute", arguments, what=about, report=report, seconds=SECONDS, total=SECONDS,
            memory=MEMORY,
        )  # fmt: skip
    except apart.ApartError as error:
        raise _given_up(error, about) from error
    chosen = [searched.ids[row] for row in np.flatnonzero(mask)]
    ids = [chosen[row] for row in found.pop("rows")]
    values = found.pop("values")
    for each in found.get("outliers", ()):
        each["tile"] = chosen[each.pop("row")]
    if asked.method == "kmeans":
        for number, group in enumerate(found["groups"], 1):
            group["name"] = f"{base}-{number}"
        column = _Column(base, {i: f"{base}-{label}" for i, label in zip(ids, values[0], strict=True)}, "values")
        return found | {"columns": found.pop("used")}, [column]
    tagged = found["beyond"] if asked.method == "outliers" else None
    columns = [
        _Column(name, dict(zip(ids, of, strict=True)), tagged)
        for name, of in zip(_called(asked.method, base), values, strict=True)
    ]
    return found | {"columns": found.pop("used")}, columns


def _given_up(error: apart.ApartError, about: str) -> TiledVizError:
    why = {
        "time": f"took longer than {SECONDS:g} s and was given up",
        "memory": f"needs more than {MEMORY >> 30} GiB of memory, which is more than it may have",
    }
    if error.how not in why:
        return TiledVizError(f"{about}: its process was lost ({error.how}): try again")
    return TiledVizError(f"{about} {why[error.how]}: choose fewer columns, or search for fewer tiles")


def _nearest(
    asked: Asked, searched: Searched, table: MemberTable, mask: Mask, names: list[str], base: str
) -> tuple[dict[str, Any], list[_Column]]:
    if asked.tile not in searched.ids:
        which = "of which tile" if asked.tile is None else f"there is no tile {asked.tile}"
        raise UsageError(f"{which}: the nearest are wanted of one that is on the wall")
    row = searched.ids.index(asked.tile)
    used = [name for name in names if table[name].numbers[row] == table[name].numbers[row]]
    if not used:
        raise UsageError(f"tile {asked.tile} has no value in any of these columns, by which others could be near")
    rows, distances = table.nearest(row, table.count, used, mask)
    near = [(searched.ids[row], distance) for row, distance in zip(rows, distances, strict=True) if distance < 1e300]
    column = _Column(base, {asked.tile: 0.0, **dict(near)})
    listed = [{"tile": tile, "distance": distance} for tile, distance in near[: asked.k or 10]]
    return {"near": listed, "tile": asked.tile, "columns": used, "said": []}, [column]


# ------------------------------------------------------------------- recording it


def _how(asked: Asked, found: Mapping[str, Any], whose: Whose) -> str:
    """Return how columns were made, in one line: method, columns, parameters, when, by whom, and what by."""
    names = found["columns"]
    over = ", ".join(names[:12]) + (f" and {len(names) - 12} more" if len(names) > 12 else "")
    match asked.method:
        case "kmeans":
            chosen = "proposed by its silhouette" if asked.k is None else "as asked for"
            what = f"k-means, {found['k']} groups ({chosen}), over {over}, standardised, seed {asked.seed}"
        case "pca":
            shares = " and ".join(f"{100 * share:.1f} %" for share in found["shares"])
            what = f"PCA over {over}, standardised: {shares} of the variance"
        case "tsne":
            what = f"t-SNE over {over}, standardised, seed {asked.seed}"
        case "outliers":
            what = f"the greatest modified z-score (median and MAD) over {over}; beyond {found['beyond']:g} an outlier"
        case _:
            what = f"distance from tile {asked.tile} over {over}, in standard deviations"
    of = f", of the tiles {asked.query.strip()!r}" if asked.query.strip() else ""
    at = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime())
    return f"{what}{of}; {at}, by {whose.called}, TiledViz {__version__}"[:HOW_MOST]


def _record(store: Store, session: str, whose: Whose, document: Document, columns: Sequence[_Column], how: str) -> None:
    """Have the *columns*, and the tags they give, in the session's document, by one act. Raises RefusedError."""
    sets: dict[str, Any] = {}
    for column in columns:
        before = document.get(path_of(column.name))
        for tile, tag in _tags(column.name, before["values"], before["tagged"]) if before else ():
            path = f"tags/{tile}/{quoted(tag)}"
            if document.get(path) is True:
                sets[path] = None
        values = [[tile, value] for tile, value in column.values.items()]
        for tile, tag in _tags(column.name, values, column.tagged):
            sets[f"tags/{tile}/{quoted(tag)}"] = True
        sets[path_of(column.name)] = {"how": how, "unit": "", "values": values, "tagged": column.tagged}
    op = {"id": f"analysis-{secrets.token_hex(8)}", "label": "analysis", "set": [list(each) for each in sets.items()]}
    (done,) = store.rooms.append(session, whose.person, whose.role, [op], WHOLE)
    if "refused" in done:
        raise RefusedError(done["why"])


def _tags(name: str, values: Sequence[Sequence[Any]], tagged: float | str | None) -> list[tuple[int, str]]:
    if tagged == "values":
        return [(tile, value) for tile, value in values]
    return [] if tagged is None else [(tile, name) for tile, value in values if value > tagged]
