"""Starting the reply to a turn: in a place, as a further message, or where the answer stands."""

from __future__ import annotations

import logging
from typing import Any

import discord

from bot.chat.places import SettingsPlace
from bot.chat.turns import OpenTurn
from bot.client import Bot
from bot.cogs._places import settings_place
from bot.errors import StorageError
from bot.replies.live import LiveReply
from bot.replies.places import ChannelPlace, Place

log = logging.getLogger(__name__)


async def grow(
    bot: Bot,
    place: Place,
    turn: OpenTurn,
    settings: SettingsPlace,
    *,
    post_tried: bool = False,
) -> LiveReply:
    """Start the reply to a turn; every page it opens is remembered. For `post_tried` see
    `LiveReply`."""
    effective = await bot.policy.effective(settings)
    reply_id = turn.pages[0][1] if turn.pages else None

    async def on_page(page: int, channel_id: int, message_id: int) -> None:
        if not turn.is_remembered:
            return
        try:
            await bot.store.shown_on(
                turn.turn_id,
                page=page,
                channel_id=channel_id,
                message_id=message_id,
                reply_id=reply_id,
            )
        except StorageError as error:
            # The page is there, and its buttons know the turn; only a reply to it does not.
            log.warning("page not noted turn=%d: %s", turn.turn_id, error)

    reply = LiveReply(
        place,
        bot.budget,
        bot.clock,
        name=f"{turn.turn_id}.{turn.variant}",
        controls=lambda ending: bot.controls(turn, ending),
        on_page=on_page,
        max_pages=effective.max_pages.value,
        show_reasoning=effective.show_reasoning.value,
        post_tried=post_tried,
        variant=turn.variant,
    )
    reply.start()
    return reply


async def grow_below(
    interaction: discord.Interaction[Any], bot: Bot, turn: OpenTurn, message_id: int
) -> LiveReply:
    """Grow as a further reply, to that message of the interaction's channel."""
    channel = bot.get_partial_messageable(
        interaction.channel_id or 0, guild_id=interaction.guild_id
    )
    place = ChannelPlace(
        channel,
        reply_to=message_id,
        ping=False,
        asker=interaction.user,
        max_file_bytes=interaction.filesize_limit,
    )
    return await grow(bot, place, turn, settings_place(interaction))


async def grow_in_place(
    interaction: discord.Interaction[Any], bot: Bot, turn: OpenTurn
) -> LiveReply:
    """Grow on the messages that show the answer so far."""
    place = standing(bot, turn, asker=interaction.user, max_file_bytes=interaction.filesize_limit)
    return await grow(bot, place, turn, settings_place(interaction))


def standing(
    bot: Bot,
    turn: OpenTurn,
    *,
    asker: discord.abc.Messageable | None = None,
    max_file_bytes: int | None = None,
) -> ChannelPlace:
    """Where an answer stands: on its messages, or else in reply to its question, if that is a
    message."""
    scope, event_id = turn.question.scope, turn.question.event_id
    channel_id = turn.pages[0][0] if turn.pages else scope.channel_id
    return ChannelPlace(
        bot.get_partial_messageable(channel_id, guild_id=scope.guild_id),
        adopted=tuple(message_id for _channel_id, message_id in turn.pages),
        reply_to=event_id if event_id > 0 and not turn.pages else None,
        ping=False,
        asker=asker,
        max_file_bytes=max_file_bytes,
    )
