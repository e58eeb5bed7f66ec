"""What keeps one member from having all of the bot: turns at heavy work, and a pause between
refusals. No I/O."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from bot.errors import QuotaError
from bot.i18n import _


class Turns:
    """Lets a few do something heavy at a time, and of one member fewer; the others wait."""

    def __init__(self, *, all_together: int, of_a_member: int, waiting: int) -> None:
        """`waiting` is how many of one member may be there in all; nobody waits for more."""
        self._room = asyncio.Semaphore(all_together)
        self._of_a_member = of_a_member
        self._waiting = waiting
        self._there: Counter[int] = Counter()
        self._rooms: dict[int, asyncio.Semaphore] = {}

    @asynccontextmanager
    async def turn(self, member_id: int) -> AsyncIterator[None]:
        """Wait for the member's turn, and have it.

        Raises:
            QuotaError: too many of theirs wait already.
        """
        if self._there[member_id] >= self._waiting:
            raise QuotaError(_("I am still reading your other files. Send more after that."))
        self._there[member_id] += 1
        own = self._rooms.setdefault(member_id, asyncio.Semaphore(self._of_a_member))
        try:
            async with own, self._room:
                yield
        finally:
            self._there[member_id] -= 1
            if not self._there[member_id]:
                del self._there[member_id], self._rooms[member_id]


class Sparing:
    """Lets something happen so often in a while, for each member by themselves."""

    def __init__(self, *, times: int, seconds: float) -> None:
        self._times = times
        self._seconds = seconds
        self._at: dict[int, deque[float]] = {}

    def again(self, member_id: int, now: float) -> bool:
        """Whether it may happen once more; if so, it counts."""
        self._forget(now)
        happened = self._at.setdefault(member_id, deque(maxlen=self._times))
        if len(happened) == self._times and now < happened[0] + self._seconds:
            return False
        happened.append(now)
        return True

    def _forget(self, now: float) -> None:
        """Forget who has been quiet; whoever was heard last stands last."""
        gone = [i for i, at in self._at.items() if now >= at[-1] + self._seconds]
        for member_id in gone:
            del self._at[member_id]
