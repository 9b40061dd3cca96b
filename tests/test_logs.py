"""What our processes log into one file: it is kept to a size, nothing that any of them writes is lost, nobody waits."""

from __future__ import annotations

import fcntl
import os
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

from waiting import wait_until

MOST, LINES, WRITERS = 3000, 2000, 4

# The portal and its children: those that log, one that was forked and does not, and one that is none of ours.
WRITER = f"""
import logging, os, subprocess, sys
from tvcore import log_file, logs
log_file.MOST, log_file.FILES = {MOST}, 200
logs.speak("%(message)s")
name = sys.argv[1]
print(name, "begins", flush=True)  # standard output is the same file
sys.stdin.read(1)
others = []
for number in range({LINES}):
    logging.info("%s says %s", name, number)
    if name == "0" and number % (2 * {LINES} // {WRITERS}) == 100:
        logs.keep()
        others.append(subprocess.Popen([sys.executable, "-P", sys.argv[0], f"late-{{len(others)}}"], stdin=0))
for other in others:
    other.wait()
"""
FOREIGN = f'i=0; while [ $i -lt {LINES} ]; do echo "sh says $i" >&2; i=$((i+1)); done'


def kept(path: Path) -> list[Path]:
    return [path, *sorted(path.parent.glob(f"{path.name}.*"), key=lambda each: int(each.suffix[1:]))]


def test_many_processes_that_write_while_the_file_is_put_aside_lose_no_line_and_double_none(tmp_path: Path) -> None:
    script, log = tmp_path / "writer.py", tmp_path / "log"
    script.write_text(WRITER)
    with log.open("wb") as errors:
        log.chmod(0o640)
        names = [str(number) for number in range(WRITERS)]
        writers = [
            subprocess.Popen([sys.executable, str(script), name], stdin=subprocess.PIPE, stdout=errors, stderr=errors)
            for name in names
        ]
        wait_until(lambda: log.read_text().count("begins") == WRITERS, 60)
        writers.append(subprocess.Popen(["sh", "-c", FOREIGN], stderr=errors))
    for writer in writers[:-1]:
        assert writer.stdin
        writer.stdin.close()
    assert [writer.wait(120) for writer in writers] == [0] * len(writers)
    files = kept(log)
    found = Counter(line for each in files for line in each.read_text().splitlines() if "says" in line)
    late = [f"late-{number}" for number in range(WRITERS // 2)]
    assert found == Counter(f"{name} says {number}" for name in [*names, *late, "sh"] for number in range(LINES))
    assert len(files) > 10
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o640}
    assert sorted(tmp_path.iterdir()) == sorted([script, *files]), "nothing is put aside as something else"


def test_who_logs_waits_for_nobody_who_puts_the_file_aside_and_goes_on_where_it_is_written_to(tmp_path: Path) -> None:
    log = tmp_path / "log"
    script = """
import logging, sys
from tvcore import log_file, logs
log_file.MOST = 10
logs.speak("%(message)s")
for line in sys.stdin:
    logging.info("%s", line.strip())
    print("said", flush=True)
"""
    with log.open("wb") as errors:
        command = [sys.executable, "-c", script]
        process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True, bufsize=1
        )
    assert process.stdin
    assert process.stdout

    def say(line: str) -> None:
        assert process.stdin
        assert process.stdout
        process.stdin.write(f"{line}\n")
        assert process.stdout.readline() == "said\n"

    say("more than ten bytes")
    with log.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # as who just puts it aside
        say("while it is held")
        assert log.read_text() == "more than ten bytes\nwhile it is held\n"
    say("one")
    assert (tmp_path / "log.1").read_text() == "more than ten bytes\nwhile it is held\n"
    log.rename(tmp_path / "elsewhere")  # as logrotate does
    say("two")
    assert [each.read_text() for each in (tmp_path / "elsewhere", log)] == ["one\n", "two\n"]
    log.unlink()
    os.mkfifo(log)  # nobody reads it: whoever opened it would wait
    say("three")
    process.communicate(timeout=30)
    assert process.returncode == 0
    assert not (tmp_path / "log.2").exists()
