"""What plugins said is kept until their code changes."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from plugin_kit import write_sample
from tvcore import paths
from tvcore.cases import catalog, remembered
from tvcore.cases.sources import of_path


@pytest.fixture(autouse=True)
def cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


def test_a_plugin_is_asked_once_until_its_code_changes(home: Path, tmp_path: Path) -> None:
    count = tmp_path / "count"
    head = f"open({str(count)!r}, 'a').write('.')"
    path = write_sample(head=head)
    assert [catalog.describe("sample").title for _ in range(3)] == ["Sample"] * 3
    assert count.read_text() == "."
    path.write_text(path.read_text().replace('title="Sample"', 'title="Another"'))
    assert [catalog.describe("sample").title for _ in range(2)] == ["Another"] * 2
    assert count.read_text() == ".."
    (kept,) = (paths.cache_dir() / "plugins").glob("*.json")
    assert kept.stat().st_mode & 0o777 == 0o600
    kept.write_text("{")
    assert catalog.describe("sample").title == "Another"


def test_what_went_wrong_is_kept_for_a_minute_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    missing = tmp_path / "there"
    plugin = of_path(write_sample(head=f"open({str(missing)!r})"))
    assert "FileNotFoundError" in catalog.describe_plugin(plugin).error
    missing.write_text("")
    assert "FileNotFoundError" in catalog.describe_plugin(plugin).error
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + remembered.FAILED_SECONDS + 1)
    assert catalog.describe_plugin(plugin).title == "Sample"


def test_files_that_nobody_wants_any_more_are_removed(home: Path) -> None:
    catalog.describe_plugin(of_path(write_sample("old")))
    (old,) = (paths.cache_dir() / "plugins").glob("*.json")
    os.utime(old, (1, 1))
    catalog.describe_plugin(of_path(write_sample("new")))
    assert not old.exists()
