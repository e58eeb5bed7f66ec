"""Finds what was asked while the bot was away: after a restart, and after a lost session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol, cast

import discord
from discord.ext import commands

from bot.chores import ended
from bot.client import Bot
from bot.cogs._asking import UNSEEN
from bot.errors import StorageError
from bot.i18n import _, use_language
from bot.replies.by_token import ORIGINAL, end_by_token
from bot.replies.errors import NETWORK_ERRORS, PlaceError, classify

log = logging.getLogger(__name__)

MARGIN = timedelta(seconds=10)
"""What was noted of the last moment before may be so old."""
MOST_CHANNELS = 100
MOST_DIRECT_CHANNELS = 50
MOST_MESSAGES = 100
"""In each channel, the newest."""

AT_ONCE = 10
"""Of missed messages; what is asked now must not wait behind them."""

Readable = discord.abc.GuildChannel | discord.Thread | discord.PartialMessageable


class AnswersMissed(Protocol):
    """Who answers mentions."""

    async def answer_missed(self, message: discord.Message) -> None:
        """Answer a message, or offer it, if it is meant for the bot."""
        ...


class Missed(commands.Cog):
    """Looks through the channels where something was written."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._looks: set[asyncio.Task[None]] = set()
        self._orphans_before: datetime | None = discord.utils.utcnow()
        """Commands acknowledged before this start have nobody any more who answers them."""

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Fires after the start, and again whenever Discord could not resume a session."""
        bot = self._bot
        # Lost again while it became ready, it becomes ready once more.
        since = bot.hear_again()
        if since is None or not bot.looks_back:
            return
        since = max(since - MARGIN, discord.utils.utcnow() - bot.look_back)
        task = asyncio.create_task(self._look(since))
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def cog_unload(self) -> None:
        """Leave the rest to the next start."""
        await asyncio.gather(*map(ended, self._looks))

    async def _look(self, since: datetime) -> None:
        try:
            orphans_before, self._orphans_before = self._orphans_before, None
            if orphans_before is not None and await self._bot.presence.others_live():
                orphans_before = None  # It may still see them through.
            if orphans_before is not None:
                await self._end_unseen(orphans_before)
            found: list[discord.Message] = []
            for channel in [*self._busy(since), *await self._direct()]:
                found += await self._look_into(channel, since, orphans_before)
            log.info("looked back to %s, messages: %d", f"{since:%H:%M:%S}", len(found))
            await self._have_answered(sorted(found, key=lambda message: message.id))
        except StorageError as error:
            log.warning("missed messages not looked for: %s", error)
        except Exception:
            # The edge of this task.
            log.exception("missed messages not looked for")

    def _busy(self, since: datetime) -> list[Readable]:
        """Channels of servers with newer messages that the bot may read, the newest first."""
        least = discord.utils.time_snowflake(since)
        busy: list[tuple[int, Readable]] = []
        for guild in self._bot.guilds:
            for channel in (*guild.channels, *guild.threads):
                newest = getattr(channel, "last_message_id", None) or 0
                if newest > least and _may_read(channel, guild.me):
                    busy.append((newest, channel))
        busy.sort(key=lambda entry: -entry[0])
        return [channel for _newest, channel in busy[:MOST_CHANNELS]]

    async def _direct(self) -> list[Readable]:
        known = await self._bot.store.direct_channels(limit=MOST_DIRECT_CHANNELS)
        heard = [channel.id for channel in self._bot.private_channels]
        both = list(dict.fromkeys((*heard, *known)))[:MOST_DIRECT_CHANNELS]
        return [self._bot.get_partial_messageable(channel_id) for channel_id in both]

    async def _look_into(
        self, channel: Readable, since: datetime, orphans_before: datetime | None
    ) -> list[discord.Message]:
        """Look through one channel for what nobody has answered."""
        assert isinstance(channel, discord.abc.Messageable)  # forums have no newest message
        try:
            newest = [m async for m in channel.history(limit=MOST_MESSAGES, after=since)]
        except NETWORK_ERRORS as error:
            log.info("channel not looked through channel=%d %s", channel.id, classify(error))
            return []
        me = self._bot.user
        answered = {m.reference.message_id for m in newest if m.author == me and m.reference}
        found = []
        for message in newest:
            if message.author == me and orphans_before is not None:
                await self._end_orphan(message, orphans_before)
            if message.author.bot or message.id in answered:
                continue
            if await self._bot.store.is_known(message.id):
                continue
            found.append(message)
        return found

    async def _have_answered(self, messages: Sequence[discord.Message]) -> None:
        """Give them to whoever answers mentions: a few at once, those of one member in a row, as
        limits are meant for members who flood."""
        answering = cast("AnswersMissed", self._bot.cogs["Mentions"])
        free = asyncio.Semaphore(AT_ONCE)
        rows: dict[int, list[discord.Message]] = {}
        for message in messages:
            rows.setdefault(message.author.id, []).append(message)

        async def answer(row: Sequence[discord.Message]) -> None:
            for message in row:
                async with free:
                    await answering.answer_missed(message)

        await asyncio.gather(*map(answer, rows.values()))

    async def _end_unseen(self, before: datetime) -> None:
        """End private commands whose process has died, by the tokens that were noted."""
        for key, token in (await self._bot.state.find(UNSEEN)).items():
            if discord.utils.snowflake_time(int(key.removeprefix(UNSEEN))) >= before:
                continue
            await self._bot.state.forget(key)
            try:
                await end_by_token(self._bot, token, ORIGINAL, _unanswered(), only_thinking=True)
            except PlaceError as error:
                log.info("private command not ended %s", error)

    async def _end_orphan(self, message: discord.Message, before: datetime) -> None:
        """Say under a command that its process has died, where it would "think" for ever."""
        if not message.flags.loading or message.created_at >= before:
            return
        if await self._bot.store.turn_of_message(message.id) is not None:
            return  # Its reply is known, and ended as such.
        if message.guild is not None:
            use_language(message.guild.preferred_locale.value)
        channel = self._bot.get_partial_messageable(message.channel.id)
        try:
            await channel.get_partial_message(message.id).edit(
                content=_unanswered(),
                allowed_mentions=discord.AllowedMentions.none(),
            )
        except NETWORK_ERRORS as error:
            log.info("command not ended channel=%d %s", message.channel.id, classify(error))


def _unanswered() -> str:
    return _("I was restarted before I could answer this. Ask again.")


def _may_read(channel: discord.abc.GuildChannel | discord.Thread, me: discord.Member) -> bool:
    try:
        granted = channel.permissions_for(me)
    except discord.ClientException:
        return False  # a thread whose channel is not known
    return granted.view_channel and granted.read_message_history


async def setup(bot: Bot) -> None:
    """Add the cog."""
    await bot.add_cog(Missed(bot))
