"""The small lines that a growing reply shows about itself."""

from __future__ import annotations

import re

import discord

from bot.i18n import _

_MARK = "-# "
_DRAWING = _MARK + "⏳ "
_THOUGHT = _MARK + "💭 "
_THOUGHT_LENGTH = 180
_SENTENCE_END = re.compile(r"(?<=[.!?。！？])\s+|\n+")


def thinking_line(seconds: int) -> str:
    """Shown while there is nothing to read yet."""
    return _MARK + _("Thinking for {seconds} s").format(seconds=seconds)


def drawing_line(seconds: int, ready: int, wanted: int) -> str:
    """Shown while pictures are being made."""
    if wanted == 1:
        return _DRAWING + _("Making the picture: {seconds} s").format(seconds=seconds)
    return _DRAWING + _("Making pictures: {ready} of {wanted} ready, {seconds} s").format(
        ready=ready, wanted=wanted, seconds=seconds
    )


def thought_line(thoughts: str) -> str:
    """The model's newest whole thought, its Markdown made harmless; empty when there is none."""
    said = [piece.strip(" \t*#_`>-") for piece in _SENTENCE_END.split(thoughts)]
    newest = next((piece for piece in reversed(said) if piece), "")
    if not newest:
        return ""
    if len(newest) > _THOUGHT_LENGTH:
        newest = newest[: _THOUGHT_LENGTH - 1] + "…"
    return _THOUGHT + discord.utils.escape_markdown(newest)


def without_progress(page: str) -> str:
    """A growing page without the lines about its progress, in whatever language."""
    lines = page.split("\n")
    while lines and lines[-1].startswith((_DRAWING, _THOUGHT)):
        lines.pop()
    if len(lines) == 1 and lines[0].startswith(_MARK):
        return ""
    return "\n".join(lines)


def file_line() -> str:
    """Shown under the last page that a reply may have, while it grows beyond it."""
    return _MARK + _("The rest is being written into a file.")


def without_file_line(page: str) -> str:
    """The page without that line, as far as it speaks today's language."""
    return page.removesuffix(file_line()).rstrip("\n")
