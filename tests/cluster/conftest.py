"""The test cluster, and what the end of a run says about it."""

from __future__ import annotations

import pytest

from fleet import FIXTURES, cluster, cluster_of, fleet
from images_kit import tile_images
from site_kit import site

__all__ = ["cluster", "cluster_of", "site", "tile_images"]


def pytest_collection_finish(session: pytest.Session) -> None:
    wanted = {item.nodeid for item in session.items if FIXTURES & set(getattr(item, "fixturenames", ()))}
    fleet(session.config).tests |= wanted


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                fleet(config).count(report)
    for line in fleet(config).summary():
        terminalreporter.write_line(line)
