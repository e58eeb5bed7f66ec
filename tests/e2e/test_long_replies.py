"""Replies that outlive what they began in: an interaction's token, a channel."""

from __future__ import annotations

import asyncio
import os
import sys

import pytest

from bot.playground.discord import LoopbackDiscord, LoopbackSettings
from bot.playground.discord.default_world import GENERAL_ID, MIRA_DM_ID, READ_ONLY_ID
from bot.playground.standin import Outcome, StandInGateway
from bot.replies import interactions
from bot.settings import Settings
from tests.e2e.conftest import Weather
from tests.e2e.test_replies import buttons

WORDS = [f"word{number}" for number in range(150)]  # some five seconds of streaming
TOKEN_SECONDS = 4.0


@pytest.fixture
async def weather(_discord_of_its_own, tmp_path, monkeypatch):
    """A Discord whose interactions last four seconds; the bot leaves them after one and a half."""
    monkeypatch.setattr(interactions, "MARGIN_SECONDS", 2.5)
    gateway = StandInGateway(text=" ".join(WORDS), deltas_per_second=60, picture_seconds=0)
    await gateway.start()
    settings = LoopbackSettings(message_content=False, interaction_seconds=TOKEN_SECONDS)
    try:
        async with LoopbackDiscord(settings) as server:
            yield Weather(server, gateway, tmp_path)
    finally:
        await gateway.stop()


def direct(weather: Weather) -> list[str]:
    """What the bot has written to Mira."""
    return [message.content for message in weather.replies(MIRA_DM_ID)]


async def test_a_command_is_answered_to_the_end_in_the_same_message(weather):
    async with weather.bot():
        call = await weather.mira.run(GENERAL_ID, "ask", {"prompt": "talk"})
        await weather.until(lambda: call.response and call.response.content.split() == WORDS)
    assert len(weather.replies()) == 1
    assert weather.discord.journal.find("PATCH", "/channels/*/messages/*")
    assert weather.discord.journal.with_status(401) == []


async def test_a_private_answer_goes_on_by_direct_message_and_says_so(weather):
    async with weather.bot():
        call = await weather.mira.run(GENERAL_ID, "ask", {"prompt": "talk", "private": True})
        await weather.until(lambda: direct(weather) and direct(weather)[-1].split() == WORDS)
    assert call.response.is_ephemeral
    assert call.response.content.endswith("-# The rest of the answer follows by direct message.")
    assert not call.response.components
    assert weather.discord.journal.with_status(401) == []


async def test_where_the_bot_may_not_write_the_rest_comes_by_direct_message(weather):
    async with weather.bot():
        await weather.mira.run(READ_ONLY_ID, "ask", {"prompt": "talk"})
        await weather.until(lambda: direct(weather) and direct(weather)[-1].split() == WORDS)


async def test_a_member_who_takes_no_direct_messages_is_told_while_the_token_lives(weather):
    await weather.mira.block_dms()
    async with weather.bot():
        call = await weather.mira.run(GENERAL_ID, "ask", {"prompt": "talk", "private": True})
        await weather.until(lambda: len(call.messages) == 2)
        async with asyncio.timeout(5):
            await weather.chats()[0].ended.wait()
    assert "you take no direct messages" in call.messages[-1].content
    assert weather.chats()[0].outcome is Outcome.ABANDONED


async def test_a_token_that_ends_before_its_time_costs_no_text(weather):
    async with weather.bot():
        call = await weather.mira.run(GENERAL_ID, "ask", {"prompt": "talk"})
        await weather.until(lambda: call.response and call.response.content)
        weather.discord.faults.fail("PATCH", "/webhooks/*/*/messages/@original", 401, code=50027)
        await weather.until(lambda: call.response.content.split() == WORDS)


async def test_when_the_channel_goes_the_asker_is_told_and_the_gateway_let_go(weather):
    async with weather.bot():
        await weather.mention("talk")
        await weather.until(lambda: weather.replies() and weather.replies()[0].content)
        weather.discord.world.delete_channel(GENERAL_ID)
        await weather.until(lambda: direct(weather))
        async with asyncio.timeout(5):
            await weather.chats()[0].ended.wait()
    assert direct(weather) == [
        "The channel of your question is gone, so it could not be answered there."
    ]
    assert weather.chats()[0].outcome is Outcome.ABANDONED


async def test_what_a_crash_cut_off_can_be_continued(weather):
    weather.gateway.text = " ".join(WORDS * 10)
    environment = {
        **{n: v for n, v in os.environ.items() if n.lower() not in Settings.model_fields},
        "DISCORD_TOKEN": weather.discord.token,
        "DISCORD_API_URL": weather.discord.api_url,
        "LIAOBOTS_AUTH_CODE": "code",
        "LIAOBOTS_BASE_URL": weather.gateway.url,
        "LIAOBOTS_BACKUP_URLS": weather.gateway.url,
        "DATABASE_URL": weather.database_url,
    }
    process = await asyncio.create_subprocess_exec(sys.executable, "-m", "bot", env=environment)
    await weather.until(lambda: weather.discord.world.bot_online)
    await weather.mention("talk")
    await weather.until(lambda: weather.replies() and len(weather.replies()[0].history) > 1)
    process.kill()
    await process.wait()
    weather.gateway.text = "And so on."
    async with weather.bot() as bot:
        await weather.until(lambda: "Continue" in str(weather.replies()[-1].components))
        await asyncio.gather(*bot.cogs["Recovery"]._mending)
        cut = weather.replies()[-1]
        await weather.mira.press(cut.id, buttons(cut)["Continue"])
        await weather.until(lambda: weather.replies()[-1].content == "And so on.")
    shown = cut.content.split("\n-#")[0]
    told = [m["content"] for m in weather.chats()[-1].body["messages"] if m["role"] == "assistant"]
    assert told == [shown]
