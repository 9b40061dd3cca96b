"""What differs between two states of a session's document, and the act that makes the other of one. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from tvcore.session.document import Document, Plain
from tvcore.session.rules import LETTERS, shared
from tvcore.session.text import edits_to


def shared_part(plain: Mapping[str, Any]) -> Plain:
    """Return what of *plain* is the session's: without what each person has chosen for itself."""
    return {
        name: {path: value for path, value in plain[name].items() if shared(path)} for name in ("registers", "texts")
    }


def compare(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Return the paths, sorted, at which the session of two plain documents differs."""
    differing: set[str] = set()
    for name, nothing in (("registers", None), ("texts", "")):
        a, b = one[name], other[name]
        paths = (path for path in a.keys() | b.keys() if shared(path))
        differing.update(path for path in paths if a.get(path, nothing) != b.get(path, nothing))
    return sorted(differing)


def changes_to(document: Document, plain: Mapping[str, Any]) -> dict[str, Any]:
    """Return the act that makes *document* say what *plain* says; an empty one when it does already.

    Texts keep what is the same at both ends. What is a person's own is left as it is.
    """
    now = document.plain()
    paths = compare(now, plain)
    registers, texts = plain["registers"], plain["texts"]
    sets = [[path, registers.get(path)] for path in paths if path in registers or path in now["registers"]]
    edits = [
        [path, _in_pieces(edits_to(document.characters(path), texts.get(path, "")))]
        for path in paths
        if path in texts or path in now["texts"]
    ]
    return ({"set": sets} if sets else {}) | ({"text": edits} if edits else {})


def _in_pieces(edits: Iterable[list[Any]]) -> list[list[Any]]:
    """Return *edits* with none that writes more than one may: the last piece first, all behind the same character."""
    pieces: list[list[Any]] = []
    for edit in edits:
        if edit[0] == "+":
            starts = range(0, len(edit[2]), LETTERS)
            pieces += [["+", edit[1], edit[2][start : start + LETTERS]] for start in reversed(starts)]
        else:
            pieces.append(edit)
    return pieces
