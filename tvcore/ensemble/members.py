"""What an ensemble says of some members: one function with plain values in and out, to be run apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from tvcore.ensemble.reader import open_ensemble


def read_members(path: str, members: Sequence[int | None]) -> dict[str, Any]:
    """Return ``columns`` (the fields of ``Column`` each) and ``rows``: per entry of *members* its values by column.

    Where *members* has None the row is empty. Raises TiledVizError, for a member that is not there too.
    """
    with open_ensemble(path) as ensemble:
        wanted = [member for member in members if member is not None]
        rows = iter(ensemble.rows(wanted))
        return {
            "columns": [asdict(column) for column in ensemble.columns],
            "rows": [{} if member is None else next(rows) for member in members],
        }
