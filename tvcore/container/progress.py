"""How far a build is, by the lines that the container command, debootstrap and apt print."""

from __future__ import annotations

import re

# Where each stage begins, of the whole, and about how many lines debootstrap prints.
_BASE, _POST, _PACK, _DONE = 0.02, 0.30, 0.90, 1.0
_BASE_LINES = 350
_STEP = re.compile(r"Get:\d+ |Unpacking |Setting up |Selecting previously ")
_STEPS = 4  # lines of apt's for each package: fetched, selected, unpacked, set up
_MARKS = (
    (re.compile(r"INFO: +(?:Starting build|Verifying|Extracting|Fetching|Copying)"), _BASE, "base system"),
    (re.compile(r"INFO: +Running post"), _POST, "packages"),
    (re.compile(r"INFO: +Running test"), _PACK - 0.02, "tests"),
    (re.compile(r"INFO: +Creating SIF"), _PACK, "packing"),
    (re.compile(r"INFO: +Build complete"), _DONE, "done"),
)


class Stages:
    """Takes a build's lines; ``fraction`` is how much of it is done (0 to 1, never less than before), ``text`` what."""

    def __init__(self) -> None:
        self.fraction = 0.0
        self.text = "begins"
        self._base = self._packages = self._steps = 0

    def take(self, line: str) -> bool:
        """Take a line; return whether there is something new to show."""
        before = (self.fraction, self.text)
        for mark, fraction, text in _MARKS:
            if mark.match(line):
                self.fraction, self.text = max(self.fraction, fraction), text
        if line.startswith("I: "):  # debootstrap's
            self._base += 1
            self._ahead(_BASE, _POST, self._base / _BASE_LINES)
        elif found := re.search(r"(\d+) newly installed", line):
            self._packages += int(found[1])
        elif _STEP.match(line) and self._packages:
            self._steps += 1
            self._ahead(_POST, _PACK, self._steps / (_STEPS * self._packages))
        return before != (self.fraction, self.text)

    def _ahead(self, begin: float, end: float, share: float) -> None:
        self.fraction = max(self.fraction, begin + 0.95 * (end - begin) * min(share, 1.0))
