from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest
from hypothesis import given, settings, strategies as st

from bot.replies.pacing import EditBudget, Slot
from bot.replies.windows import Bucket, Headers, Priority
from tests.replies.clock import FakeClock
from tests.replies.discord_limits import SimulatedLimits


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budget(clock) -> EditBudget:
    return EditBudget(clock)


@pytest.fixture
def limits(clock) -> SimulatedLimits:
    return SimulatedLimits(clock)


async def once(slot: Slot) -> None:
    """Make a call that takes no time."""
    async with slot:
        pass


async def promote_at(clock: FakeClock, at: float, slot: Slot) -> None:
    await clock.sleep(max(at - clock.now(), 0))
    slot.promote(Priority.FINAL)


async def stream(
    clock: FakeClock, budget: EditBudget, limits: SimulatedLimits, channel: int, seconds: float
) -> tuple[float, float, list[float]]:
    """Live through one reply: when its first page, its last state and its middle edits came."""
    began = clock.now()
    async with budget.slot(Bucket.create(channel), Priority.FIRST) as slot:
        await limits.call(budget, slot)
    shown = [clock.now()]
    since = clock.now()
    while True:
        turn = budget.slot(Bucket.edit(channel), Priority.MIDDLE, since=since)
        ends = asyncio.create_task(promote_at(clock, began + seconds, turn))
        async with turn:
            final = turn.priority is Priority.FINAL
            since = clock.now()
            await limits.call(budget, turn)
        ends.cancel()
        shown.append(clock.now())
        if final:
            return shown[0] - began, clock.now() - (began + seconds), shown


class TestOneReply:
    async def test_is_painted_about_once_a_second_and_never_takes_the_last_token(
        self, clock, budget, limits
    ):
        first, final, shown = await clock.finish(stream(clock, budget, limits, 1, 20))
        gaps = [b - a for a, b in pairwise(shown)]
        assert first == pytest.approx(limits.latency)
        assert max(gaps) <= 1.4
        assert final <= limits.latency + 0.01
        assert limits.violations == 0
        assert limits.last_tokens <= 1  # the final one may

    async def test_a_waiting_edit_becomes_the_final_one_at_once(self, clock, budget, limits):
        await once(budget.slot(Bucket.edit(1), Priority.MIDDLE, since=clock.now() - 9))
        turn = budget.slot(Bucket.edit(1), Priority.MIDDLE, since=clock.now())
        waiting = asyncio.ensure_future(once(turn))
        await clock.settle()
        assert not waiting.done()
        turn.promote(Priority.FINAL)
        await clock.settle()
        assert waiting.done()

    async def test_a_cancelled_wait_leaves_nothing_behind(self, clock, budget):
        blocker = [budget.slot(Bucket.edit(1), Priority.FINAL) for _ in range(5)]
        for slot in blocker:
            await slot.__aenter__()
        waiting = asyncio.ensure_future(once(budget.slot(Bucket.edit(1), Priority.FINAL)))
        await clock.settle()
        waiting.cancel()
        for slot in blocker:
            await slot.__aexit__(None, None, None)
        await clock.advance(6)
        async with budget.slot(Bucket.edit(1), Priority.FINAL) as slot:
            assert slot.granted


class TestManyReplies:
    async def test_replies_of_one_channel_share_it_fairly(self, clock, budget, limits):
        streams = [stream(clock, budget, limits, 1, 60) for _ in range(4)]
        results = await clock.finish(asyncio.gather(*streams))
        for _, final, shown in results:
            assert max(b - a for a, b in pairwise(shown)) <= 1.4 * 4
            assert final <= 5.3
        counts = [len(shown) for *_, shown in results]
        assert max(counts) - min(counts) <= 2
        assert limits.violations == 0

    async def test_fifty_that_start_together_all_begin_at_once_and_end_within_a_second(
        self, clock, budget, limits
    ):
        streams = [stream(clock, budget, limits, n, 8) for n in range(50)]
        results = await clock.finish(asyncio.gather(*streams))
        assert max(first for first, *_ in results) <= 0.15
        finals = sorted(final for _, final, _ in results)
        assert finals[47] <= 1.0 + limits.latency
        assert max(b - a for *_, shown in results for a, b in pairwise(shown)) <= 3.0
        assert limits.violations == 0

    async def test_two_hundred_that_start_together_are_served_in_four_seconds(
        self, clock, budget, limits
    ):
        limits.latency = 0.02
        streams = [stream(clock, budget, limits, n, 5) for n in range(200)]
        results = await clock.finish(asyncio.gather(*streams))
        assert sorted(first for first, *_ in results)[190] <= 4.5
        assert sorted(final for _, final, _ in results)[190] <= 4.5
        assert limits.violations == 0

    async def test_a_full_channel_does_not_hold_up_another(self, clock, budget, limits):
        for _ in range(5):
            async with budget.slot(Bucket.edit(1), Priority.FINAL) as slot:
                await asyncio.gather(limits.call(budget, slot), clock.advance(0.05))
        waiting = asyncio.ensure_future(once(budget.slot(Bucket.edit(1), Priority.FINAL)))
        await clock.settle()
        async with budget.slot(Bucket.edit(2), Priority.FINAL) as slot:
            assert slot.granted
        assert not waiting.done()
        waiting.cancel()

    async def test_a_slow_call_does_not_stop_the_others_of_its_channel(self, clock, budget):
        slow = budget.slot(Bucket.edit(1), Priority.FINAL)
        await slow.__aenter__()
        async with budget.slot(Bucket.create(1), Priority.FIRST) as slot:
            assert slot.granted
        await slow.__aexit__(None, None, None)

    async def test_interactions_are_outside_the_bots_limit(self, clock):
        budget = EditBudget(clock, requests_per_second=1)
        await once(budget.slot(Bucket.create(1), Priority.FIRST))
        async with budget.slot(Bucket.webhook("a"), Priority.FIRST) as slot:
            assert slot.granted

    async def test_typing_gives_way_when_the_bot_is_busy(self, clock, budget):
        assert budget.spare(Bucket.typing(1))
        for channel in range(30):
            await once(budget.slot(Bucket.create(channel), Priority.FIRST))
        assert not budget.spare(Bucket.typing(1))


class TestLearning:
    async def test_a_smaller_limit_is_believed(self, clock, budget):
        limits = SimulatedLimits(clock, limit=3)
        await clock.finish(stream(clock, budget, limits, 1, 30))
        assert limits.violations == 0

    async def test_calls_without_a_slot_count_too(self, clock, budget):
        headers = Headers(limit=5, remaining=0, reset_after=3.0)
        budget.request_answered(object(), None, Bucket.create(1), headers)
        waiting = asyncio.ensure_future(once(budget.slot(Bucket.create(1), Priority.FINAL)))
        await clock.advance(2.9)
        assert not waiting.done()
        await clock.advance(0.2)
        assert waiting.done()

    async def test_after_a_refusal_the_bucket_rests(self, clock, budget):
        budget.refused(Bucket.edit(1), 7.0, everywhere=False)
        waiting = asyncio.ensure_future(once(budget.slot(Bucket.edit(1), Priority.FINAL)))
        await clock.advance(6.9)
        assert not waiting.done()
        await clock.advance(0.2)
        assert waiting.done()

    async def test_after_a_global_refusal_everyone_rests(self, clock, budget):
        budget.refused(None, 2.0, everywhere=True)
        waiting = asyncio.ensure_future(once(budget.slot(Bucket.edit(1), Priority.FIRST)))
        await clock.advance(1.9)
        assert not waiting.done()
        await clock.advance(0.2)
        assert waiting.done()


def test_a_bucket_does_not_print_the_interactions_token():
    assert "secret" not in repr(Bucket.webhook("secret"))


@settings(max_examples=25, deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, 12), st.floats(0, 4), st.floats(0.1, 12)), min_size=1, max_size=40
    ),
    st.sampled_from([0.0, 0.02, 0.3, 0.5]),
    st.booleans(),
)
def test_discord_never_has_to_refuse(replies, latency, headers_are_seen):
    """Replies in random channels, of random length, with fast and slow Discords."""

    async def live() -> SimulatedLimits:
        clock = FakeClock()
        limits = SimulatedLimits(clock, latency=latency, jitter=True)
        budget = EditBudget(clock)

        async def one(channel: int, starts: float, seconds: float) -> None:
            await clock.sleep(starts)
            await stream(clock, budget, limits, channel, seconds)

        if not headers_are_seen:
            limits.report = False
        await clock.finish(asyncio.gather(*(one(*reply) for reply in replies)), within=600)
        return limits

    assert asyncio.run(live()).violations == 0
