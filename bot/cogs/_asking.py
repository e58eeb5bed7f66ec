"""From an event in Discord to a growing reply: what commands and mentions share."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

import discord

from bot.chat.turns import OpenTurn, Question, Scope
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._growing import grow
from bot.cogs._places import settings_place
from bot.errors import StorageError
from bot.replies.interactions import InteractionPlace
from bot.replies.live import LiveReply
from bot.replies.places import ChannelPlace, upload_limit

log = logging.getLogger(__name__)

PROMPT_LENGTH = 6_000
"""The longest text Discord takes in an option."""

UNSEEN = "private:"
"""Begins the names under which the tokens of commands are noted that no channel shows."""

NOTE_SECONDS = 1.0
"""So long may it take before the command is acknowledged, which Discord wants within three."""

Prepare = Callable[[], Awaitable[Question]]
Noted = Callable[[], Awaitable[None]]


async def answer_interaction(
    interaction: discord.Interaction[Bot], scope: Scope, prepare: Prepare, *, private: bool = False
) -> bool:
    """Answer a command or a form in its own response; False when its event was answered before.

    `private` answers are seen and kept by nobody else.

    Raises:
        BotError: whatever `prepare` raises.
    """
    bot = interaction.client

    async def acknowledge_and_prepare() -> Question:
        # Discord waits three seconds for this; everything slow comes after it.
        deferred_id = await acknowledge(interaction, thinking=True, ephemeral=private)
        if not private:
            place.reserved = deferred_id
        question = await prepare()
        token = interaction.token if private else ""
        return replace(question, reserved=place.reserved, token=token)

    place = InteractionPlace(interaction, ephemeral=private)
    async with AsyncExitStack() as stack:
        if private:
            await stack.enter_async_context(noted(interaction))
        return await bot.responder.ask(
            scope,
            acknowledge_and_prepare,
            lambda turn: grow(bot, place, turn, settings_place(interaction)),
            keep=not private,
        )


@asynccontextmanager
async def noted(interaction: discord.Interaction[Bot]) -> AsyncIterator[None]:
    """Meanwhile let the next start know of a command that nobody else can find."""
    state, key = interaction.client.state, f"{UNSEEN}{interaction.id}"

    async def note() -> None:
        try:
            await state.write(key, interaction.token)
        except StorageError as error:
            log.warning("private command not noted: %s", error)

    noting = asyncio.create_task(note())
    # Discord does not wait for a database in trouble.
    await asyncio.wait({noting}, timeout=NOTE_SECONDS)
    try:
        yield
    finally:
        await noting
        try:
            await state.forget(key)
        except StorageError as error:
            log.warning("private command still noted: %s", error)


async def answer_message(
    bot: Bot, message: discord.Message, scope: Scope, prepare: Prepare, *, noted: Noted
) -> bool:
    """Answer a message with a reply to it; `noted` is called as soon as no restart can lose the
    question any more. False when it was answered before.

    Raises:
        BotError: whatever `prepare` raises.
    """
    channel = bot.get_partial_messageable(message.channel.id, guild_id=scope.guild_id)
    place = ChannelPlace(
        channel,
        reply_to=message.id,
        asker=message.author,
        max_file_bytes=upload_limit(message.guild),
    )

    async def begin(turn: OpenTurn) -> LiveReply:
        await noted()
        return await grow(bot, place, turn, settings_place(message))

    return await bot.responder.ask(scope, prepare, begin)
