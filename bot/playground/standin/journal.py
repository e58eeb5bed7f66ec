"""What the stand-in was asked, kept for assertions and measurements."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from multidict import CIMultiDict


class Outcome(StrEnum):
    """How a call ended."""

    RUNNING = "running"
    COMPLETE = "complete"
    REFUSED = "refused"
    """Answered with an error status."""
    CUT = "cut"
    """We broke it off on purpose."""
    ABANDONED = "abandoned"
    """The caller left before the end."""


@dataclass(slots=True)
class ReceivedCall:
    """One request; times are `time.perf_counter()` seconds."""

    method: str
    path: str
    query: dict[str, str]
    headers: CIMultiDict[str]
    body: Any
    """The parsed JSON body, or None."""
    received_at: float
    first_byte_at: float | None = None
    last_byte_at: float | None = None
    events_sent: int = 0
    status: int | None = None
    outcome: Outcome = Outcome.RUNNING
    ended: asyncio.Event = field(default_factory=asyncio.Event)
