"""A model's Markdown on its way to pages of Discord's; what is better drawn waits for that."""

from __future__ import annotations

from collections import deque

from bot.i18n import _
from bot.replies.drawing import Drawing, DrawingKind
from bot.replies.footer import small
from bot.replies.markdown import DiscordMarkdown
from bot.replies.pages import Paginator


class Manuscript:
    """The answer's text, from what the model writes to pages.

    What follows a `wanted` drawing becomes final only once that is made or given up, so that
    text and pictures keep their order. Until then it is shown with the drawing's fallback.
    """

    def __init__(self) -> None:
        self._written: list[str] = []
        self._unread = 0
        """Where in `_written` the next reading begins."""
        self._markdown = DiscordMarkdown()
        self._waiting: deque[str | Drawing] = deque()
        self._pages = Paginator()
        self._marks: dict[str, int] = {}
        self._unmarked: list[int] = []
        """Pictures that stand behind the text so far."""
        self._has_words = False
        self._ended = False
        self._settled = False
        self._tail: str | None = ""

    @property
    def source(self) -> str:
        """The answer as the model wrote it."""
        return "".join(self._written)

    def write(self, text: str) -> None:
        """Add text; it is read when it is asked for."""
        if self._unmarked and text.strip():
            self._mark_pictures()
        self._has_words = self._has_words or not text.isspace()
        self._written.append(text)
        self._tail = None

    def picture(self, number: int) -> None:
        """A picture stands here; that is said if there are words before it and behind it."""
        if self._has_words:
            self._unmarked.append(number)

    def end(self) -> None:
        """No more text comes."""
        self._read()
        if not self._ended:
            self._ended = True
            self._tail = None
            self._waiting += self._markdown.close()
            self._flow()

    @property
    def wanted(self) -> Drawing | None:
        """The drawing that the text behind it waits for."""
        self._read()
        head = self._waiting[0] if self._waiting else None
        return head if isinstance(head, Drawing) else None

    def drawn(self, picture: int | None) -> None:
        """The wanted drawing is the reply's picture of that number, or cannot be made."""
        self._tail = None
        drawing = self._waiting.popleft()
        assert isinstance(drawing, Drawing)
        if picture is None:
            self._pages.feed(drawing.fallback)
        else:
            mark = _mark(drawing, picture)
            self._marks[mark.strip()] = picture
            self._pages.feed(mark)
        self._flow()

    @property
    def finished(self) -> list[str]:
        """The pages that do not change any more."""
        self._read()
        return self._pages.frozen

    @property
    def tail(self) -> str:
        """The page that is being written, as it should be shown now."""
        if self._tail is None:
            self._read()
            self._tail = self._preview()
        return self._tail

    def pictures_through(self, page: str) -> int:
        """The number of the last picture that a page of the answer speaks of; 0 if of none."""
        if not self._marks:
            return 0
        return max(self._marks.get(line.strip(), 0) for line in page.splitlines() or [""])

    def _mark_pictures(self) -> None:
        """End the paragraph and say which pictures stand here."""
        self._written.append("\n\n")
        self._read()
        self._waiting += self._markdown.close()
        self._markdown = DiscordMarkdown()
        for number in self._unmarked:
            [line] = small(_("Picture {number} below").format(number=number))
            self._marks[line] = number
            self._waiting.append(f"{line}\n")
        self._unmarked.clear()
        self._flow()

    def _preview(self) -> str:
        """The last page with what is not certain yet."""
        coming = "".join(
            piece.fallback if isinstance(piece, Drawing) else piece for piece in self._waiting
        )
        if not self._ended:
            coming += self._markdown.provisional
        return self._pages.tail_with(coming) if coming else self._pages.tail

    def _read(self) -> None:
        if self._unread < len(self._written):
            text = "".join(self._written[self._unread :])
            self._unread = len(self._written)
            self._waiting += self._markdown.feed(text)
            self._flow()

    def _flow(self) -> None:
        """Lay out what waits for no drawing."""
        while self._waiting and isinstance(self._waiting[0], str):
            self._pages.feed(self._waiting.popleft())  # type: ignore[arg-type]  # a str, see above
        if self._ended and not self._waiting and not self._settled:
            self._settled = True
            self._pages.close()


def _mark(drawing: Drawing, picture: int) -> str:
    """The line that stands in the text for a picture under it."""
    if drawing.kind is DrawingKind.TABLE:
        sentence = _("Table: picture {number} below").format(number=picture)
    else:
        sentence = _("Formula: picture {number} below").format(number=picture)
    quote = "> " if drawing.fallback.startswith("> ") else ""
    return "".join(f"{quote}{line}\n" for line in small(sentence))
