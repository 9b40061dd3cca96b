"""The container command's own messages, as it printed them, each put into a cause and one line."""

from __future__ import annotations

import pytest

from tvcore.causes import Cause
from tvcore.container.command import Runtime
from tvcore.container.explain import explain

APPTAINER = Runtime("/usr/bin/apptainer", "apptainer", "1.4.5")
IMAGE = "/images/tile.sif"
OPEN = f"FATAL:   While checking container encryption: could not open image {IMAGE}: "
CREATE = "FATAL:   container creation failed: "
DRIVER = (
    CREATE + "image driver mount failure: image driver squashfuse_ll instance exited with error: squashfuse_ll exited"
)

TABLE = [
    (
        "\x1b[91mERROR  : Failed to create user namespace: maximum number of user namespaces exceeded, check"
        " /proc/sys/user/max_user_namespaces\n\x1b[0m",
        1,
        Cause.NO_CONTAINERS,
        "c1 gives ordinary users no user namespaces, so Apptainer 1.4.5 cannot start a container",
    ),
    (
        "ERROR  : Failed to create user namespace: not allowed to create user namespace\n",
        1,
        Cause.NO_CONTAINERS,
        "no user namespaces",
    ),
    (
        OPEN + "the image's architecture (arm64) could not run on the host's (amd64)\n",
        255,
        Cause.IMAGE_UNFIT,
        "/images/tile.sif is for arm64 and c1 is amd64",
    ),
    (
        "FATAL:   While checking image: could not open image /images/tile.sif: image targets 'ppc64le', cannot run on"
        " 'amd64'\n",
        255,
        Cause.IMAGE_UNFIT,
        "is for ppc64le and c1 is amd64",
    ),
    (
        DRIVER + ": fuse: failed to open /dev/fuse: Permission denied\n",
        255,
        Cause.NO_CONTAINERS,
        "c1 does not let ordinary users use FUSE, by which Apptainer 1.4.5 reads an image (/dev/fuse: Permission",
    ),
    (
        DRIVER + ": fuse: device not found, try 'modprobe fuse' first\n",
        255,
        Cause.NO_CONTAINERS,
        "c1 has no FUSE",
    ),
    (
        OPEN + f"failed to retrieve path for {IMAGE}: lstat {IMAGE}: no such file or directory\n",
        255,
        Cause.IMAGE_MISSING,
        "there is no image /images/tile.sif on c1",
    ),
    (
        OPEN + f"failed to retrieve path for {IMAGE}: lstat {IMAGE}: permission denied\n",
        255,
        Cause.IMAGE_MISSING,
        "cannot be read on c1",
    ),
    (
        OPEN + f"{IMAGE} is not readable by the current user, check permissions\n",
        255,
        Cause.IMAGE_MISSING,
        "cannot be read on c1",
    ),
    (OPEN + "image format not recognized\n", 255, Cause.IMAGE_UNFIT, "is not an image that Apptainer 1.4.5 knows"),
    (
        DRIVER + ": Something went wrong trying to read the squashfs image.\n",
        255,
        Cause.IMAGE_UNFIT,
        "damaged or cut short",
    ),
    (
        CREATE + "mount hook function failure: mount /var/lib/apptainer/mnt/session/dev->/dev error: while mounting"
        " /var/lib/apptainer/mnt/session/dev: destination /dev doesn't exist in container\n",
        255,
        Cause.IMAGE_UNFIT,
        "is no whole system: it has no /dev",
    ),
    (
        CREATE + "mount hook function failure: mount /data/run 1->/x error: while mounting /data/run 1: mount source"
        " /data/run 1 doesn't exist\n",
        255,
        Cause.FILE_MISSING,
        "/data/run 1, which the container is to see, is not there on c1",
    ),
    (
        CREATE + "mount hook function failure: mount /x->/x error: while creating /x: mkdir /x: no space left on"
        " device\n",
        255,
        Cause.DISK_FULL,
        "no room on c1 to start a container: container creation failed",
    ),
    (
        'FATAL:   "view": executable file not found in $PATH\n',
        255,
        Cause.PROGRAM_MISSING,
        "the image /images/tile.sif has no program view",
    ),
    (
        "FATAL:   stat /opt/view: no such file or directory\n",
        255,
        Cause.PROGRAM_MISSING,
        "has no program /opt/view",
    ),
    (
        "FATAL:   exec /opt/view failed: fork/exec /opt/view: exec format error\n",
        255,
        Cause.PROGRAM_MISSING,
        "/opt/view does not run in the image /images/tile.sif: exec format error",
    ),
    ("FATAL:   permission denied\n", 255, Cause.PROGRAM_MISSING, "no executable file"),
    (
        "FATAL:   something that nobody has seen yet\n",
        255,
        Cause.NO_CONTAINERS,
        "Apptainer 1.4.5 on c1 cannot run /images/tile.sif: something that nobody has seen yet",
    ),
]


@pytest.mark.parametrize(("text", "code", "cause", "expected"), TABLE)
def test_a_message_is_a_cause_and_one_line(text: str, code: int, cause: Cause, expected: str) -> None:
    found = explain(f"the program's own words\n{text}", code, IMAGE, APPTAINER, "c1")
    assert found is not None
    assert found.cause is cause
    assert expected in str(found)
    assert "\n" not in str(found)
    assert "\x1b" not in str(found)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 255),
        ("Traceback (most recent call last):\nFATAL: my database is away\n", 255),
        ("FATAL:   permission denied\n", 7),
        ("ERROR  : the solver does not converge\n", 1),
        ("FATAL:   permission denied\n", 1),
        (TABLE[0][0], 0),
        (TABLE[0][0], 137),
    ],
)
def test_a_program_that_ended_by_itself_is_not_the_container_commands_failure(text: str, code: int) -> None:
    assert explain(text, code, IMAGE, APPTAINER, "c1") is None


def test_it_can_be_asked_where_there_is_no_container_command() -> None:
    found = explain(TABLE[0][0], 1, IMAGE, None, "c1")
    assert "so the container command cannot start a container" in str(found)


def test_a_long_message_is_cut() -> None:
    found = explain("FATAL:   " + "x" * 5000 + "\n", 255, IMAGE, APPTAINER, "c1")
    assert len(str(found)) < 600
