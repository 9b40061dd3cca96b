"""What a player sends, what a recorder writes of it, and that both keep to demand and credit."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from recording_kit import cell, header, jpeg, picture, playing, tile, write
from tvcore.errors import TiledVizError
from tvcore.node import wire
from tvcore.recording.file import Recording
from tvcore.recording.record import demand_of, header_of, record
from tvcore.tunnel import agents
from tvcore.tunnel.agents import Registration

AMPLE = 1 << 20


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "state"
    monkeypatch.setenv("TILEDVIZ_HOME", str(home))
    home.mkdir(mode=0o700)
    return home


class Viewer:
    """One page of a portal that looks at an agent."""

    def __init__(self, registration: Registration, number: int = 2) -> None:
        self.connection = agents.connect(registration, "wall", number=9)
        self.connection.settimeout(10)
        self.number = number

    def say(self, **what: object) -> None:
        self.connection.sendall(json.dumps({"viewer": self.number, **what}).encode() + b"\n")

    def read(self) -> wire.Picture:
        (length,) = wire.LENGTH.unpack(self._exactly(4))
        viewers, message = wire.read_address(self._exactly(length))
        assert viewers == (self.number,)
        return wire.unpack(bytes(message))

    def _exactly(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.connection.recv(count - len(data))
            assert more
            data += more
        return data

    def quiet(self, seconds: float) -> bool:
        self.connection.settimeout(seconds)
        try:
            return not self.connection.recv(1, socket.MSG_PEEK)
        except TimeoutError:
            return True
        finally:
            self.connection.settimeout(10)


@contextlib.contextmanager
def viewer(registration: Registration) -> Iterator[Viewer]:
    made = Viewer(registration)
    yield made
    made.connection.close()


def cells(picture: wire.Picture) -> list[tuple[int, int]]:
    return [(found.tile, found.frame) for found in picture.cells]


def test_nothing_is_played_without_demand_or_without_credit(tmp_path: Path, state: Path) -> None:
    path = write(tmp_path / "r", header(0, 1), (0.0, picture(cell(0), cell(1, 1))))
    with playing(path, state) as registration, viewer(registration) as page:
        page.say(credit=AMPLE)
        assert page.quiet(0.3)
        page.say(demand=[[0, 16, 16, 1]])
        assert page.quiet(0.3), "the credit came before the viewer was there"
        page.say(credit=AMPLE)
        assert cells(page.read()) == [(0, 1)]


def test_a_credit_of_one_byte_lets_one_picture_through(tmp_path: Path, state: Path) -> None:
    pictures = [(n / 100, picture(cell(0, frame=n), whole := cell(1, 1, frame=n), sequence=n)) for n in range(3)]
    assert whole
    path = write(tmp_path / "r", header(0, 1), *pictures, (60.0, pictures[0][1]))
    with playing(path, state) as registration, viewer(registration) as page:
        page.say(demand=[[0, 16, 16, 1], [1, 16, 16, 1]])
        time.sleep(0.1)  # all three have come: the last is what is owed
        page.say(credit=1)
        assert cells(page.read()) == [(0, 2), (1, 2)]
        assert page.quiet(0.3)


def test_a_tile_that_is_demanded_later_is_whole_before_its_parts(tmp_path: Path, state: Path) -> None:
    path = write(
        tmp_path / "r", header(0, 1),
        (0.0, picture(cell(0), cell(1, 1))),
        (0.01, picture(cell(1, whole=False, frame=2))),
        (0.02, picture(cell(0, whole=False, frame=2), cell(1, 1, whole=False, frame=3))),
        (60.0, picture(cell(0))),
    )  # fmt: skip
    with playing(path, state) as registration, viewer(registration) as page:
        page.say(demand=[[0, 16, 16, 1]])
        page.say(credit=AMPLE)
        assert [cells(page.read()) for _ in range(2)] == [[(0, 1)], [(0, 2)]]
        page.say(demand=[[0, 16, 16, 1], [1, 16, 16, 1]])
        assert [cells(page.read()) for _ in range(3)] == [[(1, 1)], [(1, 2)], [(1, 3)]]
        assert page.quiet(0.2)


def test_it_is_played_again_and_again_as_of_now_and_numbered_by_the_portal(tmp_path: Path, state: Path) -> None:
    path = write(tmp_path / "r", header(0), (0.0, picture(cell(0))), (0.01, picture(cell(0, whole=False, frame=2))))
    with playing(path, state) as registration, viewer(registration) as page:
        page.say(demand=[[0, 16, 16, 1]])
        page.say(credit=AMPLE)
        found = [page.read() for _ in range(4)]
    assert [cells(picture) for picture in found] == [[(0, 1)], [(0, 2)]] * 2
    assert [picture.sequence for picture in found] == [1, 2, 3, 4]
    assert {picture.number for picture in found} == {9}
    assert all(abs(cell.captured - time.time()) < 10 for picture in found for cell in picture.cells)


def test_what_is_recorded_is_what_the_agent_sent(tmp_path: Path, state: Path) -> None:
    path = write(tmp_path / "r", header(0, 1), (0.0, picture(cell(0), cell(1, 1))), (0.05, picture(cell(1, frame=2))))
    reports: list[float] = []
    with playing(path, state):
        outcome = record(tmp_path / "again", header(0, 1), 16, 0.6, lambda share, _: reports.append(share))
    again = Recording(tmp_path / "again")
    assert again.header == header(0, 1)
    # Looked at from the middle on, both pictures are there at once, in their order.
    assert [cells(wire.unpack(message.data))[-1] for message in again][-1] == (1, 2)
    assert {found.tile for message in again for found in wire.unpack(message.data).cells} == {0, 1}
    assert wire.unpack(again[len(again) - 1].data).jpeg == jpeg(50)
    assert (outcome.tiles, outcome.pictures, outcome.away) == (2, len(again), ())
    assert outcome.bytes == (tmp_path / "again").stat().st_size
    assert reports == sorted(reports)
    assert reports[-1] == 1.0


def test_a_recording_needs_an_agent_that_answers(tmp_path: Path, state: Path) -> None:
    with pytest.raises(TiledVizError, match="nothing can be recorded: no tile has a node that runs it"):
        record(tmp_path / "again", header(0), 16, 1, lambda *_: None)
    path = write(tmp_path / "r", header(0), (0.0, picture(cell(0))))
    with playing(path, state):
        pass
    with pytest.raises(TiledVizError, match=r"nothing can be recorded: .* does not answer"):
        record(tmp_path / "again", header(0), 16, 1, lambda *_: None)
    assert not (tmp_path / "again").exists()


def test_a_recorder_that_is_killed_leaves_a_readable_recording(tmp_path: Path, state: Path) -> None:
    path = write(tmp_path / "r", header(0), *((n / 50, picture(cell(0, frame=n), sequence=n)) for n in range(200)))
    code = (
        "import sys; from pathlib import Path\n"
        "from tvcore.recording.file import Header; from tvcore.recording.record import record\n"
        "record(Path(sys.argv[1]), Header.model_validate_json(sys.argv[2]), 16, 60, lambda *_: None)\n"
    )
    again = tmp_path / "again"
    with playing(path, state):
        recorder = subprocess.Popen([sys.executable, "-c", code, str(again), header(0).model_dump_json()])
        deadline = time.monotonic() + 20
        while not again.exists() or again.stat().st_size < 5000:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        os.kill(recorder.pid, signal.SIGKILL)
        recorder.wait()
    assert len(Recording(again)) > 3


def test_a_recording_ends_when_the_last_agent_is_gone(tmp_path: Path, state: Path) -> None:
    path = write(tmp_path / "r", header(0), (0.0, picture(cell(0))))
    found = []
    with playing(path, state):
        thread = threading.Thread(
            target=lambda: found.append(record(tmp_path / "again", header(0), 16, 120, lambda *_: None))
        )
        thread.start()
        while not (tmp_path / "again").exists():
            time.sleep(0.02)
    thread.join(20)
    assert found
    assert found[0].seconds < 60


def test_each_tile_is_asked_for_in_its_own_shape() -> None:
    assert demand_of([tile(0), tile(1, width=1920, height=1080)], 480) == [(0, 480, 360, 1), (1, 480, 270, 1)]


def test_the_header_has_the_chosen_tiles_by_job_with_their_metadata() -> None:
    sets = [{"id": 1, "case": "c", "title": "t", "job": "7", "columns": []}]
    tiles = [tile(n).model_dump() | {"id": 10 + n, "set": 1, "pid": 99} for n in range(3)]
    head = header_of({"sets": sets, "tiles": tiles}, [11, 12], 5.0)
    assert [(job.job, [tile.index for tile in job.tiles]) for job in head.jobs] == [("7", [1, 2])]
    assert head.jobs[0].tiles[0].metadata == {"F": 0.03, "n": 1}
    with pytest.raises(TiledVizError, match="no such tile"):
        header_of({"sets": sets, "tiles": tiles}, [99], 5.0)
