"""The text of an answer, read back from the messages that show it. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from bot.replies.small_print import without_file_line, without_progress

_FENCE = re.compile(r"^(?:> )?```[^\s`]*$", re.MULTILINE)


def readable(page: str) -> str:
    """What a growing page says of the answer, without our own small print."""
    return without_file_line(without_progress(page))


def transcript(pages: Iterable[str]) -> str:
    """Join pages to one text; a code block that was cut between two of them becomes whole."""
    text = opening = ""
    for page in filter(None, pages):
        if opening and text.endswith("```") and page.startswith(opening):
            text = text[: text.rindex("\n")] + page.removeprefix(opening.rstrip("\n"))
        else:
            text += ("\n" if text else "") + page
        # Opening and closing lines take turns.
        openings = [found[0] for found in _FENCE.finditer(page)][::2]
        opening = openings[-1] + "\n" if openings else ""
    return text
