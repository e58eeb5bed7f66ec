from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from bot.replies.refusals import CLOSED_SECONDS, WINDOW_SECONDS, HeldBackError, Refusals
from tests.fakes import FakeClock


def refused(most: int = 3) -> tuple[Refusals, FakeClock]:
    clock = FakeClock()
    return Refusals(clock, most=most), clock


@pytest.mark.parametrize(
    ("status", "scope", "counts"),
    [
        (401, "", True),
        (403, "", True),
        (429, "user", True),
        (429, "global", True),
        (429, "shared", False),
        (404, "", False),
        (200, "", False),
    ],
)
def test_only_what_discord_counts_is_counted(status, scope, counts):
    refusals, _clock = refused(most=1)
    refusals.note(status, scope)
    if counts:
        with pytest.raises(HeldBackError):
            refusals.check()
    else:
        refusals.check()


def test_requests_go_again_when_the_refusals_are_ten_minutes_old():
    refusals, clock = refused()
    for _number in range(3):
        refusals.note(403, "")
        clock.time += 1
    with pytest.raises(HeldBackError):
        refusals.check()
    clock.time = WINDOW_SECONDS
    refusals.check()


@given(st.lists(st.floats(0, 400), max_size=60), st.integers(1, 5))
def test_never_more_than_the_set_number_in_any_ten_minutes(pauses, most):
    refusals, clock = refused(most)
    sent: list[float] = []
    for pause in pauses:
        clock.time += pause
        try:
            refusals.check()
        except HeldBackError:
            continue
        refusals.note(403, "")
        sent.append(clock.time)
    for begin in sent:
        assert sum(begin <= at < begin + WINDOW_SECONDS for at in sent) <= most


def test_a_channel_is_left_alone_for_five_minutes():
    refusals, clock = refused()
    refusals.close(7)
    assert refusals.is_closed(7)
    assert not refusals.is_closed(8)
    clock.time = CLOSED_SECONDS
    assert not refusals.is_closed(7)
