"""Questions keep the order in which they arrived, however long each takes to prepare."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager


class Arrivals:
    """One queue per conversation; a place in it is taken at once, without waiting."""

    def __init__(self) -> None:
        self._last: dict[str, asyncio.Event] = {}

    @contextmanager
    def place(self, key: str) -> Iterator[Callable[[], Awaitable[object]]]:
        """Take the next place; the yielded callable waits until all earlier ones are left."""
        before = self._last.get(key)
        mine = self._last[key] = asyncio.Event()

        async def turn() -> None:
            if before is not None:
                await before.wait()

        try:
            yield turn
        finally:
            mine.set()
            if self._last.get(key) is mine:
                del self._last[key]
