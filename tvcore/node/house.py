"""Where the processes of a tile run: on the node, kept from what is not theirs, or in a container.

A house turns a command and its environment into what is really started. In a container everything of the tile runs in
the image, its X server too: each process is a container command of its own (0.1 s, no daemon), and all of a tile's
share its own ``/tmp`` and home, the display's folder, and what the case binds. What the case does not bind is not
there.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import tvcore
from tvcore.batch.plan import TilePlan
from tvcore.cases.case import Bind
from tvcore.causes import Cause, TileFailureError
from tvcore.container.command import Runtime, container_environment, exec_command
from tvcore.container.explain import explain
from tvcore.errors import TiledVizError
from tvcore.node.children import Children
from tvcore.node.guard import node_name
from tvcore.node.sandbox import Sandbox
from tvcore.node.sandbox_exec import OWN, places
from tvcore.node.scratch import Scratch

NICE = "10"  # of programs: Xvnc and agent stay quick when they take every core
HOME = "/home/tiledviz"  # in a container
CODE = "/opt/tiledviz"  # of ours, in a container
X_SOCKETS = Path("/tmp/.X11-unix")  # noqa: S108 (its place is fixed: X(7))
PACKAGE = Path(tvcore.__file__).parent
PROBE = PACKAGE / "container" / "gl" / "probe.py"
TRIAL_SECONDS = 60.0
DENIED = "denied"  # in the runtime folder: a file of mode 000 that is laid over what a container must not open


@dataclass(frozen=True)
class Launch:
    """What is started: arguments and environment of a process of the node."""

    arguments: list[str]
    environment: dict[str, str]


class House(Protocol):
    """Where one tile's processes run."""

    image: str | None  # what people call the image
    xvnc: str

    @property
    def x_sockets(self) -> Path:
        """Return the folder of the X sockets, as the node sees it."""
        ...

    @property
    def isolated(self) -> bool:
        """Return whether programs are kept from what is not the tile's."""
        ...

    @property
    def environment(self) -> dict[str, str]:
        """Return what every program there has in its environment."""
        ...

    async def open(self, options: Sequence[str] = (), binds: Sequence[Bind] = ()) -> None:
        """Make it ready, with further *options* and *binds* of the container command. Raises TileFailureError."""
        ...

    def close(self) -> None:
        """Remove what was made for it."""
        ...

    def display(self, command: Sequence[str]) -> Launch:
        """Return how the X server is started."""
        ...

    def program(self, command: Sequence[str], environment: Mapping[str, str]) -> Launch:
        """Return how a program is started, with this whole *environment*."""
        ...

    def script(self, path: Path) -> tuple[str, ...]:
        """Return the arguments that run *path*, a Python script of this package, as a program there."""
        ...

    def look_for(self, program: str, environment: Mapping[str, str]) -> None:
        """Raise TileFailureError where *program* is known not to be there."""
        ...

    def room(self) -> contextlib.AbstractContextManager[dict[str, str]]:
        """Return what holds a program's scratch folder: the variables that lead there. May raise TileFailureError."""
        ...

    def explain(self, text: str, code: int) -> TileFailureError | None:
        """Return why nothing can run there, by the *text* and exit *code* of what was started; None: it could."""
        ...


def _niced(command: Sequence[str]) -> list[str]:
    return ["nice", "-n", NICE, *command]


class Bare:
    """The node itself, in a *sandbox* that shows the tile's own *folder*."""

    image: str | None = None
    x_sockets = X_SOCKETS

    def __init__(self, index: int, xvnc: str, folder: Path, sandbox: Callable[[], Sandbox], scratch: Scratch) -> None:
        self.xvnc = xvnc
        self._index = index
        self._folder = folder
        self._sandbox = sandbox
        self._scratch = scratch

    @property
    def isolated(self) -> bool:
        """Return whether this node lets us keep anything from a program."""
        return self._sandbox().isolates

    @property
    def environment(self) -> dict[str, str]:
        """Return the agent's own, which the job's modules made."""
        return {name: value for name, value in os.environ.items() if name != "WAYLAND_DISPLAY"}

    async def open(self, options: Sequence[str] = (), binds: Sequence[Bind] = ()) -> None:
        """Refuse where isolation is required and cannot be had."""
        if refusal := self._sandbox().refusal:
            raise TileFailureError(Cause.NOT_ISOLATED, refusal)

    def close(self) -> None:
        """Do nothing: a program's scratch folder goes with it."""

    def display(self, command: Sequence[str]) -> Launch:
        """Start the X server outside of the sandbox."""
        return Launch(list(command), dict(os.environ))

    def program(self, command: Sequence[str], environment: Mapping[str, str]) -> Launch:
        """Start the program in the sandbox."""
        return Launch(self._sandbox().command(_niced(command), self._folder), dict(environment))

    def script(self, path: Path) -> tuple[str, ...]:
        """Run it by our own Python."""
        return (sys.executable, "-I", "-S", str(path))

    def look_for(self, program: str, environment: Mapping[str, str]) -> None:
        """Look on PATH."""
        if shutil.which(program, path=environment.get("PATH", os.defpath)) is None:
            raise TileFailureError(
                Cause.PROGRAM_MISSING,
                f"cannot find the program {program!r}: is it installed on this node, and on PATH?",
            )

    @contextlib.contextmanager
    def room(self) -> Iterator[dict[str, str]]:
        """Make a fresh folder for each start where the settings name a disk for it."""
        if not self._scratch.base:
            yield {}
            return
        with self._scratch.of_tile(self._index) as folder:
            yield {"TMPDIR": str(folder), "TILEDVIZ_SCRATCH": str(folder)}

    def explain(self, text: str, code: int) -> TileFailureError | None:
        """Know of nothing: what was started is the program itself."""
        return None


class Containers:
    """The container command of this node, and the images that were seen to work with it."""

    def __init__(self, found: Runtime | TileFailureError, children: Children) -> None:
        self._found = found
        self._children = children
        self._good: set[str] = set()
        self._locks: dict[str, asyncio.Lock] = {}

    @property
    def runtime(self) -> Runtime:
        """Return the container command. Raises TileFailureError where there is none."""
        if isinstance(self._found, TileFailureError):
            raise self._found
        return self._found

    async def try_image(self, image: str, command: Sequence[str], environment: Mapping[str, str]) -> None:
        """Run *command*, that of a container of *image* that does nothing, once. Raises TileFailureError."""
        async with self._locks.setdefault(image, asyncio.Lock()):
            if image in self._good:
                return
            code, said = await self._children.ask(command, environment, TRIAL_SECONDS)
            if code is None:
                raise TileFailureError(
                    Cause.NO_CONTAINERS, f"{self.runtime.title} does not start {image} within {TRIAL_SECONDS:.0f} s"
                )
            if failure := explain(said, code, image, self.runtime, node_name(os.environ)):
                raise failure
            self._good.add(image)


class Container:
    """A container of the image of *plan*; *folder* is the tile's, with its display's files; *hidden* is never bound."""

    isolated = True
    xvnc = "Xvnc"

    def __init__(
        self, plan: TilePlan, folder: Path, containers: Containers, scratch: Scratch, hidden: Sequence[Path]
    ) -> None:
        assert plan.image
        path = Path(plan.image)
        self.image: str | None = path.stem if path.suffix == ".sif" else path.name
        self._path = plan.image
        self._plan = plan
        self._folder = folder
        self._containers = containers
        self._scratch = scratch
        self._hidden = hidden
        self._own: Path | None = None
        self._made = contextlib.ExitStack()
        self._runtime: Runtime | None = None
        self._options: tuple[str, ...] = ()
        self._binds: tuple[Bind, ...] = ()

    @property
    def x_sockets(self) -> Path:
        """Return the folder within the tile's own /tmp."""
        assert self._own
        return self._own / "tmp" / X_SOCKETS.name

    @property
    def environment(self) -> dict[str, str]:
        """Return little: the image's own comes besides, the node's does not."""
        scratch = {"TILEDVIZ_SCRATCH": "/tmp"} if self._scratch.base else {}  # noqa: S108 - the tile's own
        job = {name: os.environ[name] for name in ("SLURM_JOB_ID",) if name in os.environ}
        return {"TMPDIR": "/tmp", "PYTHONPATH": CODE, "LANG": "C.UTF-8", **scratch, **job}  # noqa: S108

    async def open(self, options: Sequence[str] = (), binds: Sequence[Bind] = ()) -> None:
        """Find the container command, make the tile's folders, and try the image."""
        self._options = tuple(options)
        try:
            self._runtime = self._containers.runtime
            check_binds(self._plan.binds, self._hidden)
            if self._own is None:
                self._own = self._made.enter_context(self._scratch.of_tile(self._plan.index))
                for name, mode in (("tmp", 0o700), ("home", 0o700), ("tmp/.X11-unix", 0o1777)):
                    (self._own / name).mkdir()
                    (self._own / name).chmod(mode)
            self._binds = self._all_binds(binds)
            self._make_mount_points()
            trial = self._launch(["true"], {}, write=False)
            await self._containers.try_image(self._path, trial.arguments, trial.environment)
        except OSError as error:
            raise TileFailureError(
                Cause.DISK_FULL, f"the container's folders cannot be made on this node: {error}"
            ) from error
        except TileFailureError:
            raise
        except TiledVizError as error:
            raise TileFailureError(Cause.IMAGE_UNFIT, str(error)) from error

    def _all_binds(self, further: Sequence[Bind]) -> tuple[Bind, ...]:
        own = self._own
        return (
            Bind(source=f"{own}/tmp", target="/tmp", write=True),  # noqa: S108 - the container's, which is the tile's
            Bind(source=f"{own}/tmp", target="/var/tmp", write=True),  # noqa: S108
            Bind(source=str(PROBE), target=f"{CODE}/probe.py"),
            Bind(source=str(PACKAGE), target=f"{CODE}/tvcore"),
            *further,
            *self._plan.binds,
        )

    def _make_mount_points(self) -> None:
        """Make, in the tile's own /tmp and home, the places of what is bound below them: nobody else can."""
        places_ = {"/tmp": f"{self._own}/tmp", HOME: f"{self._own}/home"}  # noqa: S108
        for bind in (*self._binds, Bind(source=str(self._folder))):
            target = bind.target or bind.source
            for top, real in places_.items():
                if target.startswith(f"{top}/"):
                    place = Path(real + target[len(top) :])
                    folder = place if Path(bind.source).is_dir() else place.parent
                    folder.mkdir(parents=True, exist_ok=True)
                    if folder != place:
                        place.touch()

    def close(self) -> None:
        """Remove the tile's /tmp and home."""
        self._made.close()
        self._own = None

    def display(self, command: Sequence[str]) -> Launch:
        """Start the X server in the container, where it alone may write into the display's folder."""
        return self._launch(command, {"LANG": "C.UTF-8"}, write=True)

    def program(self, command: Sequence[str], environment: Mapping[str, str]) -> Launch:
        """Start the program in the container."""
        launch = self._launch(command, environment, write=False)
        return Launch(_niced(launch.arguments), launch.environment)

    def _launch(self, command: Sequence[str], environment: Mapping[str, str], *, write: bool) -> Launch:
        assert self._runtime
        display = Bind(source=str(self._folder), write=write)
        own = () if write else (Bind(source=str(self._folder / OWN), write=True),)
        arguments = exec_command(
            self._runtime, self._path, command,
            home=(f"{self._own}/home", HOME), binds=(*self._binds, display, *own), options=self._options,
        )  # fmt: skip
        return Launch(arguments, container_environment(self._runtime, environment, os.environ))

    def script(self, path: Path) -> tuple[str, ...]:
        """Run it by the image's Python, from where the package is bound."""
        return ("python3", "-I", "-S", f"{CODE}/tvcore/{path.relative_to(PACKAGE)}")

    def look_for(self, program: str, environment: Mapping[str, str]) -> None:
        """Leave it to the container command, which says what is missing."""

    @contextlib.contextmanager
    def room(self) -> Iterator[dict[str, str]]:
        """Have nothing made: /tmp and home stay over starts of the program."""
        yield {}

    def explain(self, text: str, code: int) -> TileFailureError | None:
        """Return what the container command said, in words."""
        return explain(text, code, self._path, self._runtime, node_name(os.environ))


def check_binds(binds: Sequence[Bind], hidden: Sequence[Path]) -> None:
    """Raise TileFailureError where one of *binds* would show, hold or lie in a folder of *hidden*."""
    with open("/proc/self/mountinfo", errors="surrogateescape") as file:
        mounts = file.read()
    secret = {place for folder in hidden for place in places(os.path.realpath(folder), mounts)}
    for bind in binds:
        source = os.path.realpath(bind.source)
        for folder in secret:
            if os.path.commonpath((source, folder)) in (source, folder):
                raise TileFailureError(
                    Cause.NOT_ISOLATED,
                    f"the case wants to show {bind.source} to the container, which would show it the secrets of this "
                    f"job in {folder}: bind a folder beside it",
                )


def node_devices() -> list[str]:
    """Return the device files of GPUs on this node."""
    return [str(path) for pattern in ("nvidia*", "dri/*") for path in sorted(Path("/dev").glob(pattern))]


def denied_file(runtime: Path) -> Path:
    """Return a file in *runtime* that nobody may open, made at the first call."""
    path = runtime / DENIED
    with contextlib.suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL, 0))
    return path
