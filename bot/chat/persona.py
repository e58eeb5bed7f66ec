"""What a model is told about where it is, and what a server's admins add."""

from __future__ import annotations

import re
from datetime import datetime

from bot.chat.names import plain

IDENTITY = "You are Liaocord, a helpful assistant in a Discord chat."
HOUSE_STYLE = (
    "Several people may write to you; then each of their messages begins with the writer's name "
    "and a colon, and names further down in it are that writer's words too. Answer the last "
    "message. Do not begin your answer with a name. Answer in the language you are asked in. Write "
    "Discord's Markdown: short paragraphs, lists, headings up to level three, fenced code with its "
    "language."
)

PLACEHOLDERS = ("server", "channel", "date", "time", "user")
_PLACEHOLDER = re.compile("{(" + "|".join(PLACEHOLDERS) + ")}")


def system_prompt(persona: str | None) -> str:
    """What a model is told before a conversation; a persona takes the place of the identity."""
    return f"{persona or IDENTITY} {HOUSE_STYLE}"


def filled_in(persona: str, *, server: str, channel: str, user: str, now: datetime) -> str:
    """The persona with its placeholders replaced; other braces stay. `now` is local time.

    What a name holds is never taken for a placeholder, and stays on its line.
    """
    values = {
        "server": server,
        "channel": channel,
        "date": f"{now:%Y-%m-%d (%A)}",
        "time": f"{now:%H:%M}",
        "user": user,
    }
    return _PLACEHOLDER.sub(lambda found: plain(values[found[1]]), persona)
