"""A tile set in the editor that a person likes: what is wrong is said at its top, and nothing typed is lost."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tvcore import paths
from tvcore.errors import TiledVizError, UsageError
from tvcore.store import Store
from tvcore.tilesets import library
from tvcore.tilesets.library import ConflictError, ProblemsError

MARK = "//"
LISTED = 20  # problems


def edit_set(store: Store, name: str, again: Callable[[str], bool], project: int | None = None) -> dict[str, Any]:
    """Open the set *name* in the person's editor and keep what comes of it; return what ``write_set`` does, or {}.

    *again* is asked, with a line that says what is wrong, whether to open the editor once more. Where it is not, the
    file stays, and the TiledVizError that is raised names it. What is unchanged is not kept: {} is returned.
    """
    found = library.read_set(store, name, project=project)
    before = json.dumps(found["document"], indent=1, ensure_ascii=False) + "\n"
    folder = paths.secure_folder(paths.state_dir() / "edits")
    handle, file = tempfile.mkstemp(prefix=f"{name}-", suffix=".json", dir=folder)
    path, revision = Path(file), found["revision"]
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(before)
    while True:
        _open(path)
        text = _without_marks(path)
        if text == before:
            path.unlink()
            return {}
        try:
            done = library.write_set(store, name, _parsed(text), revision, label="edited", project=project)
        except ConflictError as error:
            problems = [
                f"{error}. What is kept now: tiledviz tileset show {name} --json",
                "Saved again, this replaces it.",
            ]
            revision = error.revision
        except ProblemsError as error:
            problems = [str(problem) for problem in error.problems[:LISTED]]
            if len(error.problems) > LISTED:
                problems.append(f"and {len(error.problems) - LISTED} more")
        except UsageError as error:
            problems = [str(error)]
        else:
            path.unlink()
            return done
        path.write_text("".join(f"{MARK} {' '.join(line.split())}\n" for line in problems) + text, "utf-8")
        if not again(problems[0]):
            raise UsageError(f"{problems[0]}; what you typed is in {path}")


def editor(environment: Mapping[str, str]) -> list[str]:
    """Return the command of the person's editor. Raises UsageError where there is none."""
    wanted = environment.get("VISUAL") or environment.get("EDITOR") or "vi"
    try:
        return shlex.split(wanted)
    except ValueError as error:
        raise UsageError(f"$VISUAL or $EDITOR cannot be understood: {error}") from None


def _open(path: Path) -> None:
    command = editor(os.environ)
    try:
        ended = subprocess.run([*command, str(path)], check=False)
    except OSError as error:
        raise UsageError(f"the editor {command[0]} cannot be started: {error.strerror}: set $EDITOR to one") from None
    if ended.returncode:
        raise TiledVizError(f"the editor ended with exit code {ended.returncode}; what you typed is in {path}")


def _without_marks(path: Path) -> str:
    """Return what the file says without the lines on top that say what was wrong."""
    try:
        lines = path.read_text("utf-8").splitlines(keepends=True)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path} cannot be read: {error}") from None
    while lines and lines[0].startswith(MARK):
        lines.pop(0)
    return "".join(lines)


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise UsageError(f"line {error.lineno}, column {error.colno}: this is not JSON: {error.msg}") from None
    except (ValueError, RecursionError):
        raise UsageError("this is not JSON that can be read: a number is too long, or it is too deep") from None
