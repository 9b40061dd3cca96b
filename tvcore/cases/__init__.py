"""The plugin API: what a plugin author imports."""

from tvcore.cases.case import CaseInfo, Member, TileSpec
from tvcore.cases.hookspecs import Report, hookimpl

__all__ = ["CaseInfo", "Member", "Report", "TileSpec", "hookimpl"]
