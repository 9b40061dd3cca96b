"""Asks the ways to GL where a tile runs, and says which one is taken and what it really gives."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from tvcore.causes import Cause, TileFailureError
from tvcore.container.gl.choice import candidates, choose, enough, hopeless, truth, why_software
from tvcore.container.gl.said import Facts, Said, read_facts, read_said
from tvcore.container.gl.values import Binding, Gpu, Setting, Truth
from tvcore.node.children import Child

Starter = Callable[[Sequence[str], Mapping[str, str], int], Child]

SECONDS = 30.0  # for one question
MOST = 1 << 16  # bytes of an answer
GLXINFO = ("glxinfo", "-B")


async def bind(
    start: Starter,
    environment: Mapping[str, str],
    probe: Sequence[str],
    setting: Setting,
    gpu: Gpu | None,
    why_none: str = "",
    *,
    promised: bool = False,
) -> tuple[Binding, Truth]:
    """Return the way to GL that is taken in the display of *environment*, and what it gives.

    *probe* is the argument list of ``gl/probe.py`` as *start* runs it; where that does not run, ``glxinfo -B`` answers.
    *promised*: the tile was to draw on a GPU although there is none, *gpu*; *why_none*: why there is none. It may show
    a small window for a moment: ask before the tile's program runs. Raises TileFailureError, and only where *setting*
    forces a way that does not draw.
    """
    facts = read_facts((await _run(start, [*probe, "--facts"], environment))[0])
    program = [*probe, "--window"] if facts else GLXINFO
    asked: list[Said] = []
    over = False  # whether VirtualGL has no further devices
    for binding in candidates(setting, gpu, facts):
        if over and binding.way == "virtualgl":
            continue
        said = await _ask(start, environment, program, binding)
        asked.append(said)
        over = over or hopeless(said, facts)
        if enough(said, gpu, facts):
            break
    chosen = choose(asked, gpu, setting)
    if chosen is None and setting != "auto":
        raise TileFailureError(Cause.NO_GL, f"tiles.gl={setting} does not draw: {_why(asked, gpu, facts)}")
    found = truth(chosen, asked, gpu, setting, facts, promised=promised, why_none=why_none)
    return (chosen or asked[-1]).binding, found


async def look(
    start: Starter,
    environment: Mapping[str, str],
    probe: Sequence[str],
    binding: Binding,
    gpu: Gpu | None,
    setting: Setting = "auto",
    why_none: str = "",
    *,
    promised: bool = False,
    before: Truth | None = None,
) -> Truth:
    """Return what *binding*, which is chosen already, gives in the display of *environment*; it shows no window.

    *before*: what ``bind`` returned with it, which knows more of why no GPU draws.
    """
    said = await _ask(start, environment, list(probe), binding)
    facts = None
    if said.error or (said.software and before is None and (gpu or promised)):
        facts = read_facts((await _run(start, [*probe, "--facts"], environment))[0])
        if facts is None:  # the probe does not run here
            said = await _ask(start, environment, GLXINFO, binding)
    chosen = said if said.draws else None
    found = truth(chosen, [said], gpu, setting, facts, promised=promised, why_none=why_none)
    if before and (found.software, found.renderer, found.promised) == (
        before.software,
        before.renderer,
        before.promised,
    ):
        return replace(found, note=before.note)
    return found


def _why(asked: Sequence[Said], gpu: Gpu | None, facts: Facts | None) -> str:
    return why_software(asked, gpu or Gpu(0), facts)


async def _ask(start: Starter, environment: Mapping[str, str], program: Sequence[str], binding: Binding) -> Said:
    text, code = await _run(start, [*binding.prefix, *program], {**environment, **binding.environment})
    return read_said(binding, text, code)


async def _run(start: Starter, arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[str, int]:
    """Return what a program printed, and its exit code; what is in the way of it as if it had printed it."""
    output = os.memfd_create("gl", os.MFD_CLOEXEC)  # not a pipe: whoever prints too much does not wait for us
    try:
        try:
            child = start(arguments, environment, output)
        except OSError as error:
            return f"{arguments[0]}: {error.strerror}", 127
        try:
            async with asyncio.timeout(SECONDS):
                code = await child.wait()
        except TimeoutError:
            return f"{arguments[0]} did not answer within {SECONDS:.0f} s", 124
        finally:
            await child.stop(0)
        return os.pread(output, MOST, 0).decode("utf-8", "replace"), code
    finally:
        os.close(output)
