"""Plugins as files in the person's own folder, for tests."""

from __future__ import annotations

import textwrap
from pathlib import Path

from tvcore.cases.sources import own_folder

HEAD = """
from pydantic import BaseModel, Field
from tvcore.cases import *


class Parameters(BaseModel):
    count: int = Field(3, ge=1, le=9, description="how many")
"""

# Each hook of the sample case, to be left out or replaced.
SAMPLE = {
    "case_info": """
        def case_info():
            return CaseInfo(name="{name}", title="Sample", description="A sample.")
    """,
    "case_parameters": """
        def case_parameters():
            return Parameters
    """,
    "case_members": """
        def case_members(parameters):
            return [Member(index=i, title=f"m{{i}}") for i in range(parameters.count)]
    """,
    "case_tile": """
        def case_tile(member):
            return TileSpec(command=("true", str(member.index)))
    """,
}


def write_plugin(name: str, source: str, folder: Path | None = None) -> Path:
    """Write the plugin *name* of this *source*, a module, into *folder* (the person's own) and return its path."""
    where = folder or own_folder()
    where.mkdir(parents=True, exist_ok=True)
    path = where / f"{name}.py"
    path.write_text(textwrap.dedent(source))
    return path


def write_sample(name: str = "sample", head: str = "", folder: Path | None = None, **hooks: str | None) -> Path:
    """Write a small case of three members; *head* stands before its hooks.

    *hooks* are the source of functions, which replace or are added; None: left out.
    """
    parts = [HEAD, textwrap.dedent(head)]
    for source in ({key: text.format(name=name) for key, text in SAMPLE.items()} | hooks).values():
        if source is not None:
            parts.append(f"@hookimpl\n{textwrap.dedent(source).strip()}\n")
    return write_plugin(name, "\n".join(parts), folder)
