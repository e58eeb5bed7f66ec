"""Finds what was asked while the bot was away: after a restart, and after a lost session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol, cast

import discord
from discord.ext import commands

from bot.chores import ended
from bot.client import Bot
from bot.cogs._asking import UNSEEN, Noted
from bot.errors import StorageError
from bot.hearing import Gap
from bot.i18n import _, use_language
from bot.replies.by_token import ORIGINAL, end_by_token
from bot.replies.errors import PlaceError, TransientError, noting_refusals
from bot.replies.interactions import TOKEN_LIFE

log = logging.getLogger(__name__)

MARGIN = timedelta(minutes=3)
"""What was heard last may be so old and not noted: files are fetched first, and a connection that
breaks silently is missed after one or two minutes."""
FIRST_PAUSE_SECONDS = 15.0
LONGEST_PAUSE_SECONDS = 240.0
"""Between looks while Discord or the database is in trouble."""
MOST_CHANNELS = 100
MOST_DIRECT_CHANNELS = 50
MOST_MESSAGES = 100
"""In each channel, the newest."""

AT_ONCE = 10
"""Of missed messages; what is asked now must not wait behind them."""

Readable = discord.abc.GuildChannel | discord.Thread | discord.PartialMessageable


class AnswersMissed(Protocol):
    """Who answers mentions."""

    async def answer_missed(self, message: discord.Message, dealt_with: Noted) -> None:
        """Answer a message, or offer it, if it is meant for the bot."""
        ...


class Missed(commands.Cog):
    """Looks through the channels where something was written."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._looks: set[asyncio.Task[None]] = set()
        self._looking = asyncio.Lock()
        self._orphans_before: datetime | None = discord.utils.utcnow()
        """Commands acknowledged before this start have nobody any more who answers them."""

    @commands.Cog.listener()
    async def on_shard_ready(self, _shard_id: int) -> None:
        """Fires when a shard has a new session. After the start it is alone in that: `ready` would
        wait for new sessions of all the others."""
        if self._bot.is_ready():
            await self.on_ready()

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Fires after the start."""
        gap = self._bot.hearing.gap()
        if gap is None:
            return
        task = asyncio.create_task(self._look_through(gap))
        self._looks.add(task)
        task.add_done_callback(self._looks.discard)

    async def cog_unload(self) -> None:
        """Leave the rest to the next start."""
        await asyncio.gather(*map(ended, self._looks))

    async def _look_through(self, gap: Gap) -> None:
        """Look until all is found, or until what is not is older than anybody looks back for."""
        began, pause = discord.utils.utcnow(), FIRST_PAUSE_SECONDS
        while not await self._look(gap):
            await self._bot.clock.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            if not (self._bot.hearing.is_open(gap) and self._bot.responder.takes_questions):
                return
            if discord.utils.utcnow() > began + max(self._bot.look_back, TOKEN_LIFE):
                log.warning("missed messages not found, given up")
                self._bot.hearing.close(gap)
                return

    async def _look(self, gap: Gap) -> bool:
        """Find what was missed, have it answered, and close the gap as soon as none of it can be
        lost any more; False when something is left for another try."""
        async with self._looking:
            # Two at once would find the same.
            return not self._bot.hearing.is_open(gap) or await self._look_once(gap)

    async def _look_once(self, gap: Gap) -> bool:
        try:
            found, all_read = await self._find(gap)
            left = {message.id for message in found}

            async def dealt_with(message_id: int) -> None:
                left.discard(message_id)
                if all_read and not left:
                    self._bot.hearing.close(gap)

            await dealt_with(0)
            await self._have_answered(found, dealt_with)
        except StorageError as error:
            log.warning("missed messages not looked for: %s", error)
            return False
        except Exception:
            # The edge of this task.
            log.exception("missed messages not looked for")
            return False
        return all_read and not left

    async def _find(self, gap: Gap) -> tuple[list[discord.Message], bool]:
        """What nobody has answered, oldest first, and whether everything could be looked through;
        commands without an answer are ended, whatever the operator wants of mentions."""
        now = discord.utils.utcnow()
        orphans_before = self._orphans_before
        if orphans_before is not None and await self._bot.presence.others_live():
            orphans_before = None  # It may still see them through.
        reach = [self._bot.look_back] if self._bot.looks_back else []
        all_read = True
        if orphans_before is not None:
            all_read = await self._end_unseen(orphans_before)
            reach.append(TOKEN_LIFE)
        if not reach:
            return [], True
        earliest = max(gap.since - MARGIN, now - max(reach))
        found: list[discord.Message] = []
        for channel in [*self._busy(earliest), *await self._direct()]:
            try:
                newest = await _written(channel, earliest)
                if orphans_before is not None:
                    await self._end_orphans(newest, orphans_before)
            except TransientError as error:
                log.info("channel not looked through yet channel=%d %s", channel.id, error)
                all_read = False
                continue
            if self._bot.looks_back:
                found += await self._unanswered(newest, now - self._bot.look_back)
        if all_read:
            self._orphans_before = None
        log.info("looked back to %s, messages: %d", f"{earliest:%H:%M:%S}", len(found))
        return sorted(found, key=lambda message: message.id), all_read

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

    async def _have_answered(
        self,
        messages: Sequence[discord.Message],
        dealt_with: Callable[[int], Awaitable[None]],
    ) -> None:
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
                    try:
                        await answering.answer_missed(message, partial(dealt_with, message.id))
                    except (StorageError, TransientError) as error:
                        channel_id = message.channel.id
                        log.info("not answered yet channel=%d %s", channel_id, error)

        await asyncio.gather(*map(answer, rows.values()))

    async def _end_unseen(self, before: datetime) -> bool:
        """End private commands whose process has died, by the tokens that were noted; False when
        some are left for another try."""
        all_ended = True
        for key, token in (await self._bot.state.find(UNSEEN)).items():
            if discord.utils.snowflake_time(int(key.removeprefix(UNSEEN))) >= before:
                continue
            try:
                await end_by_token(self._bot, token, ORIGINAL, _restarted(), only_thinking=True)
            except TransientError as error:
                log.info("private command not ended yet %s", error)
                all_ended = False
                continue
            except PlaceError as error:
                log.info("private command not ended %s", error)
            await self._bot.state.forget(key)
        return all_ended

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
            with noting_refusals(log, f"command not ended channel={message.channel.id}"):
                await channel.get_partial_message(message.id).edit(
                    content=_restarted(),
                    allowed_mentions=discord.AllowedMentions.none(),
                )


async def _written(channel: Readable, since: datetime) -> list[discord.Message]:
    """The newest messages of a channel, the oldest first; none where Discord refuses.

    Raises:
        TransientError: Discord is in trouble.
    """
    assert isinstance(channel, discord.abc.Messageable)  # forums have no newest message
    with noting_refusals(log, f"channel not looked through channel={channel.id}"):
        newest = channel.history(limit=MOST_MESSAGES, after=since, oldest_first=False)
        return [message async for message in newest][::-1]
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
