"""What a model says, event by event, into a growing reply."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from typing import assert_never

from bot.chat.content import ImagePart
from bot.chat.events import (
    Finished,
    ImageReady,
    ReasoningDelta,
    SourcesFound,
    TextDelta,
    ToolCalled,
    Usage,
    UsageReported,
)
from bot.chat.growing import Growing
from bot.chat.ports import ChatModel, ChatRequest, ReplyStore, ReplySurface
from bot.errors import BrokenStreamError, LLMError

log = logging.getLogger(__name__)


class Reading:
    """Lets models write into one reply, one after the other or several at once."""

    def __init__(
        self,
        model: ChatModel,
        store: ReplyStore,
        turn_id: int,
        surface: ReplySurface,
        growing: Growing,
    ) -> None:
        self._model = model
        self._store = store
        self._turn_id = turn_id
        self._surface = surface
        self._growing = growing
        self._said: set[str] = set()

    async def alone(self, request: ChatRequest, *, alt: str) -> Finished:
        """Read one answer; its words are shown as they come. `alt` describes its pictures.

        Raises:
            LLMError: as the port says.
        """
        return await self._read(request, 0, alt, None)

    async def beside(self, request: ChatRequest, *, take: int, alt: str) -> Finished:
        """Read one of several answers that come at the same time: pictures are shown as they
        come, words when the answer is over, and the same words only once.

        Raises:
            LLMError: as the port says.
        """
        words: list[str] = []
        try:
            return await self._read(request, take, alt, words)
        finally:
            text = "".join(words).strip()
            if text and text not in self._said:
                self._said.add(text)
                self._write(f"\n\n{text}" if self._growing.has_text else text)

    async def _read(
        self, request: ChatRequest, take: int, alt: str, words: list[str] | None
    ) -> Finished:
        finished: Finished | None = None
        usage: Usage | None = None
        if request.draw:
            self._growing.ordered.add(take)
        try:
            async with self._model.answer(request) as events:
                async for event in events:
                    match event:
                        case TextDelta(text) if words is not None:
                            words.append(text)
                        case TextDelta(text):
                            self._write(text)
                        case ReasoningDelta(text):
                            self._surface.think(text)
                        case ImageReady(image):
                            await self._attach(replace(image, alt=image.alt or alt, take=take))
                        case ToolCalled():
                            self._growing.tool_calls.append(event)
                        case SourcesFound():
                            self._surface.cite(self._growing.cite(take, event))
                        case UsageReported():
                            usage = event.usage
                        case Finished():
                            finished = event
                        case _:
                            assert_never(event)
        except LLMError as error:
            if not error.billable:
                self._growing.ordered.discard(take)
            error.on_own_code = bool(request.authcode)
            raise
        finally:
            self._growing.add_usage(usage)
        if finished is None:
            raise BrokenStreamError("the answer ended without saying so", billable=True)
        self._growing.ordered.discard(take)
        if finished.native is not None:
            self._growing.keep_native(take, finished.native)
        self._growing.model = self._growing.model or finished.model
        return finished

    def _write(self, text: str) -> None:
        self._growing.write(text)
        self._surface.write(text)

    async def _attach(self, image: ImagePart) -> None:
        self._growing.attach(image)
        # Whoever stops the reply meanwhile still gets the picture: it is paid for.
        keeping = asyncio.ensure_future(self._keep(image))
        self._growing.keeping.add(keeping)
        keeping.add_done_callback(self._growing.keeping.discard)
        await asyncio.shield(keeping)

    async def _keep(self, image: ImagePart) -> None:
        try:
            await self._store.keep_picture(self._turn_id, image)
        except Exception:
            # A full disk must not hide a picture that is there.
            log.exception("picture not kept before it was shown turn=%d", self._turn_id)
        self._surface.attach(image)
