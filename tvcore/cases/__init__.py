"""The plugin API: what a plugin author imports."""

from tvcore.cases.case import Action, Bind, CaseInfo, EnsembleFile, ImageSpec, Member, TileSpec
from tvcore.cases.hookspecs import Report, hookimpl
from tvcore.ensemble.schema import Column

__all__ = [
    "Action", "Bind", "CaseInfo", "Column", "EnsembleFile", "ImageSpec", "Member", "Report", "TileSpec", "hookimpl",
]  # fmt: skip
