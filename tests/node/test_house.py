"""Where a tile's processes run: what is started for a command in a container. A real one: tests/cluster."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from nodekit import NodeAgent
from tvcore.batch.plan import TilePlan
from tvcore.cases.case import Bind
from tvcore.causes import Cause, TileFailureError
from tvcore.container.command import Runtime
from tvcore.node.children import Children
from tvcore.node.house import CODE, HOME, PACKAGE, PROBE, Container, Containers, check_binds, denied_file
from tvcore.node.scratch import Scratch
from tvcore.tunnel import agents

# It says what it was started with, and then is the program: its last argument behind the image.
STAND_IN = """#!/bin/sh
case "$1" in --version) echo "apptainer version 1.4.5"; exit;; esac
printf '%s\\n' "$@" >> "$0.log"
if [ -e "$0.fails" ]; then cat "$0.fails" >&2; exit 255; fi
"""


@pytest.fixture
def runtime(tmp_path: Path) -> Runtime:
    """Return a container command that only writes down how it is started, or fails as the file beside it says."""
    command = tmp_path / "apptainer"
    command.write_text(STAND_IN)
    command.chmod(0o755)
    return Runtime(str(command), "apptainer", "1.4.5")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "run" / "t3"
    path.mkdir(parents=True)
    return path


def opened(runtime: Runtime | TileFailureError, folder: Path, *binds: Bind, options: tuple[str, ...] = ()) -> Container:
    """Return the opened house of a tile of the image /images/vtk.sif."""
    plan = TilePlan(index=3, title="t", command=("x",), image="/images/vtk.sif", binds=binds)

    async def make() -> Container:
        containers = Containers(runtime, Children())
        house = Container(plan, folder, containers, Scratch("", folder.parent), [folder.parent])
        await house.open(options)
        return house

    return asyncio.run(make())


def mounts(arguments: list[str]) -> list[str]:
    return [value for option, value in pairwise(arguments) if option == "--mount"]


def test_a_tile_in_a_container_sees_its_own_folders_and_what_the_case_binds(runtime: Runtime, folder: Path) -> None:
    house = opened(runtime, folder, Bind(source="/data/set", target="/data"), options=("--nv",))
    own = house.x_sockets.parents[1]
    launch = house.program(["view", "--x"], {"DISPLAY": ":7"})
    assert launch.arguments[:4] == ["nice", "-n", "10", runtime.path]
    assert launch.arguments[-4:] == [HOME, "/images/vtk.sif", "view", "--x"]
    assert "--nv" in launch.arguments
    assert f"{own}/home:{HOME}" in launch.arguments
    assert mounts(launch.arguments) == [
        f"type=bind,source={own}/tmp,destination=/tmp",
        f"type=bind,source={own}/tmp,destination=/var/tmp",
        f"type=bind,source={PROBE},destination={CODE}/probe.py,ro",
        f"type=bind,source={PACKAGE},destination={CODE}/tvcore,ro",
        "type=bind,source=/data/set,destination=/data,ro",
        f"type=bind,source={folder},destination={folder},ro",
        f"type=bind,source={folder}/own,destination={folder}/own",
    ]
    assert launch.environment["APPTAINERENV_DISPLAY"] == ":7"
    assert not [name for name in launch.environment if name.startswith(("SLURM", "TILEDVIZ"))]


def test_the_display_alone_may_write_into_its_folder(runtime: Runtime, folder: Path) -> None:
    house = opened(runtime, folder)
    launch = house.display(["Xvnc", ":7"])
    assert launch.arguments[0] == runtime.path, "it is not niced"
    assert mounts(launch.arguments)[-1] == f"type=bind,source={folder},destination={folder}"


def test_its_folders_are_closed_and_gone_at_the_end(runtime: Runtime, folder: Path) -> None:
    house = opened(runtime, folder)
    own = house.x_sockets.parents[1]
    assert own.parent == folder.parent
    assert [stat.S_IMODE(path.stat().st_mode) for path in (own, own / "home", own / "tmp")] == [0o700] * 3
    house.close()
    assert not own.exists()


def test_places_of_binds_below_tmp_and_home_are_made(runtime: Runtime, folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    binds = (
        Bind(source=str(tmp_path / "file"), target="/tmp/deep/file"),
        Bind(source="/usr", target=f"{HOME}/usr"),
    )
    house = opened(runtime, folder, *binds)
    own = house.x_sockets.parents[1]
    assert (own / "tmp/deep/file").is_file()
    assert (own / "home/usr").is_dir()
    if str(folder).startswith("/tmp/"):
        assert (own / str(folder)[1:]).is_dir()


def test_an_image_is_tried_once_for_all_tiles_of_a_node(runtime: Runtime, folder: Path) -> None:
    plan = TilePlan(index=3, title="t", command=("x",), image="/images/vtk.sif")

    async def make() -> None:
        containers = Containers(runtime, Children())
        houses = [Container(plan, folder, containers, Scratch("", folder.parent), []) for _ in range(4)]
        await asyncio.gather(*(house.open() for house in houses))

    asyncio.run(make())
    assert Path(f"{runtime.path}.log").read_text().count("/images/vtk.sif\ntrue\n") == 1


def test_what_the_container_command_says_at_the_trial_is_the_cause(runtime: Runtime, folder: Path) -> None:
    Path(f"{runtime.path}.fails").write_text("FATAL:   image format not recognized\n")
    with pytest.raises(
        TileFailureError, match=r"/images/vtk\.sif is not an image that Apptainer 1\.4\.5 knows"
    ) as caught:
        opened(runtime, folder)
    assert caught.value.cause == Cause.IMAGE_UNFIT


def test_a_node_without_a_container_command_is_told(folder: Path) -> None:
    with pytest.raises(TileFailureError, match="there is none"):
        opened(TileFailureError(Cause.NO_CONTAINERS, "there is none"), folder)


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "home" / "state"
    path.mkdir(parents=True)
    (tmp_path / "link").symlink_to(path)
    return path


@pytest.mark.parametrize("source", ["home/state", "home", "home/state/jobs/1", "link", "home/../home/state/x"])
def test_no_case_can_show_the_agents_secrets_to_a_container(secret: Path, tmp_path: Path, source: str) -> None:
    with pytest.raises(TileFailureError, match="bind a folder beside it") as caught:
        check_binds([Bind(source=f"{tmp_path}/{source}")], [secret])
    assert caught.value.cause == Cause.NOT_ISOLATED


def test_what_lies_beside_a_secret_may_be_bound(secret: Path, tmp_path: Path) -> None:
    for name in ("home/data", "home/state2", "nothing"):
        check_binds([Bind(source=f"{tmp_path}/{name}")], [secret])


def test_nobody_may_open_what_is_laid_over_other_gpus(tmp_path: Path) -> None:
    path = denied_file(tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0
    assert denied_file(tmp_path) == path


def test_a_tile_of_an_image_fails_with_the_cause_where_there_is_no_container_command(
    start_agent: Callable[..., NodeAgent],
) -> None:
    agent = start_agent(("x",), image="/images/vtk.sif")
    status = agent.wait_state("failed")
    assert (status["cause"], status["image"], status["isolated"]) == (Cause.NO_CONTAINERS, "vtk", True)
    assert "job.container" in status["reason"]
    agents.call(agent.registration, "restart", tile=0)
    agent.wait_state("failed")
    assert agent.stop() == 0
    assert not os.path.exists(agent.folder)
