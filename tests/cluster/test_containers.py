"""Tiles in containers on a real cluster, as an ordinary user: what they get and see, and what stands in the way."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import vtk_kit
from case_kit import fail, in_tiles, site_with_images, trial
from cluster import COMPUTE, Cluster
from site_kit import SMALL_SWEEP, Site
from trial_case import WAIT
from tvcore.causes import Cause
from waiting import wait_until

CONTAINER = ("--set", "container=apptainer")
SHARED = ("/tmp/tiledviz-2001", "/tmp/.X11-unix")  # of all jobs of the user, empty between them
ARM64 = b"04\0"  # in a SIF file
IMAGE = (*CONTAINER, "--set", "image=tile")
ON_C1 = ("--set", "sbatch=--nodelist=c1")
# Which GPUs a tile is told of, and which of the node's it can open.
GPUS = """
echo "told $CUDA_VISIBLE_DEVICES"
for n in 0 1; do if (: </dev/nvidia$n) 2>/dev/null; then echo "opened $n"; else echo "refused $n"; fi; done
"""
NO_SPACES = """#!/bin/sh
# Apptainer where ordinary users get no user namespaces: in one that allows none below it.
exec unshare --user --map-current-user --keep-caps sh -c '
    echo 0 >/proc/sys/user/max_user_namespaces
    exec setpriv --ambient-caps=-all --inh-caps=-all /usr/bin/apptainer "$@"' sh "$@"
"""


@pytest.fixture(scope="module")
def site(cluster: Cluster, tile_images: dict[str, Path]) -> Iterator[Site]:
    yield from site_with_images(cluster, tile_images)


@pytest.fixture(scope="module")
def job(site: Site) -> str:
    """Eight tiles on two nodes with two GPUs each."""
    launched = site.launch(*CONTAINER, "--set", "gres=gpu:2")
    site.wait_live(launched, seconds=180)
    return launched


def test_eight_tiles_on_two_nodes_live_in_their_image_and_share_two_gpus_a_node_evenly(site: Site, job: str) -> None:
    tiles = site.tiles(job)
    assert [tile["node"] for tile in tiles] == ["c1"] * 4 + ["c2"] * 4
    assert {tile["image"] for tile in tiles} == {"vtk"}
    assert gpus(site, job) == [0, 0, 1, 1] * 2
    wall = site.login().get("/wall").json
    (tile_set,) = (found for found in wall["sets"] if found["job"] == job)
    assert all(re.fullmatch("sha256:[0-9a-f]{64}", digest) for digest in tile_set["images"].values())
    assert [Path(path).name for path in tile_set["images"]] == ["vtk.sif"]


def gpus(site: Site, job: str) -> list[int]:
    """Return which of its node's GPUs each tile of *job* was given."""
    return [tile["gpu"] for tile in site.registrations(job)[0]["plan"]["tiles"]]


def test_each_tile_sees_the_gpu_that_it_was_given_and_no_other(site: Site, job: str) -> None:
    tiles = site.tiles(job)
    for tile, gpu, said in zip(tiles, gpus(site, job), in_tiles(site, tiles, "sh", "-c", GPUS), strict=True):
        told, *devices = said["stdout"].splitlines()
        assert sorted(devices) == sorted([f"opened {gpu}", f"refused {1 - gpu}"])
        assert told == f"told {uuid(site, tile['node'], gpu)}"


def uuid(site: Site, node: str, gpu: int) -> str:
    """Return what the node's (pretended) nvidia-smi calls a GPU."""
    said = site.cluster.run(node, ["nvidia-smi", "--query-gpu=index,uuid", "--format=csv,noheader"]).stdout
    return dict(line.split(", ") for line in said.splitlines())[str(gpu)]


def test_tiles_that_draw_on_the_processor_though_they_were_promised_a_gpu_say_so(site: Site, job: str) -> None:
    for tile in site.tiles(job):
        gl = tile["gl"]
        assert "llvmpipe" in gl["renderer"]
        assert (gl["way"], gl["software"], gl["promised"]) == ("mesa", True, True)
        assert gl["note"]
        assert len(gl["note"].splitlines()) == 1


def test_a_container_sees_of_home_what_the_case_binds_and_nothing_of_other_tiles(site: Site, job: str) -> None:
    tiles = site.tiles(job)
    (site.cluster.home("tv") / "private").write_text("secret")
    script = 'echo "$HOME $(id -u)"; find /home/tv -type f; ls -A "$HOME"; ls /tmp; touch /tmp/mark "$HOME/mark"'
    for found in in_tiles(site, tiles, "sh", "-c", script):
        home, *seen = found["stdout"].splitlines()
        assert home == "/home/tiledviz 2001"
        data = [name for name in seen if name.startswith("/home/tv/")]
        assert len(data) == 1
        assert re.fullmatch(r"/home/tv/.cache/tiledviz/gray_scott-\w+\.h5", data[0])
        assert "mark" not in seen
    for folder in ("/tmp", "/home/tiledviz"):
        assert all("mark" in found["stdout"].split() for found in in_tiles(site, tiles, "ls", folder))  # and it stays
    (found,) = in_tiles(site, tiles[:1], "sh", "-c", "cd /proc && ls -d [0-9]* | wc -l")
    assert int(found["stdout"]) < 10  # of the node's processes it sees its own


def test_viewers_in_containers_do_as_actions_tell_them_and_all_are_seen_as_the_first_is(site: Site, job: str) -> None:
    tiles = [tile["id"] for tile in site.tiles(job)]
    both = f"{tiles[0]},{tiles[-1]}"  # on two nodes
    said = site.ask("tile", "act", "isovalue", both, "--set", "value=0.15")
    assert all(re.fullmatch(r"v = 0.15: \d+ triangles|no surface there", each["said"]) for each in said), said
    site.ask("tile", "drag", str(tiles[-1]), "300", "200", "420", "260")
    every = ",".join(str(tile) for tile in tiles)
    said = site.ask("tile", "act", "camera-copy", every, "--leader", str(tiles[-1]))
    assert {each["said"] for each in said} == {"7 tiles are seen as the first is"}
    said = site.ask("tile", "act", "picture", both)
    for each in said:
        path = site.cluster.home("tv") / Path(each["said"].removeprefix("saved: ")).relative_to("/home/tv")
        assert path.read_bytes().startswith(b"\x89PNG")


def test_files_of_many_kinds_live_in_containers_that_see_just_them(site: Site) -> None:
    folder = site.cluster.home("tv") / "data"
    folder.mkdir()
    vtk_kit.write_meshes(folder)
    vtk_kit.write_fields(folder / "run.nc")
    (folder / "series").mkdir()
    vtk_kit.write_series(folder / "series")
    (folder / "cut.vtp").write_bytes((folder / "ball.vtp").read_bytes()[:2000])
    shown = ("ball.vtu", "ball.stl", "wave.vti", "run.nc:temp", "series/run.pvd", "cut.vtp")
    paths = ",".join(f"/home/tv/data/{name}" for name in shown)
    launched = str(
        site.ask("launch", "--detach", "vtk_files", "--set", f"paths={paths}", *CONTAINER, *ON_C1, seconds=300)["id"]
    )
    site.wait_live(launched, 5, seconds=180)
    tiles = site.tiles(launched)
    assert {tile["image"] for tile in tiles} == {"vtk"}
    assert tiles[0]["metadata"]["points"] == vtk_kit.POINTS
    numbers = [str(tile["id"]) for tile in tiles]
    (said,) = site.ask("tile", "act", "colour-by", numbers[0], "--set", "name=Elevation")
    assert said["said"] == "coloured by Elevation"
    (said,) = site.ask("tile", "act", "isovalue", numbers[2], "--set", "value=150")
    assert said["said"] == "RTData = 150"
    said = site.ask("tile", "act", "camera-copy", ",".join(numbers[:3]))
    assert {each["said"] for each in said} == {"2 tiles are seen as the first is"}
    (said,) = site.ask("tile", "act", "time", numbers[4], "--set", "time=1.9")
    assert said["said"] == "t = 2, moment 3 of 3"
    for found, name in zip(in_tiles(site, tiles[:5], "ls", "/home/tv/data"), shown, strict=False):
        assert found["stdout"].split() == [re.split("[:/]", name)[0]]
    wait_until(lambda: site.tiles(launched)[5]["state"] == "failed", 120, "the damaged file's tile gives up")
    reason = site.tiles(launched)[5]["reason"]
    assert "/home/tv/data/cut.vtp: it is damaged, or none of .vtp: " in reason
    site.command("stop", launched, "--remove")


def test_tiles_live_on_a_node_without_any_xvnc_and_say_what_is_missing_outside_of_containers(site: Site) -> None:
    with moved_away(site, "c1", "/usr/bin/Xvnc", "/usr/bin/Xtigervnc"):
        inside = trial(site, "xterm", *IMAGE, *ON_C1, tiles=2)
        outside = trial(site, WAIT, *ON_C1)
        site.wait_live(inside, 2)
        (tile,) = fail(site, Cause.NO_DISPLAY, outside)
        assert "Xvnc" in tile["reason"]
    site.command("stop", inside, "--remove")


def test_one_tile_by_hand_runs_in_its_container_by_the_command_that_the_settings_name(site: Site) -> None:
    command = ("--set", "container=/usr/bin/apptainer")
    tried = site.command(
        "try", "gray_scott", "--member", "1", *SMALL_SWEEP, *command, "--seconds", "0", "--json", node="c1"
    )
    status = json.loads(tried.stdout[tried.stdout.index("{") :])
    assert (status["state"], status["image"], status["index"]) == ("live", "vtk", 1)
    told = [line for line in tried.stderr.splitlines() if line.startswith("$ ")]
    assert len([line for line in told if "/usr/bin/apptainer" in line]) >= 3  # trial, display, program
    assert any("--member 1" in line for line in told)


def test_scancel_leaves_no_process_and_no_folder_on_any_node(site: Site, job: str) -> None:
    def left(node: str) -> list[str]:
        found = site.cluster.run(node, ["ps", "-u", "tv", "-o", "pid=,args="], check=False).stdout.splitlines()
        every = site.cluster.run(node, ["find", "/tmp", "/dev/shm", "/run", "-user", "tv"]).stdout.splitlines()
        return found + [path for path in every if path not in SHARED]

    site.cluster.run("login", ["scancel", "--me"], user="tv")
    wait_until(lambda: state(site, job) == {"stopped"}, 40, "all tiles are stopped")
    site.stop_all()
    for node in COMPUTE:
        wait_until(lambda node=node: left(node) == [], 20, f"nothing is left on {node}: {left(node)}")
        kernel = site.cluster.run(node, ["cat", "/proc/mounts"]).stdout
        assert "squashfuse" not in kernel


def state(site: Site, job: str) -> set[str]:
    return {tile["state"] for tile in site.tiles(job)}


# ------------------------------------------------------------------------------------------- what stands in the way


@contextmanager
def moved_away(site: Site, node: str, *paths: str) -> Iterator[None]:
    """Have a node without these files."""
    there = [path for path in paths if site.cluster.run(node, ["test", "-e", path], check=False).returncode == 0]
    assert there
    for path in there:
        site.cluster.run(node, ["mv", path, f"{path}.away"])
    try:
        yield
    finally:
        for path in there:
            site.cluster.run(node, ["mv", f"{path}.away", path])


def test_a_node_without_apptainer_says_so(site: Site) -> None:
    with moved_away(site, "c1", "/usr/bin/apptainer", "/usr/bin/singularity"):
        (tile,) = fail(site, Cause.NO_CONTAINERS, trial(site, WAIT, *IMAGE, *ON_C1))
    assert tile["reason"].startswith("c1 has no container command apptainer")


def test_an_image_of_another_architecture_says_so(site: Site, tile_images: dict[str, Path]) -> None:
    image = site.cluster.home("tv") / "other.sif"
    shutil.copy(site.node_path("login", tile_images["tile"]), image)
    made_for(image, ARM64)
    options = (*CONTAINER, "--set", "image=/home/tv/other.sif", *ON_C1)
    (tile,) = fail(site, Cause.IMAGE_UNFIT, trial(site, WAIT, *options))
    assert "other.sif is for arm64 and c1 is amd64" in tile["reason"]


def test_a_node_without_user_namespaces_says_so(site: Site) -> None:
    wrapper = site.cluster.home("tv") / "spaceless"
    wrapper.write_text(NO_SPACES)
    wrapper.chmod(0o755)
    job = trial(site, WAIT, "--set", "container=/home/tv/spaceless", "--set", "image=tile", *ON_C1)
    (tile,) = fail(site, Cause.NO_CONTAINERS, job)
    assert tile["reason"].startswith("c1 gives ordinary users no user namespaces")


def test_a_node_without_fuse_says_so(site: Site) -> None:
    site.cluster.run("c1", ["chmod", "600", "/dev/fuse"])
    try:
        (tile,) = fail(site, Cause.NO_CONTAINERS, trial(site, WAIT, *IMAGE, *ON_C1))
    finally:
        site.cluster.run("c1", ["chmod", "666", "/dev/fuse"])
    assert "FUSE" in tile["reason"]


def test_a_full_scratch_says_so(site: Site) -> None:
    site.cluster.run("c1", ["mkdir", "/mnt/full"])
    site.cluster.run("c1", ["mount", "-t", "tmpfs", "-o", "size=32k,mode=1777", "tmpfs", "/mnt/full"])
    site.cluster.run("c1", ["sh", "-c", "cat /dev/zero >/mnt/full/all"], check=False)
    try:
        job = trial(site, WAIT, *IMAGE, *ON_C1, "--set", "scratch=/mnt/full")
        (tile,) = fail(site, Cause.DISK_FULL, job)
        assert "/mnt/full" in tile["reason"]
    finally:
        site.cluster.run("c1", ["umount", "/mnt/full"])


def made_for(image: Path, architecture: bytes) -> None:
    """Write into a SIF file that it is for another architecture: into its header, and where its partition stands."""
    with image.open("r+b") as file:
        head = file.read(1 << 15)
        partition = head.index(b"\x01\0\0\0\x02\0\0\0" + head[0x2D:0x30])  # squashfs, the system's
        for place in (0x2D, partition + 8):
            file.seek(place)
            file.write(architecture)
