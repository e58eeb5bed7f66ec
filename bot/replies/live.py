"""The living reply: latest text wins, one task paints, and the last state is always shown."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import discord
from discord.utils import MISSING

from bot.chat.content import ImagePart
from bot.chat.events import SourcesFound
from bot.chat.ports import Clock
from bot.chat.turns import Ending
from bot.i18n import _
from bot.replies.draft import Buttons, Draft, Page
from bot.replies.errors import (
    GoneError,
    PlaceError,
    RefusedError,
    ReplyingForbiddenError,
    ReplyLostError,
    TransientError,
    UneditableError,
    UploadTooLargeError,
)
from bot.replies.files import FILES_PER_MESSAGE, Upload
from bot.replies.gallery import Gallery
from bot.replies.pacing import EditBudget, Slot
from bot.replies.places import Paint, Place
from bot.replies.typing_indicator import TypingIndicator
from bot.replies.windows import Bucket, Priority

log = logging.getLogger(__name__)

Controls = Callable[[Ending | None], discord.ui.View | None]
"""Makes a new view for a reply that grows (None) or has ended. Views hold only DynamicItems."""
PageListener = Callable[[int, int, int], Awaitable[None]]
"""Told page number (from 1), channel id and message id whenever a page gets a message."""

THINKING_AFTER_SECONDS = 2.0
THINKING_REFRESH_SECONDS = 3.0
RETRY_SECONDS = 1.0
FINAL_TRIES = 3


@dataclass(slots=True)
class _Message:
    """A page as Discord shows it now."""

    id: int
    content: str = ""
    buttons: Buttons = Buttons.UNKNOWN
    files: int = 0
    reported: bool = False


class LiveReply:
    """A reply that grows in Discord; implements `bot.chat.ports.ReplySurface`.

    `lost` is set as soon as no more of the answer can be shown: message or channel deleted, rights
    lost, or the content refused (AutoMod). `loss` then says which. Whoever feeds the reply stops
    the model, and still calls `end`, which shows what can still be shown and never raises for it.

    One task paints. It waits for its turn in the budget and composes the page after that, so all
    that came meanwhile goes out in one call. No call to Discord is ever cancelled.
    """

    def __init__(
        self,
        place: Place,
        budget: EditBudget,
        clock: Clock,
        *,
        name: str,
        controls: Controls,
        on_page: PageListener,
    ) -> None:
        """`name` tells this reply from every other, also after a restart: the turn's id."""
        self.lost = asyncio.Event()
        self._tell_lost: Callable[[], None] | None = None
        self.loss: PlaceError | None = None
        self._place = place
        self._budget = budget
        self._clock = clock
        self._name = name
        self._controls = controls
        self._on_page = on_page
        self._draft = Draft()
        self._gallery = Gallery(place.max_file_bytes, self._wake, self._picture_dropped)

        self._messages = [] if place.adopted is None else [_Message(place.adopted)]
        self._settled = 0
        """Pages that are shown as they shall stay."""
        self._posts = 0
        self._failures = 0
        self._over = False
        self._answering = False
        self._answer_shown = False
        self._started_at = clock.now()
        self._painted_at: float | None = None
        self._thinking_since: float | None = None

        self._changed = asyncio.Event()
        self._slot: Slot | None = None
        self._painter: asyncio.Task[None] | None = None
        self._typing = TypingIndicator(place, budget, clock)
        self._tick: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Show that the bot is at work, before there is anything to read."""
        self._wake()

    def write(self, text: str) -> None:
        """Add to the answer's text."""
        if text:
            self._draft.write(text)
            self._wake_for_answer()

    def think(self, text: str) -> None:
        """Note that the model is thinking; the thoughts themselves are not shown."""
        if self._thinking_since is None:
            self._thinking_since = self._clock.now()
            self._wake()

    def attach(self, image: ImagePart) -> None:
        """Add a picture."""
        self._gallery.add(image)
        self._wake_for_answer()

    def cite(self, sources: SourcesFound) -> None:
        """Set the sources shown under the answer."""
        self._draft.cite(sources)

    def notice(self, sentence: str) -> None:
        """Add a small line under the answer."""
        self._draft.notice(sentence)

    def on_lost(self, callback: Callable[[], None]) -> None:
        """Call this once when no more of the answer can be shown; at once if that is so already."""
        self._tell_lost = callback
        if self.lost.is_set():
            callback()

    async def end(self, ending: Ending) -> None:
        """Show the last state, the ending's words and its buttons; wait until Discord has it."""
        if self._draft.ending is None:
            self._draft.ending = ending
            self._failures = 0
            self._promote(Priority.FINAL)
            self._wake()
        if self._painter is not None:
            # Whoever waits here may be cancelled, the last paint may not.
            await asyncio.shield(self._painter)

    # The painter

    def _wake(self) -> None:
        if self._painter is None:
            self._painter = asyncio.create_task(self._paint())
        self._changed.set()

    def _wake_for_answer(self) -> None:
        if not self._answering:
            self._answering = True
            self._promote(Priority.FIRST)
        self._wake()

    def _promote(self, priority: Priority) -> None:
        if self._slot is not None:
            self._slot.promote(priority)

    async def _paint(self) -> None:
        try:
            while not self._over:
                await self._changed.wait()
                self._changed.clear()
                while self._next() is not None:
                    await self._show_next()
                self._keep_alive()
        finally:
            if self._tick is not None:
                self._tick.cancel()
            if not self._over:
                self._note_loss()  # A defect of ours, or shutdown; `end` raises it.
        await self._typing.finish()

    def _next(self) -> Page | None:
        """The first page that is not settled, if Discord does not show it as it shall be."""
        draft = self._draft
        if self._over or (self.lost.is_set() and draft.ending is None):
            return None
        if draft.ending is not None and not draft.closed and not self._gallery.preparing:
            self._close_draft()
        if not draft.closed:
            self._count_thinking()
        while self._settled < len(draft):
            page = draft.page(self._settled)
            if not self._is_shown(page):
                return page
            if not page.finished:
                return None
            self._settled += 1
        self._over = draft.closed
        return None

    def _is_shown(self, page: Page) -> bool:
        files = bool(self._uploads(page))
        if self._settled >= len(self._messages):
            return not page.content and not files
        message = self._messages[self._settled]
        if not page.content and not files and not message.files:
            return True  # Discord takes no empty message.
        return (message.content, message.buttons) == (page.content, page.buttons) and not files

    def _uploads(self, page: Page) -> list[Upload]:
        if not page.pictures or not self._gallery.waiting:
            return []
        shown = self._messages[self._settled :]
        return self._gallery.next(FILES_PER_MESSAGE - (shown[0].files if shown else 0))

    def _close_draft(self) -> None:
        room = FILES_PER_MESSAGE - (self._messages[-1].files if self._messages else 0)
        more = max(0, self._gallery.waiting - room)
        self._draft.close(
            pictures=not self._gallery.empty, picture_pages=math.ceil(more / FILES_PER_MESSAGE)
        )
        self._settled = min(self._settled, len(self._draft) - 1)

    async def _show_next(self) -> None:
        posting = self._settled >= len(self._messages)
        bucket = self._place.posting if posting else self._place.editing
        self._slot = self._new_slot(bucket)
        failure: PlaceError | None = None
        async with self._slot:
            # Taken again, as it may have grown during the wait.
            page = self._next()
            try:
                if page is not None:
                    await self._show(page)
            except PlaceError as error:
                failure = error
        self._slot = None
        if failure is not None:
            await self._cope(failure, posting=posting)
        elif page is not None and not (message := self._messages[self._settled]).reported:
            message.reported = True
            await self._on_page(self._settled + 1, self._place.channel_id, message.id)

    def _new_slot(self, bucket: Bucket) -> Slot:
        if self._draft.ending is not None:
            return self._budget.slot(bucket, Priority.FINAL)
        if self._answering and not self._answer_shown:
            return self._budget.slot(bucket, Priority.FIRST)
        since = self._started_at if self._painted_at is None else self._painted_at
        return self._budget.slot(bucket, Priority.MIDDLE, since=since)

    async def _show(self, page: Page) -> None:
        """Make one call that shows the page that is due."""
        uploads = self._uploads(page)
        message = self._messages[self._settled] if self._settled < len(self._messages) else None
        paint = Paint(
            page.content,
            [upload.file() for upload in uploads],
            self._view(page.buttons, message.buttons if message else Buttons.NONE),
        )
        answer = self._answering
        self._painted_at = self._clock.now()
        if message is None:
            nonce = f"{self._name}.{self._posts}"
            message = _Message(await self._place.post(paint, nonce=nonce))
            self._messages.append(message)
            self._posts += 1
        else:
            await self._place.edit(message.id, paint)
        message.content = page.content
        message.buttons = page.buttons
        message.files += len(uploads)
        self._gallery.sent(len(uploads))
        self._failures = 0
        self._answer_shown = answer

    def _view(self, wanted: Buttons, shown: Buttons) -> discord.ui.View | None:
        if wanted is shown:
            return MISSING  # type: ignore[no-any-return]  # discord.py's "leave as it is"
        if wanted is Buttons.NONE:
            return None
        return self._controls(self._draft.ending if wanted is Buttons.ENDED else None)

    # When Discord does not do as it is told

    async def _cope(self, error: PlaceError, *, posting: bool) -> None:
        ended = self._draft.ending is not None
        uploads = len(self._uploads(self._draft.page(self._settled)))
        match error:
            case UploadTooLargeError() if uploads:
                self._gallery.refused(uploads)
                self._draft.reopen()  # One may have to be left out, which must be said.
            case RefusedError() if self.loss is None:
                self._stop_at_refusal(error)
            case GoneError() if ended and not posting:
                del self._messages[self._settled :]  # Say it in a new message.
            case UneditableError() if not posting:
                del self._messages[self._settled :]
            case ReplyingForbiddenError():
                pass  # The next try is a plain message.
            case TransientError():
                await self._retry(error, posting=posting)
            case _:
                self._give_up(error)

    async def _retry(self, error: PlaceError, *, posting: bool) -> None:
        self._failures += 1
        if not self._draft.closed or self._failures < FINAL_TRIES:
            await self._clock.sleep(RETRY_SECONDS * min(2 ** (self._failures - 1), 8))
        elif posting:
            self._give_up(error)
        else:
            self._draft.move_rest(self._settled, self._messages[self._settled].content)
            self._settled += 1
            self._failures = 0

    def _stop_at_refusal(self, error: RefusedError) -> None:
        shown = self._messages[self._settled :]
        if error.automod:
            sentence = _("This server's AutoMod did not let the rest of the answer through.")
        else:
            sentence = _("Discord did not accept the rest of the answer.")
        self._draft.stop_at(self._settled, shown[0].content if shown else "", sentence)
        self._lose(error)

    def _give_up(self, error: PlaceError) -> None:
        self._over = True
        self._lose(error)

    def _lose(self, error: PlaceError) -> None:
        self.loss = error
        self._note_loss()
        level = logging.INFO if isinstance(error, ReplyLostError) else logging.WARNING
        log.log(
            level,
            "reply lost channel=%d why=%s %s",
            self._place.channel_id,
            type(error).__name__,
            error,
        )

    def _note_loss(self) -> None:
        self.lost.set()
        if self._tell_lost is not None:
            self._tell_lost()

    def _picture_dropped(self) -> None:
        self.notice(_("A picture is too large to be attached here."))

    # While there is nothing to read

    def _count_thinking(self) -> None:
        if self._thinking_since is None or self._answering:
            return
        now = self._clock.now()
        if now >= self._thinking_due():
            self._draft.thinking = int(now - self._thinking_since)

    def _thinking_due(self) -> float:
        if self._thinking_since is None or self._answering:
            return math.inf
        if self._painted_at is None:
            return self._thinking_since + THINKING_AFTER_SECONDS
        return self._painted_at + THINKING_REFRESH_SECONDS

    def _keep_alive(self) -> None:
        """Type again or count on, and see to it that the painter wakes when that is due next."""
        if self._tick is not None:
            self._tick.cancel()
            self._tick = None
        if self._over or self._answer_shown or self.lost.is_set():
            return
        due = self._thinking_due()
        if not self._messages:
            due = min(due, self._typing.keep())
        if due < math.inf:
            self._tick = asyncio.create_task(self._ring(due))

    async def _ring(self, at: float) -> None:
        await self._clock.sleep(max(at - self._clock.now(), 0.0))
        self._changed.set()
