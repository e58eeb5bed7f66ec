"""What a line of Markdown begins with. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.replies.tables import has_cells

LINE_START = 100
"""Characters that tell what a line is. A longer one is no heading by underline."""
LONGEST_ROW = 2_000
"""Characters of a table's row; a longer line is taken for text."""

QUOTE = re.compile(r"[ ]{0,3}(?:>[ ]?)+")
HEADING = re.compile(r"[ ]{0,3}(?P<level>#{1,6})(?P<text>(?:[ \t].*)?)")
CLOSING_MARKS = re.compile(r"(?:^|(?<![ \t])[ \t]+)#+$")
SETEXT = re.compile(r"[ ]{0,3}(?P<mark>=+|-+)[ \t]*")
SMALL = re.compile(r"-#(?=\s)")
"""Discord's small print, which no other Markdown has: under an answer it is the bot that speaks."""
RULE = re.compile(r"[ ]{0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})")
ITEM = re.compile(
    r"(?P<indent>[ \t]*)(?P<marker>[-*+]|\d{1,9}[.)])[ \t]+(?:\[(?P<box>[ xX])\][ \t]+)?(?=\S)"
)
FOOTNOTE = re.compile(r"[ ]{0,3}\[\^(?P<label>[^\s\[\]]+)\]:[ \t]*")
UNFINISHED = re.compile(
    r"[ \t]*+(?:[#=|:]+|-\#?|[*+_-]+|>+|\d{1,9}[.)]?"
    r"|(?:[-*+]|\d{1,9}[.)])[ \t]+\[[ xX]?\]?|`+[\w+#.-]*|~+[\w+#.-]*|\[|\\|\$+)?[ \t]*+"
)
"""A line that may yet turn into something that shows no characters of it."""
BOXES = {" ": "☐", "x": "☑", "X": "☑"}
NESTING = 4
"""How many levels of a list Discord sets apart on a phone; deeper items stand on the last."""
DELIMITER_PART = re.compile(r"[ \t|:-]*")
LONG = re.compile(r"[ ]{0,3}(?:\[[^\[\]]+\]:|#{4,6}[ \t])")
"""What must be seen whole, as far as a line goes: definitions, and headings that become bold."""


class Line(NamedTuple):
    """A line, or the beginning of one that is too long to be anything but text."""

    source: str
    quote: str
    """`> ` when it stands in a quotation; Discord knows one level of it."""
    text: str
    """What stands behind the marks of the quotation."""
    whole: bool
    end: str
    """The line feed, where there is one."""


def next_line(text: str, searched: int, *, in_table: bool, closed: bool) -> Line | None:
    """The text's first line as far as it must be known; None until that much of it is there.

    In the first `searched` characters there is no line feed.
    """
    newline = text.find("\n", searched)
    source = text if newline < 0 else text[:newline]
    start = source[:LINE_START]
    limit = LONGEST_ROW if in_table or has_cells(start) or LONG.match(start) else LINE_START
    whole = len(source) <= limit
    if whole and newline < 0 and not closed:
        return None
    source = source[:limit]
    quote = QUOTE.match(source)
    return Line(
        source=source,
        quote="> " if quote else "",
        text=source[quote.end() :] if quote else source,
        whole=whole,
        end="\n" if whole and newline >= 0 else "",
    )


def columns(indent: str) -> int:
    """How far an indentation reaches; a tab counts as four."""
    return len(indent.expandtabs(4))


class Nesting:
    """The levels of a list by the indentation of its items."""

    def __init__(self, indents: tuple[int, ...] = ()) -> None:
        self._indents = indents

    @property
    def open(self) -> bool:
        """Whether a list has begun and not ended."""
        return bool(self._indents)

    def copy(self) -> Nesting:
        """The same, to be changed on its own."""
        return Nesting(self._indents)

    def item(self, indent: int) -> str:
        """The indentation of an item, two spaces for each level that Discord shows.

        CommonMark wants nested items below their parent's text; models are satisfied with two
        columns, and so is Discord.
        """
        outer = tuple(level for level in self._indents if level + 2 <= indent)
        self._indents = (*outer, indent)
        return "  " * min(len(outer), NESTING - 1)

    def text(self, indent: str) -> str:
        """The indentation of a line that continues an item."""
        inside = sum(level + 2 <= columns(indent) for level in self._indents)
        return "  " * min(inside, NESTING) if inside else indent

    def end(self) -> None:
        """Leave the list."""
        self._indents = ()
