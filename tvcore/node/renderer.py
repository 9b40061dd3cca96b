"""What GL really says in a display: asked by glxinfo(1), never guessed."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Mapping

from tvcore.node.children import Children

SECONDS = 30.0
MOST = 1 << 16
_KEY = "OpenGL renderer string:"


def renderer_in(text: str) -> str | None:
    """Return the renderer named in the output of ``glxinfo -B``, None where it names none."""
    return next((line.partition(":")[2].strip() for line in text.splitlines() if line.startswith(_KEY)), None)


async def ask_renderer(children: Children, environment: Mapping[str, str]) -> tuple[str | None, str]:
    """Return the renderer in the display that *environment* names, and why there is none."""
    glxinfo = shutil.which("glxinfo", path=environment.get("PATH"))
    if glxinfo is None:
        return None, "glxinfo is not installed: as root, apt-get install mesa-utils"
    ours, theirs = os.pipe2(os.O_CLOEXEC)
    with os.fdopen(ours, "rb") as output:
        try:
            child = children.start(["nice", "-n", "10", glxinfo, "-B"], environment, theirs)
        finally:
            os.close(theirs)
        os.set_blocking(ours, False)
        try:
            async with asyncio.timeout(SECONDS):
                code = await child.wait()
        except TimeoutError:
            return None, f"glxinfo did not answer within {SECONDS:.0f} s"
        finally:
            await child.stop(0)
        text = (output.read(MOST) or b"").decode("utf-8", "replace")
    found = renderer_in(text)
    last = text.strip().rpartition("\n")[2]
    return found, "" if found else f"glxinfo ended with code {code} and names no renderer: {last}"
