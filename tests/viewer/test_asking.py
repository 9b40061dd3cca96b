"""What actions ask of viewers: with each tile's own client, whatever Python there is."""

from __future__ import annotations

import secrets
import subprocess
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tvcore.cases.live import LiveTile, Output
from tvcore.errors import TiledVizError, UsageError
from tvcore.viewer.asking import ask, copy_camera, said, save_picture
from tvcore.viewer.control import Control


class Here(LiveTile):
    """A tile of this machine: its commands run here, with its own cookie; a viewer listens there."""

    def __init__(self, folder: Path, follows: bool = True) -> None:
        folder.mkdir()
        self.folder, self.follows = folder, follows
        (folder / "auth").write_bytes(secrets.token_bytes(16))
        self.environment = {"PATH": "/usr/bin:/bin", "XAUTHORITY": str(folder / "auth")}
        self.seen: dict[str, Any] = {"position": [0, 0, int(folder.name)]}
        with mock.patch.dict("os.environ", self.environment):
            self._control = Control({"camera": self._camera})
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        while not self._over.is_set():
            self._control.look()
            self._control.wait(0.01)

    def _camera(self, **values: Any) -> dict[str, Any] | str:
        if not values:
            return self.seen
        if not self.follows:
            raise UsageError("this one is flat")
        self.seen = values
        return "seen from there"

    def end(self) -> None:
        self._over.set()
        self._thread.join()
        self._control.close()

    def run(
        self, command: Sequence[str], seconds: float | None = None, stdin: Iterable[bytes] = (), most: int = 0
    ) -> Output:
        try:
            done = subprocess.run(
                command, env=self.environment, input=b"".join(stdin), capture_output=True, timeout=seconds, check=False
            )
        except FileNotFoundError:
            return Output(127, b"", b"", 0.0, f"cannot find the program {command[0]!r}")
        return Output(done.returncode, done.stdout, done.stderr, 0.1)

    def picture(self) -> bytes:
        return b"PNG " + self.folder.name.encode()


@pytest.fixture
def tiles(tmp_path: Path) -> Iterator[list[Here]]:
    made = [Here(tmp_path / str(number)) for number in range(3)]
    yield made
    for tile in made:
        tile.end()


def test_a_viewer_answers_by_the_python_of_its_tile_or_else_by_ours(tiles: list[Here]) -> None:
    assert ask(tiles[1], "camera") == {"position": [0, 0, 1]}
    tiles[1].environment["PATH"] = "/nowhere"
    assert said(ask(tiles[1], "camera", position=[1, 2, 3])) == "seen from there"
    assert tiles[1].seen == {"position": [1, 2, 3]}
    with mock.patch("sys.executable", "/no/python"), pytest.raises(TiledVizError) as caught:
        ask(tiles[1], "camera")
    assert str(caught.value) == "the viewer could not be asked: cannot find the program '/no/python'"


def test_a_viewers_refusal_and_its_absence_are_the_line_that_is_raised(tiles: list[Here]) -> None:
    with pytest.raises(TiledVizError, match="this viewer cannot do 'dance': it knows camera"):
        ask(tiles[0], "dance")
    tiles[0].end()
    with pytest.raises(TiledVizError, match="no viewer listens in this tile"):
        ask(tiles[0], "camera")


def test_all_tiles_take_the_first_ones_camera_and_those_that_do_not_are_counted(tiles: list[Here]) -> None:
    reports: list[tuple[float, str]] = []
    line = copy_camera([tiles[2], tiles[0], tiles[1]], lambda *told: reports.append(told))
    assert line == "2 tiles are seen as the first is"
    assert all(tile.seen == {"position": [0, 0, 2]} for tile in tiles)
    assert reports[-1] == (1.0, "3 of 3 tiles")
    tiles[1].follows = False
    tiles[2].seen = {"position": [5, 5, 5]}
    with pytest.raises(TiledVizError, match=r"^1 of 3 tiles do not follow: this one is flat$"):
        copy_camera([tiles[2], tiles[0], tiles[1]])
    assert [tile.seen["position"] for tile in tiles] == [[5, 5, 5], [0, 0, 2], [5, 5, 5]]


def test_pictures_of_one_second_are_files_of_their_own(tiles: list[Here], tmp_path: Path) -> None:
    with mock.patch("time.strftime", return_value="20261129-120000"):
        paths = [save_picture(tile, tmp_path, "wave") for tile in tiles]
    assert [path.name for path in paths] == [f"wave-20261129-120000{end}.png" for end in ("", "-2", "-3")]
    assert [path.read_bytes() for path in paths] == [b"PNG 0", b"PNG 1", b"PNG 2"]
    with pytest.raises(TiledVizError, match=r"/none/wave-.*\.png cannot be written: No such file or directory"):
        save_picture(tiles[0], tmp_path / "none", "wave")
