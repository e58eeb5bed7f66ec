"""The time of the running event loop."""

from __future__ import annotations

import asyncio


class LoopClock:
    """A `chat.ports.Clock` on the event loop's own time, which simulated Discords can own."""

    def now(self) -> float:
        """Seconds; never goes back."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)
