"""Files that others have made: with any HDF5 tool, as netCDF-4, or to do harm."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from tvcore.ensemble import Column, Field, create, open_ensemble
from tvcore.ensemble.rows import read_rows
from tvcore.errors import TiledVizError

NO_VARIABLE = "This is a netCDF dimension but not a netCDF variable.%10d"


def netcdf(path: Path, sizes: dict[str, int], variables: dict[str, tuple[tuple[str, ...], np.ndarray]]) -> None:
    """Write *path* as the netCDF library does: *sizes* of dimensions, and per variable its dimensions and values."""
    with h5py.File(path, "w", track_order=True) as file:
        file.attrs["_NCProperties"] = "version=2,netcdf=4.9.2,hdf5=1.14.2"
        file.attrs["title"] = np.bytes_("A model run")
        for number, (name, size) in enumerate(sizes.items()):
            if name not in variables:
                scale = file.create_dataset(name, (size,), ">f4", maxshape=(None,), chunks=(16,))
                scale.make_scale(NO_VARIABLE % size)
                scale.attrs["_Netcdf4Dimid"] = np.int32(number)
        for name, (_, values) in variables.items():
            data = file.create_dataset(name, data=values)
            if name in sizes:
                data.make_scale(name)
                data.attrs["_Netcdf4Dimid"] = np.int32(list(sizes).index(name))
        for name, (dimensions, _) in variables.items():
            if name not in sizes:
                for axis, dimension in enumerate(dimensions):
                    file[name].dims[axis].attach_scale(file[dimension])


@pytest.fixture
def ensemble(tmp_path: Path) -> Path:
    path = tmp_path / "model.nc"
    letters = np.array([[b"wet"], [b"dry   "], ["wäld".encode()]], "S6").view("S1")  # by C, Fortran and C
    netcdf(
        path,
        {"member": 3, "y": 4, "x": 5, "letters": 6, "time": 2},
        {
            "member": (("member",), np.array([10, 20, 30], "i4")),
            "temperature": (("member",), np.array([270.5, 280.5, -999.0])),
            "packed": (("member",), np.array([1, 2, -1], "i2")),
            "class": (("member", "letters"), letters),
            "height": (("member", "y", "x"), np.arange(60, dtype="f4").reshape(3, 4, 5)),
            "hours": (("time",), np.zeros(2)),
        },
    )
    with h5py.File(path, "r+") as file:
        file["temperature"].attrs.update(
            {"units": np.bytes_("K"), "long_name": "mean temperature", "_FillValue": [-999.0]}
        )
        file["packed"].attrs.update({"scale_factor": 0.5, "add_offset": 10.0, "_FillValue": np.array([-1], "i2")})
        file.create_group("details")
    return path


def test_a_netcdf_file_is_read_by_its_dimension_of_members(ensemble: Path) -> None:
    with open_ensemble(ensemble) as found:
        assert (found.title, len(found), found.complete) == ("A model run", 3, True)
        by_name = {column.name: column for column in found.columns}
        assert sorted(by_name) == ["class", "member", "packed", "temperature"]
        assert by_name["temperature"] == Column("temperature", "float64", "K", "mean temperature")
        table = found.table()
        assert table["member"].tolist() == [10, 20, 30]
        assert table["class"].tolist() == ["wet", "dry", "wäld"]
        assert table["temperature"].tolist()[:2] == [270.5, 280.5]
        assert np.isnan(table["temperature"][2])
        assert table["packed"].tolist()[:2] == [10.5, 11.0]
        assert np.isnan(table["packed"][2])
        assert found.fields == (Field("height", (4, 5)),)
        assert found.field("height", 1).tolist() == np.arange(20, 40, dtype="f4").reshape(4, 5).tolist()


def test_what_is_left_of_a_netcdf_file_is_said(ensemble: Path) -> None:
    with open_ensemble(ensemble) as found:
        assert sorted(found.notes) == [
            "the group 'details' is left: variables are read from the root group",
            "the variable hours is left: it does not lie along the dimension member",
        ]


def test_a_netcdf_file_whose_members_are_not_clear_is_refused_with_a_remedy(tmp_path: Path) -> None:
    path = tmp_path / "two.nc"
    values = np.zeros(3)
    netcdf(path, {"a": 3, "b": 3}, {"u": (("a",), values), "v": (("b",), values)})
    with pytest.raises(TiledVizError, match=r"the dimensions \(a, b\) do not show along which members lie.*ncrename"):
        open_ensemble(path)


def test_a_netcdf_file_with_another_name_for_its_only_dimension_is_read(tmp_path: Path) -> None:
    path = tmp_path / "one.nc"
    netcdf(path, {"station": 3}, {"u": (("station",), np.array([1, 2, 3]))})
    with open_ensemble(path) as found:
        assert found.row(2) == {"u": 3}


def test_text_of_variable_length_is_read_and_checked(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["tiledviz"] = 1
        file["members/name"] = ["short", "wäld" * 100, ""]
        file["members/F"] = [1.0, 2.0, 3.0]
    with open_ensemble(path) as found:
        assert found.table(["name"])["name"].tolist() == ["short", "wäld" * 100, ""]
        assert found.rows([2, 0, 0]) == [{"name": "", "F": 3.0}, *[{"name": "short", "F": 1.0}] * 2]
    with h5py.File(path, "r+") as file:
        file["members/name"][1] = b"\xff\xfe"
    with open_ensemble(path) as found, pytest.raises(TiledVizError, match="members/name holds text that is not UTF-8"):
        found.table()


def test_rows_far_from_each_other_are_read_together_in_the_order_asked_for(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with create(path, [Column("n", "int64"), Column("name", "S8")]) as writer:
        writer.append([{"n": i, "name": f"n{i}"} for i in range(20_000)])
    wanted = [19_999, 3, 10_000, 3]
    assert read_rows(str(path), wanted)["rows"] == [{"n": i, "name": f"n{i}"} for i in wanted]
    with pytest.raises(TiledVizError, match="there is no member 20000; the file has members 0 to 19999"):
        read_rows(str(path), [20_000])


def whole(path: Path) -> None:
    with create(path, [Column("F", "float64"), Column("class", "S8")], [Field("v", (2, 2))]) as writer:
        writer.append([{"F": 1.0, "class": "a"}] * 2, {"v": np.zeros((2, 2, 2), "f4")})


def virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout((2,), "f8")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (2,))
    file["members"].create_virtual_dataset("other", layout)


def instead(name: str, link: object) -> Callable[[h5py.File], None]:
    def how(file: h5py.File) -> None:
        if name in file:
            del file[name]
        file[name] = link

    return how


@pytest.mark.parametrize(
    ("how", "message"),
    [
        (instead("members/F", h5py.ExternalLink("/etc/passwd", "/x")), "members/F is a link into another file"),
        (instead("members", h5py.ExternalLink("other.h5", "/members")), "the group members is a link into another"),
        (instead("members/F", h5py.SoftLink("/members/F")), "members/F is a link to another place"),
        (instead("members", h5py.SoftLink("/members")), "the group members is a link to another place"),
        (lambda f: f["members"].__setitem__("again", f["members"]), "members/again is not a dataset"),
        (virtual, "members/other is put together of other datasets"),
        (
            lambda f: f["members"].create_dataset("x", (2,), "f8", external=[("/etc/passwd", 0, 16)]),
            "members/x lies in another file",
        ),
        (
            lambda f: f["members"].create_dataset("huge", (10**12,), "f8", chunks=(1024,)),
            "members/huge says that it has 1000000000000 members",
        ),
        (
            lambda f: f["members"].create_dataset("chunk", (2,), "f8", maxshape=(None,), chunks=(1 << 27,)),
            "members/chunk has chunks of more than 256 MiB",
        ),
        (lambda f: f["members"].create_dataset("none", dtype="f8", data=h5py.Empty("f8")), "members/none is empty"),
        (lambda f: f["members"].__setitem__("a\nb", [1.0, 2.0]), "members/'a\\\\nb' has a name that cannot be shown"),
        (lambda f: f.__setitem__("live", [1.0]), "live is no dataset of integers"),
        (lambda f: f.__setitem__("live", [-5, 0, 0]), "live says that it has -5 members"),
        (lambda f: f.__setitem__("live", [5]), "live has the shape \\(1,\\)"),
    ],
)
def test_what_leads_elsewhere_or_says_to_be_huge_is_refused_by_name(
    tmp_path: Path, how: Callable[[h5py.File], object], message: str
) -> None:
    path = tmp_path / "a.h5"
    whole(path)
    with h5py.File(path, "r+") as file:
        how(file)
    with pytest.raises(TiledVizError, match=message) as caught:
        open_ensemble(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_column_or_field_that_is_too_much_to_read_at_once_costs_a_line(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["tiledviz"] = 1
        file.create_dataset("members/t", (10**8,), h5py.string_dtype("utf-8", 64), chunks=(1024,))
        file.create_dataset("fields/v", (10**8, 10**4, 10**5), "f8", chunks=(1, 10, 1000))
    with open_ensemble(path) as found:
        for read, what in ((lambda: found.table(), "members/t"), (lambda: found.field("v", 5), "fields/v")):
            with pytest.raises(TiledVizError, match=f"{what} says that it has .* GiB to read at once"):
                read()
        assert found.row(10**8 - 1) == {"t": ""}


def test_attributes_of_any_kind_are_shown_as_one_line(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    whole(path)
    with h5py.File(path, "r+") as file:
        file["members/F"].attrs.update({"unit": [1, 2], "description": "two\nlines\x1b[31m"})
        file.attrs["title"] = "x" * 60_000
    with open_ensemble(path) as found:
        assert (found.columns[0].unit, found.columns[0].description) == ("[1 2]", "two lines[31m")
        assert len(found.title) == 1000


def test_a_file_of_a_million_members_opens_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file.attrs["tiledviz"] = 1
        for number in range(25):
            file.create_dataset(
                f"members/c{number}", data=np.arange(10**6, dtype="f8"), maxshape=(None,), chunks=(4096,)
            )
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        with open_ensemble(path) as found:
            assert len(found) == 10**6
            took.append(time.perf_counter() - begun)
            assert found.row(999_999)["c24"] == 999_999.0
    print(f"\nopen at 10^6 x 25: {sorted(took)[2] * 1000:.1f} ms")
    assert min(took) < 5  # 0.1 s is measured in tests/benchmarks/ensemble.py
