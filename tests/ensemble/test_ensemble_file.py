from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from tvcore.ensemble import Column, Field, create, open_ensemble, partial_files
from tvcore.errors import TiledVizError

COLUMNS = (
    Column("F", "float64", "1/step", "feed rate", "parameter"),
    Column("count", "int32", "1"),
    Column("settled", "bool"),
    Column("class", "S8", "", "the pattern", "tag"),
)
FIELDS = (Field("v", (3, 4, 5), unit="1", description="concentration"),)
ROWS = [
    {"F": 0.03, "count": 3, "settled": True, "class": "spots"},
    {"F": 0.04, "count": -1, "settled": False, "class": "wäves"},
]
V = np.arange(120, dtype=np.float32).reshape(2, 3, 4, 5)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a whole ensemble of two members."""
    target = tmp_path / "sweep.h5"
    with create(target, COLUMNS, FIELDS, "A sweep") as writer:
        writer.append(ROWS, {"v": V})
    return target


def test_what_was_written_is_read(path: Path) -> None:
    with open_ensemble(path) as ensemble:
        assert (ensemble.title, len(ensemble), ensemble.complete) == ("A sweep", 2, True)
        assert ensemble.columns == COLUMNS
        assert ensemble.fields == FIELDS
        table = ensemble.table()
        assert list(table) == ["F", "count", "settled", "class"]
        assert table["F"].tolist() == [0.03, 0.04]
        assert table["class"].tolist() == ["spots", "wäves"]
        assert list(ensemble.table(["count"])) == ["count"]
        assert ensemble.row(1) == ROWS[1]
        assert [type(value) for value in ensemble.row(0).values()] == [float, int, bool, str]
        assert np.array_equal(ensemble.field("v", 1), V[1])
        ensemble.verify()


def test_members_can_be_appended_one_after_the_other(tmp_path: Path) -> None:
    with create(tmp_path / "a.h5", COLUMNS, FIELDS) as writer:
        for i in range(5):
            writer.append([ROWS[i % 2]], {"v": V[i % 2][None]})
        writer.append([], {"v": V[:0]})
    with open_ensemble(tmp_path / "a.h5") as ensemble:
        assert ensemble.table(["count"])["count"].tolist() == [3, -1, 3, -1, 3]
        assert np.array_equal(ensemble.field("v", 4), V[0])


def test_an_ensemble_without_members_or_fields_can_be_read(tmp_path: Path) -> None:
    with create(tmp_path / "a.h5", COLUMNS):
        pass
    with open_ensemble(tmp_path / "a.h5") as ensemble:
        assert (len(ensemble), ensemble.fields) == (0, ())
        assert ensemble.table()["class"].tolist() == []


def test_the_file_has_the_layout_that_hdf5_can_append_to(path: Path) -> None:
    with h5py.File(path) as file:
        assert file.attrs["tiledviz"] == 1
        assert dict(file["members/F"].attrs) == {"unit": "1/step", "description": "feed rate", "role": "parameter"}
        text = h5py.check_string_dtype(file["members/class"].dtype)
        assert (text.encoding, text.length) == ("utf-8", 8)
        for data in (*file["members"].values(), *file["fields"].values()):
            assert data.maxshape[0] is None
            assert data.chunks is not None
        assert file["fields/v"].chunks == (1, 3, 4, 5)


def test_a_large_field_is_chunked_by_parts_of_a_member() -> None:
    assert Field("v", (256, 256, 256)).chunk == (1, 4, 256, 256)
    assert Field("v", (8, 2048, 2048)).chunk == (1, 1, 2048, 2048)


def test_a_writer_that_fails_leaves_the_old_file_and_nothing_else(path: Path) -> None:
    before = path.read_bytes()
    with pytest.raises(TiledVizError, match="no column x"), create(path, COLUMNS, FIELDS) as writer:
        writer.append([{**ROWS[0], "x": 1}], {"v": V[:1]})
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_a_writer_that_is_killed_leaves_the_place_empty_and_a_file_that_can_be_found(tmp_path: Path) -> None:
    code = (
        "import os, signal, sys; from pathlib import Path; from tvcore.ensemble import Column, create\n"
        "with create(Path(sys.argv[1]), [Column('F', 'float64')]) as writer:\n"
        "    writer.append([{'F': 1.0}]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    target = tmp_path / "a.h5"
    assert subprocess.run([sys.executable, "-c", code, target]).returncode == -signal.SIGKILL
    assert not target.exists()
    assert partial_files(target) == list(tmp_path.iterdir())


def test_a_file_whose_writer_has_not_finished_does_not_verify(path: Path) -> None:
    with h5py.File(path, "r+") as file:
        file.attrs["complete"] = False
    with open_ensemble(path) as ensemble, pytest.raises(TiledVizError, match="has not finished"):
        ensemble.verify()


@pytest.mark.parametrize(
    ("rows", "v", "message"),
    [
        ([{"F": 0.03}], V[:1], "the column class is missing"),
        ([{**ROWS[0], "k": 1.0}], V[:1], "no column k: it has F, class, count, settled"),
        ([{**ROWS[0], "F": "much"}], V[:1], "column F holds float64, and cannot hold 'much'"),
        ([{**ROWS[0], "count": 1.5}], V[:1], "column count holds int32, and cannot hold 1.5"),
        ([{**ROWS[0], "count": 2**31}], V[:1], "column count holds int32: a value is out of its range"),
        ([{**ROWS[0], "class": "labyrinths"}], V[:1], "column class holds 8 bytes of text: 'labyrinths' does not fit"),
        ([{**ROWS[0], "class": "\ud800"}], V[:1], "not text that UTF-8 can hold"),
        ([{**ROWS[0], "class": 7}], V[:1], "column class holds text, and cannot hold 7"),
        ([ROWS[0]], V, "field v has the shape \\(2, 3, 4, 5\\), not \\(1, 3, 4, 5\\)"),
    ],
)
def test_a_member_that_does_not_fit_is_refused_whole(
    tmp_path: Path, rows: list[dict[str, object]], v: np.ndarray, message: str
) -> None:
    with create(tmp_path / "a.h5", COLUMNS, FIELDS) as writer:
        with pytest.raises(TiledVizError, match=message):
            writer.append(rows, {"v": v})  # type: ignore[arg-type]
        assert writer.length == 0
    with open_ensemble(tmp_path / "a.h5") as ensemble:
        assert len(ensemble) == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Column("a/b", "float64"), "'a/b' cannot name a column"),
        (lambda: Column("", "float64"), "'' cannot name a column"),
        (lambda: Column("F", "complex64"), "not 'complex64'"),
        (lambda: Column("F", "nonsense"), "not 'nonsense'"),
        (lambda: Column("F", "S0"), "not 'S0'"),
        (lambda: Column("F", "float64", role="key"), "no role is called 'key'; there are parameter, result"),
        (lambda: Field("v", ()), "holds nothing"),
        (lambda: Field("v", (4, 0, 4)), "holds nothing"),
        (lambda: create(Path("a.h5"), []), "at least one column"),
        (lambda: create(Path("a.h5"), [COLUMNS[0], COLUMNS[0]]), "two columns are called F"),
        (lambda: create(Path("/nowhere/a.h5"), COLUMNS), "cannot write into /nowhere"),
    ],
)
def test_a_layout_that_cannot_be_is_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(TiledVizError, match=message):
        make()


def change(path: Path, how: Callable[[h5py.File], object]) -> None:
    with h5py.File(path, "r+") as file:
        how(file)


def replace(name: str, data: object, **kind: object) -> Callable[[h5py.File], object]:
    def how(file: h5py.File) -> None:
        if name in file:
            del file[name]
        file.create_dataset(name, data=data, **kind)

    return how


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (lambda f: f.attrs.pop("tiledviz"), "the attribute tiledviz is missing"),
        (lambda f: f.attrs.update({"tiledviz": 2}), "the attribute tiledviz says 2, and this TiledViz reads layout 1"),
        (lambda f: f.attrs.update({"tiledviz": "new"}), "says new, and this TiledViz reads layout 1"),
        (lambda f: f.pop("members"), "the group members is missing"),
        (replace("members", [1.0]), "the group members is missing"),
        (lambda f: f["members"].clear(), "the group members holds no column"),
        (lambda f: f["members"].create_group("inner"), "members/inner is not a dataset"),
        (lambda f: f["members/count"].resize(1, axis=0), "members/count has 1 rows, F has 2"),
        (lambda f: f["fields/v"].resize(3, axis=0), "fields/v has 3 members, the table has 2"),
        (replace("members/F", np.zeros((2, 2))), "members/F has 2 dimensions"),
        (replace("members/F", np.zeros(2, np.complex64)), "members/F holds complex64"),
        (replace("members/F", np.zeros(2, [("a", "f8"), ("b", "f8")])), "members/F holds .*, neither numbers nor text"),
        (replace("fields/v", [b"a", b"b"]), "fields/v has the shape \\(2,\\)"),
        (replace("fields/v", np.zeros((2, 3), np.complex64)), "fields/v holds complex64, not numbers"),
        (lambda f: f["members/F"].attrs.update({"role": "key"}), "members/F has the role 'key'"),
    ],
)
def test_a_file_laid_out_otherwise_is_named_with_group_and_remedy(
    path: Path, how: Callable[[h5py.File], object], message: str
) -> None:
    change(path, how)
    with pytest.raises(TiledVizError, match=message) as caught:
        open_ensemble(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: ")
    assert text.endswith("have the file written again by what made it")
    assert "\n" not in text


def test_text_that_is_not_utf8_is_named(path: Path) -> None:
    bad = np.array([b"\xff\xfe", b"ok"], h5py.string_dtype("utf-8", 8))
    change(path, replace("members/class", bad))
    with open_ensemble(path) as ensemble, pytest.raises(TiledVizError, match="members/class holds text that is not"):
        ensemble.table()


@pytest.mark.parametrize("share", [0.0, 0.01, 0.3, 0.9, 0.999])
def test_a_file_cut_short_is_refused_in_one_line(path: Path, share: float) -> None:
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(TiledVizError, match="cut short, damaged or not HDF5"):
        open_ensemble(path)


def test_a_file_of_another_kind_is_refused_in_one_line(path: Path) -> None:
    path.write_text("F,k\n0.03,0.06\n" * 1000)
    with pytest.raises(TiledVizError, match="not HDF5"):
        open_ensemble(path)


def test_a_missing_file_or_a_folder_is_refused_in_one_line(tmp_path: Path) -> None:
    for path in (tmp_path / "none.h5", tmp_path):
        with pytest.raises(TiledVizError, match="there is no such file"):
            open_ensemble(path)


def test_damage_inside_a_field_is_found_by_its_checksum(path: Path) -> None:
    data = bytearray(path.read_bytes())
    at = data.index(V[1].tobytes())
    data[at + 100] ^= 0xFF
    path.write_bytes(data)
    with open_ensemble(path) as ensemble:
        assert np.array_equal(ensemble.field("v", 0), V[0])
        for read in (lambda: ensemble.field("v", 1), ensemble.verify):
            with pytest.raises(TiledVizError, match="fields/v cannot be read"):
                read()


def test_what_is_not_there_is_answered_with_what_is(path: Path) -> None:
    with open_ensemble(path) as ensemble:
        with pytest.raises(TiledVizError, match="no column k; there are F, count, settled, class"):
            ensemble.table(["k"])
        with pytest.raises(TiledVizError, match="no field u; there are v"):
            ensemble.field("u", 0)
        for index in (-1, 2):
            with pytest.raises(TiledVizError, match="the file has members 0 to 1"):
                ensemble.row(index)
        with pytest.raises(TiledVizError, match="the dataset surfaces/0 is missing"):
            ensemble.dataset("surfaces/0")


def test_a_file_that_another_library_wrote_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.attrs["tiledviz"] = np.int32(1)
        file.attrs["title"] = np.bytes_("old")
        file["members/F"] = np.array([1, 2], ">f4")
        file["members/F"].attrs["unit"] = np.bytes_("m")
        file["members/name"] = np.array([b"a", b"bc"])
    with open_ensemble(tmp_path / "a.h5") as ensemble:
        assert ensemble.title == "old"
        assert ensemble.columns[0] == Column("F", "float32", "m")
        assert ensemble.row(1) == {"F": 2.0, "name": "bc"}
