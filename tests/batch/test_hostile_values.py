"""Hostile values: each arrives where it belongs exactly as it is, or is refused by name. Nothing else happens."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tvcore.batch.plan import ARGUMENT_BYTES, Plan, TilePlan, read_plan, refused_by_name
from tvcore.batch.script import TERMINATOR, quote, render, sbatch_word
from tvcore.config import load
from tvcore.errors import UsageError
from tvcore.settings import JobSettings

HOSTILE = [
    "a b", "it's", '"', "'\"'", "$(touch canary)", "`touch canary`", "${IFS}", "; touch canary", "| touch canary",
    "&& touch canary", "-rf", "--help", "--", "\\", "a\\", "\\'", "*", "~", "!", "#", " #", "%j", "%%", "a=b", "", " ",
    "é𝄞", "\u202egpj", "hetjob", "x PackJob", TERMINATOR, f"{TERMINATOR}\ntouch canary\n", "a\nb", "a\r\nb", "\t",
    "\0", "a\0b", "\x1b[2J", "\x7f", "\x85", "a\u2028b", "\u2029", "\ud800", "{{ 7*7 }}", "{% raw %}", "x" * 100_000,
    "<<EOF", "\n#SBATCH --partition=root\n", "$'\\n'", "(", ")", "{a,b}", "[0-9]", "<(id)",
]  # fmt: skip
text = st.one_of(
    st.sampled_from(HOSTILE),
    st.text(st.characters(exclude_categories=()), max_size=30),
    st.lists(st.sampled_from(HOSTILE[:-12]), max_size=3).map("".join),
)
many = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
some = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)

TEXTS = ["account", "partition", "reservation", "qos", "time", "gres", "memory", "constraint", "container", "scratch"]
OPTIONS = {
    "account": "--account", "partition": "--partition", "reservation": "--reservation", "qos": "--qos",
    "time": "--time", "gres": "--gres", "memory": "--mem", "constraint": "--constraint",
}  # fmt: skip


@pytest.fixture(autouse=True)
def no_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILEDVIZ_SITE_CONFIG", "")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Path]:
    """A folder with a stub of srun and nothing else in it; a canary there means that a value was executed."""
    (tmp_path / "bin").mkdir()
    srun = tmp_path / "bin" / "srun"
    srun.write_text('#!/bin/bash\nprintf "%s\\0" "$@"\ncat\n')
    srun.chmod(0o755)
    yield tmp_path
    assert [found.name for found in tmp_path.iterdir()] == ["bin"]


def plan(**tile: object) -> Plan:
    fields: dict[str, object] = {"index": 0, "title": "a tile", "command": ("prog",)} | tile
    with refused_by_name("the plan"):
        return Plan(case="gears", title="Gears", state="/home/me", tiles=(TilePlan.model_validate(fields),))


def run(script: str, world: Path) -> tuple[list[str], str]:
    """Run *script* by bash as in a job; return the arguments that srun got, and its standard input."""
    done = subprocess.run(
        ["bash"], input=script.encode(), capture_output=True, check=True, cwd=world,
        env={"PATH": f"{world / 'bin'}:/usr/bin:/bin", "SLURM_JOB_ID": "7"},
    )  # fmt: skip
    assert done.stderr == b""
    *arguments, stdin = done.stdout.decode().split("\0")
    return arguments, stdin


def as_sbatch_reads(script: str) -> list[str]:
    """Return the options in *script* as sbatch takes them (``_get_argument`` in Slurm's src/sbatch/opt.c)."""
    found = []
    for line in script.split("\n"):
        if line and not line.startswith("#"):
            break
        if not line.startswith("#SBATCH"):
            continue
        rest = line.removeprefix("#SBATCH")
        for word in ("hetjob", "packjob"):
            if (at := rest.lower().find(word)) >= 0:
                rest = rest[:at] + " " * len(word) + rest[at + len(word) :]
        argument, quoted, escaped, begun = "", "", False, False
        for character in rest:
            if escaped:
                argument, escaped = argument + character, False
            elif character == "\\":
                escaped = begun = True
            elif quoted:
                argument, quoted = (argument, "") if character == quoted else (argument + character, quoted)
            elif character in "'\"":
                quoted, begun = character, True
            elif character == "#":
                break
            elif character.isspace() and character.isascii():
                if begun:
                    found.append(argument)
                argument, begun = "", False
            else:
                argument, begun = argument + character, True
        assert not quoted
        if begun:
            found.append(argument)
    return found


# --------------------------------------------------------------------- settings


@many
@given(st.sampled_from(TEXTS), text)
def test_a_setting_reaches_sbatch_exactly_or_is_refused_by_name(name: str, value: str) -> None:
    try:
        job = load({f"job.{name}": value}).settings.job
    except UsageError as error:
        assert_named(error, f"job.{name}")
        return
    if value:
        assert getattr(job, name) == value
    found = as_sbatch_reads(render(plan(), job))
    expected = [f"{OPTIONS[name]}={value}"] if name in OPTIONS and value else []
    assert found[6:] == expected


@many
@given(text)
def test_an_extra_option_of_sbatch_reaches_it_exactly_or_is_refused_by_name(value: str) -> None:
    try:
        job = load({"job.sbatch": [f"--comment={value}"]}).settings.job
    except UsageError as error:
        assert_named(error, "job.sbatch")
        return
    assert as_sbatch_reads(render(plan(), job))[6:] == [f"--comment={value}"]


@many
@given(text)
def test_a_text_of_extra_options_is_options_or_refused_by_name(value: str) -> None:
    try:
        job = load({"job.sbatch": value}).settings.job
    except UsageError as error:
        assert_named(error, "job.sbatch")
        return
    assert as_sbatch_reads(render(plan(), job))[6:] == list(job.sbatch)
    assert all(option.startswith("--") for option in job.sbatch)


@some
@given(text)
def test_a_module_is_loaded_by_exactly_its_name_or_is_refused_by_name(world: Path, value: str) -> None:
    try:
        job = load({"job.modules": [value]}).settings.job
    except UsageError as error:
        assert_named(error, "job.modules")
        return
    with_module = job.model_copy(update={"prologue": 'module() { printf "%s\\0" "$@"; }'})
    assert run(render(plan(), with_module), world)[0][:2] == ["load", value]


@some
@given(text)
def test_the_nodes_python_is_run_by_exactly_its_path_or_is_refused_by_name(world: Path, value: str) -> None:
    try:
        with refused_by_name("job"):
            job = JobSettings(python=f"/opt/{value}/python")
    except UsageError as error:
        assert_named(error, "python")
        return
    assert run(render(plan(), job), world)[0][-4:] == [f"/opt/{value}/python", "-P", "-m", "tvcore.node"]


@many
@given(st.sampled_from(["host", "login", "way", "port", "check_address"]), text)
def test_a_setting_of_the_tunnel_is_no_option_of_ssh(name: str, value: str) -> None:
    try:
        tunnel = load({f"tunnel.{name}": value}).settings.tunnel
    except UsageError as error:
        assert_named(error, f"tunnel.{name}")
        return
    for found in (tunnel.host, tunnel.login):
        assert not found.startswith("-")
        assert not set(found) & set(" \t\n\"'$`;|&%\\")


def assert_named(error: UsageError, *names: str) -> None:
    assert any(name in str(error) for name in names)
    assert str(error).isprintable()
    assert len(str(error)) < 400


# ------------------------------------------------------------------------ tiles


@some
@given(text, text, st.lists(text, max_size=3), text, text)
@example("a", TERMINATOR, [], "A", f"\n{TERMINATOR}\ntouch canary\n")
def test_titles_commands_and_environments_arrive_exactly_or_are_refused_by_name(
    world: Path, title: str, program: str, arguments: list[str], name: str, value: str
) -> None:
    try:
        made = plan(title=title, command=(program, *arguments), environment={name: value}, tags=(value,))
    except UsageError as error:
        assert_named(error, "title", "command", "environment", "tags")
        return
    _, stdin = run(render(made), world)
    assert stdin.count("\n") == 1
    assert read_plan(stdin) == made
    tile = read_plan(stdin).tiles[0]
    assert (tile.title, tile.command, tile.environment) == (title, (program, *arguments), {name: value})


@some
@given(text, st.sampled_from(["case", "title", "session", "state", "ensemble", "container", "scratch"]))
def test_every_text_of_a_plan_arrives_exactly_or_is_refused_by_name(world: Path, value: str, name: str) -> None:
    whole = plan().model_dump() | {name: f"/{value}" if name == "state" else value}
    try:
        with refused_by_name("the plan"):
            made = Plan.model_validate(whole)
        script = render(made)
    except UsageError as error:
        assert_named(error, name)
        return
    assert read_plan(run(script, world)[1]) == made
    assert as_sbatch_reads(script)[:2] == [
        f"--job-name=tiledviz-{made.case}",
        f"--output={made.state.replace('%', '%%')}/jobs/slurm-%j.log",
    ]


@some
@given(st.dictionaries(text, st.one_of(text, st.lists(text, max_size=2), st.floats(allow_nan=False)), max_size=3))
def test_a_cases_parameters_arrive_exactly_or_are_refused(world: Path, parameters: dict[str, object]) -> None:
    try:
        with refused_by_name("the plan"):
            made = Plan.model_validate(plan().model_dump() | {"parameters": parameters})
    except UsageError as error:
        assert_named(error, "parameters")
        return
    arrived = json.loads(run(render(made), world)[1])["parameters"]
    assert arrived == json.loads(json.dumps(parameters).replace("Infinity", "null").replace("-null", "null"))


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("title", "a\0b", "tiles.0.title: no program can get a NUL"),
        ("command", ("a", "b\0"), "command.1: no program can get a NUL"),
        ("command", ("x" * (ARGUMENT_BYTES + 1),), "command.0: no program can get more than"),
        ("environment", {"A": "é" * (ARGUMENT_BYTES // 2)}, "environment: no program can get more than"),
        ("environment", {"": "x"}, "environment: '' cannot be the name"),
        ("environment", {"A=B": "x"}, "environment: 'A=B' cannot be the name"),
        ("title", "\ud800", "title: "),
    ],
)
def test_what_no_program_can_get_is_refused_before_the_job(field: str, value: object, words: str) -> None:
    whole = json.loads(plan().model_dump_json())
    whole["tiles"][0][field] = value
    with pytest.raises(UsageError) as error, refused_by_name("the plan"):
        Plan.model_validate(whole)
    assert words in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("length", [ARGUMENT_BYTES - 1, ARGUMENT_BYTES])
def test_the_longest_argument_is_the_longest_that_the_kernel_takes(length: int) -> None:
    assert plan(command=("prog", "x" * length))
    assert subprocess.run(["true", "x" * length], check=False).returncode == 0
    with pytest.raises(OSError, match="too long"):
        subprocess.run(["true", "x" * (ARGUMENT_BYTES + 1)], check=False)


# ----------------------------------------------------------------------- quoting


@many
@given(text)
def test_a_quoted_text_is_one_word_of_bash(world: Path, value: str) -> None:
    try:
        word = quote(value, "it")
    except UsageError as error:
        assert_named(error, "it cannot stand in a job script")
        return
    script = f"printf '%s\\0' {word}".encode()
    done = subprocess.run(["bash"], input=script, capture_output=True, check=True, cwd=world)
    assert done.stdout.decode() == f"{value}\0"


@many
@given(text)
def test_a_text_quoted_for_sbatch_is_one_word_of_it(value: str) -> None:
    try:
        word = sbatch_word(value, "it")
    except UsageError as error:
        assert_named(error, "it cannot stand in a job script")
        return
    assert as_sbatch_reads(f"#SBATCH --comment={word} --hold\n") == [f"--comment={value}", "--hold"]
