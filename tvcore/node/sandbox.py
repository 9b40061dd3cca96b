"""What the programs of a node's tiles cannot see: the secrets of the agent, of its owner, and of other tiles.

Programs run as the owner's Unix user, so file modes keep nothing from them. Each is started by
``tvcore.node.sandbox_exec`` in namespaces of its own, where the owner's state folder and the runtime folders are
empty, but for the tile's own folder. What a program may do in the owner's name it may still do: it sees the owner's
other files and can end the owner's processes.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from tvcore.node import sandbox_exec
from tvcore.tunnel.agents import RUNTIME_PREFIX

Isolation = Literal["auto", "required"]

TRIAL_SECONDS = 20.0
_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sandbox:
    """What is kept from the programs of the agent whose runtime folder is *runtime*, and of the owner of *state*."""

    runtime: Path
    state: Path
    isolation: Isolation
    lacking: str  # why this node cannot keep anything from a program; empty: it can

    @classmethod
    def make(cls, runtime: Path, state: Path, isolation: Isolation) -> Sandbox:
        """Find out by trying what this node allows, and tell the log where that is nothing."""
        lacking = available()
        if lacking:
            _logger.warning("programs are not isolated, and may read all that is their owner's: %s", lacking)
        return cls(runtime, state, isolation, lacking)

    @property
    def refusal(self) -> str:
        """Return why no program may be started on this node; empty where they may."""
        if self.isolates or self.isolation == "auto":
            return ""
        return (
            f"tiles cannot be kept from each other's secrets on this node ({self.lacking}): its administrator allows "
            "it by user namespaces (user_namespaces(7)), or set isolation of [tiles] to auto"
        )

    @property
    def isolates(self) -> bool:
        """Return whether programs are kept from what is not theirs."""
        return not self.lacking

    def hidden(self) -> list[Path]:
        """Return the folders that no program sees; runtime folders of the owner's other agents are looked up anew."""
        return hidden_folders(self.runtime, self.state)

    def command(self, command: Sequence[str], folder: Path) -> list[str]:
        """Return how *command*, of the tile whose folder is *folder*, is to be started: the process becomes it."""
        return list(command) if self.lacking else _enclosed(command, self.hidden(), folder)


def hidden_folders(runtime: Path, state: Path) -> list[Path]:
    """Return the folders that no program may see: *state* and all runtime folders of the owner's agents."""
    base = runtime.parent
    if base.name.startswith(RUNTIME_PREFIX):  # one folder holds them all
        return [state, base]
    return [state, runtime, *(folder for folder in base.glob(f"{RUNTIME_PREFIX}*") if _is_ours(folder))]


def available() -> str:
    """Try to hide a folder from a process; return why this node does not let us, empty where it does."""
    with tempfile.TemporaryDirectory(prefix="tvsandbox-") as folder:
        witness = Path(folder) / "witness"
        witness.touch()
        trial = _enclosed(["test", "!", "-e", str(witness)], [Path(folder)], None)
        try:
            ended = subprocess.run(
                trial, capture_output=True, text=True, timeout=TRIAL_SECONDS, check=False, stdin=subprocess.DEVNULL
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"the trial failed: {error}"
    if ended.returncode == 0:
        return ""
    last = ended.stderr.strip().rpartition("\n")[2]
    return last.removeprefix(sandbox_exec.COMPLAINT) or f"the trial ended with exit code {ended.returncode}"


def _enclosed(command: Sequence[str], hide: Sequence[Path], keep: Path | None) -> list[str]:
    options = [word for folder in hide for word in ("--hide", str(folder))] + (["--keep", str(keep)] if keep else [])
    return [sys.executable, "-I", "-S", sandbox_exec.__file__, *options, "--", *command]


def _is_ours(folder: Path) -> bool:
    try:
        return folder.lstat().st_uid == os.getuid()
    except OSError:
        return False
