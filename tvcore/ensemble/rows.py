"""Some members of a file, as plain values: what is called apart (``tvcore.apart``) for a file that others wrote."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tvcore.ensemble.reader import open_ensemble
from tvcore.ensemble.schema import Value


def read_rows(path: str, members: Sequence[int]) -> dict[str, Any]:
    """Return the ``columns`` of the ensemble *path*, and the ``rows`` of *members*; each column is read once.

    Raises TiledVizError when the file cannot be read, or one of *members* is not there.
    """
    with open_ensemble(Path(path)) as ensemble:
        rows = [plain(row) for row in ensemble.rows(members)]
        return {"columns": [asdict(column) for column in ensemble.columns], "rows": rows}


def plain(row: Mapping[str, Value]) -> dict[str, Value | None]:
    """Return *row* with None for numbers that JSON has not: a value that is missing, or infinite."""
    return {
        name: None if isinstance(value, float) and not math.isfinite(value) else value for name, value in row.items()
    }
