from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tvcore.cases import catalog, manager
from tvcore.errors import TiledVizError, UsageError


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Give the test a cache of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))


def test_gray_scott_goes_from_parameters_to_tiles() -> None:
    case = manager.load(catalog.find("gray_scott"))
    parameters = case.parameters({"members": "3", "size": "16", "steps": "200"})
    with pytest.raises(TiledVizError, match="there is no such file"):
        case.members(parameters, None)
    case.prepare(parameters, lambda *_: None)
    members = case.members(parameters, None)
    assert [member.index for member in members] == [0, 1, 2]
    assert all(member.title == f"{member.index} {member.tags[0]}" for member in members)
    assert [member.index for member in case.members(parameters, 2)] == [0, 1]
    tile = case.tile(parameters, members[1])
    ensemble = case.ensemble(parameters)
    assert ensemble is not None
    assert not ensemble.live
    wanted = ("--file", str(ensemble.path), "--member", "1", "--triangles", "12000")
    assert tile.command[3:] == wanted
    assert Path(tile.command[2]).is_file()
    image = tile.image
    assert image is not None
    assert (image.name, image.command) == (
        "vtk",
        ("python3", "-P", "/opt/tiledviz/gray_scott/view.py", *wanted),
    )
    seen = {bind.target or bind.source: bind for bind in image.binds}
    assert set(seen) == {"/opt/tiledviz/gray_scott", str(ensemble.path)}
    assert not any(bind.write for bind in image.binds)
    assert (Path(seen["/opt/tiledviz/gray_scott"].source) / "view.py").is_file()
    assert (tile.width, tile.height, tile.unwatched) == (640, 480, "run")


@pytest.mark.parametrize(
    "given",
    [{"members": 0}, {"size": "huge"}, {"feed_min": 0.04, "feed_max": 0.03}, {"isovalue": 1.5}, {"color": "red"}],
)
def test_gray_scott_refuses_values_that_cannot_be(given: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        manager.load(catalog.find("gray_scott")).parameters(given)


def test_every_parameter_is_described() -> None:
    for name in ("gears", "command", "gray_scott", "paraview", "vtk_files", "pictures", "pages", "cinema"):
        for key, field in manager.load(catalog.find(name)).schema()["properties"].items():
            assert field["description"], key
            assert "default" in field, key


def test_gears_fill_as_many_tiles_as_asked_for() -> None:
    case = manager.load(catalog.find("gears"))
    parameters = case.parameters({"tiles": 3, "width": 320, "height": 240})
    members = case.members(parameters, None)
    assert [member.title for member in members] == ["0 gears", "1 gears", "2 gears"]
    assert len(case.members(parameters, 7)) == 7
    tile = case.tile(parameters, members[0])
    assert tile.command == ("glxgears", "-geometry", "320x240+0+0")
    assert (tile.width, tile.height, tile.unwatched) == (320, 240, "pause")
    assert shutil.which(tile.command[0])
    assert tile.image is not None
    assert (tile.image.name, tile.image.command) == ("tile", ())  # an empty command is the same one
    assert tile.image.environment == tile.environment
    assert case.ensemble(parameters) is None
