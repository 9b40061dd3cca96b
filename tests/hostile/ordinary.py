"""``python ordinary.py UID FOLDER... -- COMMAND...``, by root in a mount namespace of its own: COMMAND as another user.

The user sees each FOLDER, read-only, even where a folder around it is closed to others: an empty one stands there then.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

USER = 12345  # a user id that nothing else has


def mount(*arguments: str | Path) -> None:
    """Run mount(8)."""
    subprocess.run(["mount", *arguments], check=True)


def closed_around(folder: Path) -> Path | None:
    """Return the outermost folder around *folder* that others cannot enter, None where they can enter all."""
    return next((parent for parent in reversed(folder.parents) if not parent.stat().st_mode & 1), None)


def show(folders: list[Path]) -> None:
    """Make *folders* visible to everybody in this mount namespace."""
    hold = Path(tempfile.mkdtemp())
    mount("-t", "tmpfs", "none", hold)
    for number, folder in enumerate(folders):
        (hold / str(number)).mkdir()
        mount("--bind", "-o", "ro", folder, hold / str(number))
    for closed in {closed_around(folder) for folder in folders} - {None}:
        mount("-t", "tmpfs", "-o", "mode=755", "none", closed)
    for number, folder in enumerate(folders):
        folder.mkdir(parents=True, exist_ok=True)
        mount("--bind", hold / str(number), folder)
    subprocess.run(["umount", "-l", hold], check=True)
    hold.rmdir()


if __name__ == "__main__":
    os.umask(0o022)
    at = sys.argv.index("--")
    user = int(sys.argv[1])
    show([Path(name) for name in sys.argv[2:at]])
    os.execvp("setpriv", ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", "--", *sys.argv[at + 1 :]])
