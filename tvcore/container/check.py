"""Trying an image: a display and a probe of GL in it, started as a node agent starts those of a tile."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tvcore.batch.plan import TilePlan
from tvcore.causes import Cause, TileFailureError
from tvcore.container.command import Runtime, find_runtime
from tvcore.container.gl import Setting, bind, find_gpus, gpu_access, gpu_environment
from tvcore.container.images import Image, find
from tvcore.node.children import Child, Children
from tvcore.node.display import Display, DisplayError, Reservation
from tvcore.node.house import PROBE, Container, Containers, denied_file, node_devices
from tvcore.node.sandbox_exec import OWN
from tvcore.node.scratch import Scratch
from tvcore.paths import runtime_folder
from tvcore.settings import ImageSettings

SIZE = (640, 480)
SECONDS = 30.0
# What tiles may use, where an image has it.
PROGRAMS = ("openbox", "xdotool", "xterm", "glxinfo", "vglrun", "python3")
_THERE = 'for program; do command -v "$program" >/dev/null 2>&1 && echo "$program"; done; true'


def check(name: str, settings: ImageSettings, container: str, gl: Setting) -> dict[str, Any]:
    """Start a display in an image on this machine and return what it is, what GL gives there, and what else is there.

    Raises UsageError where there is no such image, TileFailureError with the cause where no tile could run in it.
    """
    image = find(name, settings)
    runtime = find_runtime(container)
    folder = runtime_folder()
    try:
        found = asyncio.run(_check(image, runtime, folder, gl))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return image.document() | {"checked_by": runtime.title} | found


async def _check(image: Image, runtime: Runtime, folder: Path, setting: Setting) -> dict[str, Any]:
    children = Children()
    own = folder / "t0"
    (own / OWN).mkdir(mode=0o700, parents=True)
    own.chmod(0o700)
    plan = TilePlan(index=0, title=image.name, command=("true",), image=str(image.path))
    house = Container(plan, own, Containers(runtime, children), Scratch("", folder), ())
    gpu = next(iter(find_gpus(os.environ)), None)
    reservation = Reservation()
    xvnc: Child | None = None
    started = time.monotonic()
    try:
        await house.open(*gpu_access(gpu, node_devices(), denied_file(folder)))
        display = Display(house, reservation, own, *SIZE)
        xvnc = await _start(display, house, children)
        seconds = time.monotonic() - started
        environment = house.environment | {"DISPLAY": display.name, "XAUTHORITY": str(display.cookie_file)}
        environment |= gpu_environment(gpu) if gpu else {}

        def start(arguments: Sequence[str], given: Mapping[str, str], output: int) -> Child:
            launch = house.program(arguments, given)
            return children.start(launch.arguments, launch.environment, output)

        async def ask(*arguments: str) -> str:
            launch = house.program(arguments, environment)
            return (await children.ask(launch.arguments, launch.environment, SECONDS))[1]

        _, truth = await bind(start, environment, house.script(PROBE), setting, gpu)
        there = (await ask("sh", "-c", _THERE, "sh", *PROGRAMS)).split()
        return {
            "display_seconds": round(seconds, 2),
            "gl": asdict(truth),
            "programs": [program for program in PROGRAMS if program in there],
            "lacks": [program for program in PROGRAMS if program not in there],
        }
    finally:
        if xvnc:
            await xvnc.stop()
        await children.end_orphans()
        house.close()
        reservation.release()


async def _start(display: Display, house: Container, children: Children) -> Child:
    try:
        return await display.start(children)
    except DisplayError as error:
        said = display.log.read_text(errors="replace")
        failure = house.explain(said, error.code) if error.code is not None else None
        raise failure or TileFailureError(Cause.NO_DISPLAY, f"no display starts in the image: {error}") from error
