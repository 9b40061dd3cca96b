"""A process of one person's that his other processes find by what it wrote down of itself."""

from __future__ import annotations

import socket

from pydantic import BaseModel, ConfigDict

from tvcore.proc import Process


class Whereabouts(BaseModel):
    """A process at work: its id, when it started (clock ticks since boot), and the machine's host name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    pid: int
    start: int
    node: str

    @property
    def here(self) -> bool:
        """Return whether it is a process of this machine."""
        return self.node == socket.gethostname()

    @property
    def alive(self) -> bool:
        """Return whether it still runs; of another machine's nobody here can say that it does not."""
        return not self.here or Process(self.pid, self.start).alive
