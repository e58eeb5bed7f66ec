"""Tables of GitHub's Markdown: read, aligned as a code block, or told as a list. No I/O."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from wcwidth import wcswidth

from bot.replies.drawing import ALT_LIMIT, Drawing, DrawingKind
from bot.replies.markdown_inline import convert, text_of
from bot.replies.markdown_references import References
from bot.replies.markup import break_fences

FITTING_COLUMNS = 44
"""What a phone held upright shows of a code block without wrapping is about 40 columns, a desktop
60 and more. A wrapped table is unreadable, while the picture of one can be enlarged."""

_DELIMITER = re.compile(r"[ \t]*+\|?[ \t]*+:?-+:?[ \t]*+(?:\|[ \t]*+:?-+:?[ \t]*+)*\|?[ \t]*+")
_PIPE = re.compile(r"(?<!\\)\|")
_LINK = re.compile(r"\[((?:[^\[\]\\]|\\.)*)\]\((?:<[^<>]*>|[^()\s]*(?:\([^()\s]*\)[^()\s]*)*)\)")
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)")
_MARKS = re.compile(r"(?<!\\)(\*\*\*|\*\*|__|~~|\|\||(?<!\w)[_*])(?=\S)(.*?\S)\1")
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")


class Align(Enum):
    """Where a column's text stands."""

    LEFT = "left"
    CENTER = "center"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Table:
    """A table's cells as Markdown or as plain text; every row has as many as there are columns."""

    header: tuple[str, ...]
    aligns: tuple[Align, ...]
    rows: tuple[tuple[str, ...], ...]


def is_delimiter(line: str) -> bool:
    """Whether this is the line under a table's header: `| --- | :-: |`."""
    return "|" in line and bool(_DELIMITER.fullmatch(line))


def has_cells(line: str) -> bool:
    """Whether a line may be a table's row."""
    return bool(_PIPE.search(line))


def read_table(header: str, delimiter: str, rows: list[str]) -> Table:
    """Read the lines of a table.

    A cell that a row has too many belongs to the last one: models forget to escape `|` in code.
    """
    heads = _cells(header)
    aligns = [_align(cell) for cell in _cells(delimiter)]
    count = max(len(heads), len(aligns))
    return Table(
        _fill(heads, count),
        (*aligns, *(Align.LEFT for _ in range(count - len(aligns)))),
        tuple(_fill(_cells(row), count) for row in rows),
    )


def plain_table(table: Table, references: References) -> Table:
    """The same with its cells in plain text."""

    def plain(cells: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(plain_cell(cell, references) for cell in cells)

    return Table(plain(table.header), table.aligns, tuple(plain(row) for row in table.rows))


def plain_cell(cell: str, references: References) -> str:
    """A cell's words without Markdown."""
    text = " ".join(text_of(convert(cell, references)).split())
    parts = _CODE.split(text)  # words, backticks, code, words, ...
    return "".join(
        part if index % 3 == 2 else _without_marks(part)
        for index, part in enumerate(parts)
        if index % 3 != 1
    )


def to_markdown(table: Table) -> str:
    """The table's source again, as `from_markdown` reads it."""
    marks = {Align.LEFT: "---", Align.CENTER: ":-:", Align.RIGHT: "--:"}
    lines = [table.header, tuple(marks[align] for align in table.aligns), *table.rows]
    return "\n".join(
        f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in line)} |" for line in lines
    )


def from_markdown(source: str) -> Table:
    """Read a table's source."""
    header, delimiter, *rows = source.split("\n")
    return read_table(header, delimiter, rows)


def width(text: str) -> int:
    """Columns of a fixed-width font; CJK and emoji take two."""
    return max(wcswidth(text), 0)


def aligned_lines(table: Table) -> list[str]:
    """The table of plain cells in a fixed-width font."""
    lines = [table.header, *table.rows]
    widths = [max(1, *(width(line[column]) for line in lines)) for column in range(len(lines[0]))]

    def show(line: tuple[str, ...]) -> str:
        cells = map(_pad, line, widths, table.aligns)
        return " | ".join(cells).rstrip()

    rule = "-+-".join("-" * columns for columns in widths)
    return [show(table.header), rule, *(show(row) for row in table.rows)]


def code_block(table: Table) -> str:
    """The table of plain cells as a code block, however wide."""
    return f"```\n{break_fences(chr(10).join(aligned_lines(table)))}\n```\n"


def bullet_list(table: Table, references: References) -> str:
    """The table as a list with one item for each row, its Markdown kept."""
    lines: list[str] = []
    heads = [plain_cell(head, references) for head in table.header]
    for row in table.rows:
        cells = [text_of(convert(cell, references)).replace("\n", " ") for cell in row]
        told = [
            f"**{head}:** {cell}" if head else cell
            for head, cell in zip(heads, cells, strict=True)
            if cell
        ]
        lines += [f"{'  ' if index else '- '}{line}" for index, line in enumerate(told)]
    if not lines:
        lines = ["- " + " · ".join(f"**{head}**" for head in heads if head)]
    return "\n".join(lines) + "\n"


def show_table(table: Table, references: References) -> str | Drawing:
    """A code block, or a picture of a table too wide for that."""
    plain = plain_table(table, references)
    if max(map(width, aligned_lines(plain))) <= FITTING_COLUMNS:
        return code_block(plain)
    alt = "; ".join(", ".join(row) for row in (plain.header, *plain.rows))
    if len(alt) > ALT_LIMIT:
        alt = alt[: ALT_LIMIT - 1] + "…"
    return Drawing(DrawingKind.TABLE, to_markdown(plain), alt, bullet_list(table, references))


def _cells(line: str) -> list[str]:
    line = line.strip()
    line = line[1:] if line.startswith("|") else line
    cells = [cell.strip().replace("\\|", "|") for cell in _PIPE.split(line)]
    return cells[:-1] if len(cells) > 1 and not cells[-1] else cells


def _fill(cells: list[str], count: int) -> tuple[str, ...]:
    if len(cells) > count:
        cells = [*cells[: count - 1], "|".join(cells[count - 1 :])]
    return (*cells, *("" for _ in range(count - len(cells))))


def _align(cell: str) -> Align:
    if cell.endswith(":"):
        return Align.CENTER if cell.startswith(":") else Align.RIGHT
    return Align.LEFT


def _pad(text: str, columns: int, align: Align) -> str:
    space = columns - width(text)
    left = {Align.LEFT: 0, Align.CENTER: space // 2, Align.RIGHT: space}[align]
    return " " * left + text + " " * (space - left)


def _without_marks(text: str) -> str:
    text = _LINK.sub(r"\1", text)
    while (bare := _MARKS.sub(r"\2", text)) != text:
        text = bare
    return _ESCAPE.sub(r"\1", text)
