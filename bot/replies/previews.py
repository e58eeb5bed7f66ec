"""Links without preview cards, for the one message that cannot carry SUPPRESS_EMBEDS.

discord.py 2.7.1 has no argument for message flags when an interaction's deferred response is
edited; Discord shows no card for an address in angle brackets.
"""

from __future__ import annotations

import re

from bot.replies.pages import units

MESSAGE_LENGTH = 2_000
"""Discord's limit."""

_ADDRESS = re.compile(
    r"""
      (?P<keep>```.*?(?:```|\Z) | `[^`\n]*` | <[^<>\s]*>)  # code, and what is bracketed already
    | (?<=\]\()(?P<masked>https?://[^\s<>()]+)(?=\))
    | (?<![\w/])(?<!\]\()(?P<bare>https?://[^\s<>()\[\]|*`~]*[^\s<>()\[\]|*`~.,:;!?'"_\\])
    """,
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


def without_previews(content: str) -> str:
    """The same page with its addresses in angle brackets; as it was where that is too long."""
    if "://" not in content:
        return content
    quiet = _ADDRESS.sub(
        lambda found: found["keep"] or f"<{found['masked'] or found['bare']}>", content
    )
    return quiet if units(quiet) <= MESSAGE_LENGTH else content
