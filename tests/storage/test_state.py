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


async def test_facts_are_found_by_how_their_names_begin_and_can_be_forgotten(database):
    state = SqlStateStore(database)
    for name in ("private:1", "private:2", "privateX3", "commands"):
        await state.write(name, name)
    assert await state.find("private:") == {"private:1": "private:1", "private:2": "private:2"}
    await state.forget("private:1")
    assert list(await state.find("private:")) == ["private:2"]
