"""Recordings from anywhere: whatever the bytes, an error of one line or something that can be played."""

from __future__ import annotations

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from recording_kit import cell, header, picture, pictures_in, write
from soak import examples
from tvcore.recording.file import MAGIC, Recording
from tvcore.recording.player import Score

FUZZ = settings(
    max_examples=examples(200, 20_000),
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


def read(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    if not pictures_in(path):
        return
    recording = Recording(path)
    for number in range(len(recording.header.jobs)):
        score = Score(recording, number)
        for place in range(score.until(1e9)):
            score.picture(place)


@FUZZ
@given(st.binary(max_size=300))
def test_random_bytes_are_told_in_one_line(tmp_path: Path, data: bytes) -> None:
    read(tmp_path / "f", data)
    read(tmp_path / "f", MAGIC + data)


@FUZZ
@given(st.integers(0, 10_000), st.binary(min_size=1, max_size=12), st.integers(0, 40))
def test_a_recording_with_bytes_changed_or_left_out_is_played_or_told_in_one_line(
    tmp_path: Path, at: int, other: bytes, lost: int
) -> None:
    path = tmp_path / "whole"
    if not path.exists():
        write(path, header(0, 1), *((n / 4, picture(cell(0), cell(1, 1), sequence=n)) for n in range(4)))
    data = path.read_bytes()
    at %= len(data)
    read(tmp_path / "f", data[:at] + other + data[at + lost :])
