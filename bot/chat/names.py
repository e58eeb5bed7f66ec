"""Names that people, servers and gateways choose, made harmless before anybody or any model reads
them. Pure.

A name is one line of visible characters: it cannot begin another line, turn the text around it
(Unicode's bidirectional controls, UAX #9), or hide letters that only a model reads.
"""

from __future__ import annotations

import re
import unicodedata

NAME_LENGTH = 100
"""Longer than Discord's names of people, servers, channels and roles may be."""

_JOINERS = "\u200c\u200d"
_VARIATIONS = "\ufe0e\ufe0f"
_EMOJI = frozenset({"So", "Sk", "Sm", "Cn"})
"""Symbols, and those that are younger than this Python's Unicode."""
# Letters and symbols by their category, but drawn as nothing.
_BLANK = frozenset("\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_HIDDEN = re.compile("[\u034f\u2065\ufe00-\ufe0d\ufff0-\ufff8\U000e0000-\U000e0fff]")
"""Joins and variants that no emoji needs, and tags, which spell whole sentences invisibly."""
_COLONS = re.compile("[:\u02d0\u05c3\u2236\ua789\ufe13\ufe30\ufe55\uff1a]")
"""What looks like the mark behind a speaker's name."""


def plain(name: str, limit: int = NAME_LENGTH) -> str:
    """The name on one line, without what cannot be seen; perhaps empty.

    Joiners stay where they are written: within emoji, and in scripts that need them.
    """
    seen = "".join(_seen(name, at) for at in range(len(name)))
    words = " ".join(seen.split())
    return words if len(words) <= limit else words[: limit - 1].rstrip() + "…"


def speaking(name: str) -> str:
    """The name as it stands before a colon and what its bearer says; perhaps empty."""
    return plain(_COLONS.sub(" ", name))


def _seen(text: str, at: int) -> str:
    char = text[at]
    if char in _JOINERS:
        return char if 0 < at < len(text) - 1 and _joins(text[at - 1], text[at + 1]) else ""
    if char in _BLANK:
        return " "
    if char.isspace():
        return " "
    match unicodedata.category(char):
        case "Cc":
            return " "
        case "Cf":
            return ""
        case "Cs":
            return "\N{REPLACEMENT CHARACTER}"
        case _:
            return "" if _HIDDEN.match(char) else char


def _joins(before: str, after: str) -> bool:
    if "\u0600" <= before <= "\u18ff" and "\u0600" <= after <= "\u18ff":
        return True  # Arabic, the scripts of India, Mongolian: they change a letter's shape.
    is_emoji = before in _VARIATIONS or unicodedata.category(before) in _EMOJI
    return is_emoji and unicodedata.category(after) in _EMOJI
