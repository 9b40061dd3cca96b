"""The process that a cluster's nodes are children of: starts and crashes them, and removes all when its owner is gone.

``keeper.py RUN``, with RUN the cluster's folder, reads commands from stdin, one JSON object a line (``{"do": "start",
"nodes": […]}`` or ``"crash"``), and answers each with one (``{"pids": {…}}`` or ``{"error": …}``). When stdin ends,
which the kernel sees to even when the owner is killed, it kills the nodes, whose namespaces take every process and
mount with them, and removes their cgroups and RUN. ``RUN/cluster.json`` holds a ``Layout``. The kernel kills the nodes
when the keeper itself dies.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

NODE_SCRIPT = Path(__file__).with_name("node.sh")
BOOT_SECONDS = 60
SWITCH = "login"  # the node whose network namespace holds the cluster's switch


class NodeError(Exception):
    """A node did not start; the text says what it printed."""


@dataclass(frozen=True)
class Layout:
    """What the keeper must know: the file system, each node's address, and the control groups that it may use.

    *cgroups* is their version (v1, v2, or "" for none); *groups* the folder of each of them by its controller.
    """

    rootfs: str
    addresses: dict[str, str]
    gpus: int
    cgroups: str
    groups: dict[str, str]

    def save(self, run: Path) -> None:
        """Write it into the cluster's folder."""
        (run / "cluster.json").write_text(json.dumps(asdict(self)))

    @classmethod
    def load(cls, run: Path) -> Layout:
        """Read what ``save`` wrote."""
        return cls(**json.loads((run / "cluster.json").read_text()))


class Node:
    """One node that was started: its processes, seen from the host."""

    def __init__(self, name: str, run: Path, layout: Layout) -> None:
        self.name, self._folder = name, run / name
        self._folder.mkdir(exist_ok=True)
        groups = [Path(folder, name) for folder in layout.groups.values()]
        for group in groups:
            group.mkdir(exist_ok=True)

        def enter() -> None:
            for group in groups:
                (group / "cgroup.procs").write_text("0")  # the writer itself

        environment = {"NODE": name, "RUN": str(run), "ROOTFS": layout.rootfs, "CGROUPS": layout.cgroups}
        environment["CONTROLLERS"] = " ".join(layout.groups)
        environment |= {"GPUS": str(layout.gpus), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
        namespaces = ("--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup")
        with (self._folder / "init.log").open("a") as log:
            self._process = subprocess.Popen(
                [
                    *("setpriv", "--pdeathsig=KILL", "--", "unshare", *namespaces, "--fork", "--kill-child=KILL"),
                    *("/bin/bash", str(NODE_SCRIPT)),
                ],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                preexec_fn=enter,
            )
        self._expect("born")
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        self.pid = int(children.read_text())
        for folder in layout.groups.values():  # Slurm does not work in a group with processes its node cannot see
            outside = Path(folder, "outside")
            outside.mkdir(exist_ok=True)
            (outside / "cgroup.procs").write_text(str(self._process.pid))

    def _expect(self, word: str) -> None:
        """Wait until the node has said *word*."""
        assert self._process.stdout
        ready, _, _ = select.select([self._process.stdout], [], [], BOOT_SECONDS)
        if not ready or self._process.stdout.readline().decode().strip() != word:
            printed = (self._folder / "init.log").read_text()[-2000:].strip()
            raise NodeError(f"node {self.name} did not start: {printed or f'no {word!r} in {BOOT_SECONDS} s'}")

    def go_on(self) -> None:
        """Tell the node that its network is there."""
        assert self._process.stdin
        self._process.stdin.write(b"\n")
        self._process.stdin.close()

    def wait_booted(self) -> None:
        """Wait until its daemons are started."""
        self._expect("booted")

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def kill(self) -> None:
        """Switch it off: returns when its last process is gone."""
        if self.alive:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, 9)  # a child of unshare, which is not reaped yet: no other process has this number
        self._process.wait()


def ip(pid: int, *commands: str, may_fail: bool = False) -> None:
    """Run commands of ip(8) in the network of process *pid*."""
    subprocess.run(
        ["nsenter", "-t", str(pid), "-n", "ip", *(["-force"] if may_fail else []), "-batch", "-"],
        input="\n".join(commands),
        text=True,
        check=not may_fail,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL if may_fail else None,
    )


class Keeper:
    """The nodes that were started."""

    def __init__(self, run: Path) -> None:
        self._run = run
        self._layout: Layout | None = None
        self._nodes: dict[str, Node] = {}

    def do(self, command: str, names: Sequence[str]) -> dict[str, int]:
        """Carry out one command; return the processes of the nodes that are up."""
        if command == "start":
            self._start([name for name in names if not self._up(name)])
        else:
            for name in names:
                if self._up(name):
                    self._nodes[name].kill()
        return {name: node.pid for name, node in self._nodes.items() if node.alive}

    def _up(self, name: str) -> bool:
        return name in self._nodes and self._nodes[name].alive

    def _start(self, names: Sequence[str]) -> None:
        layout = self._layout = self._layout or Layout.load(self._run)
        for name in names:
            self._nodes[name] = Node(name, self._run, layout)
        if SWITCH in names:
            switch = ("link add br0 type bridge", "link set br0 up", "link set lo up")
            ip(self._nodes[SWITCH].pid, *switch)
        for name in self._nodes if SWITCH in names else names:
            if self._up(name):
                self._plug(name, layout.addresses[name])
        for name in names:
            self._nodes[name].go_on()
        for name in names:
            self._nodes[name].wait_booted()

    def _plug(self, name: str, address: str) -> None:
        """Lay the cable from the switch to a node."""
        if not self._up(SWITCH):
            raise NodeError(f"{name} cannot be started while {SWITCH}, which holds the network, is down")
        switch, node = self._nodes[SWITCH].pid, self._nodes[name].pid
        ip(switch, f"link del l-{name}", may_fail=True)  # the kernel removes a dead node's cable only after a while
        ip(node, "link del eth0", may_fail=True)
        ip(switch, f"link add l-{name} type veth peer name eth0 netns {node}", f"link set l-{name} master br0 up")
        ip(node, "link set lo up", f"addr add {address}/24 dev eth0", "link set eth0 up")

    def end(self) -> None:
        """Leave nothing."""
        for node in self._nodes.values():
            node.kill()
        for group in self._layout.groups.values() if self._layout else ():
            for folder, _, _ in os.walk(group, topdown=False):
                os.rmdir(folder)
        shutil.rmtree(self._run)


def main() -> None:
    """Serve the owner until it closes the pipe or is gone."""
    run = Path(sys.argv[1])
    keeper = Keeper(run)
    with contextlib.ExitStack() as stack:
        stack.callback(keeper.end)
        for line in sys.stdin:
            request = json.loads(line)
            answer: dict[str, object]
            try:
                answer = {"pids": keeper.do(request["do"], request["nodes"])}
            except (NodeError, OSError, subprocess.SubprocessError) as error:
                answer = {"error": str(error)}
            print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
