"""The endpoint's host key: made once, kept over restarts, so that node agents need not learn a new one."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import paramiko
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tvcore import paths
from tvcore.errors import TiledVizError


def host_key(folder: Path) -> paramiko.Ed25519Key:
    """Return the key in *folder*, made at the first call. Raises TiledVizError for one that others could read."""
    path = folder / "host_key"
    if not os.path.lexists(path):
        paths.write_atomic(
            path,
            Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.OpenSSH, serialization.NoEncryption()
            ),
        )
    found = path.lstat()
    if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise TiledVizError(
            f"the tunnels' host key {path} is not a file of yours alone: remove it, and a new one is made"
        )
    try:
        return paramiko.Ed25519Key(filename=str(path))
    except (paramiko.SSHException, ValueError, OSError) as error:
        raise TiledVizError(
            f"the tunnels' host key {path} cannot be read ({error}): remove it, and a new one is made"
        ) from error


def public_half(key: paramiko.PKey) -> str:
    """Return ``TYPE BASE64`` of *key*."""
    return f"{key.get_name()} {key.get_base64()}"
