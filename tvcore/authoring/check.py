"""All that is wrong with a plugin, in words: its hooks, which are called apart, and what they need of this machine."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from tvcore.authoring.needs import needs
from tvcore.authoring.report import Finding, Report
from tvcore.authoring.where import found
from tvcore.cases import catalog
from tvcore.cases.hookspecs import Report as Progress
from tvcore.config import load
from tvcore.errors import TiledVizError

MEMBERS = 2  # that are looked at
HOST = "tvcore.authoring.examine"


def silent(_fraction: float, _text: str) -> None:
    """Take a report of progress and say nothing."""


def check(
    what: str | Path, given: Mapping[str, object] | None = None, members: int = MEMBERS, report: Progress = silent
) -> Report:
    """Return what is wrong with the plugin *what*: its name, or the path of its module, folder or project.

    *given* are parameters of its case and settings of a job, as ``--set`` takes them. The hooks of the first *members*
    members are called, in a process of their own; what they need is made first, of which *report* is told. Raises
    UsageError where there is no such plugin, or a setting cannot be.
    """
    plugin, findings = found(what)
    catalog.speak()  # what it prints is for its author to read
    try:
        said = catalog.ask(plugin, "examine", report=report, host=HOST, given=dict(given or {}), count=members)
    except TiledVizError as error:
        return Report.of(plugin.name, plugin.origin, (), 0, [*findings, Finding("error", "", str(error))])
    findings += [Finding(level, where, text) for level, where, text in said["findings"]]
    findings += needs(said, load(said["settings"]).settings)
    return Report.of(plugin.name, plugin.origin, said["hooks"], said["members"], findings)
