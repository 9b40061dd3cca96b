"""The wall stream's messages: read as they were written; cut short or anything else, a ValueError and nothing more."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from soak import examples
from tvcore.node import wire

U16, U32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)
CELLS = st.builds(wire.Cell, U16, U16, U32, st.floats(allow_nan=False), *[U16] * 8)
LENGTH = wire.LENGTH.size


@given(st.lists(U16, max_size=9), U16, U32, st.lists(CELLS, max_size=5), st.binary(max_size=99))
def test_a_message_is_read_as_it_was_written(
    viewers: list[int], number: int, sequence: int, cells: list[wire.Cell], jpeg: bytes
) -> None:
    message = wire.address(viewers, wire.pack(number, sequence, cells, jpeg))
    assert wire.LENGTH.unpack(message[:LENGTH])[0] == len(message) - LENGTH
    read, picture = wire.read_address(message[LENGTH:])
    assert read == tuple(viewers)
    assert wire.unpack(bytes(picture)) == wire.Picture(number, sequence, tuple(cells), jpeg)


def test_every_truncation_is_said_to_be_cut_short() -> None:
    cell = wire.Cell(1, wire.WHOLE, 2, 3.0, *range(8))
    picture = wire.pack(5, 6, [cell, cell], b"")
    for end in range(len(picture)):
        with pytest.raises(ValueError, match="cut short"):
            wire.unpack(picture[:end])
    message = wire.address([1, 2, 3], picture)[LENGTH:]
    for end in range(len(message) - len(picture) + wire.HEADER.size):
        with pytest.raises(ValueError, match="cut short"):
            wire.read_address(message[:end])


@settings(max_examples=examples(200, 50_000))
@given(st.binary(max_size=300))
def test_random_bytes_are_read_or_refused(message: bytes) -> None:
    for read in (wire.unpack, wire.read_address):
        try:
            read(message)
        except ValueError:
            continue


@pytest.mark.parametrize(("place", "words"), [(0, "kind 9, version 1"), (1, "kind 1, version 9")])
def test_another_kind_or_version_is_named(place: int, words: str) -> None:
    picture = bytearray(wire.pack(1, 1, [], b""))
    picture[place] = 9
    with pytest.raises(ValueError, match=words):
        wire.unpack(bytes(picture))
