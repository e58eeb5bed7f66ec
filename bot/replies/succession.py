"""Buttons and messages that are left over: an earlier answer's, or those of one that grew."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import discord

from bot.chat.ports import Clock
from bot.replies.draft import Buttons
from bot.replies.errors import PlaceError, TransientError
from bot.replies.messages import Messages
from bot.replies.pacing import EditBudget
from bot.replies.places import Paint, Place
from bot.replies.windows import Priority

log = logging.getLogger(__name__)

TAKE_OVER_AFTER_SECONDS = 1.0
"""The old buttons are left alone for that long: the new answer may be quick."""
PAUSES = (2.0, 4.0, 8.0, 16.0)
"""Seconds between tries to exchange buttons that would otherwise stay for ever."""


class Succession:
    """Exchanges the earlier answer's buttons, and clears away the pages that nobody needs."""

    def __init__(self, place: Place, budget: EditBudget, clock: Clock, messages: Messages) -> None:
        self._place = place
        self._budget = budget
        self._clock = clock
        self._messages = messages
        self._next_at = clock.now() + TAKE_OVER_AFTER_SECONDS

    @property
    def due(self) -> float:
        """When `take_over` shall be called; infinite when the old buttons are gone."""
        return math.inf if self._messages.stale() is None else self._next_at

    async def take_over(self, new_view: Callable[[], discord.ui.View | None]) -> None:
        """Put a growing reply's buttons where the old ones are; the text there is left alone.

        Nothing is done while the budget has no call to spare, so the first text of the new answer
        never waits in the budget for this.
        """
        stale = self._messages.stale()
        self._next_at = self._clock.now() + TAKE_OVER_AFTER_SECONDS
        if stale is None or not self._budget.spare(self._place.editing):
            return
        async with self._budget.slot(self._place.editing, Priority.TYPING):
            try:
                await self._place.edit(stale.id, Paint(None, view=new_view()))
            except PlaceError as error:
                log.debug("buttons not taken over channel=%d %s", self._place.channel_id, error)
                self._next_at = math.inf
            else:
                stale.buttons = Buttons.GROWING

    async def end_growing(self, last_view: Callable[[], discord.ui.View | None]) -> None:
        """Exchange the buttons of pages that could not be edited to their last state: it goes on
        in a new message, or only the buttons were missing."""
        for message in self._messages.growing():
            last = self._messages.is_last(message)
            for pause in (0.0, *PAUSES):
                await self._clock.sleep(pause)
                if await self._exchanged(message.id, last_view() if last else None):
                    break

    async def _exchanged(self, message_id: int, view: discord.ui.View | None) -> bool:
        """Try to exchange a message's buttons; False when that may work later."""
        async with self._budget.slot(self._place.editing, Priority.FINAL):
            try:
                await self._place.edit(message_id, Paint(None, view=view))
            except PlaceError as error:
                log.debug("buttons stay channel=%d %s", self._place.channel_id, error)
                return not isinstance(error, TransientError)
        return True

    async def clear_away(self, pages: int) -> None:
        """Delete the messages that a finished reply of so many pages does not use."""
        for message_id in self._messages.surplus(pages):
            async with self._budget.slot(self._place.editing, Priority.FINAL):
                try:
                    await self._place.delete(message_id)
                except PlaceError as error:
                    log.debug("page not deleted channel=%d %s", self._place.channel_id, error)
