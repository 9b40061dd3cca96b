"""What the kernel says of our memory control group: how many processes it killed for want of memory, and the limit.

Both versions of control groups (cgroups(7)): ``memory.events`` and ``memory.max`` of version 2, which hold for all
below a group; ``memory.oom_control`` and ``memory.stat`` of version 1, which count a group's own.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

_ENDLESS = 1 << 60  # version 1 writes "no limit" as a number near 2^63


@dataclass(frozen=True)
class MemoryGroup:
    """A memory control group by its folder in the file system, at *top* the file system begins."""

    folder: Path
    top: Path
    version: int

    def kills(self) -> int:
        """Return how many processes of the group the kernel has killed for want of memory; 0 where nothing tells it."""
        text = _text(self.folder / ("memory.events" if self.version == 2 else "memory.oom_control"))
        return oom_kills(text)

    def limit(self) -> int | None:
        """Return the limit that holds for the group, in bytes, None where there is none."""
        if self.version == 1:
            return hierarchical_limit(_text(self.folder / "memory.stat"))
        folders = [self.folder, *self.folder.parents]
        texts = (_text(folder / "memory.max") for folder in folders[: folders.index(self.top) + 1])
        return min((int(text) for text in texts if text.strip().isdecimal()), default=None)


def oom_kills(text: str) -> int:
    """Return the count of ``oom_kill`` in the text of memory.events or memory.oom_control."""
    return next((int(value) for key, value in _rows(text) if key == "oom_kill" and value.isdecimal()), 0)


def hierarchical_limit(text: str) -> int | None:
    """Return the limit in the text of a memory.stat of version 1, None for none."""
    found = next((int(value) for key, value in _rows(text) if key == "hierarchical_memory_limit"), _ENDLESS)
    return found if found < _ENDLESS else None


def find_group(groups: str, mounts: str) -> MemoryGroup | None:
    """Return our memory control group by the texts of /proc/self/cgroup and /proc/self/mountinfo (proc(5)).

    Where version 1 counts memory, it is that one; None where no file system shows the group.
    """
    found: dict[int, str] = {}
    for line in groups.splitlines():
        number, names, path = line.split(":", 2)
        if "memory" in names.split(","):
            found[1] = path
        elif number == "0" and not names:
            found[2] = path
    for version in sorted(found):
        for row in map(str.split, mounts.splitlines()):
            root, point, kind, options = row[3], row[4], row[row.index("-") + 1], row[-1].split(",")
            fits = kind == "cgroup2" if version == 2 else kind == "cgroup" and "memory" in options
            path = found[version]
            if ".." in path.split("/"):  # it lies outside of what this namespace shows
                continue
            if fits and (root == "/" or path == root or path.startswith(f"{root}/")):
                below = path if root == "/" else path[len(root) :]
                top = Path(point)
                return MemoryGroup(top / below.strip("/"), top, version)
    return None


def own_group() -> MemoryGroup | None:
    """Return the memory control group of this process, None where it cannot be found."""
    try:
        return find_group(_text(Path("/proc/self/cgroup")), _text(Path("/proc/self/mountinfo")))
    except (ValueError, IndexError):
        return None


def in_words(amount: int) -> str:
    """Return so many bytes for people: ``2.0 GiB``."""
    size = amount / (1 << 20)
    return f"{size:.0f} MiB" if size < 1024 else f"{size / 1024:.1f} GiB"


def _rows(text: str) -> Iterator[tuple[str, str]]:
    return ((words[0], words[1]) for line in text.splitlines() if len(words := line.split()) == 2)


def _text(path: Path) -> str:
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""
