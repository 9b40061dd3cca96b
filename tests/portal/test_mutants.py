"""That the tests notice when an authorisation check is changed: a few of all changes here, all of them in a soak."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import mutator

from soak import SOAK

TESTS = Path(__file__).parents[1]
SEED = "1"
SAMPLE = 7  # one of each module that checks
PROGRAM = '''
def may(who, what=1):
    """Return nothing in particular."""
    if who == "owner" and what not in (2, 3):
        raise ValueError("it is not so")
    return not who or what
'''


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run ``tests/mutants.py``."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    command = [sys.executable, str(TESTS / "mutants.py"), *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False, timeout=7200)


def test_each_check_and_answer_of_a_program_is_changed_and_nothing_that_is_for_people() -> None:
    found = [mutant.name for mutant in mutator.mutants(PROGRAM)]
    checked = "who == 'owner' and what not in (2, 3)"
    assert found == [
        "may: 1 → 2",
        f"may: if {checked}: … → if True: …",
        f"may: if {checked}: … → if False: …",
        f"may: {checked} → what not in (2, 3)",
        f"may: {checked} → who == 'owner'",
        "may: who == 'owner' → who != 'owner'",
        "may: what not in (2, 3) → what in (2, 3)",
        "may: 2 → 3",
        "may: 3 → 4",
        "may: raise ValueError('it is not so') → pass",
        "may: return not who or what → return None",
        "may: not who or what → what",
        "may: not who or what → not who",
        "may: not who → who",
    ]
    assert len({mutant.source for mutant in mutator.mutants(PROGRAM)}) == len(found)
    assert list(mutator.mutants(PROGRAM, ("other",))) == []


def test_a_change_of_what_checks_is_noticed_and_without_one_the_tests_pass() -> None:
    """That what is unchanged passes is seen to first."""
    sample = () if os.environ.get(SOAK) == "1" else ("--sample", str(SAMPLE), "--seed", SEED)
    done = run(*sample)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout + done.stderr
    assert "mutants, " in done.stdout
