"""The camera goes round while somebody looks, never under the hand, and as fast as the machine allows."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tvcore.viewer import turntable
from tvcore.viewer.turntable import Turntable, read_wanted, turn_rate


class Fake:
    """Stands for VTK's objects: keeps observers, and counts other calls by name."""

    def __init__(self) -> None:
        self.observers: dict[str, Callable[..., None]] = {}
        self.calls: list[str] = []

    def AddObserver(self, event: str, observer: Callable[..., None]) -> None:  # noqa: N802
        self.observers[event] = observer

    def __getattr__(self, name: str) -> Callable[..., Fake]:
        def call(*_: object) -> Fake:
            self.calls.append(name)
            return self

        return call


def test_it_never_turns_under_the_hand_nor_just_after_an_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "watch").write_text("10")
    clock = [100.0]
    monkeypatch.setattr(turntable.time, "monotonic", lambda: clock[0])
    scene = Fake()
    table = Turntable(scene, scene, scene, str(tmp_path / "watch"))

    def turns_after(seconds: float) -> bool:
        clock[0] += seconds
        scene.calls.clear()
        assert 0 < table.go_on() <= turntable.IDLE
        return "Render" in scene.calls

    assert turns_after(0.2)
    scene.observers["StartInteractionEvent"]()
    assert not turns_after(turntable.HANDS_OFF * 10)
    scene.observers["EndInteractionEvent"]()
    assert not turns_after(turntable.HANDS_OFF / 2)
    assert turns_after(turntable.HANDS_OFF)
    table.touch()
    assert not turns_after(turntable.HANDS_OFF / 2)
    assert turns_after(turntable.HANDS_OFF)
    table.turning = False
    assert not turns_after(turntable.HANDS_OFF * 10)
    table.turning = True
    assert turns_after(0.3)
    assert not turns_after(0.01)  # not before it is due
    (tmp_path / "watch").write_text("0")
    assert not turns_after(0.3)
    assert table.go_on() == turntable.IDLE


def test_the_rate_follows_who_looks_and_what_a_frame_costs() -> None:
    assert turn_rate(10, 0.001) == turntable.WALL_RATE
    assert turn_rate(30, 0.001) == turntable.FOCUS_RATE
    assert turn_rate(2, 0.001) == 2
    assert turn_rate(10, 0.04) == pytest.approx(turntable.WALL_SHARE / 0.04)
    assert turn_rate(10, 5.0) == turntable.LEAST_RATE


@pytest.mark.parametrize(
    ("text", "wanted"), [("10", 10), ("0", 0), ("2.5\n", 2.5), ("", 0), ("soon", 0), ("-3", 0), ("nan", 0)]
)
def test_the_watch_file_says_how_many_frames_are_wanted(tmp_path: Path, text: str, wanted: float) -> None:
    (tmp_path / "watch").write_text(text)
    assert read_wanted(str(tmp_path / "watch")) == wanted


def test_a_watch_file_that_is_gone_means_that_nobody_looks(tmp_path: Path) -> None:
    assert read_wanted(str(tmp_path / "none")) == 0
    assert read_wanted(None) > 0
