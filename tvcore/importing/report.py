"""What an import took, what it changed, and what it left, row by row: nothing is dropped in silence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

LISTED_MAX = 1_000  # rows of one complaint that are listed; what follows is counted
ABOUT_MAX = 1_000  # complaints about no row


class Report:
    """Hears what becomes of each row as it is imported. Rows are counted from 1, as people count them in that file."""

    def __init__(self) -> None:
        self.took = 0
        self.columns = 0
        self.numbers: Sequence[int] = ()  # of the tiles' rows, as the file counts them; none: from 1 on
        self.in_vain: dict[int, str] = {}  # by the keys of tiles: what they were to show, and cannot
        self._rows: dict[tuple[str, str], list[int]] = {}
        self._more: Counter[tuple[str, str]] = Counter()
        self._about: dict[str, int] = {}
        self._about_more = 0

    def changed(self, row: int, text: str) -> None:
        """Say that *row* was taken, but not as it was."""
        self._add("changed", row, text)

    def left(self, row: int, text: str) -> None:
        """Say what of *row*, or that all of it, was not taken."""
        self._add("left", row, text)

    def about(self, text: str) -> None:
        """Say something that is about no one row."""
        if text in self._about or len(self._about) < ABOUT_MAX:
            self._about[text] = self._about.get(text, 0) + 1
        else:
            self._about_more += 1

    def _add(self, what: str, row: int, text: str) -> None:
        key = (what, text)
        rows = self._rows.get(key)
        if rows is None and len(self._rows) >= LISTED_MAX:
            key = (what, "and something else: there are too many kinds of it to list")
            rows = self._rows.get(key)
        if rows is None:
            rows = self._rows[key] = []
        if len(rows) < LISTED_MAX:
            rows.append(row)
        else:
            self._more[key] += 1

    def plain(self) -> dict[str, Any]:
        """Return the report as JSON has it: of each complaint its rows, and how many more there are."""
        items = [
            {"what": what, "text": text, "rows": rows, "more": self._more[what, text]}
            for (what, text), rows in self._rows.items()
        ]
        about = list(self._about)
        if self._about_more:
            about.append(f"and {self._about_more} more of this kind")
        return {"took": self.took, "columns": self.columns, "about": about, "items": items}

    def lines(self) -> list[str]:
        """Return the report as people read it, a line each."""
        return report_lines(self.plain())


def report_lines(plain: dict[str, Any]) -> list[str]:
    """Return a report that is JSON as people read it: what was taken, what is about all, then row by row."""
    tiles, columns = plain["took"], plain["columns"]
    lines = [f"took {tiles} tile{'' if tiles == 1 else 's'} with {columns} column{'' if columns == 1 else 's'}"]
    lines += plain["about"]
    rows = [(row, item["what"], item["text"]) for item in plain["items"] for row in item["rows"]]
    lines += [f"row {row}, {what}: {text}" for row, what, text in sorted(rows, key=lambda each: each[0])]
    lines += [f"{item['more']} more rows, {item['what']}: {item['text']}" for item in plain["items"] if item["more"]]
    return lines
