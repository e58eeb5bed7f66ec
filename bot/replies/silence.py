"""What shows that the bot is at work while a reply has nothing to read yet."""

from __future__ import annotations

import math

from bot.chat.ports import Clock
from bot.replies.pacing import EditBudget
from bot.replies.places import Place
from bot.replies.typing_indicator import TypingIndicator

THINKING_AFTER_SECONDS = 2.0
THINKING_REFRESH_SECONDS = 3.0


class Silence:
    """Types, and counts how long the model has been thinking."""

    def __init__(self, place: Place, budget: EditBudget, clock: Clock) -> None:
        self._clock = clock
        self._typing = TypingIndicator(place, budget, clock)
        self._since: float | None = None
        self._told_at: float | None = None

    def think(self) -> bool:
        """Note that the model is thinking; True when that is new."""
        if self._since is not None:
            return False
        self._since = self._clock.now()
        return True

    def told(self) -> None:
        """The seconds of thinking are on Discord."""
        self._told_at = self._clock.now()

    @property
    def thinking(self) -> int | None:
        """Seconds of thinking, whenever it is time to say (again) how many."""
        now = self._clock.now()
        if self._since is None or now < self._due:
            return None
        return int(now - self._since)

    def keep(self, *, typing: bool) -> float:
        """Type if that is wanted and due; returns when there is something to do next."""
        return min(self._due, self._typing.keep() if typing else math.inf)

    async def finish(self) -> None:
        """Let the last typing indicator return."""
        await self._typing.finish()

    @property
    def _due(self) -> float:
        if self._since is None:
            return math.inf
        if self._told_at is None:
            return self._since + THINKING_AFTER_SECONDS
        return self._told_at + THINKING_REFRESH_SECONDS
