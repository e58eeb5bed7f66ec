"""When a reply may speak to Discord: a budget per bucket under one for the whole bot.

discord.py's own limiter only waits: the call that takes a bucket's last token sleeps until the
window is over, and later calls queue behind it. So the waiting happens here, where a page's newest
state is composed after the wait, and discord.py is called when it need not wait.
"""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from collections.abc import Hashable
from contextvars import ContextVar, Token
from types import TracebackType
from typing import Self

from bot.chat.ports import Clock
from bot.replies.refusals import Refusals
from bot.replies.windows import BotWindow, Bucket, BucketWindow, Headers, Priority

REQUESTS_PER_SECOND = 50
"""Discord's limit for a bot; interaction endpoints are exempt."""
MIDDLE_GAP_SECONDS = 1.0
"""A lone reply is painted about once a second, whatever its bucket would allow."""
MOST_WINDOWS = 500
"""From so many on, those that say nothing any more are forgotten."""


class Slot:
    """The right to make one call; `async with` waits for it."""

    __slots__ = (
        "_answered",
        "_budget",
        "_context",
        "_granted",
        "_opened",
        "_waiter",
        "bucket",
        "priority",
        "since",
        "started",
    )

    def __init__(self, budget: EditBudget, bucket: Bucket, priority: Priority, since: float):
        self.bucket = bucket
        self.priority = priority
        self.since = since
        self.started = False
        """Whether a request of this slot's call was seen on the wire."""
        self._budget = budget
        self._waiter: asyncio.Future[None] | None = None
        self._granted = False
        self._opened = False
        self._answered = False
        self._context: Token[Slot | None] | None = None

    def promote(self, priority: Priority) -> None:
        """Be more urgent from now on; without effect once the call may go."""
        if priority < self.priority and not self._granted:
            self.priority = priority
            self._budget.dispatch()

    @property
    def rank(self) -> tuple[int, float]:
        """Sorts those who wait: urgent ones as they came, then the stalest page."""
        return (0 if self.priority.urgent else self.priority, self.since)

    async def __aenter__(self) -> Self:
        self._budget.enter(self)
        if not self._granted:
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            except asyncio.CancelledError:
                self._budget.leave(self)
                raise
        # The request runs in this task, so the trace finds the slot it belongs to.
        self._context = _current.set(self)
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._context is not None:
            _current.reset(self._context)
        self._budget.leave(self)

    @property
    def granted(self) -> bool:
        """Whether the call may go."""
        return self._granted

    @property
    def opened(self) -> bool:
        """Whether the call opened its bucket's window."""
        return self._opened

    @property
    def answered(self) -> bool:
        """Whether Discord's headers for the call were seen."""
        return self._answered

    def grant(self, *, opened: bool) -> None:
        """Let the call go; for the budget only."""
        self._granted = True
        self._opened = opened
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def note_answer(self) -> None:
        """Discord's headers have come; for the budget only."""
        self._answered = True


_current: ContextVar[Slot | None] = ContextVar("slot", default=None)


def current_slot() -> Slot | None:
    """The slot under which this task calls Discord."""
    return _current.get()


class EditBudget:
    """Shares Discord's limits among all replies of the process.

    Use `async with budget.slot(bucket, priority, since=...)` around every call that shows a reply,
    and compose what is shown inside it. Give `bot.replies.headers.trace(budget)` to the client, so
    that the budget follows what Discord reports and counts the calls made without a slot too.
    """

    def __init__(self, clock: Clock, *, requests_per_second: int = REQUESTS_PER_SECOND) -> None:
        self.refusals = Refusals(clock)
        self._clock = clock
        self._bot = BotWindow(requests_per_second)
        self._windows: dict[Bucket, BucketWindow] = {}
        self._busy: Counter[Hashable] = Counter()
        self._waiting: dict[Slot, None] = {}
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at = math.inf

    def slot(self, bucket: Bucket, priority: Priority, *, since: float | None = None) -> Slot:
        """Ask for one call; `since` is when the page was last painted, by default now."""
        return Slot(self, bucket, priority, self._clock.now() if since is None else since)

    def spare(self, bucket: Bucket) -> bool:
        """Whether a call nobody would miss can go now without taking it from others."""
        slot = self.slot(bucket, Priority.TYPING)
        now = self._clock.now()
        return self._ready_at(slot, now, self._bot.ready_at(now, slot.priority)) <= now

    def enter(self, slot: Slot) -> None:
        """Queue a slot and let it go at once if it may."""
        self._waiting[slot] = None
        self.dispatch()

    def leave(self, slot: Slot) -> None:
        """A slot's call has returned, or it is no longer wanted."""
        self._waiting.pop(slot, None)
        if slot.granted:
            now = self._clock.now()
            self._window(slot.bucket).release(now, opened=slot.opened, observed=slot.answered)
            self._busy[slot.bucket.counter] -= 1
            if not self._busy[slot.bucket.counter]:
                del self._busy[slot.bucket.counter]
            self._bot.answered(now, slot)
        if self._waiting or self._alarm is not None:
            self.dispatch()

    def request_started(self, call: object, slot: Slot | None, *, exempt: bool) -> None:
        """Count a request on the wire that no slot has booked yet."""
        if slot is not None and not slot.started:
            slot.started = True
        elif not exempt:
            self._bot.take(self._clock.now(), call)

    def request_answered(
        self, call: object, slot: Slot | None, bucket: Bucket | None, headers: Headers | None
    ) -> None:
        """Learn from a response, of a slot's call or of any other."""
        now = self._clock.now()
        self._bot.answered(now, call)
        if slot is not None:
            self._bot.answered(now, slot)
        if bucket is None or headers is None:
            return
        window = self._window(bucket)
        own = slot is not None and slot.bucket == bucket
        window.observe(now, headers, others=window.in_flight - own)
        if slot is not None and own:
            slot.note_answer()

    def refused(self, bucket: Bucket | None, retry_after: float, *, everywhere: bool) -> None:
        """Discord answered 429; discord.py waits and repeats by itself, the others shall wait."""
        now = self._clock.now()
        if everywhere:
            self._bot.exhaust(now, retry_after)
        elif bucket is not None:
            self._window(bucket).exhaust(now, retry_after)

    def dispatch(self) -> None:
        """Let everyone go who may, and wake up when the next one may."""
        now = self._clock.now()
        wake_at = math.inf
        bot_ready: dict[Priority, float] = {}
        for slot in sorted(self._waiting, key=lambda slot: slot.rank):
            if slot.priority not in bot_ready:
                bot_ready[slot.priority] = self._bot.ready_at(now, slot.priority)
            ready_at = self._ready_at(slot, now, bot_ready[slot.priority])
            if ready_at > now:
                wake_at = min(wake_at, ready_at)
                continue
            self._grant(slot, now)
            if slot.bucket.counts_globally:
                bot_ready.clear()
        self._wake(wake_at)

    def _ready_at(self, slot: Slot, now: float, bot_ready: float) -> float:
        busy = self._busy[slot.bucket.counter]
        ready = self._window(slot.bucket).ready_at(now, slot.priority, busy)
        if slot.bucket.counts_globally:
            ready = max(ready, bot_ready)
        if slot.priority is Priority.MIDDLE:
            ready = max(ready, slot.since + MIDDLE_GAP_SECONDS)
        return ready

    def _grant(self, slot: Slot, now: float) -> None:
        del self._waiting[slot]
        opened = self._window(slot.bucket).take(now)
        self._busy[slot.bucket.counter] += 1
        if slot.bucket.counts_globally:
            self._bot.take(now, slot, slot.priority)
        slot.grant(opened=opened)

    def _window(self, bucket: Bucket) -> BucketWindow:
        window = self._windows.get(bucket)
        if window is None:
            if len(self._windows) >= MOST_WINDOWS:
                now = self._clock.now()
                self._windows = {b: w for b, w in self._windows.items() if not w.idle(now)}
            window = self._windows[bucket] = BucketWindow()
        return window

    def _wake(self, at: float) -> None:
        if self._alarm is not None:
            if at >= self._alarm_at and at < math.inf:
                return  # The alarm set already rings early enough.
            self._alarm.cancel()
            self._alarm = None
        self._alarm_at = at
        if at < math.inf:
            self._alarm = asyncio.create_task(self._ring(at))

    async def _ring(self, at: float) -> None:
        await self._clock.sleep(max(at - self._clock.now(), 0.001))
        self._alarm = None
        self.dispatch()
