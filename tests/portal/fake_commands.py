"""The streams ``run``, ``act`` and ``picture`` of an agent without tiles: commands run here, as the test's own user."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from typing import Any

from tvcore.tunnel import agents
from tvcore.tunnel.remote import ENDED, ERRORS, FRAME, INPUT, OUTPUT, PIECE


def act(connection: socket.socket, registration: agents.Registration, tile: int) -> None:
    """Have an action done by the very process that node agents start; a caller who goes away ends it."""
    wanted = agents.read_line(connection, 1 << 20)
    command = [sys.executable, "-P", "-m", "tvcore.cases.on_node", registration.job, str(registration.ordinal)]
    environment = {**os.environ, "TILEDVIZ_HOME": registration.plan.state}
    with subprocess.Popen(
        [*command, str(tile), "act"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdin
        assert process.stdout
        with process.stdin as stdin:
            stdin.write(wanted)

        def watch() -> None:
            with contextlib.suppress(OSError):
                connection.recv(1)
            process.kill()

        threading.Thread(target=watch, daemon=True).start()
        for line in process.stdout:
            if b"begun" not in line:  # that is for agents
                connection.sendall(line)


def run(connection: socket.socket) -> None:
    """Run the command that the caller names, with what it sends as input; tell its outputs and how it ended."""
    wanted = json.loads(agents.read_line(connection, 1 << 20))
    sending = threading.Lock()

    def send(kind: int, data: bytes) -> None:
        with sending:
            connection.sendall(FRAME.pack(kind, len(data)) + data)

    begun = time.monotonic()
    try:
        process = subprocess.Popen(
            wanted["command"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        send(ENDED, json.dumps({"code": 127, "seconds": 0.0, "error": str(error)}).encode())
        return

    def tell(kind: int, file: Any) -> None:
        while data := file.read1(PIECE):
            send(kind, data)

    def feed() -> None:
        with contextlib.suppress(OSError, EOFError):
            while True:
                kind, length = FRAME.unpack(exactly(connection, FRAME.size))
                assert kind == INPUT
                if not length:
                    process.stdin.close()
                    return
                process.stdin.write(exactly(connection, length))

    threads = [
        threading.Thread(target=tell, args=pair) for pair in ((OUTPUT, process.stdout), (ERRORS, process.stderr))
    ]
    threading.Thread(target=feed, daemon=True).start()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for file in (process.stdin, process.stdout, process.stderr):
        with contextlib.suppress(OSError):
            file.close()
    send(ENDED, json.dumps({"code": process.wait(), "seconds": time.monotonic() - begun, "error": ""}).encode())


def frames(connection: socket.socket, data: bytes) -> None:
    """Send *data* as an agent sends a picture; without any, break off in the middle."""
    if not data:
        connection.sendall(FRAME.pack(OUTPUT, 100) + b"begun")
        return
    said = b'{"error": ""}'
    connection.sendall(FRAME.pack(OUTPUT, len(data)) + data + FRAME.pack(ENDED, len(said)) + said)


def exactly(connection: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = connection.recv(length - len(data))
        if not piece:
            raise EOFError
        data += piece
    return data
