"""Commands in a tile, and files put into it and fetched: both sides of the stream."""

from __future__ import annotations

import os
import random
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from nodekit import PAINTER, NodeAgent, alive, wait_for
from tvcore.errors import TiledVizError
from tvcore.tunnel import agents
from tvcore.tunnel.remote import ERRORS, OUTPUT, Ended, get, put, run_command

Start = Callable[..., NodeAgent]


def run(agent: NodeAgent, *command: str, **more: object) -> tuple[Ended, bytes, bytes]:
    """Run a command in tile 0 and return how it ended, its output and its errors."""
    said = {OUTPUT: bytearray(), ERRORS: bytearray()}
    ended = run_command(agent.registration, 0, command, sink=lambda kind, data: said[kind].extend(data), **more)  # type: ignore[arg-type]
    return ended, bytes(said[OUTPUT]), bytes(said[ERRORS])


def test_a_command_runs_where_the_program_does(quiet: NodeAgent) -> None:
    ended, output, errors = run(
        quiet, "sh", "-c", 'echo "$DISPLAY $TILEDVIZ_TILE $1"; echo alas >&2; exit 7', "sh", "$x"
    )
    assert output.decode() == f"{quiet.status()['display']} 0 $x\n"
    assert errors == b"alas\n"
    assert (ended.code, ended.error) == (7, "")
    assert 0 <= ended.seconds < 10
    assert run(quiet, "sh", "-c", f"ls {quiet.home}; cat {quiet.home}/agents/*")[1] == b"", "it is kept from secrets"


def test_what_it_gets_it_reads_and_what_it_says_comes_whole(quiet: NodeAgent) -> None:
    data = random.Random(3).randbytes(9_000_001)
    pieces = [data[i : i + 1_700_000] for i in range(0, len(data), 1_700_000)]
    ended, output, _ = run(quiet, "cat", stdin=pieces)
    assert ended.code == 0
    assert output == data
    assert run(quiet, "wc", "-c", stdin=[])[1].strip() == b"0"


def test_a_command_that_reads_nothing_is_no_trouble(quiet: NodeAgent) -> None:
    assert run(quiet, "echo", "done", stdin=[bytes(4_000_000)])[:2] == (
        Ended(0, pytest.approx(0, abs=5), ""),
        b"done\n",
    )


def test_a_command_that_is_not_there_and_one_that_is_killed_are_told(quiet: NodeAgent) -> None:
    ended, _, _ = run(quiet, "no-such-program-here")
    assert ended.code == 127
    assert "cannot find the program 'no-such-program-here'" in ended.error
    assert run(quiet, "sh", "-c", "kill -9 $$")[0].code == -9


def test_a_command_that_takes_too_long_is_ended(quiet: NodeAgent) -> None:
    ended, output, _ = run(quiet, "sh", "-c", "echo $$; sleep 1007", seconds=0.5)
    assert ended.error == "it did not end within 0.5 s"
    assert ended.code != 0
    assert not alive(int(output))


def test_a_caller_who_goes_away_ends_the_command(quiet: NodeAgent, tmp_path: Path) -> None:
    for read in ("", "cat > /dev/null; "):
        pid = tmp_path / f"pid{len(read)}"
        blocked = threading.Event()

        def stdin(pid: Path = pid, blocked: threading.Event = blocked) -> Iterator[bytes]:
            yield bytes(1_000_000)
            wait_for(lambda: pid.exists() and pid.read_text(), what="the command runs")
            blocked.set()
            raise InterruptedError("the caller gives up")

        with pytest.raises(InterruptedError):
            run(quiet, "sh", "-c", f'echo $$ > "$1"; {read}exec sleep 1008', "sh", str(pid), stdin=stdin())
        assert blocked.is_set()
        wait_for(lambda pid=pid: not alive(int(pid.read_text())), what="the command is ended")


def test_a_command_ends_with_its_tile(start_agent: Start) -> None:
    agent = start_agent(PAINTER)
    agent.wait_state("live")
    ends: list[Ended] = []
    pids: list[bytes] = []
    caller = threading.Thread(
        target=lambda: ends.append(
            run_command(
                agent.registration, 0, ["sh", "-c", "echo $$; exec sleep 1009"], sink=lambda _, data: pids.append(data)
            )
        )
    )
    caller.start()
    wait_for(lambda: pids, what="the command runs")
    agent.call("stop")
    caller.join(10)
    assert ends[0].code == -15
    assert not alive(int(pids[0]))
    with pytest.raises(TiledVizError, match="tile 0 has no display now: it is stopped"):
        run(agent, "true")


def test_many_commands_run_beside_each_other(quiet: NodeAgent) -> None:
    results: list[int] = []
    threads = [threading.Thread(target=lambda: results.append(run(quiet, "sleep", "0.5")[0].code)) for _ in range(8)]
    begun = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [0] * 8
    assert time.monotonic() - begun < 3.5


@pytest.mark.parametrize("name", ["plain", "a b'c\"$(x)`y`", "-rf", "ümläut\nnewline"])
def test_a_file_is_put_and_fetched_byte_for_byte(quiet: NodeAgent, tmp_path: Path, name: str) -> None:
    data = random.Random(5).randbytes(1_234_567)
    path = f"{tmp_path}/{name}"
    put(quiet.registration, 0, path, [data[:1000], data[1000:]])
    assert Path(path).read_bytes() == data
    assert b"".join(get(quiet.registration, 0, path)) == data
    assert os.listdir(tmp_path) == [name]
    put(quiet.registration, 0, path, [])
    assert Path(path).read_bytes() == b""


def test_half_of_a_file_is_no_file(quiet: NodeAgent, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")

    def breaks() -> Iterator[bytes]:
        yield bytes(100_000)
        wait_for(lambda: list(tmp_path.glob("file.*.part")), what="it is being written")
        raise ValueError("the source is broken")

    with pytest.raises(ValueError, match="the source is broken"):
        put(quiet.registration, 0, str(path), breaks())
    wait_for(lambda: os.listdir(tmp_path) == ["file"], what="what was begun is gone")
    assert path.read_bytes() == b"old"


def test_files_that_cannot_be_put_or_fetched_are_told_in_one_line(quiet: NodeAgent, tmp_path: Path) -> None:
    for act, words in (
        (lambda: put(quiet.registration, 0, f"{tmp_path}/no/such", [b"x"]), "no/such cannot be put: .*cannot create"),
        (lambda: put(quiet.registration, 0, str(tmp_path), [b"x"]), "cannot be put: it is a folder"),
        (lambda: list(get(quiet.registration, 0, f"{tmp_path}/none")), "cannot be fetched: .*No such file"),
        (lambda: list(get(quiet.registration, 0, str(tmp_path))), "cannot be fetched: .*directory"),
        (lambda: put(quiet.registration, 0, "", [b"x"]), "no path of a file"),
        (lambda: list(get(quiet.registration, 9, "x")), "there is no tile 9"),
    ):
        with pytest.raises(TiledVizError, match=words) as caught:
            act()
        assert "\n" not in str(caught.value)


def test_a_reader_who_stops_half_way_leaves_no_command(quiet: NodeAgent, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with subprocess.Popen(["sh", "-c", f"yes > {tmp_path}/fifo"]) as writer:
        pieces = get(quiet.registration, 0, str(tmp_path / "fifo"))
        assert next(pieces)
        pieces.close()  # type: ignore[attr-defined]
        assert writer.wait(10) != 0, "it writes to nobody"


def test_an_agent_that_ends_cuts_a_command_with_one_line(start_agent: Start) -> None:
    agent = start_agent(PAINTER)
    agent.wait_state("live")
    killer = threading.Timer(0.5, lambda: os.kill(agent.registration.pid, 9))
    killer.start()
    with pytest.raises(TiledVizError, match="the command was cut off: the node agent of job local-1 on"):
        run(agent, "sleep", "60")


@pytest.mark.parametrize("said", [b"{}\n", b"rubbish\n", b'{"command": []}\n', b'{"command": ["a\\u0000"]}\n'])
def test_what_is_no_command_is_refused(quiet: NodeAgent, said: bytes) -> None:
    with agents.connect(quiet.registration, "run", tile=0) as connection:
        connection.sendall(said)
        assert b"this is no command" in connection.recv(1000)
    assert run(quiet, "true")[0].code == 0
