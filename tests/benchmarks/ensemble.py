"""A table of members: open, filter, sort, histogram, one row, live append delay; ours beside what others use.

``.venv/bin/python tests/benchmarks/ensemble.py [--members 1000 100000 1000000] [--repeat 7] [--quick]`` writes members
of 25 columns (20 float64, 2 int32, one bool, 2 texts) as our file, as the naive layout (a group a member, an attribute
a column; at most ``NAIVE_MAX`` members, as more take too long), into SQLite (without and with an index on the column
that is asked for), and holds them in pandas. Files are in the page cache. All do the same, and the outcomes must be
equal. Every step is done once before it is measured, so that our columns were read before; ``anew`` is what it costs
to open the file, read the column and filter, and ``first_nearest`` reads all the numbers there are and their spread.
The naive layout has nothing to read ahead but the one column: reading it is part of each of its figures.

The last line is one JSON object: median milliseconds by members and store; ``filter_over_numpy`` should be below 3,
``naive_over_filter`` (and ``naive_over_anew``) at 10^5 above 100, ``open`` at 10^6 below 100.
"""

from __future__ import annotations

import argparse
import sqlite3
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pandas as pd

import bench_kit
from tvcore.ensemble import Column, create, open_ensemble, open_live
from tvcore.ensemble.schema import stored_type
from tvcore.ensemble.table import MemberTable

NAIVE_MAX = 100_000
FLOATS = 20
LIMIT = 0.05
CLASSES = ("spots", "waves", "dead", "mazes")
COLUMNS = [
    *(Column(f"f{i}", "float64") for i in range(FLOATS)),
    Column("steps", "int32"),
    Column("bodies", "int32"),
    Column("settled", "bool"),
    Column("class", "S8"),
    Column("name", "S16"),
]
APPENDS = 60
PATIENCE = 30.0


def say(text: str) -> None:
    """Tell how far it is."""
    print(text, file=sys.stderr, flush=True)


def made(count: int) -> dict[str, Any]:
    """Return *count* members by column."""
    random = np.random.default_rng(7)
    table: dict[str, Any] = {f"f{i}": random.random(count) for i in range(FLOATS)}
    table["steps"] = random.integers(0, 10_000, count).astype(np.int32)
    table["bodies"] = random.integers(0, 50, count).astype(np.int32)
    table["settled"] = random.random(count) < 0.5
    table["class"] = np.array(CLASSES, "S8")[random.integers(0, len(CLASSES), count)]
    table["name"] = np.char.add("run ", (np.arange(count) % 1000).astype(str)).astype("S16")
    return table


def median_ms(repeat: int, work: Callable[[], Any], warm: bool = True) -> float:
    """Return the median milliseconds that *work* takes, after a first time when *warm*."""
    times = []
    if warm:
        work()
    for _ in range(repeat):
        begun = time.perf_counter()
        work()
        times.append((time.perf_counter() - begun) * 1000)
    return round(statistics.median(times), 4)


def write_ours(path: Path, table: dict[str, Any]) -> None:
    """Write *table* by ``tvcore.ensemble``, then put its rows in place in bulk."""
    with create(path, COLUMNS) as file:
        for column in COLUMNS:
            values, data = table[column.name], file.file[f"members/{column.name}"]
            data.resize((len(values),))
            data[:] = values.view(stored_type(column))


def ours(path: Path, repeat: int, random_row: int) -> tuple[dict[str, float], Any]:
    """Return what our file takes, and what the filter found."""
    took = {"open": median_ms(repeat, lambda: open_ensemble(path).close())}

    def anew() -> None:
        with open_ensemble(path) as file:
            MemberTable.of(file).filter(f"f3<{LIMIT}")

    took["anew"] = median_ms(repeat, anew)
    with open_ensemble(path) as file:
        members = MemberTable.of(file)
        took["filter"] = median_ms(repeat, lambda: members.filter(f"f3<{LIMIT}"))
        took["filter_all"] = median_ms(
            repeat, lambda: members.filter(f"f3<{LIMIT} & steps>5000 & settled=true & class in (spots, waves)")
        )
        took["sort"] = median_ms(repeat, lambda: members.sort(["f3"]))
        took["histogram"] = median_ms(repeat, lambda: members.histogram("f3", 20))
        took["first_nearest"] = median_ms(1, lambda: members.nearest(random_row, 10), warm=False)
        took["nearest"] = median_ms(repeat, lambda: members.nearest(random_row, 10))
        took["row"] = median_ms(repeat, lambda: file.row(random_row))
        return took, np.flatnonzero(members.filter(f"f3<{LIMIT}"))


def numpy_own(table: dict[str, Any], repeat: int) -> dict[str, float]:
    """Return what NumPy takes for the same comparisons on arrays in memory."""
    column, steps, settled, classes = (table[name] for name in ("f3", "steps", "settled", "class"))
    return {
        "filter": median_ms(repeat, lambda: column < LIMIT),
        "filter_all": median_ms(
            repeat,
            lambda: (column < LIMIT) & (steps > 5000) & settled & ((classes == b"spots") | (classes == b"waves")),
        ),
        "sort": median_ms(repeat, lambda: np.argsort(column, kind="stable")),
        "histogram": median_ms(repeat, lambda: np.histogram(column, 20)),
    }


def naive(path: Path, table: dict[str, Any], repeat: int, random_row: int) -> tuple[dict[str, float], Any]:
    """Return what a group a member with an attribute a column takes."""
    plain = {name: values.tolist() for name, values in table.items()}
    count = len(plain["f3"])
    with h5py.File(path, "w", libver="latest") as file:
        for at in range(count):
            attributes = file.create_group(f"{at:07}").attrs
            for name, values in plain.items():
                attributes[name] = values[at]
    took = {"open": median_ms(repeat, lambda: h5py.File(path, "r").close())}
    with h5py.File(path, "r") as file:
        begun = time.perf_counter()
        column = np.array([file[f"{at:07}"].attrs["f3"] for at in range(count)])
        read = (time.perf_counter() - begun) * 1000  # once: it takes long, and the rest is nothing beside it
        took["filter"] = read + median_ms(repeat, lambda: column < LIMIT)
        took["sort"] = read + median_ms(repeat, lambda: np.argsort(column, kind="stable"))
        took["histogram"] = read + median_ms(repeat, lambda: np.histogram(column, 20))
        took["row"] = median_ms(repeat, lambda: dict(file[f"{random_row:07}"].attrs))
        return took, np.flatnonzero(column < LIMIT)


def sqlite(path: Path, table: dict[str, Any], repeat: int, random_row: int) -> tuple[dict[str, float], Any]:
    """Return what SQLite takes; the rows' numbers are what is asked for."""
    names = list(table)
    text = {name: values.astype(str) if values.dtype.kind == "S" else values for name, values in table.items()}
    db = sqlite3.connect(path)
    quoted = ", ".join(names)
    db.execute(f"CREATE TABLE members (row INTEGER PRIMARY KEY, {quoted})")
    rows = zip(range(len(table["f3"])), *(text[name].tolist() for name in names), strict=True)
    db.executemany(f"INSERT INTO members VALUES ({', '.join('?' * (len(names) + 1))})", rows)
    db.commit()

    def asked(query: str) -> list[Any]:
        return db.execute(query).fetchall()

    filter_ = f"SELECT row FROM members WHERE f3 < {LIMIT} ORDER BY row"
    took = {
        "open": median_ms(repeat, lambda: sqlite3.connect(path).execute("SELECT max(row) FROM members").fetchall()),
        "filter": median_ms(repeat, lambda: asked(filter_)),
        "filter_all": median_ms(
            repeat,
            lambda: asked(
                f"SELECT row FROM members WHERE f3 < {LIMIT} AND steps > 5000 AND settled = 1 "
                "AND class IN ('spots', 'waves')"
            ),
        ),
        "sort": median_ms(1, lambda: asked("SELECT row FROM members ORDER BY f3")),
        "histogram": median_ms(repeat, lambda: asked("SELECT CAST(f3 * 20 AS INT), count(*) FROM members GROUP BY 1")),
        "row": median_ms(repeat, lambda: asked(f"SELECT * FROM members WHERE row = {random_row}")),
    }
    found = np.array([row for (row,) in asked(filter_)], np.intp)
    db.execute("CREATE INDEX f3 ON members (f3)")
    took["filter_with_index"] = median_ms(repeat, lambda: asked(filter_))
    db.close()
    return took, found


def pandas_own(table: dict[str, Any], repeat: int, random_row: int) -> tuple[dict[str, float], Any]:
    """Return what pandas takes, all in memory."""
    frame = pd.DataFrame({name: v.astype(str) if v.dtype.kind == "S" else v for name, v in table.items()})
    took = {
        "filter": median_ms(repeat, lambda: frame["f3"] < LIMIT),
        "filter_all": median_ms(
            repeat,
            lambda: (
                (frame["f3"] < LIMIT)
                & (frame["steps"] > 5000)
                & frame["settled"]
                & frame["class"].isin(["spots", "waves"])
            ),
        ),
        "sort": median_ms(repeat, lambda: frame["f3"].argsort(kind="stable")),
        "histogram": median_ms(repeat, lambda: np.histogram(frame["f3"], 20)),
        "row": median_ms(repeat, lambda: frame.iloc[random_row].to_dict()),
    }
    return took, np.flatnonzero((frame["f3"] < LIMIT).to_numpy())


def live(folder: Path, appends: int) -> dict[str, float]:
    """Return how long after a flush another reader of the file, who looks every millisecond, has the row."""
    path = folder / "live.h5"
    told: dict[int, float] = {}
    seen: dict[int, float] = {}
    with open_live(path, [Column("f", "float64"), Column("class", "S8")]) as writer, open_ensemble(path) as reader:

        def write() -> None:
            for at in range(appends):
                begun = time.perf_counter()
                writer.append([{"f": float(at), "class": "spots"}])
                writer.flush()
                told[at] = begun
                time.sleep(0.02)

        thread = threading.Thread(target=write)
        thread.start()
        deadline = time.perf_counter() + PATIENCE
        while len(seen) < appends and time.perf_counter() < deadline:
            reader.refresh()
            for at in range(len(seen), len(reader)):
                if reader.row(at)["f"] == at:
                    seen[at] = time.perf_counter()
            time.sleep(0.001)
        thread.join()
    delays = [(seen[at] - told[at]) * 1000 for at in sorted(seen)]
    return {"median": round(statistics.median(delays), 3), "p95": round(bench_kit.percentile(delays, 0.95), 3)}


def measured(count: int, repeat: int, folder: Path) -> dict[str, Any]:
    """Return the figures of *count* members. Raises RuntimeError when two stores find something else."""
    say(f"{count} members")
    table, random_row = made(count), count // 3
    write_ours(folder / "ours.h5", table)
    found: dict[str, Any] = {"numpy": numpy_own(table, repeat)}
    outcomes = {}
    found["ours"], outcomes["ours"] = ours(folder / "ours.h5", repeat, random_row)
    found["pandas"], outcomes["pandas"] = pandas_own(table, repeat, random_row)
    found["sqlite"], outcomes["sqlite"] = sqlite(folder / "members.db", table, repeat, random_row)
    if count <= NAIVE_MAX:
        found["naive"], outcomes["naive"] = naive(folder / "naive.h5", table, repeat, random_row)
    for name, rows in outcomes.items():
        if not np.array_equal(rows, outcomes["ours"]):
            raise RuntimeError(f"{name} finds {len(rows)} of {count} members, ours {len(outcomes['ours'])}")
    mine = found["ours"]
    ratios = {f"{step}_over_numpy": mine[step] / found["numpy"][step] for step in found["numpy"]}
    for name in ("naive", "sqlite", "pandas"):
        if name in found:
            ratios[f"{name}_over_filter"] = found[name]["filter"] / mine["filter"]
    if "naive" in found:
        ratios["naive_over_anew"] = found["naive"]["filter"] / mine["anew"]
    return found | {"ratios": {name: round(value, 2) for name, value in ratios.items()}}


def main() -> None:
    """Measure, and print the figures."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--members", type=int, nargs="+", default=[1_000, 100_000, 1_000_000])
    parser.add_argument("--repeat", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="1,000 members, few repetitions: does it run?")
    options = parser.parse_args()
    counts, repeat = ([1_000], 3) if options.quick else (options.members, options.repeat)
    result: dict[str, Any] = {}
    for count in counts:
        with tempfile.TemporaryDirectory(prefix="tiledviz-bench-") as folder:
            result[str(count)] = measured(count, repeat, Path(folder))
    with tempfile.TemporaryDirectory(prefix="tiledviz-bench-") as folder:
        result["live_append_ms"] = live(Path(folder), 10 if options.quick else APPENDS)
    result["naive_at_most"] = NAIVE_MAX
    bench_kit.report("ensemble", result)


if __name__ == "__main__":
    main()
