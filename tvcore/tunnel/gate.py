"""``python -m tvcore.tunnel.gate SOCKET``: the one command that a node's key may run through the site's sshd.

It tells the endpoint behind SOCKET where the node comes from, as sshd says, and then moves bytes between the two.
"""

from __future__ import annotations

import os
import selectors
import socket
import sys

PIECE = 1 << 17


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def relay(endpoint: socket.socket, source: int, target: int) -> None:
    """Move bytes from the file *source* to *endpoint* and back to the file *target*, until one side ends."""
    other = {source: endpoint.fileno(), endpoint.fileno(): target}
    with selectors.DefaultSelector() as selector:
        for handle in other:
            selector.register(handle, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if not (data := os.read(key.fd, PIECE)):
                    return
                _write_all(other[key.fd], data)


def main() -> int:
    """Be the gate; the exit code says whether there was an endpoint."""
    address = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    endpoint = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        endpoint.connect(sys.argv[1])
        endpoint.sendall(address.encode() + b"\n")
        relay(endpoint, 0, 1)
    except (OSError, IndexError) as error:
        print(f"tiledviz: no tunnel endpoint is here ({error}): `tiledviz up` starts it", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
