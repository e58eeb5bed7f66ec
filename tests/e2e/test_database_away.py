"""The bot on a PostgreSQL that lets nobody in for a while."""

from __future__ import annotations

import pytest

from bot.playground.discord.default_world import GENERAL_ID

NAME = "away"


@pytest.fixture
def url(postgres):
    yield postgres.create(NAME)
    postgres.drop(NAME)


async def test_it_answers_without_memory_says_so_and_remembers_again(weather, postgres, url):
    weather.gateway.text = "Noted."
    async with weather.bot(database_url=url):
        await weather.mention("my cat is called Momo")
        await weather.until(lambda: said(weather, 0) == "Noted.")
        postgres.close(NAME)
        await weather.mention("and my dog Kiki")
        await weather.until(lambda: "answered without it" in said(weather, 1))
        assert said(weather, 1).startswith("Noted.")
        refused = await weather.ada.run(GENERAL_ID, "conversation clear")
        await weather.until(lambda: refused.messages and not refused.messages[-1].is_thinking)
        assert "My memory is in trouble" in refused.messages[-1].content
        postgres.reopen(NAME)
        await weather.mention("what is my cat called?")
        await weather.until(lambda: said(weather, 3) == "Noted.")
    told = [m["content"] for m in weather.chats()[-1].body["messages"] if m["role"] != "system"]
    assert told == ["Mira: my cat is called Momo", "Noted.", "Mira: what is my cat called?"]


async def test_an_answer_that_was_growing_meanwhile_is_kept(weather, postgres, url):
    weather.gateway.text = "word " * 300
    async with weather.bot(database_url=url):
        await weather.mention("talk")
        await weather.until(lambda: said(weather, 0))
        postgres.close(NAME)
        await weather.until(lambda: "As file" in str(weather.replies()[0].components))
        postgres.reopen(NAME)
    weather.gateway.text = "Noted."
    async with weather.bot(database_url=url):
        await weather.mention("and?")
        await weather.until(lambda: said(weather, 1) == "Noted.")
    told = [m["content"] for m in weather.chats()[-1].body["messages"] if m["role"] != "system"]
    assert told[:2] == ["Mira: talk", "word " * 300]


def said(weather, number: int) -> str:
    """What the bot's message of that number says."""
    replies = weather.replies()
    return replies[number].content if number < len(replies) else ""
