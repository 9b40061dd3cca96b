"""A tile's log: bounded, whole at its end."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from tvcore.node.logs import CHUNK, LIMIT, Drain, Log, tail


def test_a_log_keeps_its_last_lines_within_its_bound(tmp_path: Path) -> None:
    log = Log(tmp_path / "log")
    for i in range(40_000):
        log.write(b"line %06d, and some words to make it longer than it needs to be\n" % i)
        if i % 5000 == 0:
            assert log.path.stat().st_size <= LIMIT
    assert LIMIT // 3 < log.path.stat().st_size <= LIMIT
    assert log.path.stat().st_mode & 0o777 == 0o600
    lines = log.tail(3)
    assert [line[:11] for line in lines] == ["line 039997", "line 039998", "line 039999"]
    assert log.path.read_bytes().startswith(b"line ")
    log.close()


def test_a_log_goes_on_where_an_older_one_ended(tmp_path: Path) -> None:
    for text in ("one", "two"):
        log = Log(tmp_path / "log")
        log.note(text)
        log.close()
    assert tail(tmp_path / "log", 9) == ["[tiledviz] one", "[tiledviz] two"]
    assert tail(tmp_path / "log", 0) == []
    assert tail(tmp_path / "none", 9) == []


def test_what_comes_out_of_a_pipe_is_logged_to_its_last_byte(tmp_path: Path) -> None:
    async def run() -> None:
        log = Log(tmp_path / "log")
        drain = Drain(log)
        os.set_blocking(drain.write_end, False)
        expected = 0
        for _ in range(4):  # more than is taken at once: the drain comes back for the rest
            expected += os.write(drain.write_end, b"x" * (CHUNK - 1) + b"\n")
            await asyncio.sleep(0.1)
        os.write(drain.write_end, b"the end")
        os.close(drain.write_end)
        drain.close()
        drain.close()
        log.close()
        assert (tmp_path / "log").read_bytes() == (b"x" * (CHUNK - 1) + b"\n") * 4 + b"the end"
        assert expected == 4 * CHUNK

    asyncio.run(run())
