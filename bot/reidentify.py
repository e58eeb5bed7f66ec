"""A gap of discord.py 2.7.1: it resumes sessions that it never had.

A connection that breaks between IDENTIFY and READY is followed by a RESUME without a session, again
and again, without a pause. Where there is nothing to resume the bot has to identify, and not too
often: Discord allows 1,000 a day
(https://discord.com/developers/docs/events/gateway#session-start-limit-object).
"""

from __future__ import annotations

import asyncio
import math
from typing import Any, ClassVar

import discord
from discord.gateway import DiscordWebSocket

TOGETHER_SECONDS = 60.0
"""Attempts that follow each other faster belong together: none of their sessions lasted."""
LONGEST_PAUSE_SECONDS = 30.0
"""The library gives up a connection after 60."""


class Reidentifying(DiscordWebSocket):
    """Identifies where there is no session to resume; more slowly the longer none comes about."""

    _in_vain: ClassVar[int] = 0
    _last_at: ClassVar[float] = -math.inf

    @classmethod
    async def from_client(cls, client: Any, **options: Any) -> Any:
        """Connect; `resume` without a session is none."""
        if "session" not in options:  # a start, or a return that the library delays by itself
            return await super().from_client(client, **options)
        if options["session"] is None:
            options["resume"] = False
            await cls._pause()
        return await super().from_client(client, **options)

    @classmethod
    async def _pause(cls) -> None:
        now = asyncio.get_running_loop().time()
        again = now < cls._last_at + TOGETHER_SECONDS
        in_vain = min(cls._in_vain + 1, 8) if again else 0
        Reidentifying._in_vain, Reidentifying._last_at = in_vain, now
        await asyncio.sleep(min(2.0**in_vain - 1, LONGEST_PAUSE_SECONDS))


def install() -> None:
    """Let the library's shards connect so."""
    discord.shard.DiscordWebSocket = Reidentifying  # type: ignore[misc]  # a name of the library
