from __future__ import annotations

import math
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from display_kit import Display, Picture, display
from tvcore.ensemble import create
from tvcore.plugins.gray_scott import prepare as preparing
from tvcore.plugins.gray_scott import view
from tvcore.plugins.gray_scott.parameters import Parameters
from viewer_kit import asked, told
from waiting import wait_until

VIEW = [sys.executable, "-P", view.__file__]
LIVE, DEAD = 0, 1
SECONDS = 60.0  # for what takes one or two on a machine with nothing else to do


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return a small ensemble: a member with a pattern, and one that is dead."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        sweep = Parameters(members=2, size=24, steps=800, feed_min=0.03, offset_min=0.0, offset_max=0.03)
        yield preparing.prepare(sweep, lambda *_: None)


@pytest.fixture
def screen(home: Path) -> Iterator[Display]:
    with display(home.parent / "x") as running:
        yield running


@contextmanager
def viewing(
    screen: Display, file: Path, member: int, wanted: str = "0"
) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """Run the program with *wanted* frames a second, and return its process and the file that says so."""
    watch = screen.folder / "watch"
    watch.write_text(wanted)
    command = [*VIEW, "--file", str(file), "--member", str(member)]
    process = subprocess.Popen(command, env={**screen.environment, "TILEDVIZ_WATCH": str(watch)})
    try:
        yield process, watch
    finally:
        process.terminate()
        process.wait(20)


def drawn(picture: Picture) -> bool:
    """Return whether there is a surface: colours, and not only the frame's grey."""
    spread = picture.max(axis=2).astype(int) - picture.min(axis=2)
    return bool((spread > 40).mean() > 0.05)


def wait_for(screen: Display, condition: Callable[[Picture], bool], what: str) -> Picture:
    seen: list[Picture] = []

    def look() -> bool:
        seen[:] = [screen.picture()]
        return condition(seen[0])

    wait_until(look, SECONDS, what)
    return seen[0]


def changed(before: Picture) -> Callable[[Picture], bool]:
    return lambda now: bool((now != before).any(axis=2).mean() > 0.01)


def cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def test_the_surface_fills_the_display_and_stands_still_while_nobody_looks(
    screen: Display, ensemble: Path, output: Path
) -> None:
    with viewing(screen, ensemble, LIVE) as (process, _):
        first = wait_for(screen, drawn, "the surface")
        Image.fromarray(first).save(output / "gray_scott_tile.png")
        assert first.shape == (480, 640, 3)
        corner = first[:8, :8].reshape(-1, 3)
        assert corner.max() <= 16
        assert (corner == corner[0]).all()
        time.sleep(0.5)
        before = cpu_seconds(process.pid)
        time.sleep(2)
        assert cpu_seconds(process.pid) - before <= 0.1
        assert np.array_equal(screen.picture(), first)


def test_it_turns_while_somebody_looks_and_stops_when_they_go(screen: Display, ensemble: Path) -> None:
    with viewing(screen, ensemble, LIVE) as (_, watch):
        first = wait_for(screen, drawn, "the surface")
        watch.write_text("10")
        second = wait_for(screen, changed(first), "a turn")
        wait_for(screen, changed(second), "a further turn")
        watch.write_text("0")
        last: list[Picture] = [first]

        def still() -> bool:
            time.sleep(0.6)
            last.append(screen.picture())
            return np.array_equal(last[-1], last[-2])

        wait_until(still, SECONDS, "standing still")


def test_the_mouse_turns_it_and_no_key_ends_it(screen: Display, ensemble: Path) -> None:
    with viewing(screen, ensemble, LIVE) as (process, _):
        first = wait_for(screen, drawn, "the surface")
        screen.press("q", "e")
        screen.drag(*((200 + 10 * i, 240) for i in range(20)))
        wait_for(screen, changed(first), "the turn by hand")
        assert process.poll() is None


def test_isovalue_colours_and_camera_follow_orders_and_the_first_view_comes_back_to_the_pixel(
    screen: Display, ensemble: Path, output: Path
) -> None:
    with viewing(screen, ensemble, LIVE) as (process, watch):
        first = wait_for(screen, drawn, "the surface")
        screen.drag(*((200 + 10 * i, 240) for i in range(20)))
        wait_for(screen, changed(first), "the turn by hand")
        camera = asked(screen, "camera")["ok"]
        turned = screen.picture()
        assert told(screen, "camera-reset") == "seen from where it began"
        assert np.array_equal(screen.picture(), first)
        assert told(screen, "camera", **camera) == "seen from there"
        assert changed(first)(screen.picture())
        assert not changed(turned)(screen.picture())
        told(screen, "camera-reset")

        count = int(told(screen, "isovalue", value=0.1).split()[3])
        fatter = screen.picture()
        Image.fromarray(fatter).save(output / "gray_scott_isovalue.png")
        assert changed(first)(fatter)
        assert count > 100
        assert told(screen, "isovalue", value=0.99) == "no surface there"
        assert not drawn(screen.picture())
        assert told(screen, "colours", name="cividis") == "coloured by cividis"  # kept for the next surface
        assert told(screen, "isovalue", value=0.2).startswith("v = 0.2: ")
        cividis = screen.picture()
        assert changed(first)(cividis)
        assert told(screen, "colours", name="viridis") == "coloured by viridis"
        back = screen.picture().astype(int)
        assert np.abs(back - first).mean() < 1, "the surface made anew is the one that was stored"

        assert told(screen, "colours", name="rainbow").startswith("no colours are called 'rainbow': there are viridis,")
        for value in (0, 1, -1, 2, math.nan):
            assert told(screen, "isovalue", value=value).startswith("an isovalue lies between 0 and 1, not")
        assert told(screen, "isovalue", value=[]).startswith("isovalue: TypeError")
        bad = {"position": [0, 0], "up": [0, 0, 0], "angle": 0, "focus": [0, 0, math.nan], "scale": -1}
        for name, value in bad.items():
            assert told(screen, "camera", **{**camera, name: value}).startswith("this is no camera: ")
        assert np.array_equal(screen.picture().astype(int), back)

        assert told(screen, "turn", on=False) == "stands still"
        watch.write_text("10")
        time.sleep(1)
        assert np.array_equal(screen.picture().astype(int), back)
        assert process.poll() is None


def test_a_dead_member_says_why_there_is_no_surface(screen: Display, ensemble: Path) -> None:
    with viewing(screen, ensemble, DEAD):
        # the text's grey is the brightest there is; the frame's edges are darker
        picture = wait_for(screen, lambda now: bool((now > 120).any()), "the text")
        assert not drawn(picture)
        rows = np.flatnonzero((picture > 120).any(axis=(1, 2)))
        assert 200 < rows.min() < rows.max() < 280


def test_it_takes_the_size_of_its_display(home: Path, ensemble: Path) -> None:
    with display(home.parent / "small", size="320x200") as screen, viewing(screen, ensemble, LIVE):
        assert wait_for(screen, drawn, "the surface").shape == (200, 320, 3)


def fails(file: Path | str, member: int | str, environment: dict[str, str], xlib_says: int = 0) -> str:
    """Run the program, which must fail with exit code 1, and return the one line that it says.

    Before it, Xlib may say some lines of its own.
    """
    done = subprocess.run(
        [*VIEW, "--file", str(file), "--member", str(member)],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (1, "")
    lines = [line for line in done.stderr.splitlines() if line]
    assert len(lines) == xlib_says + 1, done.stderr
    return lines[-1]


def test_bad_input_is_one_line_and_exit_code_1(tmp_path: Path, ensemble: Path) -> None:
    environment = dict(os.environ)
    assert fails(tmp_path / "none.h5", 0, environment) == f"{tmp_path}/none.h5: there is no such file"
    assert "there is no member 2; the file has members 0 to 1" in fails(ensemble, 2, environment)
    assert "there is no member -1" in fails(ensemble, -1, environment)
    short = tmp_path / "short.h5"
    short.write_bytes(ensemble.read_bytes()[:5000])
    assert "cut short, damaged or not HDF5" in fails(short, 0, environment)
    with create(tmp_path / "other.h5", preparing.COLUMNS[:1]) as writer:
        writer.append([{"F": 0.03}])
    assert "the dataset surfaces/0/points is missing" in fails(tmp_path / "other.h5", 0, environment)


def test_no_display_is_one_line_and_never_a_black_tile_in_silence(ensemble: Path) -> None:
    without = {name: value for name, value in os.environ.items() if name != "DISPLAY"}
    assert fails(ensemble, LIVE, without).startswith("cannot open a GL window on the X display ''")
    nobody = {**without, "DISPLAY": ":64999"}
    assert fails(ensemble, LIVE, nobody).startswith("cannot open a GL window on the X display ':64999'")


def test_a_display_without_glx_is_one_line_and_exit_code_1(home: Path, ensemble: Path) -> None:
    with display(home.parent / "x", "-extension", "GLX") as screen:
        assert "glxinfo" in fails(ensemble, LIVE, screen.environment)


def test_a_cookie_that_is_wrong_is_one_line_and_exit_code_1(screen: Display, ensemble: Path, tmp_path: Path) -> None:
    environment = {**screen.environment, "XAUTHORITY": str(tmp_path / "none")}
    assert "that XAUTHORITY names its cookie" in fails(ensemble, LIVE, environment, xlib_says=1)


def test_the_program_imports_only_what_it_needs() -> None:
    code = f"import runpy, sys; runpy.run_path({view.__file__!r}); print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    for heavy in ("pydantic", "pluggy", "tvcore.cases", "vtkmodules.all", "tvcore.plugins"):
        assert heavy not in loaded
