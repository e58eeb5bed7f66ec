"""Discord's rate limits as observed, for tests: it refuses what comes too fast and counts it."""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass, field
from random import Random

from bot.replies.pacing import EditBudget, Slot
from bot.replies.windows import Bucket, Headers
from tests.replies.clock import FakeClock


@dataclass
class _Window:
    opened: float = -1e9
    used: int = 0


@dataclass
class SimulatedLimits:
    """Fixed windows per bucket and any second of 50 calls for the bot, as the server sees them."""

    clock: FakeClock
    limit: int = 5
    period: float = 5.0
    per_second: int = 50
    latency: float = 0.05
    report: bool = True
    """Whether the budget gets to see the headers."""
    jitter: bool = False
    violations: int = 0
    last_tokens: int = 0
    """Calls that took a bucket's last token."""
    calls: list[tuple[float, Bucket]] = field(default_factory=list)
    _windows: dict[Bucket, _Window] = field(default_factory=lambda: defaultdict(_Window))
    _random: Random = field(default_factory=lambda: Random(1))
    _second: deque[float] = field(default_factory=deque)

    async def call(self, budget: EditBudget, slot: Slot) -> None:
        """Travel to Discord and back; report the headers as the trace would."""
        there, back = self._latencies()
        await self.clock.sleep(there)
        headers = self._serve(slot.bucket)
        await self.clock.sleep(back)
        if self.report:
            budget.request_answered(object(), slot, slot.bucket, headers)

    def _latencies(self) -> tuple[float, float]:
        if not self.jitter:
            return self.latency / 2, self.latency / 2
        return self._random.uniform(0, self.latency), self._random.uniform(0, self.latency)

    def _serve(self, bucket: Bucket) -> Headers:
        now = self.clock.now()
        self.calls.append((now, bucket))
        if bucket.counts_globally:
            while self._second and self._second[0] <= now - 1:
                self._second.popleft()
            self._second.append(now)
            self.violations += len(self._second) > self.per_second
        window = self._windows[bucket]
        if now >= window.opened + self.period:
            window.opened, window.used = now, 0
        window.used += 1
        self.violations += window.used > self.limit
        self.last_tokens += window.used == self.limit
        return Headers(
            self.limit, max(0, self.limit - window.used), window.opened + self.period - now
        )
