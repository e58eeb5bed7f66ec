"""Discord and the gateway in this process, the bot in another, and a watch on every reply."""

from __future__ import annotations

import asyncio
import gc
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from benchmarks import floor
from benchmarks.answers import ANSWER, CHARACTERS, DELTAS
from benchmarks.bot_process import BotProcess, database_url, running_bot, settings
from benchmarks.floor import Floor
from bot.playground.discord import (
    Change,
    ChangeKind,
    Channel,
    LoopbackDiscord,
    LoopbackSettings,
    Message,
)
from bot.playground.discord.default_world import BOT_ID, GUILD_ID, MIRA_ID
from bot.playground.discord.state import ChannelKind
from bot.playground.standin import ReceivedCall, StandInGateway

DELTAS_PER_SECOND = 60.0
HEARTBEAT_SECONDS = 0.5
"""Far more often than Discord asks, so that a short scenario sees enough of them."""
START_SECONDS = 60.0
WARM_UP_REPLIES = 3
IDLE_SECONDS = 3.0
_FLOOR_CHANNELS = 5
_GLOBAL_WINDOW_SECONDS = 1.0
_CALLS_REMEMBERED = 1_000


@dataclass(eq=False)
class Asked:
    """A question and what became of it; all times are seconds of one clock."""

    channel_id: int
    tag: str
    at: float
    reply: Message | None = None
    call: ReceivedCall | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when Discord shows the whole answer and no Stop button under it."""

    @property
    def exact(self) -> bool:
        """Whether Discord shows the answer, all of it and nothing else."""
        return self.reply is not None and self.reply.content == ANSWER

    @property
    def upstream_first_at(self) -> float:
        """When the gateway sent its first byte."""
        assert self.call is not None
        assert self.call.first_byte_at is not None
        return self.call.first_byte_at

    @property
    def upstream_last_at(self) -> float:
        """When the gateway sent its last byte."""
        assert self.call is not None
        assert self.call.last_byte_at is not None
        return self.call.last_byte_at

    @property
    def visible_at(self) -> list[float]:
        """When Discord showed another text than before, the first time included."""
        assert self.reply is not None
        times, shown = [], ""
        for revision in self.reply.history:
            if revision.content != shown:
                times.append(revision.at)
                shown = revision.content
        return times

    @property
    def complete_at(self) -> float:
        """When Discord first showed the whole answer."""
        assert self.reply is not None
        return next(r.at for r in self.reply.history if r.content == ANSWER)

    @property
    def longest_gap(self) -> float:
        """The longest time without a visible update while text flowed."""
        end = self.upstream_last_at
        times = [at for at in self.visible_at if at < end] + [end]
        return max((b - a for a, b in pairwise(times)), default=0.0)


class Stage:
    """Where the scenarios play."""

    def __init__(
        self, discord: LoopbackDiscord, gateway: StandInGateway, bot: BotProcess, folder: Path
    ) -> None:
        self.discord = discord
        self.gateway = gateway
        self.bot = bot
        self.database_url = database_url(folder)
        self.floor = Floor(0.0, 0.0)
        self.idle_cpu = 0.0
        """Processor seconds a second that the bot uses for nothing."""
        self._asked: dict[int, Asked] = {}
        self._numbers = 0
        discord.world.listen(self._hear)

    def channels(self, count: int) -> list[int]:
        """Make new channels, whose buckets are full and whose conversations are empty."""
        world = self.discord.world
        made = [
            Channel(world.ids.next(), ChannelKind.TEXT, "bench", guild_id=GUILD_ID)
            for _ in range(count)
        ]
        return [world.add_channel(channel).id for channel in made]

    async def ask(self, channel_id: int) -> Asked:
        """Mention the bot."""
        self._numbers += 1
        tag = f"#{self._numbers:05d}"
        at = time.perf_counter()
        question = await self.discord.person(MIRA_ID).send(
            channel_id, f"<@{BOT_ID}> How do the tides work? {tag}"
        )
        asked = self._asked[question.id] = Asked(channel_id, tag, at)
        return asked

    async def see_through(self, questions: Sequence[Asked], seconds: float) -> None:
        """Wait for every reply's end, at most so long, and find the call behind each."""
        await asyncio.wait(
            [asyncio.create_task(asked.over.wait()) for asked in questions], timeout=seconds
        )
        calls = {_tag(call): call for call in self.gateway.calls if call.body is not None}
        for asked in questions:
            asked.call = calls.get(asked.tag)

    @asynccontextmanager
    async def quiet(self) -> AsyncIterator[None]:
        """Measure inside this: the servers collect no garbage, the global limit is untouched."""
        await asyncio.sleep(_GLOBAL_WINDOW_SECONDS)
        gc.collect()
        gc.disable()
        try:
            yield
        finally:
            gc.enable()

    async def settle(self) -> None:
        """Measure what the wire costs, let the bot grow warm, measure what it costs idle.

        Raises:
            RuntimeError: the bot does not answer as it should.
        """
        self.floor = await floor.measure(
            self.discord.api_url, self.discord.token, self.channels(_FLOOR_CHANNELS), ANSWER
        )
        await asyncio.sleep(_GLOBAL_WINDOW_SECONDS)
        warm = [await self.ask(channel) for channel in self.channels(WARM_UP_REPLIES)]
        await self.see_through(warm, DELTAS / DELTAS_PER_SECOND + 10)
        if not all(asked.exact for asked in warm):
            log = "\n".join(self.bot.log_lines()[-5:])
            raise RuntimeError(f"the bot does not answer as it should; it said last:\n{log}")
        before = self.bot.cpu_seconds()
        await asyncio.sleep(IDLE_SECONDS)
        self.idle_cpu = (self.bot.cpu_seconds() - before) / IDLE_SECONDS

    def _hear(self, change: Change) -> None:
        message = change.payload
        if not isinstance(message, Message) or message.author_id != BOT_ID:
            return
        if message.reference is None:
            return
        asked = self._asked.get(message.reference.message_id)
        if asked is None:
            return
        if change.kind is ChangeKind.MESSAGE_CREATE:
            asked.reply = message
        if len(message.content) >= CHARACTERS and not _grows(message):
            asked.over.set()


@asynccontextmanager
async def open_stage(
    *, deltas_per_second: float = DELTAS_PER_SECOND, profile: Path | None = None
) -> AsyncIterator[Stage]:
    """Start everything in a temporary folder; `settle` the stage before measuring.

    Raises:
        TimeoutError: the bot did not come online.
    """
    discord = LoopbackDiscord(LoopbackSettings(heartbeat_seconds=HEARTBEAT_SECONDS))
    gateway = StandInGateway(
        text=ANSWER, deltas_per_second=deltas_per_second, keep_calls=_CALLS_REMEMBERED
    )
    with tempfile.TemporaryDirectory(prefix="liaocord-bench-") as name:
        folder = Path(name)
        async with (
            discord,
            gateway,
            running_bot(settings(discord, gateway, folder), folder, profile=profile) as bot,
        ):
            stage = Stage(discord, gateway, bot, folder)
            world = discord.world
            await world.wait_for(lambda: world.bot_online and world.commands, START_SECONDS)
            yield stage


def _grows(message: Message) -> bool:
    """Whether there is a Stop button under it."""
    parts = [part for row in message.components for part in row.get("components", ())]
    return any(part.get("custom_id", "").startswith("stop:") for part in parts)


def _tag(call: ReceivedCall) -> str:
    """The tag at the end of the question that a call asks."""
    messages = call.body.get("messages", []) if isinstance(call.body, dict) else []
    return str(messages[-1]["content"])[-6:] if messages else ""
