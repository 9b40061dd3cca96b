"""How many examples a fuzz test tries: a few of them usually, many in ``make soak``; and what a soak came to.

``python tests/soak.py`` runs the modules ``tests/**/test_*fuzz*.py``, ``test_together.py`` and ``test_*_kills.py`` with
``TILEDVIZ_SOAK=1`` and writes the outcome to ``tests/soak-last.json``.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from xml.etree import ElementTree

SOAK = "TILEDVIZ_SOAK"
TESTS = Path(__file__).parent
OUTCOME = TESTS / "soak-last.json"


def examples(usual: int, soak: int) -> int:
    """Return how many examples to try: *usual*, or *soak* where time does not matter."""
    return soak if os.environ.get(SOAK) == "1" else usual


def outcome(report: Path, took: float) -> dict[str, object]:
    """Return what pytest's JUnit XML *report* says: counts, and per test module its seconds."""
    cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    modules: dict[str, float] = {}
    for case in cases:
        module = case.get("classname", "")
        modules[module] = round(modules.get(module, 0.0) + float(case.get("time", 0)), 1)
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "python": platform.python_version(),
        "seconds": round(took),
        "tests": len(cases),
        "failed": sorted(
            f"{case.get('classname')}::{case.get('name')}"
            for case in cases
            if case.find("failure") is not None or case.find("error") is not None
        ),
        "modules": modules,
    }


def main() -> int:
    """Run the soak; return pytest's exit code."""
    modules = sorted(
        str(path)
        for name in ("test_*fuzz*.py", "test_together.py", "test_*_kills.py", "test_mutants.py")
        for path in TESTS.rglob(name)
    )
    if not modules:
        print(f"there is no module test_*fuzz*.py in {TESTS}: nothing was tried", file=sys.stderr)
        return 1
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", f"--junitxml={report}", *modules, *sys.argv[1:]],
            env={**os.environ, SOAK: "1"},
            check=False,
        )
        if report.exists():
            OUTCOME.write_text(json.dumps(outcome(report, time.monotonic() - begun), indent=2) + "\n")
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
