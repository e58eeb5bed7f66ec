"""Which page of a reply is due, and with which files. No I/O but drawing and shrinking."""

from __future__ import annotations

import math
from collections.abc import Callable

from bot.chat.ports import Clock
from bot.i18n import _
from bot.replies.draft import Draft, Page
from bot.replies.files import FILES_PER_MESSAGE, Upload
from bot.replies.gallery import Gallery
from bot.replies.illustrator import Illustrator
from bot.replies.messages import Messages, Shown


class Composition:
    """Brings a reply's text and pictures together, message by message.

    `changed` is called when a file has become ready.
    """

    def __init__(
        self,
        messages: Messages,
        clock: Clock,
        *,
        max_pages: int,
        max_file_bytes: int,
        changed: Callable[[], None],
        variant: int = 1,
    ) -> None:
        self.draft = Draft(max_pages)
        self.gallery = Gallery(
            max_file_bytes,
            changed=changed,
            dropped=lambda: self.draft.notice(_("A file is too large to be attached here.")),
            variant=variant,
        )
        self.settled = 0
        """Pages that are shown as they shall stay."""
        self._illustrator = Illustrator(clock, self.draft, self.gallery, changed)
        self._messages = messages
        self._filed = False

    @property
    def complete(self) -> bool:
        """Whether every page is shown as it shall stay."""
        return self.draft.closed and self.settled == len(self.draft)

    @property
    def message(self) -> Shown | None:
        """The message of the first page that is not settled, if it has one."""
        return self._messages.at(self.settled)

    def due(self) -> Page | None:
        """The first page that is not settled, if Discord does not show it as it shall be."""
        draft = self.draft
        if not draft.closed:
            self._illustrator.work()
            if draft.ending and not (self._illustrator.busy or self.gallery.preparing):
                self._close()
        while self.settled < len(draft):
            page = draft.page(self.settled)
            if not self._is_shown(page):
                return page
            if not page.finished:
                return None
            self.settled += 1
        return None

    def uploads(self, page: Page) -> list[Upload]:
        """The files that go with the page that is due."""
        if not page.pictures or not self.gallery.waiting:
            return []
        return self.gallery.next(self._room(self.settled), page.pictures)

    def _is_shown(self, page: Page) -> bool:
        files = bool(self.uploads(page))
        message = self.message
        if message is None:
            return not page.content and not files
        if not page.content and not files and not message.files:
            return True  # Discord takes no empty message.
        return (message.content, message.buttons) == (page.content, page.buttons) and not files

    def _room(self, page: int) -> int:
        message = self._messages.at(page)
        return FILES_PER_MESSAGE - (message.files if message else 0)

    def _close(self) -> None:
        """Fix all pages, those for the files that find no room included."""
        if self.draft.overflows and not self._filed:
            self._filed = True
            self.gallery.add_text(self.draft.source)
        self.draft.close(pictures=not self.gallery.empty, notes=self.gallery.notes())
        pages = range(self.settled, len(self.draft))
        more = self.gallery.left_after(
            (self._room(index), self.draft.page(index).pictures) for index in pages
        )
        self.draft.add_pages(math.ceil(more / FILES_PER_MESSAGE))
        self.settled = min(self.settled, len(self.draft) - 1)
