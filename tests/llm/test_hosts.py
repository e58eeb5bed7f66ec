from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest
from hypothesis import settings, strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from bot.errors import AuthCodeError, UnavailableError, Upstream
from bot.llm.hosts import LONGEST_REST_SECONDS, REST_SECONDS, Hosts, Visit
from bot.llm.retry import CONNECT_FAILED
from tests.fakes import FakeClock

A, B, C = "https://a.test", "https://b.test", "https://c.test"
DOWN = UnavailableError(upstream=Upstream(code=CONNECT_FAILED))
REFUSED = AuthCodeError(upstream=Upstream(status=401))


def leave(visit: Visit, error: BaseException | None = None) -> None:
    """End a visit the way a call ends."""
    with suppress(BaseException), visit:
        if error is not None:
            raise error


def hosts_of(*urls: str) -> tuple[Hosts, FakeClock]:
    clock = FakeClock()
    return Hosts(urls, clock), clock


def test_the_first_host_is_preferred() -> None:
    hosts, _ = hosts_of(A + "/", B)
    assert [hosts.visit().host for _ in range(3)] == [A, A, A]


def test_a_host_that_failed_rests_longer_each_time_until_it_works() -> None:
    hosts, clock = hosts_of(A, B)
    rests = []
    visit = hosts.visit()
    for _ in range(7):
        leave(visit, DOWN)
        began = clock.time
        while (visit := hosts.visit()).host == B:
            clock.time += 1
        rests.append(clock.time - began)
    assert rests == [30, 60, 120, 240, 480, 600, 600]
    leave(visit)
    leave(hosts.visit(), DOWN)
    clock.time += REST_SECONDS
    assert hosts.visit().host == A


def test_one_call_at_a_time_tries_a_host_that_has_rested() -> None:
    hosts, clock = hosts_of(A, B)
    leave(hosts.visit(), DOWN)
    clock.time += REST_SECONDS
    trial = hosts.visit()
    assert [trial.host, hosts.visit().host, hosts.visit().host] == [A, B, B]
    trial.worked()
    assert hosts.visit().host == A


def test_a_trial_that_is_given_up_leaves_its_place_to_another() -> None:
    hosts, clock = hosts_of(A, B)
    leave(hosts.visit(), DOWN)
    clock.time += REST_SECONDS
    leave(hosts.visit(), asyncio.CancelledError())
    assert hosts.visit().host == A


def test_calls_that_fail_together_count_once() -> None:
    hosts, clock = hosts_of(A, B)
    together = [hosts.visit() for _ in range(50)]
    for visit in together:
        leave(visit, DOWN)
    clock.time += REST_SECONDS
    assert hosts.visit().host == A


def test_a_refusal_shows_that_the_host_is_there() -> None:
    hosts, clock = hosts_of(A, B)
    leave(hosts.visit(), DOWN)
    clock.time += REST_SECONDS
    leave(hosts.visit(), REFUSED)
    assert [hosts.visit().host for _ in range(2)] == [A, A]


def test_when_all_rest_the_one_that_is_due_first_is_tried() -> None:
    hosts, clock = hosts_of(A, B, C)
    for _ in range(2):
        leave(hosts.visit(), DOWN)
        clock.time += 1
    leave(hosts.visit({A}), DOWN)
    assert hosts.visit().host == A
    assert hosts.visit({A}).host == B
    assert hosts.visit({A, B, C}).host == A


async def test_whoever_has_a_simple_question_gets_it_answered_by_the_next_host() -> None:
    hosts, _ = hosts_of(A, B)
    asked = []

    async def ask(host: str) -> str:
        asked.append(host)
        if host == A:
            raise DOWN
        return host

    assert [await hosts.answer(ask), await hosts.answer(ask)] == [B, B]
    assert asked == [A, B, B]


async def test_a_refusal_is_no_reason_to_ask_elsewhere() -> None:
    hosts, _ = hosts_of(A, B)

    async def ask(host: str) -> str:
        raise REFUSED

    with pytest.raises(AuthCodeError):
        await hosts.answer(ask)
    assert hosts.visit().host == A


class Outages(RuleBasedStateMachine):
    """Calls that begin, end and are cancelled in any order while hosts come and go."""

    def __init__(self) -> None:
        super().__init__()
        self.hosts, self.clock = hosts_of(A, B, C)
        self.under_way: list[Visit] = []

    @rule(avoid=st.sets(st.sampled_from([A, B, C])))
    def begin(self, avoid: set[str]) -> None:
        before = {
            host: health.rests(self.clock.now()) for host, health in self.hosts._healths.items()
        }
        visit = self.hosts.visit(avoid)
        self.under_way.append(visit)
        wanted = {A, B, C} - avoid
        awake = {host for host in wanted or {A, B, C} if not before[host]}
        assert visit.host in (awake or wanted or {A, B, C})

    @rule(seconds=st.floats(0, 700))
    def pass_time(self, seconds: float) -> None:
        self.clock.time += seconds

    @precondition(lambda self: self.under_way)
    @rule(
        which=st.integers(0, 99),
        how=st.sampled_from([None, DOWN, REFUSED, asyncio.CancelledError()]),
    )
    def end(self, which: int, how: BaseException | None) -> None:
        visit = self.under_way.pop(which % len(self.under_way))
        leave(visit, how)
        health = self.hosts._healths[visit.host]
        if how is None or how is REFUSED:
            assert not health.rests(self.clock.now())
        elif how is DOWN:
            assert health.rests(self.clock.now())

    @invariant()
    def no_rest_is_too_long(self) -> None:
        for health in self.hosts._healths.values():
            assert health.rests_until <= self.clock.now() + LONGEST_REST_SECONDS

    @invariant()
    def nothing_is_on_trial_for_ever(self) -> None:
        trials = {visit.host for visit in self.under_way if visit._is_trial}
        for host, health in self.hosts._healths.items():
            assert not health.on_trial or host in trials


TestOutages = Outages.TestCase
TestOutages.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
