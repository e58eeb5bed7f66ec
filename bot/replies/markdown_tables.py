"""A table whose rows are still coming in. Pure."""

from __future__ import annotations

from bot.replies.markdown_inline import Piece
from bot.replies.markdown_lines import Line
from bot.replies.markdown_references import References
from bot.replies.tables import has_cells, read_table, show_table

LONGEST_TABLE = 6_000
"""Characters after which a table is shown and goes on as another with the same header."""


class GrowingTable:
    """The lines of a table; how wide its columns are is known only when the last has come."""

    def __init__(self, header: Line, delimiter: str, rows: tuple[Line, ...] = ()) -> None:
        self._header = header
        self._delimiter = delimiter
        self._rows = [*rows]
        self.size = sum(len(row.text) for row in rows)
        """Characters of its rows."""

    def copy(self) -> GrowingTable:
        """The same, to be changed on its own."""
        return GrowingTable(self._header, self._delimiter, tuple(self._rows))

    def add(self, row: Line) -> bool:
        """Add a row, unless the line is none and so ends the table."""
        if not row.whole or row.quote != self._header.quote or not has_cells(row.text):
            return False
        self._rows.append(row)
        self.size += len(row.text)
        return True

    def continuation(self) -> GrowingTable | None:
        """The table to go on with when this one has become too long."""
        return GrowingTable(self._header, self._delimiter) if self.size > LONGEST_TABLE else None

    @property
    def quote(self) -> str:
        """The quotation's mark it stands behind."""
        return self._header.quote

    def show(self, references: References) -> Piece:
        """A code block or a drawing."""
        rows = [row.text for row in self._rows]
        return show_table(read_table(self._header.text, self._delimiter, rows), references)
