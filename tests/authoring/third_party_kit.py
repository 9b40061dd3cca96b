"""The command of a clean environment that has TiledViz and the course's plugin, as whoever installed them has it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any


class Installed:
    """``tiledviz`` of the environment *folder*, run in *where*, outside of the repository."""

    def __init__(self, folder: Path, where: Path) -> None:
        self.folder, self.where = folder, where
        self.env = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTHON", "PYTEST", "VIRTUAL_ENV"))
        }

    @property
    def python(self) -> str:
        return str(self.folder / "bin/python")

    def run(self, *arguments: str | Path, seconds: float = 180) -> subprocess.CompletedProcess[str]:
        """Run a verb, however it ends."""
        return subprocess.run(
            [self.folder / "bin/tiledviz", *arguments], cwd=self.where, env=self.env | {"TILEDVIZ_HOME": self.home},
            capture_output=True, text=True, check=False, timeout=seconds,
        )  # fmt: skip

    @property
    def home(self) -> str:
        """The state folder: that of the test."""
        return os.environ["TILEDVIZ_HOME"]

    def ask(self, *arguments: str | Path) -> Any:
        """Return the JSON document that a verb prints."""
        done = self.run(*arguments, "--json")
        assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
        return json.loads(done.stdout)
