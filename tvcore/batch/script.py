"""Rendering a job's script: plan and settings in, text out, nothing else touched."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterable
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

import tvcore
from tvcore.batch.plan import Plan
from tvcore.errors import UsageError
from tvcore.settings import UNPRINTABLE, JobSettings

TERMINATOR = "TILEDVIZ_PLAN"  # of the here-document with the plan
DEFAULTS = JobSettings()
SIGNAL_MAX = 65535  # seconds of sbatch --signal

_PLAIN = re.compile(r"[\w./:,=+@%-]+", re.ASCII)
_HETJOB = re.compile(r"(het|pack)(?=job)", re.IGNORECASE)


class Verbatim(str):
    """Text that goes into a script as it is."""

    __slots__ = ()


def quote(value: object, name: str = "a value") -> str:
    """Return *value* as one word of the shell (POSIX, 2.2 Quoting). Raises UsageError, by *name*, if that cannot be."""
    return value if isinstance(value, Verbatim) else Verbatim(shlex.quote(line(value, name)))


def quote_all(values: Iterable[object], name: str) -> str:
    """Return *values* as words of the shell. Raises UsageError, by *name*, if that cannot be."""
    return Verbatim(" ".join(quote(value, name) for value in values))


def sbatch_word(value: object, name: str) -> str:
    """Return *value* as one word of an ``#SBATCH`` line. Raises UsageError, by *name*, if that cannot be.

    sbatch reads such lines itself, not by a shell: quotes of either kind hold spaces and ``#`` together, a backslash
    takes the next character as it is (inside quotes of either kind too), nothing is expanded. It first blanks out the
    word ``hetjob`` (once ``packjob``) wherever it stands in the line, so that one is broken up by a backslash.
    """
    text = line(value, name)
    if _PLAIN.fullmatch(text) and not _HETJOB.search(text):
        return Verbatim(text)
    escaped = re.sub(r'(["\\])', r"\\\1", text)
    return Verbatim('"' + _HETJOB.sub(r"\1\\", escaped) + '"')


def sbatch_option(value: str, name: str) -> str:
    """Return the option *value*, ``--name`` or ``--name=value``, for an ``#SBATCH`` line."""
    option, equals, argument = value.partition("=")
    return Verbatim(line(option, name) + (f"={sbatch_word(argument, name)}" if equals else ""))


def line(value: object, name: str) -> str:
    """Return *value* as text that stays on its line; the line's end ends comments and ``#SBATCH`` whatever the quotes.

    Raises UsageError, by *name*, for a value with a line break or another control character.
    """
    text = str(value)
    if found := UNPRINTABLE.search(text):
        raise UsageError(f"{name} cannot stand in a job script: remove its character U+{ord(found[0]):04X}")
    return Verbatim(text)


def render(plan: Plan, job: JobSettings = DEFAULTS) -> str:
    """Return the script that runs *plan* in a job as *job* says.

    The same values give the same text, and nothing in it belongs to one job: it can be submitted twice. Every value
    is quoted by the template's ``finalize`` or a filter that names it in its error; the plan stands in a quoted
    here-document, one line of JSON, which no shell looks into. Raises UsageError for a value that cannot be written.
    """
    environment = Environment(
        undefined=StrictUndefined,
        finalize=quote,
        autoescape=False,  # noqa: S701 - the text is a shell script; finalize quotes
        keep_trailing_newline=True,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "verbatim": Verbatim, "line": line, "word": quote, "words": quote_all, "sbatch": sbatch_word,
        "option": sbatch_option,
    }  # fmt: skip
    template = environment.from_string(files("tvcore.batch_templates").joinpath("job.sh.j2").read_text("utf-8"))
    nodes = plan.nodes
    return template.render(
        job=job,
        name=f"tiledviz-{plan.case}",
        summary=f"{len(plan.tiles)} tiles of the case {plan.case} on {nodes} node{'s' if nodes > 1 else ''}",
        nodes=nodes,
        warning=min(plan.warning, SIGNAL_MAX) if "case_limit" in plan.hooks else 0,
        log=_log(plan.state),
        version=tvcore.__version__,
        python=job.python or sys.executable,
        terminator=Verbatim(TERMINATOR),
        plan=Verbatim(_json(plan)),
    )


def _log(state: str) -> str:
    """Return the pattern of the job's log, in which ``%j`` is the job's id (sbatch(1), FILENAME PATTERN)."""
    if not state.startswith("/") or "\\" in state:
        raise UsageError(
            f"the state folder {state!r} cannot hold the log of a Slurm job: its path must be absolute and without"
            " backslashes; set TILEDVIZ_HOME to another place"
        )
    return f"{state.replace('%', '%%')}/jobs/slurm-%j.log"


def _json(plan: Plan) -> str:
    text = plan.model_dump_json()
    assert "\n" not in text  # JSON writes it as \n, and begins with a brace: it cannot end the here-document
    assert text != TERMINATOR
    return text
