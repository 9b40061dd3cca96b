"""``python -m tvcore.node``: the node agent; the plan, one line of JSON, comes on standard input."""

from __future__ import annotations

import asyncio
import logging
import os
import sys

from tvcore.batch.plan import read_plan
from tvcore.errors import TiledVizError
from tvcore.node.agent import job_of, run


def main() -> int:
    """Run the node agent and return its exit code."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(message)s")
    try:
        job, ordinal = job_of(os.environ)
        asyncio.run(run(read_plan(sys.stdin.readline()), job, ordinal))
    except TiledVizError as error:
        print(f"tiledviz: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
