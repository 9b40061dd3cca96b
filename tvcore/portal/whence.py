"""From where a request comes: an address, a Unix user of this machine, or somebody behind a proxy of the settings."""

from __future__ import annotations

import hmac
import ipaddress
import pwd
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tvcore.errors import TiledVizError
from tvcore.secret_file import secret_in
from tvcore.settings import ProxySettings

PEER = "tiledviz.peer"  # in the environ: the uid at the other end of a unix socket
PEER_NAME = "tiledviz.peer_name"  # who is at the other end, as it is counted (``tvcore.portal.peers``)
SECRET_SHORTEST = 32


@dataclass(frozen=True)
class Whence:
    """Where a request comes from: *key* is what is counted together; *proxy*: by one that may say who somebody is.

    *told*: it said from which address, too.
    """

    key: str
    proxy: bool = False
    told: bool = False


def whence(environ: Mapping[str, Any], settings: ProxySettings) -> Whence:
    """Return from where the request with this WSGI *environ* comes; *settings* say which proxies there are.

    A proxy's word on addresses counts as its word on people does. Raises TiledVizError: its secret cannot be read.
    """
    own = str(environ.get(PEER_NAME) or environ.get("REMOTE_ADDR") or "unix socket")
    if not is_proxy(environ, settings):
        return Whence(own)
    # It puts the address of who asks it behind those that were there before, which a stranger may have made up.
    last = environ.get("HTTP_X_FORWARDED_FOR", "").rpartition(",")[2].strip()
    address = _address(last)
    if address is None:
        return Whence(own, True)
    if isinstance(address, ipaddress.IPv6Address):  # who has one has a whole network of them (RFC 6177)
        return Whence(f"by proxy {ipaddress.ip_network(f'{address}/64', strict=False).network_address}", True, True)
    return Whence(f"by proxy {address}", True, True)


def is_proxy(environ: Mapping[str, Any], settings: ProxySettings) -> bool:
    """Return whether a proxy of *settings* sends this request, which says in a header who it is from.

    That is one on the unix socket as a listed user, or from a listed address, that is none of this machine's, with the
    secret. Everybody else may send the same header. Raises TiledVizError: the secret cannot be read.
    """
    uid = environ.get(PEER)
    if uid is not None:
        return uid in uids(settings)
    if not listed(str(environ.get("REMOTE_ADDR") or ""), settings):
        return False
    shown = environ.get("HTTP_" + settings.secret_header.upper().replace("-", "_"), "")
    secret = secret_in(settings.secret_file, "portal.proxy.secret_file").strip()  # as of a header
    if len(secret) < SECRET_SHORTEST:
        raise TiledVizError(
            f"portal.proxy.secret_file: the secret in {settings.secret_file} has fewer than {SECRET_SHORTEST} "
            "characters: `openssl rand -hex 32` makes one"
        )
    return hmac.compare_digest(shown.encode("latin-1", "replace"), secret.encode())


def listed(text: str, settings: ProxySettings) -> bool:
    """Return whether a proxy of *settings* may be at the address *text*: the secret then says whether it is."""
    if not settings.addresses or (address := _address(text)) is None:
        return False
    there = any(address in ipaddress.ip_network(each) for each in settings.addresses)
    return there and not _of_this_machine(address)


def uids(settings: ProxySettings) -> frozenset[int]:
    """Return the numbers of the Unix users whose connections to the unix socket are a proxy's.

    Raises TiledVizError for a name that nobody has.
    """
    return frozenset(map(_uid, settings.uids))


def _uid(user: str) -> int:
    if user.isdecimal():
        return int(user)
    try:
        return pwd.getpwnam(user).pw_uid
    except KeyError:
        raise TiledVizError(f"portal.proxy.uids: there is no Unix user {user} on this machine") from None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def _of_this_machine(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
    """Return whether *address* is one of this machine's: only to such a one can be bound."""
    if address.is_loopback or address.is_unspecified:
        return True
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((str(address), 0))
        except OSError:
            return False
        return True
