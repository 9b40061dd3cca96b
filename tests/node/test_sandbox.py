"""Programs that cannot see some folders, and stay what they were otherwise."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from nodekit import PAINTER, NodeAgent, alive, wait_for
from tvcore.node import sandbox_exec
from tvcore.node.sandbox import Sandbox, available

Start = Callable[..., NodeAgent]


@pytest.fixture
def kept(tmp_path: Path) -> Sandbox:
    """Return a sandbox of folders in which everything holds a secret."""
    for folder in ("state/jobs", "run/tiledviz-a/t0", "run/tiledviz-a/t1", "run/tiledviz-b"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "secret").write_text("secret")
    return Sandbox(tmp_path / "run" / "tiledviz-a", tmp_path / "state", "required", available())


def run(kept: Sandbox, *command: str, **options: object) -> str:
    """Return what *command* prints in *kept*, as the program of the tile t0."""
    line = kept.command(command, kept.runtime / "t0")
    done: subprocess.CompletedProcess[str] = subprocess.run(  # type: ignore[call-overload]
        line, capture_output=True, text=True, timeout=30, check=False, **options
    )
    assert done.returncode == 0, done
    return done.stdout


def test_this_node_can_isolate_programs() -> None:
    assert available() == ""


def test_a_program_sees_of_what_is_hidden_its_own_folder_alone(kept: Sandbox, tmp_path: Path) -> None:
    found = run(kept, "find", str(tmp_path), "-name", "secret").split()
    assert found == [str(kept.runtime / "t0" / "secret")]
    assert run(kept, "find", str(tmp_path / "state"), "-mindepth", "1") == ""
    assert (tmp_path / "state" / "jobs" / "secret").exists(), "it is hidden from the program alone"


def test_nothing_hidden_and_nothing_kept_can_be_written(kept: Sandbox, tmp_path: Path) -> None:
    targets = [kept.state / "x", kept.runtime / "x", kept.runtime / "t0" / "x", kept.runtime / "t0" / "secret"]
    script = 'for f; do (echo > "$f") 2>/dev/null && echo "wrote $f"; done; echo > "$TMP/free" && echo done'
    said = run(kept, "sh", "-c", script, "sh", *map(str, targets), env={**os.environ, "TMP": str(tmp_path)})
    assert said == "done\n"


def test_the_folder_own_of_a_tile_alone_can_be_written_and_is_the_nodes(kept: Sandbox) -> None:
    own, others = kept.runtime / "t0" / "own", kept.runtime / "t1" / "own"
    for folder in (own, others):
        folder.mkdir()
    script = 'for f; do (echo seen > "$f/x") 2>/dev/null && echo "wrote $f"; done; true'
    assert run(kept, "sh", "-c", script, "sh", str(own), str(others)) == f"wrote {own}\n"
    assert (own / "x").read_text() == "seen\n"
    assert not list(others.iterdir())


def test_what_the_agent_writes_into_the_tiles_folder_is_seen_at_once(kept: Sandbox) -> None:
    watch = kept.runtime / "t0" / "watch"
    line = kept.command(["sh", "-c", f'read x; cat "{watch}"; read x'], kept.runtime / "t0")
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin
        assert program.stdout
        new = watch.with_name("watch.new")
        new.write_text("30\n")
        new.replace(watch)
        program.stdin.write("\n")
        program.stdin.flush()
        assert program.stdout.readline() == "30\n"
        program.communicate("\n")


def test_a_folder_that_is_mounted_twice_is_hidden_twice(kept: Sandbox, tmp_path: Path) -> None:
    (tmp_path / "view").mkdir()
    line = kept.command(["find", str(tmp_path / "view"), "-name", "secret"], kept.runtime / "t0")
    script = 'mount --bind "$1" "$2" && find "$2" -name secret && echo -- && shift 2 && exec "$@"'
    mounter = ["unshare", "-Um", "--map-current-user", "--keep-caps", "sh", "-c", script, "sh"]
    command = [*mounter, str(tmp_path / "run"), str(tmp_path / "view"), *line]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    before, _, after = done.stdout.partition("--\n")
    assert before.count("secret") == 3, done
    assert (done.returncode, after) == (0, ""), done


def test_a_program_keeps_its_working_folder_unless_that_is_hidden(kept: Sandbox, tmp_path: Path) -> None:
    assert run(kept, "pwd", cwd=tmp_path) == f"{tmp_path}\n"
    assert run(kept, "sh", "-c", "pwd; ls", cwd=kept.state) == f"{kept.state}\n"
    assert run(kept, "pwd", cwd=kept.state / "jobs") == "/\n"


def test_a_program_is_who_it_was_and_has_no_capability(kept: Sandbox) -> None:
    status = dict(row.split(":\t", 1) for row in run(kept, "cat", "/proc/self/status").splitlines() if ":\t" in row)
    assert status["Uid"].split() == [str(os.getuid())] * 4
    assert status["Gid"].split() == [str(os.getgid())] * 4
    for kind in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"):
        assert int(status[kind], 16) == 0, kind
    ignored = int(status["SigIgn"], 16)
    assert not ignored & 1 << signal.SIGPIPE - 1


def test_a_program_that_is_not_there_is_told_by_the_shells_exit_codes(kept: Sandbox) -> None:
    for name, code in (("no-such-program-here", 127), ("/etc/passwd", 126)):
        done = subprocess.run(kept.command([name], kept.runtime / "t0"), capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr.count("\n")) == (code, 1)
        assert name in done.stderr


def test_a_program_dies_with_its_parent_as_it_did(kept: Sandbox) -> None:
    line = ["setpriv", "--pdeathsig", "KILL", "--", *kept.command(["sleep", "1009"], kept.runtime / "t0")]
    script = f"import subprocess; p = subprocess.Popen({line!r}); print(p.pid, flush=True); p.wait()"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout
        pid = int(parent.stdout.readline())
        wait_for(lambda: Path(f"/proc/{pid}/cmdline").read_bytes().startswith(b"sleep"), what="it is the program")
        parent.kill()
    wait_for(lambda: not alive(pid), what="the program is gone")


def test_a_folder_that_goes_while_a_program_starts_is_in_nobodys_way(kept: Sandbox) -> None:
    line = kept.command(["true"], kept.runtime / "t0")
    assert str(kept.runtime.parent / "tiledviz-b") in line
    (kept.runtime.parent / "tiledviz-b" / "secret").unlink()
    (kept.runtime.parent / "tiledviz-b").rmdir()
    assert subprocess.run(line, check=False).returncode == 0


def test_a_runtime_folder_of_all_agents_is_hidden_as_a_whole(tmp_path: Path) -> None:
    kept = Sandbox(tmp_path / "tiledviz-0" / "a", tmp_path / "state", "auto", "")
    assert kept.hidden() == [tmp_path / "state", tmp_path / "tiledviz-0"]


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("/home/ann/.state", ["/home/ann/.state", "/export/ann/.state"]),
        ("/tmp/a b", ["/tmp/a b"]),
        ("/export/data/x", ["/export/data/x"]),
        ("/mnt/a b/x", ["/mnt/a b/x", "/x"]),
    ],
)
def test_every_mount_that_shows_a_folder_is_found(folder: str, expected: list[str]) -> None:
    mounts = """\
22 1 8:1 / / rw - ext4 /dev/sda1 rw
23 22 0:30 / /tmp rw - tmpfs none rw
24 22 8:2 /home /home rw - ext4 /dev/sda2 rw
25 22 8:2 /home/ann /export/ann ro - ext4 /dev/sda2 rw
26 22 8:3 / /export/data rw - ext4 /dev/sda3 rw
27 22 8:1 / /mnt/a\\040b rw - ext4 /dev/sda1 rw
"""
    assert sandbox_exec.places(folder, mounts) == expected


def denied(script: str, *arguments: str) -> str:
    """Return what the Python *script* prints where no user namespace can be made."""
    deny = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    command = ["unshare", "-Ur", "sh", "-c", deny, "sh", sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done
    assert done.stderr.count("not isolated") == ("Tile" in script), done.stderr
    return done.stdout


def test_a_node_that_allows_no_namespaces_says_why() -> None:
    script = "from tvcore.node.sandbox import available; print(available())"
    assert denied(script) == "no user namespace can be made: user.max_user_namespaces is too low\n"


TWO_TILES = """
import asyncio, json, pathlib, sys
from tvcore.batch.plan import TilePlan
from tvcore.node.children import Children
from tvcore.node.display import find_xvnc
from tvcore.node.node import Node
from tvcore.node.tile import Tile

async def main():
    top = pathlib.Path(sys.argv[1])
    (top / "state/jobs/1").mkdir(parents=True)
    (top / "run").mkdir()
    node = Node(find_xvnc(), top / "run", top / "state/jobs/1", Children(), asyncio.Semaphore(2), lambda *_: None,
                isolation=sys.argv[2])
    tiles = [Tile(TilePlan(index=i, title="t", command=("sleep", "99")), node) for i in range(2)]
    lives = [asyncio.create_task(tile.run()) for tile in tiles]
    while not all(tile.status.pid or tile.status.state == "failed" for tile in tiles):
        await asyncio.sleep(0.02)
    print(json.dumps([[t.status.state, t.status.reason, t.status.isolated] for t in tiles]))
    for life in lives:
        life.cancel()
    await asyncio.gather(*lives, return_exceptions=True)

asyncio.run(main())
"""


def test_where_isolation_cannot_be_a_tile_runs_without_it_and_says_so(tmp_path: Path) -> None:
    assert json.loads(denied(TWO_TILES, str(tmp_path), "auto")) == [["starting", "the program starts", False]] * 2


def test_where_isolation_is_required_and_cannot_be_a_tile_fails_with_the_cause(tmp_path: Path) -> None:
    for state, reason, isolated in json.loads(denied(TWO_TILES, str(tmp_path), "required")):
        assert (state, isolated) == ("failed", False)
        assert reason.startswith("tiles cannot be kept from each other's secrets on this node (no user namespace")
        assert reason.endswith("or set isolation of [tiles] to auto")
        assert "\n" not in reason


def test_a_tile_says_that_its_program_is_isolated(start_agent: Start) -> None:
    agent = start_agent(PAINTER)
    status = agent.wait_state("live")
    assert status["isolated"] is True
    namespaces = [os.readlink(f"/proc/{pid}/ns/user") for pid in (status["pid"], status["xvnc"])]
    assert namespaces[0] != namespaces[1] == os.readlink("/proc/self/ns/user")
    assert "not isolated" not in agent.log.read_text()
