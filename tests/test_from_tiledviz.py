"""The table that leads from TiledViz' buttons to ours names what there is."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs/from-tiledviz.md"
# A command is written as an object, or as a line of a list: its name, its words, its keys.
COMMAND = re.compile(r"\bid: '([\w.-]+)',(?=[^;]*?\blabel\b)(.*?)\brun\b", re.DOTALL)
LINE = re.compile(r"^ +\['([\w.-]+)', '[\w.-]+',( \[.*?\])?", re.MULTILINE)


BEGUN = re.compile(r"\bid: `([\w-]+-)\$\{\w+\}`, label: \(\) => t\(`([\w.-]+)\$\{")


def commands() -> dict[str, set[str]]:
    """Return the page's commands: what each is called, and its keys."""
    found: dict[str, set[str]] = {}
    words = (ROOT / "web_static/lang/en.js").read_text()
    for module in (ROOT / "web_static").glob("*.js"):
        text = module.read_text()
        for name, rest in COMMAND.findall(text):
            keys = re.search(r"\bkeys: \[(.*?)\](?=[,} ])", rest)
            found[name] = quoted(keys[1]) if keys else set()
        for begin, key in BEGUN.findall(text):  # a command each, of a list; the words have a key for each of them
            found |= {begin + end: set() for end in re.findall(rf"^ +'{re.escape(key)}([\w-]+)':", words, re.MULTILINE)}
        if re.search(r"\bfunction \w+Commands\b|\bconst \w+Commands\b", text):
            found |= {name: quoted(keys) for name, keys in LINE.findall(text)}
    return found


def quoted(text: str) -> set[str]:
    """Return what stands in quotes in *text*."""
    return set(re.findall(r"'((?:[^'\\]|\\.)+)'", text))


def rows() -> list[tuple[str, str, str]]:
    lines = [line for line in PAGE.read_text().splitlines() if line.startswith("|") and not line.startswith("|---")]
    cells = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
    assert all(len(row) == 3 for row in cells), [row for row in cells if len(row) != 3]
    return [(old, here, command) for old, here, command in cells if old != "In TiledViz"]


def test_the_page_is_read_right() -> None:
    found = commands()
    assert len(found) > 30
    assert found["search"] == {"/"}
    assert found["undo"] == {"Ctrl+Z"}
    assert found["move-left"] == {"Ctrl+←"}


@pytest.mark.parametrize(("old", "here", "command"), rows(), ids=[old for old, _, _ in rows()])
def test_each_command_that_the_table_names_is_there_with_its_key(old: str, here: str, command: str) -> None:
    found = commands()
    assert command, old
    named = re.findall(r"`([^`]+)`", command)
    assert named or command == "—", command
    assert here or named, f"{old}: neither words nor a command"
    for name in named:
        assert name in found, f"{old}: there is no command {name}"
    keys = set().union(*(found[name] for name in named))
    assert set(map(html.unescape, re.findall(r"<kbd>([^<]+)</kbd>", command))) <= keys


def test_nothing_is_said_to_be_missing() -> None:
    assert [(old, here) for old, here, _ in rows() if re.search(r"\bnot yet\b", here)] == []
