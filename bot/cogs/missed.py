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
from bot.replies.interactions import TOKEN_LIFE

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
        # Lost again while it became ready, it becomes ready once more.
        since = self._bot.hear_again()
        if since is None:
            return
        task = asyncio.create_task(self._look(since - MARGIN))
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def cog_unload(self) -> None:
        """Leave the rest to the next start."""
        await asyncio.gather(*map(ended, self._looks))

    async def _look(self, since: datetime) -> None:
        now = discord.utils.utcnow()
        try:
            orphans_before, self._orphans_before = self._orphans_before, None
            if orphans_before is not None and await self._bot.presence.others_live():
                orphans_before = None  # It may still see them through.
            reach = [self._bot.look_back] if self._bot.looks_back else []
            if orphans_before is not None:
                # Commands without an answer are ended whatever the operator wants of mentions.
                await self._end_unseen(orphans_before)
                reach.append(TOKEN_LIFE)
            if not reach:
                return
            earliest = max(since, now - max(reach))
            found: list[discord.Message] = []
            for channel in [*self._busy(earliest), *await self._direct()]:
                newest = await _written(channel, earliest)
                if orphans_before is not None:
                    await self._end_orphans(newest, orphans_before)
                if self._bot.looks_back:
                    found += await self._unanswered(newest, now - self._bot.look_back)
            log.info("looked back to %s, messages: %d", f"{earliest:%H:%M:%S}", len(found))
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

    async def _unanswered(
        self, messages: Sequence[discord.Message], since: datetime
    ) -> list[discord.Message]:
        """Those of one channel that nobody has answered."""
        me = self._bot.user
        answered = {m.reference.message_id for m in messages if m.author == me and m.reference}
        return [
            message
            for message in messages
            if message.created_at >= since
            and not message.author.bot
            and message.id not in answered
            and not await self._bot.store.is_known(message.id)
        ]

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
                await end_by_token(self._bot, token, ORIGINAL, _restarted(), only_thinking=True)
            except PlaceError as error:
                log.info("private command not ended %s", error)

    async def _end_orphans(self, messages: Sequence[discord.Message], before: datetime) -> None:
        """Say under commands that their process has died, where they would "think" for ever."""
        for message in messages:
            thinks = message.author == self._bot.user and message.flags.loading
            if not thinks or message.created_at >= before:
                continue
            if await self._bot.store.turn_of_message(message.id) is not None:
                continue  # Its reply is known, and ended as such.
            if message.guild is not None:
                use_language(message.guild.preferred_locale.value)
            channel = self._bot.get_partial_messageable(message.channel.id)
            try:
                await channel.get_partial_message(message.id).edit(
                    content=_restarted(),
                    allowed_mentions=discord.AllowedMentions.none(),
                )
            except NETWORK_ERRORS as error:
                log.info("command not ended channel=%d %s", message.channel.id, classify(error))


async def _written(channel: Readable, since: datetime) -> list[discord.Message]:
    """The newest messages of a channel, the oldest first; none where Discord refuses."""
    assert isinstance(channel, discord.abc.Messageable)  # forums have no newest message
    try:
        newest = channel.history(limit=MOST_MESSAGES, after=since, oldest_first=False)
        return [message async for message in newest][::-1]
    except NETWORK_ERRORS as error:
        log.info("channel not looked through channel=%d %s", channel.id, classify(error))
        return []


def _restarted() -> str:
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
