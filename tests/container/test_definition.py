"""Definition files: what is wrong is told by its line, a base can be another, and a failing command is found."""

from __future__ import annotations

from importlib.resources import files

import pytest

from tvcore.container.definition import failed_line, read, with_base
from tvcore.errors import UsageError

TILE = files("tvcore.singularity_defs").joinpath("tile.def").read_text()
VTK = files("tvcore.singularity_defs").joinpath("vtk.def").read_text()

SMALL = """\
# an image of mine
Bootstrap: docker
From: debian:trixie-slim

%arguments
    size=3

%post
    echo "{{ size }}"
    apt-get update
    if true; then
        apt-get \\
            install -y "$WHAT"
    fi
    apt-get clean
"""


@pytest.mark.parametrize("text", [TILE, VTK, SMALL])
def test_good_ones_are_read(text: str) -> None:
    assert read("x.def", text).text == text


def test_what_it_is_made_of_can_be_asked() -> None:
    found = read("small.def", SMALL)
    assert (found.bootstrap, found.arguments) == ("docker", {"size": "3"})
    assert [(section.name, section.line) for section in found.sections] == [("arguments", 5), ("post", 8)]
    assert found.used() == {"size": 9}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("%post", "%psot", "line 8: there is no section %psot: did you mean %post?"),
        ("%post", "%zzz", "line 8: there is no section %zzz (%help, "),
        ("From:", "Frm:", "line 3: the header has no key 'Frm': did you mean From?"),
        ("From: debian:trixie-slim", "", "line 2: Bootstrap: docker needs a line From: in the header"),
        ("Bootstrap: docker", "", "line 3: the header has no Bootstrap"),
        ("docker", "dokcer", "line 2: nothing is made by Bootstrap: 'dokcer': did you mean docker?"),
        ("docker", "debootstrap", "line 2: Bootstrap: debootstrap needs a line OSVersion: in the header"),
        ("From: debian", "debian", "line 3: the header has no key 'debian'"),
        ("From: debian:trixie-slim", "what is this", "line 3: 'what is this' is no line of a header"),
        ("{{ size }}", "{{ width }}", "line 9: {{ width }} has no value: give it one below %arguments"),
    ],
)
def test_what_is_wrong_is_told_by_its_line(old: str, new: str, expected: str) -> None:
    with pytest.raises(UsageError) as caught:
        read("mine.def", SMALL.replace(old, new, 1))
    assert str(caught.value).startswith(f"mine.def, {expected}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("text", ["", "\n\n", "%post\n    true\n", "# nothing\n"])
def test_one_without_a_header_is_told(text: str) -> None:
    with pytest.raises(UsageError, match="line 1: there is no header"):
        read("mine.def", text)


def test_an_argument_may_come_from_outside() -> None:
    assert read("x.def", "Bootstrap: localimage\nFrom: {{ base }}\n", given=("base",)).bootstrap == "localimage"


def test_further_stages_have_headers_of_their_own() -> None:
    text = (
        "Bootstrap: docker\nFrom: a\nStage: one\n%post\n    true\nBootstrap: docker\nFrom: b\n%files from one\n    /x\n"
    )
    found = read("x.def", text)
    assert [(header.line, header.value("from")) for header in found.headers] == [(1, "a"), (6, "b")]
    with pytest.raises(UsageError, match="line 6: Bootstrap: docker needs a line From"):
        read("x.def", text.replace("From: b\n", ""))


def test_another_base_changes_the_header_alone() -> None:
    assert with_base(read("small.def", SMALL), "oras://reg/x:1") == SMALL.replace(
        "Bootstrap: docker\nFrom: debian:trixie-slim", "Bootstrap: oras\nFrom: reg/x:1"
    )


def test_a_base_from_a_registry_needs_no_mirror() -> None:
    text = with_base(read("tile.def", TILE), "docker://debian:trixie-slim")
    new = read("tile.def", text)
    assert (new.bootstrap, new.headers[0].value("From")) == ("docker", "debian:trixie-slim")
    assert not {"OSVersion", "MirrorURL"} & {key for header in new.headers for key in header.keys}
    assert "mirror" not in new.arguments
    assert next(new.named("post")).lines == next(read("tile.def", TILE).named("post")).lines


def test_a_base_may_be_an_image_of_ones_own() -> None:
    new = read("tile.def", with_base(read("tile.def", TILE), "/data/debian.sif"))
    assert (new.bootstrap, new.headers[0].value("From")) == ("localimage", "/data/debian.sif")


@pytest.mark.parametrize("base", ["debian:trixie", "ftp://x", "docker://", ""])
def test_what_can_be_no_base_is_refused(base: str) -> None:
    with pytest.raises(UsageError, match="write it as docker://"):
        with_base(read("tile.def", TILE), base)


@pytest.mark.parametrize(
    ("trace", "line"),
    [
        ("+ echo 3\n3\n+ apt-get update\nE: no network\n", 10),
        ("+ echo 3\n+ apt-get update\n+ true\n+ apt-get install -y no-such-thing\nE: Unable to locate\n", 12),
        ("+ echo 3\n+ apt-get clean\n", 15),
        ("+ echo 3\nsh: cannot\n", 9),
        ("++ date\n+ echo 3\n", 9),
    ],
)
def test_the_line_of_a_failing_command_is_found(trace: str, line: int) -> None:
    found = failed_line(read("small.def", SMALL), f"INFO:    Running post scriptlet\n{trace}FATAL:   While …\n")
    assert found is not None
    assert found[0] == line


@pytest.mark.parametrize("said", ["", "FATAL:   no network\n", "+ entirely unlike anything here\n"])
def test_where_nothing_tells_no_line_is_named(said: str) -> None:
    assert failed_line(read("small.def", SMALL), said) is None
