"""What a launch form is told: all that is wrong, word for word as ``--set`` says it, and the script; presets."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tvcore import api, cli, launch_form, offers, paths, presets
from tvcore.batch.offered import Offered, Partition
from tvcore.batch.schedulers import schedulers
from tvcore.cases import catalog
from tvcore.cases.sources import own_folder
from tvcore.config import own_file
from tvcore.errors import TiledVizError, UsageError
from tvcore.store import Store
from tvcore.store.presets import PresetTakenError

CASE = """
from typing import Literal
from pydantic import BaseModel, Field, SecretStr, field_validator
from tvcore.cases import *


class Inner(BaseModel):
    depth: int = 1


class Parameters(BaseModel):
    steps: int = Field(10, ge=1, le=1000, description="how many", json_schema_extra={"unit": "s"})
    rate: float = Field(0.5, gt=0, lt=1, description="how fast")
    colour: Literal["red", "green"] = Field("red", description="of what")
    fine: bool = Field(False, description="or coarse")
    name: str = Field("ok", max_length=20, pattern="^ok", description="of it")
    note: str = Field("", description="anything")
    inner: Inner = Inner()
    key: SecretStr | None = Field(None, description="nobody's business")

    @field_validator("note")
    @classmethod
    def _no_stop(cls, value):
        if value == "stop":
            raise ValueError("it must not be stop")
        return value


@hookimpl
def case_info():
    return CaseInfo(name="shapes", title="Shapes & more", description="For a test.")


@hookimpl
def case_parameters():
    return Parameters


@hookimpl
def case_members(parameters, count):
    return [Member(index=i, title=f"m{i}") for i in range(count or 3)]


@hookimpl
def case_tile(parameters, member):
    return TileSpec(command=("echo", parameters.note, f"m {member.index}"), environment={"A": "it's"})
"""

HOSTILE = [
    "", " ", "\n", "a\nb", "\x1b[2J", "\u2028", "é☃", "<script>alert(1)</script>", "'; rm -rf ~; '", '"', "$(reboot)",
    "`id`", "%s{0}{x}", "../../etc/passwd", "x" * 10_000, "-1", "1e400", "nan", "1" * 5000, "true", "null", "[1]",
    "a=b=c", "--tiles", "\\",
]  # fmt: skip
SETTINGS = [
    ("job.nodes", "0"), ("job.nodes", "many"), ("job.nodes", "2.5"), ("job.time", "5:00"), ("job.time", "soon"),
    ("job.memory", "lots"), ("job.gres", "gpu:"), ("job.cpus", "-3"), ("job.account", "a\nb"),
    ("job.sbatch", "--wrap=x"), ("job.container", "docker"), ("job.prologue", "x"), ("job.partition", "x" * 1001),
    ("tiles.size", "9x9"), ("tiles.gl", "best"), ("scheduler.backend", "PBS!"), ("wall.cores", "inf"),
    ("job.modules", "a b;c"), ("nowhere.at", "1"), ("nodse", "1"), ("job.", "1"), (".", "1"),
]  # fmt: skip


@pytest.fixture
def case() -> str:
    own_folder().mkdir(parents=True)
    (own_folder() / "shapes.py").write_text(CASE)
    return "shapes"


class Typed:
    """The command line, within this process: what it printed on either output, and its exit code."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        self._monkeypatch.setattr(sys, "argv", ["tiledviz", *arguments])
        code = 0
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        return code, *self._capsys.readouterr()

    def refusal(self, case: str, key: str, value: str) -> str:
        """Return what ``tiledviz render CASE --set KEY=VALUE`` says against it, empty when nothing is wrong."""
        code, _, err = self("render", case, "--set", f"{key}={value}")
        assert (code, err.count("\n"), err.startswith("tiledviz: ")) in [(2, 1, True), (0, 0, False)], err
        return err.removeprefix("tiledviz: ").rstrip("\n")


@pytest.fixture
def typed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Typed:
    return Typed(monkeypatch, capsys)


# ------------------------------------------------------------------ word for word


def test_what_is_said_of_a_parameter_is_word_for_word_what_set_says(case: str, typed: Typed) -> None:
    good = {"steps": "5", "rate": "0.5", "colour": "red", "fine": "yes", "name": "okay", "note": "a b"}
    for key in (*good, "inner", "nonsense"):
        hostile = HOSTILE if key == "steps" else HOSTILE[:: 3 if key == "note" else 6]
        for value in (*hostile, "stop", *([good[key]] if key in good else [])):
            said = typed.refusal(case, key, value)
            found = launch_form.check_form(case, {key: value}, preview=False)
            assert found["problems"] == ([{"key": key, "text": said}] if said else []), (key, value[:50])
            assert said or key == "note" or value == good[key], (key, value)
    assert typed.refusal(case, "note", "stop").endswith("it must not be stop")


def test_what_is_said_of_a_setting_is_word_for_word_what_set_says(case: str, typed: Typed) -> None:
    for key, value in [*SETTINGS, *(("job.account", value) for value in HOSTILE), *(("job.nodes", v) for v in HOSTILE)]:
        said = typed.refusal(case, key, value)
        found = launch_form.check_form(case, {key: value}, preview=False)
        assert found["problems"] == ([{"key": key, "text": said}] if said else []), (key, value[:50])
        assert said or (key, value) not in SETTINGS


def test_the_real_command_says_the_very_same(case: str) -> None:
    command = [sys.executable, "-m", "tvcore", "launch", case, "--set", "steps=" + "x" * 10_000]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    (problem,) = launch_form.check_form(case, {"steps": "x" * 10_000})["problems"]
    assert (done.returncode, done.stderr) == (2, f"tiledviz: {problem['text']}\n")


def test_all_that_is_wrong_is_told_at_once_each_under_its_key(case: str) -> None:
    wrong = {"steps": "0", "rate": "x", "nope": "1", "job.nodes": "0", "nodes": "2", "job.time": "x", "note": "stop"}
    found = launch_form.check_form(case, wrong, "many")
    assert [each["key"] for each in found["problems"]] == [
        "nope", "nodes", "steps", "rate", "note", "job.nodes", "job.time", "--tiles",
    ]  # fmt: skip
    assert all("\n" not in each["text"] and len(each["text"]) < 1000 for each in found["problems"])
    assert (found["preview"], found["note"]) == ("", "")


def test_a_character_that_no_program_can_get_is_refused_in_one_line(case: str) -> None:
    (problem,) = launch_form.check_form(case, {"note": "a\0b"})["problems"]
    assert problem["key"] == ""
    assert "NUL" in problem["text"]
    (problem,) = launch_form.check_form(case, {"job.account": "a\0b"})["problems"]
    assert "U+0000" in problem["text"]


@pytest.mark.parametrize(("tiles", "words"), [
    ("many", "'many' is not a valid integer"), ("0", "at least one tile"), (-3, "at least one tile"),
    ("2.5", "not a valid integer"), (True, "not a valid integer"), ("70000", "at most 65535 tiles"),
    ([1], "not a valid integer"),
])  # fmt: skip
def test_a_number_of_tiles_that_cannot_be_is_told(case: str, tiles: object, words: str) -> None:
    (problem,) = launch_form.check_form(case, {}, tiles)["problems"]
    assert problem["key"] == "--tiles"
    assert words in problem["text"]


def test_json_values_are_taken_as_well_as_the_texts_that_one_types(case: str) -> None:
    typed = {"steps": "7", "rate": "0.25", "fine": "true", "job.nodes": "1", "job.modules": "gcc/12.2 cuda"}
    as_json = {"steps": 7, "rate": 0.25, "fine": True, "job.nodes": 1, "job.modules": ["gcc/12.2", "cuda"]}
    first, second = (launch_form.check_form(case, given, 2) for given in (typed, as_json))
    assert first == second
    assert first["problems"] == []
    assert "gcc/12.2 cuda" in first["preview"]


def test_a_secret_is_refused_in_one_line_wherever_a_launch_would_keep_or_show_it(
    case: str, typed: Typed, store: Store
) -> None:
    inner = 'depth: int = 1\n    word: SecretStr = SecretStr("hush")'
    (own_folder() / "shapes.py").write_text(CASE.replace("depth: int = 1", inner))
    for given, key in ({"key": "hunter2"}, "key"), ({"inner": {"word": "hunter2"}}, "inner"):
        (problem,) = launch_form.check_form(case, given)["problems"]
        assert problem["key"] == key
        assert problem["text"].startswith(f"the case shapes cannot take {key}=…: it is a secret, and what a case is")
        does: list[Any] = [
            partial(api.launch, store), launch_form.prepare_only, partial(presets.save, store, "x"), catalog.check
        ]  # fmt: skip
        for do in does:
            with pytest.raises(UsageError) as refused:
                do(case, given)
            assert str(refused.value) == problem["text"]
    assert typed.refusal(case, "key", "hunter2").startswith("the case shapes cannot take key=…: it is a secret")
    assert "warning: case_parameters: key cannot be given: it is a secret" in typed("plugin", "check", case)[1]
    # Those that nobody gave are as the plugin has them, on nodes and in a launch again too: no stars.
    plan, _ = api.plan_case(case, {"steps": "7"}, 1)
    assert plan.parameters["steps"] == 7
    assert not {"key", "inner"} & set(plan.parameters)
    assert catalog.check(case, plan.parameters) == plan.parameters


# ------------------------------------------------------------------ script, limits


def test_the_script_shown_is_the_one_that_render_prints(case: str) -> None:
    given = {"note": "it's $(x)", "job.time": "30"}
    assert launch_form.check_form(case, given, "2")["preview"] == api.render(case, given, 2)
    assert launch_form.check_form(case, given, "2", preview=False)["preview"] == ""


def test_a_case_that_prepares_shows_no_script_until_it_has_and_is_not_made_to(case: str, home: Path) -> None:
    path = own_folder() / "shapes.py"
    path.write_text(CASE + f"\n@hookimpl\ndef case_prepare():\n    open({str(home / 'made')!r}, 'w').close()\n")
    found = launch_form.check_form(case, {})
    assert (found["problems"], found["preview"]) == ([], "")
    assert "--prepare-only" in found["note"]
    assert not (home / "made").exists()
    assert launch_form.prepare_only(case, {})["script"].startswith("#!/bin/bash\n")
    assert (home / "made").exists()


def test_what_a_partition_does_not_have_is_a_warning_with_its_number_and_no_problem(
    case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Offered((Partition("cpu", default=True, nodes=4, time=3600.0, cpus=64),))
    monkeypatch.setattr(offers, "known", lambda _backend: site)
    found = launch_form.check_form(case, {"job.nodes": "5", "job.time": "2:00:00", "job.cpus": "64"}, 5)
    assert found["problems"] == []
    assert found["warnings"] == [
        {"key": "job.nodes", "text": "nodes: the partition cpu has at most 4 nodes, not 5 nodes"},
        {"key": "job.time", "text": "time: the partition cpu has at most 01:00:00, not 02:00:00"},
    ]
    assert found["preview"]


def test_a_scheduler_that_is_not_here_is_a_warning_and_one_that_is_nowhere_a_problem(case: str, store: Store) -> None:
    found = launch_form.check_form(case, {"scheduler.backend": "slurm"})
    assert [each["key"] for each in found["warnings"]] == ["scheduler.backend"]
    assert "sbatch was not found" in found["warnings"][0]["text"]
    assert found["preview"]  # the script may be meant for another machine
    (problem,) = launch_form.check_form(case, {"scheduler.backend": "pbs"})["problems"]
    assert problem["key"] == "scheduler.backend"
    with pytest.raises(TiledVizError) as refused:
        api.launch(store, case, {"scheduler.backend": "pbs"})
    assert str(refused.value) == problem["text"]


def test_this_machine_is_what_is_offered_without_a_batch_system(home: Path) -> None:
    found = offers.offers()
    assert (found["scheduler"], found["error"], found["accounts"]) == ("local", "", [])
    (here,) = found["partitions"]
    assert (here["name"], here["nodes"], here["time"]) == ("", 1, None)
    assert here["cpus"] == len(os.sched_getaffinity(0))
    assert here["memory"] > 1 << 28
    keys = {each["key"]: each for each in found["settings"]}
    assert keys["job.nodes"]["schema"]["minimum"] == 1
    assert (keys["job.nodes"]["value"], keys["job.nodes"]["source"]) == (1, "default")
    assert "job.prologue" not in keys  # files only
    own_file().parent.mkdir(parents=True, exist_ok=True)
    own_file().write_text("[job]\nnodes = 3\n[scheduler]\nbackend = 'nosuch'\n")
    found = offers.offers()
    assert "nosuch" in found["error"]
    assert found["partitions"] == []
    assert next(each for each in found["settings"] if each["key"] == "job.nodes")["value"] == 3
    assert "\n" not in found["error"]


# ------------------------------------------------------------------ prepare only


def test_prepare_only_stages_all_and_its_commands_run_a_tile_by_hand(case: str, home: Path) -> None:
    given = {"note": 'it\'s $(x) "q"', "tiles.size": "320x200"}
    found = launch_form.prepare_only(case, given, 2)
    path = Path(found["path"])
    assert (path.parent, path.stat().st_mode & 0o777) == (home / "prepared", 0o600)
    assert path.read_text() == found["script"] == api.render(case, given, 2)
    assert found["submit"] == ""  # there is no batch system
    assert [(each["tile"], each["title"]) for each in found["commands"]] == [(0, "m0"), (1, "m1")]
    second = found["commands"][1]
    assert shlex.split(second["program"]) == ["env", "A=it's", "echo", given["note"], "m 1"]
    words = shlex.split(second["command"])
    assert words == [
        "tiledviz", "try", case, "--member", "1", "--set", f"note={given['note']}", "--set", "tiles.size=320x200",
    ]  # fmt: skip
    for number in range(launch_form.PREPARED_MAX + 2):
        (home / "prepared" / f"old-{number}.sh").touch()
        os.utime(home / "prepared" / f"old-{number}.sh", (number, number))
    launch_form.prepare_only(case, {}, 1)
    left = list((home / "prepared").iterdir())
    assert len(left) == launch_form.PREPARED_MAX
    assert path in left


def test_the_command_line_prepares_only_too(case: str, home: Path, typed: Typed) -> None:
    code, out, _ = typed("launch", case, "--prepare-only", "--tiles", "2")
    lines = out.splitlines()
    assert code == 0
    assert lines[0].startswith(f"The script is {home}/prepared/shapes-")
    assert lines[1:] == [f"tiledviz try shapes --member {k}  # m{k}" for k in range(2)]
    store = Store.open()
    assert store.jobs() == []
    store.close()


# ------------------------------------------------------------------ presets


@pytest.fixture
def store(home: Path) -> Any:
    opened = Store.open()
    yield opened
    opened.close()


@pytest.mark.usefixtures("engine")
def test_a_set_of_parameters_is_kept_listed_renamed_replaced_and_removed(case: str, store: Store) -> None:
    given = {"steps": "7", "nodes": "2", "tiles.size": "320x200"}
    saved = presets.save(store, "big", case, given, "4")
    assert (saved["parameters"], saved["settings"]) == ({"steps": "7"}, {"job.nodes": "2", "tiles.size": "320x200"})
    assert (saved["title"], saved["tiles"]) == ("Shapes & more", 4)
    assert abs(saved["saved"] - time.time()) < 60
    assert presets.presets(store)["saved"] == [saved]
    with pytest.raises(PresetTakenError, match="big already"):
        presets.save(store, "big", case, {})
    presets.save(store, "big", case, {"steps": "8"}, replace=True)
    presets.save(store, "small", case, {})
    with pytest.raises(PresetTakenError):
        presets.rename(store, "small", "big")
    presets.rename(store, "small", "a.little")
    found = presets.presets(store)
    assert [(each["name"], each["parameters"]) for each in found["saved"]] == [
        ("a.little", {}),
        ("big", {"steps": "8"}),
    ]
    presets.remove(store, "big")
    for act in (presets.read, presets.remove):
        with pytest.raises(UsageError, match="there is no set of parameters big"):
            act(store, "big")


def test_what_cannot_be_launched_is_not_kept(case: str, store: Store) -> None:
    for name, given, words in (
        ("a b", {}, "cannot be a set's name"), ("", {}, "cannot be a set's name"), ("x" * 81, {}, "cannot be"),
        ("x", {"steps": "many"}, "steps=many"), ("x", {"job.nodes": "0"}, "--set job.nodes='0'"),
        ("x", {"nodse": "1"}, "did you mean nodes?"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=words):
            presets.save(store, name, case, given)
    with pytest.raises(UsageError, match="there is no case 'shaeps'"):
        presets.save(store, "x", "shaeps", {})
    (own_folder() / "shapes.py").write_text("import nowhere\n")
    with pytest.raises(TiledVizError, match="cannot be imported"):
        presets.save(store, "x", case, {})
    assert presets.presets(store)["saved"] == []


def test_a_job_for_a_session_that_goes_while_it_is_launched_is_not_submitted_or_is_stopped(
    case: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(UsageError, match=r"no session .?s-0000dead"):
        api.launch(store, case, session="s-0000dead")
    folder = paths.jobs_dir()
    assert not folder.exists() or not list(folder.iterdir())
    # The moment between that look and the job's tiles cannot be hit from outside.
    monkeypatch.setattr(store.sessions, "project_of", lambda key: 1)
    with pytest.raises(UsageError, match=r"no session .?s-0000dead"):
        api.launch(store, case, session="s-0000dead")
    (job,) = (each.name for each in folder.iterdir())
    assert schedulers()["local"].jobs([job])[job].state.ended
    assert store.jobs() == []


@pytest.mark.usefixtures("engine")
def test_recent_launches_are_each_but_once_the_last_first_without_defaults(case: str, store: Store) -> None:
    for given, tiles in (({"steps": "7"}, 2), ({"tiles.size": "320x200"}, 1), ({"steps": "7"}, 2)):
        api.stop(store, api.launch(store, case, given, tiles)["id"])
    found = presets.presets(store)
    assert found["saved"] == []
    assert [(each["parameters"], each["settings"], each["tiles"]) for each in found["recent"]] == [
        ({"steps": 7}, {}, 2), ({}, {"tiles.size": "320x200"}, 1),
    ]  # fmt: skip
    assert {each["title"] for each in found["recent"]} == {"Shapes & more"}
    again = found["recent"][0]
    assert launch_form.check_form(case, {**again["parameters"], **again["settings"]}, again["tiles"])["problems"] == []


def test_what_is_kept_of_a_launch_is_what_one_types_again_from_any_folder(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a,b").mkdir()
    for name in ("a,b/1.png", "2.png"):
        (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n")
    monkeypatch.chdir(tmp_path)
    given, kept = {"paths": r"a\,b,2.png", "subfolders": "no"}, rf"{tmp_path}/a\,b,{tmp_path}/2.png"
    presets.save(store, "mine", "pictures", given)
    (first, _) = launch_form.prepare_only("pictures", given)["commands"]
    api.stop(store, api.launch(store, "pictures", given)["id"])
    monkeypatch.chdir("/")
    assert shlex.split(first["command"])[5:] == ["--set", f"paths={kept}", "--set", "subfolders=no"]
    found = presets.presets(store)
    assert found["saved"][0]["parameters"] == {"paths": kept, "subfolders": "no"}
    assert found["recent"][0]["parameters"] == {"paths": kept}
    plan, _ = api.plan_case("pictures", {"paths": kept})
    assert [Path(tile.source).name for tile in plan.tiles] == ["1.png", "2.png"]
    assert presets._chosen({"binds": "", "cmd": "x"}, catalog.describe("command").parameters) == {"cmd": "x"}


def test_presets_on_the_command_line(case: str, typed: Typed) -> None:
    set_ = ["--set", "steps=7", "--set", "note=from the preset", "--set", "nodes=2", "--tiles", "3"]
    assert typed("presets", "save", "mine", case, *set_)[0] == 0
    assert "mine" in typed("presets", "list")[1]
    code, _, err = typed("presets", "save", "mine", case)
    assert (code, err.count("\n")) == (2, 1)
    assert "--replace" in err
    over = ["--set", "steps=8", "--set", "nodes=1", "--tiles", "1"]
    found = json.loads(typed("launch", "--preset", "mine", *over, "--prepare-only", "--json")[1])
    assert len(found["commands"]) == 1
    assert shlex.split(found["commands"][0]["command"])[5:] == [
        "--set", "steps=8", "--set", "note=from the preset", "--set", "job.nodes=1",
    ]  # fmt: skip
    assert "is for the case shapes, not gears" in typed("launch", "gears", "--preset", "mine")[2]
    assert "takes neither --preset" in typed("launch", "--again", "7", "--preset", "mine")[2]
    assert typed("presets", "rename", "mine", "yours")[0] == 0
    assert typed("presets", "remove", "yours")[0] == 0
    assert "no set of parameters yours" in typed("launch", "--preset", "yours")[2]
    assert "1 node" in typed("offers")[1]
