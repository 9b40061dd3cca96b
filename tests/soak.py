"""How many examples a fuzz test tries: a few of them usually, many in ``make soak``; and what the soaks came to.

``python tests/soak.py [--at-once N] [PART ...]`` runs the test modules that ask here how many (those whose path has
one of the PARTs, if any are given), each in a process of its own, with ``TILEDVIZ_SOAK=1``. After each it writes down
what it came to in ``tests/soak-last.json``: what is not run, or is ended in the middle, stays as it was the last time.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

SOAK = "TILEDVIZ_SOAK"
TESTS = Path(__file__).parent
OUTCOME = TESTS / "soak-last.json"


def examples(usual: int, soak: int) -> int:
    """Return how many examples to try: *usual*, or *soak* where time does not matter."""
    return soak if os.environ.get(SOAK) == "1" else usual


def modules(folder: Path, parts: Sequence[str]) -> list[str]:
    """Return the paths below *folder* of the modules that ask for ``examples`` and have one of *parts*, if any."""
    asking = [path for path in folder.rglob("test_*.py") if re.search(r"^from soak import", path.read_text(), re.M)]
    names = sorted(path.relative_to(folder).as_posix() for path in asking)
    return [name for name in names if not parts or any(part in name for part in parts)]


def soaked(folder: Path, name: str) -> dict[str, Any]:
    """Run the module *name* of *folder*; return the day, how many seconds it took, how many tests, which failed."""
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as kept:
        report = Path(kept) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"--junitxml={report}", str(folder / name)]
        done = subprocess.run(command, env={**os.environ, SOAK: "1"}, capture_output=True, text=True, check=False)
        cases = list(ElementTree.parse(report).getroot().iter("testcase")) if report.exists() else []
    failed = [case.get("name") for case in cases if case.find("failure") is not None or case.find("error") is not None]
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n", file=sys.stderr)
        failed = sorted(map(str, failed)) or [f"pytest ended with {done.returncode}"]
    seconds = round(time.monotonic() - begun)
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()), "python": platform.python_version(), "seconds": seconds,
        "tests": len(cases), "failed": failed,
    }  # fmt: skip


def main(arguments: Sequence[str], folder: Path = TESTS, outcome: Path = OUTCOME) -> int:
    """Run the soak; return 0 if nothing failed."""
    parser = argparse.ArgumentParser(description="the fuzz tests, with many more examples")
    parser.add_argument("parts", nargs="*", metavar="PART", help="of the paths of the modules that are run; none: all")
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="modules that run side by side")
    given = parser.parse_args(arguments)
    names = modules(folder, given.parts)
    if not names:
        print(
            f"no module of {folder} with {' or '.join(given.parts) or 'examples'}: nothing was tried", file=sys.stderr
        )
        return 1
    kept = json.loads(outcome.read_text()) if outcome.exists() else {}
    failed = False
    with ThreadPoolExecutor(given.at_once) as pool:
        running = {pool.submit(soaked, folder, name): name for name in names}
        for done in as_completed(running):
            name, found = running[done], done.result()
            kept[name] = found
            outcome.write_text(json.dumps(dict(sorted(kept.items())), indent=2) + "\n")
            failed = failed or bool(found["failed"])
            print(f"{name}: {found['tests']} tests in {found['seconds']} s, {len(found['failed'])} failed", flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
