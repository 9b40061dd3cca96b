"""Building an image: from a definition of TiledViz's or of one's own, without root, by the container command.

The command's output is read here and not by spython, whose stream leaves the messages unread until they block the
build, and cannot end it.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from tvcore import __version__
from tvcore.cases.case import Bind
from tvcore.cases.hookspecs import Report
from tvcore.container.command import NONE, Runtime, find_runtime, mount
from tvcore.container.definition import Definition, read, with_base
from tvcore.container.failure import NO_RANGE, Place, explain_build, missing_tools, no_range
from tvcore.container.images import SUFFIX, Image, check_name, find, images_folder, write_sidecar
from tvcore.container.mirror import this_mirror
from tvcore.container.progress import Stages
from tvcore.errors import TiledVizError, UsageError
from tvcore.paths import cache_dir
from tvcore.settings import ImageSettings

VIRTUALGL = "/mnt/virtualgl.deb"  # where %post finds the package that --virtualgl names
STALE = 24 * 3600.0  # seconds after which a build that left a file is taken for dead
GRACE = 10.0
# Runs a command and, told to end, ends its whole group. The signal that setpriv(1) has sent when we die does not reach
# the command itself: entering its user namespace, it forgets it.
_GUARD = 'trap "trap - TERM; kill -s TERM -- -$$" TERM; "$@" & wait $!'
GIVEN = ("base", "mirror", "release")  # build arguments that every definition may use
_LINES = 5000  # of a build's output, kept for the explanation of a failure
_ZSTD = "-comp zstd -Xcompression-level 3"  # packs an image in 2 s that takes gzip a minute
_ADMIN_PATHS = "/usr/local/sbin:/usr/sbin:/sbin"  # debootstrap's, which a person's PATH may not name


@dataclass(frozen=True)
class Order:
    """What is to be built: an image's *name*, its *definition*, and the *folder* from which that takes files."""

    name: str
    definition: Definition
    folder: Path
    virtualgl: Path | None = None

    @property
    def base(self) -> str:
        """Return the name of the image in the images' folder that it is made on, empty where it is on none."""
        default = self.definition.arguments.get("base", "")
        own = default.endswith(SUFFIX) and "/" not in default and self.definition.bootstrap == "localimage"
        return default.removesuffix(SUFFIX) if own else ""


def definitions() -> tuple[str, ...]:
    """Return the names of the definitions that come with TiledViz."""
    found = (path.name for path in files("tvcore.singularity_defs").iterdir())
    return tuple(sorted(name.removesuffix(".def") for name in found if name.endswith(".def")))


def order(what: str) -> Order:
    """Return what to build: by the name of a definition of TiledViz's, or the path of one's own. Raises UsageError."""
    if "/" not in what and not what.endswith(".def"):
        if what not in definitions():
            raise UsageError(
                f"there is no definition {what!r} (TiledViz has {', '.join(definitions())}):"
                " name one of your own by its path, as ./mine.def"
            )
        text = files("tvcore.singularity_defs").joinpath(f"{what}.def").read_text()
        return Order(what, read(f"{what}.def", text, GIVEN), Path("/"))
    path = Path(what).absolute()
    try:
        text = path.read_text()
    except (OSError, ValueError) as error:
        raise UsageError(
            f"the definition {path} cannot be read: {getattr(error, 'strerror', None) or error}"
        ) from error
    return Order(check_name(path.name.removesuffix(".def")), read(what, text, GIVEN), path.parent)


@dataclass(frozen=True)
class Options:
    """How to build: what the definition is bootstrapped from instead (*base*), VirtualGL's package, and *force*."""

    base: str = ""
    virtualgl: Path | None = None
    force: bool = False


def build(
    what: str,
    settings: ImageSettings,
    options: Options = Options(),
    *,
    container: str = NONE,
    report: Report = lambda fraction, text: None,
) -> Image:
    """Build the image *what*, the name of a definition or the path of one, and first what it is made on, if missing.

    Raises UsageError or TiledVizError in one line; then nothing that counts as an image is left.
    """
    folder = images_folder(settings)
    orders = chain(order(what), folder, options)
    runtime = find_runtime(container)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _remove_stale(folder)
    except OSError as error:
        raise TiledVizError(f"the images' folder {folder} cannot be used: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise TiledVizError(f"you may not write to the images' folder {folder}: name another by images.folder")
    for number, one in enumerate(orders):
        _Build(one, folder, runtime, settings.mirror).run(_share(report, number, len(orders), one.name))
    return find(orders[-1].name, settings)


def _share(report: Report, number: int, count: int, name: str) -> Report:
    """Return what reports the build *number* of *count* builds, of the image *name*, to *report*."""
    return lambda fraction, text: report((number + fraction) / count, f"{name}: {text}")


def chain(last: Order, folder: Path, options: Options) -> list[Order]:
    """Return what to build, in this order, so that there is *last*. Raises UsageError where something is in the way.

    *options* about what an image is made from are for the first one, which is built then even where it is there.
    """
    about_first = bool(options.base or options.virtualgl)
    orders = [last]
    while base := orders[0].base:
        if base in (found.name for found in orders):
            raise UsageError(f"{orders[0].definition.name}: its base is itself; give the argument base another default")
        if not about_first and (folder / f"{base}{SUFFIX}").exists():
            break
        orders.insert(0, order(base))
    for one in orders:
        if not options.force and (folder / f"{one.name}{SUFFIX}").exists():
            raise UsageError(f"there is an image {one.name!r} in {folder} already: --force builds it again")
    first = orders[0]
    if options.virtualgl and VIRTUALGL not in first.definition.text:
        raise UsageError(f"{first.definition.name} does not install {VIRTUALGL}: it has no use for --virtualgl")
    if options.virtualgl and not options.virtualgl.is_file():
        raise UsageError(f"there is no file {options.virtualgl} (VirtualGL's package, virtualgl_3.1_amd64.deb)")
    if options.base:
        base = options.base if "://" in options.base else str(Path(options.base).absolute())
        if base.startswith("/") and not Path(base).exists():
            raise UsageError(f"--from {options.base}: neither docker://NAME and the like, nor an image that is there")
        definition = read(first.definition.name, with_base(first.definition, base), GIVEN)
        first = replace(first, definition=definition)
    orders[0] = replace(first, virtualgl=options.virtualgl)
    return orders


def build_command(
    runtime: Runtime,
    target: Path,
    definition: Path,
    arguments: Mapping[str, str],
    *,
    binds: Sequence[Bind] = (),
    zstd: bool = False,
    root: bool = False,
) -> list[str]:
    """Return the command that builds *definition* into *target*.

    SingularityCE takes no arguments for mksquashfs; it packs as its administrator says. Root needs no --fakeroot.
    """
    return [
        *(runtime.path, "--nocolor", "build", *(() if root else ("--fakeroot",))),
        *(("--mksquashfs-args", _ZSTD) if zstd and runtime.kind == "apptainer" else ()),
        *(word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")),
        *(word for bind in binds for word in ("--mount", mount(bind))),
        *(str(target), str(definition)),
    ]


def can_zstd() -> bool:
    """Return whether this machine's mksquashfs packs with zstd, by having it do so."""
    mksquashfs = shutil.which("mksquashfs", path=_path())
    if mksquashfs is None:
        return False
    with tempfile.TemporaryDirectory(prefix="tiledviz-") as folder:
        (Path(folder) / "in").mkdir()
        command = [mksquashfs, f"{folder}/in", f"{folder}/out", *_ZSTD.split(), "-no-progress"]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


class _Build:
    """One image being built: into a file that does not count as one, which gets the image's name in the end."""

    def __init__(self, one: Order, folder: Path, runtime: Runtime, mirror: str) -> None:
        self._order, self._folder, self._runtime = one, folder, runtime
        self._arguments = {"mirror": mirror or this_mirror(), "release": __version__}
        if one.base:
            self._arguments["base"] = str(folder / f"{one.base}{SUFFIX}")
        used = one.definition.used()
        self._arguments = {key: value for key, value in self._arguments.items() if key in used}
        temporary = os.environ.get("APPTAINER_TMPDIR") or os.environ.get("TMPDIR") or tempfile.gettempdir()
        self._log = cache_dir() / f"build-{one.name}.log"
        self._place = Place(socket.gethostname(), _person(), temporary, str(self._log))

    def run(self, report: Report) -> None:
        """Build it. Raises TiledVizError."""
        one = self._order
        from_scratch = one.definition.bootstrap == "debootstrap"
        lacking = [tool for tool in ("debootstrap", "wget") if not shutil.which(tool, path=_path())]
        if from_scratch and lacking:
            raise missing_tools(lacking, self._place.node)
        target = self._folder / f"{one.name}{SUFFIX}"
        part = self._folder / f".{one.name}-{secrets.token_hex(6)}.part"
        started = time.time()
        try:
            with self._files() as (definition, binds):
                root = os.getuid() == 0
                command = build_command(
                    self._runtime, part, definition, self._arguments, binds=binds, zstd=can_zstd(), root=root
                )
                code, said = self._follow(command, report)
            if code != 0 or not part.exists():
                raise explain_build(one.definition, said, code, self._runtime, self._place)
            part.chmod(0o755 & ~_umask())
            part.replace(target)
            write_sidecar(target, one.definition.text, self._runtime, started)
        except OSError as error:
            raise TiledVizError(
                f"{error.filename or self._folder}: {error.strerror}, so {one.name} is not built"
            ) from error
        finally:
            part.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _files(self) -> Iterator[tuple[Path, list[Bind]]]:
        """Give the file with the definition, and what %post sees of this machine."""
        with tempfile.TemporaryDirectory(prefix="tiledviz-build-") as name:
            folder = Path(name)
            definition = folder / f"{self._order.name}.def"
            definition.write_text(self._order.definition.text)
            binds = []
            if self._order.virtualgl:
                shown = folder / "mnt"
                shown.mkdir(mode=0o755)
                shutil.copyfile(self._order.virtualgl, shown / Path(VIRTUALGL).name)
                binds.append(Bind(source=str(shown), target=str(Path(VIRTUALGL).parent)))
            yield definition, binds

    def _follow(self, command: Sequence[str], report: Report) -> tuple[int, str]:
        """Run *command* and return its exit code and what it said, reporting on the way; end it when we end."""
        stages = Stages()
        report(0.0, stages.text)
        lines: deque[str] = deque(maxlen=_LINES)
        environment = {**os.environ, "PATH": _path(), "LC_ALL": "C.UTF-8"}
        with (
            self._log.open("w") as log,
            subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", "--", "sh", "-c", _GUARD, "sh", *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                env=environment,
                cwd=self._order.folder,
                start_new_session=True,
            ) as process,
        ):
            assert process.stdout
            try:
                for line in process.stdout:
                    log.write(line)
                    lines.append(line)
                    if NO_RANGE.search(line) and self._order.definition.bootstrap == "debootstrap":
                        raise no_range(self._place)
                    if stages.take(line):
                        report(stages.fraction, stages.text)
                return process.wait(), "".join(lines)
            except BaseException:
                _end(process)
                raise


def _end(process: subprocess.Popen[str]) -> None:
    """End a build and all that it started; the container command removes what it made so far."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(GRACE)
            return


def _remove_stale(folder: Path) -> None:
    """Remove what builds left that were killed long ago."""
    for path in folder.glob(".*.part"):
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime > STALE:
                path.unlink()


def _path() -> str:
    return f"{os.environ.get('PATH', os.defpath)}:{_ADMIN_PATHS}"


def _person() -> str:
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _umask() -> int:
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
