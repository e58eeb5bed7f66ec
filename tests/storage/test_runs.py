"""What a dead process leaves behind is taken over by exactly one that lives."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import update

from bot.chat.quota import Account, Charge, Measure, Period, Spent, Wanted
from bot.chat.turns import TurnState
from bot.storage.conversations import SqlConversationStore
from bot.storage.quotas import SqlQuotaStore
from bot.storage.runs import DEAD_AFTER, Runs
from bot.storage.tables import RunRow
from bot.storage.variants import SqlVariantStore
from tests.storage.asking import ask, opened, say

TODAY = datetime(2026, 11, 26, tzinfo=UTC)
REQUESTS = Charge(Account(0, Measure.REQUESTS, Period.DAY, TODAY), 10, TODAY + timedelta(days=1))


@pytest.fixture
async def runs(database):
    """Two processes on different machines."""
    one, other = Runs(database), Runs(database)
    async with one, other:
        await change(database, one, host="one", pid=1)
        await change(database, other, host="other", pid=1)
        yield one, other


async def change(database, run: Runs, **values) -> None:
    async with database.write() as session:
        await session.execute(update(RunRow).where(RunRow.id == run.id).values(**values))


async def die(database, run: Runs) -> None:
    await change(database, run, beat_at=datetime.now(UTC) - DEAD_AFTER)


async def reserved(quotas: SqlQuotaStore, amount: int = 1) -> int:
    return await quotas.reserve(1, [Wanted(REQUESTS, amount)])


async def used(quotas: SqlQuotaStore) -> int:
    [standing] = await quotas.standings(1, [REQUESTS])
    return standing.used


async def test_what_a_living_process_writes_is_left_alone(database, runs):
    one, other = runs
    await opened(SqlConversationStore(database, one.id), ask())
    assert await SqlConversationStore(database, other.id).interrupted() == []
    await die(database, one)
    assert len(await SqlConversationStore(database, other.id).interrupted()) == 1


async def test_ones_own_growing_replies_are_left_alone(database, runs):
    store = SqlConversationStore(database, runs[0].id)
    await opened(store, ask())
    assert await store.interrupted() == []


async def test_a_process_that_could_not_say_it_lives_takes_nothing_from_itself(database, runs):
    store, quotas = SqlConversationStore(database, runs[0].id), SqlQuotaStore(database, runs[0].id)
    await opened(store, ask())
    await reserved(quotas)
    await die(database, runs[0])
    assert await store.interrupted() == []
    assert await quotas.give_back() == 0


async def test_a_reply_whose_end_could_not_be_shown_is_found_by_the_next_look(database, runs):
    store = SqlConversationStore(database, runs[0].id)
    turn = await opened(store, ask())
    await store.close_turn(turn.turn_id, TurnState.COMPLETE, say("Hello"))
    assert await store.interrupted() == []
    await store.release(turn.turn_id)
    assert [found.turn_id for found in await store.interrupted()] == [turn.turn_id]
    assert await store.interrupted() == []


async def test_of_two_that_look_at_once_each_reply_goes_to_one(database, runs):
    one, other = runs
    async with Runs(database) as dying:
        store = SqlConversationStore(database, dying.id)
        for _number in range(5):
            await opened(store, ask())
    found = await asyncio.gather(
        *(SqlConversationStore(database, run.id).interrupted() for run in (one, other, one))
    )
    assert len([turn for turns in found for turn in turns]) == 5


async def test_another_answer_to_a_question_belongs_to_the_run_that_writes_it(database, runs):
    one, other = runs
    store = SqlConversationStore(database, one.id)
    turn = await opened(store, ask())
    await store.close_turn(turn.turn_id, TurnState.COMPLETE, say("Hello"))
    again = await SqlVariantStore(database, other.id).reopen(turn.turn_id)
    assert await store.interrupted() == []
    await die(database, other)
    [found] = await store.interrupted()
    assert again is not None
    assert found.turn_id == again.turn_id


async def test_a_process_that_is_gone_from_this_machine_is_known_to_be_dead_at_once(database):
    gone = await asyncio.create_subprocess_exec(sys.executable, "-c", "")
    await gone.wait()
    async with Runs(database) as dead, Runs(database) as here:
        await opened(SqlConversationStore(database, dead.id), ask())
        await change(database, dead, pid=os.getppid())
        assert await here.others_live()
        await change(database, dead, pid=gone.pid)
        assert not await here.others_live()
        assert len(await SqlConversationStore(database, here.id).interrupted()) == 1


async def test_a_run_that_has_ended_does_not_live(database):
    async with Runs(database) as here:
        async with Runs(database) as other:
            await change(database, other, host="other")
            assert await here.others_live()
        assert not await here.others_live()


async def test_the_next_start_knows_when_questions_were_last_taken(database):
    async with Runs(database) as first:
        assert first.heard_before is None
        await first.beat(hears=True)
        heard = datetime.now(UTC)
        await first.beat(hears=False)
    async with Runs(database) as second:
        assert second.heard_before is not None
        assert abs(second.heard_before - heard) < timedelta(seconds=5)
    async with database.write() as session:
        long_ago = datetime.now(UTC) - timedelta(days=3)
        await session.execute(update(RunRow).values(heard_at=long_ago, beat_at=long_ago))
    async with Runs(database) as third:
        assert third.heard_before is None


async def test_a_start_that_never_heard_leaves_what_was_missed_to_the_next(database):
    ten_minutes_ago = datetime.now(UTC) - timedelta(minutes=10)
    async with Runs(database) as first:
        await change(database, first, heard_at=ten_minutes_ago)
    for _start in range(2):
        async with Runs(database) as failing:
            assert failing.heard_before == ten_minutes_ago
            await failing.beat(hears=False)


async def test_what_a_dead_process_reserved_is_given_back_unless_its_reply_still_grows(
    database, runs
):
    one, other = runs
    dying, living = SqlQuotaStore(database, one.id), SqlQuotaStore(database, other.id)
    store = SqlConversationStore(database, one.id)
    number = await reserved(dying)
    turn = await store.open_turn(ask(), reservation=number)
    assert turn is not None
    await reserved(dying, 2)
    await reserved(living, 4)
    assert await living.give_back() == 0
    await die(database, one)
    assert await living.give_back() == 1
    assert await used(living) == 5
    [cut] = await SqlConversationStore(database, other.id).interrupted()
    assert (cut.turn_id, cut.reservation) == (turn.turn_id, number)
    await living.settle(number, Spent(requests=1))
    assert await used(living) == 5
    assert await living.give_back() == 0
