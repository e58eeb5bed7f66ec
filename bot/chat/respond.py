"""One reply from start to end: remember the question, ask, show, remember the answer."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace

from bot.chat import endings
from bot.chat.closing import Closings, unremembered
from bot.chat.content import Speaker, TextPart
from bot.chat.continuing import CONTINUE
from bot.chat.delivering import Delivery
from bot.chat.endings import Halt
from bot.chat.events import Usage
from bot.chat.growing import Growing
from bot.chat.metering import Meter, Spending
from bot.chat.order import Arrivals
from bot.chat.ports import (
    ChatModel,
    Clock,
    ConversationStore,
    PictureScaler,
    ReplySurface,
    VariantStore,
)
from bot.chat.turns import (
    Answer,
    Ending,
    KeptTurn,
    Manner,
    OpenTurn,
    Question,
    Scope,
    TurnState,
)
from bot.chat.writing import Writing
from bot.errors import ClosingError, StorageError
from bot.i18n import _

log = logging.getLogger(__name__)

MOST_UNREMEMBERED = 1_000
"""So many events that were answered without a memory are known, should they come again."""

OpenSurface = Callable[[OpenTurn], Awaitable[ReplySurface]]
"""Begins to show the reply to a turn."""


class Responder:
    """Takes questions and sees each reply through to a visible end."""

    def __init__(
        self,
        *,
        model: ChatModel,
        store: ConversationStore,
        variants: VariantStore,
        clock: Clock,
        meter: Meter,
        scale: PictureScaler,
        stream: bool = True,
    ) -> None:
        self._writing = Writing(model, store, meter, scale, stream=stream)
        self._store = store
        self._variants = variants
        self._clock = clock
        self._meter = meter
        self._arrivals = Arrivals()
        self._running: dict[int, Growing] = {}
        self._closings = Closings(store)
        self._delivery = Delivery(self._closings, meter)
        self._unremembered: deque[int] = deque(maxlen=MOST_UNREMEMBERED)
        self._draining = False
        self._closing = False
        self._busy = 0
        self._idle = asyncio.Event()
        self._idle.set()

    async def ask(
        self,
        scope: Scope,
        prepare: Callable[[], Awaitable[Question]],
        open_surface: OpenSurface,
        *,
        keep: bool = True,
    ) -> bool:
        """Answer a question; False, and nothing happens, when its event was already answered.

        The question takes its place in the conversation when this is called, before `prepare`
        has fetched files and settings. Without `keep` the conversation is forgotten afterwards.

        Raises:
            ClosingError: the bot takes no questions any more.
            BotError: whatever `prepare` raises; failures of the model end visibly in the reply.
        """
        self._check_open()
        async with AsyncExitStack() as stack:
            stack.enter_context(self._under_way())
            with self._arrivals.place(scope.key) as wait_for_turn:
                question = await prepare()
                spending = await stack.enter_async_context(self._meter.reply(question))
                await wait_for_turn()
                turn = await self._open_turn(question, spending)
            if turn is None:
                log.info("already answered event=%d", question.event_id)
                return False
            surface = await self._begin(turn, open_surface)
            for sentence in question.notices:
                surface.notice(sentence)
            if not turn.is_remembered:
                surface.notice(_("My memory is in trouble: this is answered without it."))
            await self._reply(turn, surface, spending, keep=keep)
            return True

    async def again(
        self,
        turn_id: int,
        open_surface: OpenSurface,
        *,
        model: str | None = None,
        message_id: int | None = None,
        manner: Manner = Manner(),  # noqa: B008 - frozen
    ) -> bool:
        """Answer that question once more, perhaps by another model; False while it is answered.

        Raises:
            ConversationError: the question is no longer remembered.
        """
        self._check_open()
        async with AsyncExitStack() as stack:
            stack.enter_context(self._under_way())
            asked = (await self._variants.kept(turn_id)).turn.question
            asked = replace(asked, model=model or asked.model, manner=manner)
            spending = await stack.enter_async_context(self._meter.reply(asked))
            turn = await self._variants.reopen(
                turn_id, model=model, message_id=message_id, reservation=spending.reservation
            )
            if turn is None:
                return False
            turn = replace(turn, question=replace(turn.question, manner=manner))
            await self._reply(turn, await self._begin(turn, open_surface), spending)
            return True

    async def go_on(
        self,
        turn_id: int,
        event_id: int,
        speaker: Speaker,
        open_surface: OpenSurface,
        *,
        manner: Manner = Manner(),  # noqa: B008 - frozen
    ) -> None:
        """Have an answer that was cut off continued, as a further reply.

        Raises:
            ConversationError: the answer is no longer remembered.
        """
        self._check_open()
        await self._variants.accept(turn_id)
        cut = (await self._variants.kept(turn_id)).turn
        question = Question(
            scope=cut.question.scope,
            event_id=event_id,
            speaker=speaker,
            parts=(TextPart(CONTINUE),),
            model=cut.question.model,
            follows=turn_id,
            manner=manner,
        )

        async def prepared() -> Question:
            return question

        await self.ask(question.scope, prepared, open_surface)

    async def turn_page(
        self, turn_id: int, step: int, open_surface: OpenSurface, *, message_id: int | None = None
    ) -> bool:
        """Show the next (or previous) answer to the same question; it is the one that counts now.

        False when there is none, or while one is being written.

        Raises:
            ConversationError: the answer is no longer remembered.
        """
        kept = await self._variants.choose(turn_id, step, message_id=message_id)
        return await self._show(kept, open_surface)

    async def undo(self, turn_id: int, message_id: int, open_surface: OpenSurface) -> bool:
        """Show what an answer edited in its place; False when it edits nothing (or not yet).

        Raises:
            ConversationError: the answer is no longer remembered.
        """
        return await self._show(await self._variants.undo(turn_id, message_id), open_surface)

    async def redo(self, turn_id: int, message_id: int, open_surface: OpenSurface) -> bool:
        """Show an undone answer again; False when something else stands there now.

        Raises:
            ConversationError: the answer is no longer remembered.
        """
        return await self._show(await self._variants.redo(turn_id, message_id), open_surface)

    def stop(self, turn_id: int) -> bool:
        """End a growing reply where it is; False when it does not grow (any more)."""
        growing = self._running.get(turn_id)
        if growing is None:
            return False
        growing.stop(Halt.STOPPED)
        return True

    @property
    def takes_questions(self) -> bool:
        """Whether the bot is not going down."""
        return not self._draining

    async def drain(self) -> None:
        """Take no more questions, and wait until the replies that grow have ended."""
        self._draining = True
        await self._idle.wait()

    async def shutdown(self) -> None:
        """End every growing reply as interrupted and wait until each is shown so."""
        self._draining = self._closing = True
        for growing in self._running.values():
            growing.stop(Halt.SHUTDOWN)
        await self._idle.wait()
        await self.close_rest()

    async def show_again(self, kept: KeptTurn, open_surface: OpenSurface) -> bool:
        """Show an answer that ended when it could not be shown; False when it still cannot."""
        await self._meter.settle_cut_off(kept.turn, kept.answer.message)
        return await self._delivery.again(kept, await open_surface(kept.turn))

    async def recovered(self, turn: OpenTurn, state: TurnState, answer: Answer) -> None:
        """Keep how an answer ended after all that another process could not see through, and
        settle what it used."""
        # First: once nothing is owed for it any more, its reservation is given back.
        await self._meter.settle_cut_off(turn, answer.message)
        if turn.question.scope.is_private:
            await self._store.clear(turn.question.scope)
        else:
            await self._store.close_turn(turn.turn_id, state, answer, shown=True)

    async def close_rest(self) -> int:
        """Keep and count what could not be when it ended; how many answers still wait."""
        await self._meter.settle_rest()
        return await self._closings.retry()

    @contextmanager
    def _under_way(self) -> Iterator[None]:
        """Something that has to end before the bot may."""
        self._busy += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._busy -= 1
            if not self._busy:
                self._idle.set()

    def _check_open(self) -> None:
        if self._draining:
            raise ClosingError

    async def _open_turn(self, question: Question, spending: Spending) -> OpenTurn | None:
        """Save the question; without a memory it is answered all the same, if that can be done.

        Raises:
            StorageError: it cannot.
        """
        if question.event_id in self._unremembered:
            return None
        try:
            return await self._store.open_turn(question, reservation=spending.reservation)
        except StorageError as error:
            if question.edits:
                raise
            log.warning("answered without memory event=%d: %s", question.event_id, error)
            self._unremembered.append(question.event_id)
            return unremembered(question)

    async def _begin(self, turn: OpenTurn, open_surface: OpenSurface) -> ReplySurface:
        try:
            return await open_surface(turn)
        except BaseException:
            # Nothing would ever end this turn, and its question could not be asked again. There is
            # nothing to show of it either: whoever asked is told by the error.
            if turn.is_remembered:
                await self._closings.close(
                    turn.turn_id, TurnState.FAILED, Growing().answer(""), shown=True
                )
            raise

    async def _show(self, kept: KeptTurn | None, open_surface: OpenSurface) -> bool:
        """Show an answer that is kept."""
        if kept is None:
            return False
        with self._under_way():
            await self._delivery.again(kept, await open_surface(kept.turn))
        return True

    async def _reply(
        self, turn: OpenTurn, surface: ReplySurface, spending: Spending, *, keep: bool = True
    ) -> None:
        started = self._clock.now()
        growing = self._running[turn.turn_id] = Growing()
        ending = endings.unexpected()
        try:
            surface.on_lost(lambda: growing.stop(Halt.LOST))
            if self._closing:
                growing.stop(Halt.SHUTDOWN)
            ending = await self._writing.grow(turn, surface, growing, spending)
        except StorageError as error:
            log.warning("reply failed turn=%d: %s", turn.turn_id, error)
            ending = endings.failed(error, has_text=growing.has_text)
        except Exception:
            # The edge of a reply: the member reads that it failed, the operator reads why.
            log.exception("reply failed turn=%d", turn.turn_id)
        finally:
            try:
                await growing.settled()
                await self._delivery.end(turn, surface, growing, ending, spending, keep=keep)
            finally:
                del self._running[turn.turn_id]
                self._log(turn, growing, ending, started)

    def _log(self, turn: OpenTurn, growing: Growing, ending: Ending, started: float) -> None:
        usage, scope = growing.usage or Usage(), turn.question.scope
        log.info(
            "replied guild=%s channel=%d turn=%d model=%s ms=%d outcome=%s tokens=%d pictures=%d",
            scope.guild_id,
            scope.channel_id,
            turn.turn_id,
            turn.question.model,
            (self._clock.now() - started) * 1000,
            ending.state,
            usage.total,
            len(growing.images),
        )
