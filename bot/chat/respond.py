"""One reply from start to end: remember the question, ask, show, remember the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import assert_never

from bot.chat import endings
from bot.chat.content import ImagePart, Message, Part, Role, Speaker, TextPart
from bot.chat.context import HISTORY_BYTES, budget_for, fit, without_media
from bot.chat.endings import Halt
from bot.chat.events import (
    Finished,
    ImageReady,
    ReasoningDelta,
    SourcesFound,
    TextDelta,
    Usage,
    UsageReported,
)
from bot.chat.order import Arrivals
from bot.chat.ports import (
    ChatModel,
    ChatRequest,
    Clock,
    ConversationStore,
    ReplySurface,
    VariantStore,
)
from bot.chat.profiles import profile_of
from bot.chat.turns import (
    Answer,
    Ending,
    Exchange,
    OpenTurn,
    Question,
    Scope,
    Task,
    TurnState,
)
from bot.errors import BotError, LLMError

log = logging.getLogger(__name__)

OpenSurface = Callable[[OpenTurn], Awaitable[ReplySurface]]
"""Begins to show the reply to a turn."""

MAX_EXCHANGES = 100
"""More than this is not even read from the memory; the token budget is usually smaller."""

CONTINUE = (
    "Continue your last answer exactly where it stops, in the same language and format. "
    "Repeat nothing and say nothing about continuing."
)
"""Said to the model, never shown."""

ALT_TEXT_LENGTH = 1_024
"""Discord's limit for an attachment's description."""


@dataclass(slots=True)
class _Running:
    """A reply that is being written."""

    text: list[str] = field(default_factory=list)
    images: list[ImagePart] = field(default_factory=list)
    sources: SourcesFound | None = None
    usage: Usage | None = None
    finished: Finished | None = None
    reading: asyncio.Task[None] | None = None
    halt: Halt | None = None

    @property
    def has_text(self) -> bool:
        return any(piece.strip() for piece in self.text)

    def stop(self, why: Halt) -> None:
        """Let go of the model; what has arrived so far stays."""
        if self.halt is None and self.reading is not None and not self.reading.done():
            self.halt = why
            self.reading.cancel()

    def answer(self, model: str) -> Answer:
        text = "".join(self.text)
        parts: list[Part] = [TextPart(text)] if text else []
        native = self.finished.native if self.finished else None
        message = Message(Role.ASSISTANT, (*parts, *self.images), native=native)
        answered_by = (self.finished.model if self.finished else "") or model
        return Answer(message, self.usage, self.sources, answered_by)


class Responder:
    """Takes questions and sees each reply through to a visible end."""

    def __init__(
        self,
        *,
        model: ChatModel,
        store: ConversationStore,
        variants: VariantStore,
        clock: Clock,
        persona: str,
        stream: bool = True,
    ) -> None:
        self._model = model
        self._store = store
        self._variants = variants
        self._clock = clock
        self._persona = persona
        self._stream = stream
        self._arrivals = Arrivals()
        self._running: dict[int, _Running] = {}
        self._closing = False
        self._idle = asyncio.Event()
        self._idle.set()

    async def ask(
        self,
        scope: Scope,
        prepare: Callable[[], Awaitable[Question]],
        open_surface: OpenSurface,
        *,
        keep: bool = True,
    ) -> None:
        """Answer a question; nothing happens when its event was already answered.

        The question takes its place in the conversation when this is called, before `prepare`
        has fetched files and settings. Without `keep` the conversation is forgotten afterwards.

        Raises:
            BotError: whatever `prepare` raises; failures of the model end visibly in the reply.
        """
        with self._arrivals.place(scope.key) as wait_for_turn:
            question = await prepare()
            await wait_for_turn()
            turn = await self._store.open_turn(question)
        if turn is None:
            log.info("already answered event=%d", question.event_id)
            return
        surface = await self._begin(turn, open_surface)
        for sentence in question.notices:
            surface.notice(sentence)
        await self._reply(turn, surface, keep=keep)

    async def again(
        self,
        turn_id: int,
        open_surface: OpenSurface,
        *,
        model: str | None = None,
    ) -> bool:
        """Answer that question once more, perhaps by another model; False while it is answered.

        Raises:
            ConversationError: the question is no longer remembered.
        """
        turn = await self._variants.reopen(turn_id, model=model)
        if turn is None:
            return False
        await self._reply(turn, await self._begin(turn, open_surface))
        return True

    async def go_on(
        self,
        turn_id: int,
        event_id: int,
        speaker: Speaker,
        open_surface: OpenSurface,
    ) -> None:
        """Have an answer that was cut off continued, as a further reply.

        Raises:
            ConversationError: the answer is no longer remembered.
        """
        await self._variants.accept(turn_id)
        cut = (await self._variants.kept(turn_id)).turn
        question = Question(
            scope=cut.question.scope,
            event_id=event_id,
            speaker=speaker,
            parts=(TextPart(CONTINUE),),
            model=cut.question.model,
            follows=turn_id,
        )

        async def prepared() -> Question:
            return question

        await self.ask(question.scope, prepared, open_surface)

    async def turn_page(self, turn_id: int, step: int, open_surface: OpenSurface) -> bool:
        """Show the next (or previous) answer to the same question; it is the one that counts now.

        False when there is none, or while one is being written.

        Raises:
            ConversationError: the answer is no longer remembered.
        """
        kept = await self._variants.choose(turn_id, step)
        if kept is None:
            return False
        surface = await open_surface(kept.turn)
        message = kept.answer.message
        surface.write(message.text)
        for image in message.images:
            surface.attach(image)
        if kept.answer.sources is not None:
            surface.cite(kept.answer.sources)
        await surface.end(endings.again(kept.state, has_text=bool(message.text)))
        return True

    def stop(self, turn_id: int) -> bool:
        """End a growing reply where it is; False when it does not grow (any more)."""
        running = self._running.get(turn_id)
        if running is None:
            return False
        running.stop(Halt.STOPPED)
        return True

    async def shutdown(self) -> None:
        """End every growing reply as interrupted and wait until each is shown so."""
        self._closing = True
        for running in self._running.values():
            running.stop(Halt.SHUTDOWN)
        await self._idle.wait()

    async def _begin(self, turn: OpenTurn, open_surface: OpenSurface) -> ReplySurface:
        try:
            return await open_surface(turn)
        except BaseException:
            # Nothing would ever end this turn, and its question could not be asked again.
            await self._store.close_turn(turn.turn_id, TurnState.FAILED, _Running().answer(""))
            raise

    async def _reply(self, turn: OpenTurn, surface: ReplySurface, *, keep: bool = True) -> None:
        started = self._clock.now()
        question = turn.question
        running = self._running[turn.turn_id] = _Running()
        self._idle.clear()
        ending = endings.unexpected()
        try:
            ending = await self._read_to_the_end(turn, surface, running)
        except Exception:
            # The edge of a reply: the member reads that it failed, the operator reads why.
            log.exception("reply failed turn=%d", turn.turn_id)
        finally:
            try:
                answer = running.answer(question.model)
                await self._store.close_turn(turn.turn_id, ending.state, answer)
            finally:
                if not keep:  # What is not remembered cannot be asked again or continued.
                    ending = Ending(ending.state, ending.words)
                await surface.end(ending)
                if not keep:
                    await self._store.clear(question.scope)
                del self._running[turn.turn_id]
                if not self._running:
                    self._idle.set()
                log.info(
                    "replied guild=%s channel=%d turn=%d model=%s ms=%d outcome=%s tokens=%d",
                    question.scope.guild_id,
                    question.scope.channel_id,
                    turn.turn_id,
                    question.model,
                    (self._clock.now() - started) * 1000,
                    ending.state,
                    running.usage.input_tokens + running.usage.output_tokens
                    if running.usage
                    else 0,
                )

    async def _read_to_the_end(
        self, turn: OpenTurn, surface: ReplySurface, running: _Running
    ) -> Ending:
        request = await self._request(turn)
        running.reading = asyncio.create_task(self._read(request, turn, surface, running))
        surface.on_lost(lambda: running.stop(Halt.LOST))
        if self._closing:
            running.stop(Halt.SHUTDOWN)
        try:
            await running.reading
        except asyncio.CancelledError:
            if running.halt is None:
                raise
            return endings.halted(running.halt, has_text=running.has_text)
        except BotError as error:
            if isinstance(error, LLMError):
                log.warning(
                    "model failed turn=%d %s: %s", turn.turn_id, type(error).__name__, error
                )
            return endings.failed(error, has_text=running.has_text)
        if running.finished is None:  # the port promises an error instead
            return endings.unexpected()
        return endings.finished(
            running.finished,
            task=turn.question.task,
            has_text=running.has_text,
            has_images=bool(running.images),
        )

    async def _read(
        self, request: ChatRequest, turn: OpenTurn, surface: ReplySurface, running: _Running
    ) -> None:
        async with self._model.answer(request) as events:
            async for event in events:
                match event:
                    case TextDelta(text):
                        running.text.append(text)
                        surface.write(text)
                    case ReasoningDelta(text):
                        surface.think(text)
                    case ImageReady(image):
                        described = replace(image, alt=image.alt or _alt_text(turn.question))
                        running.images.append(described)
                        surface.attach(described)
                    case SourcesFound():
                        running.sources = event
                        surface.cite(event)
                    case UsageReported(usage):
                        running.usage = usage
                    case Finished():
                        running.finished = event
                    case _:
                        assert_never(event)

    async def _request(self, turn: OpenTurn) -> ChatRequest:
        question = turn.question
        profile = profile_of(question.model)
        asked = Message(Role.USER, question.parts, question.speaker)
        if question.task is Task.IMAGE:
            return ChatRequest(
                model=question.model,
                messages=[asked],
                draw=True,
                aspect_ratio=question.image.aspect_ratio,
                image_size=question.image.size,
                stream=self._stream,
            )
        history = await self._store.history(
            turn.turn_id, max_exchanges=MAX_EXCHANGES, max_bytes=HISTORY_BYTES
        )
        if not profile.vision:
            history = [_in_words(exchange) for exchange in history]
            asked = without_media(asked)
        return ChatRequest(
            model=question.model,
            messages=fit(
                history,
                asked,
                budget_for(profile.window_tokens),
                shared=question.scope.guild_id is not None,
            ),
            system=self._persona,
            stream=self._stream,
        )


def _in_words(exchange: Exchange) -> Exchange:
    answer = without_media(exchange.answer) if exchange.answer else None
    return replace(exchange, question=without_media(exchange.question), answer=answer)


def _alt_text(question: Question) -> str:
    words = " ".join(part.text for part in question.parts if isinstance(part, TextPart))
    return words[:ALT_TEXT_LENGTH]
