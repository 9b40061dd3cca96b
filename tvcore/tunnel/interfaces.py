"""The addresses of this machine, as far as others can reach it."""

from __future__ import annotations

import contextlib
import fcntl
import ipaddress
import socket
import struct
from pathlib import Path

SIOCGIFADDR = 0x8915  # netdevice(7)


def machine_addresses() -> list[str]:
    """Return the IPv4 and then the global IPv6 addresses of this machine, those of the loopback left out."""
    return [text for text in (*_ipv4(), *_ipv6()) if not ipaddress.ip_address(text).is_loopback]


def _ipv4() -> list[str]:
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):  # an interface without one
                answer = fcntl.ioctl(asking.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()))
                found.append(socket.inet_ntoa(answer[20:24]))
    return found


def _ipv6() -> list[str]:
    try:
        lines = Path("/proc/net/if_inet6").read_text().splitlines()
    except OSError:
        return []
    found = [str(ipaddress.IPv6Address(int(line.split()[0], 16))) for line in lines]
    return [text for text in found if not ipaddress.IPv6Address(text).is_link_local]
