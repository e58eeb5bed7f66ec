"""The bot's own small facts."""

from __future__ import annotations

from bot.storage.state import SqlStateStore


async def test_an_unknown_fact_is_none(database):
    assert await SqlStateStore(database).read("commands") is None


async def test_the_newest_value_of_a_fact_counts(database):
    state = SqlStateStore(database)
    await state.write("commands", "old")
    await state.write("commands", "new")
    await state.write("other", "x")
    assert await state.read("commands") == "new"
