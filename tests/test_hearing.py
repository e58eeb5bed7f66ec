"""A gap in what is heard stays open until it was looked through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from bot.hearing import Gap, Hearing

NOW = datetime(2026, 11, 30, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)


@pytest.fixture
def returned() -> Hearing:
    """One shard was lost, and has a new session."""
    hearing = Hearing()
    hearing.lose(0, NOW)
    hearing.lose(0, LATER)
    hearing.begin(0)
    return hearing


def gap_of(hearing: Hearing) -> Gap:
    gap = hearing.gap()
    assert gap is not None
    return gap


def test_a_first_session_has_no_gap():
    hearing = Hearing()
    hearing.begin(0)
    assert hearing.is_whole
    assert hearing.gap() is None


def test_a_start_looks_back_to_when_the_run_before_heard_last():
    hearing = Hearing(NOW)
    hearing.begin(0)
    assert gap_of(hearing).since == NOW


def test_a_resumed_session_leaves_no_gap():
    hearing = Hearing()
    hearing.begin(0)
    hearing.lose(0, NOW)
    assert not hearing.is_whole
    hearing.resume(0)
    assert hearing.is_whole


def test_a_new_session_leaves_a_gap_until_it_is_closed(returned):
    gap = gap_of(returned)
    assert gap.since == NOW
    assert returned.is_open(gap)
    assert not returned.is_whole
    returned.close(gap)
    assert returned.is_whole
    assert not returned.is_open(gap)


def test_a_session_that_resumes_meanwhile_does_not_close_the_gap(returned):
    gap = gap_of(returned)
    returned.lose(0, LATER)
    returned.resume(0)
    assert not returned.is_whole
    returned.close(gap)
    assert returned.is_whole


def test_what_is_lost_meanwhile_keeps_it_open_until_that_resumes(returned):
    gap = gap_of(returned)
    returned.lose(1, LATER)
    returned.close(gap)
    assert not returned.is_whole
    returned.resume(1)
    assert returned.is_whole


def test_a_further_session_is_looked_back_for_by_itself(returned):
    gap = gap_of(returned)
    returned.lose(1, LATER)
    returned.begin(1)
    assert not returned.is_open(gap)
    returned.close(gap)
    assert not returned.is_whole
    returned.close(gap_of(returned))
    assert returned.is_whole
