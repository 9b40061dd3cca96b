"""A portal in folders of its own, the secrets that came up there, and what was seen of it."""

from __future__ import annotations

import base64
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import quote

from portal_kit import RunningPortal


class Planted:
    """A portal, the *secrets* by what they are, and *seen*: texts that people or programs were shown, by where."""

    def __init__(self, settings: str, files: Mapping[str, str]) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tvx-", dir="/tmp"))
        for name in ("state", "run", "config", "config/tiledviz", "cache", "tmp", "kept"):
            (self.folder / name).mkdir(mode=0o700)
        self.environment = {
            "TILEDVIZ_HOME": str(self.folder / "state"), "XDG_RUNTIME_DIR": str(self.folder / "run"),
            "XDG_CONFIG_HOME": str(self.folder / "config"), "XDG_CACHE_HOME": str(self.folder / "cache"),
            "TMPDIR": str(self.folder / "tmp"), "TILEDVIZ_SITE_CONFIG": "",
        }  # fmt: skip
        self.secrets: dict[str, str] = {}
        self.seen: list[tuple[str, str]] = []
        self.logs: list[Path] = []  # of what else runs there
        for name, secret in files.items():
            path = self.folder / "kept" / name
            path.touch(0o600)
            path.write_text(self.keep(f"{name} file", secret) + "\n")
        config = self.folder / "config/tiledviz/config.toml"
        config.write_text(settings.replace("FOLDER", str(self.folder)))

    def begin(self, *arguments: str) -> RunningPortal:
        """Start the portal, at the level of the log that says most."""
        assert self.tiledviz("log", "debug").returncode == 0
        self.portal = RunningPortal.__new__(RunningPortal)
        self.portal.begin(self.folder / "state", *arguments, environment=self.environment)
        self.portal.wait()
        return self.portal

    def tiledviz(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run ``tiledviz`` as the owner."""
        command = [sys.executable, "-m", "tvcore", *arguments]
        environment = {**os.environ, **self.environment}
        return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=60, check=False)

    def keep(self, name: str, secret: str) -> str:
        """Note a secret, and return it."""
        assert len(secret) >= 16, (name, secret)
        self.secrets[name] = secret
        return secret

    def found(self, content: bytes) -> list[str]:
        """Return which secrets *content* has, plainly or as they are written on their way."""
        return [what for what, secret in self.secrets.items() if any(form in content for form in forms(secret))]

    def end(self) -> None:
        """End it."""
        if hasattr(self, "portal"):
            self.portal.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def forms(secret: str) -> set[bytes]:
    """Return *secret* as it is, as in a URL, and as the middle of something in base64 wherever that begins."""
    found = {secret.encode(), quote(secret, safe="").encode()}
    for before in range(3):
        hidden = base64.b64encode(secrets.token_bytes(before) + secret.encode())
        found.add(hidden[4 if before else 0 : len(hidden) // 4 * 4 - 4])
    return found
