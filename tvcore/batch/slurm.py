"""Slurm by its command line: what serves every release, installed as the site has it.

Which format a release has is found by asking for the best and taking the plain one where that is refused.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence

from tvcore.batch import slurm_offers, slurm_parse, slurm_words
from tvcore.batch.offered import Offered
from tvcore.batch.scheduler import JobStatus, SchedulerAwayError
from tvcore.batch.slurm_run import Finished, Run, run_command
from tvcore.batch.slurm_words import Seen
from tvcore.errors import TiledVizError, UsageError

ANSWER_SECONDS = 20.0
SUBMIT_SECONDS = 60.0
PERHAPS_QUEUED = "; `squeue --me` tells later whether the job was queued"


class SlurmCommandLine:
    """Slurm as ``sbatch``, ``squeue``, ``sacct``, ``scontrol`` and ``scancel`` of the search path give it."""

    name = "slurm"

    def __init__(
        self,
        run: Run = run_command,
        clock: Callable[[], float] = time.time,
        answer_seconds: float = ANSWER_SECONDS,
        submit_seconds: float = SUBMIT_SECONDS,
    ) -> None:
        self._run = run
        self._clock = clock
        self._answer_seconds = answer_seconds
        self._submit_seconds = submit_seconds
        self._has_json = True
        self._has_accounting = True

    def submit(self, script: str) -> str:
        """Queue *script* by ``sbatch`` and return the job's number. Raises TiledVizError with Slurm's own words."""
        done = self._sbatch(["--parsable"], script)
        return slurm_parse.read_job_id(done.out)

    def jobs(self, ids: Iterable[str]) -> dict[str, JobStatus]:
        """Return the status of each of *ids* that Slurm knows: one ``squeue`` for all.

        Those that only accounting remembers come from one ``sacct``, where the site has it.
        """
        wanted = slurm_parse.job_ids(ids)
        if not wanted:
            return {}
        now = self._clock()
        found = {seen.id: slurm_words.status(seen, now) for seen in self._squeue(wanted)}
        return found | self.forgotten([job for job in wanted if job not in found])

    def forgotten(self, ids: Sequence[str]) -> dict[str, JobStatus]:
        """Return how those of *ids* ended that only accounting remembers: nothing where there is none."""
        if not ids:
            return {}
        statuses = (slurm_words.status(seen, self._clock()) for seen in self._sacct(ids))
        # A job that the controller has forgotten is over, whatever accounting was not told of.
        return {status.id: status for status in statuses if status.state.ended}

    def now(self) -> float:
        """Return the time by this scheduler's clock."""
        return self._clock()

    def cancel(self, job: str) -> None:
        """End *job*; one that is over is left as it is. Raises UsageError when Slurm does not know it."""
        status = self.jobs([job]).get(job)
        if status is None:
            raise UsageError(f"Slurm knows no job {job!r:.40} of yours: `tiledviz jobs` lists those there are")
        if not status.state.ended:
            self._must(["scancel", job], f"job {job} cannot be cancelled")

    def estimate(self, script: str) -> float | None:
        """Return when *script* would start by ``sbatch --test-only``, None when Slurm cannot say.

        Raises TiledVizError when Slurm would refuse the script.
        """
        done = self._sbatch(["--test-only"], script)
        return slurm_parse.read_start(done.err + done.out, self._clock())

    def addresses(self, node: str) -> tuple[str, ...]:
        """Return the address and host name of *node*; none when Slurm knows no such node."""
        if not node or node.startswith("-"):
            return ()
        done = self._ask(["scontrol", "show", "node", "-o", node])
        return slurm_parse.read_addresses(done.out) if done.code == 0 else ()

    def version(self) -> str | None:
        """Return Slurm's release, such as "24.11.5"; None when it does not say."""
        return slurm_parse.read_version(self._ask(["sinfo", "--version"]).out)

    def partitions(self) -> tuple[str, ...]:
        """Return the names of the partitions that this user sees."""
        return slurm_parse.read_partitions(self._must(["sinfo", "-h", "-o", "%R"], "partitions cannot be listed").out)

    def offered(self, user: str) -> Offered:
        """Return the partitions, and what of accounts, qualities of service and reservations is for *user*.

        Raises TiledVizError when the partitions cannot be listed; of the rest there is what Slurm says.
        """
        partitions = slurm_offers.read_sinfo(self._must(slurm_offers.SINFO, "partitions cannot be listed").out)
        accounts, qos = slurm_offers.read_associations(self._perhaps_said(slurm_offers.associations(user)))
        said = self._perhaps_said(slurm_offers.RESERVATIONS)
        return Offered(partitions, accounts, qos, slurm_offers.read_reservations(said, user, accounts))

    def _perhaps_said(self, argv: Sequence[str]) -> str:
        """Return what *argv* prints, nothing when it fails: a site may lack the command, or the service it asks."""
        try:
            done = self._ask(argv)
        except TiledVizError:
            return ""
        return done.out if done.code == 0 and not done.cut else ""

    def refuse(self, err: str) -> TiledVizError:
        """Return the error for a job that Slurm refused with the error text *err*."""
        try:
            partitions = self.partitions() if "partition" in err.lower() else ()
        except TiledVizError:
            partitions = ()
        return TiledVizError(slurm_words.refusal(err, partitions))

    def _sbatch(self, options: Sequence[str], script: str) -> Finished:
        done = self._ask(["sbatch", *options], script, self._submit_seconds)
        if done.code != 0:
            raise self.refuse(done.err)
        return done

    def _squeue(self, wanted: Sequence[str]) -> list[Seen]:
        mine = ["squeue", "--me", "-t", "all"]
        if self._has_json:
            done = self._ask([*mine, f"--json={slurm_parse.DATA_PARSER}"])
            if done.code == 0 and not done.cut:
                return slurm_parse.read_squeue_json(done.out, wanted)
            # A release without it, or so many jobs that their CPUs, core by core, are too much to read.
            self._has_json = False
        done = self._must([*mine, "-h", "-O", slurm_parse.SQUEUE_FORMAT], "jobs cannot be listed")
        return slurm_parse.read_squeue_table(done.out, wanted)

    def _sacct(self, wanted: Sequence[str]) -> list[Seen]:
        """Return what accounting remembers of *wanted*: nothing where there is none, or where it does not answer."""
        if not self._has_accounting:
            return []
        argv = ["sacct", "-n", "-P", "-X", f"--jobs={','.join(wanted)}", f"--format={slurm_parse.SACCT_FORMAT}"]
        try:
            done = self._run(argv, "", self._answer_seconds)
        except TimeoutError:
            return []
        except OSError:
            self._has_accounting = False
            return []
        if done.code != 0 and "accounting storage is disabled" in done.err.lower():
            self._has_accounting = False
        return slurm_parse.read_sacct(done.out, wanted) if done.code == 0 and not done.cut else []

    def _must(self, argv: Sequence[str], failed: str) -> Finished:
        """Run *argv*, which has to succeed. Raises TiledVizError that begins with *failed*."""
        done = self._ask(argv)
        if done.code != 0:
            raise TiledVizError(f"{failed}: {argv[0]}: {slurm_words.words(done.err) or f'exit code {done.code}'}")
        if done.cut:
            raise TiledVizError(
                f"{failed}: {argv[0]} printed too much to read: cancel jobs of yours that are not needed"
            )
        return done

    def _ask(self, argv: Sequence[str], stdin: str = "", seconds: float | None = None) -> Finished:
        """Run *argv*. Raises SchedulerAwayError when Slurm does not answer, TiledVizError when *argv* cannot be run."""
        try:
            done = self._run(argv, stdin, seconds or self._answer_seconds)
        except TimeoutError as error:
            raise SchedulerAwayError(f"Slurm does not answer: {error}{_perhaps(argv)}") from error
        except FileNotFoundError as error:
            raise TiledVizError(
                f"{argv[0]} was not found: this is no login node of a Slurm cluster, or PATH lacks Slurm's commands"
            ) from error
        except OSError as error:
            raise TiledVizError(f"{argv[0]} cannot be run: {error.strerror or error}") from error
        if done.code != 0 and slurm_words.is_away(done.err):
            raise SchedulerAwayError(f"Slurm does not answer: {slurm_words.words(done.err)}{_perhaps(argv)}")
        return done


def _perhaps(argv: Sequence[str]) -> str:
    """Return what to add to the error of *argv* without an answer: a job may have been queued nevertheless."""
    return PERHAPS_QUEUED if "--parsable" in argv else ""
