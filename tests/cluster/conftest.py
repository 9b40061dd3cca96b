"""The test cluster, and what the end of a run says about it."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from fleet import FIXTURES, cluster, cluster_of, fleet, summary
from images_kit import tile_images
from site_kit import site

__all__ = ["cluster", "cluster_of", "site", "tile_images"]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Say on the report that a cluster was wanted, and what runs on it: another process may sum up."""
    report = yield
    if FIXTURES & set(getattr(item, "fixturenames", ())):
        report.user_properties.append(("cluster", ", ".join(fleet(item.config).versions)))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many tests ran on which clusters."""
    found = (report for reports in terminalreporter.stats.values() for report in reports)
    for line in summary(report for report in found if isinstance(report, pytest.TestReport)):
        terminalreporter.write_line(line)
