"""The language of the search box: which members, or tiles, are meant.

::

    F>0.03 & class in (spots, waves) | tag:keep        F=0.03..0.05        !(class=dead) vortex "two words"

    query    = [any]
    any      = all { ("|" | "||" | "or") all }
    all      = one { ["&" | "&&" | "and"] one }
    one      = ("!" | "not") one | "(" any ")" | test | word
    test     = name ("=" | "==" | "!=" | "<" | "<=" | ">" | ">=") (word | range)
             | name "in" "(" word { "," word } ")" | name ":" word
    range    = word ".." [word] | ".." word            with "=" and "!=" only; both ends belong to it

A word is a run of characters without space and operators, or stands in quotes (``\\`` before a quote or a
backslash). A word alone asks whether title, tags or a text column has it inside; no word at all asks for
everything. ``name:word`` asks that of one column; for tags it means the whole tag. Text is compared without
regard to case. Numbers are equal when they differ by less than a millionth of their size, because what people
type is what they were shown. NaN (a value that is missing) is neither equal, less nor greater. There are at most
``ALTERNATIVES_MAX`` alternatives in a query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from tvcore.ensemble.expression import (
    All,
    Any_,
    Compare,
    Expression,
    Has,
    Not,
    OneOf,
    Operator,
    QueryError,
    Range,
    Word,
)

__all__ = ["Expression", "QueryError", "parse"]

TEXT_MAX = 4096  # characters of a query
DEPTH_MAX = 64  # of parentheses and negations within each other
ALTERNATIVES_MAX = 32  # of a query, wherever they stand in it

_TOKEN = re.compile(
    r"""(?P<space>\s+)
      | (?P<quoted>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')
      | (?P<operator>==|!=|<=|>=|&&|\|\||\.\.|[=<>&|!(),:])
      | (?P<word>(?:(?!\.\.)[^\s"'=<>&|!(),:])+)
    """,
    re.VERBOSE | re.DOTALL,
)
_SAME = {"==": "=", "&&": "&", "||": "|"}
_WORDS = {"and": "&", "or": "|", "not": "!"}
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")


@dataclass(frozen=True)
class _Token:
    kind: str  # "word", "quoted", "end", or the operator itself
    text: str
    position: int

    @property
    def is_word(self) -> bool:
        return self.kind in ("word", "quoted")


@lru_cache(maxsize=256)  # an expression does not change, and who looks at a wall asks the same again and again
def parse(text: str) -> Expression:
    """Return what *text* asks for. Raises QueryError, with the position of what is wrong."""
    if len(text) > TEXT_MAX:
        raise QueryError(f"the query is longer than {TEXT_MAX} characters", TEXT_MAX)
    parser = _Parser(list(_tokens(text)))
    if parser.next.kind == "end":
        return All(())
    found = parser.any()
    if parser.next.kind != "end":
        raise QueryError(f"{parser.next.text!r} cannot stand here", parser.next.position)
    return found


def _tokens(text: str) -> Iterator[_Token]:
    at = 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise QueryError(f"the quote {text[at]} is not closed", at)
        kind, part = str(match.lastgroup), match.group()
        if kind == "quoted":
            yield _Token("quoted", re.sub(r"\\(.)", r"\1", part[1:-1], flags=re.DOTALL), at)
        elif kind == "operator":
            yield _Token(_SAME.get(part, part), part, at)
        elif kind == "word":
            yield _Token(_WORDS.get(part.lower(), "word"), part, at)
        at = match.end()
    yield _Token("end", "the end", len(text))


class _Parser:
    """Recursive descent: one method a rule of the grammar."""

    def __init__(self, tokens: list[_Token]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._alternatives = 1

    @property
    def next(self) -> _Token:
        return self._tokens[self._at]

    def take(self) -> _Token:
        token = self.next
        self._at = min(self._at + 1, len(self._tokens) - 1)
        return token

    def any(self) -> Expression:
        parts = [self.all()]
        while self.next.kind == "|":
            bar = self.take()
            self._alternatives += 1
            if self._alternatives > ALTERNATIVES_MAX:
                raise QueryError(f"a search has at most {ALTERNATIVES_MAX} alternatives", bar.position)
            parts.append(self.all())
        return parts[0] if len(parts) == 1 else Any_(tuple(parts))

    def all(self) -> Expression:
        parts = [self.one()]
        while self.next.kind in ("&", "!", "(") or self.next.is_word:
            if self.next.kind == "&":
                self.take()
            parts.append(self.one())
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def one(self) -> Expression:
        token = self.take()
        if token.kind in ("!", "("):
            self._depth += 1
            if self._depth > DEPTH_MAX:
                raise QueryError(f"more than {DEPTH_MAX} parentheses and negations within each other", token.position)
            found = Not(self.one()) if token.kind == "!" else self._closed(token)
            self._depth -= 1
            return found
        if not token.is_word:
            raise QueryError(_expected("a word or a comparison", token), token.position)
        if self.next.kind in _COMPARISONS:
            return self._comparison(token)
        if self.next.kind == ":":
            self.take()
            value = self._word("a word")
            return Has(token.text, value.text, token.position, value.position)
        if self.next.kind == "word" and self.next.text.lower() == "in" and self._tokens[self._at + 1].kind == "(":
            return self._one_of(token)
        return Word(token.text)

    def _closed(self, opened: _Token) -> Expression:
        found = self.any()
        if self.next.kind != ")":
            raise QueryError("the parenthesis is not closed", opened.position)
        self.take()
        return found

    def _comparison(self, name: _Token) -> Expression:
        operator = self.take()
        if self.next.kind == "..":
            self.take()
            high = self._word("the end of the range")
            return self._range(name, operator, None, high)
        value = self._word("a value")
        if self.next.kind != "..":
            return Compare(name.text, cast(Operator, operator.kind), value.text, name.position, value.position)
        self.take()
        return self._range(name, operator, value, self.take() if self.next.is_word else None)

    def _range(self, name: _Token, operator: _Token, low: _Token | None, high: _Token | None) -> Expression:
        if operator.kind not in ("=", "!="):
            raise QueryError("a range goes with = or != only", operator.position)
        ends = (low.text if low else None, high.text if high else None)
        at = (low or high or operator).position
        found = Range(name.text, *ends, name.position, at)
        return found if operator.kind == "=" else Not(found)

    def _one_of(self, name: _Token) -> Expression:
        self.take()
        opened = self.take()
        values = [self._word("a value")]
        while self.next.kind == ",":
            self.take()
            values.append(self._word("a value"))
        if self.next.kind != ")":
            raise QueryError("the list is not closed: between its values stand commas", opened.position)
        self.take()
        return OneOf(name.text, tuple(v.text for v in values), name.position, values[0].position)

    def _word(self, what: str) -> _Token:
        if not self.next.is_word:
            raise QueryError(_expected(what, self.next), self.next.position)
        return self.take()


def _expected(what: str, found: _Token) -> str:
    return f"{what} is missing before {found.text if found.kind == 'end' else repr(found.text)}"
