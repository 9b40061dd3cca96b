"""The key with which the store's secrets are encrypted that must be read again: a file of the state folder, 0600.

A copy of the store alone, as a backup is one, gives nobody the codes of anyone's authenticator.
"""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken

from tvcore import paths
from tvcore.errors import TiledVizError

FILE = "secret.key"


def seal(text: str) -> str:
    """Return *text*, encrypted (Fernet); the key is made when there is none. Raises TiledVizError."""
    return _fernet(make=True).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what ``seal`` made of a text. Raises TiledVizError: the key is missing, or another."""
    try:
        return _fernet(make=False).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise TiledVizError(
            f"{_file()} is not the key with which this was encrypted: put back the file that belongs to this store"
        ) from error


def _file() -> Path:
    return paths.state_dir() / FILE


def _fernet(make: bool) -> Fernet:
    path = _file()
    if make and not path.exists():
        _make(path)
    try:
        found = path.lstat()
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise TiledVizError(f"{path} must be a file of yours that nobody else reads: `chmod 600` it")
        return Fernet(path.read_bytes().strip())
    except FileNotFoundError as error:
        raise TiledVizError(f"{path} is missing: put back the file that belongs to this store") from error
    except (OSError, ValueError) as error:
        raise TiledVizError(f"{path} is not a key: put back the file that belongs to this store") from error


def _make(path: Path) -> None:
    """Write a new key, whole at once; another process may be first."""
    new = path.with_name(f".{FILE}.{os.getpid()}")
    try:
        with os.fdopen(os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            file.write(Fernet.generate_key() + b"\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(new, path)
    except OSError as error:
        raise TiledVizError(f"cannot write {path}: {error.strerror}") from error
    finally:
        new.unlink(missing_ok=True)
