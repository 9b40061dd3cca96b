"""The GPUs that a job has on this node, and the way to GL of each tile: found once for an image and a GPU."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from tvcore.cases.case import Bind
from tvcore.container.gl import Binding, Gpu, Setting, Starter, Truth, bind, gpu_access, gpu_environment, look
from tvcore.container.gl.choice import candidates
from tvcore.node.children import Children
from tvcore.node.display import DisplayError
from tvcore.node.house import PROBE, House, denied_file, node_devices

HIDDEN_GPUS = {"CUDA_VISIBLE_DEVICES": ""}  # for tiles that have none, in a job that has some


class Graphics:
    """GL on this node: *gpus* are the job's, *setting* is which way is wanted."""

    def __init__(self, gpus: Sequence[Gpu], setting: Setting, children: Children, runtime: Path) -> None:
        self._gpus = gpus
        self._setting = setting
        self._children = children
        self._runtime = runtime
        self._found: dict[tuple[str | None, Gpu], tuple[Binding, Truth]] = {}
        self._locks: dict[tuple[str | None, Gpu], asyncio.Lock] = {}

    def of(self, ordinal: int | None, house: House) -> Gl:
        """Return GL for a tile in *house* that was given the job's GPU with this *ordinal*, or none."""
        gpu = self._gpus[ordinal] if ordinal is not None and ordinal < len(self._gpus) else None
        why_none = ""
        if ordinal is not None and gpu is None:
            number = len(self._gpus)
            there = f"only {number} GPU{'s' * (number > 1)}" if number else "no GPU"
            why_none = f"the job has {there} on this node"
        return Gl(self, house, gpu, why_none, promised=ordinal is not None)

    def environment(self, gpu: Gpu | None) -> dict[str, str]:
        """Return what says to programs which GPU is theirs."""
        if gpu:
            return gpu_environment(gpu)
        return dict(HIDDEN_GPUS) if self._gpus else {}

    def access(self, gpu: Gpu | None) -> tuple[tuple[str, ...], tuple[Bind, ...]]:
        """Return the options and binds of the container command for a tile with *gpu*."""
        return gpu_access(gpu, node_devices(), denied_file(self._runtime)) if gpu else ((), ())

    async def find(self, gl: Gl, environment: Mapping[str, str], alive: Callable[[], bool]) -> tuple[Binding, Truth]:
        """Return the way to GL for tiles like that of *gl*, asked in its display. Raises TileFailureError.

        Raises DisplayError when the display is not *alive* at the end: what was said there says nothing of others.
        """
        key = (gl.house.image, gl.gpu or Gpu(-1))
        async with self._locks.setdefault(key, asyncio.Lock()):
            if key not in self._found:
                found = await bind(
                    self.starter(gl.house), environment, gl.house.script(PROBE), self._setting, gl.gpu, gl.why_none,
                    promised=gl.promised,
                )  # fmt: skip
                if not alive():
                    raise DisplayError("the display ended while it was asked for GL")
                self._found[key] = found
            return self._found[key]

    def at_once(self) -> Binding | None:
        """Return the way for a tile without a GPU where it need not be asked for, None where it must."""
        return candidates(self._setting, None, None)[0] if self._setting in ("auto", "mesa") else None

    async def look(self, gl: Gl, environment: Mapping[str, str]) -> Truth:
        """Return what *gl* really gives in the display of *environment*."""
        return await look(
            self.starter(gl.house), environment, gl.house.script(PROBE), gl.binding, gl.gpu, self._setting,
            gl.why_none, promised=gl.promised, before=gl.before,
        )  # fmt: skip

    def starter(self, house: House) -> Starter:
        """Return what starts a process in *house*."""

        def start(arguments: Sequence[str], environment: Mapping[str, str], output: int):  # type: ignore[no-untyped-def]
            launch = house.program(arguments, environment)
            return self._children.start(launch.arguments, launch.environment, output)

        return start


class Gl:
    """GL in one tile: its *gpu*, the *binding* once it is chosen, and what it really gives."""

    def __init__(self, graphics: Graphics, house: House, gpu: Gpu | None, why_none: str, *, promised: bool) -> None:
        self.house = house
        self.gpu = gpu
        self.why_none = why_none
        self.promised = promised
        self.binding = Binding("mesa")
        self.before: Truth | None = None
        self.truth: Truth | None = None
        self._graphics = graphics

    @property
    def environment(self) -> dict[str, str]:
        """Return what a program's environment has for it."""
        return self._graphics.environment(self.gpu) | self.binding.environment

    @property
    def access(self) -> tuple[tuple[str, ...], tuple[Bind, ...]]:
        """Return the options and binds of the container command for it."""
        return self._graphics.access(self.gpu)

    async def choose(self, environment: Mapping[str, str], alive: Callable[[], bool]) -> None:
        """Choose the way: by asking in the display where the tile has a GPU, at once where it has none."""
        now = None if self.gpu else self._graphics.at_once()
        if now:
            self.binding = now
            return
        self.binding, self.before = await self._graphics.find(self, environment, alive)
        self.truth = self.truth or self.before

    async def look(self, environment: Mapping[str, str]) -> None:
        """Find out what it really gives in the tile's own display."""
        self.truth = await self._graphics.look(self, environment)
