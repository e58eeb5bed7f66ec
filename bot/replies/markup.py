"""Reads a model's Markdown as far as cutting and closing it needs, and as Discord will show it.

Blocks and spans follow CommonMark where models do; the rest follows Discord, which knows only
fences of three backticks (and closes them at the next three) and quotes of one `> ` a line.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple

from bot.replies.spans import Act, Op, pair
from bot.replies.tokens import Token, find_run, read_tokens

ZERO_WIDTH_SPACE = "\u200b"


@dataclass(frozen=True, slots=True)
class Fence:
    """An open code block."""

    mark: str
    """The source's own run, which tells what closes it."""
    language: str
    quote: str
    """`> ` when the block stands in a quotation."""


@dataclass(frozen=True, slots=True)
class Context:
    """What is open at one place of the text."""

    fence: Fence | None = None
    line: str = ""
    """The marker that the rest of a cut line needs again: `> ` or `-# `."""
    spans: tuple[str, ...] = ()

    def opening(self) -> str:
        """What a page begins with to go on here."""
        if self.fence:
            return f"{self.fence.quote}```{self.fence.language}\n"
        return self.line + "".join(self.spans)

    def closing(self) -> str:
        """What a page ends with to stop here; a code block's goes on a line of its own."""
        if self.fence:
            return f"{self.fence.quote}```"
        return "".join(reversed(self.spans))


class Kind(Enum):
    """What a piece of text is, for one who looks for a place to cut."""

    TEXT = "text"
    ATOM = "atom"
    """Never cut: a link, mention, emoji, escape or list marker."""
    OPENER = "opener"
    """Opens a span."""
    CLOSER = "closer"
    NEWLINE = "newline"
    FENCE = "fence"
    """The line that opens a code block."""
    FENCE_END = "fence end"
    CODE = "code"
    """A line of a code block."""


class Piece(NamedTuple):
    """A stretch of the source and how Discord gets it."""

    start: int
    end: int
    shown: str
    kind: Kind
    context: Context
    """What is open after the piece."""


class Scan(NamedTuple):
    """A text in pieces."""

    source: str
    start: Context
    """What the page has to open first."""
    pieces: list[Piece]
    held: int
    """From this piece on it takes more text to know what it is; not to be shown yet."""
    safe: int
    """Pieces before this one stay as they are whatever follows."""


_FENCE = re.compile(
    r"(?P<lead>[ \t]*+)(?P<quote>(?:>[ ]?)*+)[ \t]*+(?P<run>`{3,}|~{3,})(?P<info>.{0,100})"
)
_FENCE_IN_LINE = re.compile(r"(?P<lead>.*[^`\\])(?P<run>`{3,})(?P<info>[\w+#.-]*)[ \t]*")
_FENCE_END = re.compile(r"[ \t]*+(?:>[ ]?)*+[ \t]*+(?P<run>`{3,}|~{3,})[ \t]*")
_PART_OF_FENCE_END = re.compile(r"[ \t]*+(?:>[ ]?)*+[ \t]*+(?:`+|~+)[ \t]*")
_LANGUAGE = re.compile(r"[\w+#.-]+")
_QUOTE = re.compile(r"[ \t]*(?:>[ ]?)+")
_QUOTE_BEGINS = re.compile(r"[ \t]*>")
_MARKER = re.compile(r"[ \t]*(?:#{1,6}|-\#|[-*+]|\d{1,9}[.)])[ \t]+")
_UNFINISHED_MARKER = re.compile(r"[ \t]*(?:#{1,6}|-#?|[*+]|>+|\d{1,3}[.)]?|-{2,}|_{2,})[ \t]*")
_BACKTICKS = re.compile("`{3,}")


def break_fences(text: str) -> str:
    """Keep backticks inside a code block from closing it in Discord."""
    if "```" not in text:
        return text
    return _BACKTICKS.sub(lambda run: ZERO_WIDTH_SPACE.join(run[0]), text)


def starts_block(source: str, at: int) -> bool:
    """Whether a line that began here would be read as a heading, list, quote or code block."""
    begins = _MARKER.match(source, at) or _QUOTE_BEGINS.match(source, at)
    return bool(begins or _FENCE.match(source, at))


def scan(
    source: str,
    start: Context,
    *,
    final: bool,
    known: Scan | None = None,
    certain: int | None = None,
) -> Scan:
    """Read a text that continues from `start`; `final` when no more of it comes.

    `known` is a scan of the same text when it was shorter; what was safe in it is not read again.
    Of the text only the first `certain` characters are sure to stay, if that is given.
    """
    reader = _Reader(source, start, final=final, certain=certain)
    reader.read(known)
    pieces = reader.pieces
    return Scan(source, reader.start, pieces, min(reader.held, len(pieces)), reader.safe)


class _Reader:
    """One pass over a text: code blocks line by line, everything else paragraph by paragraph."""

    def __init__(self, source: str, start: Context, *, final: bool, certain: int | None) -> None:
        self.source = source
        self.certain = len(source) if certain is None else certain
        self.start = start
        self.final = final
        self.pieces: list[Piece] = []
        self.held = sys.maxsize  # There can be more pieces than characters.
        self.safe = 0
        self.context = start

    def read(self, known: Scan | None) -> None:
        """Cut the source into pieces."""
        if known and known.safe:
            self.start = known.start
            self.pieces = known.pieces[: known.safe]
            self.context = self.pieces[-1].context
            at = self.pieces[-1].end
        else:
            at = self._end_carried_block()
        while at < len(self.source):
            if self._is_safe(at):
                self.safe = len(self.pieces)
            if self.context.fence:
                at = self._code_line(at, self.context.fence)
            elif opener := self._find_fence(at):
                at = self._open_fence(at, opener)
            else:
                at = self._paragraph(at)

    def _is_safe(self, at: int) -> bool:
        """Whether nothing that follows can change what was read before this line."""
        if at > self.certain:
            return False
        if self.context.fence:
            # A code block carried over may yet turn out to be empty and be left out.
            return not self.start.fence or not self.source[:at].isspace()
        after_blank = self.source[at - 2 : at] == "\n\n"
        return after_blank or bool(_MARKER.match(self.source, at, self.certain))

    def _add(self, end: int, kind: Kind, shown: str | None = None) -> None:
        start = self.pieces[-1].end if self.pieces else 0
        text = self.source[start:end] if shown is None else shown
        self.pieces.append(Piece(start, end, text, kind, self.context))

    def _hold(self) -> None:
        if not self.final:
            self.held = min(self.held, len(self.pieces))

    def _line_end(self, at: int) -> int:
        newline = self.source.find("\n", at)
        return len(self.source) if newline < 0 else newline

    def _newline(self, end: int) -> int:
        """Take the line's end, if it has come, and say where the next line begins."""
        if end == len(self.source):
            return end
        self.context = Context(self.context.fence, "", self.context.spans)
        self._add(end + 1, Kind.NEWLINE)
        return end + 1

    # Code blocks

    def _end_carried_block(self) -> int:
        """Leave out a code block that would be opened on this page only to be closed."""
        if not self.start.fence:
            return 0
        blank = re.match(r"(?:[ \t]*\n)*", self.source)
        at = blank.end() if blank else 0
        end = self._line_end(at)
        if not self._ends_fence(self.source[at:end], self.start.fence):
            return 0
        self.start = self.context = Context()
        self._add(end, Kind.FENCE_END, "")
        return self._newline(end)

    def _find_fence(self, at: int) -> re.Match[str] | None:
        end = self._line_end(at)
        if "```" not in (line := self.source[at:end]) and "~~~" not in line:
            return None
        found = _FENCE.fullmatch(self.source, at, end)
        if found and (found["run"][0] == "~" or "`" not in found["info"]):
            return found
        found = _FENCE_IN_LINE.fullmatch(self.source, at, end)
        return found if found and "```" not in found["lead"] else None

    def _open_fence(self, at: int, opener: re.Match[str]) -> int:
        end = opener.end()
        if opener.re is _FENCE_IN_LINE:
            self._inline(self._line_marker(at), opener.end("lead"), open_ended=False)
            shown, quote = "", self.context.line.replace("-# ", "")
        else:
            quote = "> " if opener["quote"] else ""
            shown = opener["lead"] + quote
        if end == len(self.source):
            self._hold()
            self._add(end, Kind.TEXT, break_fences(self.source[opener.start("run") : end]))
            return end
        info = opener["info"].strip()
        language = _LANGUAGE.match(info)
        fence = Fence(opener["run"], language[0] if language else "", quote)
        self.context = Context(fence)
        self._add(end + 1, Kind.FENCE, f"{shown}```{info.replace('`', '')}\n")
        return end + 1

    def _code_line(self, at: int, fence: Fence) -> int:
        end = self._line_end(at)
        line = self.source[at:end]
        if fence.quote and at and not line.lstrip().startswith(">"):
            self.context = Context()  # The quotation has ended, and its code block with it.
            self._add(at, Kind.FENCE_END, fence.quote + "```\n")
            return at
        if self._ends_fence(line, fence):
            self.context = Context()
            self._add(end, Kind.FENCE_END, fence.quote + "```")
            return self._newline(end)
        if end == len(self.source) and _PART_OF_FENCE_END.fullmatch(line):
            self._hold()
        after = min(end + 1, len(self.source))
        self._add(after, Kind.CODE, break_fences(self.source[at:after]))
        return after

    @staticmethod
    def _ends_fence(line: str, fence: Fence) -> bool:
        found = _FENCE_END.fullmatch(line)
        return bool(found and found["run"].startswith(fence.mark))

    # Paragraphs

    def _paragraph(self, at: int) -> int:
        """Read a line and those that continue it; a heading, quote or small line stands alone."""
        end = self._line_end(at)
        if not self.source[at:end].strip():
            self._add(end, Kind.TEXT)
            return self._newline(end)
        if end == len(self.source) and _UNFINISHED_MARKER.fullmatch(self.source, at, end):
            self._hold()
        text = self._line_marker(at)
        alone = bool(self.context.line) or self.source[at:text].lstrip().startswith("#")
        while not alone and end < len(self.source) and self._continues(end + 1):
            end = self._line_end(end + 1)
        ended = end < len(self.source) and (alone or end + 1 < len(self.source))
        self._inline(text, end, open_ended=not ended)
        return self._newline(end)

    def _continues(self, at: int) -> bool:
        end = self._line_end(at)
        line = self.source[at:end]
        return bool(line.strip()) and not starts_block(self.source, at) and not self._find_fence(at)

    def _line_marker(self, at: int) -> int:
        """Take what makes the line a quote, heading, list item or small line."""
        if at == 0 and self.start.line:
            return at
        if quote := _QUOTE.match(self.source, at):
            # Discord's `>>>` would take in all that follows; in Markdown it is one line.
            self.context = Context(None, "> ", self.context.spans)
            at = quote.end()
            self._add(at, Kind.ATOM, "> ")
        if marker := _MARKER.match(self.source, at):
            if marker[0].strip() == "-#":
                self.context = Context(None, "-# ", self.context.spans)
            at = marker.end()
            self._add(at, Kind.ATOM)
        return at

    def _inline(self, at: int, end: int, *, open_ended: bool) -> None:
        """Read one paragraph's words and spans."""
        carried = self.context.spans
        if carried and carried[-1][0] == "`":
            at = self._code_span(at, end, carried[-1], open_ended=open_ended)
            carried = self.context.spans
            if at == end and carried and carried[-1][0] == "`":
                return
        tokens = read_tokens(self.source, at, end, open_ended=open_ended)
        runs = [token.run for token in tokens if token.run]
        paired, closing = pair(runs, carried, open_ended=open_ended)
        ops = iter(paired)
        for token in tokens:
            self._words(token.start)
            if token.run:
                self._marks(token, next(ops), end=end, open_ended=open_ended)
            elif token.code:
                self._open_code(token, end, open_ended=open_ended)
            elif token.newline:
                self._newline(token.start)
            else:
                if token.unfinished:
                    self._hold()
                self._add(token.end, Kind.ATOM, break_fences(self.source[token.start : token.end]))
        if open_ended and end == len(self.source):
            self._hold_unfinished_line(at, end)
        self._words(end)
        for op in closing:
            self._mark(op, end)

    def _hold_unfinished_line(self, at: int, end: int) -> None:
        line = self.source.rfind("\n", at, end) + 1
        if line > at and _UNFINISHED_MARKER.fullmatch(self.source, line, end):
            self._words(line)
            self._hold()

    def _words(self, end: int) -> None:
        start = self.pieces[-1].end if self.pieces else 0
        if end > start:
            self._add(end, Kind.TEXT, break_fences(self.source[start:end]))

    def _marks(self, token: Token, ops: list[Op], *, end: int, open_ended: bool) -> None:
        waits = open_ended and token.end == end == len(self.source)
        if waits and all(op.act is not Act.CLOSE for op in ops):
            self._hold()
        at = token.start
        for op in ops:
            at += 0 if op.added else len(op.mark)
            self._mark(op, at)

    def _mark(self, op: Op, end: int) -> None:
        spans = self.context.spans
        kind = Kind.TEXT
        if op.act is Act.OPEN:
            spans, kind = (*spans, op.mark), Kind.OPENER
        elif op.act is Act.CLOSE:
            spans, kind = spans[:-1], Kind.CLOSER
        self.context = Context(None, self.context.line, spans)
        self._add(end, kind, op.mark)

    # Inline code

    def _open_code(self, token: Token, end: int, *, open_ended: bool) -> None:
        if open_ended and token.end == end == len(self.source):
            self._hold()
        self._mark(Op(Act.OPEN, token.code), token.end)
        self._code_span(token.end, end, token.code, open_ended=open_ended)

    def _code_span(self, at: int, end: int, run: str, *, open_ended: bool) -> int:
        """Take the rest of a span of inline code, and say where reading goes on."""
        close = find_run(self.source, run, at, end)
        text_end = end if close is None else close
        if text_end > at:
            self._add(text_end, Kind.TEXT, break_fences(self.source[at:text_end]))
        if close is not None:
            self._mark(Op(Act.CLOSE, run), close + len(run))
            return close + len(run)
        if not open_ended:
            apart = ZERO_WIDTH_SPACE if self.source[end - 1] == "`" else ""
            self._mark(Op(Act.CLOSE, apart + run, added=True), end)
        return end
