"""What is installed: a wheel in an environment that has nothing else, and what ``make`` installs."""

from __future__ import annotations

import configparser
import json
import sys
import zipfile
from pathlib import Path

import pytest

from wheel_kit import ROOT, listed, run

MAPPED = {
    "plugins": "tvcore/plugins",
    "batch_templates": "tvcore/batch_templates",
    "singularity_defs": "tvcore/singularity_defs",
    "web_static": "tvcore/web_static",
    "tvcore": "tvcore",
}


def test_the_wheel_holds_every_file_of_the_mapped_folders_and_novnc_and_nothing_else(wheel: Path) -> None:
    held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    wanted = {MAPPED[name.split("/")[0]] + name[name.index("/") :] for name in listed(*MAPPED)}
    vendor = ROOT / "web_static/vendor"
    novnc = {
        f"tvcore/web_static/vendor/{path.relative_to(vendor).as_posix()}"
        for path in vendor.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    }
    assert any(name.endswith("core/rfb.js") for name in novnc)
    assert held == wanted | novnc


def test_every_package_is_named_in_setup_cfg() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    named = set(config["options"]["packages"].split())
    there = {
        (MAPPED[name.split("/")[0]] + name[name.index("/") :]).removesuffix("/__init__.py").replace("/", ".")
        for name in listed(*MAPPED)
        if name.endswith("/__init__.py")
    }
    assert named == there


@pytest.mark.parametrize("kind", ["wheel", "editable"])
def test_it_is_whole_where_it_is_installed_and_lists_the_bundled_cases(
    kind: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    # The editable install is the one that make made, in which these tests run.
    environment: Path = request.getfixturevalue("installed") if kind == "wheel" else Path(sys.prefix)
    cases = json.loads(run(environment / "bin/tiledviz", "cases", "--json", cwd=tmp_path))
    assert {case["name"] for case in cases} >= {"gears", "gray_scott"}
    assert not [case for case in cases if case.get("error")]
    check = (
        "from importlib.resources import files\n"
        "assert files('tvcore.web_static').joinpath('index.html').is_file()\n"
        "assert files('tvcore.web_static').joinpath('vendor/novnc/core/rfb.js').is_file()\n"
        "assert files('tvcore.batch_templates').joinpath('job.sh.j2').is_file()\n"
    )
    run(environment / "bin/python", "-c", check, cwd=tmp_path)
