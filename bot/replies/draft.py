"""What a reply shall show, page by page. No I/O, no Discord."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from bot.chat.events import SourcesFound
from bot.chat.turns import Ending
from bot.i18n import _
from bot.replies.footer import small, source_lines, under
from bot.replies.pages import Paginator, unseen


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
    pictures: bool
    """Whether pictures that have no message yet may go here."""
    finished: bool
    """Whether it stays like this."""


class Draft:
    """The answer so far and what stands under it."""

    def __init__(self) -> None:
        self.ending: Ending | None = None
        self.thinking: int | None = None
        """Seconds the model has been thinking, once that is worth saying."""
        self._pages = Paginator()
        self._pending: list[str] = []
        self._sources: SourcesFound | None = None
        self._notices: list[str] = []
        self._stopped: tuple[int, str] | None = None
        self._book: list[str] | None = None
        self._text_pages = 0

    def write(self, text: str) -> None:
        """Add text; it is read when a page is asked for."""
        self._pending.append(text)

    def cite(self, sources: SourcesFound) -> None:
        """Set the sources."""
        self._sources = sources

    def notice(self, sentence: str) -> None:
        """Add a line under the answer."""
        self._notices.append(sentence)

    @property
    def closed(self) -> bool:
        """Whether all pages are known."""
        return self._book is not None

    def __len__(self) -> int:
        """How many pages there are so far."""
        if self._book is not None:
            return len(self._book)
        self._read()
        return len(self._pages.frozen) + 1

    def page(self, index: int) -> Page:
        """What that page shall show now."""
        if self._book is not None:
            last = index == len(self._book) - 1
            return Page(
                self._book[index],
                Buttons.ENDED if last else Buttons.NONE,
                pictures=index >= self._text_pages - 1,
                finished=True,
            )
        self._read()
        if index < len(self._pages.frozen):
            return Page(self._pages.frozen[index], Buttons.NONE, pictures=False, finished=True)
        content = self._pages.tail
        if not content and index == 0 and self.thinking is not None:
            content = "-# " + _("Thinking for {seconds} s").format(seconds=self.thinking)
        return Page(content, Buttons.GROWING, pictures=True, finished=False)

    def close(self, *, pictures: bool, picture_pages: int = 0) -> None:
        """Fix all pages after the ending is set.

        `pictures` says whether the reply has any; `picture_pages` are messages for those that
        find no room beside the text.
        """
        assert self.ending is not None
        self._read()
        self._pages.close()
        pages, last = self._pages.frozen, self._pages.tail
        lines: list[str] = []
        if self._stopped is not None:
            index, last = self._stopped
            pages = pages[:index]
        for sentence in self._notices:
            lines += small(sentence)
        if last or pages:
            lines += small(self.ending.words)
        elif self.ending.words:
            last = self.ending.words  # Alone it need not be small.
        elif not pictures:
            last = _("The model gave no answer.")
        if self._sources is not None:
            lines += source_lines(self._sources)
        book = pages + under(last, lines)
        if len(book) > 1 and not book[-1] and not pictures:
            book.pop()
        self._text_pages = len(book)
        self._book = book + [""] * picture_pages

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

    def _read(self) -> None:
        if self._pending:
            self._pages.feed("".join(self._pending))
            self._pending.clear()
