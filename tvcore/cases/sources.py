"""Where plugins are: which there are, which of them count, without importing any.

A plugin is called as its module, folder or entry point is, and so is its case. They come in this order: those bundled
with TiledViz, those of installed packages (entry points ``tiledviz.cases``), of the site's folders (setting
``plugins.folders``), of the person's own folder. One whose name there is already counts only where the setting
``plugins.override`` names it; ``plugins.disabled`` names those that do not count at all.
"""

from __future__ import annotations

import contextlib
import grp
import importlib.util
import os
import pwd
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, distributions
from pathlib import Path
from typing import Literal, get_args

from tvcore.cases.case import CASE_NAME
from tvcore.config import load, own_file
from tvcore.errors import TiledVizError

ENTRY_POINTS = "tiledviz.cases"
BUNDLED = "tvcore.plugins"

Kind = Literal["bundled", "package", "folder"]


@dataclass(frozen=True)
class Plugin:
    """A plugin, not loaded: its *name*, and where it is.

    *location* is a module's name (bundled), ``module:attribute`` (package), or the absolute path of a file or folder;
    *origin* says in words where it comes from.
    """

    name: str
    kind: Kind
    location: str
    origin: str

    @property
    def spec(self) -> str:
        """Return one text by which another process, on another node, finds the very same: ``of_spec`` reads it."""
        return f"{self.kind}:{self.name}:{self.location}"


_tried: dict[str, Plugin] = {}


@dataclass(frozen=True)
class Left:
    """A plugin that does not count: why, in one line, and whether somebody wanted it so (*off*)."""

    plugin: Plugin
    why: str
    off: bool = False


def of_spec(text: str) -> Plugin:
    """Return the plugin of a ``Plugin.spec``. Raises TiledVizError for a text that is none."""
    kind, _, rest = text.partition(":")
    name, _, location = rest.partition(":")
    if kind not in get_args(Kind) or not re.fullmatch(CASE_NAME, name) or not location:
        raise TiledVizError(f"{text!r} names no plugin: it was written by another release of TiledViz")
    return Plugin(name, kind, location, location)  # type: ignore[arg-type]


def of_path(path: Path) -> Plugin:
    """Return the plugin that the file or folder *path* is. Raises TiledVizError when it can be none."""
    whole = path.absolute()
    main = whole / "__init__.py" if whole.is_dir() else whole
    if not main.is_file() or main.suffix != ".py":
        raise TiledVizError(f"{path} is no plugin: name a file NAME.py, or a folder NAME with an __init__.py")
    name = whole.stem if whole.is_file() else whole.name
    if not re.fullmatch(CASE_NAME, name):
        raise TiledVizError(f"{path}: a plugin has a name of small letters, digits and _, not {name!r}: rename it")
    return Plugin(name, "folder", str(whole), str(whole))


@contextlib.contextmanager
def trying(plugin: Plugin) -> Iterator[None]:
    """Have *plugin*, which its author tries out, count in this process meanwhile, whatever else has its name."""
    _tried[plugin.name] = plugin
    try:
        yield
    finally:
        del _tried[plugin.name]


def own_folder() -> Path:
    """Return the folder of the person's own plugins, beside the file of settings."""
    return own_file().parent / "plugins"


def plugins() -> tuple[dict[str, Plugin], list[Left]]:
    """Return the plugins that count, by name, and those that do not. Raises TiledVizError for wrong settings."""
    settings = load().settings.plugins
    counted: dict[str, Plugin] = {}
    left: list[Left] = []
    for plugin in _all(settings.folders, left):
        before = counted.get(plugin.name)
        if plugin.name in settings.disabled:
            left.append(Left(plugin, "it is off: plugins.disabled names it", off=True))
        elif before is None:
            counted[plugin.name] = plugin
        elif plugin.name in settings.override:
            left.append(Left(before, f"the one of {plugin.origin} counts instead (plugins.override)", off=True))
            counted[plugin.name] = plugin
        else:
            why = f"one of this name comes before it ({before.origin}): rename it, or name it in plugins.override"
            left.append(Left(plugin, why))
    return counted | _tried, left


def _all(folders: Sequence[str], left: list[Left]) -> Iterator[Plugin]:
    yield from _bundled()
    for point, origin in _entry_points():
        plugin = Plugin(point.name, "package", point.value, origin)
        if re.fullmatch(CASE_NAME, point.name):
            yield plugin
        else:
            left.append(Left(plugin, "an entry point has a name of small letters, digits and _: rename it"))
    for folder in (*map(Path, folders), own_folder()):
        yield from _in_folder(folder, left)


def _bundled() -> Iterator[Plugin]:
    found = importlib.util.find_spec(BUNDLED)
    for root in (found.submodule_search_locations or ()) if found else ():
        for path in sorted(Path(root).iterdir()):
            if (path / "__init__.py").is_file():
                yield Plugin(path.name, "bundled", f"{BUNDLED}.{path.name}", "bundled")


def _entry_points() -> list[tuple[EntryPoint, str]]:
    """Return the entry points of all packages, with the package's name; a package that is damaged has none."""
    found = []
    for package in distributions():
        with contextlib.suppress(Exception):  # whatever its files are
            name = str(package.metadata["Name"])
            found += [(point, name) for point in package.entry_points if point.group == ENTRY_POINTS]
    return sorted(dict.fromkeys(found), key=lambda each: each[0].name)


def _in_folder(folder: Path, left: list[Left]) -> Iterator[Plugin]:
    try:
        paths = sorted(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        left.append(_left(folder, f"cannot be read: {error.strerror}"))
        return
    for path in paths:
        try:
            if path.name.startswith((".", "_")) or not (path.suffix == ".py" or (path / "__init__.py").is_file()):
                continue
            check_owner(path)
            plugin = of_path(path)
        except TiledVizError as error:
            left.append(_left(path, str(error)))
        except OSError as error:
            left.append(_left(path, f"{path} cannot be read: {error.strerror}"))
        else:
            yield plugin


def _left(path: Path, why: str) -> Left:
    shown = os.fsencode(path).decode(errors="replace")
    return Left(Plugin(Path(shown).stem, "folder", shown, shown), os.fsencode(why).decode(errors="replace"))


def check_owner(path: Path) -> None:
    """Raise TiledVizError where others than the person and root may write the plugin *path*, or put another there.

    What is in it runs in their name: its file, its folder and all folders above are looked at, where links lead to.
    """
    whole = path.resolve()
    main = whole / "__init__.py" if whole.is_dir() else whole
    for each in (main, *main.parents):
        try:
            found = each.stat()
        except OSError as error:
            raise TiledVizError(f"{each} cannot be read: {error.strerror}") from error
        if found.st_uid not in (0, os.getuid()):
            raise TiledVizError(f"{each} belongs to another user: it is not used; copy it, and own the copy")
        sticky = each.is_dir() and found.st_mode & stat.S_ISVTX
        if found.st_mode & stat.S_IWOTH and not sticky:
            raise TiledVizError(f"everybody may write to {each}: `chmod o-w {each}`, and look at what is in it")
        if found.st_mode & stat.S_IWGRP and not sticky and not _of_few(found.st_gid):
            raise TiledVizError(f"a whole group may write to {each}: `chmod g-w {each}`, and look at what is in it")


def _of_few(group: int) -> bool:
    """Return whether *group* is root's, or a person's own: as many systems give everybody a group of their name."""
    if group == 0:
        return True
    try:
        return grp.getgrgid(group).gr_name == pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return False
