"""Reading what Slurm's commands print: recorded from three releases, and texts that no Slurm printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tvcore.batch import slurm_parse, slurm_words
from tvcore.batch.scheduler import JobState, JobStatus
from tvcore.batch.slurm_hosts import HOSTS_MAX, expand
from tvcore.batch.slurm_words import Seen
from tvcore.errors import TiledVizError

OUTPUTS = Path(__file__).parent / "slurm_outputs"
RELEASES = sorted(folder.name for folder in OUTPUTS.iterdir() if folder.is_dir())
WITH_JSON = [release for release in RELEASES if (OUTPUTS / release / "squeue-json.out").exists()]
NOW = 1795553780.0
JOBS = ["1", "2", "3", "5", "6", "7", "8", "9", "15", "16"]


def recorded(release: str, name: str) -> str:
    return (OUTPUTS / release / name).read_text()


def statuses(found: list[Seen]) -> dict[str, JobStatus]:
    return {seen.id: slurm_words.status(seen, NOW) for seen in found}


def from_json(release: str) -> dict[str, JobStatus]:
    return statuses(slurm_parse.read_squeue_json(recorded(release, "squeue-json.out"), JOBS))


def from_table(release: str) -> dict[str, JobStatus]:
    return statuses(slurm_parse.read_squeue_table(recorded(release, "squeue-table.out"), JOBS))


# ------------------------------------------------------------------------ squeue


def test_the_outputs_of_three_releases_are_here() -> None:
    assert [release[:5] for release in RELEASES] == ["22.05", "24.11", "26.05"]
    assert [release[:5] for release in WITH_JSON] == ["24.11", "26.05"]


@pytest.mark.parametrize("release", RELEASES)
def test_every_job_asked_for_is_read_from_the_table(release: str) -> None:
    found = from_table(release)
    assert found.keys() == set(JOBS)
    assert (found["1"].state, found["1"].exit_code) == (JobState.FAILED, 3)
    assert found["1"].reason.startswith("the node agent ended with exit code 3")
    assert (found["2"].state, found["2"].exit_code) == (JobState.FAILED, -9)
    assert found["2"].reason == "the node agent was killed by SIGKILL"
    assert (found["3"].state, found["3"].exit_code, found["3"].reason) == (JobState.COMPLETED, 0, "")
    assert found["5"].state is JobState.NODE_FAIL
    assert found["5"].reason.startswith("node failure")
    assert (found["5"].exit_code, found["5"].nodes) == (None, ())
    assert (found["6"].state, found["6"].nodes, found["6"].ended) == (JobState.RUNNING, ("c1", "c2"), None)
    assert (found["7"].state, found["7"].reason) == (JobState.PENDING, "waits for free nodes (Resources)")
    assert found["7"].expected_start is not None
    assert found["7"].started is None
    assert found["8"].reason == "waits behind jobs of higher priority (Priority)"
    assert (found["9"].reason, found["9"].expected_start) == (
        "held: `scontrol release` lets it start (JobHeldUser)",
        None,
    )
    assert (found["15"].state, found["15"].started, found["15"].reason) == (JobState.CANCELLED, None, "")
    limits = {job: status.ends - (status.started or 0) for job, status in found.items() if status.ends is not None}
    assert limits == {"6": 3600}  # what waits has no end yet, and what is over had one


@pytest.mark.parametrize("release", WITH_JSON)
def test_table_and_json_say_the_same(release: str) -> None:
    assert from_json(release) == from_table(release)


def test_a_job_without_a_time_limit_has_no_end_and_one_with_a_limit_ends_by_it() -> None:
    release, jobs = "24.11.5", ["3", "4"]
    table = slurm_parse.read_squeue_table(recorded(release, "squeue-unlimited-table.out"), jobs)
    answer = slurm_parse.read_squeue_json(recorded(release, "squeue-unlimited-json.out"), jobs)
    for found in (statuses(table), statuses(answer)):
        assert {job: (status.started, status.ends) for job, status in found.items()} == {
            "3": (1795563607, None),
            "4": (1795563607, 1795567207),
        }


@pytest.mark.parametrize("states", [["SUSPENDED"], ["RUNNING", "COMPLETING"], ["RUNNING", "CONFIGURING"], ["TIMEOUT"]])
def test_only_a_job_whose_time_runs_has_an_end(states: list[str]) -> None:
    assert changed(WITH_JSON[0]).ends is not None
    assert changed(WITH_JSON[0], job_state=states).ends is None


@pytest.mark.parametrize("release", WITH_JSON)
def test_only_the_jobs_asked_for_are_looked_at(release: str) -> None:
    text = recorded(release, "squeue-json.out")
    assert [seen.id for seen in slurm_parse.read_squeue_json(text, ["3", "99"])] == ["3"]
    answer = json.loads(text)
    for job in answer["jobs"]:
        if job["job_id"] != 3:
            job.update(nodes=None, exit_code="?", job_state=[], start_time="soon")
    assert [seen.id for seen in slurm_parse.read_squeue_json(json.dumps(answer), ["3"])] == ["3"]


def changed(release: str, **fields: Any) -> JobStatus:
    """Return what becomes of the running job when its fields are others."""
    answer = json.loads(recorded(release, "squeue-json.out"))
    answer["jobs"] = [{**job, **fields} for job in answer["jobs"] if job["job_id"] == 6]
    return statuses(slurm_parse.read_squeue_json(json.dumps(answer), ["6"]))["6"]


@pytest.mark.parametrize(
    ("states", "state", "reason"),
    [
        (["RUNNING"], JobState.RUNNING, ""),
        (["RUNNING", "CONFIGURING"], JobState.PENDING, "its nodes are being made ready (CONFIGURING)"),
        (["COMPLETED", "COMPLETING"], JobState.RUNNING, "it is ending (COMPLETING)"),
        (["NODE_FAIL", "COMPLETING"], JobState.RUNNING, "it is ending (COMPLETING)"),
        (["RUNNING", "STAGE_OUT"], JobState.RUNNING, ""),
        (["RUNNING", "SIGNALING"], JobState.RUNNING, ""),
        (["SUSPENDED"], JobState.RUNNING, "it is suspended (SUSPENDED)"),
        (["PENDING", "REQUEUED"], JobState.PENDING, ""),
        (["PENDING", "SPECIAL_EXIT"], JobState.PENDING, "it is held after a failure"),
        (["TIMEOUT"], JobState.TIMEOUT, "it reached its time limit: ask for more time (TIMEOUT)"),
        (["DEADLINE"], JobState.TIMEOUT, "it could not end before its deadline (DEADLINE)"),
        (["OUT_OF_MEMORY"], JobState.OUT_OF_MEMORY, "it needed more memory than it asked for"),
        (["PREEMPTED"], JobState.FAILED, "Slurm gave its nodes to a job of higher priority (PREEMPTED)"),
        (["BOOT_FAIL"], JobState.NODE_FAIL, "node failure: a node of the job did not boot (BOOT_FAIL)"),
        (["FAILED"], JobState.FAILED, "it failed, and Slurm does not say why"),
    ],
)
def test_every_state_of_slurm_is_one_of_ours(states: list[str], state: JobState, reason: str) -> None:
    status = changed(WITH_JSON[0], job_state=states)
    assert status.state is state
    assert status.reason.startswith(reason)
    assert bool(status.reason) == bool(reason)
    assert bool(status.nodes) == (state is JobState.RUNNING)


def test_a_state_that_is_new_is_named_and_not_guessed() -> None:
    with pytest.raises(TiledVizError, match="job 6 is 'DREAMING', a state"):
        changed(WITH_JSON[0], job_state=["DREAMING"])


def test_the_reason_of_slurm_is_kept_with_what_it_says_more() -> None:
    details = {"state_reason": "ReqNodeNotAvail", "state_description": "ReqNodeNotAvail, UnavailableNodes:c2"}
    status = changed(WITH_JSON[0], job_state=["PENDING"], **details)
    assert status.reason == "waits: nodes that it needs are not available (ReqNodeNotAvail, UnavailableNodes:c2)"
    assert changed(WITH_JSON[0], job_state=["PENDING"], state_reason="Whatever").reason == "waits (Whatever)"
    assert changed(WITH_JSON[0], job_state=["FAILED"], state_reason="BadConstraints").reason == (
        "no nodes of this cluster can give what it asks for (BadConstraints)"
    )


def test_a_start_further_than_a_year_away_is_none() -> None:
    for number, expected in ((NOW + 60, NOW + 60), (17893728000, None), (0, None)):
        start = {"set": True, "infinite": False, "number": number}
        assert changed(WITH_JSON[0], job_state=["PENDING"], start_time=start).expected_start == expected
    unset = {"set": False, "infinite": False, "number": 5}
    assert changed(WITH_JSON[0], job_state=["PENDING"], start_time=unset).expected_start is None


def test_nodes_that_are_no_list_are_an_error_and_not_an_empty_list() -> None:
    with pytest.raises(TiledVizError, match=r"nodes of Slurm's job 6 .*c\[1-"):
        changed(WITH_JSON[0], nodes="c[1-")


@pytest.mark.parametrize(
    "text",
    ["", " ", "{", "[]", "null", "7", '{"jobs": 3}', '{"jobs": [3]}', '{"errors": []}', '{"jobs": [{}]}', "[" * 100000],
)
def test_what_is_no_json_of_squeue_is_one_clear_error(text: str) -> None:
    with pytest.raises(TiledVizError, match=r"squeue --json=v0.0.42 gave no JSON with jobs: ") as caught:
        slurm_parse.read_squeue_json(text, JOBS)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("release", WITH_JSON)
def test_json_that_breaks_off_is_one_clear_error(release: str) -> None:
    text = recorded(release, "squeue-json.out").rstrip()
    for length in range(1, len(text), 997):
        with pytest.raises(TiledVizError, match=r"squeue --json=v0.0.42 gave no JSON"):
            slurm_parse.read_squeue_json(text[:length], JOBS)


def test_a_job_without_a_field_that_counts_is_an_error_that_names_it() -> None:
    with pytest.raises(TiledVizError, match=r"what cannot be read: nodes: "):
        changed(WITH_JSON[0], nodes=None)
    with pytest.raises(TiledVizError, match=r"what cannot be read: exit_code"):
        changed(WITH_JSON[0], exit_code="3:0")


@given(st.text())
def test_no_text_makes_the_readers_fail_otherwise_than_in_words(text: str) -> None:
    for read in (slurm_parse.read_squeue_json, slurm_parse.read_squeue_table, slurm_parse.read_sacct):
        for answer in (text, f"3|{text}", f'{{"jobs": [{{"job_id": 3, {text}}}]}}'):
            try:
                read(answer, ["3"])
            except TiledVizError as error:
                assert "\n" not in str(error)  # noqa: PT017 - what matters is that there is no other error


def test_a_reason_with_bars_does_not_move_the_other_fields() -> None:
    line = "6|PENDING|what | a | reason|0:0|1795557375|N/A||\n"
    (seen,) = slurm_parse.read_squeue_table(line, ["6"])
    assert (seen.reason, seen.code, seen.start, seen.end, seen.nodes) == ("what | a | reason", 0, 1795557375, None, "")


@pytest.mark.parametrize(
    ("text", "code"),
    [("3:0", 3), ("0:9", -9), ("0:0", 0), ("768", 3), ("9", -9), ("0", 0), ("137", -9), ("", None), ("N/A", None),
     ("-1", None), ("3:x", None), ("1" * 30, None)],
)  # fmt: skip
def test_exit_codes_are_read_as_each_release_writes_them(text: str, code: int | None) -> None:
    assert slurm_parse.exit_code(text) == code


# ------------------------------------------------------------------------- others


def test_accounting_tells_how_jobs_ended() -> None:
    text = recorded("24.11.5", "sacct.out")
    found = statuses(slurm_parse.read_sacct(text, [str(job) for job in range(1, 10)]))
    assert found["2"].state is JobState.FAILED
    assert (found["2"].exit_code, found["3"].exit_code, found["4"].exit_code) == (3, -9, 0)
    assert found["4"].state is JobState.COMPLETED
    assert (found["4"].started, found["4"].ended) == (1795552666, 1795552667)
    assert (found["5"].state, found["5"].started, found["5"].ended) == (JobState.CANCELLED, None, 1795552665)


@pytest.mark.parametrize("release", RELEASES)
def test_the_other_answers_of_each_release_are_read(release: str) -> None:
    assert slurm_parse.read_version(recorded(release, "version.out")) == release
    assert slurm_parse.read_partitions(recorded(release, "partitions.out")) == ("tiles",)
    assert set(slurm_parse.read_addresses(recorded(release, "node.out"))) == {"c1", "10.77.0.11"}
    start = slurm_parse.read_start(recorded(release, "test-only.err"), NOW)
    assert start is not None
    assert abs(start - NOW) < 60 * 86400
    assert slurm_parse.read_job_id(recorded(release, "submitted.out")).isdecimal()


def test_a_job_number_is_a_number_and_nothing_else() -> None:
    assert slurm_parse.read_job_id("12;other\n") == "12"
    assert slurm_parse.read_job_id("a greeting of the site\n12\n") == "12"
    for text in ("", "x", "Submitted batch job 12", "012", "-1", "12 13", "\u0661\u0662"):
        with pytest.raises(TiledVizError, match="sbatch gave no job number"):
            slurm_parse.read_job_id(text)
    assert slurm_parse.job_ids(["7", "7", "07", "", "7_1", "local-00000000", "-7", "7\n", "\u0667"]) == ["7"]


def test_a_start_that_slurm_cannot_know_is_none() -> None:
    text = "sbatch: Job 7 to start at {} using 2 processors on nodes c[1-2] in partition tiles"
    assert slurm_parse.read_start(text.format(int(NOW) + 5), NOW) == NOW + 5
    for start in ("17893728000", "2026-11-24T22:29:52", "N/A", ""):
        assert slurm_parse.read_start(text.format(start), NOW) is None
    assert slurm_parse.read_start("", NOW) is None


# -------------------------------------------------------------------------- hosts


@pytest.mark.parametrize(
    ("text", "hosts"),
    [
        ("", ()),
        ("c1", ("c1",)),
        ("c[1-3,7],login0[01-12]", ("c1", "c2", "c3", "c7", *(f"login0{n:02}" for n in range(1, 13)))),
        ("n[8-11]", ("n8", "n9", "n10", "n11")),
        ("n[08-11]", ("n08", "n09", "n10", "n11")),
        ("r[1-2]n[1-2]-ib", ("r1n1-ib", "r1n2-ib", "r2n1-ib", "r2n2-ib")),
        ("a.b-c,d", ("a.b-c", "d")),
        ("c[5]", ("c5",)),
        ("c[099-101]", ("c099", "c100", "c101")),
    ],
)
def test_lists_of_hosts_are_expanded(text: str, hosts: tuple[str, ...]) -> None:
    assert expand(text) == hosts


@pytest.mark.parametrize(
    "text",
    ["c[", "c]", "c[]", "c[1-]", "c[3-1]", "c[a]", "c[1,,2]", ",c1", "c1,", "c1,,c2", "c 1", "c[1 ]", "c[[1]]", "c[-1]",
     "c[1-2-3]", f"c[0-{HOSTS_MAX}]", "a[0-999]b[0-999]", "[0-65535]" * 1000, "c[1-" + "9" * 40 + "]", "(null)]["],
)  # fmt: skip
def test_what_is_no_list_of_hosts_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="host"):
        expand(text)


@st.composite
def families(draw: st.DrawFn) -> tuple[str, list[str]]:
    """Draw a family of hosts as Slurm writes it, and the hosts."""
    name = draw(st.text("abcn-.", min_size=1, max_size=6))
    width = draw(st.integers(1, 4))
    ranges = draw(st.lists(st.tuples(st.integers(0, 9999), st.integers(0, 20)), min_size=1, max_size=4))
    numbers: list[str] = []
    pieces: list[str] = []
    for low, more in ranges:
        some = [str(number).zfill(width) for number in range(low, low + more + 1)]
        numbers += some
        pieces.append(some[0] if len(some) == 1 else f"{some[0]}-{some[-1]}")
    return f"{name}[{','.join(pieces)}]", [name + number for number in numbers]


@given(st.lists(families(), min_size=1, max_size=4))
def test_every_host_of_a_list_comes_out_once_and_in_order(drawn: list[tuple[str, list[str]]]) -> None:
    assert list(expand(",".join(text for text, _ in drawn))) == [host for _, hosts in drawn for host in hosts]


@given(st.text("c1,[]-0 \n", max_size=40))
def test_no_text_makes_a_list_of_hosts_fail_otherwise(text: str) -> None:
    try:
        hosts = expand(text)
    except ValueError:
        return
    assert all(host and not set(host) & set("[], \n") for host in hosts)


# ------------------------------------------------------------------------- errors


@pytest.mark.parametrize("release", RELEASES)
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("partition", "invalid partition specified: nowhere; partitions here: tiles, long"),
        ("reservation", "Requested reservation is invalid; `scontrol show reservation` lists those there are"),
        ("time", "Invalid --time specification; write times as MINUTES, HH:MM:SS or D-HH:MM"),
        ("gres", "Invalid generic resource (gres) specification; `sinfo -o '%P %G'`"),
        ("feature", "Invalid feature specification; `sinfo -o '%P %f'`"),
        ("memory", "Memory specification can not be satisfied; ask for less: `sinfo"),
        ("nodelist", "Invalid node name specified; `sinfo -N` lists the nodes there are"),
        ("option", "unrecognized option '--no-such-option=3'; remove it from the extra #SBATCH lines"),
    ],
)
def test_refusals_are_told_in_slurms_words_with_what_to_do(release: str, name: str, words: str) -> None:
    told = slurm_words.refusal(recorded(release, f"refused-{name}.err"), ["tiles", "long"])
    assert told.startswith(f"Slurm refuses the job: {words}")


@pytest.mark.parametrize(
    ("err", "advice"),
    [
        (recorded("24.11.5", "refused-account.err"), "set one of your accounts: `sacctmgr show associations"),
        (recorded("24.11.5", "refused-qos.err"), "`sacctmgr show qos` lists those there are"),
        ("sbatch: error: Batch job submission failed: Job violates accounting/QOS policy (job submit limit, user's size"
         " and/or time limits)", "ask for less, or wait until jobs of yours are over"),
        ("sbatch: error: QOSMaxSubmitJobPerUserLimit", "ask for less, or wait until jobs of yours are over"),
        ("sbatch: error: Batch job submission failed: Requested time limit is invalid (missing or exceeds some limit)",
         "write times as"),
        ("sbatch: error: Batch job submission failed: User's group not permitted to use this partition",
         "partitions here: tiles"),
        ("sbatch: error: something new", "mend the job's settings, or ask the site's administrators"),
        ("", "mend the job's settings, or ask the site's administrators"),
    ],
)  # fmt: skip
def test_what_to_do_fits_what_is_wrong(err: str, advice: str) -> None:
    assert f"; {advice}" in slurm_words.refusal(err, ["tiles"])


def test_what_the_site_says_is_told_too_and_nothing_but_one_line() -> None:
    site = "sbatch: info: hello\nsbatch: error: use your project's account,\x1b[31m please\n"
    told = slurm_words.refusal(site + "sbatch: error: Batch job submission failed: x")
    assert told.startswith("Slurm refuses the job: use your project's account, [31m please; ")
    assert len(slurm_words.refusal("sbatch: error: " + "x" * 100000)) < 1000


@pytest.mark.parametrize("release", RELEASES)
def test_a_controller_that_hangs_or_is_gone_is_away_and_a_refusal_is_not(release: str) -> None:
    for name in ("hangs", "gone", "gone-sbatch"):
        assert slurm_words.is_away(recorded(release, f"{name}.err"))
    for path in (OUTPUTS / release).glob("refused-*.err"):
        assert not slurm_words.is_away(path.read_text())
