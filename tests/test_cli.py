"""The command line, run as a person runs it."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tvcore.store import Store

VERBS = ["demo", "up", "open", "cases", "launch", "render", "offers", "jobs", "tiles", "logs", "stop"]
TILE_VERBS = [
    "restart", "stop", "remove", "resize", "run", "put", "get", "type", "key", "move", "click", "drag", "windows",
    "window",
]  # fmt: skip


def tiledviz(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tvcore", *arguments]
    return subprocess.run(
        command, capture_output=True, text=True, check=False, timeout=120, env={**os.environ, **(env or {})}
    )


def fails(code: int, words: str, *arguments: str, env: dict[str, str] | None = None) -> None:
    done = tiledviz(*arguments, env=env)
    assert done.returncode == code, done
    assert done.stdout == ""
    assert words in done.stderr
    assert done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("tiledviz: ")


def test_help_names_every_verb_and_each_verb_says_what_it_does(home: Path) -> None:
    text = tiledviz("--help").stdout
    for verb in VERBS:
        assert f"  {verb} " in text
        assert "Usage: tiledviz" in tiledviz(verb, "--help").stdout


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_takes_json(home: Path, verb: str) -> None:
    assert "--json" in tiledviz(verb, "--help").stdout


@pytest.mark.parametrize("verb", TILE_VERBS)
def test_every_verb_of_tiles_says_what_it_does_and_takes_json(home: Path, verb: str) -> None:
    assert f"  {verb} " in tiledviz("tile", "--help").stdout
    assert "--json" in tiledviz("tile", verb, "--help").stdout


def test_an_empty_store_is_told_kindly_and_as_json(home: Path) -> None:
    for verb in ("jobs", "tiles"):
        assert json.loads(tiledviz(verb, "--json").stdout) == []
        assert "tiledviz launch CASE" in tiledviz(verb).stdout


def test_cases_are_listed_with_where_they_come_from(home: Path) -> None:
    found = json.loads(tiledviz("cases", "--json").stdout)
    assert {(case["name"], case["source"]) for case in found} >= {("gears", "bundled"), ("gray_scott", "bundled")}
    assert "gears" in tiledviz("cases").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["launch", "gaers"], "there is no case 'gaers': there are"),
        (["launch", "gears", "--set", "nonsense=1"], "has no parameter 'nonsense'"),
        (["launch", "gears", "--set", "tiles"], "write it as KEY=VALUE"),
        (["launch", "gears", "--tiles", "0"], "at least one tile"),
        (["launch", "gears", "--tiles", "many"], "'many' is not a valid integer"),
        (["render", "gears", "--set", "a=1", "--set", "a=2"], "--set a is given twice"),
        (["frobnicate"], "No such command 'frobnicate'"),
        (["tiles", "F>"], "a value is missing before the end, at character 3 of 'F>'"),
        (["logs", "99"], "there is no tile 99"),
        (["logs", "local-00000000"], "there is no job local-00000000"),
        (["stop", "local-00000000"], "there is no job local-00000000"),
        (["launch"], "name a CASE (`tiledviz cases` lists them), or a job with --again JOB"),
        (["launch", "gears", "--again", "7"], "one of the two"),
        (["launch", "--again", "7", "--tiles", "2"], "takes neither --set nor --tiles"),
        (["launch", "--again", "local-00000000"], "there is no job local-00000000"),
        (["tile", "restart", "3"], "there is no tile 3"),
        (["tile", "stop", "all"], "there is no such tile"),
        (["tile", "stop", "all", "--where", "F>"], "a value is missing before the end"),
        (["tile", "run", "one", "ls"], "'one' are no tiles: write numbers"),
        (["tile", "run", "1"], "COMMAND"),
        (["tile", "resize", "1", "big"], "'big' is no size: write it as WIDTHxHEIGHT"),
        (["tile", "window", "1", "explode"], "'explode' is not one of"),
        (["up", "--port", "99999"], "99999 is not in the range"),
    ],
)
def test_bad_usage_is_one_line_and_exit_code_2(home: Path, arguments: list[str], words: str) -> None:
    fails(2, words, *arguments)


def test_a_failure_is_one_line_and_exit_code_1(home: Path) -> None:
    fails(1, "no portal of yours is running: start one with `tiledviz up`", "open")


@pytest.mark.parametrize("verb", ["up", "demo"])
def test_a_port_in_use_is_one_line(home: Path, verb: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        fails(1, f"port {port} on 127.0.0.1 is in use", verb, "--port", str(port))


def test_a_state_folder_of_somebody_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path)
    fails(1, "is not a folder of yours", "jobs", env={"TILEDVIZ_HOME": str(tmp_path / "link")})
    (tmp_path / "file").write_text("")
    fails(1, "cannot make the folder", "jobs", env={"TILEDVIZ_HOME": str(tmp_path / "file")})


def test_a_rendered_script_is_one_that_bash_takes(home: Path) -> None:
    script = tiledviz("render", "gears", "--tiles", "2").stdout
    assert script.startswith("#!/bin/bash\n")
    assert "\n#SBATCH --nodes=1\n" in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    assert json.loads(tiledviz("render", "gears", "--tiles", "2", "--json").stdout)["script"] == script


@pytest.fixture
def no_xvnc(tmp_path: Path) -> dict[str, str]:
    """The environment of a machine on which jobs start, and fail."""
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "setpriv", "setsid", "nice", "env"):
        found = next(Path(folder, name) for folder in ("/usr/bin", "/bin") if Path(folder, name).exists())
        (tools / name).symlink_to(found)
    return {"PATH": str(tools)}


def failed_job(env: dict[str, str], until: Callable[..., None], *arguments: str) -> str:
    launched = tiledviz("launch", *arguments, "--detach", "--json", env=env)
    assert launched.returncode == 0, launched
    job: str = json.loads(launched.stdout)["id"]
    until(lambda: json.loads(tiledviz("jobs", "--json").stdout)[0]["state"] == "failed", seconds=30)
    return job


def test_what_people_made_of_tiles_is_on_those_that_are_launched_again(
    home: Path, no_xvnc: dict[str, str], until: Callable[..., None]
) -> None:
    job = failed_job(no_xvnc, until, "gears", "--tiles", "3")
    gone, old, last = (tile["id"] for tile in json.loads(tiledviz("tiles", "--json").stdout))
    assert tiledviz("tile", "remove", str(gone)).returncode == 0
    made: list[list[object]] = [[f"tags/{old}/hot", True], [f"tile/{old}/rotation", 90], [f"order/{last}", "b"]]
    act = {"id": "a-1", "set": made, "text": [[f"note/{old}", [["+", "", "split here"]]]]}
    with contextlib.closing(Store.open()) as store:
        store.rooms.append("main", "ann", "editor", [act])
        again = failed_job(no_xvnc, until, "--again", job)
        found = json.loads(tiledviz("tiles", "--json").stdout)
        assert [(tile["job"], tile["index"]) for tile in found] == [(again, 1), (again, 2)]
        new, new_last = (tile["id"] for tile in found)
        assert store.rooms.document("main").plain() == {
            "registers": {f"order/{new_last}": "b", f"tags/{new}/hot": True, f"tile/{new}/rotation": 90},
            "texts": {f"note/{new}": "split here"},
        }
    assert json.loads(tiledviz("tiles", "tag:hot", "--json").stdout)[0]["id"] == new
    assert "nothing that the command line did" in tiledviz("session", "undo").stderr


def test_without_xvnc_the_job_fails_and_says_what_to_install(
    home: Path, no_xvnc: dict[str, str], until: Callable[..., None]
) -> None:
    job = failed_job(no_xvnc, until, "gears", "--tiles", "1")
    assert "tigervnc-standalone-server" in "\n".join(json.loads(tiledviz("logs", job, "--json").stdout)["lines"])
    (tile,) = json.loads(tiledviz("tiles", "--json").stdout)
    assert tile["state"] == "failed"
    assert "Xvnc is not installed" in tile["reason"]


def test_config_show_says_what_holds_and_where_it_comes_from(home: Path, tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text('[job]\npartition = "visu"\n')
    done = tiledviz("config", "show", "--json", env={"TILEDVIZ_SITE_CONFIG": str(site)})
    found = {entry["key"]: entry for entry in json.loads(done.stdout)}
    assert (found["job.partition"]["value"], found["job.partition"]["source"]) == ("visu", str(site))
    assert (found["job.nodes"]["value"], found["job.nodes"]["source"]) == (1, "default")
    text = tiledviz("config", "show", env={"TILEDVIZ_SITE_CONFIG": str(site)}).stdout
    assert "job.partition" in text
    assert str(site) in text
    site.write_text("[job]\npartitoin = 1\n")
    broken = tiledviz("config", "show", env={"TILEDVIZ_SITE_CONFIG": str(site)})
    assert (broken.returncode, broken.stdout) == (2, "")
    assert "did you mean partition" in broken.stderr
    assert len(broken.stderr.splitlines()) == 1
