"""A Slurm cluster on this machine to try TiledViz on: ``python tests/cluster``, as root; Ctrl-C ends it.

Runs as the ordinary user tv on the login node: a portal on a unix socket, which a port of this machine leads to as
``ssh -L`` would, and a case on both compute nodes. ``python tests/cluster shell c1 tv`` gives a shell on a node
meanwhile; ``python tests/cluster --bare`` brings up the cluster alone.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cluster import LOGIN, NODES, USERS, Cluster, ClusterError, CommandError, tiledviz_path
from rootfs import RELEASES, RootFsError

USER = "tv"
SOCKET = Path("/tmp/portal/portal.sock")  # of the login node, whose /tmp is its own
CHUNK = 1 << 16


def say(text: str) -> None:
    """Tell the person at the terminal."""
    print(text, flush=True)


async def relay(listener: socket.socket, path: Path) -> None:
    """Lead connections to *listener* to the unix socket *path*, for ever."""

    async def move(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(sink):
            while data := await source.read(CHUNK):
                sink.write(data)
                await sink.drain()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError), contextlib.closing(writer):
            there_reader, there_writer = await asyncio.open_unix_connection(path)
            await asyncio.gather(move(reader, there_writer), move(there_reader, writer))

    async with await asyncio.start_server(connected, sock=listener) as server:
        await server.serve_forever()


def portal(cluster: Cluster, port: int) -> str:
    """Start the portal of USER and return the address that logs in, once."""
    log = (cluster.folder / "portal.log").open("w")
    process = cluster.popen(
        LOGIN,
        [tiledviz_path(), "up", "--socket", SOCKET, "--port", str(port)],
        USER,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        start_new_session=True,
    )
    assert process.stdout
    for line in process.stdout:
        if line.startswith("Open: "):
            return str(line.split()[1])
    raise ClusterError(f"the portal did not start: {(cluster.folder / 'portal.log').read_text()[-2000:]}")


def show(cluster: Cluster, listener: socket.socket, options: argparse.Namespace) -> None:
    """Put a portal and a case on the cluster and serve the wall until Ctrl-C."""
    say(f"Open: {portal(cluster, listener.getsockname()[1])}")
    launch = [tiledviz_path(), "launch", "--detach", options.case, "--tiles", str(options.tiles), "--set", "nodes=2"]
    cluster.popen(LOGIN, launch, USER, stdin=subprocess.DEVNULL, start_new_session=True)
    asyncio.run(relay(listener, cluster.root(LOGIN) / SOCKET.relative_to("/")))


def run(options: argparse.Namespace) -> None:
    """Bring up the cluster and keep it until Ctrl-C."""
    with socket.create_server(("127.0.0.1", options.port)) as listener, Cluster(options.release) as cluster:
        say(f"Slurm {cluster.slurm_text} runs on {', '.join(NODES)} for the users {' and '.join(USERS)}. Their homes")
        say(f"and the logs: {cluster.folder}. A shell: {sys.executable} {Path(__file__).parent} shell {LOGIN} {USER}")
        say("Ctrl-C ends all of it.")
        if options.bare:
            listener.close()
            signal.pause()
        show(cluster, listener, options)


def shell(node: str, user: str | None, command: Sequence[str]) -> None:
    """Become a shell, or *command*, on a node of the cluster that was started last."""
    cluster = Cluster.running()
    argv = cluster.command(node, command or ["bash", "-l"], user, {"TERM": os.environ.get("TERM", "dumb")})
    os.execvp(argv[0], argv)


def main() -> None:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(prog="tests/cluster", description=__doc__.partition("\n")[0] if __doc__ else "")
    parser.add_argument("--release", choices=RELEASES, default="trixie", help="Debian of the nodes [%(default)s]")
    parser.add_argument("--bare", action="store_true", help="the cluster alone, without portal and case")
    parser.add_argument("--port", type=int, default=8765, help="where the browser finds the wall [%(default)s]")
    parser.add_argument("--case", default="gray_scott", help="what to launch [%(default)s]")
    parser.add_argument("--tiles", type=int, default=8, help="how many tiles [%(default)s]")
    parser.set_defaults(do=run)
    verbs = parser.add_subparsers(metavar="shell NODE [USER] [COMMAND...]")
    to_shell = verbs.add_parser("shell", help="a shell on a node of the running cluster")
    to_shell.add_argument("node", choices=NODES)
    to_shell.add_argument("user", nargs="?", choices=[*USERS, "root"], default="root")
    to_shell.add_argument("command", nargs=argparse.REMAINDER)
    to_shell.set_defaults(do=lambda o: shell(o.node, None if o.user == "root" else o.user, o.command))
    options = parser.parse_args()
    try:
        options.do(options)
    except (ClusterError, RootFsError, CommandError, OSError) as error:
        sys.exit(f"cluster: {error}")
    except KeyboardInterrupt:
        pass


if __name__ == "__main__":
    main()
