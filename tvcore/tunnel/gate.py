"""``python -m tvcore.tunnel.gate SOCKET``: the one command that a node's key may run through the site's sshd.

It tells the endpoint behind SOCKET where the node comes from, as sshd says, and then moves bytes between the two.
"""

from __future__ import annotations

import os
import socket
import sys
import threading

PIECE = 1 << 17


def _move(source: int, target: int, over: threading.Event) -> None:
    """Move bytes from the file *source* to the file *target* until one of them ends."""
    try:
        while data := os.read(source, PIECE):
            view = memoryview(data)
            while view:
                view = view[os.write(target, view) :]
    except OSError:
        pass
    finally:
        over.set()


def relay(endpoint: int, source: int, target: int) -> None:
    """Move bytes from *source* to *endpoint* and from there to *target*, until either direction ends."""
    over = threading.Event()
    for one, other in ((source, endpoint), (endpoint, target)):
        threading.Thread(target=_move, args=(one, other, over), daemon=True).start()
    over.wait()


def main() -> int:
    """Be the gate; the exit code says whether there was an endpoint."""
    address = os.environ.get("SSH_CONNECTION", "").partition(" ")[0]
    endpoint = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        endpoint.connect(sys.argv[1])
        endpoint.sendall(address.encode() + b"\n")
        relay(endpoint.fileno(), 0, 1)
    except (OSError, IndexError) as error:
        print(f"tiledviz: no tunnel endpoint is here ({error}): `tiledviz up` starts it", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
