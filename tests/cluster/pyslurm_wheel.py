"""pyslurm for the tests, where somebody brings a wheel of it: ``PYSLURM_SRC``, the wheel's path."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import zipfile
from pathlib import Path

from cluster import Cluster

WHEEL = os.environ.get("PYSLURM_SRC")
# Of the sources in a wheel of pyslurm v24.11.0, one line of sha256sum(1) each, in the order of their names.
PYSLURM_SOURCES = "0e76832b94623f23b5f009033957e67b3e631858d159bb12d7a54e72c15a3d05"
SOURCES = (".h", ".pxd", ".pxi", ".py", ".pyx")


def sources_digest(wheel: Path) -> str:
    """Return the SHA-256 of the list of the sources in *wheel*, each with its own."""
    with zipfile.ZipFile(wheel) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(SOURCES))
        lines = [f"{hashlib.sha256(archive.read(name)).hexdigest()}  {name}\n" for name in names]
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def install(cluster: Cluster, wheel: Path) -> str:
    """Install pyslurm from *wheel* where the login node sees it and return the folder."""
    assert sources_digest(wheel) == PYSLURM_SOURCES, f"{wheel} is not made of the sources of pyslurm v24.11.0"
    name = "pyslurm"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--upgrade"]
    subprocess.run([*pip, "--target", str(cluster.home("tv") / name), str(wheel)], check=True)
    return f"/home/tv/{name}"
