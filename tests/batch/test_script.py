"""Rendering a job script."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tvcore.batch.plan import Plan, TilePlan, read_plan
from tvcore.batch.script import TERMINATOR, render
from tvcore.errors import TiledVizError, UsageError
from tvcore.settings import JobSettings


def plan(nodes: int = 1, state: str = "/home/me/state") -> Plan:
    tiles = tuple(TilePlan(index=i, title=f"tile {i}", command=("prog",), node=i) for i in range(nodes))
    return Plan(case="gears", title="Gears", state=state, tiles=tiles)


def options(script: str) -> list[str]:
    return [line.removeprefix("#SBATCH ") for line in script.splitlines() if line.startswith("#SBATCH ")]


def run(script: str, folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run *script* by bash, with nothing but coreutils and what is in *folder* on its PATH."""
    path = f"{folder}:/usr/bin:/bin"
    return subprocess.run(
        ["bash"], input=script, capture_output=True, text=True, check=False, env={"PATH": path, **environment}
    )


def stub(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/bash\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_a_job_that_asks_for_nothing_leaves_everything_to_slurm() -> None:
    assert options(render(plan())) == [
        "--job-name=tiledviz-gears",
        "--output=/home/me/state/jobs/slurm-%j.log",
        "--nodes=1",
        "--ntasks-per-node=1",
        "--no-kill",
        "--no-requeue",
    ]


def test_every_setting_of_the_job_becomes_its_option() -> None:
    job = JobSettings(
        account="physics", partition="gpu,long", reservation="course", qos="high", time="1:30:00", gres="gpu:a100:2",
        cpus=8, memory="16G", constraint="a100&ib", sbatch=("--exclusive", "--comment=two words"),
    )  # fmt: skip
    assert options(render(plan(nodes=3), job))[6:] == [
        "--account=physics",
        "--partition=gpu,long",
        "--reservation=course",
        "--qos=high",
        "--time=1:30:00",
        "--gres=gpu:a100:2",
        "--cpus-per-task=8",
        "--mem=16G",
        '--constraint="a100&ib"',
        "--exclusive",
        '--comment="two words"',
    ]


def test_the_job_asks_for_the_nodes_that_its_tiles_are_on() -> None:
    assert "--nodes=3" in options(render(plan(nodes=3), JobSettings(nodes=7)))


def test_slurm_signals_a_job_whose_case_is_told_of_the_limit_and_no_other() -> None:
    told = plan().model_copy(update={"hooks": ("case_limit",), "warning": 120})
    job = JobSettings(time="60")
    assert options(render(told, job))[6:] == ["--time=60", "--signal=URG@120"]
    for update in ({"hooks": ("case_ready",)}, {"warning": 0}):
        assert not any("signal" in option for option in options(render(told.model_copy(update=update), job)))
    assert "--signal=URG@65535" in options(render(told.model_copy(update={"warning": 80_000})))


def test_the_same_values_give_the_same_script() -> None:
    assert render(plan(), JobSettings(cpus=2)) == render(plan(), JobSettings(cpus=2))


def test_the_scripts_sbatch_lines_come_before_any_command() -> None:
    lines = render(plan(), JobSettings(prologue="#SBATCH --nodes=9\n", modules=("gcc",))).splitlines()
    first_command = next(i for i, line in enumerate(lines) if line and not line.startswith("#"))
    assert len(options("\n".join(lines[:first_command]))) == 6


def test_in_a_job_of_slurm_one_step_starts_an_agent_on_each_node_with_all_cpus_of_the_job(tmp_path: Path) -> None:
    stub(tmp_path / "srun", 'printf "%s\\n" "$@"; echo "${TILEDVIZ_JOB-unset}${TILEDVIZ_JOB_END-}"; cat')
    script = render(plan(nodes=2), JobSettings(python="/opt/tv/python"))
    other = {"TILEDVIZ_JOB": "local-1", "TILEDVIZ_JOB_END": "5"}
    said = run(script, tmp_path, SLURM_JOB_ID="7", SLURM_CPUS_PER_TASK="4", **other).stdout.splitlines()
    assert {"--nodes=2", "--ntasks=2", "--ntasks-per-node=1", "--no-kill", "--kill-on-bad-exit=0"} <= set(said)
    assert "--cpus-per-task=4" in said
    assert said[-6:-1] == ["/opt/tv/python", "-P", "-m", "tvcore.node", "unset"]
    assert read_plan(said[-1]) == plan(nodes=2)
    without = run(script, tmp_path, SLURM_JOB_ID="7").stdout
    assert "cpus-per-task" not in without
    assert "\n\n" not in without  # no empty argument


def test_outside_of_slurm_the_agent_runs_right_here(tmp_path: Path) -> None:
    python = stub(tmp_path / "python", 'echo "$TILEDVIZ_JOB $* $(umask)"; cat')
    stub(tmp_path / "srun", "echo srun")
    said = run(render(plan(), JobSettings(python=python)), tmp_path, TILEDVIZ_JOB="local-1").stdout.splitlines()
    assert said[0] == "local-1 -P -m tvcore.node 0077"
    assert read_plan(said[1]) == plan()


def test_without_another_the_job_runs_the_python_that_renders() -> None:
    assert f" {sys.executable} -P -m tvcore.node" in render(plan())


def test_the_prologue_runs_before_modules_and_agent_as_it_is_written(tmp_path: Path) -> None:
    stub(tmp_path / "python", 'printf "%s|%s|%s" "$GREETING" "$LOADED" "$PWD"')
    prologue = f"""
cd {tmp_path}
export GREETING='a "quoted" $word'
if true; then
    module() {{ LOADED="$LOADED $2"; }}
fi
export LOADED
"""
    job = JobSettings(python=str(tmp_path / "python"), prologue=prologue, modules="gcc/12.2,cuda")
    assert run(render(plan(), job), tmp_path).stdout == f'a "quoted" $word| gcc/12.2 cuda|{tmp_path}'


def test_the_command_module_is_taken_from_where_sites_keep_it(tmp_path: Path) -> None:
    (tmp_path / "init").mkdir()
    (tmp_path / "init" / "bash").write_text('module() { echo "module $*"; }\n')
    job = JobSettings(python=stub(tmp_path / "python", "echo agent"), modules=("gcc",))
    done = run(render(plan(), job), tmp_path, MODULESHOME=str(tmp_path))
    assert done.stdout == "module load gcc\nagent\n"


def test_a_missing_module_or_no_modules_at_all_end_the_job_with_a_line_that_says_so(tmp_path: Path) -> None:
    python = stub(tmp_path / "python", "echo agent")
    job = JobSettings(python=python, modules=("nope",), prologue="module() { return 1; }")
    done = run(render(plan(), job), tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert "the module nope cannot be loaded on " in done.stderr
    # A machine may have modules: none of them is called so.
    done = run(render(plan(), JobSettings(python=python, modules=("tiledviz-nope",))), tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.search(r"tiledviz: .*(has no command 'module'|the module tiledviz-nope cannot be loaded)", done.stderr)


def test_a_module_in_the_folder_of_submission_is_not_taken_for_pythons(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("print('taken'); raise SystemExit(9)\n")
    done = subprocess.run(
        ["bash"], input=render(plan()), capture_output=True, text=True, check=False, cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name not in ("TILEDVIZ_JOB", "SLURM_JOB_ID")},
    )  # fmt: skip
    assert done.returncode == 1
    assert "the node agent runs in a job only" in done.stderr
    assert done.stdout == ""


def test_the_script_with_all_its_parts_is_one_that_bash_can_read() -> None:
    script = render(plan(2), JobSettings(modules=("gcc",), prologue="true", cpus=2, sbatch=("--exclusive",)))
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


def test_the_log_goes_into_the_state_folder_under_the_jobs_number_whatever_the_folder_is_called() -> None:
    assert '--output="/home/a b%%j/jobs/slurm-%j.log"' in options(render(plan(state="/home/a b%j")))


@pytest.mark.parametrize("state", ["state", "", "/home/back\\slash"])
def test_a_state_folder_that_slurm_could_not_log_to_is_refused(state: str) -> None:
    with pytest.raises(UsageError, match="set TILEDVIZ_HOME to another place"):
        render(plan(state=state))


# ------------------------------------------------------------------------ plans


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"version": 2}', "\x00", '{"tiles": []}', TERMINATOR])
def test_a_text_that_is_no_plan_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(TiledVizError, match="not a plan of TiledViz") as error:
        read_plan(text)
    assert "\n" not in str(error.value)


def test_a_plan_of_an_older_script_is_still_read() -> None:
    old = json.loads(plan().model_dump_json())
    for field in ("container", "scratch", "isolation", "tunnel_way"):
        del old[field]
    del old["tiles"][0]["gpu"]
    assert read_plan(json.dumps(old)) == plan()


def test_a_node_runs_the_tiles_placed_on_it() -> None:
    assert [tile.index for tile in plan(nodes=3).on_node(1)] == [1]
    assert plan(nodes=3).on_node(3) == ()
