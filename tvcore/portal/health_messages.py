"""What who watches the portal is told."""

from __future__ import annotations

from typing import Literal

from tvcore.portal.messages import Answer


class Health(Answer):
    """The portal is up."""

    status: Literal["ok"]
    version: str


class Ready(Answer):
    """Store, worker processes and, where there is one, the tunnels' endpoint answer."""

    status: Literal["ready"]
