"""Ends the replies that processes of the bot left unfinished when they died."""

from __future__ import annotations

import asyncio
import contextlib
import logging

from discord.ext import commands

from bot.chat.content import Message, Role, TextPart
from bot.chat.places import SettingsPlace
from bot.chat.turns import Answer, OpenTurn, TurnState
from bot.client import Bot
from bot.cogs.buttons import controls, grow
from bot.errors import StorageError
from bot.replies.live import LiveReply
from bot.replies.places import ChannelPlace
from bot.replies.recovery import Recovery

log = logging.getLogger(__name__)

LOOK_SECONDS = 15.0
"""How often it looks for what other processes left."""
AT_ONCE = 8
"""New replies must not be kept waiting."""


class RecoveryCog(commands.Cog, name="Recovery"):
    """Works as soon as the bot is connected, and then again and again."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._recovery = Recovery(bot, bot.budget, controls)
        self._task: asyncio.Task[None] | None = None

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Fires again after every lost session; only the first time counts."""
        if self._task is None:
            self._task = asyncio.create_task(self._look())

    async def cog_unload(self) -> None:
        """Leave the rest to the next start."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task

    async def _look(self) -> None:
        while True:
            try:
                await self._mend(await self._bot.store.interrupted())
                # Only now: what a reply has reserved is settled by what can be read of it.
                if returned := await self._bot.quotas.give_back():
                    log.info("gave back %d reservations of dead processes", returned)
            except StorageError as error:
                log.warning("unfinished replies not looked for: %s", error)
            await self._bot.clock.sleep(LOOK_SECONDS)

    async def _mend(self, turns: list[OpenTurn]) -> None:
        if not turns:
            return
        free = asyncio.Semaphore(AT_ONCE)

        async def mend(turn: OpenTurn) -> None:
            async with free:
                try:
                    await self._end(turn)
                except Exception:
                    # The edge of one reply: the others are ended all the same.
                    log.exception("interrupted reply not ended turn=%d", turn.turn_id)

        await asyncio.gather(*map(mend, turns))
        log.info("ended %d replies that another process left unfinished", len(turns))

    async def _end(self, turn: OpenTurn) -> None:
        kept = await self._bot.variants.kept(turn.turn_id)
        if kept.state is not TurnState.STREAMING:
            await self._bot.responder.show_again(turn.turn_id, self._in_place)
            return
        pictures = kept.answer.message.images
        mended = await self._recovery.mend(turn, pictures)
        words = (TextPart(mended.text),) if mended.text else ()
        answer = Answer(Message(Role.ASSISTANT, (*words, *pictures)), model=turn.question.model)
        await self._bot.responder.recovered(turn, mended.state, answer)

    async def _in_place(self, turn: OpenTurn) -> LiveReply:
        """Grow on the messages that show the answer so far."""
        scope, event_id = turn.question.scope, turn.question.event_id
        channel = self._bot.get_partial_messageable(scope.channel_id, guild_id=scope.guild_id)
        place = ChannelPlace(
            channel,
            adopted=tuple(message_id for _channel_id, message_id in turn.pages),
            reply_to=event_id if event_id > 0 and not turn.pages else None,
            ping=False,
        )
        return await grow(self._bot, place, turn, SettingsPlace(scope.guild_id, scope.channel_id))


async def setup(bot: Bot) -> None:
    """Add the cog."""
    await bot.add_cog(RecoveryCog(bot))
