"""The living reply: latest text wins, one task paints, and the last state is always shown."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable

import discord
from discord.utils import MISSING

from bot.chat.content import ImagePart
from bot.chat.events import SourcesFound
from bot.chat.ports import Clock
from bot.chat.turns import Ending, OpenTurn
from bot.i18n import _
from bot.replies.alarm import Alarm
from bot.replies.composition import Composition
from bot.replies.draft import Buttons, Page
from bot.replies.errors import (
    DirectMessagesClosedError,
    ExpiredError,
    ForbiddenError,
    GoneError,
    PlaceError,
    RefusedError,
    ReplyingForbiddenError,
    TransientError,
    UneditableError,
    UploadTooLargeError,
)
from bot.replies.loss import Loss, tell_asker
from bot.replies.messages import Messages, Shown
from bot.replies.pacing import EditBudget, Slot
from bot.replies.places import Paint, Place
from bot.replies.silence import Silence
from bot.replies.succession import Succession
from bot.replies.windows import Bucket, Priority

log = logging.getLogger(__name__)

Controls = Callable[[Ending | None], discord.ui.View | None]
"""Makes a new view for a reply that grows (None) or has ended. Views hold only DynamicItems."""
TurnControls = Callable[[OpenTurn, Ending | None], discord.ui.View | None]
"""Makes such a view for the reply to any turn."""
PageListener = Callable[[int, int, int], Awaitable[None]]
"""Told page number (from 1), channel id and message id whenever a page gets a message."""

MAX_PAGES = 6
RETRY_SECONDS = 1.0
FINAL_TRIES = 3
"""As often is a last page edited, before what it lacks is said in a new message, and as often is
that posted, before it is left for later."""


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
        max_pages: int = MAX_PAGES,
        show_reasoning: bool = False,
        post_tried: bool = False,
        variant: int = 1,
    ) -> None:
        """`name` tells this reply from every other, also after a restart: the turn's id. `variant`
        tells its pictures from those of the other answers to its question.

        What does not fit into `max_pages` messages is attached to the last of them as a file.
        With `show_reasoning` the model's newest thought is shown while it works. `post_tried` says
        that a process which died may have posted the first page.
        """
        self._loss = Loss()
        self._place = place
        self._budget = budget
        self._clock = clock
        self._name = name
        self._controls = controls
        self._on_page = on_page
        self._messages = Messages(place.adopted)
        self._composition = Composition(
            self._messages,
            clock,
            max_pages=max_pages,
            max_file_bytes=place.max_file_bytes,
            changed=self._wake,
            variant=variant,
        )
        self._draft = self._composition.draft
        self._gallery = self._composition.gallery
        self._succession = Succession(place, budget, clock, self._messages)

        self._posts = len(place.adopted)  # Each page has a nonce of its own, also a later time.
        self._post_tried = post_tried
        self._failures = 0
        self._over = False
        self._given_up = False
        self._answering = False
        self._answer_shown = False
        self._started_at = clock.now()
        self._painted_at: float | None = None

        self._changed = asyncio.Event()
        self._slot: Slot | None = None
        self._painter: asyncio.Task[None] | None = None
        self._silence = Silence(place, budget, clock, shows_thoughts=show_reasoning)
        self._alarm = Alarm(clock, self._changed.set)

    def start(self) -> None:
        """Show that the bot is at work, before there is anything to read."""
        self._wake()

    def write(self, text: str) -> None:
        """Add to the answer's text."""
        if text:
            self._draft.write(text)
            self._wake_for_answer()

    def think(self, text: str) -> None:
        """Note that the model is thinking."""
        if self._silence.think(text):
            self._wake()

    def draw(self, count: int) -> None:
        """Note that so many pictures are being made."""
        self._silence.draw(count)
        self._wake()

    def attach(self, image: ImagePart) -> None:
        """Add a picture, at this place of the text."""
        self._silence.drawn()
        self._draft.picture(self._gallery.add(image))
        self._wake_for_answer()

    def cite(self, sources: SourcesFound) -> None:
        """Set the sources shown under the answer."""
        self._draft.cite(sources)

    def notice(self, sentence: str) -> None:
        """Add a small line under the answer."""
        self._draft.notice(sentence)

    def on_lost(self, callback: Callable[[], None]) -> None:
        """Call this once when no more of the answer can be shown; at once if that is so already."""
        self._loss.on_lost(callback)

    @property
    def lost(self) -> asyncio.Event:
        """Set as soon as no more of the answer can be shown."""
        return self._loss.event

    @property
    def loss(self) -> PlaceError | None:
        """Why no more of the answer can be shown."""
        return self._loss.error

    async def end(self, ending: Ending) -> bool:
        """Show the last state, the ending's words and its buttons; wait until Discord has it.
        False when Discord could not be reached: it may be shown later."""
        if self._draft.ending is None:
            self._draft.ending = ending
            self._failures = 0
            self._promote(Priority.FINAL)
            self._wake()
        if self._painter is not None:
            # Whoever waits here may be cancelled, the last paint may not.
            await asyncio.shield(self._painter)
        return not isinstance(self.loss, TransientError)

    # The painter

    def _wake(self) -> None:
        if self._painter is None:
            self._painter = asyncio.create_task(self._paint())
        self._changed.set()

    def _wake_for_answer(self) -> None:
        if not self._answering:
            self._answering = True
            self._silence.answer()
            self._promote(Priority.FIRST)
        self._wake()

    def _promote(self, priority: Priority) -> None:
        if self._slot is not None:
            self._slot.promote(priority)

    async def _paint(self) -> None:
        try:
            if self._place.reserved is not None:
                await self._on_page(1, self._place.channel_id, self._place.reserved)
            while not self._over:
                await self._changed.wait()
                self._changed.clear()
                while await self._step():
                    pass
                self._keep_alive()
        finally:
            self._alarm.set(math.inf)
            if not self._over:
                # A defect of ours, or shutdown; `end` raises it.
                self._loss.note(None, self._place.channel_id)
        if not self._given_up:
            await self._succession.end_growing(lambda: self._controls(self._draft.ending))
            await self._succession.clear_away(len(self._draft))
        elif self.loss is not None:
            await tell_asker(self._place, self.loss)
        await self._silence.finish()

    async def _step(self) -> bool:
        """Make the call that is due; False when none is."""
        if not self._over and self._place.seconds_left <= 0:
            await self._hand_over()
        elif self._clock.now() >= self._take_over_due():
            await self._succession.take_over(lambda: self._controls(None))
        elif self._next() is not None:
            await self._show_next()
        else:
            return False
        return True

    def _take_over_due(self) -> float:
        if self._over or self._draft.ending or self._answering is not self._answer_shown:
            return math.inf  # There is something better to show.
        return self._succession.due

    def _keep_alive(self) -> None:
        """Show that the bot is at work, and see to it that the painter wakes when it must."""
        if self._over or self.lost.is_set():
            self._alarm.set(math.inf)
            return
        due = min(self._clock.now() + self._place.seconds_left, self._take_over_due())
        if not self._answer_shown or self._silence.busy:
            due = min(due, self._silence.keep(typing=not self._painted_at))
        self._alarm.set(due)

    def _next(self) -> Page | None:
        """The page that is due, if any; the reply is over when none will be."""
        if self._over or (self.lost.is_set() and self._draft.ending is None):
            return None
        self._draft.progress = self._silence.lines
        page = self._composition.due()
        self._over = page is None and self._composition.complete
        return page

    async def _show_next(self) -> None:
        posting = self._composition.message is None
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
        elif (message := self._composition.message) and page and not message.reported:
            message.reported = True
            await self._on_page(self._composition.settled + 1, self._place.channel_id, message.id)

    def _new_slot(self, bucket: Bucket) -> Slot:
        if self._draft.ending is not None:
            return self._budget.slot(bucket, Priority.FINAL)
        if self._answering and not self._answer_shown:
            return self._budget.slot(bucket, Priority.FIRST)
        since = self._started_at if self._painted_at is None else self._painted_at
        return self._budget.slot(bucket, Priority.MIDDLE, since=since)

    async def _show(self, page: Page) -> None:
        """Make one call that shows the page that is due."""
        uploads = self._composition.uploads(page)
        message = self._composition.message
        paint = Paint(
            page.content,
            [upload.file() for upload in uploads],
            self._view(page.buttons, message.buttons if message else Buttons.NONE),
        )
        answer = self._answering
        self._painted_at = self._clock.now()
        sent, tried = len(uploads), False
        if message is None:
            nonce = f"{self._name}.{self._posts}"
            # An earlier try may have come through after all: with what was there then, and with
            # other buttons. Then this one changes nothing, and an edit has to.
            tried, self._post_tried = self._post_tried, True
            posted = await self._place.post(paint, nonce=nonce)
            self._post_tried = False
            sent = min(sent, posted.files)
            message = self._messages.add(posted.id)
            message.reported = message.id == self._place.reserved
            message.content = posted.content
            self._posts += 1
        else:
            await self._place.edit(message.id, paint)
        if not tried:
            message.content, message.buttons = page.content, page.buttons
        message.painted = True
        message.files += sent
        self._gallery.sent(sent)
        self._failures = 0
        self._answer_shown = answer
        if self._draft.progress:
            self._silence.told()

    def _view(self, wanted: Buttons, shown: Buttons) -> discord.ui.View | None:
        if wanted is shown:
            return MISSING  # type: ignore[no-any-return]  # discord.py's "leave as it is"
        if wanted is Buttons.NONE:
            return None
        return self._controls(self._draft.ending if wanted is Buttons.ENDED else None)

    # When Discord does not do as it is told

    async def _cope(self, error: PlaceError, *, posting: bool) -> None:
        uploads = len(self._composition.uploads(self._draft.page(self._composition.settled)))
        match error:
            case UploadTooLargeError() if uploads:
                self._gallery.refused(uploads)
                self._draft.reopen()  # One may have to be left out, which must be said.
            case RefusedError() if self.loss is None:
                self._stop_at_refusal(error)
            case GoneError() if (message := self._composition.message) and not message.painted:
                self._messages.leave(self._composition.settled)  # Say it in a new message.
            case UneditableError() if not posting:
                # The new message says all of it; the old one would show half with a Stop button.
                self._messages.leave(self._composition.settled, useless=True)
            case ExpiredError() if self._place.seconds_left < math.inf:
                await self._hand_over()
            case ReplyingForbiddenError():
                pass  # The next try is a plain message.
            case TransientError():
                await self._retry(error)
            case _:
                self._give_up(error)

    async def _retry(self, error: PlaceError) -> None:
        self._failures += 1
        if not self._draft.closed or self._failures < FINAL_TRIES:
            await self._clock.sleep(RETRY_SECONDS * min(2 ** (self._failures - 1), 8))
        elif (message := self._composition.message) is None:
            self._give_up(error)
        elif await self._is_there(message):
            self._failures = 0
        else:
            self._draft.move_rest(self._composition.settled, message.content)
            self._composition.settled += 1
            self._failures = 0

    async def _is_there(self, message: Shown) -> bool:
        """Whether Discord has taken the last state of a page, although its answers were lost."""
        page = self._draft.page(self._composition.settled)
        if self._composition.uploads(page) or message.content.strip() == page.content.strip():
            return False  # Its words do not tell whether the rest of it is there.
        try:
            content = await self._place.read(message.id)
        except PlaceError:
            return False
        if content.strip() != page.content.strip():
            return False
        message.content, message.buttons, message.painted = page.content, page.buttons, True
        return True

    def _stop_at_refusal(self, error: RefusedError) -> None:
        message = self._composition.message
        if error.automod:
            sentence = _("This server's AutoMod did not let the rest of the answer through.")
        else:
            sentence = _("Discord did not accept the rest of the answer.")
        self._gallery.withdraw_text()
        self._draft.stop_at(self._composition.settled, message.content if message else "", sentence)
        self._loss.note(error, self._place.channel_id)

    def _give_up(self, error: PlaceError) -> None:
        self._over = self._given_up = True
        if isinstance(error, ForbiddenError) and not isinstance(error, DirectMessagesClosedError):
            self._budget.refusals.close(self._place.channel_id)
        self._loss.note(error, self._place.channel_id)

    async def _hand_over(self) -> None:
        """Go on by another way, as the place is about to close."""
        failure: PlaceError | None = None
        same_messages = True
        async with self._budget.slot(self._place.editing, Priority.FINAL):
            try:
                same_messages = await self._place.hand_over()
            except PlaceError as error:
                failure = error
        if isinstance(failure, TransientError) and self._failures < FINAL_TRIES:
            self._failures += 1
            await self._clock.sleep(RETRY_SECONDS)
        elif failure is not None:
            self._give_up(failure)
        elif not same_messages:
            self._messages.leave(self._composition.settled)
