"""What the launch form asks of the portal: offers, checks, scripts, pictures, presets, over HTTP."""

from __future__ import annotations

import shutil
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from rows_kit import new_session

from portal_kit import Browser, RunningPortal
from tvcore import proc
from tvcore.portal import launch_calls, launch_messages
from waiting import wait_until

SOURCE = """
from pydantic import BaseModel, Field, SecretStr
from tvcore.cases import *


class Parameters(BaseModel):
    steps: int = Field(3, ge=1, le=9, description="how many")
    note: str = Field("", description="anything")
    key: SecretStr | None = Field(None, description="nobody's business")


@hookimpl
def case_info():
    return CaseInfo(name="{name}", title="Title", description="Words.", picture="{picture}")


@hookimpl
def case_parameters():
    return Parameters


@hookimpl
def case_members(parameters, count):
    return [Member(index=i, title=f"m{i}") for i in range(count or 3)]


@hookimpl
def case_tile(parameters, member):
    return TileSpec(command=("echo", parameters.note))
"""


def png(size: int = 0) -> bytes:
    """Return a PNG picture of one pixel, with *size* bytes more of nothing."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack("!I", len(data)) + kind + data + struct.pack("!I", zlib.crc32(kind + data))

    head = struct.pack("!IIBBBBB", 1, 1, 8, 0, 0, 0, 0)
    parts = [(b"IHDR", head), (b"tEXt", b"a\0" + b"x" * size), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def add(folder: Path, name: str, picture: bytes | str | None = None, source: str = SOURCE) -> None:
    """Write a plugin with a *picture* (a text: a link there) into *folder*."""
    (folder / name).mkdir(parents=True)
    if isinstance(picture, bytes):
        (folder / name / "picture.png").write_bytes(picture)
    elif picture:
        (folder / name / "picture.png").symlink_to(picture)
    text = source.replace("{name}", name).replace("{picture}", "picture.png" if picture is not None else "")
    (folder / name / "__init__.py").write_text(text)


SLOW = (
    SOURCE
    + """

@hookimpl
def case_prepare(report):
    import os, subprocess, time
    child = subprocess.Popen(["sleep", "600"])
    report(0.5, f"half of it {os.getpid()} {child.pid}")
    while not os.path.exists(os.path.join(os.environ["TILEDVIZ_HOME"], "go-on")):
        time.sleep(0.02)
    child.kill()
    report(1.0, "all")
"""
)
STUCK = SOURCE.replace(
    "\n\n\n@hookimpl",
    """

    @field_validator("note")
    @classmethod
    def _wait(cls, value):
        import os, time
        while not os.path.exists(os.path.join(os.environ["TILEDVIZ_HOME"], "check-on")):
            time.sleep(0.02)
        return value


@hookimpl""",
    1,
).replace("SecretStr\n", "SecretStr, field_validator\n")


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningPortal]:
    """A portal with plugins of its own."""
    home = tmp_path_factory.mktemp("desk")
    folder = home / "config" / "tiledviz" / "plugins"
    add(folder, "shapes", png())
    add(folder, "plain")
    add(folder, "stolen", "/etc/passwd")
    add(folder, "huge", png(launch_calls.PICTURE_MAX))
    add(folder, "faked", b"GIF89a")
    add(folder, "slow", source=SLOW)
    add(folder, "stuck", source=STUCK)
    add(folder, "broken", source="import nowhere\n")
    (home / "state").mkdir(mode=0o700)
    made = RunningPortal.__new__(RunningPortal)
    made.begin(home / "state", environment={"XDG_CONFIG_HOME": str(home / "config"), "TILEDVIZ_SITE_CONFIG": ""})
    made.wait()
    yield made
    assert made.stop() == 0
    text = made.log.read_text()
    shutil.rmtree(home, ignore_errors=True)
    assert "Traceback" not in text, text
    assert "hunter2" not in text


@pytest.fixture
def owner(desk: RunningPortal) -> Browser:
    return desk.login()


def check(owner: Browser, case: str, values: dict[str, Any], **more: Any) -> dict[str, Any]:
    answer = owner.post(f"/cases/{case}/check", {"set": values, **more})
    assert answer.status == 200, answer.json
    launch_messages.CheckAnswer.model_validate(answer.json)
    return dict(answer.json)


def test_the_cases_say_whether_they_have_a_picture_and_broken_ones_why(owner: Browser) -> None:
    found = {case["name"]: case for case in owner.get("/cases").json}
    assert found["shapes"]["picture"] is True
    assert found["plain"]["picture"] is False
    assert {"case_info", "case_tile"} <= set(found["shapes"]["hooks"])
    assert found["shapes"]["warnings"] == []
    assert "nowhere" in found["broken"]["error"]
    assert "parameters" not in found["broken"]


def test_a_picture_is_a_png_file_of_the_plugin_and_nothing_else(desk: RunningPortal, owner: Browser) -> None:
    answer = owner.get("/cases/shapes/picture")
    assert (answer.status, answer.content) == (200, png())
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert desk.login("admin").get("/cases/shapes/picture").status == 403
    assert Browser(desk).get("/cases/shapes/picture").status == 401
    for case, status, words in (
        ("plain", 404, "has no picture"), ("nosuch", 400, "there is no case"), ("broken", 409, "nowhere"),
    ):  # fmt: skip
        answer = owner.get(f"/cases/{case}/picture")
        assert (answer.status, words in answer.json["error"]) == (status, True), answer.json
    for case in ("stolen", "huge", "faked"):
        answer = owner.get(f"/cases/{case}/picture")
        assert answer.status in (400, 404, 409), case
        assert "root:" not in answer.content.decode()
    for path in ("/cases/../picture", "/cases/..%2f/picture", "/cases/UPPER/picture", "/cases/a%00/picture"):
        assert owner.get(path).status == 404, path


def test_what_the_site_offers_is_told_with_the_settings_that_hold(owner: Browser) -> None:
    answer = owner.get("/offers")
    assert answer.status == 200
    told = launch_messages.Offers.model_validate(answer.json)
    assert (told.scheduler, told.error) == ("local", "")
    assert told.partitions[0].cpus >= 1
    assert "cores" in told.partitions[0].says or "core" in told.partitions[0].says
    assert next(each for each in told.settings if each.key == "tiles.gl").schema_["enum"][0] == "auto"


def test_a_form_is_checked_as_a_whole_and_shows_the_script(owner: Browser) -> None:
    found = check(owner, "shapes", {"steps": "many", "job.nodes": "0", "nope": "<b>"}, tiles="x")
    assert [each["key"] for each in found["problems"]] == ["nope", "steps", "job.nodes", "--tiles"]
    found = check(owner, "shapes", {"steps": "4", "job.nodes": "2", "note": "'; $(id) é\"\n<script>"}, tiles="2")
    assert found["problems"] == []
    assert found["preview"].startswith("#!/bin/bash\n")
    assert found["warnings"] == [
        {"key": "job.nodes", "text": "nodes: this machine has at most 1 node, not 2 nodes"},
    ]  # fmt: skip
    assert check(owner, "shapes", {}, preview=False)["preview"] == ""
    assert "first makes" in check(owner, "gray_scott", {})["note"]


@pytest.mark.parametrize(("path", "body", "status", "words"), [
    ("/cases/nosuch/check", {}, 400, "there is no case 'nosuch'"),
    ("/cases/broken/check", {}, 409, "nowhere"),
    ("/cases/shapes/check", {"set": ["a"]}, 400, "set: "),
    ("/cases/shapes/check", {"given": {}}, 400, "given: "),
    ("/cases/shapes/check", {"tiles": [1]}, 400, "tiles"),
    ("/cases/shapes/prepare", {"set": {"steps": "many"}}, 400, "steps=many"),
    ("/cases/shapes/prepare", {"set": {"key": "hunter2"}}, 400, "key=…: it is a secret"),
    ("/presets", {"name": "x", "case": "shapes", "set": {"key": "hunter2"}}, 400, "key=…: it is a secret"),
    ("/launch", {"case": "shapes", "set": {"key": "hunter2"}}, 400, "key=…: it is a secret"),
    ("/cases/shapes/prepare", {"tiles": "x"}, 400, "'x' is not a valid integer"),
    ("/presets", {"name": "../x", "case": "shapes"}, 400, "name: "),
    ("/presets", {"name": "x", "case": "nosuch"}, 400, "there is no case"),
    ("/presets", {"name": "x", "case": "shapes", "set": {"steps": "0"}}, 400, "steps=0"),
    ("/presets/nosuch/remove", {}, 400, "there is no set of parameters nosuch"),
    ("/presets/nosuch/rename", {"to": "x"}, 400, "there is no set of parameters nosuch"),
    ("/presets/nosuch/rename", {"to": "a b"}, 400, "to: "),
])  # fmt: skip
def test_what_cannot_be_is_refused_in_one_line(
    owner: Browser, path: str, body: dict[str, Any], status: int, words: str
) -> None:
    answer = owner.post(path, body)
    assert answer.status == status, answer.json
    assert words in answer.json["error"]
    assert "\n" not in answer.json["error"]
    assert "hunter2" not in answer.content.decode()


def test_prepare_only_leaves_a_script_and_says_how_to_run_each_tile(desk: RunningPortal, owner: Browser) -> None:
    values = {"note": "a b"}
    answer = owner.post("/cases/shapes/prepare", {"set": values, "tiles": 2})
    assert answer.status == 200, answer.json
    done = launch_messages.PreparedAnswer.model_validate(answer.json)
    assert Path(done.path).read_text() == done.script
    assert Path(done.path).parent == desk.home / "prepared"
    assert [each.program for each in done.commands] == ["echo 'a b'"] * 2
    assert done.commands[1].command == "tiledviz try shapes --member 1 --set 'note=a b'"
    assert owner.get("/jobs").json == []


def test_forms_of_a_plugin_that_hangs_hold_up_nothing_else(desk: RunningPortal, owner: Browser) -> None:
    answers: list[Any] = []

    def ask() -> None:
        form = desk.login()
        answers.append(form.post("/cases/stuck/check", {"set": {"note": "a"}, "preview": False}))

    threads = [Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    try:
        for path in ("/tiles", "/jobs", "/offers"):
            assert owner.get(path).status == 200
        assert answers == [], "it answered before the plugin did"
    finally:
        (desk.home / "check-on").touch()
        for thread in threads:
            thread.join(60)
    assert [answer.json["problems"] for answer in answers] == [[]] * 6


def test_how_far_a_launch_is_can_be_asked_by_who_launched(desk: RunningPortal, owner: Browser) -> None:
    other = desk.login()
    request = "launch-00001"
    assert owner.get(f"/launches/{request}").status == 404
    answers: list[Any] = []
    body = {"set": {}, "tiles": 1, "request": request}
    thread = Thread(target=lambda: answers.append(owner.post("/cases/slow/prepare", body)))
    thread.start()
    seen: list[dict[str, Any]] = []
    asking = desk.login()
    asking.cookie, asking.key = owner.cookie, owner.key  # another connection of the same page

    def said(text: str) -> bool:
        answer = asking.get(f"/launches/{request}")
        if answer.status == 200:
            launch_messages.LaunchProgress.model_validate(answer.json)
            seen.append(answer.json)
        return any(text in each["text"] for each in seen)

    wait_until(lambda: said("half of it"), 30, "the progress is told")
    assert seen[-1] == {"fraction": 0.5, "text": seen[-1]["text"], "over": False}
    assert other.get(f"/launches/{request}").status == 404
    assert other.post(f"/launches/{request}/cancel").status == 404
    elsewhere = {"X-TiledViz-Session": new_session(desk.store)}
    assert asking.get(f"/launches/{request}", **elsewhere).status == 404, "nor the same login in another session"
    assert asking.post(f"/launches/{request}/cancel", headers=elsewhere).status == 404
    assert asking.post("/cases/slow/prepare", body).status == 409
    (desk.home / "go-on").touch()
    thread.join(30)
    assert answers[0].status == 200, answers[0].json
    assert asking.get(f"/launches/{request}").json["over"] is True
    assert asking.post(f"/launches/{request}/cancel").status == 409


def test_a_launch_under_way_is_given_up_with_all_that_it_started(desk: RunningPortal, owner: Browser) -> None:
    (desk.home / "go-on").unlink(missing_ok=True)
    request = "launch-00002"
    answers: list[Any] = []
    body = {"case": "slow", "set": {}, "tiles": 1, "request": request}
    thread = Thread(target=lambda: answers.append(owner.post("/launch", body)))
    thread.start()
    asking = desk.login()
    asking.cookie, asking.key = owner.cookie, owner.key
    told: dict[str, Any] = {}

    def said() -> bool:
        told.update(asking.get(f"/launches/{request}").json)
        return bool(told.get("text"))

    wait_until(said, 30, "the progress is told")
    running = [found for pid in told["text"].split()[-2:] if (found := proc.Process.of(int(pid)))]
    assert len(running) == 2
    assert asking.post(f"/launches/{request}/cancel").json == {"cancelled": True}
    thread.join(30)
    assert (answers[0].status, answers[0].json["error"]) == (409, "it was cancelled")
    wait_until(lambda: not any(each.alive for each in running), 30, "the case and what it started are gone")
    assert owner.get("/jobs").json == []


def test_presets_are_saved_read_renamed_and_removed_and_a_taken_name_is_409(owner: Browser) -> None:
    body = {"name": "mine", "case": "shapes", "set": {"steps": "4", "job.time": "30"}, "tiles": "2"}
    saved = owner.post("/presets", body)
    assert saved.status == 200, saved.json
    assert saved.json["parameters"] == {"steps": "4"}
    assert owner.post("/presets", body).status == 409
    assert owner.post("/presets", body | {"replace": True, "tiles": None}).json["tiles"] is None
    told = owner.get("/presets")
    launch_messages.Presets.model_validate(told.json)
    (mine,) = told.json["saved"]
    assert (mine["name"], mine["title"], mine["settings"]) == ("mine", "Title", {"job.time": "30"})
    assert owner.post("/presets/mine/rename", {"to": "yours"}).json == {"name": "yours"}
    assert owner.post("/presets/yours/remove", {}).json == {"name": "yours"}
    assert owner.get("/presets").json["saved"] == []


def test_a_launch_from_the_form_is_among_the_recent_ones(owner: Browser) -> None:
    job = owner.post("/launch", {"case": "shapes", "set": {"steps": "5", "tiles.size": "320x200"}, "tiles": 1}).json
    (recent,) = owner.get("/presets").json["recent"]
    assert (recent["parameters"], recent["settings"]) == ({"steps": 5}, {"tiles.size": "320x200"})
    assert (recent["case"], recent["tiles"]) == ("shapes", 1)
    again = {**recent["parameters"], **recent["settings"]}
    assert check(owner, "shapes", again, tiles=recent["tiles"])["problems"] == []
    assert owner.post(f"/jobs/{job['id']}/stop").status == 200
