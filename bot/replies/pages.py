"""Pages of a growing text: finished ones never change, only the last one moves. No I/O."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from copy import copy
from enum import IntEnum
from itertools import takewhile
from typing import NamedTuple

import regex  # type: ignore[import-untyped]  # it ships no types

from bot.replies.markup import (
    ZERO_WIDTH_SPACE,
    Context,
    Kind,
    Piece,
    Scan,
    break_fences,
    scan,
    starts_block,
)

PAGE_UNITS = 2_000
"""Discord's limit; how it counts is not documented, so the page counts UTF-16 code units."""
LOOKAHEAD_UNITS = 200
"""How much text beyond a full page decides where it is cut."""
_LONGEST_INDENTATION = 200
_STEP = 2_000
"""Characters taken at once."""


def units(text: str) -> int:
    """The length of a text in UTF-16 code units, the largest of the usual counts."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


class Paginator:
    """Divides a text that comes in pieces into pages of Discord Markdown.

    Where a page is cut depends only on the text up to `LOOKAHEAD_UNITS` beyond it, never on how
    the text was fed, and once that much is there the page is finished.
    """

    def __init__(self, limit: int = PAGE_UNITS) -> None:
        self.frozen: list[str] = []
        """Finished pages."""
        self._limit = limit
        self._start = Context()
        self._source = ""
        self._units = 0
        self._due = limit + LOOKAHEAD_UNITS
        self._closed = False
        self._known: Scan | None = None
        self._provisional = 0
        """How many characters at the end may yet change."""
        self._tail: str | None = ""

    def feed(self, text: str) -> None:
        """Add text."""
        for at in range(0, len(text), _STEP):  # What follows a page is copied when that is cut.
            self._append(text[at : at + _STEP])
            self._freeze_full_pages()

    def close(self) -> None:
        """No more text comes; what is left over becomes pages, the last of them the tail."""
        self._closed = True
        self._tail = None
        while True:
            self._freeze_full_pages()
            window = self._scan(self._source, final=True)
            if (cut := _choose(window, self._limit)) is None:
                return
            self._freeze(window, cut)

    @property
    def tail(self) -> str:
        """The last page as it should be shown now; empty while there is nothing to read."""
        if self._tail is None:
            window = self._scan(self._source, final=self._closed)
            cut = _choose(window, self._limit)
            if cut is None:
                self._tail = _compose(window.start, window.pieces[: window.held])
            else:
                self._tail = _compose(window.start, _before(window, cut))
        return self._tail

    def tail_with(self, coming: str) -> str:
        """The last page as it should be shown with text after it that may yet change."""
        pages = copy(self)
        pages.frozen = []
        pages._provisional = len(coming)
        pages.feed(coming)
        if pages.frozen:
            return pages.frozen[0]
        tail = pages.tail
        self._known = pages._known  # What is certain in it need not be read again.
        return tail

    def _freeze_full_pages(self) -> None:
        while self._units >= self._due:
            window = self._scan(_prefix(self._source, self._due), final=False)
            if (cut := _choose(window, self._limit)) is None:
                # The page shows shorter than it is written. Of blanks there is no end, and each
                # look is at all of them.
                self._due += max(LOOKAHEAD_UNITS, self._due // 8)
            else:
                self._freeze(window, cut)

    def _scan(self, source: str, *, final: bool) -> Scan:
        self._known = scan(
            source,
            self._start,
            final=final,
            known=self._known,
            certain=len(self._source) - self._provisional,
        )
        return self._known

    def _append(self, text: str) -> None:
        if not self._source and not self._start.fence:
            text = text.lstrip()  # Discord trims a message's outer whitespace.
        self._source += text
        self._units += units(text)
        self._tail = None

    def _freeze(self, window: Scan, cut: _Cut) -> None:
        rest = self._source[cut.offset :]
        if page := _compose(window.start, _before(window, cut)):
            self.frozen.append(page)
        else:
            rest = rest[_blanks(rest) :]
        self._source, self._units = "", 0
        self._start = cut.context
        self._known = None
        self._due = self._limit + LOOKAHEAD_UNITS
        self._append(rest)


class _Rank(IntEnum):
    """How good a place is to end a page."""

    ANYWHERE = 0
    IN_SPAN = 1
    WORD = 2
    SENTENCE = 3
    NESTED = 4
    LINE = 5
    PARAGRAPH = 6


class _Cut(NamedTuple):
    offset: int
    """Where in the source the next page begins."""
    whole: int
    """How many pieces come before it undivided."""
    context: Context
    rank: _Rank
    used: int
    """Units on the page so far, without what closes it."""


# A better place counts only if it leaves the page at least this full.
_FULL_ENOUGH = 0.5
# Rather than to cut a span, a page may even be this empty.
_NEARLY_EMPTY = 0.1

_BREAK = regex.compile(
    r"""
      (?P<sentence> [.!?\N{HORIZONTAL ELLIPSIS}]+ ["'\p{Pe}\p{Pf}]* \s+
        | [\N{IDEOGRAPHIC FULL STOP}\N{FULLWIDTH EXCLAMATION MARK}\N{FULLWIDTH QUESTION MARK}]
          [\p{Pe}\p{Pf}]* \s* )
    | (?P<word> \s+ | [\N{FULLWIDTH COMMA}\N{IDEOGRAPHIC COMMA}\N{FULLWIDTH SEMICOLON}] )
    """,
    regex.VERBOSE | regex.REVERSE,  # The last place is the best.
)
_GRAPHEME = regex.compile(r"\X")
_BLANK_LINE = regex.compile(r"[ \t]*\n")
_BIG_BLOCK = regex.compile(r"[ \t]*(?:\#{1,6}[ \t]|`{3}|~{3})")
_NESTED_ITEM = regex.compile(r"[ \t]{2,}\S")
_DIVISIBLE = {Kind.TEXT, Kind.ATOM, Kind.CODE}


def _choose(window: Scan, limit: int) -> _Cut | None:
    """Where to end the page, or None when all of the window fits on it."""
    if units(_compose(window.start, window.pieces)) <= limit:
        return None
    steps = _steps(window, limit)
    enough = limit * _FULL_ENOUGH
    lines = takewhile(lambda cut: cut.used >= enough, _lines(window, steps))
    line = max(lines, key=lambda cut: (cut.rank, cut.used), default=None)
    if line and line.rank > _Rank.SENTENCE:
        return line
    clean: _Cut | None = None
    in_span: _Cut | None = None
    for cut in _lines_and_words(window, steps):
        if cut.rank is _Rank.IN_SPAN:
            in_span = in_span or cut
        elif clean is None or (cut.rank > clean.rank and cut.used >= enough):
            clean = cut
        if clean and (clean.rank is _Rank.SENTENCE or cut.used < enough):
            break
    if clean and clean.used >= limit * _NEARLY_EMPTY:
        return clean
    return in_span or _anywhere(window, steps)


class _Step(NamedTuple):
    """A piece on the page."""

    piece: Piece
    used: int
    """Units in front of it."""
    size: int
    room: int
    """Units that the page may take with it, without what closes it."""


def _steps(window: Scan, limit: int) -> list[_Step]:
    """The pieces that fit on the page and the first that does not."""
    steps: list[_Step] = []
    opening = window.start.opening()
    used = units(opening) + opening.endswith("`")  # backticks may have to be kept apart
    context, room = None, limit
    for piece in window.pieces:
        if piece.context is not context:
            # A code block is closed on a line of its own, backticks may have to be kept apart.
            context, closing = piece.context, piece.context.closing()
            room = limit - units(closing) - closing.startswith(("`", ">"))
        size = units(piece.shown)
        steps.append(_Step(piece, used, size, room))
        used += size
        if used > room:
            break
    return steps


def _lines(window: Scan, steps: list[_Step]) -> Iterator[_Cut]:
    """The places after whole pieces, those that leave the page fullest first."""
    for index in range(len(steps) - 2, -1, -1):
        if (rank := _rank_after(window, index)) is not None:
            piece, used, size, _room = steps[index]
            yield _Cut(piece.end, index + 1, piece.context, rank, used + size)


def _lines_and_words(window: Scan, steps: list[_Step]) -> Iterator[_Cut]:
    """All places but those within words, those that leave the page fullest first."""
    lines = _lines(window, steps)
    line = next(lines, None)
    for index in range(len(steps) - 1, -1, -1):
        if line and line.whole == index + 1:
            yield line
            line = next(lines, None)
        if steps[index].piece.kind is Kind.TEXT:
            yield from _words(window, index, steps[index])


def _words(window: Scan, index: int, step: _Step) -> Iterator[_Cut]:
    """The places between the words of a piece, the last first."""
    piece, used, _size, room = step
    text = window.source[piece.start : piece.end]
    places = list(_BREAK.finditer(text))
    at, total = 0, used
    totals: list[int] = []
    for found in reversed(places):  # None of them is within a row of backticks.
        total += units(break_fences(text[at : found.end()]))
        totals.append(total)
        at = found.end()
    for found, total in zip(places, reversed(totals), strict=True):
        end = found.end()
        if total <= room and not _splits_badly(window.source, piece.start + end):
            rank = _Rank.SENTENCE if found["sentence"] else _Rank.WORD
            if piece.context.spans:
                rank = _Rank.IN_SPAN
            yield _Cut(piece.start + end, index, piece.context, rank, total)


def _rank_after(window: Scan, index: int) -> _Rank | None:
    """How good it is to cut after a whole piece; None when that is no place to cut."""
    piece, source = window.pieces[index], window.source
    if piece.kind is Kind.CODE:
        if not piece.shown.strip():
            return None
        after = (window.pieces[at] for at in range(index + 1, len(window.pieces)))
        rest = (p for p in after if p.kind is not Kind.CODE or p.shown.strip())
        following = next(rest, None)
        ends = following is None or following.kind is Kind.FENCE_END
        return None if ends else _Rank.LINE
    if not piece.shown.endswith("\n") or piece.kind is Kind.FENCE:
        return None
    if piece.context.spans:
        return _Rank.IN_SPAN
    if source[piece.start - 1 : piece.start] == "\n" or _BLANK_LINE.match(source, piece.end):
        return _Rank.PARAGRAPH
    if _BIG_BLOCK.match(source, piece.end):
        return _Rank.PARAGRAPH
    return _Rank.NESTED if _NESTED_ITEM.match(source, piece.end) else _Rank.LINE


def _anywhere(window: Scan, steps: list[_Step]) -> _Cut:
    """Cut the piece that does not fit between two graphemes, or in front of it."""
    index = len(steps) - 1
    piece, used, _size, room = steps[index]
    # A grapheme takes at least one unit: what lies further does not fit.
    text = window.source[piece.start : min(piece.end, piece.start + max(room - used, 0) + 1)]
    if piece.kind in _DIVISIBLE:
        ends = [found.end() for found in _GRAPHEME.finditer(text)]
        fitting = bisect_right(ends, room, key=lambda end: used + units(break_fences(text[:end])))
        for end in reversed(ends[:fitting]):
            if not _splits_badly(window.source, piece.start + end):
                return _Cut(piece.start + end, index, piece.context, _Rank.ANYWHERE, used)
        if fitting:
            at = piece.start + ends[fitting - 1]
            return _Cut(at, index, piece.context, _Rank.ANYWHERE, used)
    if piece.start:
        before = steps[index - 1].piece.context if index else window.start
        return _Cut(piece.start, index, before, _Rank.ANYWHERE, used)
    # One grapheme larger than a page: no good place is left.
    size = max(1, (room - used) // 2)
    return _Cut(min(size, piece.end), index, piece.context, _Rank.ANYWHERE, used)


def _splits_badly(source: str, at: int) -> bool:
    """Whether a page would begin with something that means more there than in mid-line."""
    if source[at - 1] == "\\" or source[at : at + 1] in {"`", "~"} or starts_block(source, at):
        return True
    grapheme = _GRAPHEME.match(source, at - 1)
    return grapheme is not None and grapheme.end() > at


def _before(window: Scan, cut: _Cut) -> list[Piece]:
    pieces = window.pieces[: cut.whole]
    if cut.whole < len(window.pieces):
        piece = window.pieces[cut.whole]
        if cut.offset > piece.start:
            shown = break_fences(window.source[piece.start : cut.offset])
            pieces.append(piece._replace(end=cut.offset, shown=shown))
    return pieces


def _compose(start: Context, pieces: list[Piece]) -> str:
    """The page of these pieces, everything open in them closed."""
    end = len(pieces)
    while end and _dangles(pieces[end - 1]):
        end -= 1
    body = "".join([piece.shown for piece in pieces[:end]])
    if not body.strip():
        return ""
    context = pieces[end - 1].context
    text = _join(start.opening(), body)
    if context.fence:
        return text + ("" if text.endswith("\n") else "\n") + context.closing()
    return _join(text.strip(), context.closing())


def _join(left: str, right: str) -> str:
    """Put marks beside text; backticks that do not belong together are kept apart."""
    apart = left.endswith("`") and right.startswith("`")
    return left + (ZERO_WIDTH_SPACE if apart else "") + right


def _dangles(piece: Piece) -> bool:
    """Whether a page that ended with this piece would open something with nothing in it."""
    kind = piece.kind
    if kind is Kind.CODE:
        return not piece.shown.strip()
    return kind is Kind.OPENER or kind is Kind.FENCE


def _blanks(text: str) -> int:
    """How many characters to leave out after a page of nothing but blanks in code: not the
    indentation of what follows, unless that alone is longer than anybody sees."""
    words = len(text) - len(text.lstrip())
    line = text.rfind("\n", 0, words) + 1
    return line if words - line <= _LONGEST_INDENTATION else words


def _prefix(text: str, size: int) -> str:
    """The shortest beginning of a text that has this many units."""
    if text.isascii():
        return text[:size]
    counted = 0
    for index, character in enumerate(text):
        counted += 2 if character > "\uffff" else 1
        if counted >= size:
            return text[: index + 1]
    return text


def unseen(page: str, seen: str) -> str:
    """What a page says beyond what a reader has `seen` of it, as a page of its own."""
    pairs = enumerate(zip(page, seen, strict=False))
    common = next((i for i, (a, b) in pairs if a != b), min(len(page), len(seen)))
    at = common
    if page[common : common + 1].strip():
        at = max(page.rfind("\n", 0, common), page.rfind(" ", 0, common)) + 1
    context = Context()
    for piece in scan(page, context, final=True).pieces:
        if piece.start >= at:
            break
        context = piece.context
    rest = page[at:].strip() if not context.fence else page[at:]
    return context.opening() + rest if rest.strip() else ""
