"""Where a code block ends; nothing in it is changed. Pure."""

from __future__ import annotations

import re

FENCE = re.compile(r"[ \t]*(?P<run>`{3,}|~{3,})(?P<info>[^`\n]*|(?<=~)[^\n]*)")
_END = re.compile(r"[ \t]*+(?:>[ ]?)*+[ \t]*+(?P<run>`{3,}|~{3,})[ \t]*")
_PART_OF_END = re.compile(r"[ \t]*+(?:>[ ]?)*+[ \t]*+(?:`*|~*)[ \t]*")
_LONGEST_END = 100
"""Characters; a longer line is code, even if it only holds blanks so far."""


class CodeBlock:
    """An open code block; `quote` is set when it stands in a quotation and ends with it."""

    def __init__(self, run: str, quote: str, *, within_line: bool = False) -> None:
        self.ended = False
        self._run = run
        self._quote = quote
        self._within_line = within_line

    def copy(self) -> CodeBlock:
        """The same, to be read on its own."""
        return CodeBlock(self._run, self._quote, within_line=self._within_line)

    def read(self, text: str, *, final: bool) -> int:
        """How many characters of the text certainly belong to the block."""
        at = 0
        while at < len(text) and not self.ended:
            newline = text.find("\n", at)
            line = text[at:] if newline < 0 else text[at:newline]
            if not self._within_line:
                may_end = len(line) <= _LONGEST_END
                if newline < 0 and not final and may_end and _PART_OF_END.fullmatch(line):
                    break
                if self._quote and line and not line.lstrip().startswith(">"):
                    self.ended = True
                    break
                end = _END.fullmatch(line) if may_end else None
                self.ended = bool(end and end["run"].startswith(self._run))
            self._within_line = newline < 0
            at = len(text) if newline < 0 else newline + 1
        return at
