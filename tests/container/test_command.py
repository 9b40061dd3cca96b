"""The container command: which one there is, its arguments and its environment."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tvcore.cases.case import Bind
from tvcore.causes import Cause, TileFailureError
from tvcore.container.command import (
    Runtime,
    container_environment,
    exec_command,
    find_runtime,
    mount,
    parse_version,
)
from tvcore.errors import UsageError

APPTAINER = Runtime("/usr/bin/apptainer", "apptainer", "1.4.5")
SINGULARITY = Runtime("/opt/sylabs/bin/singularity", "singularity", "4.2.2")
HOME = ("/scratch/t3/home", "/home/tiledviz")


def command(folder: Path, name: str, says: str, code: int = 0) -> Path:
    """Make an executable that prints *says* and exits with *code*."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho '{says}'\nexit {code}\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the only folder in which commands are found."""
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


# ------------------------------------------------------------------------------------------------------- which it is


@pytest.mark.parametrize(
    ("text", "kind", "version"),
    [
        ("apptainer version 1.4.5\n", "apptainer", "1.4.5"),
        ("apptainer version 1.3.6-1.el9", "apptainer", "1.3.6-1.el9"),
        ("singularity-ce version 4.2.2-jammy", "singularity", "4.2.2-jammy"),
        ("singularity version 3.8.7", "singularity", "3.8.7"),
        ("singularity-ce version 4.0.0+12-gabcdef", "singularity", "4.0.0+12-gabcdef"),
    ],
)
def test_the_version_tells_whose_command_it_is(text: str, kind: str, version: str) -> None:
    assert parse_version("/x", text) == Runtime("/x", kind, version)  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["", "podman version 5.0.0", "singularity", "2.6.1-dist"])
def test_what_prints_something_else_is_none(text: str) -> None:
    assert parse_version("/x", text) is None


def test_a_singularity_that_is_apptainer_is_taken_for_what_it_is(path: Path) -> None:
    command(path, "singularity", "apptainer version 1.4.5")
    assert find_runtime("singularity") == Runtime(str(path / "singularity"), "apptainer", "1.4.5")


def test_without_a_preference_apptainer_comes_first(path: Path) -> None:
    command(path, "singularity", "singularity-ce version 4.1.0")
    assert find_runtime("none").kind == "singularity"
    command(path, "apptainer", "apptainer version 1.4.5")
    assert find_runtime("none").kind == "apptainer"


def test_a_command_may_be_named_by_its_path(tmp_path: Path) -> None:
    there = command(tmp_path, "my-apptainer", "apptainer version 1.4.5")
    assert find_runtime(str(there)) == Runtime(str(there), "apptainer", "1.4.5")


def failure(setting: str) -> str:
    with pytest.raises(TileFailureError) as caught:
        find_runtime(setting)
    assert caught.value.cause is Cause.NO_CONTAINERS
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.usefixtures("path")
@pytest.mark.parametrize("setting", ["apptainer", "singularity", "/opt/apptainer/bin/apptainer"])
def test_one_that_is_missing_is_one_line_that_says_how_to_get_it(setting: str) -> None:
    assert f"has no container command {setting}: install Apptainer" in failure(setting)


@pytest.mark.usefixtures("path")
def test_none_at_all_names_both() -> None:
    assert "no container command apptainer or singularity" in failure("none")


@pytest.mark.parametrize(
    ("says", "code", "expected"),
    [
        ("apptainer version 1.1.9", 0, "is Apptainer 1.1.9: 1.2 or later is needed"),
        ("singularity version 3.8.7", 0, "is SingularityCE 3.8.7: 4.0 or later is needed"),
        ("podman version 5", 0, "is neither Apptainer nor SingularityCE; asked for its version, it said: podman"),
        ("apptainer version 1.4.5", 3, "is neither"),
    ],
)
def test_one_that_will_not_do_says_why(path: Path, says: str, code: int, expected: str) -> None:
    command(path, "apptainer", says, code)
    assert expected in failure("apptainer")


def test_one_that_cannot_run_says_why(path: Path) -> None:
    (path / "apptainer").write_text("#!/no/such/shell\n")
    (path / "apptainer").chmod(0o755)
    assert "does not run: No such file or directory" in failure("apptainer")


# --------------------------------------------------------------------------------------------------------- arguments


def test_the_program_comes_last_and_sees_only_what_it_is_given() -> None:
    binds = [Bind(source="/data/run1"), Bind(source="/run/t3", target="/run/t3", write=True)]
    assert exec_command(
        APPTAINER, "/images/vtk.sif", ["python3", "-m", "view", "--x"], home=HOME, binds=binds, options=("--nv",)
    ) == [
        *("/usr/bin/apptainer", "--nocolor", "-s", "exec", "--no-eval", "--contain", "--cleanenv", "--pid"),
        *("--no-mount", "cwd,bind-paths", "--home", "/scratch/t3/home:/home/tiledviz"),
        *("--mount", "type=bind,source=/data/run1,destination=/data/run1,ro"),
        *("--mount", "type=bind,source=/run/t3,destination=/run/t3"),
        *("--nv", "--pwd", "/home/tiledviz", "/images/vtk.sif", "python3", "-m", "view", "--x"),
    ]


def test_singularityce_takes_the_same_arguments() -> None:
    ours = exec_command(APPTAINER, "/i.sif", ["true"], home=HOME, binds=(), folder="/tmp")
    theirs = exec_command(SINGULARITY, "/i.sif", ["true"], home=HOME, binds=(), folder="/tmp")
    assert theirs == [SINGULARITY.path, *ours[1:]]
    assert theirs[-4:] == ["--pwd", "/tmp", "/i.sif", "true"]


@pytest.mark.parametrize("name", ["a,b", "a:b", 'a"b', "a b", "a\\b", "a'b$(x)", ",ro", "é"])
def test_a_bind_can_have_any_name(name: str) -> None:
    bind = Bind(source=f"/data/{name}", target=f"/x/{name}")
    fields = next(csv.reader([mount(bind)]))
    assert fields == ["type=bind", f"source=/data/{name}", f"destination=/x/{name}", "ro"]


@pytest.mark.parametrize(
    ("image", "home", "bind", "expected"),
    [
        ("tile.sif", HOME, "/a", "image must be an absolute path"),
        ("/tile.sif", ("/a:b", "/home/x"), "/a", "home cannot have ':'"),
        ("/tile.sif", ("/a", "home"), "/a", "home must be an absolute path"),
        ("/tile.sif", HOME, "/a\nb", "U\\+000A"),
        ("/tile\x1b.sif", HOME, "/a", "U\\+001B"),
    ],
)
def test_what_the_command_cannot_take_is_refused(image: str, home: tuple[str, str], bind: str, expected: str) -> None:
    with pytest.raises(UsageError, match=expected):
        exec_command(APPTAINER, image, ["true"], home=home, binds=[Bind.model_construct(source=bind, target="")])


def test_no_command_is_refused() -> None:
    with pytest.raises(UsageError, match="no command to run"):
        exec_command(APPTAINER, "/tile.sif", [], home=HOME, binds=())


# ------------------------------------------------------------------------------------------------------- environment


def test_the_containers_environment_is_what_it_is_given_and_nothing_of_the_nodes() -> None:
    node = {
        "PATH": "/usr/bin",
        "HOME": "/home/ann",
        "SECRET": "x",
        "LD_PRELOAD": "/evil.so",
        "APPTAINER_CACHEDIR": "/scratch/cache",
        "APPTAINER_BIND": "/home",
        "APPTAINER_NV": "1",
        "APPTAINERENV_LD_PRELOAD": "/evil.so",
        "SINGULARITY_CACHEDIR": "/not/mine",
    }
    given = {"DISPLAY": ":3", "PATH": "/opt/bin", "HOME": "/home/ann", "A": "$HOME `id`"}
    assert container_environment(APPTAINER, given, node) == {
        "PATH": "/usr/bin",
        "HOME": "/home/ann",
        "APPTAINER_CACHEDIR": "/scratch/cache",
        "APPTAINERENV_DISPLAY": ":3",
        "APPTAINERENV_PATH": "/opt/bin",
        "APPTAINERENV_A": "$HOME `id`",
    }


def test_singularityce_has_names_of_its_own() -> None:
    found = container_environment(
        SINGULARITY, {"DISPLAY": ":3"}, {"SINGULARITY_TMPDIR": "/t", "APPTAINER_TMPDIR": "/u"}
    )
    assert found == {"SINGULARITY_TMPDIR": "/t", "SINGULARITYENV_DISPLAY": ":3"}
