"""The probe, and the asking of the ways to GL, in a real display."""

from __future__ import annotations

import asyncio
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tvcore.causes import Cause, TileFailureError
from tvcore.container.gl import Gpu, bind, look
from tvcore.container.gl import asking as asking_module
from tvcore.container.gl.values import Binding
from tvcore.node.children import Children

PROBE = [sys.executable, "-P", str(Path(asking_module.__file__).with_name("probe.py"))]
GPU = Gpu(0, "GPU-513536b6-7d19-9063-b049-1e69664bb298")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """Run a display, and return the environment of its programs."""
    xvnc = shutil.which("Xvnc")
    assert xvnc, "Xvnc is not installed: as root, apt-get install tigervnc-standalone-server"
    folder = tmp_path_factory.mktemp("display")
    ours, theirs = socket.socketpair()
    command = [xvnc, "-displayfd", str(theirs.fileno()), "-geometry", "320x240", "-depth", "24", "-rfbport", "-1"]
    command += ["-rfbunixpath", str(folder / "rfb"), "-SecurityTypes", "None", "-nolisten", "tcp"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, pass_fds=[theirs.fileno()], stdout=log, stderr=log)
    theirs.close()
    try:
        ours.settimeout(30)
        number = ours.makefile().readline().strip()
        assert number.isdigit(), (folder / "log").read_text()
        yield {**os.environ, "DISPLAY": f":{number}"}
    finally:
        ours.close()
        process.terminate()
        process.wait(20)


def probe(environment: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*PROBE, *options], env=environment, capture_output=True, text=True, timeout=60, check=False)


def asked(question: Callable[[Children], Awaitable[Any]]) -> Any:
    async def ask() -> Any:
        return await question(Children())

    return asyncio.run(ask())


@pytest.mark.parametrize("options", [[], ["--window"]])
def test_it_says_what_draws_and_reads_it_back(environment: dict[str, str], options: list[str]) -> None:
    done = probe(environment, *options)
    said = dict(line.split(": ", 1) for line in done.stdout.splitlines())
    assert done.returncode == 0, done.stderr
    assert said["Pixel"] == "ok"
    assert said["direct rendering"] == "Yes"
    if said.get("Accelerated") == "no":
        assert "llvmpipe" in said["OpenGL renderer string"] or "softpipe" in said["OpenGL renderer string"]


def test_it_agrees_with_glxinfo(environment: dict[str, str]) -> None:
    glxinfo = subprocess.run(["glxinfo", "-B"], env=environment, capture_output=True, text=True, check=True).stdout
    lines = [line for line in probe(environment).stdout.splitlines() if line.startswith("OpenGL")]
    assert len(lines) == 3
    assert set(lines) <= set(glxinfo.splitlines())


def test_another_renderer_is_named(environment: dict[str, str]) -> None:
    forced = {**environment, "LIBGL_ALWAYS_SOFTWARE": "1", "GALLIUM_DRIVER": "softpipe"}
    assert "OpenGL renderer string: softpipe\n" in probe(forced, "--window").stdout


def test_its_window_is_gone_afterwards(environment: dict[str, str]) -> None:
    probe(environment, "--window")
    tree = subprocess.run(
        ["xwininfo", "-root", "-children"], env=environment, capture_output=True, text=True, check=True
    )
    assert "0 children" in tree.stdout


def test_without_a_display_it_says_so(environment: dict[str, str]) -> None:
    done = probe({**environment, "DISPLAY": ":9999"})
    assert (done.returncode, done.stderr) == (1, "Error: unable to open display :9999\n")


def test_the_processor_is_taken_and_nothing_is_amiss(environment: dict[str, str]) -> None:
    binding, truth = asked(lambda children: bind(children.start, environment, PROBE, "auto", None, "no GPU here"))
    assert binding == Binding("mesa", environment={"__GLX_VENDOR_LIBRARY_NAME": "mesa"})
    assert truth.renderer
    assert (truth.bad, truth.note) == (False, "no GPU here" if truth.software else "")


def test_a_gpu_that_is_not_there_is_missed(environment: dict[str, str]) -> None:
    async def ask(children: Children) -> None:
        binding, truth = await bind(children.start, environment, PROBE, "auto", GPU)
        assert (binding.way, truth.bad) == ("mesa", True)
        assert GPU.uuid in truth.note
        again = await look(children.start, environment, PROBE, binding, GPU, before=truth)
        assert again == truth
        alone = await look(children.start, environment, PROBE, binding, GPU)
        assert (alone.renderer, alone.bad) == (truth.renderer, True)

    asked(ask)


def test_without_python_glxinfo_answers(environment: dict[str, str]) -> None:
    async def ask(children: Children) -> None:
        binding, truth = await bind(children.start, environment, ["/nowhere/python3", "probe.py"], "auto", None)
        assert truth.renderer
        seen = await look(children.start, environment, ["/nowhere/python3", "probe.py"], binding, None)
        assert seen.renderer == truth.renderer

    asked(ask)


def test_without_either_it_is_said(environment: dict[str, str]) -> None:
    bare = {**environment, "PATH": "/nowhere"}
    _, truth = asked(lambda children: bind(through_env(children, bare), bare, ["python3", "probe.py"], "auto", None))
    assert truth.renderer == ""
    assert truth.note == "GL does not draw: mesa: neither Python nor glxinfo is installed there"


def through_env(children: Children, environment: dict[str, str]) -> asking_module.Starter:
    """Return a starter whose programs are looked for on the PATH that they get."""
    return lambda arguments, _, output: children.start(["/usr/bin/env", *arguments], environment, output)


@pytest.mark.parametrize("way", ["nvidia", "virtualgl"])
def test_a_forced_way_that_is_not_there_is_a_failure(environment: dict[str, str], way: str) -> None:
    with pytest.raises(TileFailureError, match=f"^tiles.gl={way} does not draw: ") as failure:
        asked(lambda children: bind(children.start, environment, PROBE, way, GPU))  # type: ignore[arg-type]
    assert failure.value.cause is Cause.NO_GL
    assert "\n" not in str(failure.value)


def test_a_probe_that_hangs_is_given_up(environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking_module, "SECONDS", 2.0)
    hangs = ["sh", "-c", "sleep 60"]

    async def ask(children: Children) -> None:
        _, truth = await bind(children.start, environment, hangs, "auto", None)
        assert truth.renderer  # by glxinfo
        way = Binding("nvidia", environment={"GALLIUM_DRIVER": "no-such-driver"})
        stuck = [await asking_module._ask(children.start, environment, hangs, way)]
        assert stuck[0].error == "the probe ended with exit code 124: sh did not answer within 2 s"

    asked(ask)
