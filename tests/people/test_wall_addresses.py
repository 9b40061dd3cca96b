"""Display walls: how they are written, and who may set one up and take it down, on both engines; the command line."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from click.testing import CliRunner

from tvcore.cli import cli
from tvcore.errors import TiledVizError, UsageError
from tvcore.people import display_walls, invitations, sessions
from tvcore.people.by import By, NoneSuchError, NotAllowedError, here
from tvcore.people.display_walls import ScreenSize, read_grid, read_length, read_screen, screens_of
from tvcore.portal.instance import PortalInfo
from tvcore.portal.roles import Grant
from tvcore.session import acts
from tvcore.store import Store

SCREEN = {"width": 1920, "height": 1080, "inches": 24.0}


@pytest.fixture
def store(engine: str) -> Iterator[Store]:
    opened = Store.open()
    yield opened
    opened.close()


def made(store: Store, name: str = "lobby", **more: Any) -> dict[str, Any]:
    given = {"columns": 2, "rows": 1, "bezel": 10.0, "screens": [SCREEN] * 2} | more
    return display_walls.new_display_wall(store, here(store), "main", name, **given)


def test_a_screens_sides_follow_from_its_pixels_and_its_diagonal() -> None:
    for width, height, inches in ((1920, 1080, 24.0), (1280, 1024, 19.0), (3840, 2160, 55.0), (1080, 1920, 24.0)):
        across, down = ScreenSize(width, height, inches).plain()["size"]
        assert math.isclose(math.hypot(across, down), inches * 25.4, rel_tol=1e-12)
        assert math.isclose(across / down, width / height, rel_tol=1e-12), "pixels are square"


def test_walls_lengths_and_screens_are_read_as_people_write_them_or_said_to_be_wrong() -> None:
    assert (read_grid("4x2"), read_grid("16x1")) == ((4, 2), (16, 1))
    assert [read_length(each) for each in ("10mm", "1.2cm", "0.5in", "7", "0mm")] == [10, 12, 12.7, 7, 0]
    assert read_screen("1920x1080@24in") == (None, ScreenSize(1920, 1080, 24.0))
    assert read_screen("2x1=3840x2160@55.5in") == ((2, 1), ScreenSize(3840, 2160, 55.5))
    for odd in ("4", "0x2", "4x17", "x", "4x2x1", "-1x2", "٤x2", "4 x 2"):
        with pytest.raises(UsageError, match="COLUMNSxROWS"):
            read_grid(odd)
    for odd in ("", "wide", "-1mm", "1km", "1e3mm"):
        with pytest.raises(UsageError, match="10mm"):
            read_length(odd)
    for odd in ("1920x1080", "24in", "1x1=", "1920x1080@0in", "1x1=1920x1080@2000in", "a=1x1@24in"):
        with pytest.raises(UsageError):
            read_screen(odd)
    large, small = ScreenSize(3840, 2160, 55.0), ScreenSize(1280, 1024, 19.0)
    assert screens_of(2, 2, [((2, 1), large), (None, small), ((1, 2), large)]) == [small, large, large, small]
    assert screens_of(1, 1, []) == [ScreenSize(1920, 1080, 24.0)]
    with pytest.raises(UsageError, match="no screen 3x1"):
        screens_of(2, 2, [((3, 1), large)])


def test_a_wall_is_a_register_and_an_address_for_each_screen_which_end_together(store: Store) -> None:
    wall = made(store, uses=2, days=1.0)
    assert [(each["column"], each["row"]) for each in wall["places"]] == [(1, 1), (2, 1)]
    register = store.rooms.document("main").plain()["registers"]["screens/lobby"]
    assert register == {name: wall[name] for name in ("columns", "rows", "bezel", "screens")}
    listed = invitations.invitations(store, "main")["invitations"]
    assert [(each["note"], each["display"], each["leads"], each["uses_max"], each["control"]) for each in listed] == [
        ("remote control of lobby", "lobby", True, 2, False), ("screen 2x1 of lobby", "lobby", False, 2, False),
        ("screen 1x1 of lobby", "lobby", False, 2, False),
    ]  # fmt: skip
    for secret, leads in ((wall["places"][0]["secret"], False), (wall["remote"]["secret"], True)):
        guest = invitations.accept_invitation(store, secret, f"guest {leads}")
        assert guest is not None
        access = store.access.add_login("c" * 64, f"{guest:064x}", 60.0, guest)
        assert access is not None
        (session,) = access["sessions"]
        assert (session["role"], session["operate"], session["tiles"], session["leads"]) == (
            "guest",
            False,
            None,
            leads,
        )
    (there,) = display_walls.display_walls(store, here(store), "main")["walls"]
    assert (there["name"], there["here"], len(there["screens"])) == ("lobby", 1, 2)
    other = made(store, "hall")
    assert display_walls.remove_display_wall(store, here(store), "main", "lobby") == {"name": "lobby", "out": 2}
    assert invitations.accept_invitation(store, wall["places"][1]["secret"], "late") is None
    assert invitations.accept_invitation(store, other["places"][1]["secret"], "other") is not None
    assert set(store.rooms.document("main").plain()["registers"]) == {"screens/hall"}
    with pytest.raises(NoneSuchError):
        display_walls.remove_display_wall(store, here(store), "main", "lobby")
    made(store)  # the name is free again


def test_a_wall_that_cannot_be_leaves_no_address_behind(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    for odd in (
        {"name": ""}, {"name": "a b"}, {"name": "-a"}, {"name": "a" * 25}, {"bezel": -1.0}, {"bezel": math.nan},
        {"columns": 3}, {"columns": 17, "screens": [SCREEN] * 17}, {"days": 0.0}, {"uses": 0},
    ):  # fmt: skip
        with pytest.raises(UsageError):
            made(store, **odd)
    made(store)
    with pytest.raises(UsageError, match="already"):
        made(store)
    for grant in (
        Grant("viewer"),
        Grant("editor"),
        Grant("guest", leads=True),
        Grant("admin", scope=frozenset({"see"})),
    ):
        by = By(here(store).person, grant)
        with pytest.raises(NotAllowedError):
            display_walls.new_display_wall(store, by, "main", "other", 1, 1, 0.0, [SCREEN])
        with pytest.raises(NotAllowedError):
            display_walls.remove_display_wall(store, by, "main", "lobby")
        with pytest.raises(NotAllowedError):
            display_walls.display_walls(store, by, "main")
    assert len(store.invitations.listed("main")) == 3


def test_the_command_line_prints_an_address_and_a_code_for_each_screen(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*words: str) -> str:
        done = CliRunner().invoke(cli, ["wall", *words], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        return str(done.stdout)

    with pytest.raises(TiledVizError, match="no portal of yours is running"):
        run("2x1")
    info = PortalInfo.model_construct(url="https://x.org/tv/")
    monkeypatch.setattr("tvcore.cli_wall.running", lambda: info)
    found = json.loads(run("2x1", "--bezel", "1cm", "--screen", "2x1=1280x1024@19in", "--name", "hall", "--json"))
    assert (found["columns"], found["rows"], found["bezel"]) == (2, 1, 10)
    assert found["screens"][1]["pixels"] == [1280, 1024]
    secrets = set()
    for each, what in [(each, f"hall,{each['column']},1") for each in found["screens"]] + [(found["remote"], "hall")]:
        address, _, fragment = each["url"].partition("#")
        assert address == "https://x.org/tv/", "nothing of it is sent to a server"
        said = parse_qs(fragment, strict_parsing=True)
        assert said["s"] == ["main"]
        assert said["remote" if each is found["remote"] else "screen"] == [what]
        secrets |= set(said["invite"])
    assert len(secrets) == 3
    printed = run("new", "1x1", "--name", "one")
    assert "Screen 1,1 of 1x1: https://x.org/tv/#invite=" in printed
    assert "Remote control: https://x.org/tv/#invite=" in printed
    assert printed.count("█") > 200, "a code for each"
    assert "█" not in run("1x1", "--no-qr", "--name", "two")
    listed = run("list")
    assert [line.split()[:4] for line in listed.splitlines()[1:]] == [
        ["hall", "2x1", "10", "mm"], ["one", "1x1", "0", "mm"], ["two", "1x1", "0", "mm"],
    ]  # fmt: skip
    assert "0 of 2" in listed
    assert run("remove", "hall") == "hall is taken down; 0 browsers out.\n"
    run("remove", "one")
    run("remove", "two")
    assert run("list") == "No display walls: `tiledviz wall 4x2` sets one up.\n"


def test_a_display_wall_stands_in_its_room_and_goes_with_no_version_file_or_copy(store: Store) -> None:
    made(store)
    store.rooms.save_version("main", "with", "ann")
    assert "screens/lobby" not in str(acts.export_session(store))
    display_walls.remove_display_wall(store, here(store), "main", "lobby")
    acts.restore_version(store, acts.find_version(store, "with"))
    assert display_walls.display_walls(store, here(store), "main") == {"walls": []}
    made(store)
    copy = sessions.copy_session(store, here(store), "main", "Copy")["key"]
    assert store.rooms.document(copy).plain()["registers"] == {}
