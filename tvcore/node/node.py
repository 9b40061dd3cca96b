"""What the tiles of a node share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from tvcore.batch.plan import TilePlan
from tvcore.causes import Cause, TileFailureError
from tvcore.container.command import Runtime
from tvcore.container.gl import Gpu, Setting
from tvcore.node.children import Children
from tvcore.node.graphics import Graphics
from tvcore.node.house import Bare, Container, Containers, House
from tvcore.node.memory import MemoryGroup, own_group
from tvcore.node.sandbox import Isolation, Sandbox, hidden_folders
from tvcore.node.scratch import Scratch
from tvcore.node.supervise import TRIES

if TYPE_CHECKING:
    from tvcore.node.hooks import Hooks
    from tvcore.node.media_tile import AnyTile
    from tvcore.node.members import Members

NO_CONTAINERS = TileFailureError(Cause.NO_CONTAINERS, "this job has no container command: set job.container")


@dataclass(frozen=True)
class Node:
    """What the tiles of a node share."""

    xvnc: str  # of the node; not needed where all tiles are in containers
    folder: Path  # 0700: sockets, cookies
    logs: Path  # jobs/JOB in the owner's state folder
    children: Children
    slots: asyncio.Semaphore  # displays that may come up at once
    changed: Callable[[AnyTile, bool], None]  # a tile's status changed; whether it is more than its count of frames
    isolation: Isolation = "auto"
    scratch_base: str = ""  # folder of this node for what programs write and nobody keeps
    runtime: Runtime | TileFailureError = NO_CONTAINERS  # the container command, or why there is none
    gpus: tuple[Gpu, ...] = ()  # of the job, on this node
    gl: Setting = "auto"
    tries: int = TRIES  # how often a program is started that fails at once
    hooks: Hooks | None = None  # of the case; None: there is no job
    members: Members | None = None  # of an ensemble that is written meanwhile: tiles wait for theirs

    @property
    def state(self) -> Path:
        """Return the owner's state folder."""
        return self.logs.parent.parent

    @cached_property
    def sandbox(self) -> Sandbox:
        """Return what is kept from the programs; what this node allows is found out once, the first time."""
        return Sandbox.make(self.folder, self.state, self.isolation)

    @cached_property
    def scratch(self) -> Scratch:
        """Return the folder for what nobody keeps."""
        return Scratch(self.scratch_base, self.folder)

    @cached_property
    def containers(self) -> Containers:
        """Return the container command and what is known of images."""
        return Containers(self.runtime, self.children)

    @cached_property
    def graphics(self) -> Graphics:
        """Return the job's GPUs on this node, and the ways to GL."""
        return Graphics(self.gpus, self.gl, self.children, self.folder)

    @cached_property
    def memory(self) -> MemoryGroup | None:
        """Return the control group that counts our memory, None where there is none."""
        return own_group()

    def house(self, plan: TilePlan, folder: Path) -> House:
        """Return where the processes of the tile of *plan* run; *folder* has its display's files."""
        if plan.image is None:
            return Bare(plan.index, self.xvnc, folder, lambda: self.sandbox, self.scratch)
        return Container(plan, folder, self.containers, self.scratch, hidden_folders(self.folder, self.state))
