"""What a person does to tiles while they run on a real cluster: stop, start again, resize, type, run, put and fetch."""

from __future__ import annotations

import contextlib
import os
import pty
import select
import struct
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from case_kit import in_tiles, site_with_images, tile_verb, trial
from cluster import Cluster
from site_kit import Site, processes
from waiting import wait_until

MIB = 1 << 20
TERMINAL = "xterm -geometry 30x8 -e sh -c 'cat >/tmp/typed'"
IMAGE = ("--set", "container=apptainer", "--set", "image=tile")


@pytest.fixture(scope="module")
def site(cluster: Cluster, tile_images: dict[str, Path]) -> Iterator[Site]:
    yield from site_with_images(cluster, tile_images)


@pytest.fixture(scope="module")
def job(site: Site) -> str:
    """Four xterms with a window manager, in containers on two nodes."""
    launched = trial(site, TERMINAL, *IMAGE, "--set", "manager=yes", "--set", "nodes=2", tiles=4)
    live = site.wait_live(launched, 4)

    def there() -> bool:
        return all(len(found["windows"]) == 1 for found in tile_verb(site, "windows", live))

    wait_until(there, 20, "each tile has its window")
    return launched


@pytest.fixture
def tiles(site: Site, job: str) -> list[dict[str, Any]]:
    return site.tiles(job)


def test_a_command_runs_in_all_tiles_with_a_result_for_each(site: Site, tiles: list[dict[str, Any]]) -> None:
    said = in_tiles(
        site, tiles, "sh", "-c", 'echo "$DISPLAY"; echo aside >&2; exit $((${DISPLAY#:} % 2 + 3))', check=False
    )
    displays = [found["stdout"].strip() for found in said]
    assert [found["code"] for found in said] == [int(display[1:]) % 2 + 3 for display in displays]
    assert [found["stderr"] for found in said] == ["aside\n"] * 4
    assert len(set(displays[:2])) == len(set(displays[2:])) == 2


def test_a_command_that_is_not_there_fails_in_words_and_in_the_exit_code(
    site: Site, tiles: list[dict[str, Any]]
) -> None:
    done = site.command("tile", "run", str(tiles[0]["id"]), "--", "no-such-command", check=False)
    assert done.returncode != 0
    assert "no-such-command" in done.stdout + done.stderr


@pytest.mark.parametrize("name", ["plain", "with space 'quote' \"double\" $HOME ; é 🌍", "-dash"])
def test_a_file_is_put_and_fetched_byte_for_byte(site: Site, tiles: list[dict[str, Any]], name: str) -> None:
    home = site.cluster.home("tv")
    content = os.urandom(MIB)
    (home / "sent").write_bytes(content)
    tile = str(tiles[-1]["id"])
    site.command("tile", "put", tile, "/home/tv/sent", f"/tmp/{name}")
    assert in_tiles(site, tiles[-1:], "ls", "-A", "/tmp")[0]["stdout"].splitlines().count(name) == 1
    site.command("tile", "get", tile, f"/tmp/{name}", "/home/tv/fetched")
    assert (home / "fetched").read_bytes() == content


def test_a_file_that_is_not_there_is_told_in_one_line(site: Site, tiles: list[dict[str, Any]]) -> None:
    done = site.command("tile", "get", str(tiles[0]["id"]), "/tmp/nowhere", "/home/tv/nothing", check=False)
    assert done.returncode == 1
    assert "/tmp/nowhere" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert not (site.cluster.home("tv") / "nothing").exists()


def test_what_is_typed_arrives_in_the_terminal(site: Site, tiles: list[dict[str, Any]]) -> None:
    text = "Hello, {Wall}! $HOME \"x\" 'y' \\z ~ ä"
    tile = tiles[0]
    tile_verb(site, "type", [tile], text)
    tile_verb(site, "key", [tile], "Return")
    typed = site.cluster.home("tv") / "typed"

    def arrived() -> bool:
        site.command("tile", "get", str(tile["id"]), "/tmp/typed", "/home/tv/typed")
        return bool(typed.read_bytes())

    wait_until(arrived, 20, "something is in the file")
    assert typed.read_text() == f"{text}\n"


def test_a_case_types_into_its_tiles_by_itself_when_they_are_live(site: Site) -> None:
    job = trial(site, TERMINAL, *IMAGE, "--set", "manager=yes", "--set", "say=from the case")
    (tile,) = site.wait_live(job, 1)
    read = ("sh", "-c", "cat /tmp/typed 2>&1")

    def said() -> bool:
        return in_tiles(site, [tile], *read, check=False)[0]["stdout"] == "from the case\n"

    wait_until(said, 20, "the case has typed")
    site.command("stop", job, "--remove")


def test_windows_are_listed_maximised_and_moved(site: Site, tiles: list[dict[str, Any]]) -> None:
    tile = tiles[1]

    def window() -> dict[str, Any]:
        (found,) = tile_verb(site, "windows", [tile])[0]["windows"]
        return found

    assert "sh" in window()["title"]
    tile_verb(site, "window", [tile], "place", "30", "20", "--title", "sh")
    wait_until(lambda: abs(window()["x"] - 30) < 10 and abs(window()["y"] - 20) < 30, 10, "the window is moved")
    tile_verb(site, "window", [tile], "maximise", "--title", "sh")
    wait_until(lambda: window()["width"] > 280, 10, "the window has the whole width")
    assert window()["height"] > 180


def test_a_display_gets_another_size_live_and_its_window_goes_with_it(site: Site, tiles: list[dict[str, Any]]) -> None:
    programs = processes(site, tiles[1]["job"])
    before = programs()
    tile_verb(site, "window", [tiles[1]], "maximise", "--title", "sh")
    (got,) = tile_verb(site, "resize", [tiles[1]], "500x400")
    assert (got["width"], got["height"]) == (500, 400)
    wait_until(lambda: 480 < tile_verb(site, "windows", [tiles[1]])[0]["windows"][0]["width"] <= 500, 10, "it follows")
    everywhere = tile_verb(site, "resize", tiles, "400x300")
    assert [(found["width"], found["height"]) for found in everywhere] == [(400, 300)] * 4
    said = in_tiles(site, tiles, "xdotool", "getdisplaygeometry")
    assert [found["stdout"] for found in said] == ["400 300\n"] * 4
    wait_until(lambda: sizes(site, tiles) == {(400, 300)}, 10, "the wall knows the new sizes")
    assert programs() == before
    browser = site.login()
    with browser.rfb(tiles[0]["id"]) as display:  # the display itself, as noVNC sees it
        assert server_init(display)[:2] == (400, 300)


def sizes(site: Site, tiles: list[dict[str, Any]]) -> set[tuple[int, int]]:
    ids = {tile["id"] for tile in tiles}
    return {(tile["width"], tile["height"]) for tile in site.tiles() if tile["id"] in ids}


def server_init(display: Any) -> tuple[int, int]:
    """Shake hands with a display (RFC 6143, 7.1 to 7.3) and return its width and height."""
    received = b""

    def read(count: int) -> bytes:
        nonlocal received
        while len(received) < count:
            received += bytes(display.recv(20))
        head, received = received[:count], received[count:]
        return head

    display.send(read(12))
    display.send(bytes([read(read(1)[0])[0]]))
    assert read(4) == bytes(4)
    display.send(b"\x01")
    return struct.unpack("!HH", read(4))  # type: ignore[return-value]


def test_a_tile_is_stopped_and_started_again_and_the_others_are_not_touched(
    site: Site, tiles: list[dict[str, Any]]
) -> None:
    job, tile = tiles[0]["job"], tiles[2]
    others = {found for found in processes(site, job)() if found[1] != tile["pid"]}
    tile_verb(site, "stop", [tile])
    wait_until(lambda: now(site, tile)["state"] == "stopped", 20, "the tile is stopped")
    assert [found["state"] for found in site.tiles(job)].count("live") == 3
    tile_verb(site, "restart", [tile])
    site.wait_live(job, 4)
    first = now(site, tile)["pid"]
    tile_verb(site, "restart", [tile])
    wait_until(lambda: now(site, tile)["pid"] not in (None, first) and now(site, tile)["state"] == "live", 20, "again")
    assert {found for found in processes(site, job)() if found[1] != now(site, tile)["pid"]} == others


def now(site: Site, tile: dict[str, Any]) -> dict[str, Any]:
    return next(found for found in site.tiles() if found["id"] == tile["id"])


def test_tiles_are_removed_for_good_and_others_added_by_another_job(site: Site) -> None:
    first = site.launch(tiles=2, nodes=1)
    one, other = site.wait_live(first, 2)
    second = site.launch(tiles=1, nodes=1)
    (added,) = site.wait_live(second, 1)
    wall = {tile["id"] for tile in site.login().get("/wall").json["tiles"]}
    assert {one["id"], other["id"], added["id"]} <= wall
    tile_verb(site, "remove", [one])
    assert [tile["id"] for tile in site.tiles(first)] == [other["id"]]
    wait_until(lambda: (one["node"], one["pid"]) not in running(site, one["node"]), 20, "its program is gone")
    assert now(site, other)["state"] == "live"
    site.command("stop", first, "--remove")
    site.command("stop", second, "--remove")


def running(site: Site, node: str) -> set[tuple[str, int]]:
    pids = site.cluster.run(node, ["ps", "-u", "tv", "-o", "pid="], check=False).stdout.split()
    return {(node, int(pid)) for pid in pids}


def test_launch_shows_progress_until_all_are_live_and_detach_leaves_at_once(site: Site) -> None:
    shown, code = at_a_terminal(site, "launch", "trial", "--tiles", "2")
    assert code == 0
    assert "queued" in shown or "starting" in shown
    assert "2 of 2 live" in shown
    done = site.command("launch", "trial", "--tiles", "1", "--detach")
    assert "live" not in done.stdout
    shown, code = at_a_terminal(site, "launch", "trial", "--tiles", "1", "--set", "program=/no/such/program")
    assert code != 0
    assert "program missing" in shown
    assert "/no/such/program" in shown
    for job in [found["id"] for found in site.ask("jobs") if found["case"] == "trial"][:3]:
        site.command("stop", job, "--remove")


def at_a_terminal(site: Site, *arguments: str, seconds: float = 90) -> tuple[str, int]:
    """Run a verb with a terminal for its output, as a person has it; return what it shows, and its exit code."""
    master, slave = pty.openpty()
    environment = {"PYTHONPATH": "/home/tv/cases", "TERM": "xterm"}
    with site.cluster.popen(
        "login", [*site.tiledviz, *arguments], "tv", env=environment, stdin=slave, stdout=slave, stderr=slave
    ) as process:
        os.close(slave)
        shown = b""
        deadline = time.monotonic() + seconds
        with contextlib.suppress(OSError):  # the other end is closed
            while time.monotonic() < deadline and select.select([master], [], [], deadline - time.monotonic())[0]:
                shown += os.read(master, 1 << 16)
        os.close(master)
        try:
            return shown.decode(), process.wait(max(1.0, deadline - time.monotonic()))
        except BaseException:
            process.kill()
            raise
