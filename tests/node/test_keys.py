"""From text and names of keys to keysyms."""

from __future__ import annotations

import pytest

from tvcore.errors import UsageError
from tvcore.node.keys import chord, strokes


def test_text_is_typed_by_latin_1_directly_and_by_unicode_beyond() -> None:
    assert strokes("a1 ~!") == [[0x61], [0x31], [0x20], [0x7E], [0x21]]
    assert strokes("é€中") == [[0xE9], [0x010020AC], [0x01004E2D]]
    assert strokes("a\r\nb\tc\n") == [[0x61], [0xFF0D], [0x62], [0xFF09], [0x63], [0xFF0D]]


def test_capitals_come_with_shift() -> None:
    assert strokes("BÉΩß") == [[0xFFE1, 0x42], [0xFFE1, 0xC9], [0xFFE1, 0x010003A9], [0xDF]]


@pytest.mark.parametrize("text", ["\0", "\x80", "\ud800", "a\x05"])
def test_what_no_key_types_is_refused_by_its_number(text: str) -> None:
    with pytest.raises(UsageError, match=r"no key types the character U\+"):
        strokes(text)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ("ctrl+alt+t", [0xFFE3, 0xFFE9, 0x74]),
        ("Return", [0xFF0D]),
        ("shift+F12", [0xFFE1, 0xFFC9]),
        ("+", [0x2B]),
        ("ctrl++", [0xFFE3, 0x2B]),
        ("Super+é", [0xFFEB, 0xE9]),
        ("Page_Down", [0xFF56]),
        ("ctrl+T", [0xFFE1, 0xFFE3, 0x54]),
        ("ctrl+shift+t", [0xFFE3, 0xFFE1, 0x54]),
        ("shift+ß", [0xFFE1, 0xDF]),
    ],
)
def test_keys_are_named_as_people_write_them(keys: str, expected: list[int]) -> None:
    assert chord(keys) == expected


@pytest.mark.parametrize("keys", ["", "ctrl+", "+a", "ctrl+foo", "a++b"])
def test_another_word_is_no_key(keys: str) -> None:
    with pytest.raises(UsageError, match="there is no key"):
        chord(keys)
