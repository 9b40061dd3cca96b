"""Certificates for tests: an authority of one's own, made anew each time."""

from __future__ import annotations

import datetime
import ipaddress
import select
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


def write_certificate(cert: Path, key: Path, name: str = "localhost", password: bytes | None = None) -> None:
    """Write a certificate for *name*, localhost and 127.0.0.1, which vouches for itself, and its key (0600)."""
    private = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(name), x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(private.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=7))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private, hashes.SHA256())
    )
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    key.touch(0o600)
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, hidden))


class SharedSocket(ssl.SSLSocket):
    """A connection that one thread reads while another writes, as clients of WebSockets do.

    OpenSSL lets one thread at a time use a connection, and CPython 3.11 does not see to that: what was written while
    the server's session tickets were read was lost now and then.
    """

    _one = threading.Lock()

    def recv(self, buflen: int = 1024, flags: int = 0) -> bytes:
        while True:
            with self._at_once(), _unless_it_waits():
                return super().recv(buflen, flags)
            self._wait([self], [])

    def send(self, data: Any, flags: int = 0) -> int:
        while True:
            with self._at_once(), _unless_it_waits():
                return super().send(data, flags)
            self._wait([], [self])

    def settimeout(self, value: float | None) -> None:
        with self._one:
            super().settimeout(value)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """Have the connection alone, and wait for nothing."""
        with self._one:
            timeout = self.gettimeout()
            super().settimeout(0)
            try:
                yield
            finally:
                super().settimeout(timeout)

    def _wait(self, to_read: list[Any], to_write: list[Any]) -> None:
        ready = select.select(to_read, to_write, [], self.gettimeout())
        if not any(ready):
            raise TimeoutError("the other side does nothing")


def _unless_it_waits() -> Any:
    return suppress(ssl.SSLWantReadError, ssl.SSLWantWriteError)


def trusting(cert: Path) -> ssl.SSLContext:
    """Return what a browser has that trusts *cert*."""
    context = ssl.create_default_context(cafile=cert)
    context.sslsocket_class = SharedSocket
    return context
