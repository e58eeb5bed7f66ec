"""Ids in Discord's form, and the times inside them."""

from __future__ import annotations

import time
from datetime import UTC, datetime

EPOCH_MS = 1_420_070_400_000  # the first second of 2015
_SEQUENCE_BITS = 22


class Snowflakes:
    """Makes ids: milliseconds since 2015 in the upper bits, and never the same one twice."""

    def __init__(self) -> None:
        self._last = 0
        self._sequence = 0

    def next(self) -> int:
        """Return an id that is greater than every one before it."""
        candidate = _moment(time.time())
        self._last = max(candidate, self._last + 1)
        return self._last

    def dated_back(self, seconds: float) -> int:
        """Return a unique id that says it was made that long ago; its upper half of a
        millisecond is never reached by those that are made in order."""
        self._sequence += 1
        half = 1 << _SEQUENCE_BITS - 1
        return _moment(time.time() - seconds) | half | self._sequence % half


def created_at(snowflake: int) -> datetime:
    """Read the time inside an id."""
    return datetime.fromtimestamp(((snowflake >> _SEQUENCE_BITS) + EPOCH_MS) / 1000, UTC)


def _moment(timestamp: float) -> int:
    return (int(timestamp * 1000) - EPOCH_MS) << _SEQUENCE_BITS
