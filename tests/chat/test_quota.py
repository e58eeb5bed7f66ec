from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, strategies as st

from bot.chat.quota import (
    Holder,
    Limit,
    Measure,
    Period,
    Spent,
    charges,
    window,
)

NOON = datetime(2026, 11, 22, 12, 30, tzinfo=UTC)
REQUESTS, DAY = Measure.REQUESTS, Period.DAY


def limit(holder: Holder, holder_id: int, amount: int, measure=REQUESTS, period=DAY) -> Limit:
    return Limit(holder, holder_id, measure, period, amount)


def found(*limits: Limit, roles=(1, 2)) -> dict[int, int]:
    """What applies to member 11: amount by whose counter."""
    return {
        charge.account.member_id: charge.limit
        for charge in charges(limits, member_id=11, role_ids=roles, now=NOON, zone="UTC")
    }


@pytest.mark.parametrize(
    ("limits", "expected"),
    [
        pytest.param([], {}, id="no limits"),
        pytest.param(
            [limit(Holder.ROLE, 1, 5), limit(Holder.ROLE, 2, 9)], {11: 9}, id="the generous role"
        ),
        pytest.param([limit(Holder.ROLE, 3, 5)], {}, id="a role the member does not have"),
        pytest.param(
            [limit(Holder.ROLE, 1, 50), limit(Holder.MEMBER, 11, 3)],
            {11: 3},
            id="the member's own limit, even if it is less",
        ),
        pytest.param(
            [limit(Holder.SERVER, 0, 100), limit(Holder.ROLE, 1, 5)],
            {0: 100, 11: 5},
            id="the server's beside the member's",
        ),
        pytest.param([limit(Holder.MEMBER, 12, 1)], {}, id="somebody else's"),
    ],
)
def test_the_limits_that_apply_to_a_member(limits, expected):
    assert found(*limits) == expected


@pytest.mark.parametrize(
    ("period", "zone", "begins", "ends"),
    [
        (Period.HOUR, "UTC", "2026-11-22T12:00", "2026-11-22T13:00"),
        (Period.HOUR, "Asia/Kolkata", "2026-11-22T12:30", "2026-11-22T13:30"),
        (Period.DAY, "Asia/Shanghai", "2026-11-21T16:00", "2026-11-22T16:00"),
        (Period.MONTH, "America/New_York", "2026-11-01T04:00", "2026-12-01T05:00"),
    ],
)
def test_windows_follow_the_servers_clock(period, zone, begins, ends):
    expected = tuple(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (begins, ends))
    assert window(period, NOON, zone) == expected


ZONES = ["UTC", "Europe/Berlin", "Asia/Kolkata", "Australia/Lord_Howe", "America/St_Johns"]


@given(
    st.sampled_from(Period),
    st.integers(0, 15 * 365 * 86_400).map(lambda s: NOON + timedelta(seconds=s)),
    st.sampled_from(ZONES),
)
def test_every_moment_lies_in_its_window_and_windows_touch(period, moment, zone):
    begins, ends = window(period, moment, zone)
    assert begins <= moment < ends
    assert window(period, begins, zone) == (begins, ends)
    assert window(period, ends, zone)[0] == ends or period is Period.HOUR
    assert window(period, ends - timedelta(seconds=1), zone) == (begins, ends) or (
        period is Period.HOUR  # half-hour changes of clocks cut an hour short
    )


def test_what_was_spent_is_told_by_measure():
    spent = Spent(requests=1, tokens=2, images=3, credits=4)
    assert [spent.of(measure) for measure in Measure] == [1, 2, 3, 4]
