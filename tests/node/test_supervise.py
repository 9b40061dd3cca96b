"""Back-off is a value: what follows from so many failures."""

from __future__ import annotations

from tvcore.node.supervise import BackOff


def test_the_delay_doubles_up_to_half_a_minute() -> None:
    back_off, delays = BackOff(tries=9), []
    for _ in range(8):
        back_off = back_off.failed(1)
        delays.append(back_off.delay)
    assert delays == [0.5, 1, 2, 4, 8, 16, 30, 30]


def test_it_is_given_up_after_five_failures_in_a_row() -> None:
    back_off = BackOff()
    given_up = []
    for _ in range(5):
        back_off = back_off.failed(1)
        given_up.append(back_off.given_up)
    assert given_up == [False] * 4 + [True]


def test_a_minute_of_health_forgets_earlier_failures() -> None:
    back_off = BackOff().failed(1).failed(1).failed(1).failed(1).failed(60)
    assert not back_off.given_up
    assert back_off.delay == 0.5


def test_what_never_failed_starts_at_once() -> None:
    assert BackOff().delay == 0
