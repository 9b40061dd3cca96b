"""The images of tiles on the test cluster, built once by an ordinary user in its login node, and kept.

They lie in ``~/.cache/tiledviz/images/KEY`` (``XDG_CACHE_HOME`` counts), where KEY is a hash of what they are made
from: their definitions and the nodes' file system. What is there is used as long as each image's digest is what its
sidecar says.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import platformdirs
import pytest

import rootfs
from cluster import LOGIN, Cluster, tiledviz_path
from tvcore.container.images import sha256

NAMES = ("tile", "vtk", "paraview")
FOLDER = Path("/home/tv/images")  # in the nodes
DEFINITIONS = Path(__file__).resolve().parents[2] / "singularity_defs"
BUILD_SECONDS = 900.0
OPTIONS = ("--set", f"images.folder={FOLDER}", "--set", "container=apptainer")


def tiledviz_online(
    cluster: Cluster, *arguments: str, timeout: float = BUILD_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run ``tiledviz`` as the user tv in the login node, but in this machine's network, where Debian's packages are."""
    cluster.run(LOGIN, ["tee", "/etc/resolv.conf"], input=Path("/etc/resolv.conf").read_text())
    command = cluster.command(LOGIN, [tiledviz_path(), *arguments], "tv", {"LC_ALL": "C.UTF-8"})
    command.remove("-n")
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=timeout, stdin=subprocess.DEVNULL)
    finally:
        cluster.run(LOGIN, ["tee", "/etc/resolv.conf"], input="")


def key(names: Sequence[str] = NAMES) -> str:
    """Name what the images are made from."""
    said = {name: (DEFINITIONS / f"{name}.def").read_text() for name in names}
    said["root"] = rootfs.RELEASES["trixie"].key
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()[:12]


def sound(folder: Path) -> bool:
    """Return whether *folder* has all images, each with the digest that its sidecar says."""
    try:
        for name in NAMES:
            said = json.loads((folder / f"{name}.json").read_text())
            if said["digest"] != sha256(folder / f"{name}.sif"):
                return False
    except (OSError, ValueError, LookupError, TypeError):
        return False
    return True


def provide(cluster: Cluster, cache: Path | None = None) -> dict[str, Path]:
    """Put the images into the cluster, built now where need be; return their paths in the nodes."""
    cache = cache or platformdirs.user_cache_path("tiledviz") / "images"
    cache.mkdir(parents=True, exist_ok=True)
    there = cluster.home("tv") / FOLDER.relative_to("/home/tv")
    place = cache / key()
    with (cache / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not sound(place):
            print("cluster: building the images of tiles (some minutes, once) ...", file=sys.stderr, flush=True)
            shutil.rmtree(there, ignore_errors=True)
            for name in NAMES[1:]:  # the first is what the others are made on
                built = tiledviz_online(cluster, "image", "build", name, *OPTIONS)
                assert built.returncode == 0, built.stderr
            part = cache / "part"
            shutil.rmtree(part, ignore_errors=True)
            _take(there, part)
            for old in cache.iterdir():
                if old.is_dir() and old != part:
                    shutil.rmtree(old)
            part.rename(place)
        else:
            _take(place, there)
    owner = cluster.home("tv").stat()
    for path in (there, *there.iterdir()):
        os.chown(path, owner.st_uid, owner.st_gid)
    return {name: FOLDER / f"{name}.sif" for name in NAMES}


def _take(source: Path, target: Path) -> None:
    """Copy images and sidecars; what is copied keeps the times that the sidecars name."""
    target.mkdir(mode=0o755, exist_ok=True)
    for name in NAMES:
        for path in (source / f"{name}.sif", source / f"{name}.json"):
            shutil.copy2(path, target / path.name)


@pytest.fixture(scope="session")
def tile_images(cluster: Cluster) -> dict[str, Path]:
    """Return where the nodes see the images of TiledViz."""
    return provide(cluster)
