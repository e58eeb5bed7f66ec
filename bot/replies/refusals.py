"""Requests that Discord refused: too many of them, and it bans the machine's address.

Discord's limit is 10,000 answers of 401, 403 or 429 (scope `shared` excepted) in ten minutes
(https://discord.com/developers/docs/topics/rate-limits#invalid-request-limit-aka-cloudflare-bans).
"""

from __future__ import annotations

import logging
from collections import deque

import aiohttp

from bot.chat.ports import Clock

log = logging.getLogger(__name__)

MOST_REFUSED = 2_000
"""A fifth of what Discord bears: other programs may share the address."""
WINDOW_SECONDS = 600.0
CLOSED_SECONDS = 300.0
"""How long a channel is left alone where the bot may not write."""
MOST_CLOSED = 10_000
COUNTED = frozenset({401, 403, 429})


class HeldBackError(aiohttp.ClientError):
    """The request was not sent: too many were refused of late."""


class Refusals:
    """Counts refused requests, holds all back while there were too many, and remembers channels
    where the bot may not write."""

    def __init__(self, clock: Clock, *, most: int = MOST_REFUSED) -> None:
        self._clock = clock
        self._most = most
        self._times: deque[float] = deque()
        self._closed: dict[int, float] = {}
        self._told = False

    def note(self, status: int, scope: str) -> None:
        """Count an answer of Discord's, if it is one that counts."""
        if status in COUNTED and scope != "shared":
            self._times.append(self._clock.now())

    def check(self) -> None:
        """Make sure that a request may be sent.

        Raises:
            HeldBackError: too many were refused in the last ten minutes.
        """
        while self._times and self._times[0] <= self._clock.now() - WINDOW_SECONDS:
            self._times.popleft()
        if len(self._times) < self._most:
            self._told = False
            return
        if not self._told:
            self._told = True
            log.error(
                "Discord refused %d requests in ten minutes; none are sent for a while; "
                "check the bot's token and permissions",
                len(self._times),
            )
        raise HeldBackError("too many requests were refused")

    def close(self, channel_id: int) -> None:
        """Leave a channel alone for some minutes: the bot may not write there."""
        if len(self._closed) >= MOST_CLOSED:
            self._closed.clear()
        self._closed[channel_id] = self._clock.now() + CLOSED_SECONDS

    def is_closed(self, channel_id: int) -> bool:
        """Whether a channel is left alone."""
        until = self._closed.get(channel_id)
        if until is None:
            return False
        if self._clock.now() >= until:
            del self._closed[channel_id]
            return False
        return True
