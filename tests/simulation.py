"""A simulation that writes an ensemble while others read it: ``python simulation.py PATH``, told by lines what to do.

``append F`` (a member), ``update MEMBER F``, ``close``; each is done, flushed and answered by a line: when it was, in
seconds since the epoch. It never ends by itself but by ``close`` or the end of its input.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from tvcore.ensemble import Column, open_live

COLUMNS = (Column("F", "float64", unit="1/s", role="parameter"), Column("class", "S16", role="tag"))


def main() -> None:
    """Do what the input says."""
    with open_live(Path(sys.argv[1]), COLUMNS, title="a simulation") as writer:
        print(time.time(), flush=True)
        for line in sys.stdin:
            match line.split():
                case ["append", value]:
                    writer.append([{"F": float(value), "class": "spots"}])
                case ["update", member, value]:
                    writer.update(int(member), F=float(value), **{"class": "waves"})
                case ["close"]:
                    break
                case words:
                    raise SystemExit(f"not known: {words}")
            writer.flush()
            print(time.time(), flush=True)


if __name__ == "__main__":
    main()
