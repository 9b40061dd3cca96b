"""What of this machine the nodes see, so that TiledViz runs in them as it is installed here.

That is the repository, the virtual environment and the Python below it, each read-only at its own path.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
SHARED_PREFIXES = ("/usr", "/usr/local")  # where a Python has its files among others': only its own are taken


def interpreter() -> Path:
    """Return the executable that this process runs, whatever links lead to it."""
    return Path(os.path.realpath(sys.executable))


def base_python() -> Iterator[Path]:
    """Yield the files and folders of the Python that this process runs, without a virtual environment's."""
    if sys.base_prefix not in SHARED_PREFIXES:
        yield Path(sys.base_prefix)
        return
    yield interpreter()
    base = {"base": sys.base_prefix, "platbase": sys.base_exec_prefix, "installed_base": sys.base_prefix}
    yield from {Path(sysconfig.get_path(name, vars=base)) for name in ("stdlib", "platstdlib")}
    library = re.search(r"/\S*/libpython3\.\d+\.so\S*", Path("/proc/self/maps").read_text())
    if library:
        yield Path(library[0])


def binds(scratch: Path, rootfs: Path) -> list[tuple[Path, Path]]:
    """Return what to show in a node, as pairs (here, there), in the order to mount them.

    *scratch* is a folder of the cluster's own. What the file system *rootfs* already has at the same path stays its
    own: a Debian with this very version of Python.
    """
    paths = [REPOSITORY]
    prefix = Path(sys.prefix)
    if sys.prefix != sys.base_prefix and not prefix.is_relative_to(REPOSITORY):
        paths.append(prefix)
    paths += [path for path in base_python() if not Path(f"{rootfs}{path}").exists()]
    pairs = [(path, path) for path in paths]
    if sys.prefix != sys.base_prefix:
        pairs.append((relinked(prefix / "bin", scratch / "venv-bin"), prefix / "bin"))
    return pairs


def relinked(folder: Path, copy: Path) -> Path:
    """Copy a virtual environment's programs; its links to Python go straight to the one that this process runs.

    The link of an environment goes to, say, /usr/bin/python3, which in a node is another version.
    """
    shutil.copytree(folder, copy, symlinks=True)
    for path in copy.glob("python*"):
        if path.is_symlink():
            path.unlink()
            path.symlink_to(interpreter())
    return copy
