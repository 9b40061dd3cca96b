"""The plugin API: what a plugin author imports."""

from tvcore.cases.case import Bind, CaseInfo, ImageSpec, Member, TileSpec
from tvcore.cases.hookspecs import Report, hookimpl

__all__ = ["Bind", "CaseInfo", "ImageSpec", "Member", "Report", "TileSpec", "hookimpl"]
