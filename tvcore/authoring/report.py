"""What ``check`` finds."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal, NamedTuple

Level = Literal["error", "warning"]


class Finding(NamedTuple):
    """Something that is wrong, or (a warning) may be: *where*, a hook usually, and what, in a line of words."""

    level: Level
    where: str
    text: str

    def __str__(self) -> str:
        where = f"{self.where}: " if self.where else ""
        return f"{self.level}: {where}{self.text}"


@dataclass(frozen=True)
class Report:
    """All that was found of the *plugin* of this name, and what was looked at: its hooks, and a few members."""

    plugin: str
    origin: str
    hooks: tuple[str, ...]
    members: int
    errors: list[Finding]
    warnings: list[Finding]

    @classmethod
    def of(cls, plugin: str, origin: str, hooks: Iterable[str], members: int, found: Iterable[Finding]) -> Report:
        """Return the report of what was *found*; what is so of several members is told of the first alone."""
        each = list(
            {(one.level, one.where.partition(", member")[0], one.text): one for one in [*found][::-1]}.values()
        )[::-1]
        return cls(
            plugin, origin, tuple(hooks), members,
            [one for one in each if one.level == "error"], [one for one in each if one.level == "warning"],
        )  # fmt: skip

    def document(self) -> dict[str, Any]:
        """Return it for JSON."""
        plain = asdict(self)
        for key in ("errors", "warnings"):
            plain[key] = [{"where": each.where, "text": each.text} for each in getattr(self, key)]
        return plain

    def lines(self) -> list[str]:
        """Return it for people: a line for each finding, and one that sums up."""
        found = [str(each) for each in (*self.errors, *self.warnings)]
        looked = f"{_count(len(self.hooks), 'hook')}, {_count(self.members, 'member')} looked at"
        if not found:
            return [f"{self.plugin}: nothing is wrong ({looked})"]
        counts = f"{_count(len(self.errors), 'error')}, {_count(len(self.warnings), 'warning')}"
        return [*found, f"{self.plugin}: {counts} ({looked})"]


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"
