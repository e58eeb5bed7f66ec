"""Stopping in good order, and what was asked while nobody was there."""

from __future__ import annotations

import asyncio
import re
import sqlite3
from contextlib import closing

import pytest

from bot import app
from bot.cogs.missed import MOST_MESSAGES
from bot.playground.discord import interactions
from bot.playground.discord.bodies import CallbackBody
from bot.playground.discord.default_world import BOT_ID, GENERAL_ID, MIRA_ID
from bot.playground.discord.state import InteractionKind
from bot.replies import live


def grows(weather) -> bool:
    return any(m.content and "stop:" in str(m.components) for m in weather.replies())


async def test_replies_may_go_on_for_a_while_after_sigterm(weather):
    weather.gateway.text = "word " * 30
    async with weather.process(SHUTDOWN_GRACE_SECONDS="20") as bot:
        await weather.mention("talk")
        await weather.until(lambda: grows(weather))
        bot.terminate()
        await weather.until(lambda: "stopping;" in str(bot.log_lines()))
        late = await weather.mention("and this?")
        assert await bot.ended() == 0
    [reply] = weather.replies()
    assert reply.content == ("word " * 30).strip()
    async with weather.bot():
        await weather.until(lambda: len(weather.replies()) == 2)
    assert weather.replies()[1].reference.message_id == late.id


async def test_a_second_sigterm_hurries(weather):
    weather.gateway.text = "word " * 3000
    async with weather.process(SHUTDOWN_GRACE_SECONDS="600") as bot:
        await weather.mention("talk")
        await weather.until(lambda: grows(weather))
        bot.terminate()
        await weather.until(lambda: "stopping;" in str(bot.log_lines()))
        refused = await weather.mira.run(GENERAL_ID, "ask", {"prompt": "and this?"})
        await weather.until(lambda: refused.messages)
        assert "being restarted" in refused.messages[0].content
        bot.terminate()
        assert await bot.ended() == 0
    assert "Interrupted" in weather.replies()[0].content


async def test_what_was_asked_meanwhile_is_answered_once(weather):
    async with weather.bot():
        await weather.mention("before")
        await weather.until(lambda: len(weather.replies()) == 1)
    missed = await weather.mention("meanwhile")
    await weather.mira.send(GENERAL_ID, "not for the bot")
    answer = weather.replies()[0]
    reply = await weather.mira.send(GENERAL_ID, "and more", reply_to=answer.id)
    for start in range(2):
        async with weather.bot():
            await weather.until(lambda start=start: len(weather.replies()) == 3 + start)
            await weather.mention("after")
            await weather.until(lambda start=start: len(weather.replies()) == 4 + start)
    asked = [m.reference.message_id for m in weather.replies()]
    assert len(set(asked)) == 5
    assert {missed.id, reply.id} < set(asked)


async def test_in_a_busy_channel_the_newest_questions_are_found(weather):
    async with weather.bot():
        await weather.mention("before")
        await weather.until(lambda: len(weather.replies()) == 1)
    for _ in range(MOST_MESSAGES):
        await weather.ada.send(GENERAL_ID, "not for the bot")
    missed = await weather.mention("meanwhile")
    async with weather.bot():
        await weather.until(lambda: len(weather.replies()) == 2)
    assert weather.replies()[1].reference.message_id == missed.id


async def test_what_was_asked_meanwhile_is_offered_where_the_operator_wants_that(weather):
    async with weather.bot():
        await weather.mention("before")
        await weather.until(lambda: len(weather.replies()) == 1)
    missed = await weather.mention("meanwhile")
    async with weather.bot(missed_messages="offer"):
        await weather.until(lambda: len(weather.replies()) == 2)
        offer = weather.replies()[1]
        assert "I was away" in offer.content
        [button] = offer.components[0]["components"]
        await weather.ada.press(offer.id, button["custom_id"])
        await weather.mira.press(offer.id, button["custom_id"])
        await weather.until(lambda: len(weather.chats()) == 2)
        await weather.until(lambda: weather.replies()[-1].reference.message_id == missed.id)
        assert offer.id not in [m.id for m in weather.replies()]


@pytest.mark.parametrize(
    "given", [{"missed_messages": "ignore"}, {"look_back_minutes": 0}], ids=["ignored", "no time"]
)
async def test_what_was_asked_meanwhile_can_be_let_go(weather, given):
    async with weather.bot():
        await weather.mention("before")
        await weather.until(lambda: len(weather.replies()) == 1)
    await weather.mention("meanwhile")
    async with weather.bot(**given):
        await weather.mention("after")
        await weather.until(lambda: len(weather.replies()) == 2)
    assert len(weather.chats()) == 2


async def test_what_was_asked_while_the_session_was_lost_is_answered(weather):
    async with weather.bot() as bot:
        weather.discord.gateway.drop()
        await weather.until(lambda: not weather.discord.world.bot_online)
        weather.discord.gateway.forget_sessions()
        await weather.mention("can you hear me?")
        await weather.until(lambda: weather.replies())
        assert bot.hears


@pytest.mark.parametrize(
    "given", [{}, {"missed_messages": "ignore"}, {"look_back_minutes": 0}], ids=str
)
async def test_a_command_whose_process_died_does_not_think_for_ever(weather, given):
    async with weather.bot():
        await weather.mention("before")
        await weather.until(lambda: len(weather.replies()) == 1)
    world = weather.discord.world
    asked = interactions.open_interaction(
        world,
        InteractionKind.COMMAND,
        user_id=MIRA_ID,
        channel_id=GENERAL_ID,
        data={"name": "ask", "type": 1},
    )
    interactions.acknowledge(world, asked.id, asked.token, CallbackBody(type=5), {})
    async with weather.bot(**given):
        await weather.until(lambda: "restarted before" in weather.replies()[-1].content)
    assert weather.replies()[-1].author_id == BOT_ID


@pytest.mark.parametrize("shown", ["Hel", "Hello you."], ids=["some of it", "all of it"])
async def test_an_answer_is_shown_where_a_process_died_before_it_knew_its_message(weather, shown):
    weather.gateway.text = "Hello you."
    async with weather.bot():
        await weather.mention("talk")
        await weather.until(lambda: "Regenerate" in str(weather.replies()[-1:]))
    [reply] = weather.replies()
    stop = {"type": 2, "style": 2, "label": "Stop", "custom_id": "stop:2"}
    reply.content, reply.components = shown, ({"type": 1, "components": [stop]},)
    died(weather.folder)
    async with weather.bot():
        await weather.until(lambda: "Regenerate" in str(reply.components))
    assert weather.replies() == [reply]
    assert reply.content == "Hello you."
    assert "Stop" not in str(reply.components)


@pytest.mark.parametrize(
    ("private", "words"), [(False, 600), (True, 200)], ids=["public, two pages", "private"]
)
async def test_what_discord_did_not_take_is_shown_as_soon_as_it_does(
    weather, monkeypatch, private, words
):
    monkeypatch.setattr(live, "RETRY_SECONDS", 0.01)
    weather.gateway.text = " ".join(f"w{number}" for number in range(words))
    weather.gateway.deltas_per_second = 200
    left = asyncio.Event()
    async with weather.bot() as bot:
        release = bot.store.release

        async def releasing(turn_id):
            await release(turn_id)
            left.set()

        monkeypatch.setattr(bot.store, "release", releasing)
        await weather.mira.run(GENERAL_ID, "ask", {"prompt": "talk", "private": private})
        await weather.until(lambda: said(weather))
        for path in ("/webhooks/*/*/messages/*", "/channels/*/messages/*"):
            weather.discord.faults.drop("PATCH", path, times=1_000)
        for path in ("/webhooks/*/*", "/channels/*/messages"):
            weather.discord.faults.drop("POST", path, times=1_000)
        async with asyncio.timeout(20):
            await left.wait()
        weather.discord.faults.clear()
        await bot.cogs["Recovery"]._look()
        await weather.until(lambda: said(weather) == weather.gateway.text.split())
        await weather.until(lambda: not grows(weather))
    assert ("Regenerate" in str(weather.replies()[-1].components)) is not private


def said(weather) -> list[str]:
    """The words of an answer that is numbered so."""
    return re.findall(r"w\d+", " ".join(message.content for message in weather.replies()))


def died(folder) -> None:
    """Have the last answer's process die before the answer was shown and its message noted."""
    with closing(sqlite3.connect(folder / "bot.sqlite3", isolation_level=None)) as database:
        ((turn_id,),) = database.execute("SELECT max(id) FROM turns")
        database.execute("UPDATE turns SET unshown = true WHERE id = ?", [turn_id])
        database.execute("DELETE FROM turn_messages WHERE turn_id = ?", [turn_id])


async def test_stopping_lets_no_reply_wait_for_ever(weather):
    weather.gateway.text = "word " * 3000
    async with weather.bot() as bot:
        await weather.mention("talk")
        await weather.until(lambda: grows(weather))
        await app.stop_bot(bot, grace=0.01)
    assert "Interrupted" in weather.replies()[0].content


async def test_a_deferral_whose_answers_are_lost_ends_in_a_sentence(weather):
    weather.discord.faults.drop("POST", "/interactions/*/*/callback", times=1, after=True)
    weather.discord.faults.drop("POST", "/interactions/*/*/callback", times=2)
    async with weather.bot():
        await weather.mira.run(GENERAL_ID, "ask", {"prompt": "hi"})
        await weather.until(lambda: "Try again" in str([m.content for m in weather.replies()]))


async def test_a_press_whose_acknowledgement_is_lost_leaves_the_answer_as_it_is(weather):
    faults = weather.discord.faults
    async with weather.bot():
        await weather.mention("talk")
        await weather.until(lambda: "again:" in str([m.components for m in weather.replies()]))
        [reply] = weather.replies()
        before = reply.content
        faults.drop("POST", "/interactions/*/*/callback", times=1, after=True)
        faults.drop("POST", "/interactions/*/*/callback", times=1)
        [regenerate, *_others] = reply.components[0]["components"]
        press = await weather.mira.press(reply.id, regenerate["custom_id"])
        await weather.until(lambda: press.messages)
        assert "Try again" in press.messages[-1].content
        assert press.messages[-1].is_ephemeral
    assert reply.content == before
