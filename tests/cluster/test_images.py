"""Images on a real cluster: built, looked at and tried by an ordinary user, and what stands in the way."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

import images_kit
from cluster import LOGIN, Cluster, tiledviz_path
from images_kit import FOLDER, OPTIONS
from tvcore.container.images import sha256
from waiting import wait_until

MINE = """\
Bootstrap: localimage
From: {{ base }}

%arguments
    base=tile.sif

%post
    echo "made by $(id -un)"
    ls /mnt > /opt/seen
    cat /opt/seen
"""
OWN = MINE.replace("{{ base }}", f"{FOLDER}/tile.sif").replace("%arguments\n    base=tile.sif\n\n", "")
BIG = "Bootstrap: scratch\n\n%setup\n    head -c 30000000 /dev/urandom > $APPTAINER_ROOTFS/data\n"
CODE = "/opt/tiledviz"
# Apptainer where ordinary users get no user namespaces: in one that allows none below it.
NO_SPACES = """#!/bin/sh
exec unshare --user --map-current-user --keep-caps sh -c '
    echo 0 >/proc/sys/user/max_user_namespaces
    exec setpriv --ambient-caps=-all --inh-caps=-all /usr/bin/apptainer "$@"' sh "$@"
"""
# Runs the rest as the user tv, in mounts of its own that the first argument changed.
CHANGED = """
eval "$1"
shift
exec setpriv --reuid=tv --regid=tv --init-groups env -C /home/tv HOME=/home/tv USER=tv "$@"
"""


class Person:
    """An ordinary user with images, in a folder of their own."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.home = cluster.home("tv")

    def command(
        self,
        *arguments: str,
        changed: str = "",
        container: str = "apptainer",
        folder: Path = FOLDER,
        **environment: str,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``tiledviz image``; *changed* is shell text for root, to be run in mounts that nobody else sees."""
        settings = ("--set", f"container={container}", "--set", f"images.folder={folder}")
        line = [str(tiledviz_path()), "image", *arguments, *settings]
        env = {"LC_ALL": "C.UTF-8", **environment}
        if not changed:
            return self.cluster.run(LOGIN, line, "tv", check=False, env=env, timeout=120)
        alone = ["unshare", "--mount", "sh", "-c", CHANGED, "sh", changed, *line]
        return self.cluster.run(LOGIN, alone, check=False, env=env, timeout=120)

    def ask(self, *arguments: str) -> Any:
        """Return the document that a verb prints."""
        done = self.command(*arguments, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def fail(self, *arguments: str, **options: Any) -> str:
        """Return the one line that a verb fails with."""
        done = self.command(*arguments, **options)
        assert done.returncode in (1, 2), done
        assert "Traceback" not in done.stderr, done.stderr
        line = done.stderr.strip().splitlines()[-1]
        assert line.startswith("tiledviz: "), done.stderr
        return line.removeprefix("tiledviz: ")

    def write(self, name: str, text: str, mode: int = 0o644) -> str:
        """Write a file into the user's home; return its path in the nodes."""
        self.cluster.run(LOGIN, ["tee", f"/home/tv/{name}"], "tv", input=text)
        (self.home / name).chmod(mode)
        return f"/home/tv/{name}"

    def names(self) -> set[str]:
        return {one["name"] for one in self.ask("list")}

    def files(self) -> set[str]:
        return {path.name for path in (self.home / FOLDER.relative_to("/home/tv")).iterdir()}


@pytest.fixture(scope="module")
def tv(cluster: Cluster, tile_images: dict[str, Path]) -> Iterator[Person]:
    person = Person(cluster)
    before = person.files()
    yield person
    folder = person.home / FOLDER.relative_to("/home/tv")
    for name in person.files() - before:
        (folder / name).unlink()


def test_all_images_were_built_by_an_ordinary_user_without_root(tv: Person) -> None:
    found = {one["name"]: one for one in tv.ask("list")}
    assert set(found) == {*images_kit.NAMES}
    for one in found.values():
        path = tv.home / Path(one["path"]).relative_to("/home/tv")
        assert one["digest"] == sha256(path)
        assert (one["runtime"], one["architecture"]) == ("Apptainer 1.4.5", "amd64")
        assert one["size"] == path.stat().st_size > 50e6
        assert path.stat().st_uid == tv.home.stat().st_uid
    assert found["tile"]["built"] < min(found["vtk"]["built"], found["paraview"]["built"])
    assert re.search("^tile +amd64", tv.command("list").stdout, re.MULTILINE)


@pytest.mark.parametrize("name", images_kit.NAMES)
def test_inspect_shows_definition_and_digest(tv: Person, tile_images: dict[str, Path], name: str) -> None:
    found = tv.ask("inspect", name)
    assert found["definition"] == (images_kit.DEFINITIONS / f"{name}.def").read_text()
    assert found["digest"] == sha256(tv.home / tile_images[name].relative_to("/home/tv"))
    assert f"org.tiledviz.{name}" in found["labels"]
    assert found["help"].startswith("An image for")
    text = tv.command("inspect", name).stdout
    assert found["digest"] in text
    assert "apt-get install" in text


def test_check_starts_a_display_and_says_what_gl_it_gives(tv: Person) -> None:
    found = tv.ask("check", "vtk")
    assert 0 < found["display_seconds"] < 30
    assert "llvmpipe" in found["gl"]["renderer"]
    assert (found["gl"]["way"], found["gl"]["software"]) == ("mesa", True)
    assert {"openbox", "xdotool", "xterm", "python3"} <= set(found["programs"])
    left = tv.cluster.run(LOGIN, ["pgrep", "-u", "tv", "-l", "Xvnc|squashfuse|apptainer|starter"], check=False)
    assert left.stdout == ""


def test_the_program_of_gray_scott_finds_all_that_it_needs_in_the_image_vtk(
    tv: Person, tile_images: dict[str, Path]
) -> None:
    repository = images_kit.DEFINITIONS.parent
    places = {"tvcore": "tvcore", "plugins/gray_scott": "gray_scott"}
    binds = [word for here, there in places.items() for word in ("--bind", f"{repository}/{here}:{CODE}/{there}:ro")]
    line = ["apptainer", "-s", "exec", "--contain", "--cleanenv", *binds, "--env", f"PYTHONPATH={CODE}"]
    commands = ([f"{CODE}/gray_scott/view.py", "--help"], ["-c", "import vtkmodules.vtkRenderingOpenGL2"])
    for command in commands:
        done = tv.cluster.run(LOGIN, [*line, tile_images["vtk"], "python3", "-P", *command], "tv", check=False)
        assert done.returncode == 0, done.stderr


# ------------------------------------------------------------------------------------------------- one's own definition


def test_ones_own_definition_builds_on_tile_offline_with_progress_and_virtualgls_package(tv: Person) -> None:
    package = tv.write("virtualgl_3.1_amd64.deb", "the package")
    text = OWN + "    test -s /mnt/virtualgl.deb\n"
    done = tv.command("build", tv.write("own.def", text), "--virtualgl", package)
    assert done.returncode == 0, done.stderr
    assert "own: packing: 90 %" in done.stderr
    run = tv.cluster.run(LOGIN, ["apptainer", "-s", "exec", FOLDER / "own.sif", "cat", "/opt/seen"], "tv")
    assert run.stdout == "virtualgl.deb\n"
    assert tv.ask("inspect", "own")["definition"] == text
    assert tv.fail("build", "/home/tv/own.def").startswith(f"there is an image 'own' in {FOLDER} already: --force")


def test_a_broken_definition_is_told_by_its_line(tv: Person) -> None:
    source = tv.write("broken.def", MINE.replace("%post", "%psot"))
    assert tv.fail("build", source).startswith(f"{source}, line 7: there is no section %psot: did you mean %post?")
    source = tv.write("broken.def", MINE.replace("From:", "Frum:"))
    assert tv.fail("build", source).startswith(f"{source}, line 2: the header has no key 'Frum': did you mean From?")


def test_a_command_that_fails_is_told_by_its_line(tv: Person) -> None:
    source = tv.write("broken.def", MINE.replace("    ls /mnt > /opt/seen", "    ls /no/such/folder > /opt/seen"))
    said = tv.fail("build", source)
    assert said.startswith(f"{source}, line 9: `ls /no/such/folder > /opt/seen` failed: ls: cannot access '/no/such/")
    log = said.rpartition("all that was said: ")[2].rstrip(")")
    assert "made by root" in tv.cluster.run(LOGIN, ["cat", log], "tv").stdout


def test_a_build_that_is_killed_leaves_nothing_that_counts(tv: Person) -> None:
    before = tv.names()
    source = tv.write("slow.def", MINE + "    sleep 1013\n")
    line = [tiledviz_path(), "image", "build", source, *OPTIONS]
    with tv.cluster.popen(LOGIN, line, "tv", stderr=subprocess.DEVNULL) as build:
        wait_until(lambda: pids(tv, "sleep 1013"), 60, "the build runs")
        build.kill()
    wait_until(lambda: not pids(tv, "sleep 1013") and not pids(tv, "apptainer build"), 20, "the build is gone")
    assert tv.names() == before
    left = tv.cluster.run(LOGIN, ["find", "/tmp", "-maxdepth", "1", "-name", "bu*-temp-*"]).stdout
    assert left == "", "the container command's own folders are gone"


def pids(tv: Person, what: str) -> list[str]:
    return tv.cluster.run(LOGIN, ["pgrep", "-f", what], check=False).stdout.split()


# ------------------------------------------------------------------------------------------------- what is in the way


def test_a_machine_without_apptainer_says_so(tv: Person) -> None:
    changed = "mount --bind /dev/null /usr/bin/apptainer"
    assert tv.fail("check", "tile", changed=changed).startswith("login has no container command apptainer: install")
    assert "no container command apptainer" in tv.fail("build", "vtk", "--force", changed=changed)


def test_an_image_of_another_architecture_says_so(tv: Person, tile_images: dict[str, Path]) -> None:
    image = tv.home / FOLDER.relative_to("/home/tv") / "other.sif"
    shutil.copy(tv.home / tile_images["tile"].relative_to("/home/tv"), image)
    shutil.chown(image, tv.home.stat().st_uid, tv.home.stat().st_gid)
    with image.open("r+b") as file:
        head = file.read(1 << 15)
        for at in (45, head.index(b"\x02\0\0\0" + b"02\0", 4096) + 4):  # the header's, and that of the file system
            file.seek(at)
            file.write(b"04")
    said = tv.fail("check", "other")
    assert said == f"the image {FOLDER}/other.sif is for arm64 and login is amd64: build it on a machine like the nodes"
    assert next(one for one in tv.ask("list") if one["name"] == "other")["architecture"] == "arm64"


def test_a_machine_without_user_namespaces_says_so(tv: Person) -> None:
    wrapper = tv.write("apptainer", NO_SPACES, 0o755)
    source = tv.write("mine.def", MINE)
    expected = "login gives ordinary users no user namespaces, so Apptainer 1.4.5 cannot start a container"
    assert tv.fail("check", "tile", container=wrapper).startswith(expected)
    assert tv.fail("build", source, container=wrapper).startswith(expected)


def test_a_machine_without_fuse_says_so(tv: Person) -> None:
    changed = "mknod -m 000 /dev/nofuse c 10 229; mount --bind /dev/nofuse /dev/fuse; rm /dev/nofuse"
    said = tv.fail("check", "tile", changed=changed)
    assert said.startswith("login does not let ordinary users use FUSE, by which Apptainer 1.4.5 reads an image")


def test_a_full_temporary_folder_says_so(tv: Person) -> None:
    source = tv.write("mine.def", MINE)
    changed = "mkdir -p /run/small && mount -t tmpfs -o size=20m,mode=1777 small /run/small"
    said = tv.fail("build", source, changed=changed, TMPDIR="/run/small")
    assert said.startswith(f"no room to build {source}: no space left on device; make room in /run/small")


def test_a_full_folder_of_images_says_so(tv: Person) -> None:
    source = tv.write("big.def", BIG)
    folder = Path("/run/images")
    changed = f"mkdir -p {folder} && mount -t tmpfs -o size=20m,mode=777 small {folder}"
    said = tv.fail("build", source, changed=f"{changed}", folder=folder)
    assert said.startswith(f"no room to build {source}: no space left on device")


def test_a_person_without_further_user_ids_is_told(tv: Person) -> None:
    changed = "mount --bind /dev/null /etc/subuid; mount --bind /dev/null /etc/subgid"
    said = tv.fail("build", "tile", "--force", changed=changed)
    assert said.startswith("tv has no range of user ids in /etc/subuid and /etc/subgid on login, which debootstrap")


def test_a_machine_without_debootstrap_is_told_of_another_way(tv: Person) -> None:
    said = tv.fail("build", "tile", "--force", changed="mount --bind /dev/null /usr/sbin/debootstrap")
    assert said.startswith("login has no debootstrap to make a Debian with: have root run `apt-get install")
    assert said.endswith("--from docker://debian:trixie-slim")


@pytest.mark.parametrize("base", [(), ("--from", "docker://debian:trixie-slim")], ids=["mirror", "registry"])
def test_a_machine_without_network_says_so(tv: Person, base: Sequence[str]) -> None:
    said = tv.fail("build", "tile", "--force", *base)
    assert said.startswith("tile.def: login does not reach what it is made from: ")
    assert tv.ask("inspect", "tile")["definition"], "the image that was there is there"


# ------------------------------------------------------------------------------------------------------- the tests' own


def test_images_that_are_not_what_was_built_are_built_again(tmp_path: Path) -> None:
    assert not images_kit.sound(tmp_path)
    for name in images_kit.NAMES:
        (tmp_path / f"{name}.sif").write_text("x")
        (tmp_path / f"{name}.json").write_text(json.dumps({"digest": sha256(tmp_path / f"{name}.sif")}))
    assert images_kit.sound(tmp_path)
    (tmp_path / "paraview.sif").write_text("y")
    assert not images_kit.sound(tmp_path)
