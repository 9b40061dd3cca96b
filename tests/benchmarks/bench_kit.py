"""What the benchmarks share: CPU time and memory of groups of processes, medians, the last line."""

from __future__ import annotations

import json
import os
import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tvcore import proc

TICK = os.sysconf("SC_CLK_TCK")


def tree(pid: int) -> list[int]:
    """Return *pid* and all that it started."""
    return [pid, *proc.descendants(pid)]


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that those of *pids* that still run have used so far, in seconds (proc(5))."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/stat") as file:
                fields = file.read().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        total += int(fields[11]) + int(fields[12])
    return total / TICK


def memory_gb(pids: Iterable[int]) -> float:
    """Return the memory of *pids*, shared pages counted in parts (PSS, proc(5)), in GB."""
    total = 0
    for pid in pids:
        try:
            with open(f"/proc/{pid}/smaps_rollup") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("Pss:"))
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
    return total * 1024 / 1e9


def cores(groups: Mapping[str, Sequence[int]], meanwhile: Callable[[], None]) -> dict[str, float]:
    """Return how many cores each group of processes keeps busy *meanwhile*."""
    before, begin = {name: cpu_seconds(pids) for name, pids in groups.items()}, time.monotonic()
    meanwhile()
    took = time.monotonic() - begin
    return {name: round((cpu_seconds(pids) - before[name]) / took, 4) for name, pids in groups.items()}


def medians(runs: Sequence[Mapping[str, float]], digits: int = 4) -> dict[str, float]:
    """Return the median of each figure over *runs*."""
    return {name: round(statistics.median(run[name] for run in runs), digits) for name in runs[0]}


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which *share* (0 to 1) of *values* lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def report(name: str, document: Any) -> None:
    """Print the last line: one JSON object."""
    print(json.dumps({name: document}))
