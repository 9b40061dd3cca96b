"""What all settings are made of: one line of text, a whole number, a table that takes nothing unknown."""

from __future__ import annotations

import datetime
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

LONGEST = 1000  # characters of one value
FILES_ONLY = "files_only"
UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")  # ends a line, moves a cursor, or is no text

_HOST = re.compile(r"[a-z0-9:][a-z0-9.:_-]*", re.I | re.A)


def _as_text(value: object) -> object:
    """TOML has numbers and times of its own: ``time = 90`` and ``time = 01:30:00`` are meant as Slurm's."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    return value.isoformat() if isinstance(value, datetime.time) else value


def no_bool(value: object) -> object:
    """Return *value*, None for an empty text. Raises ValueError for one that is true or false."""
    if isinstance(value, bool):
        raise ValueError("must be a whole number")
    return value or None if isinstance(value, str) else value


def one_line(value: str) -> str:
    """Return *value*. Raises ValueError unless it is one line, of no more than ``LONGEST`` characters."""
    if found := UNPRINTABLE.search(value):
        raise ValueError(f"must be one line of text, without the character U+{ord(found[0]):04X}")
    if len(value) > LONGEST:
        raise ValueError(f"must have at most {LONGEST} characters, not {len(value)}")
    return value


def absolute(value: str) -> str:
    """Return *value*, a path or empty. Raises ValueError for a path that is not absolute."""
    if value and not value.startswith("/"):
        raise ValueError("must be an absolute path")
    return value


def host(value: str) -> str:
    """Return *value*, a host's name or address, or empty. Raises ValueError for anything else."""
    if value and not _HOST.fullmatch(value):
        raise ValueError("must be a host's name or address")
    return value


def words(value: object) -> object:
    """Return what one text stands for: several, separated by commas or spaces."""
    return tuple(value.replace(",", " ").split()) if isinstance(value, str) else value


Text = Annotated[str, BeforeValidator(_as_text), AfterValidator(one_line)]
Count = Annotated[int, BeforeValidator(no_bool)]
Path = Annotated[Text, AfterValidator(absolute)]
Host = Annotated[Text, AfterValidator(host)]


class Table(BaseModel):
    """A table of settings: frozen, and with no key that is not known."""

    model_config = ConfigDict(frozen=True, extra="forbid")
