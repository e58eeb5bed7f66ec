"""The typing indicator, for as long as a reply has nothing to read."""

from __future__ import annotations

import asyncio
import logging
import math

from bot.chat.ports import Clock
from bot.replies.errors import PlaceError
from bot.replies.pacing import EditBudget
from bot.replies.places import Place
from bot.replies.windows import Bucket, Priority

log = logging.getLogger(__name__)

AFTER_SECONDS = 0.3
"""A model that answers at once needs no indicator, and its first page needs the request."""
REPEAT_SECONDS = 8.0
"""Discord shows the indicator for ten."""


class TypingIndicator:
    """Types where that is needed, in tasks of its own: nothing visible ever waits for it."""

    def __init__(self, place: Place, budget: EditBudget, clock: Clock) -> None:
        self._place = place
        self._budget = budget
        self._clock = clock
        self._due = clock.now() + AFTER_SECONDS if place.typing_bucket else math.inf
        self._call: asyncio.Task[None] | None = None

    def keep(self) -> float:
        """Type if it is due, and say when it is due next."""
        bucket = self._place.typing_bucket
        if bucket is not None and (now := self._clock.now()) >= self._due:
            self._due = now + REPEAT_SECONDS
            self._call = asyncio.create_task(self._type(bucket))
        return self._due

    async def finish(self) -> None:
        """Let the last call return."""
        if self._call is not None:
            await self._call

    async def _type(self, bucket: Bucket) -> None:
        if not self._budget.spare(bucket):
            return  # Typing is the first thing to be dropped.
        async with self._budget.slot(bucket, Priority.TYPING):
            try:
                await self._place.type()
            except PlaceError as error:
                log.debug("typing failed channel=%d %s", self._place.channel_id, error)
