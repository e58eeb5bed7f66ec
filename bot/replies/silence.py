"""What shows that the bot is at work while a reply has nothing (more) to show yet."""

from __future__ import annotations

import math

from bot.chat.ports import Clock
from bot.replies.pacing import EditBudget
from bot.replies.places import Place
from bot.replies.small_print import drawing_line, thinking_line, thought_line
from bot.replies.typing_indicator import TypingIndicator

PROGRESS_AFTER_SECONDS = 2.0
PROGRESS_REFRESH_SECONDS = 3.0
_THOUGHTS_KEPT = 2_000
"""Characters; only the end of the thoughts is shown."""


class Silence:
    """Types, counts how long the model thinks or draws, and says so in small lines."""

    def __init__(
        self, place: Place, budget: EditBudget, clock: Clock, *, shows_thoughts: bool
    ) -> None:
        self._clock = clock
        self._typing = TypingIndicator(place, budget, clock)
        self._shows_thoughts = shows_thoughts
        self._thoughts = ""
        self._since: float | None = None
        self._told_at: float | None = None
        self._answering = False
        self._wanted = 0
        self._ready = 0
        self._lines: list[str] = []

    def think(self, text: str) -> bool:
        """Note that the model is thinking; True when that is new."""
        if self._shows_thoughts:
            self._thoughts = (self._thoughts + text)[-_THOUGHTS_KEPT:]
        if self._since is not None:
            return False
        self._since = self._clock.now()
        return True

    def draw(self, count: int) -> None:
        """Note that so many pictures are being made."""
        if not self._wanted:
            self._since, self._told_at = self._clock.now(), None
        self._wanted += count

    def drawn(self) -> None:
        """One of them is there."""
        self._ready += 1

    def answer(self) -> None:
        """There are words to be read: from now on thinking is not worth a line."""
        self._answering = True

    def told(self) -> None:
        """The lines are on Discord."""
        self._told_at = self._clock.now()

    @property
    def busy(self) -> bool:
        """Whether there is something to wait for that is worth a line."""
        return self._drawing or (self._since is not None and not self._answering)

    @property
    def lines(self) -> list[str]:
        """What to say about it now; the same as before until it is time to say it anew."""
        if not self.busy:
            self._lines = []
        elif self._clock.now() >= self._due:
            self._lines = self._progress()
        return self._lines

    def keep(self, *, typing: bool) -> float:
        """Type if that is wanted and due; returns when there is something to do next."""
        due = self._due if self.busy else math.inf
        return min(due, self._typing.keep() if typing else math.inf)

    async def finish(self) -> None:
        """Let the last typing indicator return."""
        await self._typing.finish()

    @property
    def _drawing(self) -> bool:
        return self._ready < self._wanted

    @property
    def _due(self) -> float:
        if self._since is None:
            return math.inf
        if self._told_at is None:
            return self._since + PROGRESS_AFTER_SECONDS
        return self._told_at + PROGRESS_REFRESH_SECONDS

    def _progress(self) -> list[str]:
        assert self._since is not None  # busy
        seconds = int(self._clock.now() - self._since)
        if self._drawing:
            first = drawing_line(seconds, self._ready, self._wanted)
        else:
            first = thinking_line(seconds)
        thought = thought_line(self._thoughts)
        return [first, thought] if thought else [first]
