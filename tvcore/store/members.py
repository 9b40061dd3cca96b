"""What node agents say of the members of a run while its ensemble is written: put into the rows of the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tvcore.batch.scheduler import JobState
from tvcore.store.follow import change
from tvcore.store.models import TileSetRow


def write_members(tile_set: TileSetRow, node: str, said: Mapping[str, Any]) -> bool:
    """Write what the agent on *node* *said* into *tile_set*; return whether anything changed.

    *said* has ``rows`` (metadata by the tile's index), ``columns`` (None: as before), ``note`` and ``complete``.
    """
    rows = {int(index): row for index, row in said["rows"].items()}
    columns = said["columns"]
    changed = columns is not None and change(tile_set, {"columns": columns})
    for tile in tile_set.tiles if rows else ():
        if tile.index in rows and change(tile, {"metadata_": rows[tile.index]}):
            changed = True
    if changed:
        tile_set.edition += 1
    told_else = change(tile_set, {"note": noted(tile_set.note, node, said["note"]), "complete": said["complete"]})
    return told_else or changed


def noted(note: str, node: str, words: str) -> str:
    """Return *note*, of which each line is one node's, with *words* of *node* in place of what it said before. Pure."""
    others = [line for line in note.split("\n") if line and not line.startswith(f"{node}: ")]
    return "\n".join([*others, *([f"{node}: {' '.join(words.split())}"] if words else [])])


def notices_of(sets: Iterable[TileSetRow]) -> list[str]:
    """Return a line for each of *sets* whose file is followed, was read before, and has something wrong with it now.

    Before anything of it was read, its tiles say what they wait for.
    """
    followed = [found for found in sets if found.complete is not None and found.columns and found.note]
    return [f"{found.title}: {told(found.note)}" for found in followed if not JobState(found.job.state).ended]


def told(note: str) -> str:
    """Return *note* as one line."""
    return note.replace("\n", "; ")
