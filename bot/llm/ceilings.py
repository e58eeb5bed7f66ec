"""What an answer may bring at most: whatever is more, no model says and nobody can read."""

from __future__ import annotations

from typing import Annotated

import msgspec

from bot.chat.events import ImageReady, ReasoningDelta, TextDelta
from bot.errors import OverlongError, Upstream
from bot.llm.call import Call
from bot.llm.linked import Found, ImageLinked

MAX_CHARACTERS = 2_000_000
"""Of words and of thoughts together: 128,000 tokens of output, the most that any model writes, are
600,000 characters of prose and seldom more than twice as many of anything else."""
MAX_EVENTS = 500_000
"""On the wire. A token makes one event, and some gateways add empty ones."""
MAX_PICTURES = 32
"""Drafts are not among them, and one is usual."""
MAX_CALLS = 32
"""Of tools; one to four are usual."""
MAX_CALL_CHARACTERS = 64 * 1024
"""Of all those calls together, with their names; a drawing order has some hundred."""
MAX_SOURCES = 200
"""Links an answer rests on; 5 are usual."""
MOST_TOKENS = 100_000_000
"""In one figure of a usage report: a hundred times the largest window. What all calls of a reply
report together still fits a column of 32 bits."""

Tokens = Annotated[int, msgspec.Meta(ge=0, le=MOST_TOKENS)]
"""A figure on the wire; with any other in it, a report says nothing."""


class Ceilings:
    """Counts what one answer brings.

    Each method raises `OverlongError` when it is too much.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._events = 0
        self._characters = 0
        self._pictures = 0

    def count_wire_event(self) -> None:
        """Note that an event came, whatever it holds."""
        self._events += 1
        if self._events > MAX_EVENTS:
            raise overlong("too many events", self._call)

    def count(self, event: Found) -> None:
        """Note what an event brings."""
        match event:
            case TextDelta(text) | ReasoningDelta(text):
                self._characters += len(text)
                if self._characters > MAX_CHARACTERS:
                    raise overlong("too many characters", self._call)
            case ImageReady() | ImageLinked():
                self._pictures += 1
                if self._pictures > MAX_PICTURES:
                    raise overlong("too many pictures", self._call)


class ToolCeiling:
    """Counts the calls of tools that one answer brings, in either dialect and before they are
    decoded.

    Each method raises `OverlongError` when it is too much.
    """

    def __init__(self, call: Call) -> None:
        self._call = call
        self._calls = 0
        self._characters = 0

    def begin(self) -> None:
        """Note that another call begins."""
        self._calls += 1
        if self._calls > MAX_CALLS:
            raise overlong("too many calls of tools", self._call)

    def add(self, characters: int) -> None:
        """Note so much more of a call."""
        self._characters += characters
        if self._characters > MAX_CALL_CHARACTERS:
            raise overlong("too long calls of tools", self._call)


def overlong(what: str, call: Call) -> OverlongError:
    """Our exception for an answer that has to be ended."""
    upstream = Upstream(host=call.host, status=call.status, request_id=call.request_id)
    return OverlongError(what, upstream=upstream, billable=True)
