"""Slurm's lists of hosts: ``c[1-3,7],login0[01-12]``."""

from __future__ import annotations

import itertools
import re

HOSTS_MAX = 1 << 16  # of one list: more is a mistake, and would fill the memory

# One host or family of hosts: names and bracketed ranges in turn, up to a comma outside brackets.
_ITEM = re.compile(r"((?:[^\[\],\s]|\[[^\[\]\s]*\])+)(?:,|\Z)")
_PART = re.compile(r"\[([^\]]*)\]|([^\[\]]+)")
_RANGE = re.compile(r"([0-9]{1,18})(?:-([0-9]{1,18}))?", re.ASCII)


def expand(text: str) -> tuple[str, ...]:
    """Return the hosts that *text* lists, in its order. Raises ValueError for anything that is no such list."""
    hosts: list[str] = []
    position = 0
    while position < len(text):
        item = _ITEM.match(text, position)
        if item is None or (item.end() == len(text) and text.endswith(",")):
            raise ValueError(f"{text[:100]!r} is not a list of hosts")
        position = item.end()
        parts: list[list[str]] = []
        count = 1
        for inside, name in _PART.findall(item[1]):
            parts.append([name] if name else _numbers(inside))
            count *= len(parts[-1])
            if len(hosts) + count > HOSTS_MAX:
                raise ValueError(f"{text[:100]!r} lists more than {HOSTS_MAX} hosts")
        hosts += ("".join(choice) for choice in itertools.product(*parts))
    return tuple(hosts)


def _numbers(inside: str) -> list[str]:
    """Return the numbers of a bracket (``1-3,7``); leading zeros give the width of a range."""
    numbers: list[str] = []
    for piece in inside.split(","):
        match = _RANGE.fullmatch(piece)
        if match is None:
            raise ValueError(f"[{inside[:100]}] is not a range of hosts")
        low, high = match[1], match[2] or match[1]
        if int(high) - int(low) >= HOSTS_MAX or len(numbers) > HOSTS_MAX or int(high) < int(low):
            raise ValueError(f"[{inside[:100]}] is not a range of hosts")
        numbers += (str(number).zfill(len(low)) for number in range(int(low), int(high) + 1))
    return numbers
