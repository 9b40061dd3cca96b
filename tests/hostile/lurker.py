"""Another user of the machine, who tries every door all the time: ``python3 lurker.py OWNER STOP FOLDER...``.

Until the file STOP is there it walks through FOLDER, /dev/shm and the processes of the user OWNER, and tries to read,
write, connect and put something there; It then prints what it could. Standard library only.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

OWNER = int(sys.argv[1])
WAYS = {"read": os.O_RDONLY, "write": os.O_WRONLY}


def theirs(top: str) -> Iterator[tuple[str, os.stat_result]]:
    """Yield all that is the owner's at and below *top*, as far as one gets."""
    for folder, folders, files in os.walk(top):
        for name in (".", *folders, *files):
            path = os.path.normpath(os.path.join(folder, name))
            with contextlib.suppress(OSError):
                found = os.lstat(path)
                if found.st_uid == OWNER:
                    yield path, found


def tries(path: str, found: os.stat_result) -> Iterator[str]:
    """Yield what can be done with *path*."""
    if stat.S_ISDIR(found.st_mode):
        with contextlib.suppress(OSError):
            os.listdir(path)
            yield "list"
        with contextlib.suppress(OSError):
            os.close(os.open(f"{path}/lurker", os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
            yield "put into"
    elif stat.S_ISSOCK(found.st_mode):
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as trial:
            trial.connect(path)
            yield "connect to"
    elif stat.S_ISREG(found.st_mode):
        for what, flags in WAYS.items():
            with contextlib.suppress(OSError):
                os.close(os.open(path, flags))
                yield what
    if path not in sys.argv:
        with contextlib.suppress(OSError):
            os.rename(path, f"{path}.moved")
            yield "move"


def processes() -> Iterator[str]:
    """Yield what can be read of the owner's processes that is not everybody's to read."""
    for name in filter(str.isdecimal, os.listdir("/proc")):
        place = f"/proc/{name}"
        with contextlib.suppress(OSError):
            if f"Uid:\t{OWNER}\t" not in Path(place, "status").read_text():
                continue
            yield "see a process"
            for part in ("environ", "maps"):
                with contextlib.suppress(OSError):
                    if Path(place, part).read_bytes():  # one that just ended has nothing
                        yield f"read {part} of a process"
            for part in ("fd", "cwd", "root"):
                with contextlib.suppress(OSError):
                    os.listdir(f"{place}/{part}")
                    yield f"list {part} of a process"


def main() -> None:
    """Look until told to stop."""
    got: set[str] = set()
    seen: set[str] = set()
    rounds = 0
    while not os.path.exists(sys.argv[2]):
        rounds += 1
        for top in (*sys.argv[3:], "/dev/shm"):
            for path, found in theirs(top):
                seen.add(path)
                got.update(f"{what} {path}" for what in tries(path, found))
        got.update(processes())
        time.sleep(0.01)
    print(json.dumps({"uid": os.getuid(), "rounds": rounds, "seen": sorted(seen), "got": sorted(got)}))


if __name__ == "__main__":
    main()
