"""The file of a recording: what was written is read, and what is damaged is told in one line."""

from __future__ import annotations

import os
import resource
import struct
from pathlib import Path

import pytest

from recording_kit import cell, header, picture, pictures_in, tile, write
from tvcore.errors import TiledVizError
from tvcore.node import wire
from tvcore.recording.file import (
    BYTES_MAX,
    HEADER_MAX,
    MAGIC,
    Header,
    Job,
    Message,
    Recording,
    Writer,
)


@pytest.fixture
def whole(tmp_path: Path) -> Path:
    first, second = picture(cell(0), cell(1, 1)), picture(cell(1, whole=False), level=90, sequence=2)
    return write(tmp_path / "whole.tvr", header(0, 1), (0.25, first), (0.5, second))


def test_what_was_written_is_read(whole: Path) -> None:
    recording = Recording(whole)
    assert recording.header == header(0, 1)
    assert [message.time for message in recording] == [0.25, 0.5]
    assert wire.unpack(recording[0].data).cells == (cell(0), cell(1, 1))
    assert recording[1] == Message(0, 0.5, picture(cell(1, whole=False), level=90, sequence=2))


def test_a_recording_is_its_owners_alone(whole: Path) -> None:
    assert whole.stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_there_is_not_written_over(whole: Path) -> None:
    before = whole.read_bytes()
    with pytest.raises(TiledVizError, match="is there already: name another file, or remove it"):
        Writer(whole, header(0))
    assert whole.read_bytes() == before


def test_a_file_that_can_grow_no_further_is_told_in_one_line(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8000, hard))
    messages = ((float(number), picture(cell(0))) for number in range(100))
    try:
        with pytest.raises(TiledVizError, match="cannot be written: File too large"):
            write(tmp_path / "f", header(0), *messages)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert 0 < len(Recording(tmp_path / "f")) < 100


def test_cut_off_anywhere_it_is_one_clear_error_or_a_shorter_recording(whole: Path, tmp_path: Path) -> None:
    data, cut = whole.read_bytes(), tmp_path / "cut.tvr"
    found = []
    for size in range(len(data)):
        cut.write_bytes(data[:size])
        found.append(pictures_in(cut))
    assert set(found) == {0, 1}
    assert found == sorted(found), "what was readable when shorter is still"


def headed(head: bytes) -> bytes:
    return MAGIC + struct.pack("!I", len(head)) + head


PLAIN = header(0).model_dump_json().encode()


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "it begins otherwise"),
        (b"\x89PNG\r\n\x1a\n" * 10, "it begins otherwise"),
        (MAGIC + struct.pack("!I", HEADER_MAX + 1), "cannot be"),
        (MAGIC + struct.pack("!I", 9) + b"{}", "ends within its header"),
        (headed(b"[" * 100_000), "its header"),
        (headed(b"\xff{}"), "its header"),
        (headed(b'{"recorded": 1, "jobs": []}'), "jobs"),
        (headed(PLAIN.replace(b'"v":1', b'"v":2')), "not of version 1"),
        (headed(PLAIN.replace(b'"width":64', b'"width":0')), r"jobs.0.tiles.0.width"),
        (headed(PLAIN.replace(b'"recorded":1000000000.0', b'"recorded":1e300')), "recorded"),
        (headed(PLAIN.replace(b'"recorded":1000000000.0', b'"recorded":NaN')), "recorded"),
        (headed(PLAIN.replace(b'"member":null', b'"member":99999999999999999999')), "member"),
        (headed(PLAIN.replace(b'"F":0.03', b'"\\u001b[2J":[]')), r"metadata\.\ufffd\[2J"),
        (headed(PLAIN) + struct.pack("!IHd", 0, 0, 0.0), "there is no message"),
        (headed(PLAIN) + struct.pack("!IHd", wire.MESSAGE_MAX + 1, 0, 0.0), "there is no message"),
        (headed(PLAIN) + struct.pack("!IHd", 80, 1, 0.0) + bytes(80), "there is no message"),
        (headed(PLAIN) + struct.pack("!IHd", 80, 0, float("nan")) + bytes(80), "there is no message"),
        (headed(PLAIN) + struct.pack("!IHd", 80, 0, -1.0) + bytes(80), "there is no message"),
        (headed(PLAIN) + struct.pack("!IHd", 80, 0, 1.0) + bytes(80), "kind 0"),
        (headed(PLAIN) + struct.pack("!IHd", 12, 0, 1.0) + wire.HEADER.pack(1, 1, 0, 9, 0, 0), "there is no message"),
        (headed(PLAIN) + struct.pack("!IHd", 13, 0, 1.0) + wire.HEADER.pack(1, 1, 0, 9, 0, 0) + b"x", "cut short"),
        (headed(PLAIN), "ends before its first picture"),
    ],
)
def test_a_foreign_or_damaged_file_is_told_in_one_line(tmp_path: Path, data: bytes, told: str) -> None:
    path = tmp_path / "foreign"
    path.write_bytes(data)
    with pytest.raises(TiledVizError, match=told) as error:
        Recording(path)
    assert "\n" not in str(error.value)


def test_a_picture_of_a_tile_that_the_header_lacks_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "f", header(0), (0.0, picture(cell(3))))
    with pytest.raises(TiledVizError, match="a tile that its header lacks"):
        Recording(path)


def test_times_that_run_backwards_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "f", header(0), (2.0, picture(cell(0))), (1.0, picture(cell(0))))
    with pytest.raises(TiledVizError, match="there is no message"):
        Recording(path)


def test_two_tiles_of_one_index_are_refused() -> None:
    with pytest.raises(ValueError, match="two tiles have one index"):
        Job(job="7", case="c", title="t", tiles=[tile(1), tile(1)])


def test_a_file_larger_than_any_recording_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(MAGIC)
    os.truncate(path, BYTES_MAX + 1)  # sparse
    with pytest.raises(TiledVizError, match="at most"):
        Recording(path)


def test_a_folder_and_a_file_that_is_not_there_are_told_in_one_line(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(TiledVizError, match="cannot be read"):
            Recording(path)


def test_a_header_without_jobs_is_none() -> None:
    with pytest.raises(ValueError, match="jobs"):
        Header(recorded=0.0, jobs=[])
