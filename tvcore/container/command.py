"""The container command, Apptainer or SingularityCE: which one there is, and how it runs a program in an image.

All but ``find_runtime`` are functions from values to values.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from tvcore.cases.case import Bind
from tvcore.causes import Cause, TileFailureError
from tvcore.errors import UsageError
from tvcore.settings import UNPRINTABLE

Kind = Literal["apptainer", "singularity"]

NONE = "none"
NAMES: tuple[Kind, ...] = ("apptainer", "singularity")
TITLES = {"apptainer": "Apptainer", "singularity": "SingularityCE"}
OLDEST = {"apptainer": (1, 2), "singularity": (4, 0)}  # --no-eval, --no-mount bind-paths, --build-arg
VERSION_SECONDS = 30

# What of the environment the container command itself works with. Not its BIND, NV and the like: they would show more
# of the node than a case asks for.
_OWN = ("PATH", "HOME", "USER", "LOGNAME", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "LANG")
_OWN_SETTINGS = ("CACHEDIR", "TMPDIR", "CONFIGDIR", "LOCALCACHEDIR")


@dataclass(frozen=True)
class Runtime:
    """A container command: its absolute path, whose it is (whatever it is called), and its version."""

    path: str
    kind: Kind
    version: str

    @property
    def title(self) -> str:
        """Return what people call it: ``Apptainer 1.4.5``."""
        return f"{TITLES[self.kind]} {self.version}"


def find_runtime(setting: str) -> Runtime:
    """Return the container command that *setting* (as ``job.container``) names; of ``none``, whichever there is.

    Raises TileFailureError (NO_CONTAINERS) in one line when it is not there, does not run, or is too old.
    """
    node = socket.gethostname()
    names = NAMES if setting == NONE else (setting,)
    path = next((found for name in names if (found := shutil.which(name))), None)
    if path is None:
        raise _none(
            f"{node} has no container command {' or '.join(names)}: install Apptainer, load its module (job.modules),"
            " or name it by its path (--set container=/path/to/apptainer)"
        )
    path = os.path.abspath(path)
    try:
        done = subprocess.run(
            [path, "--version"], capture_output=True, text=True, errors="replace", timeout=VERSION_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        why = getattr(error, "strerror", None) or f"no answer in {VERSION_SECONDS} s"
        raise _none(f"{path} on {node} does not run: {why}") from error
    runtime = parse_version(path, done.stdout) if done.returncode == 0 else None
    if runtime is None:
        said = " ".join((done.stdout + done.stderr).split())[:200] or f"nothing, exit code {done.returncode}"
        raise _none(f"{path} on {node} is neither Apptainer nor SingularityCE; asked for its version, it said: {said}")
    if _numbers(runtime.version) < OLDEST[runtime.kind]:
        oldest = ".".join(map(str, OLDEST[runtime.kind]))
        raise _none(f"{path} on {node} is {runtime.title}: {oldest} or later is needed")
    return runtime


def parse_version(path: str, text: str) -> Runtime | None:
    """Return what the command at *path* is by what it prints for its version, None when it is none that we know."""
    match = re.match(r"(apptainer|singularity)(?:-ce)?(?: version)? (\d+\.\S+)", text.strip())
    if not match:
        return None
    return Runtime(path, "apptainer" if match[1] == "apptainer" else "singularity", match[2])


def exec_command(
    runtime: Runtime,
    image: str,
    command: Sequence[str],
    *,
    home: tuple[str, str],
    binds: Sequence[Bind],
    options: Sequence[str] = (),
    folder: str | None = None,
) -> list[str]:
    """Return the arguments that run *command* in *image*, a file or folder by its absolute path.

    *home* is the folder that becomes the home, and where it is seen; *folder* where the program starts (default: the
    home). Of the node it sees *binds* alone. Raises UsageError for what the container command cannot take.
    """
    if not command:
        raise UsageError(f"there is no command to run in {image}")
    _check(image, "image", "")
    _check(home[0], "home", ":")
    _check(home[1], "home", ":")
    start = folder or home[1]
    _check(start, "folder", "")
    return [
        *(runtime.path, "--nocolor", "-s", "exec", "--no-eval", "--contain", "--cleanenv", "--pid"),
        *("--no-mount", "cwd,bind-paths", "--home", f"{home[0]}:{home[1]}"),
        *(word for bind in binds for word in ("--mount", mount(bind))),
        *options,
        *("--pwd", start, image, *command),
    ]


def mount(bind: Bind) -> str:
    """Return *bind* as ``--mount`` takes it: fields of a CSV line, so that any character of a path will do."""
    target = bind.target or bind.source
    _check(bind.source, "bind", "")
    _check(target, "bind", "")
    fields = ["type=bind", f"source={bind.source}", f"destination={target}", *(() if bind.write else ("ro",))]
    return ",".join(_quoted(field) for field in fields)


def container_environment(
    runtime: Runtime, environment: Mapping[str, str], inherited: Mapping[str, str]
) -> dict[str, str]:
    """Return the environment of the container command: its own needs of *inherited*, and *environment* for the program.

    Nothing else of the node's gets into the container. HOME there is what ``exec_command`` was told.
    """
    prefix = runtime.kind.upper()
    own = {*_OWN, *(f"{prefix}_{name}" for name in _OWN_SETTINGS)}
    kept = {name: value for name, value in inherited.items() if name in own}
    return kept | {f"{prefix}ENV_{name}": value for name, value in _given(environment)}


def _given(environment: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    return ((name, value) for name, value in environment.items() if name != "HOME")


def _check(path: str, what: str, refused: str) -> None:
    if not path.startswith("/"):
        raise UsageError(f"a container's {what} must be an absolute path, not {path!r}")
    if found := UNPRINTABLE.search(path):
        raise UsageError(f"a container's {what} cannot have the character U+{ord(found[0]):04X} in it: {path!r}")
    if any(character in path for character in refused):
        raise UsageError(f"a container's {what} cannot have {refused!r} in its path: {path}")


def _quoted(field: str) -> str:
    return '"{}"'.format(field.replace('"', '""')) if re.search(r'[",\s\\]', field) else field


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _none(text: str) -> TileFailureError:
    return TileFailureError(Cause.NO_CONTAINERS, text)
