"""Definition files of images, as Apptainer and SingularityCE read them: checked by line, with another base, explained.

Pure: functions from text to values.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from tvcore.errors import UsageError

SECTIONS = (
    *("help", "setup", "files", "labels", "environment", "pre", "post", "runscript", "test", "startscript"),
    *("arguments", "appinstall", "applabels", "appfiles", "appenv", "apptest", "apphelp", "apprun", "appstart"),
)
KEYS = (
    *("Bootstrap", "From", "Stage", "IncludeCmd", "MirrorURL", "UpdateURL", "OSVersion", "Include", "Library"),
    *("Registry", "Namespace", "Product", "User", "RegCode", "ProductPGP", "RegisterURL", "Modules", "Fingerprints"),
    *("ConfURL", "SetOpt"),
)
FROM = (
    *("library", "docker", "docker-daemon", "docker-archive", "shub", "oci", "oci-archive", "oras", "http", "https"),
    "localimage",
)
MADE = {"debootstrap": ("OSVersion", "MirrorURL"), "busybox": ("MirrorURL",), "scratch": (), "arch": ()}
MADE |= {"yum": ("MirrorURL",), "dnf": ("MirrorURL",), "zypper": ()}

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")
_SOURCE = re.compile(r"(docker|oras|library|shub)://([^/].*)")
_OTHER_KEY = re.compile(r"OtherURL\d+", re.IGNORECASE)
_ALIKE = 0.5  # how much of a command's words must be those of a line


@dataclass(frozen=True)
class Section:
    """A section: its name without ``%``, the number of its line, and the lines below it."""

    name: str
    line: int
    lines: tuple[str, ...]

    def numbered(self) -> Iterator[tuple[int, str]]:
        """Yield each line with its number in the file."""
        yield from enumerate(self.lines, self.line + 1)


@dataclass(frozen=True)
class Header:
    """The header of one stage: each key, in lower case, with its line and its value."""

    line: int
    keys: Mapping[str, tuple[int, str]]

    def value(self, key: str) -> str:
        """Return the value of *key*, empty where the header has none."""
        return self.keys.get(key.lower(), (0, ""))[1]


@dataclass(frozen=True)
class Definition:
    """A definition that has been read. *name* is what its errors call it."""

    name: str
    text: str
    headers: tuple[Header, ...]
    sections: tuple[Section, ...]

    @property
    def arguments(self) -> dict[str, str]:
        """Return the build arguments with their defaults: what %arguments says."""
        pairs = (line.split("#")[0].partition("=") for s in self.named("arguments") for line in s.lines)
        return {key.strip(): value.strip() for key, equals, value in pairs if equals}

    @property
    def bootstrap(self) -> str:
        """Return what the first stage is made from: ``debootstrap``, ``docker``, ``localimage`` …"""
        return self.headers[0].value("Bootstrap").lower()

    def named(self, name: str) -> Iterator[Section]:
        """Yield the sections called *name*."""
        return (section for section in self.sections if section.name == name)

    def used(self) -> dict[str, int]:
        """Return the arguments that the text uses, each with the line that does so first."""
        found: dict[str, int] = {}
        for number, line in enumerate(self.text.split("\n"), 1):
            for match in _VARIABLE.finditer(line):
                found.setdefault(match[1], number)
        return found


def read(name: str, text: str, given: Collection[str] = ()) -> Definition:
    """Return the definition in *text*; *given* are the build arguments that it will get.

    Raises UsageError ``NAME, line N: …`` for what the container command would not take.
    """
    headers: list[Header] = []
    sections: list[Section] = []
    keys: dict[str, tuple[int, str]] = {}
    lines = text.split("\n")
    number = 0
    while number < len(lines):
        line = lines[number].strip()
        number += 1
        if found := re.match(r"%(\S*)", line):
            body = _body(lines, number)
            if found[1] not in SECTIONS:
                raise _error(name, number, f"there is no section %{found[1]}{_nearest(found[1], SECTIONS, '%')}")
            sections.append(Section(found[1], number, tuple(body)))
            number += len(body)
            continue
        if not line or line.startswith("#"):
            continue
        key, colon, value = line.partition(":")
        if not colon:
            raise _error(
                name, number, f"{_short(line)} is no line of a header: write it as KEY: VALUE, or below a %section"
            )
        if not (_known(key) or _OTHER_KEY.fullmatch(key)):
            raise _error(name, number, f"the header has no key {_short(key)}{_nearest(key, KEYS)}")
        if key.lower() == "bootstrap" or not headers:
            keys = {}
            headers.append(Header(number, keys))
        keys[key.lower()] = (number, value.split(" #")[0].strip())
    if not headers:
        raise _error(name, 1, "there is no header: it begins with Bootstrap: and what the image is made from")
    found_definition = Definition(name, text, tuple(headers), tuple(sections))
    for header in headers:
        _check(name, header)
    have = {*found_definition.arguments, *given}
    for variable, where in found_definition.used().items():
        if variable not in have:
            raise _error(name, where, f"{{{{ {variable} }}}} has no value: give it one below %arguments")
    return found_definition


def _body(lines: list[str], start: int) -> list[str]:
    """Return the lines of a section: up to the next section, or the header of a further stage."""
    body: list[str] = []
    for line in lines[start:]:
        if re.match(r"%[a-z]", line.lstrip()) or re.match(r"bootstrap\s*:", line, re.IGNORECASE):
            break
        body.append(line)
    return body


def _check(name: str, header: Header) -> None:
    if "bootstrap" not in header.keys:
        raise _error(name, header.line, "the header has no Bootstrap: it says what the image is made from")
    line, agent = header.keys["bootstrap"]
    agent = agent.lower()
    needed = ("From",) if agent in FROM else MADE.get(agent)
    if needed is None:
        raise _error(name, line, f"nothing is made by Bootstrap: {_short(agent)}{_nearest(agent, (*FROM, *MADE))}")
    for key in needed:
        if not header.value(key):
            raise _error(name, line, f"Bootstrap: {agent} needs a line {key}: in the header")


# ------------------------------------------------------------------------------------------------------ another base


def with_base(definition: Definition, base: str) -> str:
    """Return the definition's text, made from *base*: ``docker://NAME`` and the like, or the path of an image.

    Only the first header changes, and the arguments that it alone used go. Raises UsageError for another *base*.
    """
    source = _SOURCE.fullmatch(base)
    if not source and not base.startswith("/"):
        raise UsageError(f"--from {base}: write it as docker://debian:trixie-slim, or the path of an image")
    agent, origin = (source[1], source[2]) if source else ("localimage", base)
    header = definition.headers[0]
    stage = header.value("Stage")
    new = [f"Bootstrap: {agent}", f"From: {origin}", *([f"Stage: {stage}"] if stage else [])]
    gone = {line for line, _ in header.keys.values()}
    lines: list[str] = []
    for number, line in enumerate(definition.text.split("\n"), 1):
        if number == header.line:
            lines += new
        elif number not in gone:
            lines.append(line)
    text = "\n".join(lines)
    left = {match[1] for match in _VARIABLE.finditer(text)}
    for argument in definition.arguments:
        if argument not in left:
            text = re.sub(rf"^[ \t]*{re.escape(argument)}[ \t]*=.*\n?", "", text, flags=re.MULTILINE)
    return text


# -------------------------------------------------------------------------------------------------- a failing command


def failed_line(definition: Definition, said: str) -> tuple[int, str] | None:
    """Return the line of %post whose command failed, by number and text; None where nothing tells.

    %post runs with ``sh -ex``: before each command its words are printed after a ``+``, and the last one is it.
    """
    post = next(definition.named("post"), None)
    traces = re.findall(r"^\++ (.*)$", said, re.MULTILINE)
    if post is None or not traces:
        return None
    words = traces[-1].replace("'", "").split()
    best, found = _ALIKE, None
    for number, text in _commands(post):
        alike = difflib.SequenceMatcher(None, _words(text), words, autojunk=False).ratio()
        if alike >= best:
            best, found = alike, (number, text)
    return found


def _commands(section: Section) -> Iterator[tuple[int, str]]:
    """Yield the lines of a script, those that go on after a backslash as one, with the number of the first."""
    held, start = "", 0
    for number, line in section.numbered():
        start = start if held else number
        held += line.strip()
        if held.endswith("\\"):
            held = held[:-1]
            continue
        if held and not held.startswith("#"):
            yield start, held
        held = ""
    if held:
        yield start, held


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return line.split()


# -------------------------------------------------------------------------------------------------------------- words


def _known(key: str) -> bool:
    return key.lower() in {known.lower() for known in KEYS}


def _error(name: str, line: int, text: str) -> UsageError:
    return UsageError(f"{name}, line {line}: {text}")


def _nearest(name: str, known: Collection[str], mark: str = "") -> str:
    by_lower = {word.lower(): word for word in known}
    found = difflib.get_close_matches(name.lower()[:40], list(by_lower), n=1)
    return f": did you mean {mark}{by_lower[found[0]]}?" if found else f" ({', '.join(mark + word for word in known)})"


def _short(text: str) -> str:
    return repr(text) if len(text) <= 40 else f"{text[:37]!r}..."
