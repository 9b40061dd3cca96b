"""Tells the viewer of this tile something, from within the tile: a line of JSON there, one back.

    python -P -m tvcore.viewer.tell isovalue value=0.3
    python -P -m tvcore.viewer.tell < line-of-json

With words, it prints what came of it, or why nothing did and exits with 1; a value is JSON where it can be read so,
else text. Without, it prints the answer as it is: ``{"ok": {...}}`` or ``{"error": "..."}``. It needs nothing but
Python, so that its text may be run where TiledViz is not installed (``tvcore.viewer.asking``).

The viewer listens on a unix socket, 0600, in the folder ``own`` beside the display's cookie: the tile's, 0700, and the
one of it that a program may write to. The key that it wants comes from the cookie, which other users and other tiles
cannot read; each side sees that the other is of its user.
"""

from __future__ import annotations

import hashlib
import json
import os
import socket
import struct
import sys
from collections.abc import Callable, Sequence
from typing import Any

OWN = "own"  # folder of a tile that its program may write to
LINE_MAX = 1 << 20  # bytes
SECONDS = 3600.0  # that an answer may take: whoever asks has a limit of his own
NOBODY = "no viewer listens in this tile: its program is not up yet, or is none that takes orders"


def place() -> tuple[str, str]:
    """Return the path of the socket and the key to it, empty ones where this display has no cookie."""
    cookie = os.path.abspath(os.environ.get("XAUTHORITY", ""))
    try:
        with open(cookie, "rb") as file:
            digest = hashlib.sha256(b"tiledviz viewer\n" + file.read(1 << 16)).hexdigest()
    except OSError:
        return "", ""
    return os.path.join(os.path.dirname(cookie), OWN, "viewer"), digest[32:]


def reach(path: str, use: Callable[[str], Any]) -> Any:
    """Return what *use*, bind or connect, returns for the socket *path*, which may be longer than 108 bytes (unix(7)).

    Raises OSError.
    """
    folder = os.open(os.path.dirname(path), os.O_RDONLY | os.O_DIRECTORY)
    try:
        return use(f"/proc/self/fd/{folder}/{os.path.basename(path)}")
    finally:
        os.close(folder)


def same_user(connection: socket.socket) -> bool:
    """Return whether the other side of *connection* is a process of our user."""
    size = struct.calcsize("3i")
    _, user, _ = struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size))
    return bool(user == os.geteuid())


def tell(order: dict[str, Any]) -> dict[str, Any]:
    """Return the viewer's answer to *order*, a dictionary with what to ``do`` and the values for it."""
    path, key = place()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(SECONDS)
            if not path:
                return {"error": NOBODY}
            reach(path, connection.connect)
            if not same_user(connection):
                return {"error": NOBODY}
            connection.sendall(json.dumps({**order, "key": key}).encode() + b"\n")
            with connection.makefile("rb") as answers:
                answer = json.loads(answers.readline(LINE_MAX) or b"{}")
    except (OSError, ValueError) as error:
        gone = isinstance(error, ConnectionRefusedError | FileNotFoundError)
        return {"error": NOBODY if gone else f"the viewer of this tile did not answer: {error}"}
    if not isinstance(answer, dict) or not ("ok" in answer or "error" in answer):
        return {"error": "the viewer of this tile ended meanwhile"}
    return answer


def main(words: Sequence[str]) -> int:
    """Tell what *words*, or else a line on standard input, say; return the exit code."""
    if not words:
        try:
            given = json.loads(sys.stdin.readline(LINE_MAX))
        except ValueError:
            given = None
        print(json.dumps(tell(given) if isinstance(given, dict) else {"error": "this is no line of JSON"}))
        return 0
    order: dict[str, Any] = {}
    for word in words[1:]:
        key, _, text = word.partition("=")
        try:
            order[key] = json.loads(text)
        except ValueError:
            order[key] = text
    answer = tell({**order, "do": words[0]})
    if "error" in answer:
        print(answer["error"], file=sys.stderr)
        return 1
    print(answer["ok"].get("said") or json.dumps(answer["ok"]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
