"""What the tiles and actions of a case need of this machine and its images, and have not."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from typing import Any

from tvcore.authoring.report import Finding
from tvcore.cases.case import Bind
from tvcore.config import Settings
from tvcore.container import images
from tvcore.container.command import exec_command, find_runtime
from tvcore.errors import TiledVizError

NO_CONTAINER = "none"
HOME = "/home/tile"
PROGRAM_SECONDS = 60


def needs(said: dict[str, Any], settings: Settings) -> Iterator[Finding]:
    """Yield what is missing of what ``examine`` has *said*, by *settings* of the job."""
    look = _Look(settings)
    for number, tile in enumerate(said["tiles"]):
        where = f"case_tile, member {number}"
        if tile["kind"] == "live":
            yield from look.at_program(where, tile, tile["command"])
        elif tile["source"].startswith("/") and not os.path.exists(tile["source"]):
            yield Finding("warning", where, f"{tile['source']} is not on this machine: the nodes have to have it")
    for action in said["actions"]:
        if action["command"] and said["tiles"]:
            program = action["command"][0]
            if "{" not in program:
                yield from look.at_program(f"case_actions, {action['name']}", said["tiles"][0], (program,), False)


class _Look:
    """Looks at programs and images, at each once."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._programs: dict[tuple[str, str], str] = {}
        self._images: dict[str, images.Image | str] = {}

    def at_program(
        self, where: str, tile: dict[str, Any], command: tuple[str, ...] | list[str], own: bool = True
    ) -> Iterator[Finding]:
        """Yield what is missing to run *command* where *tile* runs; *own*: it is the tile's own program."""
        image = tile["image"]
        found = self._image(image["name"]) if image else None
        inside = image is not None and self._settings.job.container != NO_CONTAINER
        if own and isinstance(found, str):
            yield Finding("error" if inside else "warning", where, found)
        if own and inside:
            for bind in image["binds"]:
                if not os.path.exists(bind["source"]):
                    text = f"{bind['source']}, which is bound, is not on this machine: the nodes have to have it"
                    yield Finding("warning", where, text)
        program = (image["command"] or command)[0] if image and own and inside else command[0]
        if not inside:
            path = tile["environment"].get("PATH", os.environ.get("PATH", os.defpath))
            if shutil.which(program, path=path) is None:
                text = f"the program {program} is not on the PATH of this machine"
                hint = "" if image else ": install it, or give the tile an image that has it"
                yield Finding("error", where, f"{text}{hint}")
        elif image and isinstance(found, images.Image):
            binds = tuple(Bind(**bind) for bind in image["binds"] if os.path.exists(bind["source"]))
            if text := self._missing(found, program, binds):
                yield Finding("error", where, text)

    def _image(self, name: str) -> images.Image | str:
        """Return the image *name*, or what is wrong with it."""
        if name not in self._images:
            try:
                self._images[name] = images.find(name, self._settings.images)
            except TiledVizError as error:
                self._images[name] = str(error)
        return self._images[name]

    def _missing(self, image: images.Image, program: str, binds: tuple[Bind, ...]) -> str:
        """Return why *program* cannot be run in *image*, empty where it can."""
        key = (str(image.path), program)
        if key not in self._programs:
            self._programs[key] = self._ask(image, program, binds)
        return self._programs[key]

    def _ask(self, image: images.Image, program: str, binds: tuple[Bind, ...]) -> str:
        unknown = f"whether the image {image.name} has the program {program} cannot be told"
        # The name is an argument of the shell's, never part of what it reads.
        inside = ("/bin/sh", "-c", 'command -v -- "$1" >/dev/null || echo missing', "sh", program)
        try:
            runtime = find_runtime(self._settings.job.container)
            with tempfile.TemporaryDirectory() as home:
                command = exec_command(runtime, str(image.path), inside, home=(home, HOME), binds=binds)
                done = subprocess.run(
                    command, capture_output=True, text=True, errors="replace", timeout=PROGRAM_SECONDS, check=False,
                    stdin=subprocess.DEVNULL,
                )  # fmt: skip
        except (TiledVizError, OSError, subprocess.TimeoutExpired) as error:
            return f"{unknown}: {error}"
        if done.returncode:
            return f"{unknown}: {' '.join(done.stderr.split())[-300:] or f'exit code {done.returncode}'}"
        return f"the image {image.name} has no program {program}" if "missing" in done.stdout else ""
