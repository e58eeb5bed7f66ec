"""Ends the replies that processes of the bot left unfinished when they died."""

from __future__ import annotations

import asyncio
import logging

from discord.ext import commands

from bot.chat.content import Message, Role, TextPart
from bot.chat.places import SettingsPlace
from bot.chat.ports import Clock
from bot.chat.turns import Answer, KeptTurn, OpenTurn, TurnState
from bot.chores import Chore, Repeating, ended
from bot.client import Bot
from bot.cogs._controls import controls
from bot.cogs._growing import grow, standing
from bot.errors import StorageError
from bot.replies.by_token import TokenPlace
from bot.replies.errors import PlaceError, TransientError
from bot.replies.live import LiveReply
from bot.replies.places import Place
from bot.replies.recovery import Recovery

log = logging.getLogger(__name__)

LOOK_SECONDS = 15.0
"""How often it looks for what other processes left."""
LONGEST_PAUSE_SECONDS = 600.0
"""Between tries to end a reply while Discord or the database is in trouble."""
AT_ONCE = 8
"""New replies must not be kept waiting."""


class Backlog:
    """Answers that could not be ended yet, and when each is tried again: after pauses that grow, as
    long as the process lives."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._pauses: dict[int, float] = {}
        self._due: dict[int, float] = {}

    def put(self, turn_id: int) -> None:
        """Note that a try has failed."""
        pause = self._pauses.get(turn_id, LOOK_SECONDS)
        self._pauses[turn_id] = min(2 * pause, LONGEST_PAUSE_SECONDS)
        self._due[turn_id] = self._clock.now() + pause

    def due(self) -> list[int]:
        """Those whose time has come."""
        return [turn_id for turn_id, due in self._due.items() if due <= self._clock.now()]

    def take(self, turn_id: int) -> None:
        """Note that one is tried again."""
        del self._due[turn_id]

    def forget(self, turn_id: int) -> None:
        """Note that one has ended."""
        self._pauses.pop(turn_id, None)


class RecoveryCog(commands.Cog, name="Recovery"):
    """Works as soon as the bot is connected, and then again and again."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._recovery = Recovery(bot, bot.budget, controls)
        self._backlog = Backlog(bot.clock)
        self._looking: Repeating | None = None
        self._mending: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(AT_ONCE)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Fires again after every lost session; only the first time counts."""
        if self._looking is None:
            look = Chore("unfinished replies found", LOOK_SECONDS, self._look)
            self._looking = Repeating(look, self._bot.clock)

    async def cog_unload(self) -> None:
        """Leave the rest to the next start."""
        if self._looking is not None:
            await self._looking.end()
        await asyncio.gather(*map(ended, self._mending))

    async def _look(self) -> int:
        """Have ended what there is; how many replies there were."""
        try:
            for turn_id in self._backlog.due():
                await self._bot.store.release(turn_id)
                self._backlog.take(turn_id)
            turns = await self._bot.store.interrupted()
            if returned := await self._bot.quotas.give_back():
                log.info("gave back %d reservations of dead processes", returned)
        except StorageError as error:
            log.warning("unfinished replies not looked for: %s", error)
            return 0
        for turn in turns:
            task = asyncio.create_task(self._mend(turn))
            self._mending.add(task)
            task.add_done_callback(self._mending.discard)
        return len(turns)

    async def _mend(self, turn: OpenTurn) -> None:
        async with self._free:
            try:
                await self._end(turn)
            except (TransientError, StorageError) as error:
                log.info("unfinished reply not ended yet turn=%d %s", turn.turn_id, error)
                self._backlog.put(turn.turn_id)
            except Exception:
                # The edge of one reply.
                log.exception("unfinished reply not ended turn=%d", turn.turn_id)
            else:
                self._backlog.forget(turn.turn_id)

    async def _end(self, turn: OpenTurn) -> None:
        """End one reply.

        Raises:
            TransientError: Discord is in trouble.
            StorageError: so is the database.
        """
        kept = await self._bot.variants.kept(turn.turn_id)
        if kept.state is not TurnState.STREAMING:
            await self._show(kept)
            return
        pictures = kept.answer.message.images

        async def on_page(page: int, channel_id: int, message_id: int) -> None:
            await self._bot.store.shown_on(
                turn.turn_id, page=page, channel_id=channel_id, message_id=message_id
            )

        mended = await self._recovery.mend(turn, pictures, on_page)
        words = (TextPart(mended.text),) if mended.text else ()
        answer = Answer(Message(Role.ASSISTANT, (*words, *pictures)), model=turn.question.model)
        await self._bot.responder.recovered(turn, mended.state, answer)

    async def _show(self, kept: KeptTurn) -> None:
        """Show an answer that has ended; a private one while the token lives that it needs."""
        try:
            shown = await self._bot.responder.show_again(kept, self._in_place)
        except TransientError:
            raise
        except PlaceError as error:
            log.info("answer cannot be shown any more turn=%d %s", kept.turn.turn_id, error)
            await self._bot.responder.recovered(kept.turn, kept.state, kept.answer)
        else:
            if not shown:
                raise TransientError("not shown yet")

    async def _in_place(self, turn: OpenTurn) -> LiveReply:
        """Grow on the messages that show the answer so far."""
        scope, token = turn.question.scope, turn.question.token
        place: Place = standing(self._bot, turn)
        if scope.is_private:
            pages = tuple(message_id for _channel_id, message_id in turn.pages)
            place = await TokenPlace.standing(self._bot, token, scope.channel_id, pages)
        settings = SettingsPlace(scope.guild_id, scope.channel_id)
        return await grow(self._bot, place, turn, settings, post_tried=not turn.pages)


async def setup(bot: Bot) -> None:
    """Add the cog."""
    await bot.add_cog(RecoveryCog(bot))
