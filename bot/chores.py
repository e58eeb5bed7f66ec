"""What has to be done again and again beside the replies, and how it comes to an end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.chat.ports import Clock
from bot.errors import BotError

log = logging.getLogger(__name__)

PATIENCE_SECONDS = 3.0
"""How long work that is under way may take when it has to end; half a transaction loses its
connection."""


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do at once, and again after so many seconds."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]
    """What it returns is logged, unless it is nothing."""


class Repeating:
    """A chore that is being done; one that fails is tried again at its next time."""

    def __init__(self, chore: Chore, clock: Clock) -> None:
        self._chore = chore
        self._clock = clock
        self._working = False
        self._over = False
        self._task = asyncio.create_task(self._repeat())

    async def end(self) -> None:
        """Do it no more; what is under way may finish."""
        self._over = True
        if not self._working:
            self._task.cancel()
        await ended(self._task)

    async def _repeat(self) -> None:
        while not self._over:
            await self._do()
            if not self._over:
                await self._clock.sleep(self._chore.seconds)

    async def _do(self) -> None:
        self._working = True
        try:
            result = await self._chore.work()
        except BotError as error:
            # A database or a gateway that is away comes back.
            log.warning("not done: %s: %s", self._chore.name, error)
        except Exception:
            # The edge of this task.
            log.exception("chore failed: %s", self._chore.name)
        else:
            if result:
                log.info("%s: %s", self._chore.name, result)
        finally:
            self._working = False


async def ended(task: asyncio.Task[None]) -> None:
    """Wait for a task's end for a moment, then break it off."""
    await asyncio.wait({task}, timeout=PATIENCE_SECONDS)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


@asynccontextmanager
async def doing(chores: Sequence[Chore], clock: Clock) -> AsyncIterator[None]:
    """Meanwhile do these."""
    under_way = [Repeating(chore, clock) for chore in chores]
    try:
        yield
    finally:
        await asyncio.gather(*(repeating.end() for repeating in under_way))
