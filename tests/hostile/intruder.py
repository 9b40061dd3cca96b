"""What another ordinary user of a node can try, with nothing but what the node gives: run as ``python3 intruder.py``.

It prints one JSON document: what it could connect to and what was said there, and everything that it could read
which has to do with TiledViz. It knows the owner's name, as everybody does, and the paths in the documentation.
"""

from __future__ import annotations

import contextlib
import glob
import json
import os
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

OWNER = sys.argv[1]
# Services of the node's own that everybody may talk to.
PUBLIC = ("/run/munge/", "/var/run/munge/")
SETUP = {
    "RFB": b"",
    "X11": struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0),  # a connection setup without authorisation
    "HTTP": b"GET /api/v1/tiles HTTP/1.1\r\nHost: 127.0.0.1:8765\r\n\r\n",
    "JSON": b'{"v": 2, "stream": "rpc", "token": ""}\n',
}


def unix_names() -> set[str]:
    """Return every unix socket that /proc and ss show: paths, and abstract names with a leading @."""
    found = set()
    with open("/proc/net/unix") as table:
        for line in table:
            fields = line.split()
            if len(fields) > 7:
                found.add(fields[7])
    found |= set(re.findall(r"[@/]\S+", run("ss", "-xan")))
    for pattern in (
        "/tmp/.X11-unix/*", "/tmp/tiledviz-*/*", "/tmp/tiledviz-*/*/*", "/run/user/*/*", "/run/user/*/*/*",
        f"/home/{OWNER}/.local/state/tiledviz/**", "/shared/**",
    ):  # fmt: skip
        found |= set(glob.glob(pattern, recursive=True))
    found |= {f"/tmp/.X11-unix/X{number}" for number in range(100, 120)}
    found |= {f"@/tmp/.X11-unix/X{number}" for number in range(100, 120)}
    return {name for name in found if not name.startswith(PUBLIC)}


def run(*arguments: str) -> str:
    """Return what a program prints, whatever comes of it."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired):
        done = subprocess.run(arguments, capture_output=True, text=True, errors="replace", timeout=20)
        return done.stdout + done.stderr
    return ""


def talk(family: int, address: object, say: bytes) -> str | None:
    """Return what is said at *address* (empty: nothing), or None where nobody lets us in."""
    with socket.socket(family) as connection:
        connection.settimeout(1.5)
        try:
            connection.connect(address)
        except OSError:
            return None
        try:
            if say:
                connection.sendall(say)
            return connection.recv(400).decode("latin-1")
        except OSError:
            return ""


def connections() -> dict[str, dict[str, str]]:
    """Try every unix socket and every TCP listener."""
    found: dict[str, dict[str, str]] = {}
    for name in sorted(unix_names()):
        address = "\0" + name[1:] if name.startswith("@") else name
        for kind, say in SETUP.items():
            heard = talk(socket.AF_UNIX, address, say)
            if heard is not None:
                found.setdefault(name, {})[kind] = heard
    for port in sorted({int(port) for port in re.findall(r"LISTEN.*?:(\d+)\s", run("ss", "-ltn"))}):
        for kind, say in SETUP.items():
            heard = talk(socket.AF_INET, ("127.0.0.1", port), say)
            if heard is not None:
                found.setdefault(f"tcp:{port}", {})[kind] = heard
    return found


def readable() -> dict[str, str]:
    """Return what can be read of processes, shared folders, logs and the batch system's own files."""
    found = {"ps": run("ps", "-eo", "user,pid,args"), "squeue": run("squeue", "--json") + run("squeue", "-l")}
    for job in set(re.findall(r"^\s*(\d+) ", run("squeue", "-h", "-o", "%i "), re.M)):
        found[f"scontrol {job}"] = run("scontrol", "show", "job", "-dd", job)
        found[f"script {job}"] = run("scontrol", "write", "batch_script", job, "-")
    for process in glob.glob("/proc/[0-9]*"):
        if os.stat(process).st_uid != os.getuid():
            for name in ("environ", "cmdline", "maps", "stack", "syscall"):
                with contextlib.suppress(OSError):
                    found[f"{process}/{name}"] = Path(process, name).read_bytes().decode("latin-1")
            for link in glob.glob(f"{process}/fd/*"):
                with contextlib.suppress(OSError):
                    found[link] = os.readlink(link)
    places = [
        f"/home/{OWNER}", "/shared", "/tmp", "/var/tmp", "/dev/shm", "/run", "/var/log", "/var/spool", "/var/lib/slurm",
    ]  # fmt: skip
    for place in places:
        for folder, folders, files in os.walk(place):
            folders[:] = [name for name in folders if not name.startswith("python")]
            for name in files:
                path = Path(folder, name)
                with contextlib.suppress(OSError):
                    if path.is_file() and path.stat().st_uid != os.getuid() and path.stat().st_size < 1 << 22:
                        found[str(path)] = path.read_bytes().decode("latin-1")
    return found


if __name__ == "__main__":
    json.dump({"who": os.getuid(), "connections": connections(), "readable": readable()}, sys.stdout)
