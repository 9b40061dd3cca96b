"""How the portal listens, and by which addresses it is reached: the command line's word over the settings'."""

from __future__ import annotations

import grp
from dataclasses import dataclass
from pathlib import Path

from tvcore.errors import UsageError
from tvcore.portal.hosts import read_url
from tvcore.portal.instance import DEFAULT_PORT
from tvcore.portal.listen import chosen_socket, default_socket
from tvcore.portal.whence import uids
from tvcore.settings import PortalSettings

LOCAL = "127.0.0.1"


@dataclass(frozen=True)
class Options:
    """Where the portal listens: on *host* and *port* (None: on no port), and on the unix socket *path* (None: on none).

    Without a *host*, *port* is the one from which ssh leads to the socket, on the person's own machine. *public_hosts*
    are further ``HOST[:PORT]`` by which browsers reach it, *public_url* the address by which a reverse proxy serves it.
    With *cert* and *key* it speaks TLS on its port, and *redirect*, another port, leads there from plain http.
    *group* reaches the socket besides us, for the users *proxies*.
    """

    host: str | None = LOCAL
    port: int = DEFAULT_PORT
    path: Path | None = None
    public_hosts: tuple[str, ...] = ()
    public_url: str = ""
    cert: Path | None = None
    key: Path | None = None
    redirect: int = 0
    hsts_days: int = 0
    group: int | None = None
    proxies: frozenset[int] = frozenset()
    connections: int = 256
    requests: int = 100

    def __post_init__(self) -> None:
        if self.path is not None and self.host is None and self.port == 0:
            raise UsageError(
                "--port 0 with --socket: name the port of your own machine from which ssh leads to the socket"
            )
        if (self.cert is None) != (self.key is None):
            raise UsageError("--tls-cert and --tls-key go together: give both files")
        if self.cert is not None and self.host is None:
            raise UsageError("--tls-cert with --socket alone: ssh encrypts there; give --host too to listen on a port")
        if self.redirect and self.cert is None:
            raise UsageError("--http-redirect leads to https: give --tls-cert and --tls-key too")
        if self.redirect and self.redirect == self.port:
            raise UsageError(f"--http-redirect {self.redirect}: this is the port of https: give another")
        if self.public_url:
            read_url(self.public_url)


def group_id(name: str) -> int | None:
    """Return the id of the Unix group *name* (or number), None for an empty one. Raises UsageError."""
    if not name:
        return None
    try:
        return int(name) if name.isdecimal() else grp.getgrnam(name).gr_gid
    except KeyError:
        raise UsageError(f"portal.web.socket_group: there is no Unix group {name} on this machine") from None


def socket_at(path: str, settings: PortalSettings) -> Path:
    """Return where the portal's unix socket is: at *path*, or where it is when that is empty. Raises UsageError."""
    group = group_id(settings.web.socket_group)
    if path:
        return chosen_socket(Path(path), group)
    if group is not None:
        raise UsageError("portal.web.socket_group: name a --socket PATH in a folder that this group can go through")
    return default_socket()


def options_of(settings: PortalSettings, **given: object) -> Options:
    """Return what *settings* say, under what is *given* on the command line (None and empty: it says nothing)."""
    web = settings.web
    said: dict[str, object] = {
        "public_url": web.public_url,
        "cert": Path(web.tls_cert) if web.tls_cert else None,
        "key": Path(web.tls_key) if web.tls_key else None,
        "redirect": web.http_redirect,
    }
    said |= {name: value for name, value in given.items() if name == "host" or value not in (None, "", ())}
    if said["cert"] is None or given.get("host") is None:
        # The settings are for when there is a port.
        said |= {name: given.get(name) for name in ("cert", "key")} if given.get("host") is None else {}
        said["redirect"] = given.get("redirect") or 0
    proxies, group = uids(settings.proxy), group_id(web.socket_group)
    if group is not None and not proxies:
        raise UsageError(
            "portal.web.socket_group opens the socket to proxies: name their users as portal.proxy.uids too"
        )
    return Options(
        hsts_days=web.hsts_days, connections=web.connections, requests=web.requests, proxies=proxies, group=group,
        **said,  # type: ignore[arg-type]
    )  # fmt: skip
