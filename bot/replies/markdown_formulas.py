"""Where a display formula ends. Pure."""

from __future__ import annotations

import re
from typing import NamedTuple

from bot.replies.maths import is_maths

LONGEST_FORMULA = 4_000
"""Characters within which a display formula must end to be one."""

OPENING = re.compile(r"[ \t]*(?P<mark>\$\$|\\\[)")
AFTER = re.compile(r"[ \t]*[.,;]?[ \t]*")
"""A sentence's mark behind the formula, which would stand alone on a line."""

_ENDS = {"$$": re.compile(r"\$\$"), "\\[": re.compile(r"\\\]")}
_FENCE_END = re.compile(r"(?:^|\n)[ \t]*+(?:>[ ]?)*+[ \t]*+`{3,}[ \t]*(?=\n)")
_BLANK_LINE = re.compile(r"\n[ \t>]*\n")
_QUOTE = re.compile(r"\n[ ]{0,3}(?:>[ ]?)+")


class Formula(NamedTuple):
    """A formula and where the text goes on after it."""

    source: str
    end: int


class NoFormula(Exception):  # noqa: N818  # It is an answer, not a failure.
    """What looked like the beginning of a formula was none."""


def find_formula(text: str, mark: str, *, closed: bool) -> Formula | None:
    """The formula at the text's beginning; None while more text is needed.

    `mark` opened it: `$$`, a backslash with a bracket, or else a code block's first line.

    Raises:
        NoFormula: there is none.
    """
    in_fence = is_fence(mark)
    window = text[:LONGEST_FORMULA]
    # A code block that ends with the answer needs no line feed.
    searched = window + "\n" if in_fence and closed else window
    found = _ENDS.get(mark, _FENCE_END).search(searched)
    # LaTeX forbids blank lines in a display formula.
    blank = None if in_fence else _BLANK_LINE.search(window)
    if found and not (blank and blank.start() < found.start()):
        source = unquoted(window[: found.start()])
        if not is_maths(source):
            raise NoFormula
        return Formula(source, min(found.end(), len(window)))
    if blank or closed or len(window) == LONGEST_FORMULA:
        raise NoFormula
    return None


def is_fence(mark: str) -> bool:
    """Whether a code block's first line opened the formula."""
    return mark not in _ENDS


def unquoted(source: str) -> str:
    """The formula without the marks of the quotation it stands in."""
    return _QUOTE.sub("\n", source)
