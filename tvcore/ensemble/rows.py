"""Some members of a file, as plain values: what is called apart (``tvcore.apart``) for a file that others wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tvcore.ensemble.reader import open_ensemble


def read_rows(path: str, members: Sequence[int]) -> dict[str, Any]:
    """Return the ``columns`` of the ensemble *path*, and the ``rows`` of *members*; each column is read once.

    Raises TiledVizError when the file cannot be read, or one of *members* is not there.
    """
    with open_ensemble(Path(path)) as ensemble:
        return {"columns": [asdict(column) for column in ensemble.columns], "rows": ensemble.rows(members)}
