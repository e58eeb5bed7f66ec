"""Wakes one sleeper at the time it asked for last."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable

from bot.chat.ports import Clock


class Alarm:
    """Rings once, at the time set last."""

    def __init__(self, clock: Clock, ring: Callable[[], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._task: asyncio.Task[None] | None = None

    def set(self, at: float) -> None:
        """Ring then and no longer when it was set to before; infinite: not at all."""
        if self._task is not None:
            self._task.cancel()
            self._task = None
        if at < math.inf:
            self._task = asyncio.create_task(self._wait(at))

    async def _wait(self, at: float) -> None:
        await self._clock.sleep(max(at - self._clock.now(), 0.0))
        self._ring()
