"""Rendering a job's script: plan in, text out, nothing else touched."""

from __future__ import annotations

import re
import shlex
import sys
from importlib.resources import files

from jinja2 import Environment, StrictUndefined

import tvcore
from tvcore.batch.plan import Plan
from tvcore.errors import UsageError

_CONTROL = re.compile(r"[\x00-\x1f\x7f\u2028\u2029]")


class Verbatim(str):
    """Text that goes into a script as it is."""

    __slots__ = ()


def quote(value: object) -> str:
    """Return *value* as one word of the shell (POSIX, 2.2 Quoting).

    Raises UsageError for a value with a line break or another control character: ``#SBATCH`` lines and comments
    end at the line's end, whatever the quotes.
    """
    if isinstance(value, Verbatim):
        return value
    text = str(value)
    if _CONTROL.search(text):
        raise UsageError(f"{text!r} cannot stand in a job script: remove its line breaks and control characters")
    return shlex.quote(text)


def render(plan: Plan, python: str | None = None) -> str:
    """Return the script that runs *plan* by *python* (default: this interpreter).

    Every value is quoted by the template's ``finalize``; the plan stands in a quoted here-document, one line of
    JSON, which no shell looks into.
    """
    environment = Environment(
        undefined=StrictUndefined,
        finalize=quote,
        autoescape=False,  # noqa: S701 - the text is a shell script; finalize quotes
        keep_trailing_newline=True,
    )
    environment.filters["verbatim"] = Verbatim
    template = environment.from_string(files("tvcore.batch_templates").joinpath("job.sh.j2").read_text("utf-8"))
    nodes = 1 + max(tile.node for tile in plan.tiles)
    return template.render(
        name=f"tiledviz-{plan.case}",
        nodes=nodes,
        log=f"{plan.state}/jobs/slurm-%j.log",
        summary=Verbatim(f"{len(plan.tiles)} tiles of the case {plan.case} on {nodes} node{'s' if nodes > 1 else ''}"),
        version=tvcore.__version__,
        python=python or sys.executable,
        plan=plan.model_dump_json(),
    )
