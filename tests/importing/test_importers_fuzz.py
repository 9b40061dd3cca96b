"""Files that are damaged or malicious, each imported apart as a user's file is: a tile set, or one clear line.

What went wrong can be made again from its number: mutants are made by dice that are seeded with format and number.
"""

from __future__ import annotations

import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from mutate import mutant, seeds

import tvcore
from soak import examples
from tvcore.apart import Apart
from tvcore.errors import TiledVizError
from tvcore.importing.importers import IMPORTERS

FILES = examples(60, 10_000)  # of each format
TRACED = examples(40, 400)  # of them, for what is reached
BATCH = 50
SECONDS = 20.0  # for one file
PEAK = 3 << 29  # bytes of memory in use, of the 2 GiB of address space
ENDED_MOST = 0.02  # of the files may be ended by a limit, which is a clear line too
LINE_MAX = 1000  # letters
PACKAGES = [str(Path(tvcore.__file__).parent / name) + "/" for name in ("importing", "ensemble")]

Case = tuple[str, str | None, str]  # path, format or none where it is to be found out, how it was made


@dataclass
class Tally:
    """What became of the files of one format."""

    outcomes: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    peak: int = 0
    slowest: float = 0.0
    lines: set[str] = field(default_factory=set)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Apart]:
    """Return the process in which files are read."""
    made = Apart({"PYTHONPATH": str(Path(__file__).parent), "TILEDVIZ_HOME": str(tmp_path / "home")})
    yield made
    made.end()


def _cases(format_name: str, valid: list[Path], numbers: range, folder: Path) -> list[Case]:
    made = []
    for number in numbers:
        dice = random.Random(f"{format_name} {number}")
        path, how = mutant(format_name, dice.choice(valid), dice, folder / str(number))
        made.append((str(path), format_name if dice.random() < 0.8 else None, f"{number}: {how}"))
    return made


def _count(tally: Tally, how: str, said: dict[str, Any]) -> None:
    tally.slowest = max(tally.slowest, said["seconds"])
    tally.outcomes[said["is"]] += 1
    if said["is"] == "fault":
        tally.faults.append(f"{how}: {said['text']} ({said['where']})")
    elif said["is"] == "line":
        text = said["text"]
        tally.lines.add(re.sub(r"/mutants/[0-9]+/", "/", text))
        if not text.isprintable() or not 10 < len(text) <= LINE_MAX:
            tally.faults.append(f"{how}: no clear line: {text[:300]!r}")


def _one_by_one(server: Apart, tally: Tally, cases: list[Case]) -> None:
    """Import each of *cases* as a user's file is; what ends a process costs a line, and nothing else."""
    for path, format_name, how in cases:
        try:
            # as it is with the others, faults are told apart from lines
            arguments: dict[str, Any] = {"cases": [(path, format_name)], "coverage": []}
            found = server.call("mutate:run_batch", arguments, seconds=SECONDS, what=path)
            if found["outcomes"][0]["is"] != "memory":
                _count(tally, how, found["outcomes"][0])
                continue
            arguments = {"path": path, "format": format_name, "options": {}, "title": None}
            server.call("tvcore.importing.importers:import_source", arguments, seconds=SECONDS, what=path)
            tally.faults.append(f"{how}: needed too much memory, and did not")
        except TiledVizError as error:
            tally.outcomes["ended"] += 1
            tally.ended[str(error).replace(path, "FILE").split(":")[0][:70]] += 1
            if not str(error).isprintable():
                tally.faults.append(f"{how}: no clear line: {error}")


def _try(server: Apart, tally: Tally, cases: list[Case]) -> None:
    arguments = {"cases": [case[:2] for case in cases], "coverage": []}
    try:
        found = server.call("mutate:run_batch", arguments, seconds=2 * SECONDS, what="batch")
    except TiledVizError:
        _one_by_one(server, tally, cases)
        return
    tally.peak = max(tally.peak, found["peak"])
    again = []
    for case, said in zip(cases, found["outcomes"], strict=True):
        if said["is"] == "memory":
            again.append(case)  # alone, it has all of the memory to itself
        else:
            _count(tally, case[2], said)
    _one_by_one(server, tally, again)


def _line_numbers(code: CodeType) -> set[int]:
    found = {line for _, _, line in code.co_lines() if line}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found |= _line_numbers(constant)
    return found


def _coverage(reached: dict[str, list[int]]) -> str:
    """Return how much of each file was reached: lines within functions, as modules are loaded before."""
    parts = []
    for name, lines in sorted(reached.items()):
        path = Path(name)
        code = compile(path.read_text(), name, "exec")
        inner = {line for each in code.co_consts if isinstance(each, CodeType) for line in _line_numbers(each)}
        parts.append(f"{path.parent.name}/{path.stem} {len(inner & set(lines))}/{len(inner)}")
    return ", ".join(parts)


@pytest.mark.parametrize("format_name", IMPORTERS)
def test_a_damaged_file_is_a_tile_set_or_one_clear_line(
    server: Apart, tmp_path: Path, format_name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    valid = seeds(format_name, tmp_path / "valid")
    whole = server.call("mutate:run_batch", {"cases": [(str(path), None) for path in valid], "coverage": []})
    assert [said["is"] for said in whole["outcomes"]] == ["set"] * len(valid), whole["outcomes"]
    tally = Tally()
    for start in range(0, FILES, BATCH):
        numbers = range(start, min(start + BATCH, FILES))
        _try(server, tally, _cases(format_name, valid, numbers, tmp_path / "mutants"))
        shutil.rmtree(tmp_path / "mutants")
    traced = _cases(format_name, valid, range(TRACED), tmp_path / "mutants")
    calm = [case[:2] for case in traced] + [(str(path), format_name) for path in valid]
    try:
        reached = server.call(
            "mutate:run_batch", {"cases": calm, "coverage": PACKAGES}, seconds=10 * SECONDS, what="coverage"
        )["reached"]
        covered = _coverage(reached)
    except TiledVizError as error:  # one of them ends its process
        covered = str(error)
    with capsys.disabled():
        print(
            f"\n{format_name}: {dict(tally.outcomes)}, {len(tally.lines)} different lines, "
            f"ended by {dict(tally.ended)}, peak {tally.peak >> 20} MiB, slowest {tally.slowest:.2f} s"
            f"\n  reached: {covered}"
        )
    assert not tally.faults, "\n".join([f"{len(tally.faults)} faults", *tally.faults[:40]])
    assert sum(tally.outcomes.values()) == FILES
    assert tally.outcomes["ended"] <= max(2, ENDED_MOST * FILES), tally.ended
    assert tally.peak <= PEAK
    assert tally.slowest <= SECONDS
