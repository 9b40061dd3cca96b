"""Slurm by its command line, with recorded answers in place of the commands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from tvcore.batch.scheduler import JobState, SchedulerAwayError
from tvcore.batch.slurm import SlurmCommandLine
from tvcore.batch.slurm_run import Finished
from tvcore.errors import TiledVizError, UsageError

OUTPUTS = Path(__file__).parent / "slurm_outputs"
NOW = 1795553780.0

Answer = Finished | Exception


class Commands:
    """Answers as the commands of *release* did on the test cluster, unless told otherwise; keeps what was asked."""

    def __init__(self, release: str = "24.11.5", **answers: Answer) -> None:
        self.release = release
        self.answers = answers
        self.asked: list[tuple[str, ...]] = []
        self.stdin = ""

    def __call__(self, argv: Sequence[str], stdin: str, seconds: float) -> Finished:
        self.asked.append(tuple(argv))
        self.stdin = stdin
        answer = self.answers.get(argv[0]) or self._recorded(argv)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _recorded(self, argv: Sequence[str]) -> Finished:
        match argv[0]:
            case "squeue":
                return self._file("squeue-json" if any("--json" in word for word in argv) else "squeue-table")
            case "sacct":
                return self._file("sacct-disabled")
            case "sbatch":
                return self._file("test-only" if "--test-only" in argv else "submitted", 0)
            case "sinfo":
                return self._file("version" if "--version" in argv else "partitions")
            case "scontrol":
                return self._file("node")
            case _:
                return Finished(0, "", "")

    def _file(self, name: str, code: int | None = None) -> Finished:
        out, err = (OUTPUTS / self.release / f"{name}.{kind}" for kind in ("out", "err"))
        texts = [path.read_text() if path.exists() else "" for path in (out, err)]
        return Finished((0 if texts[0] else 1) if code is None else code, *texts)

    @property
    def names(self) -> list[str]:
        return [argv[0] for argv in self.asked]


def scheduler(commands: Callable[[Sequence[str], str, float], Finished]) -> SlurmCommandLine:
    return SlurmCommandLine(commands, clock=lambda: NOW)


def failed(err: str, code: int = 1) -> Finished:
    return Finished(code, "", err)


def recorded(name: str, release: str = "24.11.5") -> str:
    return (OUTPUTS / release / name).read_text()


@pytest.mark.parametrize("release", ["24.11.5", "26.05.5"])
def test_all_jobs_take_one_question_where_there_is_json(release: str) -> None:
    commands = Commands(release)
    slurm = scheduler(commands)
    assert slurm.jobs(["1", "3", "6", "7"]).keys() == {"1", "3", "6", "7"}
    assert commands.asked == [("squeue", "--me", "-t", "all", "--json=v0.0.42")]


def test_a_release_without_json_is_asked_for_it_once() -> None:
    commands = Commands("22.05.8")
    slurm = scheduler(commands)
    for _ in range(3):
        assert slurm.jobs(["6"])["6"].nodes == ("c1", "c2")
    assert commands.names == ["squeue"] * 4
    assert sum("--json=v0.0.42" in argv for argv in commands.asked) == 1


def test_json_too_long_to_read_gives_way_to_the_table() -> None:
    class Long(Commands):
        def __call__(self, argv: Sequence[str], stdin: str, seconds: float) -> Finished:
            done = super().__call__(argv, stdin, seconds)
            return Finished(-9, done.out[:1000], "", cut=True) if "--json=v0.0.42" in argv else done

    assert scheduler(Long()).jobs(["6"])["6"].state is JobState.RUNNING


def test_a_table_too_long_to_read_is_an_error_that_says_what_to_do() -> None:
    with pytest.raises(TiledVizError, match="jobs cannot be listed: squeue printed too much"):
        scheduler(Commands(squeue=Finished(0, "", "", cut=True))).jobs(["6"])


def test_what_is_no_job_of_slurm_is_not_asked_for() -> None:
    commands = Commands()
    assert scheduler(commands).jobs(["local-00000000", "--me", "1_2", "", "0"]) == {}
    assert commands.asked == []


def test_accounting_is_asked_once_for_all_that_squeue_forgot() -> None:
    commands = Commands(sacct=Finished(0, recorded("sacct.out").replace("\n4|", "\n104|"), ""))
    found = scheduler(commands).jobs(["6", "104", "105"])
    assert (found["6"].state, found["104"].state) == (JobState.RUNNING, JobState.COMPLETED)
    assert "105" not in found
    assert commands.names == ["squeue", "sacct"]
    assert "--jobs=104,105" in commands.asked[1]


def test_a_job_that_only_accounting_thinks_alive_is_not_in_the_answer() -> None:
    text = "104|RUNNING|0:0|1795552666|Unknown|c1\n105|PENDING|0:0|Unknown|Unknown|None assigned\n"
    assert scheduler(Commands(sacct=Finished(0, text, ""))).jobs(["104", "105"]) == {}


def test_where_there_is_no_accounting_it_is_asked_once() -> None:
    for missing in (Commands(), Commands(sacct=FileNotFoundError())):
        slurm = scheduler(missing)
        for _ in range(3):
            assert slurm.jobs(["999"]) == {}
        assert missing.names.count("sacct") == 1


@pytest.mark.parametrize(
    "answer", [TimeoutError(), failed("sacct: error: Problem talking to the database: Connection refused")]
)
def test_accounting_that_is_away_holds_up_nothing_and_is_asked_again(answer: Answer) -> None:
    commands = Commands(sacct=answer)
    slurm = scheduler(commands)
    for _ in range(2):
        assert slurm.jobs(["6", "999"]).keys() == {"6"}
    assert commands.names.count("sacct") == 2


AWAY = [
    TimeoutError("squeue gave no answer within 20 s"),
    failed(recorded("hangs.err")),
    failed(recorded("gone.err")),
    failed("squeue: error: Protocol authentication error"),
    failed("slurm_load_jobs error: Zero Bytes were transmitted or received"),
]


@pytest.mark.parametrize("answer", AWAY)
def test_a_controller_without_an_answer_is_away(answer: Answer) -> None:
    commands = Commands(squeue=answer)
    slurm = scheduler(commands)
    with pytest.raises(SchedulerAwayError, match="Slurm does not answer: "):
        slurm.jobs(["6"])
    with pytest.raises(SchedulerAwayError, match="Slurm does not answer: "):
        slurm.cancel("6")
    commands.answers.clear()
    assert slurm.jobs(["6"])["6"].state is JobState.RUNNING
    assert "--json=v0.0.42" in commands.asked[-1]  # being away says nothing of the format


@pytest.mark.parametrize(
    "answer", [TimeoutError("sbatch gave no answer within 60 s"), failed(recorded("gone-sbatch.err"))]
)
def test_a_submission_without_an_answer_may_have_been_one(answer: Answer) -> None:
    with pytest.raises(SchedulerAwayError, match=r"Slurm does not answer: .*tells later whether the job was queued"):
        scheduler(Commands(sbatch=answer)).submit("#!/bin/sh\n")


def test_a_script_goes_to_sbatch_as_it_is_and_by_no_file() -> None:
    commands = Commands()
    script = "#!/bin/sh\n# 'quotes' $(x) \U0001f30d\n"
    assert scheduler(commands).submit(script) == recorded("submitted.out").strip()
    assert commands.asked == [("sbatch", "--parsable")]
    assert commands.stdin == script


def test_a_refusal_over_the_partition_lists_those_there_are() -> None:
    commands = Commands(sbatch=failed(recorded("refused-partition.err")))
    with pytest.raises(TiledVizError) as caught:
        scheduler(commands).submit("#!/bin/sh\n")
    assert str(caught.value) == "Slurm refuses the job: invalid partition specified: nowhere; partitions here: tiles"
    commands.answers["sinfo"] = TimeoutError()
    with pytest.raises(TiledVizError, match="nowhere; `sinfo -o %R` lists those there are"):
        scheduler(commands).submit("#!/bin/sh\n")


def test_a_number_that_sbatch_does_not_give_is_an_error() -> None:
    with pytest.raises(TiledVizError, match="sbatch gave no job number: it printed nothing"):
        scheduler(Commands(sbatch=Finished(0, "", ""))).submit("#!/bin/sh\n")


def test_commands_that_are_not_there_are_named() -> None:
    with pytest.raises(TiledVizError, match="squeue was not found: this is no login node of a Slurm cluster"):
        scheduler(Commands(squeue=FileNotFoundError())).jobs(["6"])
    with pytest.raises(TiledVizError, match="sbatch cannot be run: Permission denied"):
        scheduler(Commands(sbatch=PermissionError(13, "Permission denied"))).submit("#!/bin/sh\n")


def test_cancel_asks_first_and_leaves_alone_what_is_over() -> None:
    commands = Commands()
    slurm = scheduler(commands)
    slurm.cancel("3")
    assert "scancel" not in commands.names
    slurm.cancel("6")
    assert commands.asked[-1] == ("scancel", "6")
    for unknown in ("999", "--me", "6,7", "local-00000000", ""):
        with pytest.raises(UsageError, match="Slurm knows no job"):
            slurm.cancel(unknown)
    assert commands.names.count("scancel") == 1


def test_a_job_that_cannot_be_cancelled_says_why() -> None:
    commands = Commands(scancel=failed("scancel: error: Kill job error on job id 6: Access/permission denied"))
    with pytest.raises(TiledVizError, match=r"job 6 cannot be cancelled: scancel: Kill job error .* denied"):
        scheduler(commands).cancel("6")


def test_an_estimate_is_what_sbatch_says_it_would_do() -> None:
    commands = Commands()
    start = scheduler(commands).estimate("#!/bin/sh\n")
    assert start is not None
    assert NOW < start < NOW + 60 * 86400
    assert commands.asked == [("sbatch", "--test-only")]
    far = "sbatch: Job 7 to start at 17893728000 using 1 processors on nodes c1 in partition tiles\n"
    assert scheduler(Commands(sbatch=Finished(0, "", far))).estimate("#!/bin/sh\n") is None


def test_a_node_that_slurm_does_not_know_has_no_addresses() -> None:
    assert set(scheduler(Commands()).addresses("c1")) == {"c1", "10.77.0.11"}
    assert scheduler(Commands(scontrol=Finished(1, "Node zz not found\n", ""))).addresses("zz") == ()
    commands = Commands()
    assert scheduler(commands).addresses("-h") == ()
    assert commands.asked == []
