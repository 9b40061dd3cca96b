"""Which plugin is meant: by its name, or by the path of its module, its folder, or the project around it."""

from __future__ import annotations

import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

from tvcore.authoring.report import Finding
from tvcore.cases import sources
from tvcore.cases.case import CASE_NAME
from tvcore.cases.sources import ENTRY_POINTS, Plugin
from tvcore.errors import TiledVizError, UsageError

PROJECT = "pyproject.toml"
_TABLE = f'[project.entry-points."{ENTRY_POINTS}"]'


def found(what: str | Path) -> tuple[Plugin, list[Finding]]:
    """Return the plugin that *what* is, and what is wrong with the project it lies in.

    A name is that of a plugin that counts, else of a file or folder here. Raises UsageError where there is none.
    """
    text = str(what)
    if isinstance(what, str) and re.match(CASE_NAME, text):
        counted, left = sources.plugins()
        if text in counted:
            return counted[text], []
        if not Path(text).exists():
            for each in left:
                if each.plugin.name == text:
                    raise UsageError(f"the plugin {text} ({each.plugin.origin}) does not count: {each.why}")
            raise UsageError(f"there is no plugin {text!r}, nor a file of that name: `tiledviz plugin list` lists them")
    if "\0" in text:
        raise UsageError("a path has no zero byte in it")
    path = Path(text).absolute()
    if not path.exists():
        raise UsageError(f"{text}: there is no such file or folder, and no plugin is called so")
    if path.name == PROJECT:
        path = path.parent
    if (path / PROJECT).is_file() and not (path / "__init__.py").exists():
        return _of_project(path)
    try:
        return sources.of_path(path), []
    except TiledVizError as error:
        raise UsageError(str(error)) from error


def _of_project(folder: Path) -> tuple[Plugin, list[Finding]]:
    """Return the plugin of the project in *folder*, as its pyproject.toml names it. Raises UsageError."""
    file = folder / PROJECT
    try:
        document: dict[str, Any] = tomllib.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise UsageError(f"{file}: {error}") from error
    points = document.get("project", {}).get("entry-points", {}).get(ENTRY_POINTS, {})
    if not isinstance(points, dict) or not points:
        raise UsageError(f'{file} names no plugin: write {_TABLE}, and below it NAME = "MODULE"')
    name, value = next(iter(points.items()))
    findings = []
    if len(points) > 1:
        findings.append(Finding("warning", PROJECT, f"of its {len(points)} plugins this looks at {name} alone"))
    if not re.match(CASE_NAME, name):
        raise UsageError(f"{file}: the plugin {name!r} has a name of small letters, digits and _: rename it")
    module, _, attribute = str(value).partition(":")
    if attribute:
        raise UsageError(f"{file}: {name} is {value}: install it (`pip install -e .`), and check it by its name")
    path = _module(folder, module)
    if path is None:
        raise UsageError(f"{file}: {name} is the module {module!r}, which is neither in {folder} nor in its src")
    plugin = replace(sources.of_path(path), name=name)
    return plugin, [*findings, *_packaged(document, path)]


def _module(folder: Path, module: str) -> Path | None:
    parts = module.split(".")
    for root in (folder, folder / "src"):
        inside = root.joinpath(*parts)
        for path in (inside, inside.with_name(f"{inside.name}.py")):
            if path.is_file() or (path / "__init__.py").is_file():
                return path
    return None


def _packaged(document: dict[str, Any], path: Path) -> list[Finding]:
    """Tell of files beside the code that setuptools, told what to take, would leave behind."""
    tables = document.get("tool", {}).get("setuptools", {})
    if path.is_file() or "packages" not in tables:
        return []
    data = tables.get("package-data", {})
    taken = {suffix for patterns in data.values() for pattern in patterns for suffix in [Path(pattern).suffix]}
    other = {each.suffix for each in path.iterdir() if each.is_file() and each.suffix not in (".py", ".pyc", "")}
    return [
        Finding(
            "warning", PROJECT, f"*{suffix} in {path.name} is not installed: name it in [tool.setuptools.package-data]"
        )
        for suffix in sorted(other - taken)
        if "*" not in {pattern for patterns in data.values() for pattern in patterns}
    ]
