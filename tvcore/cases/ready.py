"""``python -P -m tvcore.cases.ready JOB ORDINAL INDEX``: tell a case that one of its tiles is live (``case_ready``).

The node agent starts it, outside of the tile's sandbox, with its own state folder in ``$TILEDVIZ_HOME``.
"""

from __future__ import annotations

import sys

from tvcore.cases import manager
from tvcore.cases.live import LiveTile
from tvcore.errors import TiledVizError
from tvcore.tunnel import agents

PREFIX = "[tiledviz] case_ready: "


def tell(job: str, ordinal: int, index: int) -> None:
    """Call the hook of the case for tile *index* of *job*, on its node *ordinal*. Raises TiledVizError."""
    found = [r for r in agents.registrations() if (r.job, r.ordinal) == (job, ordinal)]
    if not found:
        raise TiledVizError(f"the node agent {ordinal} of job {job} is not registered any more")
    (registration,) = found
    case = manager.find(registration.plan.case)
    parameters = case.parameters(registration.plan.parameters)
    member = case.members(parameters, index + 1)[index]
    # The agent is on this very node: its own socket, not the tunnel to it.
    here = registration.model_copy(update={"key": ""})
    case.ready(parameters, member, LiveTile(here, index))


def main() -> None:
    """Do it, and tell what went wrong in one line."""
    try:
        tell(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    except TiledVizError as error:
        print(f"{PREFIX}{error}", flush=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
