"""Has a reply's tables and formulas drawn, but never lets the reply wait long for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bot.chat.content import ImagePart
from bot.chat.ports import Clock
from bot.replies.draft import Draft
from bot.replies.drawing import Drawing, draw
from bot.replies.gallery import Gallery

PATIENCE_SECONDS = 3.0
"""The first drawing of a process loads the fonts; one that takes longer is done without."""
MOST_DRAWINGS = 10
"""As many as fit under one message; more are easier to read in the text."""


class Illustrator:
    """Makes the drawings that a draft wants, one after the other, and hangs them in the gallery.

    `changed` is called after each.
    """

    def __init__(
        self, clock: Clock, draft: Draft, gallery: Gallery, changed: Callable[[], None]
    ) -> None:
        self._clock = clock
        self._draft = draft
        self._gallery = gallery
        self._changed = changed
        self._left = MOST_DRAWINGS
        self._task: asyncio.Task[None] | None = None
        self._under_way: asyncio.Task[ImagePart | None] | None = None

    @property
    def busy(self) -> bool:
        """Whether a drawing is being made."""
        return self._task is not None

    def work(self) -> None:
        """Begin with the next drawing, if one is wanted."""
        while self._task is None and (drawing := self._draft.wanted) is not None:
            if self._left > 0 and not self._draft.overflows:
                self._left -= 1
                self._task = asyncio.create_task(self._draw(drawing))
            else:
                self._draft.drawn(None)

    async def _draw(self, drawing: Drawing) -> None:
        timer = asyncio.ensure_future(self._clock.sleep(PATIENCE_SECONDS))
        # A thread cannot be stopped: a drawing that comes too late is made and thrown away.
        self._under_way = asyncio.create_task(draw(drawing))
        await asyncio.wait({self._under_way, timer}, return_when=asyncio.FIRST_COMPLETED)
        timer.cancel()
        picture = None
        if self._under_way.done():
            picture = self._under_way.result()
        else:
            self._left = 0  # The machine is busy; the next one would not come sooner.
        kind = drawing.kind.value
        self._draft.drawn(None if picture is None else self._gallery.add_drawing(picture, kind))
        self._task = None
        self._changed()
