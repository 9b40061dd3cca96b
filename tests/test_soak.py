"""``make soak``: which modules it runs, and what it writes down of them."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from soak import TESTS, main, modules

ASKS = "import sys\nsys.path.insert(0, {tests!r})\nfrom soak import examples\n\ndef test_one():\n    assert {holds}\n"


def write(folder: Path, name: str, holds: str) -> None:
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(ASKS.format(tests=str(TESTS), holds=holds))


def test_each_module_that_asks_for_examples_is_one() -> None:
    found = modules(TESTS, [])
    assert {"node/test_wire_fuzz.py", "store/test_portal_kills.py", "portal/test_mutants.py"} <= set(found)
    assert modules(TESTS, ["kills"]) == ["store/test_portal_kills.py", "store/test_store_kills.py"]


def test_what_is_run_is_written_down_and_the_rest_stays(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(tmp_path, "a/test_well.py", "examples(1, 500) == 500")
    write(tmp_path, "b/test_badly.py", "examples(1, 500) == 1")
    (tmp_path / "b" / "test_other.py").write_text("def test_other():\n    pass\n")
    outcome = tmp_path / "last.json"
    outcome.write_text(json.dumps({"c/test_gone.py": {"date": "2026-01-01", "failed": []}}))
    assert main(["--at-once", "2"], tmp_path, outcome) == 1
    said = capfd.readouterr()
    assert "b/test_badly.py: 1 tests in" in said.out
    assert "test_one" in said.err
    kept = json.loads(outcome.read_text())
    today = time.strftime("%Y-%m-%d", time.gmtime())
    assert [(name, each["date"], each["failed"]) for name, each in kept.items()] == [
        ("a/test_well.py", today, []), ("b/test_badly.py", today, ["test_one"]), ("c/test_gone.py", "2026-01-01", []),
    ]  # fmt: skip
    assert main(["well"], tmp_path, outcome) == 0
    assert main(["nothing"], tmp_path, outcome) == 1
    assert "no module of" in capfd.readouterr().err
