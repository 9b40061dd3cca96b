"""For those who write plugins: a new one, what is wrong with one, and one run here for a try.

The verbs of ``tiledviz plugin``; a plugin's own tests may call ``check`` too.
"""

from tvcore.authoring.check import check
from tvcore.authoring.report import Finding, Report

__all__ = ["Finding", "Report", "check"]
