"""The errors that a person reads: one line that says what, where, and how to mend it."""

from __future__ import annotations


class TiledVizError(Exception):
    """Something went wrong that a person can mend; its text is one line, exit code 1."""

    exit_code = 1


class UsageError(TiledVizError):
    """What was asked for cannot be: an unknown name, a bad value; exit code 2."""

    exit_code = 2
