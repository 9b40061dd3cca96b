"""What is built in which order by which command, how far it is, and why it failed; without a container command."""

from __future__ import annotations

from pathlib import Path

import pytest

from tvcore.cases.case import Bind
from tvcore.container.build import Options, build, build_command, chain, definitions, order
from tvcore.container.command import Runtime
from tvcore.container.definition import read
from tvcore.container.failure import Place, explain_build, missing_tools, no_range
from tvcore.container.progress import Stages
from tvcore.errors import TiledVizError, UsageError
from tvcore.settings import ImageSettings

APPTAINER = Runtime("/usr/bin/apptainer", "apptainer", "1.4.5")
SINGULARITY = Runtime("/usr/bin/singularity", "singularity", "4.2.2")
ON_TILE = "Bootstrap: localimage\nFrom: {{ base }}\n\n%arguments\n    base=tile.sif\n\n%post\n    false\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "images"
    made.mkdir()
    return made


@pytest.fixture
def mine(tmp_path: Path) -> str:
    path = tmp_path / "mine.def"
    path.write_text(ON_TILE)
    return str(path)


def names(what: str, folder: Path, options: Options | None = None) -> list[str]:
    return [one.name for one in chain(order(what), folder, options or Options())]


# ------------------------------------------------------------------------------------------------------------- order


def test_the_definitions_of_tiledviz_have_names() -> None:
    assert definitions() == ("paraview", "tile", "vtk")


def test_what_an_image_is_made_on_is_built_first_if_it_is_missing(folder: Path, mine: str) -> None:
    assert names("vtk", folder) == ["tile", "vtk"]
    assert names(mine, folder) == ["tile", "mine"]
    (folder / "tile.sif").touch()
    assert names("vtk", folder) == ["vtk"]
    assert names(mine, folder) == ["mine"]


def test_force_builds_that_one_alone_again(folder: Path) -> None:
    (folder / "tile.sif").touch()
    (folder / "vtk.sif").touch()
    assert names("vtk", folder, Options(force=True)) == ["vtk"]
    with pytest.raises(UsageError, match=r"there is an image 'vtk' in .* already: --force builds it again"):
        names("vtk", folder)


def test_another_base_is_the_first_ones_and_builds_all_again(folder: Path) -> None:
    orders = chain(order("vtk"), folder, Options(base="docker://debian:trixie-slim"))
    assert [one.definition.bootstrap for one in orders] == ["docker", "localimage"]
    (folder / "tile.sif").touch()
    with pytest.raises(UsageError, match="there is an image 'tile'"):
        names("vtk", folder, Options(base="docker://debian:trixie-slim"))
    assert names("vtk", folder, Options(base="docker://debian", force=True)) == ["tile", "vtk"]


def test_virtualgls_package_is_for_the_one_that_installs_it(folder: Path, tmp_path: Path) -> None:
    package = tmp_path / "virtualgl.deb"
    package.touch()
    assert [one.virtualgl for one in chain(order("vtk"), folder, Options(virtualgl=package))] == [package, None]
    plain = tmp_path / "plain.def"
    plain.write_text("Bootstrap: docker\nFrom: debian\n")
    with pytest.raises(UsageError, match="it has no use for --virtualgl"):
        names(str(plain), folder, Options(virtualgl=package))
    with pytest.raises(UsageError, match=r"there is no file .*nope\.deb"):
        names("tile", folder, Options(virtualgl=tmp_path / "nope.deb"))


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("nope", "there is no definition 'nope' (TiledViz has paraview, tile, vtk): name one of your own by its path"),
        ("/no/such.def", "the definition /no/such.def cannot be read: No such file or directory"),
        ("nope.def", "nope.def cannot be read"),
    ],
)
def test_what_is_no_definition_is_told(what: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        order(what)
    assert expected in str(caught.value)


def test_one_that_is_made_on_itself_is_refused(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "tile.def").write_text(ON_TILE)
    with pytest.raises(UsageError, match="its base is itself"):
        names(str(tmp_path / "tile.def"), folder)


def test_a_base_that_is_not_there_is_told(folder: Path) -> None:
    with pytest.raises(UsageError, match=r"--from debian\.sif: neither docker://NAME"):
        names("tile", folder, Options(base="debian.sif"))


def test_a_broken_definition_is_told_before_anything_is_looked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    (tmp_path / "mine.def").write_text(ON_TILE.replace("%post", "%psot"))
    with pytest.raises(UsageError, match=r"mine\.def, line 7: there is no section %psot: did you mean %post\?"):
        build(str(tmp_path / "mine.def"), ImageSettings(folder=str(tmp_path)))


# ----------------------------------------------------------------------------------------------------------- command


def test_apptainer_packs_with_zstd_where_that_can_be() -> None:
    bind = Bind(source="/tmp/x/mnt", target="/mnt")
    command = build_command(
        APPTAINER, Path("/i/.tile.part"), Path("/t/tile.def"), {"mirror": "http://m/debian"}, binds=[bind], zstd=True
    )
    assert command == [
        *("/usr/bin/apptainer", "--nocolor", "build", "--fakeroot"),
        *("--mksquashfs-args", "-comp zstd -Xcompression-level 3", "--build-arg", "mirror=http://m/debian"),
        *("--mount", "type=bind,source=/tmp/x/mnt,destination=/mnt,ro", "/i/.tile.part", "/t/tile.def"),
    ]
    assert "--mksquashfs-args" not in build_command(APPTAINER, Path("/i"), Path("/d"), {})


def test_singularityce_packs_as_its_administrator_says() -> None:
    command = build_command(SINGULARITY, Path("/i"), Path("/d"), {"mirror": "http://m/debian"}, zstd=True)
    assert command == [
        *("/usr/bin/singularity", "--nocolor", "build", "--fakeroot", "--build-arg", "mirror=http://m/debian"),
        *("/i", "/d"),
    ]


def test_root_needs_not_pretend() -> None:
    assert "--fakeroot" not in build_command(APPTAINER, Path("/i"), Path("/d"), {}, root=True)


# ---------------------------------------------------------------------------------------------------------- progress


def test_a_build_goes_forward_alone_and_ends_whole() -> None:
    lines = [
        "INFO:    Starting build...",
        *[f"I: Extracting package{number}..." for number in range(400)],
        "INFO:    Running post scriptlet",
        "0 upgraded, 10 newly installed, 0 to remove and 0 not upgraded.",
        *[f"Get:{number} http://m/debian x" for number in range(10)],
        *[f"{word} package" for word in ("Selecting previously", "Unpacking", "Setting up") for _ in range(10)],
        "0 upgraded, 20 newly installed, 0 to remove and 0 not upgraded.",
        "INFO:    Running testscript",
        "INFO:    Creating SIF file...",
        "INFO:    Build complete: x",
    ]
    stages = Stages()
    fractions, texts = [], []
    for line in lines:
        if stages.take(line):
            fractions.append(stages.fraction)
            texts.append(stages.text)
    assert fractions == sorted(fractions)
    assert fractions[0] < 0.1
    assert fractions[-1] == 1.0
    assert len(fractions) > 200
    assert list(dict.fromkeys(texts)) == ["base system", "packages", "tests", "packing", "done"]


def test_lines_that_tell_nothing_change_nothing() -> None:
    stages = Stages()
    assert not any(stages.take(line) for line in ("", "hello", "Reading package lists...", "WARNING: x"))


# ---------------------------------------------------------------------------------------------------------- failures

PLACE = Place("login", "ann", "/tmp", "/home/ann/.cache/tiledviz/build-mine.log")
DEFINITION = read(
    "mine.def",
    "Bootstrap: docker\nFrom: debian\n\n"
    "%post\n    apt-get update -q\n    apt-get install -y no-such\n    echo never\n\n%test\n    false\n",
)
POST = "INFO:    Running post scriptlet\n+ apt-get update -q\nHit:1 http://m\n"
ENDED = "FATAL:   While performing build: while running engine: while running %post section: exit status 100\n"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (
            f"{POST}+ apt-get install -y no-such\nReading...\nE: Unable to locate package no-such\n{ENDED}",
            "mine.def, line 6: `apt-get install -y no-such` failed: E: Unable to locate package no-such (all that was",
        ),
        (
            f"{POST}+ apt-get install -y no-such\nE: x: write (28: No space left on device)\n{ENDED}",
            "no room to build mine.def: no space left on device; make room in /tmp or name another folder by TMPDIR",
        ),
        (
            f"INFO:    Running post scriptlet\n+ apt-get update -q\nW: Temporary failure resolving 'm'\n{ENDED}",
            "mine.def, line 5: `apt-get update -q` failed: login does not reach what it is made from: W: Temporary",
        ),
        (
            'INFO:    Starting build...\nFATAL:   While performing build: conveyor failed to get: Get "https://x/v2/":'
            " dial tcp: lookup x: network is unreachable\n",
            "mine.def: login does not reach what it is made from: While performing build: conveyor failed",
        ),
        (
            "INFO:    Running testscript\nthe image has no Xvnc\nFATAL:   While performing build: failed to execute"
            " %test script: exit status 1\n",
            "mine.def, line 9: the image does not pass its %test: the image has no Xvnc",
        ),
        (
            "FATAL:   /etc/subuid mapping found but no user namespace available for fakeroot\n",
            "login gives ordinary users no user namespaces, so Apptainer 1.4.5 cannot start a container",
        ),
        ("FATAL:   something new\n", "mine.def: something new"),
        ("", "mine.def: it does not say why"),
    ],
)
def test_a_failed_build_is_one_line_with_the_cause(said: str, expected: str) -> None:
    found = str(explain_build(DEFINITION, said, 255, APPTAINER, PLACE))
    assert found.startswith(expected)
    assert "\n" not in found


def test_what_debian_needs_is_told_as_commands() -> None:
    assert "apt-get install debootstrap wget`, or build from a ready one: --from docker://debian:trixie-slim" in str(
        missing_tools(["debootstrap", "wget"], "login")
    )
    assert "usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ann" in str(no_range(PLACE))


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mine: str) -> None:
    (tmp_path / "apptainer").write_text("#!/bin/sh\necho apptainer version 1.4.5\n")
    (tmp_path / "apptainer").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "file").touch()
    with pytest.raises(TiledVizError, match=r"the images' folder .*file/images cannot be used: Not a directory"):
        build(mine, ImageSettings(folder=str(tmp_path / "file" / "images")))
