"""What is asked of the models for one reply, and what comes of it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace

from bot.chat import endings, studio
from bot.chat.closing import NO_MEMORY
from bot.chat.content import Message, Role
from bot.chat.context import HISTORY_BYTES, budget_for, fit, message_tokens, without_media
from bot.chat.drawing import Drawing, Order
from bot.chat.events import Usage
from bot.chat.growing import Growing
from bot.chat.metering import Meter, Spending
from bot.chat.persona import system_prompt
from bot.chat.ports import ChatModel, ChatRequest, PictureScaler, ReplyStore, ReplySurface
from bot.chat.profiles import profile_of
from bot.chat.quota import Spent
from bot.chat.reading import Reading
from bot.chat.turns import Ending, Exchange, OpenTurn, Question, Task
from bot.errors import BotError, LLMError, QuotaError, StorageError
from bot.i18n import _

log = logging.getLogger(__name__)

MAX_EXCHANGES = 100
"""More than this is not even read from the memory; the token budget is usually smaller."""
MAX_PICTURES = 4
"""As many a chat model may have made for one answer."""


class Writing:
    """Has answers written and pictures drawn."""

    def __init__(
        self,
        model: ChatModel,
        store: ReplyStore,
        meter: Meter,
        scale: PictureScaler,
        *,
        stream: bool,
    ) -> None:
        self._model = model
        self._store = store
        self._meter = meter
        self._scale = scale
        self._stream = stream

    async def grow(
        self, turn: OpenTurn, surface: ReplySurface, growing: Growing, spending: Spending
    ) -> Ending:
        """Let the answer grow until its model has ended, or whoever watches it has ended it.

        Raises:
            StorageError: it edits what cannot be read from the memory just now.
        """
        store = self._store if turn.is_remembered else NO_MEMORY
        reading = Reading(self._model, store, turn.turn_id, surface, growing)
        drawing = Drawing(reading, self._scale, surface, growing, stream=self._stream)
        if turn.question.task is Task.IMAGE:
            lineage = await store.lineage(
                turn.turn_id, max_exchanges=studio.MAX_SIGNED_STEPS + 1, max_bytes=HISTORY_BYTES
            )
            work = drawing.make([Order(turn.question, lineage)] * turn.question.image.count)
        else:
            history = await self._history(store, turn, surface)
            work = self._talk(turn, history, reading, drawing, growing, spending)
        if growing.halt is not None:
            work.close()
            return endings.halted(growing.halt, has_text=growing.has_text)
        growing.reading = asyncio.create_task(work)
        try:
            return await growing.reading
        except asyncio.CancelledError:
            if growing.halt is None:
                raise
            return endings.halted(growing.halt, has_text=growing.has_text)

    async def _history(
        self, store: ReplyStore, turn: OpenTurn, surface: ReplySurface
    ) -> Sequence[Exchange]:
        try:
            return await store.history(
                turn.turn_id,
                max_exchanges=turn.question.manner.context_messages or MAX_EXCHANGES,
                max_bytes=HISTORY_BYTES,
            )
        except StorageError as error:
            log.warning("answered without history turn=%d: %s", turn.turn_id, error)
            surface.notice(_("My memory is in trouble: this is answered without it."))
            return []

    async def _talk(
        self,
        turn: OpenTurn,
        history: Sequence[Exchange],
        reading: Reading,
        drawing: Drawing,
        growing: Growing,
        spending: Spending,
    ) -> Ending:
        """Let a chat model answer, and have made what pictures it asks for."""
        question = turn.question
        request = self._chat_request(question, history)
        if question.manner.grant.charges:
            spending.sent_tokens = sum(map(message_tokens, request.messages))
        try:
            finished = await reading.alone(request, alt=studio.description(question, ()))
        except BotError as error:
            if isinstance(error, LLMError):
                log.warning(
                    "model failed turn=%d %s: %s", turn.turn_id, type(error).__name__, error
                )
            return endings.failed(error, has_text=growing.has_text)
        calls = [studio.called(call, question, history) for call in growing.tool_calls]
        orders = [Order(*called) for called in calls if called is not None][:MAX_PICTURES]
        if orders:
            so_far = self._so_far(question, growing, spending)
            try:
                await self._meter.draw(question, spending, len(orders), so_far=so_far)
            except QuotaError as error:
                return endings.undrawn(error, has_text=growing.has_text)
            return replace(await drawing.make(orders), can_continue=False)
        return endings.finished(
            finished,
            task=question.task,
            has_text=growing.has_text,
            has_images=bool(growing.images),
        )

    def _so_far(self, question: Question, growing: Growing, spending: Spending) -> Spent:
        usage = growing.usage or Usage()
        return self._meter.cost(
            question,
            tokens=usage.total,
            words=growing.text,
            images=0,
            sent_tokens=spending.sent_tokens,
        )

    def _chat_request(self, question: Question, history: Sequence[Exchange]) -> ChatRequest:
        profile, manner = profile_of(question.model), question.manner
        asked = Message(Role.USER, question.parts, question.speaker)
        if not profile.vision:
            history = [_in_words(exchange) for exchange in history]
            asked = without_media(asked)
        return ChatRequest(
            model=question.model,
            messages=fit(
                history,
                asked,
                budget_for(profile.window_tokens, manner.context_tokens),
                shared=question.scope.guild_id is not None,
            ),
            system=system_prompt(manner.persona),
            temperature=manner.temperature,
            top_p=manner.top_p,
            max_tokens=manner.max_tokens,
            reasoning=manner.reasoning,
            search=manner.search,
            thoughts=manner.shows_reasoning,
            tools=(studio.GENERATE_IMAGE,) if manner.draws_with else (),
            stream=self._stream,
            authcode=manner.grant.authcode,
        )


def _in_words(exchange: Exchange) -> Exchange:
    answer = without_media(exchange.answer) if exchange.answer else None
    return replace(exchange, question=without_media(exchange.question), answer=answer)
