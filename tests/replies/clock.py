"""Time that the test owns: nothing waits, everything happens in order."""

from __future__ import annotations

import asyncio
import heapq
from collections.abc import Awaitable
from itertools import count
from typing import TypeVar

T = TypeVar("T")

# More turns of the event loop than any chain of wake-ups in the code under test is long.
_SETTLING_TURNS = 30


class FakeClock:
    """Jumps from one due sleeper to the next."""

    def __init__(self) -> None:
        self._now = 1_000.0
        self._order = count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> float:
        return self._now

    async def sleep(self, seconds: float) -> None:
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._now + seconds, next(self._order), future))
        await future

    async def settle(self) -> None:
        """Let everyone run who can without time passing."""
        for _ in range(_SETTLING_TURNS):
            await asyncio.sleep(0)

    async def advance(self, seconds: float) -> None:
        """Let this much time pass, step by step."""
        until = self._now + seconds
        await self.settle()
        while self._sleepers and self._sleepers[0][0] <= until:
            await self._step()
        self._now = until
        await self.settle()

    async def finish(self, work: Awaitable[T], *, within: float = 120.0) -> T:
        """Let as much time pass as this work needs.

        Raises:
            TimeoutError: it needed more than `within` seconds.
        """
        task = asyncio.ensure_future(work)
        until = self._now + within
        await self.settle()
        while not task.done():
            if not self._sleepers or self._sleepers[0][0] > until:
                task.cancel()
                raise TimeoutError
            await self._step()
        return task.result()

    async def _step(self) -> None:
        at, _, future = heapq.heappop(self._sleepers)
        if future.done():
            return
        self._now = max(self._now, at)
        future.set_result(None)
        await self.settle()
