"""Usage records and the bot's own small facts."""

from __future__ import annotations

from sqlalchemy import select

from bot.chat.events import Usage
from bot.chat.turns import Task, TurnState
from bot.storage.state import SqlStateStore
from bot.storage.tables import UsageRow
from bot.storage.usage import SqlUsageLog


async def test_a_call_is_recorded_with_who_where_and_what(database):
    await SqlUsageLog(database).record(
        guild_id=None,
        channel_id=7,
        user_id=2**63 - 1,
        model="gpt-4o",
        task=Task.IMAGE,
        usage=Usage(1, 2, 3, 4),
        images=2,
        latency_ms=1234,
        outcome=TurnState.STOPPED,
    )
    async with database.read() as session:
        row = (await session.scalars(select(UsageRow))).one()
    assert (row.guild_id, row.channel_id, row.user_id) == (None, 7, 2**63 - 1)
    assert (row.model, row.task, row.outcome) == ("gpt-4o", Task.IMAGE, TurnState.STOPPED)
    assert (row.input_tokens, row.output_tokens) == (1, 2)
    assert (row.reasoning_tokens, row.cached_tokens) == (3, 4)
    assert (row.images, row.latency_ms) == (2, 1234)


async def test_a_call_without_reported_usage_counts_as_nothing(database):
    log = SqlUsageLog(database)
    await log.record(guild_id=1, channel_id=7, user_id=1, model="m", outcome=TurnState.FAILED)
    async with database.read() as session:
        row = (await session.scalars(select(UsageRow))).one()
    assert (row.input_tokens, row.output_tokens, row.images) == (0, 0, 0)


async def test_an_unknown_fact_is_none(database):
    assert await SqlStateStore(database).read("commands") is None


async def test_the_newest_value_of_a_fact_counts(database):
    state = SqlStateStore(database)
    await state.write("commands", "old")
    await state.write("commands", "new")
    await state.write("other", "x")
    assert await state.read("commands") == "new"
