"""What has to be done again and again beside the replies."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from bot.chat.ports import Clock

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Chore:
    """Something to do at once, and again after so many seconds."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]
    """What it returns is logged, unless it is nothing."""


@asynccontextmanager
async def doing(chores: Sequence[Chore], clock: Clock) -> AsyncIterator[None]:
    """Meanwhile do these; one that fails is tried again at its next time."""
    tasks = [asyncio.create_task(_repeat(chore, clock)) for chore in chores]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task


async def _repeat(chore: Chore, clock: Clock) -> None:
    while True:
        try:
            result = await chore.work()
        except Exception:
            # The edge of this task: a busy database or a gateway that is down comes back.
            log.exception("chore failed: %s", chore.name)
        else:
            if result:
                log.info("%s: %s", chore.name, result)
        await clock.sleep(chore.seconds)
