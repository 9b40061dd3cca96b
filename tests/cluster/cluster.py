"""A small Slurm cluster on this machine: a login node and two compute nodes, each with network, processes and disk.

``with Cluster() as cluster: cluster.run("login", ["sbatch", …], user="tv")``. Needs root. A node is a set of
namespaces over a Debian of its own (rootfs.py, node.sh); all of them share /home and see this repository, read-only,
with the virtual environment that runs here. Any number of clusters may be up beside each other; each ends with the
process that made it, however that dies (keeper.py). All waits are bounded and end in a ClusterError.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import host_python
import node_files
import rootfs
from keeper import Layout

LOGIN = "login"
COMPUTE = ("c1", "c2")
NODES = (LOGIN, *COMPUTE)
USERS = rootfs.USERS
ADDRESSES = {"login": "10.77.0.1", "c1": "10.77.0.11", "c2": "10.77.0.12"}
UP = re.compile(r"idle|mixed|allocated")
ENVIRONMENT = {"PATH": "/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG": "C.UTF-8"}
PIDS = "pids.json"
FOLDERS = "tvc-"  # short: the paths of unix sockets in a node, seen from the host, must stay below 108 bytes

# A signal stops the thread that takes it first: on a busy machine others go on answering meanwhile.
STOP_ALL = """pkill -STOP -x "$1" || exit
for pid in $(pgrep -x "$1"); do
    while grep -L "^State:.T" /proc/"$pid"/task/*/status | grep -q .; do sleep 0.01; done
done"""


class ClusterError(Exception):
    """The cluster did not do what it should; the text says what, and what the nodes' logs say."""


class UnsuitableError(ClusterError):
    """This machine cannot have such a cluster; the text says why."""


class CommandError(subprocess.CalledProcessError):
    """A command in a node failed; unlike its parent, it shows what the command said."""

    def __str__(self) -> str:
        return f"{super().__str__()}\nstdout: {self.stdout}\nstderr: {self.stderr}"


class NodeProcess(subprocess.Popen[Any]):
    """A process in a node; signals go to it, not to the nsenter(1) that waits for it outside."""

    @property
    def inner(self) -> int | None:
        """Its number as this machine counts; None before it is there and after its end."""
        with contextlib.suppress(OSError, ValueError):
            return int(Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text())
        return None

    def send_signal(self, sig: int) -> None:
        while self.poll() is None:
            if inner := self.inner:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(inner, sig)
                return
            time.sleep(0.001)  # nsenter has not forked yet, or is about to tell how the process ended


def why_not() -> str:
    """Return why this machine can have no cluster, empty where it can."""
    if os.getuid() != 0:
        return "needs root: it makes namespaces, mounts and a file system"
    if not shutil.which("ip"):
        return "needs ip(8): apt-get install iproute2"
    command = ["unshare", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--fork", "mount", "-t", "proc"]
    done = subprocess.run([*command, "proc", "/proc"], capture_output=True, text=True)
    return f"this machine gives root no namespaces: {done.stderr.strip()}" if done.returncode else ""


def make_groups(name: str) -> tuple[str, dict[str, str]]:
    """Make control groups; return the version Slurm can use here (v1, v2, or none) and the folder by the controller.

    Slurm refuses the second version where the first is there too, and then gets by with the first's freezer. Where
    there is ``memory`` too, the kernel ends jobs that take more of it than they may.
    """
    base = Path("/sys/fs/cgroup")
    second_alone = all(line.startswith("0::") for line in Path("/proc/self/cgroup").read_text().splitlines())
    if not second_alone:
        found = {
            controller: group for controller in ("freezer", "memory") if (group := _group(base / controller, name))
        }
        return ("v1", found) if "freezer" in found else ("", found)
    group = _group(base, name)
    try:  # the nodes' own groups are below it
        Path(group, "cgroup.subtree_control").write_text("+memory")
    except OSError:
        return ("v2" if group else ""), ({"": group} if group else {})
    return "v2", {"memory": group}


def _group(parent: Path, name: str) -> str:
    """Make a control group; return its folder, empty where nobody may: a container that may only look."""
    try:
        if (parent / "cgroup.procs").exists():
            (parent / name).mkdir()
            return str(parent / name)
    except OSError:
        pass
    return ""


class Cluster:
    """One cluster. *release* names the Debian of its nodes and with it Slurm's version (``rootfs.RELEASES``)."""

    def __init__(self, release: str = "trixie", *, gpus: int = 2, cpus: int = 16, slurm_conf: str = "") -> None:
        self.release = release
        self._gpus, self._cpus, self._extra = gpus, cpus, slurm_conf
        self._keeper: subprocess.Popen[str] | None = None
        self._pids: dict[str, int] = {}
        self._asking = threading.Lock()
        self.folder = Path()
        self.slurm_text = ""
        self.limits_memory = False  # whether the kernel ends jobs that take more than they asked for

    def __enter__(self) -> Self:
        self.up()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.down()

    # ------------------------------------------------------------------------------------------------ up and down

    def up(self) -> None:
        """Bring up all nodes and return when both compute nodes are idle.

        Makes the file system first where it is not there yet (a minute). Raises UnsuitableError, RootFsError or
        ClusterError, and leaves nothing then.
        """
        if reason := why_not():
            raise UnsuitableError(reason)
        with rootfs.Cache().use(rootfs.RELEASES[self.release]) as (root, in_use):
            self.folder = Path(tempfile.mkdtemp(prefix=FOLDERS, dir="/tmp"))
            self._keeper = subprocess.Popen(
                [sys.executable, str(Path(__file__).with_name("keeper.py")), str(self.folder)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                text=True,
                pass_fds=(in_use,),
                start_new_session=True,  # out of reach of the terminal's Ctrl-C
            )
        try:
            self._write_files(root)
            self._ask("start", *NODES)
            self.slurm_text = self.run(LOGIN, ["sinfo", "--version"]).stdout.split()[1]
            self._check_python()
            self.wait_idle()
        except BaseException:
            self.down()
            raise

    def down(self) -> None:
        """End every process of the cluster and remove what it made; does nothing when it is down."""
        if self._keeper is None:
            return
        keeper, self._keeper = self._keeper, None
        self._pids = {}
        assert keeper.stdin
        assert keeper.stdout
        keeper.stdin.close()
        keeper.stdout.close()
        if keeper.wait(60):
            raise ClusterError(f"the cluster's keeper failed and may have left something of {self.folder}")

    def _write_files(self, root: Path) -> None:
        version, groups = make_groups(self.folder.name)
        self.limits_memory = bool(version) and "memory" in groups
        Layout(str(root), ADDRESSES, self._gpus, version, groups).save(self.folder)
        node_files.write_etc(
            self.folder / "etc", ADDRESSES, gpus=self._gpus, cpus=self._cpus, cgroups=version,
            memory=self.limits_memory, extra=self._extra,
        )  # fmt: skip
        for user, uid in USERS.items():
            node_files.write_home(self.home(user), uid)
        pairs = host_python.binds(self.folder, root)
        (self.folder / "binds").write_text("".join(f"{here}\t{there}\n" for here, there in pairs))

    def _check_python(self) -> None:
        """See that a user can run TiledViz with this machine's Python in the nodes."""
        imports = "import ctypes, sqlite3, ssl, tvcore"
        done = self.run(LOGIN, [sys.executable, "-c", imports], user="tv", check=False)
        if done.returncode:
            said = (done.stderr.strip().splitlines() or ["nothing"])[-1]
            raise UnsuitableError(
                f"TiledViz does not run as an ordinary user in a node of Debian {self.release}; {sys.executable} said: "
                f"{said} (built for a newer libc than that release has, or in a folder that others may not enter?)"
            )

    def _ask(self, command: str, *nodes: str) -> None:
        assert self._keeper, "the cluster is not up"
        assert self._keeper.stdin
        assert self._keeper.stdout
        with self._asking:
            self._keeper.stdin.write(json.dumps({"do": command, "nodes": nodes}) + "\n")
            self._keeper.stdin.flush()
            line = self._keeper.stdout.readline()
        answer = json.loads(line or '{"error": "the keeper of the nodes ended"}')
        if "error" in answer:
            raise ClusterError(answer["error"])
        self._pids = answer["pids"]
        (self.folder / PIDS).write_text(json.dumps(self._pids))

    @classmethod
    def running(cls) -> Cluster:
        """Return the cluster of another process that started or lost a node last, to run commands in; not to end it."""
        found = sorted(Path("/tmp").glob(f"{FOLDERS}*/{PIDS}"), key=lambda path: path.stat().st_mtime)
        if not found:
            raise ClusterError(f"no cluster is up: start one with {sys.executable} {Path(__file__).parent}")
        cluster = cls()
        cluster.folder = found[-1].parent
        cluster._pids = json.loads(found[-1].read_text())
        return cluster

    # ---------------------------------------------------------------------------------------------------- commands

    def run(
        self,
        node: str,
        argv: Sequence[str | Path],
        user: str | None = None,
        *,
        input: str | None = None,  # noqa: A002 - as subprocess.run has it
        timeout: float = 60,
        check: bool = True,
        env: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run a command in a node and return how it ended and what it said.

        *user* None is root. Raises CommandError when *check* and it fails, TimeoutExpired (and kills it) after
        *timeout* seconds.
        """
        stdin = subprocess.DEVNULL if input is None else subprocess.PIPE
        with self.popen(
            node, argv, user, env=env, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                stdout, stderr = process.communicate(input, timeout)
            except BaseException:
                process.kill()
                raise
        if check and process.returncode:
            raise CommandError(process.returncode, list(map(str, argv)), stdout, stderr)
        return subprocess.CompletedProcess(list(argv), process.returncode, stdout, stderr)

    def popen(
        self,
        node: str,
        argv: Sequence[str | Path],
        user: str | None = None,
        *,
        env: Mapping[str, str] | None = None,
        **options: Any,
    ) -> NodeProcess:
        """Start a command in a node, with the options of Popen; *env* is added to what a login has."""
        return NodeProcess(self.command(node, argv, user, env), **options)

    def command(
        self, node: str, argv: Sequence[str | Path], user: str | None = None, env: Mapping[str, str] | None = None
    ) -> list[str]:
        """Return the command that, run by root of this machine, runs *argv* in a node as *user*, at home."""
        name = user or "root"
        home = "/root" if user is None else f"/home/{user}"
        variables = {**ENVIRONMENT, "HOME": home, "USER": name, "LOGNAME": name, **(env or {})}
        become = () if user is None else ("setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups")
        return [
            *("nsenter", "-t", str(self.pid(node)), "-m", "-u", "-i", "-n", "-p", "-C", "--", *become),
            *("env", "-i", "-C", home, *(f"{key}={value}" for key, value in variables.items())),
            *map(str, argv),
        ]

    def tiledviz(
        self, node: str, *arguments: str | Path, user: str = "tv", **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run ``tiledviz`` with *arguments* in a node; options as of ``run``."""
        return self.run(node, [tiledviz_path(), *arguments], user, **options)

    # ------------------------------------------------------------------------------------------------------- nodes

    def pid(self, node: str) -> int:
        """Return the first process of a node, as this machine counts; ClusterError where the node is down."""
        pid = self._pids.get(node)
        if pid is None or not Path(f"/proc/{pid}/root/run/booted").exists():
            raise ClusterError(f"node {node} is not up")
        return pid

    def address(self, node: str) -> str:
        """Return a node's address in the cluster's network."""
        return ADDRESSES[node]

    def home(self, user: str) -> Path:
        """Return where this machine has a user's home folder, which the nodes share."""
        return self.folder / "home" / user

    def root(self, node: str) -> Path:
        """Return the root folder of a running node, seen from this machine."""
        return Path(f"/proc/{self.pid(node)}/root")

    def netns(self, node: str) -> Path:
        """Return the network namespace of a node, for setns(2) or nsenter(1)."""
        return Path(f"/proc/{self.pid(node)}/ns/net")

    def crash(self, node: str) -> None:
        """Switch a node off without warning; its disk stays."""
        self._ask("crash", node)

    def start(self, node: str) -> None:
        """Switch a node on again; returns when its daemons are started."""
        self._ask("start", node)

    def cut(self, node: str) -> None:
        """Pull a compute node's network cable."""
        self._cable(node, "down")

    def join(self, node: str) -> None:
        """Plug it in again."""
        self._cable(node, "up")

    def _cable(self, node: str, state: str) -> None:
        command = ["nsenter", "-t", str(self.pid(LOGIN)), "-n", "ip", "link", "set", f"l-{node}", state]
        subprocess.run(command, check=True)

    def pause(self, daemon: str, node: str = LOGIN) -> None:
        """Stop a daemon (``slurmctld``) where it stands, as if it hung: all its threads, before this returns."""
        self.run(node, ["sh", "-c", STOP_ALL, "sh", daemon])

    def resume(self, daemon: str, node: str = LOGIN) -> None:
        """Let it go on."""
        self.run(node, ["pkill", "-CONT", "-x", daemon])

    # ------------------------------------------------------------------------------------------------------- Slurm

    def states(self) -> dict[str, str]:
        """Return the state of each compute node in Slurm's words (``idle``, ``down*``); empty while it cannot say."""
        done = self.run(LOGIN, ["sinfo", "-h", "-N", "-o", "%N %T"], check=False)
        return dict(line.split() for line in done.stdout.splitlines()) if done.returncode == 0 else {}

    @property
    def slurm_version(self) -> tuple[int, ...]:
        """Slurm's version as it says itself: (22, 5, 8) for the 22.05.8 of ``slurm_text``."""
        return tuple(int(part) for part in re.findall(r"\d+", self.slurm_text))

    def wait_idle(self, seconds: float = 60) -> None:
        """Wait until every compute node is there and serves (idle, or at work)."""
        deadline = time.monotonic() + seconds
        while not all(UP.fullmatch(self.states().get(node, "")) for node in COMPUTE):
            if time.monotonic() > deadline:
                raise ClusterError(f"after {seconds:.0f} s, nodes are not idle: {self.states()}\n{self.logs()}")
            time.sleep(0.05)  # Slurm tells nobody of a change of a node

    def wait_no_jobs(self, seconds: float = 60) -> None:
        """Cancel every job and wait until all are gone from the nodes."""
        self.run(LOGIN, ["scancel", *(f"--user={user}" for user in USERS)], check=False)
        deadline = time.monotonic() + seconds
        while jobs := self.run(LOGIN, ["squeue", "-h"]).stdout:
            if time.monotonic() > deadline:
                raise ClusterError(f"after {seconds:.0f} s, jobs are still there:\n{jobs}")
            time.sleep(0.1)

    def expire(self, job: str, seconds: float = 10) -> None:
        """Let the time limit of a job that runs be over. Slurm refuses an end in the second in which the job began."""
        deadline = time.monotonic() + seconds
        while self.run(
            LOGIN, ["scontrol", "update", f"jobid={job}", "endtime=now"], check=time.monotonic() > deadline
        ).returncode:
            time.sleep(0.2)

    def mark_down(self, node: str) -> None:
        """Tell Slurm at once that a node is dead, which by itself it notices after a minute."""
        self.run(LOGIN, ["scontrol", "update", f"nodename={node}", "state=down", "reason=crashed"])

    def logs(self, lines: int = 20) -> str:
        """Return the last lines of what the nodes' daemons said, for the report of a failure."""
        texts = []
        for node in NODES:
            found = [self.folder / node / "init.log", *sorted((self.folder / node / "upper/var/log").glob("*.*"))]
            for path in found:
                if path.is_file() and (text := path.read_text(errors="replace").splitlines()[-lines:]):
                    texts += [f"--- {node}: {path.name}", *text]
        return "\n".join(texts)


def tiledviz_path() -> Path:
    """Return this environment's ``tiledviz``, which has the same path in the nodes."""
    return Path(sys.prefix) / "bin" / "tiledviz"
