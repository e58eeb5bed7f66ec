"""What a converter has put out and nobody has taken yet. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from bot.replies.drawing import Drawing
from bot.replies.markdown_inline import Piece


class Output:
    """Text and drawings in order; knows how to stay within a quotation."""

    def __init__(self) -> None:
        self.quote = ""
        """`> ` while what is put out stands in a quotation."""
        self.at_line_start = True
        self._pieces: list[Piece] = []
        self._after_break = False

    def empty_copy(self) -> Output:
        """One that goes on in the same place and has nothing to be taken."""
        other = Output()
        other.quote, other.at_line_start = self.quote, self.at_line_start
        other._after_break = self._after_break
        return other

    def take(self) -> list[Piece]:
        """Give away what there is, neighbouring texts joined."""
        taken: list[Piece] = []
        texts: list[str] = []
        for piece in self._pieces:
            if isinstance(piece, str):
                texts.append(piece)
                continue
            if texts:
                taken.append("".join(texts))
                texts.clear()
            taken.append(piece)
        if texts:
            taken.append("".join(texts))
        self._pieces.clear()
        return taken

    def show(self, text: str) -> None:
        """Put out text as it is."""
        if text:
            self._pieces.append(text)
            self.at_line_start = text.endswith("\n")

    def show_words(self, pieces: Iterable[Piece]) -> None:
        """Put out converted words, which may have line breaks and formulas in them.

        A dash behind such a break stays a dash: it could begin small print, which is the bot's own.
        """
        for piece in pieces:
            if isinstance(piece, Drawing):
                self.show_block(piece)
                self._after_break = False
            elif piece:
                if self._after_break and piece[0] == "-":
                    piece = "\\" + piece
                piece = piece.replace("\n-", "\n\\-")
                self._after_break = piece[-1] == "\n"
                self.show(piece.replace("\n", "\n" + self.quote) if self.quote else piece)

    def show_block(self, block: Piece) -> None:
        """Put out a drawing or whole lines, beginning on a new line."""
        if not self.at_line_start:
            self.show("\n")
        if isinstance(block, Drawing):
            self._pieces.append(replace(block, fallback=self._quoted(block.fallback)))
        else:
            self._pieces.append(self._quoted(block))
        self.at_line_start = True

    def end_line(self, end: str) -> None:
        """Put out a line feed, unless a formula or a break has just done that."""
        if not self.at_line_start:
            self.show(end)
        self._after_break = False

    def _quoted(self, text: str) -> str:
        if not self.quote:
            return text
        return "".join(self.quote + line for line in text.splitlines(keepends=True))
