"""What a reply shall show, page by page. No I/O, no Discord."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from bot.chat.events import SourcesFound
from bot.chat.turns import Ending
from bot.i18n import _
from bot.replies.drawing import Drawing
from bot.replies.footer import small, source_lines, under
from bot.replies.manuscript import Manuscript
from bot.replies.pages import PAGE_UNITS, Paginator, units, unseen
from bot.replies.small_print import file_line

ALL_PICTURES = sys.maxsize


class Buttons(Enum):
    """The buttons under a page."""

    UNKNOWN = "unknown"
    """Those of a message that an earlier reply left."""
    NONE = "none"
    GROWING = "growing"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Page:
    """What one message shall show."""

    content: str
    buttons: Buttons
    pictures: int
    """Pictures up to this number go here, if they have no message yet."""
    finished: bool
    """Whether it stays like this."""


class Draft:
    """The answer so far and what stands under it."""

    def __init__(self, max_pages: int) -> None:
        self.ending: Ending | None = None
        self.progress: list[str] = []
        """Small lines about what the model is doing, for the page that is being written."""
        self._max_pages = max_pages
        self._text = Manuscript()
        self._sources: SourcesFound | None = None
        self._notices: list[str] = []
        self._stopped: tuple[int, str] | None = None
        self._cut_page: str | None = None
        self._book: list[str] | None = None
        self._text_pages = 0

    def write(self, text: str) -> None:
        """Add text; it is read when a page is asked for."""
        self._text.write(text)

    def picture(self, number: int) -> None:
        """The reply's picture of that number belongs behind the text so far."""
        self._text.picture(number)

    def cite(self, sources: SourcesFound) -> None:
        """Set the sources."""
        self._sources = sources

    def notice(self, sentence: str) -> None:
        """Add a line under the answer."""
        self._notices.append(sentence)

    @property
    def wanted(self) -> Drawing | None:
        """Something that is better drawn, if the text behind it waits for that."""
        if self.ending is not None:
            self._text.end()
        return self._text.wanted

    def drawn(self, picture: int | None) -> None:
        """The wanted drawing is the picture of that number, or cannot be made."""
        self._text.drawn(picture)

    @property
    def source(self) -> str:
        """The whole answer as the model wrote it."""
        return self._text.source

    @property
    def overflows(self) -> bool:
        """Whether the answer has more pages than it may have messages."""
        return self._stopped is None and self._count > self._max_pages

    @property
    def closed(self) -> bool:
        """Whether all pages are known."""
        return self._book is not None

    def __len__(self) -> int:
        """How many pages there are so far."""
        if self._book is not None:
            return len(self._book)
        return min(len(self._text.finished) + 1, self._max_pages)

    def page(self, index: int) -> Page:
        """What that page shall show now."""
        if self._book is not None:
            last = index == len(self._book) - 1
            content = self._book[index]
            return Page(
                content,
                Buttons.ENDED if last else Buttons.NONE,
                ALL_PICTURES
                if index >= self._text_pages - 1
                else self._text.pictures_through(content),
                finished=True,
            )
        finished = self._text.finished
        if index < min(len(finished), self._max_pages - 1):
            content = finished[index]
            pictures = self._text.pictures_through(content)
            return Page(content, Buttons.NONE, pictures, finished=True)
        return Page(self._last_page(index), Buttons.GROWING, ALL_PICTURES, finished=False)

    def close(self, *, pictures: bool, notes: Sequence[str] = ()) -> None:
        """Fix all pages after the ending is set and nothing is `wanted`.

        `pictures` says whether the reply has any, `notes` are sentences about them.
        """
        assert self.ending is not None
        pages, last = list(self._text.finished), self._text.tail
        if self._stopped is not None:
            index, last = self._stopped
            pages = pages[:index]
        lines: list[str] = []
        if self.overflows:
            sentence = _("The whole answer has {count} pages; it is in the attached file.")
            lines += small(sentence.format(count=self._count))
            last = pages[self._max_pages - 1] if len(pages) >= self._max_pages else last
            pages = pages[: self._max_pages - 1]
        for sentence in (*notes, *self._notices):
            lines += small(sentence)
        if last or pages:
            lines += small(self.ending.words)
        elif self.ending.words:
            last = self.ending.words  # Alone it need not be small.
        elif not pictures:
            last = _("The model gave no answer.")
        lines += small(self.ending.facts)
        if self._sources is not None:
            lines += source_lines(self._sources)
        if self.overflows:
            last = _curtailed(last, lines)
        book = pages + under(last, lines)
        if len(book) > 1 and not book[-1] and not pictures:
            book.pop()
        self._text_pages = len(book)
        self._book = book

    def add_pages(self, count: int) -> None:
        """Add pages for pictures that find no room beside the text."""
        assert self._book is not None
        self._book += [""] * count

    def reopen(self) -> None:
        """Let the pages be fixed anew."""
        self._book = None

    def stop_at(self, index: int, shown: str, sentence: str) -> None:
        """Show no more of the answer than that page's `shown`, and say why."""
        self._stopped = (index, shown)
        self._notices.append(sentence)
        self.reopen()

    def move_rest(self, index: int, shown: str) -> None:
        """Leave a page as its message shows it; what it lacks becomes a page after it."""
        assert self._book is not None
        self._book.insert(index + 1, unseen(self._book[index], shown))
        self._text_pages += 1

    @property
    def _count(self) -> int:
        """How many pages the answer has."""
        return len(self._text.finished) + bool(self._text.tail)

    def _last_page(self, index: int) -> str:
        if index < len(self._text.finished):
            if self._cut_page is None:
                lines = [file_line()]
                [self._cut_page] = under(_curtailed(self._text.finished[index], lines), lines)
            return self._cut_page
        content = self._text.tail
        with_progress = "\n".join([*([content] if content else ()), *self.progress])
        return with_progress if units(with_progress) <= PAGE_UNITS else content


def _curtailed(page: str, lines: Sequence[str]) -> str:
    """As much of a page as leaves room for the lines under it, or half of it."""
    room = max(PAGE_UNITS - units("\n".join(["", *lines])), PAGE_UNITS // 2)
    pages = Paginator(limit=room)
    pages.feed(page)
    pages.close()
    return pages.frozen[0] if pages.frozen else pages.tail
