"""The case ``vtk_files`` over time: what is known of moments, how far its action goes, and what a tile then shows."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from PIL import Image

import vtk_kit
from display_kit import Display, Picture, display
from ready_kit import refusal
from tvcore import paths
from tvcore.cases import Action
from tvcore.cases.manager import Case, load
from tvcore.cases.sources import of_spec
from tvcore.errors import UsageError
from tvcore.plugins.vtk_files import view
from viewer_kit import asked, told
from vtk_kit import prepared
from waiting import wait_until

SECONDS = 60.0
SINCE = "hours since 2026-01-01"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("data")
    vtk_kit.write_run(made / "run.nc", (0, 6, 12, 18))
    vtk_kit.write_run(made / "late.nc", (12, 48))
    vtk_kit.write_run(made / "days.nc", (1, 2), "days since 2026-01-01")
    vtk_kit.write_classic(made / "classic.nc")
    vtk_kit.write_series(made)
    (made / "ball.vtp").write_bytes((made / "parts" / "ball-0-0.vtp").read_bytes())
    return made


@pytest.fixture
def case(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Case:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return load(of_spec("bundled:vtk_files:tvcore.plugins.vtk_files"))


def offered(case: Case, **given: Any) -> Action | None:
    """Return the action that means time, of what was launched with *given*."""
    found = [action for action in case.actions(case.parameters(given)) if action.means == "time"]
    return found[0] if found else None


def slider(case: Case, **given: Any) -> dict[str, Any]:
    """Return what the page's slider is made of, once it was launched with *given*."""
    prepared(case, **given)
    action = offered(case, **given)
    assert action
    return dict(action.plain()["parameters"]["properties"]["time"])


# -------------------------------------------------------------------------------------------------------- what is known


def test_moments_and_their_ends_are_known_of_what_has_several(case: Case, folder: Path) -> None:
    names = ("run.nc:heat", "classic.nc:temp", "run.pvd", "ball.vtp", "run.nc:heat[1]")
    found = prepared(case, paths=",".join(f"{folder}/{name}" for name in names))
    assert [
        tuple(member.values[key] for key in ("moments", "first_time", "last_time")) for member, _ in found
    ] == [(4, 0, 18), (3, 0, 2), (3, 0, 2), (None, None, None), (None, None, None)]  # fmt: skip
    series = found[2][0].values
    assert (series["kind"], series["points"], series["array"]) == ("surface", vtk_kit.POINTS, "Elevation")
    assert series["size"] == sum(path.stat().st_size for path in [folder / "run.pvd", *(folder / "parts").iterdir()])
    # what is known of the values is known of the moment that is shown first
    assert (found[0][0].values["least"], found[0][0].values["largest"]) == (0, 1)
    ((last, tile),) = prepared(case, paths=f"{folder}/run.nc:heat", time="last", scale="common")
    assert (last.values["least"], last.values["largest"]) == (3, 4)
    assert tile.command[-3:] == ("--low=3.0", "--high=4.0", "--time=last")


def test_a_collection_stands_for_its_files_in_a_folder_and_a_container_sees_its_folder(
    case: Case, folder: Path, tmp_path: Path
) -> None:
    for name in ("a.vtp", "b.vtp", "other.vtp"):
        (tmp_path / name).write_bytes((folder / "ball.vtp").read_bytes())
    vtk_kit.write_pvd(tmp_path / "run.pvd", [(0, "a.vtp"), (1, "./b.vtp")])
    found = prepared(case, paths=str(tmp_path), time=1)
    assert [member.title for member, _ in found] == ["other.vtp", "run.pvd"]
    image = found[1][1].image
    assert image is not None
    assert (image.command[3], image.command[-1]) == (f"--file={tmp_path}/run.pvd", "--time=1.0")
    assert [(bind.source, bind.target, bind.write) for bind in image.binds[1:]] == [(str(tmp_path), "", False)]
    (tmp_path / "run.pvd").write_text("damaged")
    found = prepared(case, paths=str(tmp_path))
    assert [member.title for member, _ in found] == ["a.vtp", "b.vtp", "other.vtp", "run.pvd"]
    assert (found[3][0].values["moments"], found[3][0].values["size"]) == (None, 7)


def test_moments_are_known_of_a_file_that_is_too_large_to_be_looked_into(
    case: Case, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tvcore.plugins.vtk_files.measures.LARGEST", 100)
    for name in ("run.nc:heat", "run.pvd"):
        ((member, _),) = prepared(case, paths=f"{folder}/{name}")
        assert member.values["points"] is None
        assert member.values["moments"] in (3, 4)


def test_moments_are_known_where_there_is_no_vtk(folder: Path, tmp_path: Path) -> None:
    packages = tmp_path / "packages"
    packages.mkdir()
    for each in Path(np.__file__).parents[1].iterdir():
        if not each.name.startswith("vtk"):
            (packages / each.name).symlink_to(each)
    roots = (packages, Path(view.__file__).parents[2])
    lines = [[f"{folder}/run.nc", "heat", "", "first", 1 << 30], [f"{folder}/run.pvd", "", "", "first", 1 << 30]]
    done = subprocess.run(
        [sys.executable, "-S", "-P", str(Path(view.__file__).with_name("measure.py"))],
        env={**os.environ, "PYTHONPATH": ":".join(map(str, roots))}, input="\n".join(map(json.dumps, lines)),
        capture_output=True, text=True, timeout=SECONDS, check=True,
    )  # fmt: skip
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(each["moments"], each.get("points")) for each in found] == [(4, None), (3, None)]


def test_what_an_earlier_release_kept_of_files_is_not_taken_for_what_is_known_now(case: Case, folder: Path) -> None:
    path = f"{folder}/run.nc:heat"
    there = (folder / "run.nc").stat()
    told_then = json.dumps([[path], ""])
    kept = paths.cache_dir() / f"vtk_files-{hashlib.sha256(told_then.encode()).hexdigest()[:20]}.json"
    stamp = [there.st_mtime_ns, there.st_size, there.st_ino]
    kept.write_text(json.dumps({path: {"stamp": stamp, "found": {"points": 7}}}))
    ((member, _),) = prepared(case, paths=path)
    assert (member.values["points"], member.values["moments"]) == (12 * 16, 4)


# ----------------------------------------------------------------------------------------------------------- the action


def test_the_slider_ends_where_the_launched_files_do_in_the_unit_that_they_share(case: Case, folder: Path) -> None:
    time = slider(case, paths=f"{folder}/run.nc:heat")
    assert (time["minimum"], time["maximum"], time["default"]) == (0, 18, 0)
    assert (time["unit"], time["multipleOf"]) == ("hours", 6)  # its step
    assert time["description"] == "time in hours since 2026-01-01: each shows its moment nearest to it"
    time = slider(case, paths=f"{folder}/late.nc:heat,{folder}/run.nc:heat,{folder}/ball.vtp")
    assert (time["minimum"], time["maximum"], time["unit"], time["multipleOf"]) == (0, 48, "hours", 6)
    time = slider(case, paths=f"{folder}/late.nc:heat,{folder}/days.nc:heat")
    assert (time["minimum"], time["maximum"], time.get("unit")) == (1, 48, None)
    time = slider(case, paths=f"{folder}/run.pvd")
    assert (time["minimum"], time["maximum"], time.get("unit"), time.get("multipleOf")) == (0, 2, None, None)


def test_the_action_takes_any_time_between_its_ends_and_no_other(case: Case, folder: Path) -> None:
    given = {"paths": f"{folder}/run.nc:heat"}
    prepared(case, **given)
    action = offered(case, **given)
    assert action
    assert action.parameters
    assert action.parameters(time=7.3).model_dump() == {"time": 7.3}
    for wrong in (-0.1, 18.1, float("nan"), "soon"):
        with pytest.raises(ValueError, match="time"):
            action.parameters(time=wrong)


def test_the_time_is_offered_where_a_launched_file_has_one_and_where_nothing_is_known(case: Case, folder: Path) -> None:
    timeless = {"paths": f"{folder}/ball.vtp,{folder}/run.nc:heat[1]"}
    unknown = offered(case, **timeless)  # as on a node that does not see the cache
    assert unknown
    assert "maximum" not in unknown.plain()["parameters"]["properties"]["time"]
    prepared(case, **timeless)
    assert offered(case, **timeless) is None
    assert len(case.actions(case.parameters(timeless))) == 6


@pytest.mark.parametrize("time", ["soon", "nan", "", "9" * 50, "1e400"])
def test_a_time_that_is_none_is_refused_in_one_line(case: Case, folder: Path, time: str) -> None:
    assert "time=" in refusal("vtk_files", {"paths": f"{folder}/ball.vtp", "time": time})


def test_a_time_is_taken_as_a_number_or_as_a_word(case: Case) -> None:
    taken = {7: "7.0", "-2.5": "-2.5", "last": "last", "first": "first", 1e-3: "0.001"}
    assert {time: case.parameters({"time": time}).model_dump()["time"] for time in taken} == taken
    with pytest.raises(UsageError):
        case.parameters({"time": None})


# -------------------------------------------------------------------------------------------------------- what is shown


@pytest.fixture(scope="module")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Display]:
    with display(tmp_path_factory.mktemp("x") / "x") as running:
        yield running


@contextmanager
def viewing(screen: Display, file: Path, *options: str) -> Iterator[None]:
    watch = screen.folder / "watch"
    watch.write_text("0")
    command = [sys.executable, "-P", view.__file__, f"--file={file}", *options]
    process = subprocess.Popen(command, env={**screen.environment, "TILEDVIZ_WATCH": str(watch)})
    try:
        wait_until(lambda: bool((screen.picture() > 60).any()), SECONDS, "the picture, or words in it")
        yield
    finally:
        process.terminate()
        process.wait(20)


def shape(picture: Picture) -> Any:
    """Return where the data are in *picture*, without the words below and the colours beside."""
    return (picture[40:440, 20:540] > 60).any(axis=2)


def test_a_field_shows_another_picture_at_another_time_in_the_same_colours(
    screen: Display, folder: Path, output: Path
) -> None:
    with viewing(screen, folder / "run.nc", "--variable=heat", "--colours=gray", "--high=4"):
        first, camera = screen.picture(), asked(screen, "camera")["ok"]
        assert told(screen, "time", time=11) == f"t = 12 {SINCE}, moment 3 of 4"
        later = screen.picture()
        Image.fromarray(later).save(output / "vtk_files_time.png")
        assert first[240, 300, 0] == pytest.approx(0.5 / 4 * 255, abs=12)
        assert later[240, 300, 0] == pytest.approx(2.5 / 4 * 255, abs=12)
        assert told(screen, "time", time=3) == f"t = 0 {SINCE}, moment 1 of 4"  # of two as near the earlier
        assert np.array_equal(screen.picture(), first)
        assert asked(screen, "camera")["ok"] == camera
        assert told(screen, "time", time="soon").startswith("a time is a number")
        assert np.array_equal(screen.picture(), first)
    with viewing(screen, folder / "run.nc", "--variable=heat", "--colours=gray"):
        before = screen.picture()
        assert 60 < before[240, 300, 0] < 200
        told(screen, "time", time=12)  # beyond the colours of the moment that was shown first
        assert screen.picture()[240, 300, 0] == 255
    with viewing(screen, folder / "run.nc", "--variable=heat", "--colours=gray", "--time=last"):
        assert told(screen, "time", time=18) == f"t = 18 {SINCE}, moment 4 of 4"
        assert 60 < screen.picture()[240, 300, 0] < 200


def test_colours_go_over_the_first_moment_that_has_several_values(screen: Display, tmp_path: Path) -> None:
    slope = np.linspace(0, 1, 12)[:, None] + np.zeros((12, 16))
    for number, empty in enumerate((np.nan, 7.0)):
        path = tmp_path / f"{number}.nc"
        with h5py.File(path, "w") as file:
            file.create_dataset("time", data=[0.0, 1.0, 2.0]).make_scale("time")
            field = file.create_dataset("v", data=np.stack([slope * 0 + empty, slope + 20, slope + 30]))
            field.dims[0].attach_scale(file["time"])
        with viewing(screen, path, "--variable=v", "--colours=gray"):
            told(screen, "time", time=1)
            assert 100 < screen.picture()[240, 300, 0] < 160
            told(screen, "time", time=2)
            assert screen.picture()[240, 300, 0] == 255


def test_a_collection_moves_before_a_camera_that_stays_and_tells_of_a_file_that_is_missing(
    screen: Display, tmp_path: Path, output: Path
) -> None:
    path = vtk_kit.write_series(tmp_path)
    with viewing(screen, path):
        first, camera = screen.picture(), asked(screen, "camera")["ok"]
        assert told(screen, "time", time=1.9) == "t = 2, moment 3 of 3"
        both = screen.picture()
        Image.fromarray(both).save(output / "vtk_files_pvd.png")
        assert not np.array_equal(shape(both), shape(first))
        missing = tmp_path / "parts" / "ball-0.5-0.vtp"
        kept = missing.read_bytes()
        missing.unlink()
        said = told(screen, "time", time=0.6)
        assert said == (
            f"{path}: at 0.5: {missing}: it cannot be read: No such file or directory: "
            "put it there anew, or take it out of run.pvd"
        )
        note = screen.picture()
        Image.fromarray(note).save(output / "vtk_files_missing.png")
        assert 0.002 < shape(note).mean() < 0.5 * shape(first).mean()  # words, and no ball that was at another time
        told(screen, "colours", name="gray")
        assert np.array_equal(screen.picture(), note)
        missing.write_bytes(kept)
        assert told(screen, "time", time=0.6) == "t = 0.5, moment 2 of 3"
        told(screen, "colours", name="viridis")
        told(screen, "time", time=0)
        assert np.array_equal(screen.picture(), first)
        assert asked(screen, "camera")["ok"] == camera


def test_a_tile_without_a_time_says_so_and_stays_as_it_is(screen: Display, folder: Path) -> None:
    with viewing(screen, folder / "ball.vtp"):
        first = screen.picture()
        assert told(screen, "time", time=1) == "ball.vtp has no time, and stays as it is"
        assert np.array_equal(screen.picture(), first)


def test_a_series_of_volumes_keeps_its_isovalue_and_what_colours_it(screen: Display, tmp_path: Path) -> None:
    vtk_kit.write_meshes(tmp_path)
    vtk_kit.write_pvd(tmp_path / "run.pvd", [(0, "wave.vti"), (1, "ball.vtp"), (2, "wave.vti")])
    with viewing(screen, tmp_path / "run.pvd", "--colour-by=RTData"):
        first = screen.picture()
        assert told(screen, "isovalue", value=200) == "RTData = 200"
        higher = screen.picture()
        assert not np.array_equal(higher, first)
        assert "there is no array 'RTData' to colour by: there are Elevation" in told(screen, "time", time=1)
        assert told(screen, "time", time=2) == "t = 2, moment 3 of 3"
        assert np.array_equal(shape(screen.picture()), shape(higher))


def test_a_damaged_collection_is_the_programs_one_line(tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    vtk_kit.write_pvd(tmp_path / "gone.pvd", [(0, "none.vtp"), (1, "none.vtp")])
    (tmp_path / "bad.pvd").write_text("<VTKFile>")
    for name, said in (("gone.pvd", "No such file or directory: put it there anew"), ("bad.pvd", "write it anew")):
        done = subprocess.run(
            [sys.executable, "-P", view.__file__, f"--file={tmp_path}/{name}", "--time=last"],
            env=environment, capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (1, "", 1)
        assert done.stderr.startswith(f"{tmp_path}/{name}: ")
        assert said in done.stderr
