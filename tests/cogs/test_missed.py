"""What was asked while nobody heard it is found once, and not lost on the way."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import cast

import aiohttp
import discord
import pytest

from bot.chat.events import TextDelta
from bot.client import Bot
from bot.cogs.missed import Missed
from bot.errors import StorageError
from bot.hearing import Gap
from tests.cogs.conftest import STOP
from tests.fakes import FakeClock, MemoryStore


@pytest.fixture
def bot(stage, monkeypatch) -> Bot:
    """A bot in the time of its Discord, to which the bot's own clock adds."""
    bot: Bot = stage.env.bot
    clock = bot.clock = FakeClock()

    def now() -> datetime:
        time: datetime = stage.env.now() + timedelta(seconds=clock.time)
        return time

    monkeypatch.setattr(discord.utils, "utcnow", now)
    return bot


@pytest.fixture
def gap(bot) -> Gap:
    """A minute in which the bot heard nothing."""
    bot.hearing.lose(0, discord.utils.utcnow() - timedelta(minutes=1))
    bot.hearing.begin(0)
    gap: Gap | None = bot.hearing.gap()
    assert gap is not None
    return gap


@pytest.fixture
async def missed(stage, bot) -> discord.Message:
    """A question that the bot did not hear."""
    listening, bot.extra_events = bot.extra_events, {}
    message: discord.Message = await stage.mira.send(stage.general, f"{stage.me} hi")
    bot.extra_events = listening
    assert not stage.replies()
    return message


def cog(bot: Bot) -> Missed:
    return cast("Missed", bot.cogs["Missed"])


async def test_the_gap_is_closed_when_what_was_missed_is_noted_before_its_answer_has_ended(
    stage, bot, gap, missed, monkeypatch
):
    goes_on = asyncio.Event()
    stage.services.model.script = [goes_on, TextDelta("Hello!"), STOP]
    closed, close = asyncio.Event(), bot.hearing.close

    def closing(gap):
        assert stage.services.store.turns
        close(gap)
        closed.set()

    monkeypatch.setattr(bot.hearing, "close", closing)
    looking = asyncio.create_task(cog(bot)._look(gap))
    await closed.wait()
    assert bot.hearing.is_whole
    assert not stage.services.store.answers
    goes_on.set()
    assert await looking
    assert stage.reply().content == "Hello!"


@pytest.mark.parametrize(
    ("where", "what", "error"),
    [
        (discord.TextChannel, "history", aiohttp.ClientConnectionError()),
        (discord.Guild, "fetch_member", aiohttp.ClientConnectionError()),
        (MemoryStore, "is_known", StorageError("database is locked")),
    ],
)
async def test_a_look_that_fails_is_tried_again_and_the_gap_stays_open_until_then(
    stage, bot, gap, missed, monkeypatch, where, what, error
):
    works, tried_at = getattr(where, what), []

    def fails_twice(*args, **given):
        tried_at.append(bot.clock.now())
        assert not bot.hearing.is_whole
        if len(tried_at) <= 2:
            raise error
        return works(*args, **given)

    monkeypatch.setattr(where, what, fails_twice)
    await cog(bot)._look_through(gap)
    assert bot.hearing.is_whole
    assert tried_at == [0, 15, 45]
    [reply] = stage.replies()
    assert reply.reference.message_id == missed.id


async def test_a_look_that_never_succeeds_comes_to_an_end(bot, gap, missed, monkeypatch):

    async def fails(*_args):
        raise StorageError("database is locked")

    monkeypatch.setattr(MemoryStore, "is_known", fails)
    await cog(bot)._look_through(gap)
    assert bot.hearing.is_whole
    assert timedelta(minutes=15) < timedelta(seconds=bot.clock.now()) < timedelta(minutes=20)


async def test_what_a_bot_that_goes_down_does_not_take_is_left_to_the_next_look(
    stage, bot, gap, missed
):
    await bot.responder.drain()
    await cog(bot)._look_through(gap)
    assert stage.replies() == []
    assert not bot.hearing.is_whole


async def test_a_question_in_work_is_not_taken_up_once_more(stage, bot, gap, monkeypatch):
    """Another shard was lost: its gap is looked through everywhere."""
    goes_on, preparing, prepared = asyncio.Event(), asyncio.Event(), 0
    mentions = bot.cogs["Mentions"]
    question = mentions._question

    async def slow(message):
        nonlocal prepared
        prepared += 1
        preparing.set()
        await goes_on.wait()
        return await question(message)

    monkeypatch.setattr(mentions, "_question", slow)
    asking = asyncio.create_task(stage.mira.send(stage.general, f"{stage.me} hi"))
    await preparing.wait()
    assert await cog(bot)._look_once(gap)
    goes_on.set()
    await asking
    await stage.env.settle()
    assert prepared == 1
    assert len(stage.replies()) == 1


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_question_that_was_refused_is_not_refused_once_more(stage, bot, gap, restarted):
    await stage.ada.slash(stage.general, "config use", mentions="off")
    await stage.mira.send(stage.general, f"{stage.me} hi")
    [refusal] = [m for m in stage.replies() if "not answered here" in m.content]
    await bot.get_partial_messageable(stage.general.id).get_partial_message(refusal.id).delete()
    before = len(stage.replies())
    if restarted:
        await stage.env.restart_bot(stage.services.bot())
        gap = Gap(discord.utils.utcnow(), 0)
    assert await cog(stage.env.bot)._look_once(gap)
    assert len(stage.replies()) == before


async def test_an_answer_that_was_deleted_is_not_given_once_more(stage, bot, gap):
    await stage.mira.send(stage.general, f"{stage.me} hi")
    answer = bot.get_partial_messageable(stage.general.id).get_partial_message(stage.reply().id)
    await answer.delete()
    stage.services.store.unshown.clear()
    await stage.env.restart_bot(stage.services.bot())
    assert await cog(stage.env.bot)._look_once(gap)
    assert stage.replies() == []


async def test_what_was_asked_shortly_before_the_gap_is_found_as_well(stage, bot, missed):
    """It was heard, and the process died while it fetched files; or nobody heard it, as the
    connection had broken silently."""
    lost_at = discord.utils.utcnow() + timedelta(seconds=150)
    bot.hearing.lose(0, lost_at)
    bot.hearing.begin(0)
    gap = bot.hearing.gap()
    assert gap is not None
    assert await cog(bot)._look(gap)
    assert stage.reply().reference.message_id == missed.id


@pytest.fixture
async def offer(stage, bot, gap, missed) -> discord.Message:
    bot.missed = "offer"
    assert await cog(bot)._look(gap)
    offer: discord.Message = stage.reply()
    return offer


async def test_an_offer_is_made_once_also_when_somebody_deletes_it(stage, bot, gap, offer):
    assert "Shall I answer it now?" in offer.content
    assert await cog(bot)._look_once(gap)
    assert len(stage.replies()) == 1
    await bot.get_partial_messageable(stage.general.id).get_partial_message(offer.id).delete()
    await stage.env.restart_bot(stage.services.bot())
    stage.env.bot.missed = "offer"
    assert await cog(stage.env.bot)._look_once(gap)
    assert stage.replies() == []


async def test_two_looks_at_the_same_gap_make_one_offer(stage, bot, gap, missed):
    bot.missed = "offer"
    await asyncio.gather(cog(bot)._look(gap), cog(bot)._look(gap))
    assert len(stage.replies()) == 1


async def test_a_single_shard_that_lost_its_session_is_looked_after(stage, bot, gap, missed):
    """The library's `ready` waits for new sessions of all the other shards."""
    assert "on_shard_ready" in bot.extra_events
    await cog(bot).on_shard_ready(0)
    await asyncio.gather(*cog(bot)._looks)
    assert stage.reply().content == "Hello!"
    assert bot.hearing.is_whole


async def test_an_offer_stays_until_the_question_is_noted(stage, offer, missed, monkeypatch):
    offers: list[bool] = []
    open_turn = MemoryStore.open_turn

    async def noting(*args, **given):
        offers.append(offer.id in [message.id for message in stage.replies()])
        return await open_turn(*args, **given)

    monkeypatch.setattr(MemoryStore, "open_turn", noting)
    await stage.mira.click(offer, label="Answer")
    assert offers == [True]
    [reply] = stage.replies()
    assert (reply.content, reply.reference.message_id) == ("Hello!", missed.id)


async def test_an_offer_that_is_pressed_while_the_bot_goes_down_stays_and_says_so(
    stage, bot, offer
):
    await bot.responder.drain()
    pressed = await stage.mira.click(offer, label="Answer")
    await stage.env.settle()
    told = [message.content for message in (pressed.response, *pressed.followups) if message]
    assert [message.id for message in stage.replies()] == [offer.id]
    assert "being restarted" in " ".join(told)
