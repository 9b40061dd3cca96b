"""TiledViz as a wheel, and one clean environment that has it and the plugin of docs/plugins.md: made once for a run."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
COURSE = "docs/plugins.md"
_BLOCK = re.compile(r"^`([\w./~-]+)`(?:, goes on)?:\n\n```\w*\n(.*?)^```$", re.M | re.S)


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def listed(*folders: str) -> list[str]:
    """Return the repository's files below *folders*, those not yet committed among them."""
    out = run("git", "ls-files", "-co", "--exclude-standard", "-z", *folders, cwd=ROOT)
    return [name for name in out.split("\0") if name and (ROOT / name).exists()]


def course_files() -> dict[str, str]:
    """Return the files of the course by their names: its blocks that are headed by the same name, one after another."""
    found: dict[str, str] = {}
    for name, text in _BLOCK.findall((ROOT / COURSE).read_text()):
        found[name] = f"{found[name]}\n\n{text}" if name in found else text
    return found


def write_course(folder: Path) -> Path:
    """Write the course's package into *folder* and return that; its picture is one of a few pixels."""
    from PIL import Image

    for name, text in course_files().items():
        if not name.startswith("~"):
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    Image.new("RGB", (64, 40), "teal").save(folder / "wheels/wheels.png")
    return folder


class Made:
    """What is made once for a run, in *folder*, whichever of the run's processes (pytest-xdist) wants it first."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._user = folder / f"user-{os.getpid()}"
        with self._alone():
            self._user.touch()

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        self.folder.mkdir(exist_ok=True)
        with self.folder.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def once(self, name: str, make: Callable[[Path], object]) -> Path:
        """Return the folder *name*, which *make* has filled."""
        path, done = self.folder / name, self.folder / f"{name}.done"
        with self._alone():
            if not done.exists():
                path.mkdir(exist_ok=True)
                make(path)
                done.touch()
        return path

    def leave(self) -> None:
        """Have all of it removed, unless another process uses it: it is large, and nobody has to wait for that."""
        with self._alone():
            self._user.unlink(missing_ok=True)
            if not list(self.folder.glob("user-*")):
                gone = self.folder.rename(self.folder.with_name(f"gone-{os.getpid()}"))
                run("setsid", "--fork", "rm", "-rf", gone)


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    """What is made once for a run."""
    base = tmp_path_factory.getbasetemp()
    found = Made((base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "installed")
    yield found
    found.leave()


@pytest.fixture(scope="session")
def source(made: Made) -> Path:
    """Return a copy of the repository, with noVNC where ``make`` puts it."""

    def copy(folder: Path) -> None:
        for name in listed():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, folder / name)
        shutil.copytree(ROOT / "web_static/vendor", folder / "web_static/vendor")

    return made.once("source", copy)


@pytest.fixture(scope="session")
def wheel(made: Made, source: Path) -> Path:
    """Return TiledViz as a wheel."""
    dist = made.once("dist", lambda dist: run(sys.executable, "-m", "build", "--wheel", "--outdir", dist, source))
    (found,) = dist.glob("*.whl")
    return found


@pytest.fixture(scope="session")
def course(made: Made) -> Path:
    """Return the folder of the course's package, outside of the repository."""
    return made.once("course", write_course)


@pytest.fixture(scope="session")
def installed(made: Made, wheel: Path, course: Path) -> Path:
    """Return a clean environment into which pip installed TiledViz's wheel, the course's package, and pytest."""

    def install(folder: Path) -> None:
        run(sys.executable, "-m", "venv", folder)
        what = ("-q", "-c", ROOT / "constraints.txt", wheel, course, "pytest")
        run(folder / "bin/python", "-m", "pip", "install", *what)

    return made.once("env", install)
