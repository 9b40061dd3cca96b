"""TLS of the portal's own: a certificate and its key from files, read again when they were renewed."""

from __future__ import annotations

import contextlib
import logging
import os
import ssl
import stat
from pathlib import Path
from typing import Any

import gevent

from tvcore.errors import TiledVizError, UsageError

HANDSHAKE_SECONDS = 10.0
# For TLS 1.2 what keeps its secrets and is not tampered with (RFC 9325, section 4.2); 1.3 has nothing else.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"

log = logging.getLogger(__name__)


class Tls:
    """What encrypts connections with the certificate in *cert* (its chain behind it) and the *key* to it, PEM files.

    Raises TiledVizError when they do not serve, UsageError when others can read the key.
    """

    def __init__(self, cert: Path, key: Path) -> None:
        self._cert, self._key = cert, key
        self._context = _context(cert, key)

    def reload(self) -> None:
        """Read the files again; connections that are there go on. What does not serve is logged, and the old stays."""
        try:
            self._context = _context(self._cert, self._key)
        except TiledVizError as error:
            log.error("the certificate stays as it was: %s", error)
        else:
            log.info("the certificate was read again")

    def wrap(self, connection: Any) -> Any | None:
        """Return *connection*, from now on encrypted, or None: the other side does not speak TLS as it should."""
        with contextlib.suppress(OSError, ValueError), gevent.Timeout(HANDSHAKE_SECONDS, TimeoutError()):
            return self._context.wrap_socket(connection, server_side=True)
        connection.close()
        return None


def _context(cert: Path, key: Path) -> ssl.SSLContext:
    _check_key(key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.set_ciphers(CIPHERS)
    context.set_alpn_protocols(["http/1.1"])
    try:
        # A password would be asked for at the terminal.
        context.load_cert_chain(cert, key, password=lambda: _refuse_password(key))
    except ssl.SSLError as error:
        why = {
            "KEY_VALUES_MISMATCH": f"the key {key} is not that of the certificate {cert}",
            "NO_START_LINE": f"{cert} or {key} is no PEM file",
        }.get(error.reason or "", f"{cert} and {key} do not serve ({error.reason or error})")
        raise TiledVizError(f"TLS: {why}: give the certificate with its chain, and its key, as PEM files") from error
    except OSError as error:
        raise TiledVizError(f"TLS: cannot read {cert}: {error.strerror}") from error
    return context


def _refuse_password(key: Path) -> str:
    raise UsageError(
        f"TLS: the key {key} has a password: `openssl pkey -in {key.name}` writes one without, for a 0600 file"
    )


def _check_key(key: Path) -> None:
    try:
        found = key.stat()
    except OSError as error:
        raise TiledVizError(f"TLS: cannot read the key {key}: {error.strerror}") from error
    if not stat.S_ISREG(found.st_mode) or found.st_uid not in (0, os.getuid()):
        raise UsageError(f"TLS: the key {key} must be a file of yours, or of root")
    # A site's own may be root's, and open to a group of those who serve.
    if found.st_mode & (0o007 if found.st_uid == 0 and os.getuid() != 0 else 0o077):
        raise UsageError(f"TLS: others can read the key {key}: `chmod 600` it")
