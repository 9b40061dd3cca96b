"""Whether the tests notice when an authorisation check is changed: all changes (``mutator``) to what checks.

``python tests/mutants.py`` (``make mutants``) changes one thing after another in the modules below and runs the tests
that are to notice. What survives must be in tests/portal/mutants.md, under its name, with a proof that it changes
nothing; anything else fails. ``--sample N --seed S`` takes N of them, from all modules; ``--only TEXT`` those with TEXT
in their names. Each is run in a process of its own, which gets the changed module when it imports it.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import multiprocessing
import os
import random
import re
import signal
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import mutator
import pytest

HERE = Path(__file__).parents[1]
KNOWN = Path(__file__).parent / "portal" / "mutants.md"
LONGEST = 90  # seconds for one mutant: an endless loop is noticed, too


@dataclass(frozen=True)
class Target:
    """A *module* of the portal, its *functions* that are changed (None: all), and the *test* that is to notice."""

    module: str
    test: str
    functions: tuple[str, ...] | None = None


TARGETS = (
    Target("roles", "test_authorisation.py"),
    Target("access", "test_authorisation.py"),
    Target(
        "app",
        "test_checks.py",
        ("make_app.checked", "body_max", "check_address", "count", "_call", "_trust", "_about", "_refused",
         "_check_right", "_check_tile", "_check_tiles", "_body", "_stream"),
    ),
    Target("audited", "test_checks.py", ("entry_of", "handled", "turned_away")),
    Target("auth", "test_recognised.py"),
    Target("chosen", "test_part.py"),
    Target("standing", "test_standing.py"),
)  # fmt: skip


@dataclass(frozen=True)
class Case:
    """One changed module, by a *name* of its own, and the test that is to notice."""

    name: str
    module: str
    source: str
    test: str


class Served(importlib.abc.MetaPathFinder, importlib.abc.InspectLoader):
    """Has the module *name* be *source* when it is imported."""

    def __init__(self, name: str, source: str) -> None:
        self._name = name
        self._source = source

    def find_spec(self, fullname: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        """Return how the module is loaded, if it is this one."""
        return importlib.util.spec_from_loader(fullname, self) if fullname == self._name else None

    def get_source(self, fullname: str) -> str:
        """Return what the module is."""
        return self._source

    def is_package(self, fullname: str) -> bool:
        """Return that it is none."""
        return False


def source_of(module: str) -> str:
    """Return the source of a module of the portal."""
    return (HERE / "tvcore" / "portal" / f"{module}.py").read_text()


def cases() -> list[Case]:
    """Return everything that can be changed."""
    return [
        Case(f"{target.module}.{mutant.name}", f"tvcore.portal.{target.module}", mutant.source, target.test)
        for target in TARGETS
        for mutant in mutator.mutants(source_of(target.module), target.functions)
    ]


def warm() -> None:
    """Import what all tests need of others, so that each process has it from the start; of ours nothing stays."""
    for name in ("tvcore.portal.app", "tvcore.portal.standing", "hypothesis"):
        importlib.import_module(name)
    for name in [name for name in sys.modules if name.partition(".")[0] == "tvcore"]:
        del sys.modules[name]


def code_of(case: Case) -> int:
    """Return how pytest ends in a process where the module of *case* is as it says; negative: by a signal."""
    child = os.fork()
    if not child:
        signal.alarm(LONGEST)
        sys.meta_path.insert(0, Served(case.module, case.source))
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in (0, 1, 2):
            os.dup2(nothing, number)
        code = 70
        with contextlib.suppress(BaseException):
            code = pytest.main(["-x", "-q", "--noconftest", str(HERE / "tests" / "portal" / case.test)])
        os._exit(int(code))
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def unnoticed(case: Case) -> bool:
    """Return whether no test fails. Raises RuntimeError: none was run."""
    code = code_of(case)
    if code not in (0, 1, 2, -signal.SIGALRM):  # 2: the module cannot even be imported
        raise RuntimeError(f"{case.test} was not run: {code}")
    return code == 0


def survivors(chosen: list[Case], processes: int) -> list[str]:
    """Return the names of those of *chosen* that no test notices."""
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        survived = pool.map(unnoticed, chosen, chunksize=1)
    return [case.name for case, left in zip(chosen, survived, strict=True) if left]


def sampled(of: list[Case], count: int, seed: int) -> list[Case]:
    """Return *count* of the cases, as many of each module as can be."""
    chance = random.Random(seed)
    by_module: dict[str, list[Case]] = {}
    for case in chance.sample(of, len(of)):
        by_module.setdefault(case.module, []).append(case)
    turns = sorted(((place, case.module), case) for some in by_module.values() for place, case in enumerate(some))
    return [case for _, case in turns[:count]]


def main() -> int:
    """Run mutants; return 1 when one survives of which nobody has proved that it changes nothing."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sample", type=int)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="")
    parser.add_argument("--processes", type=int, default=os.cpu_count())
    given = parser.parse_args()
    os.chdir(HERE)
    os.environ |= {"TILEDVIZ_SITE_CONFIG": "", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    sys.path.insert(0, str(HERE))
    known = set(re.findall(r"^## `(.+)`$", KNOWN.read_text(), re.MULTILINE))
    everything = cases()
    if gone := known - {case.name for case in everything}:
        print(f"{KNOWN}: there is no mutant {min(gone)}", file=sys.stderr)
        return 1
    chosen = [case for case in everything if given.only in case.name and case.name not in known]
    if given.sample is not None:
        chosen = sampled(chosen, given.sample, given.seed)
    warm()
    for target in TARGETS:
        case = Case(target.module, f"tvcore.portal.{target.module}", source_of(target.module), target.test)
        if any(each.test == case.test for each in chosen) and not unnoticed(case):
            print(f"{case.test} fails with nothing changed", file=sys.stderr)
            return 1
    begun = time.monotonic()
    left = survivors(chosen, given.processes)
    took = time.monotonic() - begun
    print(f"{len(chosen)} mutants, {len(chosen) - len(left)} noticed, in {took:.0f} s; {len(known)} change nothing")
    for name in left:
        print(f"nobody notices {name}", file=sys.stderr)
    return 1 if left or not chosen else 0


if __name__ == "__main__":
    sys.exit(main())
