"""What is installed: a wheel, and an editable install, each in an environment that has nothing else."""

from __future__ import annotations

import configparser
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MAPPED = {
    "plugins": "tvcore/plugins",
    "batch_templates": "tvcore/batch_templates",
    "singularity_defs": "tvcore/singularity_defs",
    "web_static": "tvcore/web_static",
    "tvcore": "tvcore",
}


def run(*command: str | Path, cwd: Path | None = None) -> str:
    done = subprocess.run([str(part) for part in command], cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}: {done.stdout[-2000:]}{done.stderr[-2000:]}"
    return done.stdout


def listed(*folders: str) -> list[str]:
    """Return the repository's files below *folders*, those not yet committed among them."""
    out = run("git", "ls-files", "-co", "--exclude-standard", "-z", *folders, cwd=ROOT)
    return [name for name in out.split("\0") if name and (ROOT / name).exists()]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the repository, with noVNC where ``make`` puts it."""
    folder = tmp_path_factory.mktemp("source")
    for name in listed():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    shutil.copytree(ROOT / "web_static/vendor", folder / "web_static/vendor")
    return folder


@pytest.fixture(scope="module")
def wheel(source: Path) -> Path:
    run(sys.executable, "-m", "build", "--wheel", "--outdir", source / "dist", source)
    (found,) = (source / "dist").glob("*.whl")
    return found


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
def test_it_installs_into_a_clean_environment_and_lists_the_bundled_cases(
    kind: str, wheel: Path, source: Path, tmp_path: Path
) -> None:
    run(sys.executable, "-m", "venv", tmp_path / "env")
    python = tmp_path / "env/bin/python"
    what = [wheel] if kind == "wheel" else ["-e", source]
    run(python, "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", *what)
    cases = json.loads(run(tmp_path / "env/bin/tiledviz", "cases", "--json", cwd=tmp_path))
    assert {case["name"] for case in cases} >= {"gears", "gray_scott"}
    assert not [case for case in cases if "error" in case]
    check = (
        "from importlib.resources import files\n"
        "assert files('tvcore.web_static').joinpath('index.html').is_file()\n"
        "assert files('tvcore.web_static').joinpath('vendor/novnc/core/rfb.js').is_file()\n"
        "assert files('tvcore.batch_templates').joinpath('job.sh.j2').is_file()\n"
    )
    run(python, "-c", check, cwd=tmp_path)
