"""The case ``command``: a program per row of a table, its arguments filled without any shell."""

from __future__ import annotations

import shlex
import subprocess
import sys
from pathlib import Path

import h5py
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, strategies

from ready_kit import HOSTILE, Made, refusal
from tvcore.cases.case import Bind
from tvcore.ensemble import Column, create
from tvcore.plugins.command.words import filled, words_of


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table with names that quote, spaces in a column's name, a number and a tag."""
    path = tmp_path / "members.csv"
    rows = [
        "name,F,path,a b,ok,tags,x/y",
        "one,0.5,x.vtk,1,true,wet,7",
        '"two, ""2""",2,it\'s $(id) {F}.vtk,2,false,dry,8',
    ]
    path.write_text("\n".join(rows) + "\n")
    return path


def test_each_row_has_its_tile_with_its_values_in_the_arguments(table: Path) -> None:
    cmd = "view {folder}/{path} '{a b}' --F={F} {F:.2f} '{{x}}' \"two words\" n{index} {ok} {x/y}"
    made = Made("command", {"cmd": cmd, "table": str(table)})
    folder = str(table.parent)
    assert [tile.command for tile in made.tiles] == [
        ("view", f"{folder}/x.vtk", "1", "--F=0.5", "0.50", "{x}", "two words", "n0", "true", "7"),
        ("view", f"{folder}/it's $(id) {{F}}.vtk", "2", "--F=2", "2.00", "{x}", "two words", "n1", "false", "8"),
    ]
    assert made.titles == ["one", 'two, "2"']
    assert [member.tags for member in made.members] == [("wet",), ("dry",)]
    assert {column.name: column.dtype[0] for column in made.columns} == {
        "name": "S", "F": "f", "path": "S", "a b": "i", "ok": "b", "x\N{DIVISION SLASH}y": "i"
    }  # fmt: skip
    assert made.members[1].values["F"] == 2
    titled = Made("command", {"cmd": "view", "table": str(table), "title": "{name}: {F:.1f} /s"})
    assert titled.titles == ["one: 0.5 /s", 'two, "2": 2.0 /s']
    assert len(Made("command", {"cmd": "view", "table": str(table)}, 1).tiles) == 1


def test_a_value_reaches_the_program_letter_by_letter_whatever_it_is(tmp_path: Path) -> None:
    values = [value for value in HOSTILE if "\0" not in value and value.isprintable()]
    path = tmp_path / "t.csv"
    path.write_text("x\n" + "".join('"{}"\n'.format(value.replace('"', '""')) for value in values))
    shown = [sys.executable, "-c", "'import sys; print(ascii(sys.argv[1:]))'"]
    made = Made("command", {"cmd": f"{' '.join(shown)} {{x}} 'and {{x}}'", "table": str(path)})
    for value, tile in zip(values, made.tiles, strict=True):
        done = subprocess.run(tile.command, capture_output=True, text=True, check=True, timeout=30)
        assert done.stdout.strip() == ascii([value, f"and {value}"])


def test_a_table_is_parquet_or_hdf5_as_well_with_the_units_that_it_says(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pyarrow.table({"n": [1, None], "s": ["a", "b"]}), tmp_path / "t.parquet")
    made = Made("command", {"cmd": "view {s}", "table": str(tmp_path / "t.parquet")})
    assert [tile.command for tile in made.tiles] == [("view", "a"), ("view", "b")]
    assert "row 2" in refusal("command", {"cmd": "view {n}", "table": str(tmp_path / "t.parquet")})
    with create(tmp_path / "t.h5", [Column("F", "float64", "1/s", "feed", "parameter")]) as writer:
        writer.append([{"F": 0.25}])
    made = Made("command", {"cmd": "view {F}", "table": str(tmp_path / "t.h5")})
    assert made.tiles[0].command == ("view", "0.25")
    assert [(each.unit, each.description, each.role) for each in made.columns] == [("1/s", "feed", "parameter")]
    with h5py.File(tmp_path / "t.h5", "r+") as file:
        del file["members"]
    assert str(tmp_path / "t.h5") in refusal("command", {"cmd": "view", "table": str(tmp_path / "t.h5")})


def test_the_table_of_a_cinema_database_is_a_table_too(tmp_path: Path) -> None:
    (tmp_path / "run.cdb").mkdir()
    (tmp_path / "run.cdb" / "data.csv").write_text("F,FILE\n0.5,1.png\n")
    made = Made("command", {"cmd": "view {folder}/{FILE}", "table": str(tmp_path / "run.cdb" / "data.csv")})
    assert made.tiles[0].command == ("view", f"{tmp_path}/run.cdb/1.png")


def test_rows_that_are_not_whole_are_told(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with table.open("a") as file:
        file.write("three,3\n")
    made = Made("command", {"cmd": "view {F}", "table": str(table)})
    assert made.tiles[2].command == ("view", "3")
    assert capsys.readouterr().err == f"{table}: row 4, changed: it has 2 of 7 values: the last are missing\n"
    with table.open("a") as file:
        file.write("".join(f"{number},1,2,3,true,x,7,{number}\n" for number in range(99)))
    Made("command", {"cmd": "view", "table": str(table)})
    assert capsys.readouterr().err.endswith("csv: and 81 more remarks of this kind\n")


def test_without_a_table_the_same_program_runs_in_as_many_tiles_as_are_asked_for() -> None:
    made = Made("command", {"cmd": "xclock -title 'clock {index}'"}, 3)
    assert [tile.command for tile in made.tiles] == [("xclock", "-title", f"clock {index}") for index in range(3)]
    assert made.titles == ["0 xclock", "1 xclock", "2 xclock"]
    assert len(Made("command", {"cmd": "xclock"}).tiles) == 1


def test_size_resources_image_and_binds_are_those_of_each_tile() -> None:
    wanted = {
        "cmd": "view", "image": "vtk", "binds": r"/data,/a\,b:/in,/s:rw,/x:/y:rw", "gpu": "true", "window_manager": "1",
        "width": "800", "height": "600", "cpus": "2", "memory": "3G",
    }  # fmt: skip
    made = Made("command", wanted)
    (tile,) = made.tiles
    assert (tile.width, tile.height, tile.cpus, tile.memory, tile.gpu, tile.window_manager) == (
        800, 600, 2, 3 << 30, True, True
    )  # fmt: skip
    assert tile.image is not None
    assert tile.image.name == "vtk"
    assert tile.image.binds == (
        Bind(source="/data"),
        Bind(source="/a,b", target="/in"),
        Bind(source="/s", write=True),
        Bind(source="/x", target="/y", write=True),
    )
    assert Made("command", made.parameters).tiles == made.tiles  # as it is remembered, and launched again
    assert Made("command", {"cmd": "view"}).tiles[0].image is None


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "cmd: name a program"),
        ({"cmd": "  "}, "cmd: name a program"),
        ({"cmd": "'' x"}, "its first word, the program, is empty"),
        ({"cmd": "view 'x"}, "a quote or backslash is left open"),
        ({"cmd": "view {x"}, "'{x' has a brace alone: write {{ or }}"),
        ({"cmd": "view {a b}"}, "'{a' has a brace alone"),
        ({"cmd": "view {x}"}, "cmd: there is no column 'x': there are index"),
        ({"cmd": "view", "title": "{x}"}, "title: there is no column 'x'"),
        ({"cmd": "view", "title": "}"}, "title=}: '}' has a brace alone"),
        ({"cmd": "view {nope}", "table": "TABLE"}, "there is no column 'nope': there are index, folder, name, F, path"),
        ({"cmd": "view {name:.2f}", "table": "TABLE"}, "row 2 of"),
        ({"cmd": "view {F:2000000000}", "table": "TABLE"}, "{F:2000000000} asks for more than 1000 letters"),
        ({"cmd": "view {F:.2000f}", "table": "TABLE"}, "{F:.2000f} asks for more than 1000 letters"),
        ({"cmd": "view", "table": "/"}, "/: it is no table: name a CSV, Parquet or HDF5 file"),
        ({"cmd": "view", "table": "/nowhere.csv"}, "/nowhere.csv: there is no such file"),
        ({"cmd": "view", "binds": "data"}, "'data' is no bind"),
        ({"cmd": "view", "binds": "/a:/b:/c"}, "'/a:/b:/c' is no bind"),
        ({"cmd": "view", "memory": "much"}, "memory=much: write it as 500M or 4G"),
        ({"cmd": "view", "width": "3"}, "width=3: "),
    ],
)
def test_what_is_wrong_is_said_in_one_line(table: Path, values: dict[str, str], said: str) -> None:
    values = {key: value.replace("TABLE", str(table)) for key, value in values.items()}
    assert said in refusal("command", values)


@pytest.mark.parametrize("value", HOSTILE)
def test_hostile_values_are_refused_in_one_line_or_stay_what_they_are(value: str, tmp_path: Path) -> None:
    for key in ("cmd", "table", "title", "image", "binds", "memory"):
        refusal("command", {"cmd": "view", key: value})
    (tmp_path / "t.csv").write_bytes(value.encode(errors="replace"))
    refusal("command", {"cmd": "view {x}", "table": str(tmp_path / "t.csv")})


@given(strategies.lists(strategies.text(strategies.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_any_words_come_out_as_they_were_quoted_and_any_value_as_it_is(words: list[str]) -> None:
    program = ["view", *words]
    doubled = [word.replace("{", "{{").replace("}", "}}") for word in program]
    assert [filled(word, {}) for word in words_of(shlex.join(doubled))] == program
    for word in filter(None, words):
        assert filled("a{x}b", {"x": word}) == f"a{word}b"


def test_filling_knows_names_with_colons_and_leaves_what_it_fills_alone() -> None:
    assert filled("{a:b} {c:>4}", {"a:b": 1, "c": "{a:b}"}) == "1 {a:b}"
    assert filled("{x}", {"x": 1e300}) == "1e+300"
    assert words_of("") == ()
    with pytest.raises(ValueError, match="column x is empty there"):
        filled("{x}", {"x": None})
