"""Two gaps of discord.py 2.7.1 in how it comes back after a lost connection.

It resumes sessions that it never had: a connection that breaks between IDENTIFY and READY is
followed by a RESUME without a session, again and again, without a pause. And its pauses grow with
every failure that comes within 34 minutes of the last, up to 17 minutes, also when sessions lasted
in between: after a bad hour a bot is deaf although Discord is there.
"""

from __future__ import annotations

import asyncio
import math
import random
import time
from collections.abc import Callable
from typing import Any, ClassVar

import discord
from discord.gateway import DiscordWebSocket

LASTED_SECONDS = 120.0
"""An attempt takes up to 60; one that is followed by the next so soon brought no session that
lasted."""
LONGEST_PAUSE_SECONDS = 30.0
"""The library gives up a connection after 60."""


class Pauses:
    """How long to wait before connecting again: longer the more tries in a row were in vain."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._in_vain = 0
        self._tried_at = -math.inf

    def delay(self) -> float:
        """Seconds, none at first; shards that were lost together do not come back together."""
        now = self._now()
        again = now < self._tried_at + LASTED_SECONDS
        self._in_vain = min(self._in_vain + 1, 8) if again else 0
        pause = min(2.0**self._in_vain - 1, LONGEST_PAUSE_SECONDS)
        pause = random.uniform(pause / 2, pause)  # noqa: S311 - no secret
        self._tried_at = now + pause
        return pause


class Reidentifying(DiscordWebSocket):
    """Identifies where there is no session to resume, and not too often: Discord allows 1,000 a day
    (https://discord.com/developers/docs/events/gateway#session-start-limit-object)."""

    _pauses: ClassVar = Pauses()

    @classmethod
    async def from_client(cls, client: Any, **options: Any) -> Any:
        """Connect; `resume` without a session is none."""
        if "session" not in options:  # a start, or a return that the library delays by itself
            return await super().from_client(client, **options)
        if options["session"] is None:
            options["resume"] = False
            await asyncio.sleep(cls._pauses.delay())
        return await super().from_client(client, **options)


def install() -> None:
    """Let the library's shards connect so."""
    discord.shard.DiscordWebSocket = Reidentifying  # type: ignore[misc]  # names of the library
    discord.shard.ExponentialBackoff = Pauses  # type: ignore[attr-defined,assignment]
