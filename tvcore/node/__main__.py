"""``python -m tvcore.node``: a node agent and its guard; the plan, one line of JSON, comes on standard input."""

from __future__ import annotations

import os
import sys

from tvcore.errors import TiledVizError
from tvcore.node import guard


def be_agent(text: str, job: str, ordinal: int) -> int:
    """Run the agent of node *ordinal* of *job*, whose plan is in *text*, and return its exit code."""
    import asyncio  # here, and what follows: the guard, of whom we are a child, has no use for any of it
    import contextlib
    from pathlib import Path

    from tvcore import logs
    from tvcore.batch.plan import read_plan
    from tvcore.causes import Cause, TileFailureError
    from tvcore.node.agent import run
    from tvcore.node.last_words import LastWords, forget_last_words, write_last_words

    logs.speak("%(asctime)s %(message)s")
    state: Path | None = None
    try:
        plan = read_plan(text)
        state = Path(plan.state)
        forget_last_words(state, job, ordinal)
        asyncio.run(run(plan, job, ordinal))
    except TiledVizError as error:
        print(f"tiledviz: {error}", file=sys.stderr)
        if state:
            cause = error.cause if isinstance(error, TileFailureError) else Cause.AGENT_ENDED
            words = LastWords(node=guard.node_name(os.environ), ordinal=ordinal, error=str(error), cause=cause)
            with contextlib.suppress(OSError, TiledVizError):  # the folder may be what is wrong
                write_last_words(state, job, words)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(guard.keep(be_agent))
