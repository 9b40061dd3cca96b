"""Who is at the other end of a connection: on this machine the kernel knows the Unix user, elsewhere it is an address.

On a login node all come from 127.0.0.1, so that what is counted by address alone would be counted for all together.
"""

from __future__ import annotations

import contextlib
import ipaddress
import os
import socket
import struct
from dataclasses import dataclass
from typing import Any

_SOCK_DIAG_BY_FAMILY = 20  # linux/sock_diag.h
_NLMSG_ERROR = 2  # linux/netlink.h
_NLM_F_REQUEST = 1
_NETLINK_SOCK_DIAG = 4
_ALL_STATES = 0xFFFFFFFF
_NO_COOKIE = 0xFFFFFFFF
_HEADER = struct.Struct("=IHHII")
_REQUEST = struct.Struct("=BBBBI")  # inet_diag_req_v2 without its inet_diag_sockid
_ID = struct.Struct("!HH16s16s")
_ID_REST = struct.Struct("=III")
_UID_AT = 4 + 48 + 12  # of an inet_diag_msg: family and so on, inet_diag_sockid, expires and queues
_ANSWER_BYTES = 4096


@dataclass(frozen=True)
class Peer:
    """The other end of a connection: on a *unix* socket or of this machine its *uid*, if that is known."""

    unix: bool
    uid: int | None
    address: str = ""

    @property
    def name(self) -> str:
        """What is counted together."""
        return f"uid {self.uid}" if self.uid is not None else self.address

    @property
    def ours(self) -> bool:
        """Whether it is our own Unix user, or root; an sshd forwards as the user who logged in."""
        return self.uid in (0, os.getuid())


def peer_of(connection: Any) -> Peer:
    """Return who is at the other end of *connection*, a socket that was accepted. Raises OSError: it is gone."""
    if connection.family == socket.AF_UNIX:
        size = struct.calcsize("3i")
        # SO_PEERCRED, unix(7): as it was when the connection was made
        _, uid, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
        return Peer(True, uid)
    here, there = connection.getsockname(), connection.getpeername()
    address = ipaddress.ip_address(there[0].partition("%")[0])
    # Between addresses of this machine both are its own: loopback ones, or the same one twice.
    local = address.is_loopback or here[0] == there[0]
    uid = _uid_of(connection.family, there, here) if local else None
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            address = address.ipv4_mapped
        elif not local:  # who has one has a whole network of them (RFC 6177)
            return Peer(False, uid, str(ipaddress.ip_network(f"{address}/64", strict=False).network_address))
    return Peer(False, uid, str(address))


def _uid_of(family: int, source: Any, target: Any) -> int | None:
    """Return the user whose TCP socket leads from *source* to *target*, both of this machine (sock_diag(7))."""
    with contextlib.suppress(OSError, struct.error):
        ends = [socket.inet_pton(family, end[0].partition("%")[0]).ljust(16, b"\0") for end in (source, target)]
        wanted = _ID.pack(source[1], target[1], *ends) + _ID_REST.pack(0, _NO_COOKIE, _NO_COOKIE)
        request = _REQUEST.pack(family, socket.IPPROTO_TCP, 0, 0, _ALL_STATES) + wanted
        length = _HEADER.size + len(request)
        with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, _NETLINK_SOCK_DIAG) as asking:
            asking.settimeout(1)
            asking.send(_HEADER.pack(length, _SOCK_DIAG_BY_FAMILY, _NLM_F_REQUEST, 1, 0) + request)
            answer = asking.recv(_ANSWER_BYTES)
        if _HEADER.unpack_from(answer)[1] == _SOCK_DIAG_BY_FAMILY:
            uid, inode = struct.unpack_from("=II", answer, _HEADER.size + _UID_AT)
            # One that its process has closed belongs to nobody any more, and nobody's is told as root's.
            return int(uid) if inode else None
    return None
