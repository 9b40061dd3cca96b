"""The time limit that a job script asks for, for a scheduler that is not Slurm: pure."""

from __future__ import annotations

import re

_LINE = re.compile(r"#SBATCH --time=(\S+)\s*")
_TIME = re.compile(r"(?:(?P<days>\d+)-)?(?P<a>\d+)(?::(?P<b>\d+))?(?::(?P<c>\d+))?", re.ASCII)


def limit_in(script: str) -> float | None:
    """Return the seconds that *script* asks for by its ``#SBATCH --time`` line; None: there is none, or no limit.

    Such lines count before the first command alone, as for sbatch(1).
    """
    for line in script.splitlines():
        if match := _LINE.fullmatch(line):
            return seconds_of(match[1])
        if line.strip() and not line.startswith("#"):
            return None
    return None


def seconds_of(text: str) -> float | None:
    """Return the seconds of a time as sbatch writes it: minutes, M:S, H:M:S, D-H, D-H:M or D-H:M:S; None: no limit."""
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    a, b, c = (int(match[name] or 0) for name in "abc")
    if match["days"] or match["c"]:
        hours, minutes, seconds = a, b, c
    else:
        hours, minutes, seconds = 0, a, b
    return float(((int(match["days"] or 0) * 24 + hours) * 60 + minutes) * 60 + seconds) or None
