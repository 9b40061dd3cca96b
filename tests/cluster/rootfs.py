"""The nodes' file system: a small Debian with Slurm, made once per release and kept.

It lies in ``~/.cache/tiledviz/cluster/RELEASE-ARCHITECTURE-KEY/root`` (``XDG_CACHE_HOME`` counts), where KEY is a hash
of the very command that makes it: whoever changes a package or a step gets a new one. Beside it, ``made.json`` says
what every file looked like when it was done; a file system that is half made or was changed since is made again.
Nodes only read it: what they write lies over it.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from tvcore.container.mirror import this_mirror

USERS = {"tv": 2001, "ann": 2002}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"

BASE = (
    *("slurmctld", "slurmd", "slurm-client", "slurm-wlm-basic-plugins", "munge", "tini"),
    *("openssh-server", "openssh-client", "xauth", "iproute2", "iputils-ping", "procps", "psmisc", "ca-certificates"),
    "python3",  # brings, besides itself, every library that the modules of the host's Python are linked with
)
# The Makefile's TILE_PACKAGES: what draws a tile that runs in no container.
TILES = (
    *("tigervnc-standalone-server", "libgl1", "libglx-mesa0", "libgl1-mesa-dri", "libx11-6", "libxcursor1"),
    "mesa-utils",
)
# fuse2fs and gocryptfs only silence lines of Apptainer's; debootstrap, with wget, is what images are built with.
APPTAINER = (
    *("apptainer", "squashfuse", "fuse-overlayfs", "fuse3", "uidmap", "fakeroot"),
    *("fuse2fs", "gocryptfs", "debootstrap", "wget"),
)


class RootFsError(Exception):
    """The file system could not be made; the text says why and what to do."""


@dataclass(frozen=True)
class Recipe:
    """What goes into the file system of one Debian release; *also* names another suite for what it lacks."""

    suite: str
    packages: tuple[str, ...]
    also: str = ""

    def command(self, folder: str, mirror: str) -> list[str]:
        """Return the command that makes the file system in *folder* from *mirror*."""
        suites = [self.suite, self.also] if self.also else [self.suite]
        command = ["mmdebstrap", "--quiet", "--mode=root", "--variant=minbase"]
        command += [f"--include={','.join(self.packages)}"]
        for option in (
            'Acquire::Check-Valid-Until "false"',
            'Acquire::Languages "none"',
            'Acquire::IndexTargets::deb::DEP-11 { DefaultEnabled "false"; }',
            'APT::Install-Recommends "false"',
        ):
            command.append(f"--aptopt={option}")
        command += [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("man", "doc", "locale")]
        if self.also:  # only what the suite itself has not got
            pin = f"Package: *\\nPin: release n={self.also}\\nPin-Priority: 100\\n"
            command.append(f"--setup-hook=printf '{pin}' > \"$1/etc/apt/preferences.d/also\"")
        for user, number in USERS.items():  # a user without any password is locked, and sshd refuses its keys
            user_add = f"useradd -M -p '*' -d /home/{user} -s /bin/bash -u {number} {user}"
            command.append(f'--customize-hook=chroot "$1" {user_add}')
        left = ("etc/ssh/ssh_host_*", "etc/resolv.conf", "etc/apt/sources.list", "etc/hostname")
        command.append(f'--customize-hook=cd "$1" && rm -f {" ".join(left)}')
        return [*command, self.suite, folder, *(f"deb [signed-by={KEYRING}] {mirror} {name} main" for name in suites)]

    @property
    def key(self) -> str:
        """Name what the file system is made from: same key, same content but for Debian's own updates."""
        return hashlib.sha256(json.dumps(self.command("FOLDER", "MIRROR")).encode()).hexdigest()[:12]


RELEASES = {
    "bookworm": Recipe("bookworm", BASE),
    "trixie": Recipe("trixie", (*BASE, *TILES, *APPTAINER), also="sid"),  # Debian has Apptainer in sid alone
    "sid": Recipe("sid", BASE),
}


def listing(root: Path) -> str:
    """Return a hash of every path below *root* with its type, mode, owner and, for files, size and time of change."""
    total = hashlib.sha256()
    for folder, folders, files in os.walk(root):
        folders.sort()
        for name in sorted([*folders, *files]):
            path = os.path.join(folder, name)
            found = os.lstat(path)
            content = (found.st_size, found.st_mtime_ns) if stat.S_ISREG(found.st_mode) else ()
            what = (os.path.relpath(path, root), found.st_mode, found.st_uid, found.st_gid, *content)
            total.update(repr(what).encode())
    return total.hexdigest()


def install_mmdebstrap() -> None:
    """Install what makes a Debian, where it is missing."""
    if shutil.which("mmdebstrap") and Path(KEYRING).exists():
        return
    install = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "mmdebstrap", "debian-archive-keyring"]
    for command in (["apt-get", "update", "-qq"], install):
        done = subprocess.run(
            command, capture_output=True, text=True, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        )
    if done.returncode:
        raise RootFsError(f"mmdebstrap is not there and apt-get does not install it: {done.stderr.strip()[-500:]}")


def build(recipe: Recipe, root: Path) -> None:
    """Make the file system of *recipe* in the folder *root*, which is new; raise RootFsError with the maker's words."""
    install_mmdebstrap()
    mirror = this_mirror()
    print(
        f"cluster: making the nodes' file system, Debian {recipe.suite} from {mirror} (about a minute, once) ...",
        file=sys.stderr,
        flush=True,
    )
    # A mount namespace of its own: whatever happens, nothing of this machine stays mounted below the folder.
    alone = ["setpriv", "--pdeathsig=KILL", "--", "unshare", "--mount", "--pid", "--fork", "--kill-child=KILL"]
    done = subprocess.run([*alone, *recipe.command(str(root), mirror)], stdin=subprocess.DEVNULL, capture_output=True)
    if done.returncode:
        words = done.stderr.decode(errors="replace").strip()[-2000:]
        raise RootFsError(f"Debian {recipe.suite} could not be made from {mirror}; what mmdebstrap said:\n{words}")


class Cache:
    """The file systems that are kept in one folder, each made by *maker* when it is missing or not as it was."""

    def __init__(self, folder: Path | None = None, maker: Callable[[Recipe, Path], None] = build) -> None:
        self.folder = folder or platformdirs.user_cache_path("tiledviz") / "cluster"
        self._maker = maker

    def place(self, recipe: Recipe) -> Path:
        """Return the folder of this recipe's file system, made or not."""
        return self.folder / f"{recipe.suite}-{os.uname().machine}-{recipe.key}"

    @contextlib.contextmanager
    def use(self, recipe: Recipe) -> Iterator[tuple[Path, int]]:
        """Give the root of the file system, made now where need be, and a file that keeps it while anybody has it open.

        Others who want it meanwhile wait. Raises RootFsError when it cannot be made, or is damaged while a running
        cluster uses it.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        place = self.place(recipe)
        with (self.folder / f"{recipe.suite}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._remove_others(recipe)
            if not self.sound(place):
                self._make(recipe, place)
            descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
            fcntl.flock(descriptor, fcntl.LOCK_SH)
        try:
            yield place / "root", descriptor
        finally:
            os.close(descriptor)

    def sound(self, place: Path) -> bool:
        """Return whether the file system there is done, and as it was then."""
        try:
            made = json.loads((place / "made.json").read_text())
        except (OSError, ValueError):
            return False
        return isinstance(made, dict) and made.get("listing") == listing(place / "root")

    def _make(self, recipe: Recipe, place: Path) -> None:
        if place.exists():
            print(f"cluster: {place} is not as it was made; making it again", file=sys.stderr, flush=True)
            if not removed(place):
                raise RootFsError(f"{place} is damaged, and a running cluster uses it: end that one, then try again")
        part = place.with_name(f"{place.name}.part")
        part.mkdir()
        self._maker(recipe, part / "root")
        (part / "made.json").write_text(json.dumps({"suite": recipe.suite, "listing": listing(part / "root")}) + "\n")
        part.rename(place)

    def _remove_others(self, recipe: Recipe) -> None:
        """Remove what this recipe's file system was made from earlier, and what was never finished."""
        for place in self.folder.glob(f"{recipe.suite}-*"):
            if place != self.place(recipe):
                removed(place)


def removed(place: Path) -> bool:
    """Remove a kept file system and return True; False, and nothing done, while a running cluster uses it."""
    descriptor = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(place)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
