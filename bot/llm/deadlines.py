"""How long the gateway may take, and who watches over it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp

from bot.chat.ports import Clock

_TICK_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds for each part of one call."""

    connect: float = 15.0
    """Name, connection and TLS together."""
    first_byte: float = 150.0
    """Until the reply's headers."""
    silence: float = 150.0
    """Without anything new after them; comments, blank lines, and lines that do not end are
    nothing new."""
    error_body: float = 10.0
    """The words of a refusal, whose status is known already."""
    total: float = 1_800.0
    """The longest answer there is, 128,000 tokens, at 70 tokens a second."""


QUICK = Deadlines()
"""For models that answer at once."""
SLOW = Deadlines(first_byte=600.0, silence=600.0)
"""For pictures, for models that think first, and for replies in one piece. Gateways of this kind
ask for 360 seconds; pictures took up to 8 minutes under load."""


class Patience:
    """Watches over one call, and breaks it off when it takes too long.

    aiohttp's own timers are not enough: the comments that gateways send keep them happy.
    """

    def __init__(self, clock: Clock, deadlines: Deadlines) -> None:
        self._clock = clock
        self.deadlines = deadlines
        self._since = clock.now()
        self._seconds = deadlines.first_byte
        self._end = self._since + deadlines.total
        self._break_off: Callable[[], None] | None = None

    def __enter__(self) -> Patience:
        self._watch = asyncio.create_task(self._watching())
        return self

    def __exit__(self, *_error: object) -> None:
        self._watch.cancel()

    @property
    def used_up(self) -> bool:
        """Whether the whole call took too long, rather than one part of it."""
        return self._clock.now() >= self._end

    async def reply(self, posting: Awaitable[aiohttp.ClientResponse]) -> aiohttp.ClientResponse:
        """Wait for the reply to begin.

        Raises:
            TimeoutError: it did not in time.
        """
        async with asyncio.timeout(None) as limit:
            self._break_off = lambda: limit.reschedule(0)
            response = await posting
        content = response.content
        self._break_off = lambda: content.set_exception(TimeoutError("the gateway went silent"))
        self._seconds = self.deadlines.silence
        self.restart()
        return response

    def pause(self) -> None:
        """Stop the watch over silence while it is not the gateway that is waited for."""
        self._since = math.inf

    def restart(self) -> None:
        """Begin a new silence."""
        self._since = self._clock.now()

    def hurry(self) -> None:
        """Wait no longer than for the words of a refusal."""
        self._seconds = self.deadlines.error_body
        self.restart()

    async def _watching(self) -> None:
        while (left := self._left()) > 0:
            await self._clock.sleep(min(left, _TICK_SECONDS))
        if self._break_off is not None:
            self._break_off()

    def _left(self) -> float:
        return min(self._since + self._seconds, self._end) - self._clock.now()
