"""Settings: their rules, their layers, and what is said of a wrong one."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tvcore import config
from tvcore.config import load, split_settings
from tvcore.errors import TiledVizError, UsageError
from tvcore.settings import JobSettings


class Files:
    """The two files of settings, in folders of this test."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site.toml"
        self.own = folder / "tiledviz" / "config.toml"
        self.own.parent.mkdir()

    def write(self, own: str = "", site: str = "") -> None:
        self.own.write_text(own)
        self.site.write_text(site)


@pytest.fixture
def files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    made = Files(tmp_path)
    monkeypatch.setenv("TILEDVIZ_SITE_CONFIG", str(made.site))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    made.write()
    return made


def refusal(kind: type[TiledVizError] = UsageError, **overrides: object) -> str:
    with pytest.raises(kind) as error:
        load({key.replace("_", ".", 1): value for key, value in overrides.items()})
    assert "\n" not in str(error.value)
    return str(error.value)


# ------------------------------------------------------------------------ layers


def test_without_any_file_everything_is_default(files: Files) -> None:
    files.own.unlink()
    files.own.parent.rmdir()
    found = load()
    assert found.settings.job == JobSettings()
    assert {entry["source"] for entry in found.show()} == {"default"}


def test_the_site_gives_defaults_the_person_overrides_them_and_the_command_line_both(files: Files) -> None:
    files.write(
        site='[job]\naccount = "site"\npartition = "site"\nqos = "site"\n',
        own='[job]\npartition = "own"\nqos = "own"\n[tunnel]\nway = "sshd"\n',
    )
    found = load({"job.qos": "given"})
    job = found.settings.job
    assert (job.account, job.partition, job.qos, job.nodes) == ("site", "own", "given", 1)
    keys = ["job.account", "job.partition", "job.qos", "job.nodes", "tunnel.way"]
    assert [found.origin(key) for key in keys] == [str(files.site), str(files.own), "--set", "default", str(files.own)]


def test_every_setting_is_shown_with_its_value_its_source_and_what_it_is(files: Files) -> None:
    files.write(own='[job]\nmodules = ["gcc", "cuda/12"]\n')
    shown = {entry["key"]: entry for entry in load().show()}
    assert shown["job.modules"]["value"] == ["gcc", "cuda/12"]
    assert shown["job.modules"]["source"] == str(files.own)
    tables = {"job", "scheduler", "tunnel", "tiles", "images", "wall", "plugins", "portal", "store"}
    assert {key.partition(".")[0] for key in shown} == tables
    assert all(entry["description"] for entry in shown.values())


def test_an_empty_value_on_the_command_line_takes_back_what_a_file_says(files: Files) -> None:
    files.write(site='[job]\naccount = "site"\ncpus = 8\nmodules = ["gcc"]\nnodes = 4\ncontainer = "apptainer"\n')
    keys = ("account", "cpus", "modules", "nodes", "container")
    found = load({f"job.{key}": "" for key in keys})
    assert found.settings.job == JobSettings()
    assert found.origin("job.nodes") == "--set"


def test_no_site_file_is_read_when_the_variable_is_empty(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    files.write(site="[job]\nnodes = 4\n")
    monkeypatch.setenv("TILEDVIZ_SITE_CONFIG", "")
    assert load().settings.job.nodes == 1


# -------------------------------------------------------------- texts and values


def test_texts_of_the_command_line_are_read_as_what_the_setting_is(files: Files) -> None:
    found = load(
        {
            "job.nodes": "2",
            "job.cpus": "16",
            "job.modules": "gcc/12,cuda openmpi",
            "job.sbatch": "--exclusive --comment='two words' --mail-type=END,FAIL",
            "tunnel.check_address": "false",
            "tunnel.port": "2222",
        }
    ).settings
    assert (found.job.nodes, found.job.cpus, found.tunnel.port) == (2, 16, 2222)
    assert found.job.modules == ("gcc/12", "cuda", "openmpi")
    assert found.job.sbatch == ("--exclusive", "--comment=two words", "--mail-type=END,FAIL")
    assert found.tunnel.check_address is False


def test_toml_numbers_and_times_are_taken_for_the_texts_they_stand_for(files: Files) -> None:
    files.write(own="[job]\ntime = 01:30:00\nmemory = 4000\naccount = 1234\n")
    job = load().settings.job
    assert (job.time, job.memory, job.account) == ("01:30:00", "4000", "1234")


@pytest.mark.parametrize("text", ["90", "1:30:00", "01:30:00", "2-12", "2-12:30", "2-12:30:00", "0"])
def test_slurms_forms_of_a_time_are_taken(files: Files, text: str) -> None:
    assert load({"job.time": text}).settings.job.time == text


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("job.time", "soon", "write it as minutes, HH:MM:SS"),
        ("job.time", "01:30", "write hours as 01:30:00"),
        ("job.time", "1:99:00", "write it as minutes"),
        ("job.time", "٣", "write it as minutes"),
        ("job.nodes", "0", "greater than or equal to 1"),
        ("job.nodes", "10001", "less than or equal to 10000"),
        ("job.nodes", "two", "must be a valid integer"),
        ("job.nodes", True, "must be a whole number"),
        ("job.cpus", "-1", "greater than or equal to 1"),
        ("job.memory", "16 GB", "16G"),
        ("job.gres", "gpus please", "gpu:2"),
        ("job.gres", "gpu:2,,", "gpu:2"),
        ("job.modules", "-gcc", "is not the name of a module"),
        ("job.modules", "gcc;id", "is not the name of a module"),
        ("job.sbatch", "exclusive", "in the form --name"),
        ("job.sbatch", "--comment 'x", "No closing quotation"),
        ("job.sbatch", "--partition=gpu", "is the setting job.partition"),
        ("job.sbatch", "--gpus-per-node=2", "is the setting job.gres"),
        ("job.sbatch", "--array=1-9", "TiledViz's own"),
        ("job.sbatch", ["--comment=a\nb"], "one line of text"),
        ("job.account", "a\nb", "without the character U+000A"),
        ("job.account", "x" * 1001, "at most 1000 characters"),
        ("job.scratch", "scratch", "absolute path"),
        ("job.container", "docker", "none, apptainer, singularity"),
        ("scheduler.backend", "P B S", "auto, slurm, pyslurm, local, or the name of a plugin's scheduler"),
        ("tunnel.way", "carrier pigeon", "'endpoint' or 'sshd'"),
        ("tunnel.host", "-oProxyCommand=id", "a host's name or address"),
        ("tunnel.login", "-l root@host", "USER@HOST"),
        ("tunnel.login", "me@-x", "a host's name or address"),
        ("tunnel.port", "65536", "less than or equal to 65535"),
        ("tunnel.check_address", "perhaps", "valid boolean"),
        ("tiles.isolation", "none", "'auto' or 'required'"),
    ],
)
def test_a_wrong_value_is_refused_by_name_from_either_place(files: Files, key: str, value: object, words: str) -> None:
    message = refusal(**{key.replace(".", "_", 1): value})
    assert message.startswith(f"--set {key}=")
    assert words in message


def test_what_runs_as_shell_text_comes_from_files_only(files: Files) -> None:
    assert "job.prologue comes from a file only" in refusal(job_prologue="id")
    assert "job.python comes from a file only" in refusal(job_python="/tmp/python")
    files.write(site='[job]\nprologue = """\nulimit -c 0\nexport A="b c"\n"""\npython = "/opt/python"\n')
    assert load().settings.job.prologue == 'ulimit -c 0\nexport A="b c"\n'


@pytest.mark.parametrize(
    ("gres", "gpus"),
    [("", 0), ("gpu", 1), ("gpu:2", 2), ("gpu:a100:4", 4), ("gpu:a100", 1), ("gpu:1,shard:2", 1), ("shard:8", 0),
     ("gpu:a100:2,gpu:h100:1", 3), ("gpu:0", 0), ("gres/gpu:2", 2), ("GPU:2", 2), ("lic:5,mps:100", 0)],
)  # fmt: skip
def test_the_gpus_of_a_node_are_read_from_its_gres(gres: str, gpus: int) -> None:
    assert JobSettings(gres=gres).gpus_per_node == gpus


# ------------------------------------------------------------------ broken files


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[job]\n\n# hm\npartion = 'x'\n", "line 4: [job] has no key 'partion': did you mean partition?"),
        ("[jobs]\nnodes = 2\n", "line 1: there is no table 'jobs': did you mean job?"),
        ("nodes = 2\n", "line 1: there is no table 'nodes': did you mean nodes? (tables: job,"),
        ("job = 3\n", "line 1: job is a table: write [job]"),
        ("[job]\naccount = 'a'\nnodes = 0\n", "line 3: [job] nodes = 0: must be greater than or equal to 1"),
        ("[tunnel]\nport = 1\n[job]\ntime = 'x'\n", "line 4: [job] time = 'x': write it as minutes"),
        ("job.account = 'a'\njob.nodes = 'many'\n", "line 2: [job] nodes = 'many': must be a valid integer"),
        ("[job]\nmodules = [\n 'a',\n 'b c']\n", "line 2: [job] modules = ['a', 'b c']: 'b c' is not the name"),
        ("[job]\nnodes = = 2\n", "line 2: Invalid value"),
        ("[job]\nnodes = 2", None),
        ("[job\nnodes = 2\n", "line 1: "),
        ('[job]\nprologue = """\nid\n', "line 4: "),
        ("[job]\nnodes = 1\nnodes = 2\n", "line 3: Cannot overwrite a value"),
        ("[job]\nprologue = \"a\\u0000b\"\n", "line 2: [job] prologue = 'a\\x00b': must be shell text"),
        ("[job]\naccount = " + "[" * 5000 + "\n", "nested"),
        ("[job]\nnodes = " + "9" * 5000 + "\n", "line 3: Exceeds the limit"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_by_file_line_and_key(files: Files, text: str, words: str | None) -> None:
    for path in (files.site, files.own):
        files.write()
        path.write_text(text)
        if words is None:
            assert load().settings.job.nodes == 2
        else:
            message = refusal()
            assert message.startswith(str(path))
            assert words in message


def test_a_file_that_is_no_text_is_refused_by_its_line(files: Files) -> None:
    files.own.write_bytes(b"[job]\n# caf\xe9\n")
    assert refusal() == f"{files.own}, line 2: not UTF-8"


def test_a_file_of_ones_own_that_others_may_write_is_refused(files: Files) -> None:
    files.write(own="[job]\nnodes = 2\n")
    files.own.chmod(0o666)
    assert "everybody may write to" in refusal(TiledVizError)
    files.own.chmod(0o664)
    assert load().settings.job.nodes == 2
    files.site.chmod(0o666)
    assert str(files.site) in refusal(TiledVizError)


def test_a_file_of_somebody_else_is_refused_even_through_a_link(
    files: Files, tmp_path: Path, other_user: list[str]
) -> None:
    theirs = tmp_path / "theirs.toml"
    theirs.write_text('[job]\nprologue = "id"\n')
    os.chown(theirs, 65534, 65534)
    files.own.unlink()
    files.own.symlink_to(theirs)
    assert "does not belong to you" in refusal(TiledVizError)


def test_what_is_no_readable_file_is_refused_and_holds_nobody(files: Files) -> None:
    files.own.unlink()
    os.mkfifo(files.own)
    assert "is not a file" in refusal(TiledVizError)
    files.own.unlink()
    files.own.mkdir()
    assert "cannot be read: Is a directory" in refusal(TiledVizError)
    files.own.rmdir()
    files.own.write_bytes(b"#" * (config.FILE_BYTES + 1))
    assert "larger than 1 MiB" in refusal(TiledVizError)


def test_a_site_file_that_is_named_but_missing_is_an_error(files: Files) -> None:
    files.site.unlink()
    assert refusal(TiledVizError) == f"there is no file {files.site}, which TILEDVIZ_SITE_CONFIG names"


@settings(deadline=None)
@given(st.text(max_size=60), st.sampled_from(["[job]\n", "[job]\naccount = ", "", "job."]))
def test_whatever_is_in_a_file_is_read_or_refused_in_one_line(text: str, before: str) -> None:
    message = ""
    try:
        config._parse(Path("/x.toml"), before + text)
    except UsageError as error:
        message = str(error)
    assert re.fullmatch(r"|/x.toml.*", message), message


# ------------------------------------------------------------ the case's or ours


def test_a_bare_name_is_the_cases_first_and_else_the_jobs(files: Files) -> None:
    given_ = {"nodes": "3", "time": "60", "job.nodes": "2", "tunnel.way": "sshd"}
    assert split_settings(given_, ["nodes", "size"]) == (
        {"nodes": "3"},
        {"job.time": "60", "job.nodes": "2", "tunnel.way": "sshd"},
    )
    assert split_settings({"nodes": "2"}, ["size"]) == ({}, {"job.nodes": "2"})


def test_a_dotted_name_is_a_setting_even_where_the_case_has_one_alike(files: Files) -> None:
    assert split_settings({"tiles.isolation": "required", "tiles": "2"}, ["tiles"]) == (
        {"tiles": "2"},
        {"tiles.isolation": "required"},
    )


@pytest.mark.parametrize(
    ("name", "nearest"),
    [("stepz", "steps"), ("node", "nodes"), ("job.partion", "job.partition"), ("isolation", "tiles.isolation")],
)
def test_an_unknown_name_is_told_with_the_nearest_of_both(files: Files, name: str, nearest: str) -> None:
    with pytest.raises(
        UsageError, match=rf"did you mean {nearest}\? \(parameters: steps; settings: account, "
    ) as error:
        split_settings({name: "1"}, ["steps"])
    assert "\n" not in str(error.value)


def test_a_setting_given_by_both_its_names_is_refused(files: Files) -> None:
    with pytest.raises(UsageError, match=r"job.time is given twice"):
        split_settings({"time": "60", "job.time": "70"}, [])


def test_an_unknown_setting_is_refused_with_the_nearest(files: Files) -> None:
    assert "there is no setting 'job.node': did you mean job.nodes?" in refusal(job_node=1)
    with pytest.raises(UsageError, match=r"did you mean job\.nodes"):
        load().origin("job.node")


def test_a_table_within_a_table_is_read_shown_and_told_of_like_others(files: Files) -> None:
    files.write(
        site='[portal.mail]\nserver = "mail.example"\nsender = "a@example.org"\n', own="[portal.mail]\nport = 25\n"
    )
    found = load()
    assert (found.settings.portal.mail.server, found.settings.portal.mail.port) == ("mail.example", 25)
    assert [found.origin(f"portal.mail.{key}") for key in ("server", "port", "user")] == [
        str(files.site), str(files.own), "default",
    ]  # fmt: skip
    for own, words in (
        ("[portal.mail]\nprot = 25\n", r"line 2: \[portal.mail\] has no key 'prot': did you mean port\?"),
        ("[portal.mail]\nport = true\n", r"line 2: \[portal.mail\] port = True: must be a whole number"),
        ("[portal]\nmail = 1\n", r"portal.mail is a table: write \[portal.mail\]"),
        ('[portal.proxy]\naddresses = "192.0.2.1"\n', r"line 1: \[portal.proxy\] addresses alone prove nothing"),
    ):
        files.write(own=own)
        with pytest.raises(UsageError, match=words):
            load()
    files.write(own="")
    with pytest.raises(UsageError, match=r"portal\.mail\.port comes from a file only"):
        load({"portal.mail.port": "1"})


def test_the_document_for_users_describes_every_setting_and_no_other() -> None:
    text = (Path(__file__).parent.parent / "docs" / "cases.md").read_text()
    named = {key if "." in key else f"job.{key}" for key in re.findall(r"^\| `([\w.]+)` \|", text, re.MULTILINE)}
    assert named == set(config._fields())


def test_the_example_in_the_document_for_users_is_one_that_can_be_loaded(files: Files) -> None:
    text = (Path(__file__).parent.parent / "docs" / "cases.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    files.write(own=example)
    assert load().settings.job.sbatch == ("--exclusive", "--mail-type=END")
