"""``python -m tvcore.portal``: the portal as a process, without the command line around it."""

# ruff: noqa: E402 - everything else must be imported with gevent's sockets
from gevent import monkey

monkey.patch_all()

import argparse
import logging
import sys

from tvcore.errors import TiledVizError
from tvcore.portal.server import serve


def main() -> int:
    """Run the portal; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tvcore.portal", description="The portal of TiledViz.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", type=int, default=8765, help="port, 0 for a free one (default %(default)s)")
    parser.add_argument(
        "--public-host", action="append", default=[], metavar="HOST[:PORT]", help="a further name browsers may use"
    )
    given = parser.parse_args()
    if not 0 <= given.port <= 0xFFFF:
        parser.error(f"--port {given.port}: a port is a number from 0 to 65535")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    try:
        serve(given.host, given.port, given.public_host)
    except TiledVizError as error:
        print(f"tiledviz: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
