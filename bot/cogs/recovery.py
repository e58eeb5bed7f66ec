"""Ends the replies that the last run of the bot left unfinished."""

from __future__ import annotations

import asyncio
import logging

from discord.ext import commands

from bot.chat.content import Message, Role, TextPart
from bot.chat.turns import Answer, OpenTurn
from bot.client import Bot
from bot.cogs.buttons import controls
from bot.replies.recovery import Recovery

log = logging.getLogger(__name__)


class RecoveryCog(commands.Cog, name="Recovery"):
    """Works once, as soon as the bot is connected."""

    def __init__(self, bot: Bot, turns: list[OpenTurn]) -> None:
        self._bot = bot
        self._turns = turns
        self._task: asyncio.Task[None] | None = None

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Fires again after every lost session; only the first time counts."""
        if self._turns and self._task is None:
            self._task = asyncio.create_task(self._mend())

    async def cog_unload(self) -> None:
        """Leave the rest to the next start."""
        if self._task is not None:
            self._task.cancel()

    async def _mend(self) -> None:
        recovery = Recovery(self._bot, self._bot.budget, controls)
        for turn in self._turns:
            try:
                await self._end(recovery, turn)
            except Exception:
                # The edge of one reply: the others are ended all the same.
                log.exception("interrupted reply not ended turn=%d", turn.turn_id)
        log.info("ended %d replies that the last run left unfinished", len(self._turns))

    async def _end(self, recovery: Recovery, turn: OpenTurn) -> None:
        kept = await self._bot.variants.kept(turn.turn_id)
        pictures = kept.answer.message.images
        mended = await recovery.mend(turn, pictures)
        if turn.question.scope.is_private:
            await self._bot.store.clear(turn.question.scope)
            return
        words = (TextPart(mended.text),) if mended.text else ()
        answer = Answer(Message(Role.ASSISTANT, (*words, *pictures)), model=turn.question.model)
        await self._bot.store.close_turn(turn.turn_id, mended.state, answer)


async def setup(bot: Bot) -> None:
    """Look now, before new questions come: later, growing replies would look just the same."""
    await bot.add_cog(RecoveryCog(bot, await bot.store.interrupted()))
