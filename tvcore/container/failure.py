"""Why a build failed, in one line, by what the container command and the programs of the definition said. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tvcore.container.command import Runtime
from tvcore.container.definition import Definition, failed_line
from tvcore.container.explain import explain, own_words
from tvcore.errors import TiledVizError

NO_RANGE = re.compile(
    r"not listed in /etc/subuid|no mapping entry found in /etc/subuid|/etc/subuid.*: (?:no|not)", re.I
)
_NO_ROOM = re.compile(
    r"no space left on device|disk quota exceeded|not enough free space|failed to write to output", re.I
)
_NO_NETWORK = re.compile(
    r"Temporary failure resolving|Could not resolve|unable to resolve|Failed getting release file|Could not connect"
    r"|Network is unreachable|network is unreachable|dial tcp|connection timed out"
)
_TEST = re.compile(r"failed to execute %test|running %test|%test script")
_OWN_LINES = re.compile(r"(?:INFO|WARNING|FATAL|ERROR|DEBUG) *:|\++ ")
_LONGEST = 300


@dataclass(frozen=True)
class Place:
    """Where a build ran: the machine's and the person's name, its temporary folder, and where all its output is."""

    node: str
    person: str
    temporary: str
    log: str


def no_range(place: Place) -> TiledVizError:
    """Return the error of a machine that gives the person no further user ids, which a Debian from scratch needs."""
    return TiledVizError(
        f"{place.person} has no range of user ids in /etc/subuid and /etc/subgid on {place.node}, which debootstrap"
        f" needs: have root run `usermod --add-subuids 100000-165535 --add-subgids 100000-165535 {place.person}`, or"
        " build on another machine and copy the image"
    )


def missing_tools(programs: Sequence[str], node: str) -> TiledVizError:
    """Return the error of a machine that lacks *programs* for a Debian from scratch."""
    return TiledVizError(
        f"{node} has no {' and no '.join(programs)} to make a Debian with: have root run `apt-get install"
        f" {' '.join(programs)}`, or build from a ready one: --from docker://debian:trixie-slim"
    )


def explain_build(definition: Definition, said: str, code: int, runtime: Runtime, place: Place) -> TiledVizError:
    """Return why the build of *definition*, which *said* so much and ended with *code*, failed."""
    end = f" (all that was said: {place.log})"
    if NO_RANGE.search(said) and "debootstrapping" in said:
        return no_range(place)
    if found := _NO_ROOM.search(said):
        return TiledVizError(
            f"no room to build {definition.name}: {found[0].lower()}; make room in {place.temporary} or name another"
            f" folder by TMPDIR, and see that the images' folder has some{end}"
        )
    if "user namespace" in own_words(said) and (failure := explain(said, code, definition.name, runtime, place.node)):
        return failure
    failed = failed_line(definition, said) if "%post" in own_words(said) else None
    where = f"{definition.name}, line {failed[0]}: `{_short(failed[1], 120)}` failed" if failed else definition.name
    words = _cause(said)
    if _NO_NETWORK.search(said):
        return TiledVizError(
            f"{where}: {place.node} does not reach what it is made from: {words}; name a mirror that it reaches"
            f" (--set images.mirror=…), or build on another machine and copy the image{end}"
        )
    if _TEST.search(own_words(said)):
        line = next((section.line for section in definition.named("test")), 1)
        return TiledVizError(f"{definition.name}, line {line}: the image does not pass its %test: {words}{end}")
    return TiledVizError(f"{where}: {words}{end}")


def _cause(said: str) -> str:
    """Return the line that says most of the cause: of the last command's, apt's first error, else the last line."""
    lines = [line.strip() for line in re.split(r"^\++ .*$", said, flags=re.MULTILINE)[-1].splitlines()]
    spoken = [line for line in lines if line and not _OWN_LINES.match(line)]
    error = next((line for line in spoken if re.match(r"(E|error|fatal)\b", line, re.IGNORECASE)), None)
    last = error or (spoken[-1] if spoken else "")
    return _short(" ".join((last or own_words(said) or "it does not say why").split()), _LONGEST)


def _short(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: longest - 3]}..."
