"""Has pictures made: one call for each, beside each other, never asked for twice."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.chat import endings, studio
from bot.chat.content import ImagePart, Message
from bot.chat.context import HISTORY_BYTES, message_bytes
from bot.chat.events import Finished
from bot.chat.growing import Growing
from bot.chat.ports import PictureScaler, ReplySurface
from bot.chat.reading import Reading
from bot.chat.turns import Ending, Exchange, Question
from bot.errors import BotError, LLMError

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Order:
    """One picture to be made."""

    question: Question
    lineage: Sequence[Exchange] = ()
    """What the question edits, oldest first."""


class Drawing:
    """Makes the pictures of one reply."""

    def __init__(
        self,
        reading: Reading,
        scale: PictureScaler,
        surface: ReplySurface,
        growing: Growing,
        *,
        stream: bool,
    ) -> None:
        self._reading = reading
        self._scale = scale
        self._surface = surface
        self._growing = growing
        self._stream = stream

    async def make(self, orders: Sequence[Order]) -> Ending:
        """Carry out the orders; each picture is shown as soon as it is there."""
        self._surface.draw(len(orders))
        outcomes = await asyncio.gather(
            *(self._one(order, take, alone=len(orders) == 1) for take, order in enumerate(orders))
        )
        images = self._growing.images
        if notice := studio.size_notice(orders[0].question.image, images):
            self._surface.notice(notice)
        made = {image.take for image in images}
        return endings.drawn(
            outcomes,
            [take in made for take in range(len(orders))],
            has_text=self._growing.has_text,
        )

    async def _one(self, order: Order, take: int, *, alone: bool) -> Finished | BotError:
        try:
            return await self._ask(order, take, alone=alone)
        except BotError as error:
            if isinstance(error, LLMError):
                log.warning("no picture %s: %s", type(error).__name__, error)
            return error

    async def _ask(self, order: Order, take: int, *, alone: bool) -> Finished:
        question = order.question
        messages = studio.conversation(question, order.lineage, max_bytes=HISTORY_BYTES)
        request = studio.request(question, await self._within(messages), stream=self._stream)
        alt = studio.description(question, order.lineage)
        if alone:
            return await self._reading.alone(request, alt=alt)
        return await self._reading.beside(request, take=take, alt=alt)

    async def _within(self, messages: Sequence[Message]) -> Sequence[Message]:
        """The messages with people's pictures made smaller, if they are too heavy together."""
        loose = [image for message in messages if not message.natives for image in message.images]
        weight = sum(map(message_bytes, messages))
        if weight <= HISTORY_BYTES or not loose:
            return messages
        left = HISTORY_BYTES - (weight - sum(len(image.data) for image in loose))
        share = max(left, 0) // len(loose)
        scaled = {id(image): await self._scale(image, share) for image in loose}
        return [
            message
            if message.natives
            else replace(
                message,
                parts=tuple(
                    scaled[id(part)] if isinstance(part, ImagePart) else part
                    for part in message.parts
                ),
            )
            for message in messages
        ]
