"""Plugins that do what none should: each costs one line, and the others, the command line and the portal go on."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from plugin_kit import write_plugin, write_sample
from portal_kit import RunningPortal
from tvcore.cases import catalog
from tvcore.config import own_file
from tvcore.errors import TiledVizError

SECRET = "tell-nobody-4711"


def hang(where: str) -> str:
    return f"def {where}():\n    import time\n    time.sleep(1000)"


# By name: how the plugin is written, and what is said of it; those that hang or eat do so within a second or two.
HOSTILE = {
    "no_import": (
        "raise RuntimeError('no way')",
        r"cannot be imported: RuntimeError: no way \(no_import\.py, line 1\)",
    ),
    "no_syntax": ("def (:\n", r"cannot be imported: SyntaxError: .*no_syntax\.py, line 1"),
    "no_module": (
        "import nonesuch_module",
        "cannot be imported: ModuleNotFoundError: No module named 'nonesuch_module'",
    ),
    "exits": ("import sys\nsys.exit(3)", "cannot be imported: SystemExit: 3"),
    "ends": ("import os\nos._exit(0)", "ended its process in its import"),
    "crashes": ("import ctypes\nctypes.string_at(1)", "crashed in its import"),
    "sleeps": ("import time\ntime.sleep(1000)", "took longer than 5 s in its import and was given up"),
    "spins": ("while True:\n    pass", "took longer than 5 s in its import and was given up"),
    "deaf": (
        "import signal as s, time\ns.signal(s.SIGTERM, s.SIG_IGN)\ns.signal(s.SIGINT, s.SIG_IGN)\ntime.sleep(1000)",
        "took longer than 5 s in its import",
    ),
    "eats": ("x = bytearray(8 << 30)", "cannot be imported: MemoryError|wanted more than 1G memory"),
    "gobbles": ("x = []\nwhile True:\n    x.append(bytearray(1 << 28))", "MemoryError|wanted more than 1G memory"),
    "chatters": (
        "from tvcore.apart_call import report\nwhile True:\n    report(0.5, 'still there')",
        "took longer than 5 s in its import",
    ),
    "babbles": (
        'import os\nfor fd in range(3, 40):\n    try:\n        os.write(fd, b\'{"report"garbage\\n{"ended": \\n\')\n'
        "    except OSError:\n        pass",
        "answered too much, or nonsense, in its import",
    ),
    "daemon": ("import os\nos.system('setsid sleep 300 &')\nraise RuntimeError('gone')", "RuntimeError: gone"),
    "murders": ("import os\nos.kill(os.getppid(), 9)\nimport time\ntime.sleep(100)", "was killed in its import"),
    "no_hooks": ("x = 1", "implements no hook"),
}


@pytest.fixture
def hostile(home: Path) -> dict[str, str]:
    own_file().parent.mkdir(parents=True, exist_ok=True)
    own_file().write_text('[plugins]\nseconds = 5\nmemory = "1G"\n')
    for name, (source, _) in HOSTILE.items():
        write_plugin(name, source)
    write_sample("raises", case_info="def case_info():\n    raise ValueError('never')")
    write_sample("hangs", case_info=hang("case_info"))
    write_sample("garbage", case_parameters="def case_parameters():\n    return object()")
    write_sample("signature", case_tile="def case_tile(parameters, wrong):\n    return None")
    write_sample("prints", head=f"import sys\nprint('{SECRET}')\nprint('{SECRET}', file=sys.stderr)")
    write_sample("fine")
    return {name: words for name, (_, words) in HOSTILE.items()} | {
        "raises": "failed in case_info: ValueError: never",
        "hangs": "took longer than 5 s in case_info and was given up",
        "garbage": "case_parameters must return a type, not object",
        "signature": "case_tile has no argument wrong: it may have parameters, member",
    }


def test_each_hostile_plugin_is_one_line_and_the_others_work(hostile: dict[str, str]) -> None:
    found = {each.name: each for each in catalog.describe_all()}
    assert {name for name, each in found.items() if each.error} == set(hostile)
    for name, words in hostile.items():
        error = found[name].error
        with pytest.raises(TiledVizError, match=words):
            raise TiledVizError(error)
        assert "\n" not in error
        assert name in error
    for name in ("fine", "prints", "gears", "gray_scott"):
        assert not found[name].error
        assert found[name].title
    assert catalog.survey("fine", {}, None, None, lambda *_: None).titles == ("m0", "m1", "m2")


@pytest.fixture
def portal(hostile: dict[str, str], home: Path) -> Iterator[RunningPortal]:
    running = RunningPortal(home)
    yield running
    running.stop()


def test_the_portal_and_the_command_line_go_on_and_nothing_that_a_plugin_prints_gets_anywhere(
    hostile: dict[str, str], portal: RunningPortal
) -> None:
    browser = portal.login()
    listed = {case["name"]: case for case in browser.get("/cases").json}
    assert {name for name, case in listed.items() if "error" in case} == set(hostile)
    assert "error" not in listed["fine"]
    refused = browser.post("/launch", {"case": "hangs"})
    assert refused.status == 409
    assert "took longer than 5 s in case_info" in refused.json["error"]
    assert browser.get("/tiles").status == 200
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tvcore", "cases", "--json"], capture_output=True, text=True, check=True
    )
    assert {case["name"] for case in json.loads(done.stdout)} == set(listed)
    assert SECRET not in portal.log.read_text()
