"""A folder of its own for what a tile's program writes and nobody keeps, on the disk that the settings name."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tvcore.errors import TiledVizError


@contextmanager
def scratch_folder(base: str, name: str) -> Iterator[dict[str, str]]:
    """Make a 0700 folder in *base* and remove it at the end; yield the variables that lead a program there.

    Without *base* there is none, and no variable. *name* makes the folder's name one that people recognise. Raises
    TiledVizError where it cannot be made.
    """
    if not base:
        yield {}
        return
    try:
        folder = Path(tempfile.mkdtemp(prefix=f"{name}-", dir=base))
    except OSError as error:
        raise TiledVizError(
            f"no folder can be made in {base} on this node ({error.strerror}): see the setting job.scratch"
        ) from error
    try:
        yield {"TMPDIR": str(folder), "TILEDVIZ_SCRATCH": str(folder)}
    finally:
        shutil.rmtree(folder, ignore_errors=True)
