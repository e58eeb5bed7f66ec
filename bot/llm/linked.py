"""A picture that an answer only links to."""

from __future__ import annotations

from dataclasses import dataclass

from bot.chat.events import Event


@dataclass(frozen=True, slots=True)
class ImageLinked:
    """To be downloaded at once: such links expire. Never leaves the gateway room."""

    url: str
    alt: str
    source: str
    """The text that stands for it when it cannot be downloaded."""


Found = Event | ImageLinked
"""What reading an answer brings."""
