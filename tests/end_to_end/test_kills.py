"""What survives what: programs, node agents and portals killed by their process ids."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser

from tvcore.batch.local import LocalScheduler
from world import World, until
from x_displays import left, x_files

TILES = 3


@pytest.fixture
def job(world: World) -> Iterator[dict[str, Any]]:
    launched: dict[str, Any] = world.ask("launch", "--detach", "gears", "--set", f"tiles={TILES}")
    world.wait_live(TILES)
    yield launched
    world.end_started()
    world.ask("stop", launched["id"], "--remove")
    assert not world.processes()


def portal_pid(world: World) -> int:
    return int(json.loads((world.home / "portal.json").read_text())["pid"])


def agent_pid(world: World) -> int:
    (path,) = (world.home / "agents").glob("*.json")
    return int(json.loads(path.read_text())["pid"])


def up(world: World) -> tuple[subprocess.Popen[bytes], str]:
    process, log = world.start("up", "--port", "0")
    return process, world.opened(log)


def test_a_tiles_program_killed_comes_back_by_itself(world: World, job: dict[str, Any]) -> None:
    before = world.tiles()
    os.kill(before[1]["pid"], signal.SIGKILL)
    world.wait(lambda: world.tiles()[1]["pid"] not in (None, before[1]["pid"]), 20, "a new program runs")
    after = world.wait_live(TILES)
    assert after[1]["restarts"] == before[1]["restarts"] + 1
    assert [after[i]["pid"] for i in (0, 2)] == [before[i]["pid"] for i in (0, 2)]


def test_a_killed_node_agent_fails_the_job_with_a_cause_and_nothing_survives(world: World, job: dict[str, Any]) -> None:
    files = x_files(tile["display"] for tile in world.tiles())
    assert files
    os.kill(agent_pid(world), signal.SIGKILL)
    world.wait(lambda: world.ask("jobs")[0]["state"] == "failed", 20, "the job has failed")
    assert world.ask("jobs")[0]["reason"] == "the node agent was killed by SIGKILL"
    for tile in world.tiles():
        assert (tile["state"], tile["reason"]) == ("failed", "the node agent was killed by SIGKILL")
    world.wait(lambda: not world.processes(), 10, "no display or program survives")
    assert left(files) == []
    assert list((world.folder / "run").glob("tiledviz-*/*")) == []
    assert list((world.home / "agents").iterdir()) == []


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT])
def test_a_portal_that_ends_and_starts_again_shows_the_same_wall_and_no_tile_was_restarted(
    world: World, job: dict[str, Any], browser: Browser, number: signal.Signals
) -> None:
    process, url = up(world)
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    until(page, f"window.tiledviz.tiles().filter(t => t.state == 'live').length == {TILES}")
    before = world.tiles()
    shown = page.evaluate("window.tiledviz.tiles().map(t => [t.id, t.title])")
    port = re.search(r":(\d+)/", url)
    assert port

    process.send_signal(number)
    process.wait(20)
    until(page, "window.tiledviz.connection() != 'open'")
    world.wait(lambda: not any("tvcore.portal" in c for c in world.processes().values()), 10, "its workers ended")
    second, _log = world.start("up", "--port", port[1])
    until(page, "window.tiledviz.connection() == 'open'")
    until(page, f"window.tiledviz.tiles().filter(t => t.state == 'live').length == {TILES}")
    drawn = "async () => Object.values((await window.tiledviz.drawn()).tiles)"
    counts = page.evaluate(drawn)
    until(page, f"async b => (await ({drawn})()).every((n, i) => n > b[i])", counts)
    assert page.evaluate("window.tiledviz.tiles().map(t => [t.id, t.title])") == shown
    after = world.tiles()
    assert [(t["pid"], t["restarts"]) for t in after] == [(t["pid"], t["restarts"]) for t in before]
    context.close()
    second.send_signal(signal.SIGINT)
    assert second.wait(20) == 0


def test_ctrl_c_in_up_ends_the_portal_alone(world: World, job: dict[str, Any]) -> None:
    process, _ = up(world)
    process.send_signal(signal.SIGINT)
    assert process.wait(20) == 0
    assert [tile["state"] for tile in world.tiles()] == ["live"] * TILES
    assert not (world.home / "portal.json").exists()


def test_what_a_killed_portal_left_behind_is_in_nobodys_way(world: World) -> None:
    process, _ = up(world)
    os.kill(portal_pid(world), signal.SIGKILL)
    process.wait(20)
    assert (world.home / "portal.json").exists()
    done = subprocess.run(world.command("open"), env=world.env, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    again, _ = up(world)
    again.send_signal(signal.SIGINT)
    assert again.wait(20) == 0


def test_a_second_portal_and_a_port_in_use_are_one_clear_line_each(world: World) -> None:
    process, url = up(world)
    try:
        port = url.split(":")[2].split("/")[0]
        somebody_else = {**world.env, "TILEDVIZ_HOME": str(world.folder / "other")}
        for env, words in ((world.env, "already runs at"), (somebody_else, f"port {port} on 127.0.0.1 is in use")):
            done = subprocess.run(
                world.command("up", "--port", port), env=env, capture_output=True, text=True, check=False, timeout=60
            )
            assert (done.returncode, done.stderr.count("\n")) == (1, 1), done
            assert words in done.stderr
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(20)


def test_a_rendered_script_run_by_hand_joins_the_wall_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    script = world.ask("render", "gears", "--set", "tiles=1")["script"]
    for name in ("TILEDVIZ_HOME", "XDG_RUNTIME_DIR"):
        monkeypatch.setenv(name, world.env[name])
    job = LocalScheduler().submit(script)
    (tile,) = world.wait_live(1)
    assert tile["job"] == job
    world.ask("stop", job, "--remove")
    assert not world.processes()
