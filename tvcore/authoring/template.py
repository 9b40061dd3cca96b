"""The files of a new plugin: a small case that works, as a package with a test."""

from __future__ import annotations

import keyword
import re
import sys
from pathlib import Path

from tvcore.cases import sources
from tvcore.cases.case import CASE_NAME
from tvcore.errors import TiledVizError, UsageError

_PYPROJECT = """\
[build-system]
requires = ["setuptools>=77"]
build-backend = "setuptools.build_meta"

[project]
name = "tiledviz-@dashed@"
version = "0.1"
description = "The case @name@, for TiledViz"
readme = "README.md"
requires-python = ">=3.11"
dependencies = ["tiledviz"]

[project.entry-points."tiledviz.cases"]
@name@ = "@name@"

[tool.setuptools]
packages = ["@name@"]

[tool.setuptools.package-data]
@name@ = ["*.png"]
"""

_MODULE = '''\
"""The case ``@name@``: a program in a tile for each member."""

import os

from pydantic import BaseModel, ConfigDict, Field
from tvcore.cases import Action, CaseInfo, Column, ImageSpec, Member, TileSpec, hookimpl


class Parameters(BaseModel):
    """What one may choose; each has a default and a description."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    size: int = Field(
        default=320, ge=64, le=4096, description="width and height of a tile", json_schema_extra={"unit": "pixels"}
    )


@hookimpl
def case_info():
    """Return what the case is called; a picture for the list of cases is named here: picture="@name@.png"."""
    return CaseInfo(name="@name@", title="@title@", description="Gears for each member.")


@hookimpl
def case_parameters():
    """Return the model of the parameters."""
    return Parameters


@hookimpl
def case_members(parameters, count):
    """Return the first *count* members, each with its metadata."""
    return [
        Member(index=i, title=f"speed {speed:g}", values={"speed": speed})
        for i, speed in enumerate([0.5, 1.0, 1.5, 2.0][:count])
    ]


@hookimpl
def case_columns(parameters):
    """Return what the members' values are."""
    return [Column("speed", "float64", unit="1/s", role="parameter", description="how fast it turns")]


@hookimpl
def case_tile(parameters, member):
    """Return what runs in the tile of *member*: an argument list, no shell."""
    return TileSpec(
        command=("glxgears", "-geometry", f"{parameters.size}x{parameters.size}+0+0"),
        width=parameters.size,
        height=parameters.size,
        image=ImageSpec(name="tile"),
        unwatched="pause",
    )


@hookimpl
def case_actions(parameters):
    """Return what people may have done: a button each."""
    return [Action(name="turn", title="Turn it", icon="look")]


@hookimpl
def case_action(parameters, action, member, tile):
    """Do it, on the node of the tile; return a line that says what came of it."""
    tile.key("Left")
    return f"{member.title} turned on {os.uname().nodename}"
'''

_TEST = '''\
"""What the case ``@name@`` promises: run it with pytest."""

from pathlib import Path

import @name@
from tvcore.authoring import check


def test_nothing_is_wrong_with_it():
    assert check(Path(@name@.__file__).parent).errors == []


def test_every_member_has_a_tile_of_the_size_that_was_chosen():
    parameters = @name@.Parameters(size=100)
    tiles = [@name@.case_tile(parameters, member) for member in @name@.case_members(parameters, None)]
    assert {(tile.width, tile.height) for tile in tiles} == {(100, 100)}
'''

_README = """\
# @title@

The case `@name@` of TiledViz. How a case is written: docs/plugins.md of TiledViz.

```sh
tiledviz plugin check .           # is anything wrong?
tiledviz plugin test .            # run it here, for a try
pip install -e .                  # into the environment of TiledViz
pytest                            # its tests
tiledviz launch @name@ --tiles 4
```
"""


def new(name: str, folder: Path | None = None) -> list[Path]:
    """Write the files of a case *name* into *folder* (default: one of that name here); return their paths.

    Raises UsageError for a name that a case cannot have, and where there is something already: nothing is overwritten.
    """
    root = (folder or Path(name)).absolute()
    check_name(name)
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise UsageError(f"{root} is there already, and is left as it is: choose another place with --folder")
    words = {"@name@": name, "@dashed@": name.replace("_", "-"), "@title@": name.replace("_", " ").capitalize()}
    texts = {
        "pyproject.toml": _PYPROJECT,
        "README.md": _README,
        f"{name}/__init__.py": _MODULE,
        f"tests/test_{name}.py": _TEST,
    }
    written = []
    try:
        for path, text in texts.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            for word, instead in words.items():
                text = text.replace(word, instead)
            with target.open("x") as file:
                file.write(text)
            written.append(target)
    except OSError as error:
        raise TiledVizError(f"{root} cannot be written: {error.strerror}") from error
    return written


def check_name(name: str) -> None:
    """Raise UsageError where a case and its module cannot be called *name*."""
    if not re.fullmatch(CASE_NAME.removeprefix("^").removesuffix("$"), name):
        raise UsageError(f"a case has a name of small letters, digits and _, a letter first, 40 at most, not {name!r}")
    if keyword.iskeyword(name) or name in sys.stdlib_module_names:
        raise UsageError(f"{name} is a word or a module of Python's own: choose another name")
    if name in ("tvcore", "plugins", "tests", "tiledviz"):
        raise UsageError(f"{name} is the name of a part of TiledViz: choose another")
    counted, _ = sources.plugins()
    if name in counted:
        raise UsageError(f"{name} is a plugin that there is already ({counted[name].origin}): choose another name")
