#!/usr/bin/python3
"""A FAKE nvidia-smi for the test cluster, to be installed as /usr/local/bin/nvidia-smi on its nodes.

There is no GPU and no driver behind it. It lists those of /dev/nvidia0, /dev/nvidia1, … that can be opened (on the
test cluster copies of /dev/null, which Slurm's cgroups hide from jobs like real ones), numbered from 0 as the real
program does in such a cgroup, each with a UUID made of the node's name and the file's number, and calls each FAKE.
It knows the questions that tvcore/container/gl/gpus.py asks: ``-L``, ``-q``, ``--query-gpu=… --format=csv,noheader``.
"""

from __future__ import annotations

import os
import re
import socket
import sys
import uuid

NAME = "FAKE Pretend GPU"
USAGE = "this nvidia-smi is a FAKE, and knows only -L, -q and --query-gpu=LIST --format=csv,noheader"


def fake_uuid(node: str, minor: int) -> str:
    """Return the UUID of the pretend GPU /dev/nvidia*minor* on *node*."""
    return f"GPU-{uuid.uuid5(uuid.NAMESPACE_DNS, f'nvidia{minor}.{node}.fake')}"


def fake_bus(minor: int) -> str:
    """Return its PCI address, as nvidia-smi writes it."""
    return f"0000FA4E:{minor + 1:02X}:00.0"


def can_be_opened(minor: int) -> bool:
    """Return whether this process may use the device file."""
    try:
        os.close(os.open(f"/dev/nvidia{minor}", os.O_RDWR))
    except OSError:
        return False
    return True


def devices() -> list[dict[str, str]]:
    """Return what is known of each GPU that can be opened."""
    node = socket.gethostname().partition(".")[0]
    numbers = sorted(int(found[1]) for name in os.listdir("/dev") if (found := re.fullmatch(r"nvidia(\d+)", name)))
    return [
        {
            "index": str(index),
            "name": NAME,
            "uuid": fake_uuid(node, minor),
            "gpu_uuid": fake_uuid(node, minor),
            "pci.bus_id": fake_bus(minor),
            "gpu_bus_id": fake_bus(minor),
            "minor": str(minor),
        }
        for index, minor in enumerate(number for number in numbers if can_be_opened(number))
    ]


def main(arguments: list[str]) -> int:
    """Answer as nvidia-smi would, and return the exit code."""
    if not os.path.exists("/dev/nvidiactl"):
        print("NVIDIA-SMI (a FAKE) has failed because it couldn't communicate with the NVIDIA driver.")
        return 9
    listed = devices()
    if not listed:
        print("No devices were found")
        return 6
    query = next((word.partition("=")[2] for word in arguments if word.startswith("--query-gpu=")), "")
    if arguments == ["-L"]:
        for gpu in listed:
            print(f"GPU {gpu['index']}: {gpu['name']} (UUID: {gpu['uuid']})")
    elif arguments == ["-q"]:
        for gpu in listed:
            print(f"\nGPU {gpu['pci.bus_id']}")
            print(f"    {'Product Name':<42}: {gpu['name']}")
            print(f"    {'GPU UUID':<42}: {gpu['uuid']}")
            print(f"    {'Minor Number':<42}: {gpu['minor']}")
    elif query and "--format=csv,noheader" in arguments and set(query.split(",")) <= set(listed[0]) - {"minor"}:
        for gpu in listed:
            print(", ".join(gpu[name] for name in query.split(",")))
    else:
        print(USAGE, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
