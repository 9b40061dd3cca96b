from __future__ import annotations

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np
import pytest

from live_kit import OPEN, PATIENCE, RAW, Program, until
from tvcore.ensemble import Column, Field, LiveWriter, create, open_ensemble, open_live
from tvcore.ensemble.follow import Follower
from tvcore.errors import TiledVizError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sweep.h5"


@pytest.fixture
def writer(path: Path) -> Iterator[Program]:
    """Start a simulation with the live writer *w* that appends the ``row(i)``."""
    program = Program(OPEN, path)
    yield program
    program.kill()


@pytest.fixture
def raw(path: Path) -> Iterator[Program]:
    """Start a program that writes by h5py alone: ``append(i)``."""
    program = Program(RAW, path)
    yield program
    program.kill()


def test_what_was_flushed_is_read_while_the_writer_goes_on(path: Path, writer: Program) -> None:
    writer.do("w.append([row(0), row(1)]); w.flush()")
    with open_ensemble(path) as ensemble:
        assert (ensemble.title, len(ensemble), ensemble.complete, ensemble.live) == ("A live sweep", 2, False, True)
        assert ensemble.row(1) == {"F": 0.01, "class": "c1"}
        writer.do("w.append([row(2)])")
        ensemble.refresh()
        assert len(ensemble) == 2
        writer.do("w.flush()")
        ensemble.refresh()
        assert ensemble.table()["class"].tolist() == ["c0", "c1", "c2"]
    writer.do("w.close()")
    with open_ensemble(path) as ensemble:
        assert (len(ensemble), ensemble.complete, ensemble.live) == (3, True, False)
        ensemble.verify()


def test_a_writer_killed_in_the_middle_leaves_all_that_was_flushed(path: Path, writer: Program) -> None:
    writer.do("[(w.append([row(i)]), w.flush()) for i in range(700)]")
    writer.do("w.append([row(i) for i in range(700, 900)]); w.update(3, F=99.0)")
    writer.kill()
    with open_ensemble(path) as ensemble:
        assert len(ensemble) == 700
        assert not ensemble.complete
        table = ensemble.table()
        rest = [i for i in range(700) if i != 3]
        assert [table["F"][i] for i in rest] == [i / 100 for i in rest]
        assert table["class"].tolist() == [f"c{i % 3}" for i in range(700)]


def test_a_writer_killed_at_any_moment_leaves_members_that_are_whole(path: Path) -> None:
    for wait in (0.0, 0.01, 0.03, 0.07):
        program = Program(OPEN, path)
        assert program.process.stdin is not None
        program.process.stdin.write("[(w.append([row(i)]), w.flush()) for i in range(10**6)]\n")
        program.process.stdin.flush()
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            with open_ensemble(path) as ensemble:
                if len(ensemble) > 20:
                    break
        time.sleep(wait)
        program.kill()
        with open_ensemble(path) as ensemble:
            table = ensemble.table()
            assert len(ensemble) > 20
            assert table["F"].tolist() == [i / 100 for i in range(len(ensemble))]
            assert table["class"].tolist() == [f"c{i % 3}" for i in range(len(ensemble))]


def test_fields_come_with_their_members(path: Path) -> None:
    with open_live(path, [Column("F", "float64")], [Field("v", (2, 3))]) as writer:
        writer.append([{"F": 1.0}], {"v": np.ones((1, 2, 3), "f4")})
        with pytest.raises(TiledVizError, match="the field v is missing"):
            writer.append([{"F": 1.0}])
    with open_ensemble(path) as ensemble:
        assert ensemble.field("v", 0).tolist() == [[1.0] * 3] * 2


def test_an_update_that_does_not_fit_is_refused_in_one_line_and_changes_nothing(path: Path) -> None:
    with open_live(path, [Column("F", "float64"), Column("class", "S4")]) as writer:
        writer.append([{"F": 1.0, "class": "a"}])
        for values, message in (
            ({"k": 1.0}, "the ensemble has no column k: it has F, class"),
            ({"F": 2.0, "class": "labyrinths"}, "column class holds 4 bytes of text"),
        ):
            with pytest.raises(TiledVizError, match=message):
                writer.update(0, **values)
        with pytest.raises(TiledVizError, match="no member 1 to update; it has 1 so far"):
            writer.update(1, F=2.0)
    with open_ensemble(path) as ensemble:
        assert ensemble.row(0) == {"F": 1.0, "class": "a"}


def simulate(writer: LiveWriter) -> None:
    writer.append([{"F": 1.0}])
    writer.flush()
    writer.append([{"F": 1.0, "x": 2.0}])


def test_a_writer_that_fails_leaves_what_it_flushed_and_does_not_say_that_it_is_complete(path: Path) -> None:
    with pytest.raises(TiledVizError, match="no column x"), open_live(path, [Column("F", "float64")]) as writer:
        simulate(writer)
    with open_ensemble(path) as ensemble:
        assert (len(ensemble), ensemble.complete) == (1, False)


def test_a_follower_tells_new_rows_of_its_members_and_changed_ones_once(path: Path, writer: Program) -> None:
    follower = Follower(path, [0, 2, 5])
    seen = follower.look()
    assert seen is not None
    assert (seen.length, seen.rows, seen.note, seen.complete) == (0, {}, "", False)
    assert [column["name"] for column in seen.columns or []] == ["F", "class"]
    assert follower.look() is None
    writer.do("w.append([row(0), row(1)]); w.flush()")
    seen = until(follower, lambda seen: seen.length == 2)
    assert (seen.columns, seen.rows) == (None, {0: {"F": 0.0, "class": "c0"}})
    writer.do("w.update(0, F=7.5); w.update(1, F=8.5); w.append([row(2)]); w.flush()")
    seen = until(follower, lambda seen: seen.length == 3)
    assert seen.rows == {0: {"F": 7.5, "class": "c0"}, 2: {"F": 0.02, "class": "c2"}}
    writer.do("w.update(2, **{'class': 'spots', 'F': float('nan')}); w.close()")
    seen = until(follower, lambda seen: seen.complete)
    assert (seen.rows, seen.note) == ({2: {"F": None, "class": "spots"}}, "")
    assert follower.look() is None


def test_a_file_written_by_an_hdf5_tool_alone_is_followed_with_its_changed_values(path: Path, raw: Program) -> None:
    follower = Follower(path, [0, 1])
    raw.do("append(0)")
    assert until(follower, lambda seen: 0 in seen.rows).rows == {0: {"F": 0.0, "name": "n0"}}
    raw.do("append(1); F[0] = 5.0; F.flush()")
    seen = until(follower, lambda seen: seen.rows.get(0, {}).get("F") == 5.0 and 1 in seen.rows)
    assert seen.rows == {0: {"F": 5.0, "name": "n0"}, 1: {"F": 0.01, "name": "n1"}}
    raw.do("f.close()")
    assert until(follower, lambda seen: seen.complete).note == ""


def test_a_killed_writer_is_told_in_one_line_and_what_was_seen_stays(path: Path, writer: Program) -> None:
    follower = Follower(path, range(10))
    writer.do("w.append([row(i) for i in range(4)]); w.flush()")
    assert sorted(until(follower, lambda seen: seen.length == 4).rows) == [0, 1, 2, 3]
    writer.kill()
    seen = until(follower, lambda seen: "its writer is gone" in seen.note)
    assert (seen.length, seen.rows, seen.complete) == (4, {}, False)
    assert seen.note == f"{path}: its writer is gone and had not finished; what it wrote, 4 members, is shown"


def test_a_writer_that_is_only_slow_is_not_called_gone(path: Path, writer: Program) -> None:
    follower = Follower(path, [0])
    writer.do("w.append([row(0)]); w.flush()")
    until(follower, lambda seen: seen.length == 1)
    end = time.monotonic() + 5
    while time.monotonic() < end:
        assert follower.look() is None
        time.sleep(0.1)


def test_a_file_that_is_missing_comes_goes_and_comes_again_is_followed(path: Path) -> None:
    follower = Follower(path, [0, 1])
    assert until(follower, lambda _: True).note == f"{path}: there is no such file yet"
    first = Program(OPEN, path)
    first.do("w.append([row(0), row(1)]); w.flush()")
    assert until(follower, lambda seen: len(seen.rows) == 2).note == ""
    path.unlink()
    assert until(follower, lambda _: True).note == f"{path}: it was removed; what was shown stays"
    first.kill()
    second = Program(OPEN, path)
    second.do("w.append([row(7)]); w.flush()")
    seen = until(follower, lambda seen: 0 in seen.rows)
    assert (seen.rows, seen.length) == ({0: {"F": 0.07, "class": "c1"}}, 1)
    assert seen.note == f"{path}: it has 1 members now and had 2; what was shown stays"
    second.do("w.append([row(1)]); w.flush()")
    assert until(follower, lambda seen: seen.length == 2).note == ""
    second.kill()


def test_a_file_that_was_replaced_is_read_anew(path: Path, writer: Program) -> None:
    follower = Follower(path, [0])
    writer.do("w.append([row(0)]); w.flush()")
    until(follower, lambda seen: 0 in seen.rows)
    with create(path, [Column("G", "int64")]) as other:
        other.append([{"G": 3}])
    seen = until(follower, lambda seen: seen.complete)
    assert ([column["name"] for column in seen.columns or []], seen.rows) == (["G"], {0: {"G": 3}})


@pytest.mark.parametrize("share", [0.0, 0.02, 0.5, 0.95])
def test_a_truncated_file_is_told_and_mended_when_it_is_whole_again(path: Path, share: float) -> None:
    with create(path, [Column("F", "float64")]) as writer:
        writer.append([{"F": i / 7} for i in range(3000)])
    whole = path.read_bytes()
    follower = Follower(path, [0, 2999])
    until(follower, lambda seen: len(seen.rows) == 2)
    with path.open("r+b") as file:
        file.truncate(int(len(whole) * share))
    note = until(follower, lambda seen: seen.note != "").note
    assert note.startswith(f"{path}: ")
    assert "\n" not in note
    path.write_bytes(whole)
    seen = until(follower, lambda seen: seen.note == "")
    assert (seen.length, seen.rows) == (3000, {})


def test_a_live_file_that_is_truncated_under_the_reader_costs_a_line(path: Path, writer: Program) -> None:
    follower = Follower(path, [0])
    writer.do("w.append([row(i) for i in range(2000)]); w.flush()")
    until(follower, lambda seen: 0 in seen.rows)
    writer.kill()
    with path.open("r+b") as file:
        file.truncate(600)
    assert "\n" not in until(follower, lambda seen: seen.note != "" and "writer" not in seen.note).note


def test_a_file_that_another_program_has_locked_is_waited_for(path: Path) -> None:
    start = "import sys, h5py\nf = h5py.File(sys.argv[1], 'w')\nf.attrs['tiledviz'] = 1; f['members/F'] = [1.0]"
    program = Program(start, path)
    follower = Follower(path, [0])
    note = until(follower, lambda _: True).note
    assert note == f"{path}: another program has locked it while it writes: wait for it"
    program.do("f.close()")
    assert until(follower, lambda seen: seen.note == "").rows == {0: {"F": 1.0}}
    program.end()


def test_a_file_that_is_written_without_swmr_is_told_so(path: Path) -> None:
    start = "import sys, h5py\nf = h5py.File(sys.argv[1], 'w', libver='v110')\nf.attrs['tiledviz'] = 1"
    program = Program(start, path)
    follower = Follower(path, [0])
    assert "lets nobody read meanwhile (it did not start SWMR)" in until(follower, lambda _: True).note
    program.kill()


def test_a_file_system_that_forbids_locking_keeps_nobody_from_reading(path: Path, tmp_path: Path) -> None:
    if shutil.which("gcc") is None:
        pytest.skip("there is no C compiler to make such a file system with")
    source, library = tmp_path / "nolock.c", tmp_path / "nolock.so"
    source.write_text("#include <errno.h>\nint flock(int fd, int how) { errno = ENOLCK; return -1; }\n")
    subprocess.run(["gcc", "-shared", "-fPIC", "-o", library, source], check=True)
    code = (
        "import sys; from pathlib import Path; from tvcore.ensemble import Column, open_live, open_ensemble, create\n"
        "p = Path(sys.argv[1])\n"
        "with open_live(p, [Column('F', 'float64')]) as w: w.append([{'F': 1.5}])\n"
        "print(open_ensemble(p).row(0))\n"
        "with create(p, [Column('F', 'float64')]) as w: w.append([{'F': 2.5}])\n"
        "print(open_ensemble(p).row(0))\n"
    )
    environment = {**os.environ, "LD_PRELOAD": str(library)}
    done = subprocess.run([sys.executable, "-c", code, path], env=environment, capture_output=True, text=True)
    assert (done.stdout, done.stderr) == ("{'F': 1.5}\n{'F': 2.5}\n", "")


def test_a_pipe_a_folder_and_a_forbidden_file_cost_a_line_each(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "text.h5").write_text("F\n1\n")
    for name, what in (("pipe", "it is no file"), (".", "it is no file"), ("text.h5", "not HDF5")):
        seen = Follower(tmp_path / name, [0]).look()
        assert seen is not None
        assert what in seen.note


def test_the_follower_of_another_program_writes_lines_of_json_until_its_input_ends(path: Path, writer: Program) -> None:
    writer.do("w.append([row(0), row(1)]); w.flush()")
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "tvcore.ensemble.follow", str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps({"members": [1], "every": 0.02}) + "\n")
    child.stdin.flush()
    seen = json.loads(child.stdout.readline())
    assert (seen["length"], seen["rows"]) == (2, {"1": {"F": 0.01, "class": "c1"}})
    delays = []
    for i in range(2, 12):
        writer.do(f"w.append([row({i})]); w.update(1, F={i}.5); w.flush()")
        flushed = time.monotonic()
        while json.loads(child.stdout.readline())["rows"].get("1", {}).get("F") != i + 0.5:
            pass
        delays.append(time.monotonic() - flushed)
    print(f"\nlive: an update is told {statistics.median(delays) * 1000:.0f} ms after its flush (looking every 20 ms)")
    assert statistics.median(delays) < PATIENCE
    child.stdin.write(json.dumps({"members": [0]}) + "\n")
    child.stdin.flush()
    assert json.loads(child.stdout.readline())["rows"] == {"0": {"F": 0.0, "class": "c0"}}
    child.stdin.close()
    assert child.wait(PATIENCE) == 0
    child.stdout.close()


def test_the_follower_of_another_program_has_a_limited_address_space(path: Path) -> None:
    with h5py.File(path, "w") as file:
        file.attrs["tiledviz"] = 1
        for name in "abc":
            file.create_dataset(f"members/{name}", (1 << 26,), h5py.string_dtype("utf-8", 1), chunks=(1024,))
    child = subprocess.Popen(
        [sys.executable, "-P", "-m", "tvcore.ensemble.follow", str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert child.stdin is not None
    assert child.stdout is not None
    child.stdin.write(json.dumps({"members": [0, (1 << 26) - 1], "every": 0.02}) + "\n")
    child.stdin.flush()
    assert sorted(json.loads(child.stdout.readline())["rows"]) == ["0", str((1 << 26) - 1)]
    limits = Path(f"/proc/{child.pid}/limits").read_text()
    most = next(line.split()[3] for line in limits.splitlines() if line.startswith("Max address space"))
    assert int(most) < 4 << 30
    child.stdin.close()
    assert child.wait(PATIENCE) == 0
    child.stdout.close()


def test_a_follower_sees_nothing_half_written_while_the_writer_hurries(path: Path, writer: Program) -> None:
    follower = Follower(path, range(0, 3000, 7))
    assert writer.process.stdin is not None
    writer.process.stdin.write(
        "[(w.append([row(i)]), w.update(i // 2, F=(i // 2) / 100 + 1), w.flush()) for i in range(3000)]; w.close()\n"
    )
    writer.process.stdin.flush()
    rows: dict[int, dict[str, object]] = {}
    deadline = time.monotonic() + 4 * PATIENCE
    looks = 0
    while time.monotonic() < deadline:
        seen = follower.look()
        if seen is None:
            continue
        looks += 1
        assert seen.note == ""
        for member, row in seen.rows.items():
            assert row["class"] == f"c{member % 3}"
            assert row["F"] in (member / 100, member / 100 + 1)
        rows |= seen.rows
        if seen.complete:
            break
    assert looks > 3
    assert rows == {i: {"F": i / 100 + (1 if i < 1500 else 0), "class": f"c{i % 3}"} for i in range(0, 3000, 7)}


def test_the_example_of_the_documentation_for_other_tools_is_followed(path: Path) -> None:
    text = (Path(__file__).parents[2] / "docs" / "ensemble-format.md").read_text()
    start = text.index("With another tool:")
    example = text[
        text.index("```python", start) + len("```python") : text.index("```\n", text.index("```python", start))
    ]
    program = Program("import sys\n" + example.replace('"sweep.h5"', "sys.argv[1]"), path)
    follower = Follower(path, [9])
    seen = until(follower, lambda seen: 9 in seen.rows)
    assert (seen.rows, seen.length, seen.complete) == ({9: {"F": 0.09}}, 10, False)
    program.do("live[:] = (10, 1, 0); live.flush()")
    assert until(follower, lambda seen: seen.complete).note == ""
    program.kill()


def test_a_growing_file_is_opened_once_in_a_program_because_hdf5_mixes_up_two(path: Path, writer: Program) -> None:
    with open_ensemble(path), pytest.raises(TiledVizError, match="this program has it open already"):
        open_ensemble(path)
    with open_ensemble(path) as ensemble:
        assert len(ensemble) == 0
