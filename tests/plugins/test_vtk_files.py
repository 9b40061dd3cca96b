"""The case ``vtk_files``: which files become tiles, what is known of them, and what their program draws."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import vtk_kit
from display_kit import Display, Picture, display
from ready_kit import HOSTILE, refusal
from tvcore.cases.manager import Case, load
from tvcore.cases.sources import of_spec
from tvcore.errors import UsageError
from tvcore.plugins.vtk_files import view
from viewer_kit import asked, told
from vtk_kit import prepared
from waiting import wait_until

SECONDS = 60.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data")
    vtk_kit.write_meshes(made)
    vtk_kit.write_fields(made / "run.nc")
    vtk_kit.write_coloured(made / "red.vtp")
    return made


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return load(of_spec("bundled:vtk_files:tvcore.plugins.vtk_files"))


# -------------------------------------------------------------------------------------------- files, and what is known


def test_folders_patterns_and_fields_become_tiles_with_what_is_known_of_each(case: Case, folder: Path) -> None:
    found = prepared(case, paths=f"{folder}/b*.vt[pu],{folder}/run.nc:temp[1],{folder}/run.nc:group/volume")
    assert [member.title for member, _ in found] == ["ball.vtp", "ball.vtu", "run.nc:temp[1]", "run.nc:group/volume"]
    assert [member.tags for member, _ in found] == [
        ("surface",), ("unstructured grid",), ("regular grid",), ("regular grid",)
    ]  # fmt: skip
    first, field = found[0][0].values, found[2][0].values
    assert first["file"] == f"{folder}/ball.vtp"
    assert first["size"] == (folder / "ball.vtp").stat().st_size
    assert (first["points"], first["array"]) == (vtk_kit.POINTS, "Elevation")
    assert (first["z_min"], first["z_max"], first["largest"]) == pytest.approx((-0.5, 0.5, 1), abs=1e-3)
    assert (field["x_max"], field["y_max"], field["z_max"]) == (15, 11, 0)
    assert (field["least"], field["largest"]) == (196, 291.5)
    declared = {column.name: column.unit for column in case.columns(case.parameters({}))}
    assert set(first) == set(declared)
    assert declared["size"] == "B"
    assert len(prepared(case, paths=str(folder))) == 8  # of a folder what needs no field


def test_a_folder_is_taken_as_people_count_and_equal_names_by_their_folders(case: Case, tmp_path: Path) -> None:
    for name in ("run10", "run2", "run1"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "mesh.obj").write_text("v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n")
    found = prepared(case, paths=f"{tmp_path}/run*/mesh.obj")
    assert [member.title for member, _ in found] == ["run1/mesh.obj", "run2/mesh.obj", "run10/mesh.obj"]


def test_the_image_gets_program_and_file_and_nothing_else(case: Case, folder: Path) -> None:
    ((_, tile),) = prepared(case, paths=f"{folder}/run.nc:temp", colours="gray", show="slices", low=-1, width=320)
    assert tile.image is not None
    wanted = (f"--file={folder}/run.nc", "--colour-by=", "--colours=gray", "--show=slices", "--variable=temp")
    assert tile.image.command == ("python3", "-P", "/opt/tiledviz/vtk_files/view.py", *wanted, "--low=-1.0")
    assert tile.command[2:] == (view.__file__, *wanted, "--low=-1.0")
    assert (tile.image.name, tile.width, tile.height, tile.gpu) == ("vtk", 320, 480, True)
    binds = [(bind.source, bind.target, bind.write) for bind in tile.image.binds]
    assert binds == [
        (str(Path(view.__file__).parent), "/opt/tiledviz/vtk_files", False), (f"{folder}/run.nc", "", False)
    ]  # fmt: skip


def test_one_scale_for_all_spans_all_values(case: Case, folder: Path) -> None:
    found = prepared(case, paths=f"{folder}/run.nc:temp[0],{folder}/run.nc:temp[1]", scale="common")
    assert {tuple(tile.command[-2:]) for _, tile in found} == {("--low=100.0", "--high=291.5")}
    found = prepared(case, paths=f"{folder}/run.nc:temp[0],{folder}/run.nc:temp[1]", scale="common", high=500)
    assert found[0][1].command[-2:] == ("--low=100.0", "--high=500.0")


def test_files_that_are_none_have_a_tile_and_take_nothing_else_along(
    case: Case, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = tmp_path / "bad"
    bad.mkdir()
    (bad / "ball.vtp").write_bytes((folder / "ball.vtp").read_bytes())
    names = vtk_kit.write_bad(bad)
    found = {member.title: member.values for member, _ in prepared(case, paths=str(bad))}
    assert set(found) == {*names, "ball.vtp"}
    assert found["ball.vtp"]["points"] == vtk_kit.POINTS
    for name in names:
        assert (found[name]["kind"], found[name]["points"]) == (None, None)
        assert found[name]["size"] == (bad / name).stat().st_size
    # a file on which the program that measures dies costs itself alone, and what was measured is not measured again
    program = tmp_path / "measure.py"
    program.write_text(
        "import json, os, sys\nfor line in sys.stdin:\n    path = json.loads(line)[0]\n"
        "    if 'text' in path: os.abort()\n    print(json.dumps({'points': len(path)}), flush=True)\n"
    )
    monkeypatch.setattr("tvcore.plugins.vtk_files.measures.PROGRAM", program)
    (bad / "cut.obj").write_text("changed\n")
    (bad / "text.vtk").write_text("changed\n")
    found = {member.title: member.values for member, _ in prepared(case, paths=str(bad))}
    assert (found["text.vtk"]["points"], found["cut.obj"]["points"]) == (None, len(str(bad / "cut.obj")))
    assert found["ball.vtp"]["points"] == vtk_kit.POINTS


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "paths: name files or folders: --set paths=/data/meshes,/data/run.nc:temperature"),
        ({"paths": "{}/none.vtp"}, "paths: there is no {}/none.vtp"),
        ({"paths": "{}/*.xyz"}, "paths: there is no {}/*.xyz"),
        ({"paths": "{}/run.nc"}, "paths: say which field of {}/run.nc is to be shown: {}/run.nc:VARIABLE"),
        ({"paths": "{}/sub"}, "paths: {}/sub has no file that ends with one of .vtk, .vtp"),
        ({"paths": "{}/sub/a.xyz"}, "paths: {}/sub/a.xyz ends with none of .vtk, .vtp"),
        ({"paths": "{}/a\nb.vtp"}, "a\\nb.vtp"),
        ({"paths": "{}/a\0b.vtp"}, "paths: "),
        ({"paths": "x.vtp", "low": 2, "high": 1}, "low must be less than high"),
        ({"paths": "x.vtp", "low": "nan"}, "low"),
        ({"paths": "x.vtp", "colours": "rainbow"}, "colours"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_line(
    case: Case, folder: Path, given: dict[str, Any], said: str
) -> None:
    (folder / "sub").mkdir(exist_ok=True)
    (folder / "sub" / "a.xyz").write_text("x")
    given = {key: value.replace("{}", str(folder)) if isinstance(value, str) else value for key, value in given.items()}
    with pytest.raises(UsageError) as caught:
        prepared(case, **given)
    assert said.replace("{}", str(folder)) in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_hostile_value_is_refused_in_one_line_or_is_an_argument_as_it_is(
    case: Case, folder: Path, tmp_path: Path
) -> None:
    for value in HOSTILE:
        assert refusal("vtk_files", {"paths": f"{folder}/{value}"}).startswith("paths: "), value
        assert refusal("vtk_files", {"paths": value}).startswith("paths: "), value
        if value.isprintable() and len(value) <= 200 and "/" not in value:
            there = tmp_path / f"{value}.vtp"
            there.write_bytes((folder / "ball.vtp").read_bytes())
            ((member, tile),) = prepared(case, paths=str(there), colour_by=value)
            assert (member.title, tile.command[3:5]) == (there.name, (f"--file={there}", f"--colour-by={value}"))


# ----------------------------------------------------------------------------------------------- what is drawn and told


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Display]:
    with display(tmp_path_factory.mktemp("x") / "x") as running:
        yield running


@contextmanager
def viewing(screen: Display, file: Path, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    watch = screen.folder / "watch"
    watch.write_text("0")
    command = [sys.executable, "-P", view.__file__, f"--file={file}", *options]
    process = subprocess.Popen(command, env={**screen.environment, "TILEDVIZ_WATCH": str(watch)})
    try:
        yield process
    finally:
        process.terminate()
        process.wait(20)


def seen(screen: Display, condition: Callable[[Picture], bool], what: str) -> Picture:
    last: list[Picture] = []

    def look() -> bool:
        last[:] = [screen.picture()]
        return condition(last[0])

    wait_until(look, SECONDS, what)
    return last[0]


def coloured(picture: Picture) -> bool:
    spread = picture.max(axis=2).astype(int) - picture.min(axis=2)
    return bool((spread > 40).mean() > 0.02)


def test_a_mesh_is_coloured_by_what_it_is_told_and_goes_back_to_its_first_view(
    screen: Display, folder: Path, output: Path
) -> None:
    with viewing(screen, folder / "ball.vtu"):
        first = seen(screen, coloured, "the ball")
        Image.fromarray(first).save(output / "vtk_files_ball.png")
        assert told(screen, "colours", name="gray") == "coloured by gray"
        gray = screen.picture()
        assert not coloured(gray)
        assert gray.max() > 100
        assert told(screen, "colours", name="viridis") == "coloured by viridis"
        assert np.array_equal(screen.picture(), first)
        assert told(screen, "colour-by", name="none") == "in one colour"
        assert not coloured(screen.picture())
        said = told(screen, "colour-by", name="heat")
        assert said == "there is no array 'heat' to colour by: there are Elevation"
        assert told(screen, "colour-by", name="Elevation") == "coloured by Elevation"
        assert told(screen, "isovalue", value=0.5) == "this is no volume: it has no isosurface"
        screen.drag(*((200 + 10 * i, 240) for i in range(20)))
        told(screen, "camera-reset")
        assert np.array_equal(screen.picture(), first)


def test_a_camera_is_the_same_on_data_of_another_size(screen: Display, folder: Path, tmp_path: Path) -> None:
    large = tmp_path / "large.obj"
    lines = [line.split() for line in (folder / "ball.obj").read_text().splitlines()]
    points = [f"v {' '.join(str(float(x) * 1000 + 70) for x in line[1:4])}" for line in lines if line[:1] == ["v"]]
    faces = [" ".join(["f", *(part.split("/")[0] for part in line[1:])]) for line in lines if line[:1] == ["f"]]
    large.write_text("\n".join([*points, *faces]))
    with viewing(screen, folder / "ball.stl", "--colour-by=none"):
        seen(screen, lambda now: bool((now > 100).any()), "the ball")
        screen.drag(*((200 + 10 * i, 240) for i in range(20)))
        told(screen, "camera", position=[0.5, -1, 1.5], focus=[0, 0, 0], up=[0, 0, 1], angle=20)
        camera, there = asked(screen, "camera")["ok"], screen.picture()
    assert camera["position"] == pytest.approx([0.5, -1, 1.5])
    with viewing(screen, large):
        seen(screen, lambda now: bool((now > 100).any()), "the large ball")
        told(screen, "camera", **camera)
        here = screen.picture()
    caption = slice(0, 440)  # the names below are their own
    assert ((there[caption] > 60) != (here[caption] > 60)).any(axis=2).mean() < 0.01


def test_a_volume_shows_an_isosurface_another_one_and_slices(screen: Display, folder: Path, output: Path) -> None:
    with viewing(screen, folder / "run.nc", "--variable=group/volume", "--triangles=2000"):
        first = seen(screen, coloured, "the isosurface")
        Image.fromarray(first).save(output / "vtk_files_volume.png")
        assert told(screen, "isovalue", value=0.1) == "volume = 0.1"
        assert coloured(screen.picture())
        assert (screen.picture() > 40).any(axis=2).sum() > 1.3 * (first > 40).any(axis=2).sum()  # further out
        for value in (math.nan, math.inf):
            assert told(screen, "isovalue", value=value).startswith("an isovalue is a number, not")
    with viewing(screen, folder / "wave.vti", "--show=slices", "--colours=coolwarm"):
        seen(screen, coloured, "the slices")


def test_a_field_of_two_axes_fills_the_window_flat_and_bytes_are_colours(
    screen: Display, folder: Path, output: Path
) -> None:
    with viewing(screen, folder / "run.nc", "--variable=temp", "--colours=gray"):
        picture = seen(screen, lambda now: bool((now > 200).any()), "the picture")
        Image.fromarray(picture).save(output / "vtk_files_flat.png")
        rows = picture[40:400, 100:440].astype(int)
        assert rows[:20].mean() < rows[-20:].mean() - 50  # it begins at the top: the latitudes fall
        assert picture[200, 320].std() < 3
        missing = (picture[..., 0].astype(int) - picture[..., 1] > 30).mean()
        assert 0.001 < missing < 0.02  # one value of 192
    with viewing(screen, folder / "red.vtp", "--colour-by=RGB"):
        red = seen(screen, coloured, "the ball")[240, 320].astype(int)
        assert red[0] > 4 * red[1]


def test_what_is_wrong_with_a_file_is_the_programs_one_line(folder: Path, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    (tmp_path / "no.vtp").write_text("no")
    for options, said in (
        ([f"--file={tmp_path}/no.vtp"], f"{tmp_path}/no.vtp: it is damaged, or none of .vtp: "),
        ([f"--file={folder}/run.nc", "--variable=x"], "there is no field x (it has group/volume, temp)"),
        ([f"--file={folder}/ball.vtp"], "cannot open a GL window on the X display ''"),
    ):
        done = subprocess.run(
            [sys.executable, "-P", view.__file__, *options],
            env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout) == (1, "")
        assert said in done.stderr
        assert len(done.stderr.splitlines()) == 1
