"""The case ``paraview``: which members there are, what their tiles see, and what is refused; without any ParaView."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from ready_kit import HOSTILE, Made, refusal
from tvcore.plugins.paraview import HERE
from tvcore.plugins.paraview.state_file import StateFileError, data_files, with_data

READER = """<Proxy group="sources" type="XMLImageDataReader" id="{id}">
<Property name="FileName" number_of_elements="{count}">{elements}<Domain name="files" id="1"/></Property>
<Property name="FileNameInfo" number_of_elements="1"><Element index="0" value="{first}"/></Property>
<Property name="Title" number_of_elements="1"><Element index="0" value="a title"/></Property>
</Proxy>"""


def state(path: Path, *readers: tuple[str, ...]) -> Path:
    """Write a state as ParaView does, with readers of these files; return its path."""
    text = "".join(
        READER.format(
            id=number,
            count=len(files),
            first=files[0],
            elements="".join(f'<Element index="{i}" value="{file}"/>' for i, file in enumerate(files)),
        )
        for number, files in enumerate(readers)
    )
    path.write_text(f"<ParaView><ServerManagerState version='5.13.2'>{text}</ServerManagerState></ParaView>")
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two states, and three data files in another."""
    (tmp_path / "data").mkdir()
    for name in ("run 2.vti", "run 10.vti", "mesh.vtu"):
        (tmp_path / "data" / name).write_text("")
    state(tmp_path / "one.pvsm", (str(tmp_path / "data" / "run 2.vti"),))
    (tmp_path / "two.py").write_text("")
    return tmp_path


def test_each_state_has_its_tile_and_sees_its_data_alone(folder: Path) -> None:
    made = Made("paraview", {"states": str(folder), "interface": "full"})
    assert made.titles == ["one", "two"]
    assert [member.values["file"] for member in made.members] == ["one.pvsm", "two.py"]
    assert {column.name: column.unit for column in made.columns} == {"file": "", "folder": "", "size": "B"}
    image = made.tiles[0].image
    assert image is not None
    assert image.name == "paraview"
    assert f"--state={folder}/one.pvsm" in image.command
    seen = {bind.source for bind in image.binds}
    assert seen == {str(HERE), str(folder), str(folder / "data")}
    assert not any(bind.write for bind in image.binds)
    assert made.tiles[0].window_manager
    assert made.tiles[0].environment == {"LP_NUM_THREADS": "1"}


def test_data_are_shown_as_they_are_or_each_in_the_one_state(folder: Path) -> None:
    data = f"{folder}/data/*.vti"
    alone = Made("paraview", {"data": data})
    assert alone.titles == ["run 2", "run 10"]
    assert "--state=" in alone.tiles[0].command
    (folder / "data" / "run 2-20260101-000000.png").write_text("")  # as an action saves it there
    assert Made("paraview", {"data": f"{folder}/data"}).titles == ["mesh", "run 2", "run 10"]
    both = Made("paraview", {"data": data, "states": f"{folder}/one.pvsm"}, 1)
    (tile,) = both.tiles
    assert {f"--state={folder}/one.pvsm", f"--data={folder}/data/run 2.vti"} <= set(tile.command)


def test_a_state_gets_another_data_file_and_keeps_the_rest(tmp_path: Path) -> None:
    old = state(tmp_path / "a.pvsm", ("/d/a.0.vti", "/d/a.1.vti"), ("/d/mesh.vtu",))
    hostile = '/d/"b" & <c>.vti'
    with_data(str(old), "a.1.vti", hostile, str(tmp_path / "new.pvsm"))
    assert data_files(str(tmp_path / "new.pvsm")) == [hostile, "/d/mesh.vtu"]
    assert "a title" in (tmp_path / "new.pvsm").read_text()
    with pytest.raises(StateFileError, match=r"it reads a\.0\.vti, a\.1\.vti, mesh\.vtu: say which"):
        with_data(str(old), "", hostile, str(tmp_path / "no.pvsm"))
    assert not (tmp_path / "no.pvsm").exists()


def test_what_is_wrong_is_said_in_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def said(**given: object) -> str:
        return refusal("paraview", dict(given))

    assert "states: name state files, or data files" in said()
    assert f"states: there is no {folder}/nope.pvsm" in said(states=f"{folder}/nope.pvsm")
    assert "has no state file (.pvsm, .py)" in said(states=f"{folder}/data")
    assert "states: these are 2: name one for all of data" in said(states=str(folder), data=f"{folder}/data")
    (folder / "broken.pvsm").write_text("<ParaView>")
    assert "broken.pvsm: it is no state file of ParaView: no element found" in said(states=f"{folder}/broken.pvsm")
    (folder / "broken.pvsm").write_text("<html/>")
    assert "there is no ServerManagerState in it" in said(states=f"{folder}/broken.pvsm")
    state(folder / "several.pvsm", ("/d/a.vti",), ("/d/b.vti",))
    several = {"states": f"{folder}/several.pvsm", "data": f"{folder}/data"}
    assert "replace: " in said(**several)
    assert "it reads a.vti, b.vti: say which of these each member's data replaces" in said(**several)
    assert "it reads a.vti, b.vti" in said(**several, replace="c.vti")
    deep = tmp_path / "a" / "b" / "c" / "d"
    deep.mkdir(parents=True)
    monkeypatch.chdir(deep)  # some are relative: what is there is no state
    for value in HOSTILE:
        assert len(said(states=value).splitlines()) == 1


def test_a_node_without_paraview_says_what_to_do(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, HERE / "start.py", "--data=/d/a.vti"],
        env={"PATH": str(tmp_path)}, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 127
    assert done.stderr.startswith("there is no program paraview on this node: load its module (job.modules)")
    assert len(done.stderr.splitlines()) == 1
