"""A model's Markdown as it streams in, turned into what Discord renders. No I/O.

Lines are looked at from their beginning: once it is clear what a line is, its words go through
an `InlineReader` as they come. What must be seen whole waits: a table until it ends, a formula
until it is closed, and a paragraph's first line because the next may make it a heading.
"""

from __future__ import annotations

from enum import Enum

from bot.replies import markdown_lines as lines
from bot.replies.markdown_code import FENCE, CodeBlock
from bot.replies.markdown_formulas import (
    AFTER,
    OPENING,
    NoFormula,
    find_formula,
    is_fence,
    unquoted,
)
from bot.replies.markdown_inline import InlineReader, Piece, convert, text_of
from bot.replies.markdown_lines import Line
from bot.replies.markdown_links import DEFINITION
from bot.replies.markdown_output import Output
from bot.replies.markdown_references import References
from bot.replies.markdown_tables import GrowingTable
from bot.replies.maths import formula_block, formula_drawing
from bot.replies.tables import has_cells, is_delimiter

STEP = 1_000
"""Characters read at once."""


class _State(Enum):
    LINE = "at the beginning of a line"
    WORDS = "within a line"
    CODE = "in a code block"
    FORMULA = "in a display formula"


class DiscordMarkdown:
    """Converts Markdown that comes in pieces; how it is cut does not change the result."""

    def __init__(self) -> None:
        self._references = References()
        self._inline = InlineReader(self._references)
        self._nesting = lines.Nesting()
        self._state = _State.LINE
        self._text = ""
        """What has not been read yet."""
        self._searched = 0
        """How much of it is known not to hold what is being waited for."""
        self._closed = False
        self._preview = False
        self._block = CodeBlock("", "")
        self._opening = ""
        """What opened the formula, as it was written."""
        self._after_formula = False
        self._waiting: Line | None = None
        """A line that the next may make a heading or a table's header."""
        self._table: GrowingTable | None = None
        self._in_paragraph = False
        self._after_blank = True
        self._after_rule = False
        self._out = Output()

    def feed(self, delta: str) -> list[Piece]:
        """Add text; returns what can be shown of it for certain, in order."""
        for at in range(0, len(delta), STEP):  # An answer in one piece costs no more than a stream.
            self._text += delta[at : at + STEP]
            self._read()
        return self._out.take()

    def close(self) -> list[Piece]:
        """No more text comes; returns the rest."""
        self._closed = True
        self._read()
        if self._state is _State.WORDS:
            self._out.show_words(self._inline.end_line(preview=self._preview))
        elif self._state is _State.FORMULA and not self._preview:
            self._take_literally()
        self._release()
        return self._out.take()

    @property
    def provisional(self) -> str:
        """What to show for now of the text that is held back; it may yet change altogether."""
        preview = self._copy()
        preview._preview = True
        return "".join(
            piece if isinstance(piece, str) else piece.fallback for piece in preview.close()
        )

    def _copy(self) -> DiscordMarkdown:
        other = DiscordMarkdown()
        vars(other).update(vars(self))
        other._references = self._references.copy()
        other._inline = self._inline.copy(other._references)
        other._nesting = self._nesting.copy()
        other._block = self._block.copy()
        other._table = self._table.copy() if self._table else None
        other._out = self._out.empty_copy()
        return other

    def _show_line(self, prefix: str, text: str, end: str) -> None:
        """Put out a whole line, its words converted."""
        self._out.show(prefix)
        self._out.show_words(self._inline.feed(text))
        self._out.show_words(self._inline.end_line(preview=self._preview and not end))
        self._out.end_line(end)

    # What is read

    def _read(self) -> None:
        steps = {
            _State.LINE: self._line,
            _State.WORDS: self._words,
            _State.CODE: self._code,
            _State.FORMULA: self._display_formula,
        }
        while self._text and steps[self._state]():
            pass

    def _advance(self, size: int) -> None:
        self._text = self._text[size:]
        self._searched = 0

    def _line(self) -> bool:
        """Find out what a line is; False while more of it must come first."""
        line = lines.next_line(
            self._text, self._searched, in_table=self._table is not None, closed=self._closed
        )
        self._searched = len(self._text)
        if line is None:
            return False
        if self._table and self._row(self._table, line):
            return True
        if self._waiting and self._underline(self._waiting, line):
            return True
        self._release()
        if self._preview and not line.end and lines.UNFINISHED.fullmatch(line.text):
            self._advance(len(line.source))
            return False
        self._out.quote = line.quote
        if line.whole and not line.text.strip():
            self._blank(line)
            return True
        self._after_rule, after_blank = False, self._after_blank
        self._after_blank = False
        if not (self._marked(line, after_blank=after_blank) or self._definition(line)):
            self._paragraph(line)
        return True

    def _take(self, line: Line) -> None:
        """Be done with a line that was read as a whole."""
        self._advance(len(line.source) + len(line.end))

    def _go_on(self, line: Line, rest: str) -> None:
        """Leave the rest of a line to be read as words."""
        self._advance(len(line.source) - len(rest))
        self._state = _State.WORDS

    # Paragraphs, and what the line after makes of them

    def _paragraph(self, line: Line) -> None:
        prefix, words = self._indented(line)
        if not self._in_paragraph:
            self._inline.end_block()
            if not line.text[:2].isspace():
                self._nesting.end()
                prefix = line.quote + line.text[: len(line.text) - len(words)] + _guard(words)
        may_be_heading = not self._in_paragraph and not self._nesting.open
        if line.whole and (may_be_heading or has_cells(line.text)):
            self._waiting = line
            self._take(line)
        else:
            self._out.show(prefix)
            self._go_on(line, words)
            self._in_paragraph = True

    def _underline(self, above: Line, line: Line) -> bool:
        """Let a line make the one above it a heading or a table's header."""
        if not line.whole or line.quote != above.quote:
            return False
        half_delimiter = (
            self._preview and not line.end and lines.DELIMITER_PART.fullmatch(line.text)
        )
        if has_cells(above.text) and (is_delimiter(line.text) or half_delimiter):
            self._table = GrowingTable(above, line.text)
        elif (mark := lines.SETEXT.fullmatch(line.text)) and not self._in_paragraph:
            self._out.quote = above.quote
            level = "# " if mark["mark"][0] == "=" else "## "
            self._show_line(above.quote + level, above.text.strip(), line.end)
        else:
            return False
        self._waiting = None
        self._take(line)
        return True

    def _row(self, table: GrowingTable, line: Line) -> bool:
        """Let a line be a table's next row."""
        half_row = self._preview and not line.end and lines.DELIMITER_PART.fullmatch(line.text)
        if not (half_row or table.add(line)):
            return False
        if continuation := table.continuation():
            self._show_table(table)
            self._table = continuation
        self._take(line)
        return True

    def _release(self) -> None:
        """Show what has been waiting for the next line."""
        if self._table:
            self._show_table(self._table)
            self._table = None
        if self._waiting:
            line, self._waiting = self._waiting, None
            if self._preview and line.text.lstrip().startswith("|"):
                self._show_table(GrowingTable(line, "|-|"))
                return
            self._out.quote = line.quote
            self._show_line(*self._indented(line), line.end)
            self._in_paragraph = True

    def _indented(self, line: Line) -> tuple[str, str]:
        """The line's beginning as Discord should get it, and its words."""
        words = line.text.lstrip(" \t")
        indent = line.text[: len(line.text) - len(words)]
        return line.quote + self._nesting.text(indent) + _guard(words), words

    def _show_table(self, table: GrowingTable) -> None:
        self._out.quote = table.quote
        self._out.show_block(table.show(self._references))
        self._in_paragraph = False

    # Blocks of one line

    def _blank(self, line: Line) -> None:
        if not self._after_rule:
            self._out.show(line.source + line.end)
        self._after_blank = True
        self._in_paragraph = False
        self._inline.end_block()
        self._take(line)

    def _marked(self, line: Line, *, after_blank: bool) -> bool:
        """Read a line that begins with a mark of its own."""
        if line.whole and self._opens_code(line, line.text, line.source):
            return True
        if line.whole and lines.RULE.fullmatch(line.text):
            self._rule(line, after_blank=after_blank)
        elif line.whole and (heading := lines.HEADING.fullmatch(line.text)):
            if self._in_paragraph:
                # Some clients show no heading directly under a line of text.
                self._out.show(line.quote.strip() + "\n")
            text = lines.CLOSING_MARKS.sub("", heading["text"].strip())
            self._heading(line, len(heading["level"]), text)
        elif found := OPENING.match(line.text):
            self._open_formula(line, found["mark"], line.text[found.end() :])
        elif footnote := lines.FOOTNOTE.match(line.text):
            number = self._references.footnote(footnote["label"])
            self._out.show(f"{line.quote}-# {number} ")
            self._go_on(line, line.text[footnote.end() :])
        elif item := lines.ITEM.match(line.text):
            rest = line.text[item.end() :]
            self._item(line, item["indent"], item["marker"], item["box"])
            self._out.show(_guard(rest))
            if found := OPENING.match(rest):
                self._open_formula(line, found["mark"], rest[found.end() :])
            elif not (line.whole and self._opens_code(line, rest, rest)):
                self._go_on(line, rest)
            self._in_paragraph = True
            return True
        else:
            return False
        self._in_paragraph = False
        return True

    def _rule(self, line: Line, *, after_blank: bool) -> None:
        """Show a blank line: what follows a rule is a heading, or a change of subject.

        A line of dashes would be read out one by one by a screen reader.
        """
        if not after_blank:
            self._out.show("\n")
        self._after_blank = self._after_rule = True
        self._nesting.end()
        self._inline.end_block()
        self._take(line)

    def _heading(self, line: Line, level: int, text: str) -> None:
        self._inline.end_block()
        self._nesting.end()
        if level <= 3 or not text:
            self._show_line(f"{line.quote}{'#' * level} ", text, line.end)
        else:
            words = text_of(convert(text, self._references)).replace("**", "").strip()
            self._out.show(f"{line.quote}**{words}**{line.end}")
        self._take(line)

    def _item(self, line: Line, indent: str, marker: str, box: str | None) -> None:
        self._inline.end_block()
        level = self._nesting.item(lines.columns(indent))
        marker = "-" if marker == "+" else marker.replace(")", ".")
        self._out.show(f"{line.quote}{level}{marker} {lines.BOXES[box] + ' ' if box else ''}")

    def _definition(self, line: Line) -> bool:
        """Keep a link's target; its line is shown only if the link came first."""
        found = lines.LONG.match(line.text) and DEFINITION.fullmatch(line.text)
        if not found or not line.whole or self._in_paragraph:
            return False
        if not self._references.define(found["label"], found["url"]):
            self._out.show(line.source + line.end)
        self._take(line)
        return True

    def _words(self) -> bool:
        """Pass the rest of a line through the inline reader."""
        if self._after_formula:
            found = AFTER.match(self._text)
            assert found
            if found.end() == len(self._text) and not self._closed:
                return False
            self._after_formula = False
            self._advance(found.end())
        text, newline, _rest = self._text.partition("\n")
        self._out.show_words(self._inline.feed(text))
        self._advance(len(text) + len(newline))
        if newline or self._closed:
            self._out.show_words(self._inline.end_line(preview=self._preview and not newline))
            self._out.end_line(newline)
            self._state = _State.LINE
            if len(self._inline.open_code) >= 3:  # Discord takes it for the beginning of a block.
                self._begin_code(self._inline.open_code)
        return True

    # Code blocks

    def _opens_code(self, line: Line, text: str, shown: str) -> bool:
        fence = FENCE.fullmatch(text)
        if not fence:
            return False
        self._inline.end_block()
        if fence["info"].strip().lower() == "math":
            self._opening, self._state = shown + line.end, _State.FORMULA
        else:
            self._out.show(shown + line.end)
            self._begin_code(fence["run"])
        self._take(line)
        return True

    def _code(self) -> bool:
        """Pass code as it is."""
        size = self._block.read(self._text, final=self._closed and not self._preview)
        self._out.show(self._text[:size])
        self._advance(size)
        if self._block.ended:
            self._state = _State.LINE
        return self._block.ended

    def _begin_code(self, run: str) -> None:
        self._inline.end_block()
        self._block = CodeBlock(run, self._out.quote)
        self._state = _State.CODE

    # Display formulas

    def _open_formula(self, line: Line, mark: str, rest: str) -> None:
        self._inline.end_block()
        self._opening, self._state = mark, _State.FORMULA
        self._advance(len(line.source) - len(rest))

    def _display_formula(self) -> bool:
        """Look for the end of a formula."""
        try:
            formula = find_formula(
                self._text, self._opening, closed=self._closed and not self._preview
            )
        except NoFormula:
            self._take_literally()
            return True
        if formula:
            self._out.show_block(formula_drawing(formula.source))
            self._after_formula, self._state = not is_fence(self._opening), _State.WORDS
            self._advance(formula.end)
        elif self._preview:
            self._out.show_block(formula_block(unquoted(self._text)))
        return formula is not None

    def _take_literally(self) -> None:
        """Show what opened no formula after all."""
        if is_fence(self._opening):
            self._out.show(self._opening)
            self._begin_code("```")
        else:
            self._out.show((self._out.quote if self._out.at_line_start else "") + self._opening)
            self._state = _State.WORDS


def _guard(words: str) -> str:
    """What stands in front of words that Discord would print small, so that it does not."""
    return "\\" if lines.SMALL.match(words) else ""
