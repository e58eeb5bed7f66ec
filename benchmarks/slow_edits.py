"""Whether the bot reads on while Discord takes ten seconds for every edit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from benchmarks.crowds import STREAM_SECONDS
from benchmarks.figures import Figure, Statistic, Target, Unit
from benchmarks.stage import Asked, Stage
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database

STREAMS = 3
DELAY_SECONDS = 10.0
_POLL_SECONDS = 0.005
_TARGET = (Target(Statistic.MAX, 100),)


async def play(stage: Stage) -> list[Figure]:
    """Let edits hang and look when each answer has been read.

    The sockets between gateway and bot would swallow a whole answer unread, so the gateway cannot
    tell. But the bot closes a turn in its database as soon as it has read the end.
    """
    discord = stage.discord
    refusals = len(discord.limits.refusals)
    discord.faults.delay("PATCH", "/channels/*/messages/*", DELAY_SECONDS)
    try:
        async with stage.quiet():
            asked = [await stage.ask(channel) for channel in stage.channels(STREAMS)]
            read_at = await _read_at(stage, asked, STREAM_SECONDS + DELAY_SECONDS)
            await stage.see_through(asked, STREAM_SECONDS + 3 * DELAY_SECONDS)
    finally:
        discord.faults.clear()
    called = [question for question in asked if question.call is not None]
    return [
        Figure(
            "stream beyond its pace",
            Unit.MILLISECONDS,
            [(q.upstream_last_at - q.upstream_first_at - STREAM_SECONDS) * 1000 for q in called],
            _TARGET,
        ),
        Figure(
            "answer read and stored",
            Unit.MILLISECONDS,
            [(read_at[q.channel_id] - q.upstream_last_at) * 1000 for q in called],
            _TARGET,
        ),
        Figure(
            "replies not exact",
            Unit.PIECES,
            [sum(not question.exact for question in asked)],
            (Target(Statistic.MAX, 0),),
        ),
        Figure(
            "429 answers",
            Unit.PIECES,
            [len(discord.limits.refusals) - refusals],
            (Target(Statistic.MAX, 0),),
        ),
    ]


async def _read_at(stage: Stage, asked: Sequence[Asked], seconds: float) -> dict[int, float]:
    """When the bot's database said of each channel that its answer is no longer being written."""
    ends = {question.channel_id: float("inf") for question in asked}
    began: set[int] = set()
    deadline = time.perf_counter() + seconds
    async with Database(stage.database_url) as database:
        store = SqlConversationStore(database)
        while any(end == float("inf") for end in ends.values()):
            now = time.perf_counter()
            if now > deadline:
                break
            writing = {turn.question.scope.channel_id for turn in await store.interrupted()}
            for channel_id in began - writing:
                ends[channel_id] = min(ends[channel_id], now)
            began |= writing
            await asyncio.sleep(_POLL_SECONDS)
    return ends
