"""The mirror of Debian that this machine installs from, if it is one of Debian's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

DEFAULT_MIRROR = "http://deb.debian.org/debian"
APT_SOURCES = Path("/etc/apt")


def mirrors(sources: Iterable[str]) -> Iterator[str]:
    """Yield the mirrors of Debian itself that apt's *sources* (one-line or deb822, as texts) name."""
    for text in sources:
        lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
        one_line = re.compile(r"\s*deb\s+(?:\[[^]]*\]\s+)?(\S+)\s+\S+\s+(.*)")
        found = [(match[1], match[2]) for line in lines if (match := one_line.fullmatch(line))]
        for stanza in re.split(r"\n\s*\n", "\n".join(lines)):
            pairs = re.findall(r"^([\w-]+):(.*(?:\n[ \t].*)*)", stanza, re.MULTILINE)
            fields = {name.lower(): value.split() for name, value in pairs}
            if "deb" in fields.get("types", ()) and fields.get("enabled") != ["no"]:
                found += [(uri, " ".join(fields.get("components", ()))) for uri in fields.get("uris", ())]
        for uri, components in found:
            address = uri.rstrip("/")
            if re.match(r"https?://.*/debian$", address) and "main" in components.split():
                yield address


def this_mirror() -> str:
    """Return the mirror that this machine installs from, Debian's own address where it names none."""
    files = [APT_SOURCES / "sources.list", *sorted((APT_SOURCES / "sources.list.d").glob("*"))]
    texts = [path.read_text() for path in files if path.suffix in (".list", ".sources") and path.is_file()]
    return next(mirrors(texts), DEFAULT_MIRROR)
