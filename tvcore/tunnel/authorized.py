"""The nodes' keys in the owner's ``~/.ssh/authorized_keys``, for sites where nodes come through the site's sshd.

Each is one line that allows one command, the gate to the endpoint, and nothing else (``restrict``; sshd(8)). Lines
end with a mark of this endpoint's; lines without it are never touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import re
import shlex
import stat
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from tvcore import paths
from tvcore.errors import TiledVizError

EXPIRY_SECONDS = 24 * 3600  # at least half of it is left: a job may outlive its line only while it is renewed
_KEY = re.compile(r"ssh-ed25519 [A-Za-z0-9+/]{68}", re.ASCII)


def is_key(text: str) -> bool:
    """Return whether *text* is a public key as nodes make them, and nothing more."""
    return _KEY.fullmatch(text) is not None


def line_for(name: str, key: str, gate: Path, mark: str, now: float) -> str:
    """Return the line that lets the node *name* with *key* come to the unix socket *gate*."""
    if not is_key(key):
        raise TiledVizError(f"the key of {name} is not an ed25519 key: its job cannot be reached, start it again")
    command = shlex.join([sys.executable, "-P", "-m", "tvcore.tunnel.gate", str(gate)])
    if "\n" in command:
        raise TiledVizError(f"a line break in {command!r}: install TiledViz in a folder without one")
    quoted = command.replace("\\", "\\\\").replace('"', '\\"')
    half = EXPIRY_SECONDS // 2
    expiry = time.strftime("%Y%m%d%H%M", time.localtime((int(now) // half + 2) * half))
    return f'restrict,command="{quoted}",expiry-time="{expiry}" {key} {mark} {name}'


class AuthorizedKeys:
    """The lines of one endpoint, known by its public *host_key*, in the file *path*."""

    def __init__(self, path: Path, host_key: str, gate: Path) -> None:
        self._path = path
        self._gate = gate
        self._mark = f"tiledviz-{hashlib.sha256(host_key.encode()).hexdigest()[:16]}"

    def write(self, keys: Mapping[str, str]) -> None:
        """Let the file have a line for each of *keys*, by node, and no other of ours. Raises TiledVizError."""
        ours = [line_for(name, keys[name], self._gate, self._mark, time.time()) for name in sorted(keys)]
        try:
            path = self._path.resolve()  # somebody's link to where it is kept stays one
            if not ours and not path.exists():
                return
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with _locked(path.parent):
                raw = path.read_bytes() if path.exists() else b""
                mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o600
                lines = raw.decode(errors="surrogateescape").splitlines()
                kept = [line for line in lines if f" {self._mark} " not in line]
                wanted = "".join(f"{line}\n" for line in (*kept, *ours)).encode(errors="surrogateescape")
                if wanted != raw and (ours or len(kept) < len(lines)):
                    paths.write_atomic(path, wanted, mode)
        except OSError as error:
            raise TiledVizError(
                f"{self._path} cannot be written ({error.strerror}): nodes cannot log in here"
            ) from error


@contextlib.contextmanager
def _locked(folder: Path) -> Iterator[None]:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        with contextlib.suppress(OSError):  # a file system without locks
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
