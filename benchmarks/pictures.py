"""Pictures: decoding one event, delivering it, and twenty replies with a large one at once."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from itertools import pairwise
from pathlib import Path

from benchmarks.bot_process import BotProcess, running_bot, settings
from benchmarks.figures import Figure, Result, Statistic, Target, Unit
from benchmarks.watched_bot import notes
from bot.chat.content import Message, Role, TextPart
from bot.chat.ports import ChatRequest
from bot.llm import gemini
from bot.llm.call import Call
from bot.llm.sse import SSEDecoder
from bot.playground.discord import Channel, LoopbackDiscord, LoopbackSettings
from bot.playground.discord.default_world import GUILD_ID, MIRA_ID
from bot.playground.discord.state import ChannelKind
from bot.playground.standin import StandInGateway

PICTURE_BYTES = 15_000_000
EVENT_BYTES = 15_000_000
REPLIES = 20
REPLY_BYTES = 8_000_000
SIGNATURE_CHARACTERS = 1_200_000
MAX_FILE_BYTES = 25_000_000
"""What the place takes: nothing has to be made smaller."""
HEARTBEAT_SECONDS = 0.5
PATIENCE_SECONDS = 90.0
_ROUNDS = 7
_REST_SECONDS = 2.0
_CHUNK_BYTES = 128 * 1024  # what one read of a busy connection brings
_MAX = Statistic.MAX


async def run() -> list[Result]:
    """Measure all three."""
    return [decoding(), await delivery(), await crowd()]


def decoding() -> Result:
    """One event with a 15 MB picture, against `json` and `base64`."""
    event = _event()
    ours = [_cpu(lambda: _decode(event)) for _ in range(_ROUNDS)]
    theirs = [_cpu(lambda: _plainly(event)) for _ in range(_ROUNDS)]
    ratios = [our / their for our, their in zip(ours, theirs, strict=True)]
    return Result(
        "picture-event",
        "15 MB picture event",
        [
            Figure("decoding CPU", Unit.MILLISECONDS, [s * 1000 for s in ours]),
            Figure("json + base64", Unit.MILLISECONDS, [s * 1000 for s in theirs]),
            Figure(
                "ours to theirs",
                Unit.RATIO,
                ratios,
                (Target(Statistic.MEDIAN, 1 / 3),),
            ),
        ],
    )


def _event() -> bytes:
    picture = base64.b64encode(b"\xff\xd8\xff\xe0" + os.urandom(PICTURE_BYTES)).decode()
    part = {
        "inlineData": {"mimeType": "image/jpeg", "data": picture},
        "thoughtSignature": base64.b64encode(os.urandom(900_000)).decode(),
    }
    candidate = {"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}
    return b"data: " + json.dumps({"candidates": [candidate]}).encode() + b"\n\n"


def _decode(event: bytes) -> None:
    request = ChatRequest("gemini-3-pro-image-preview", [Message(Role.USER, (TextPart("a"),))])
    decoder = SSEDecoder()
    answer = gemini._Answer(request, Call(), whole=False)
    for start in range(0, len(event), _CHUNK_BYTES):
        for sent in decoder.feed(event[start : start + _CHUNK_BYTES]):
            answer.read(sent)
    answer.end(done=True)


def _plainly(event: bytes) -> None:
    part = json.loads(event.removeprefix(b"data: "))["candidates"][0]["content"]["parts"][0]
    base64.b64decode(part["inlineData"]["data"])


def _cpu(work: Callable[[], None]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


async def delivery() -> Result:
    """One event of 15 MB at a time: what the bot does between its last byte and the upload."""
    size = EVENT_BYTES * 3 // 4  # as base64 it is the event
    gateway = StandInGateway(picture_seconds=0.2, picture_bytes=size, keep_calls=1)
    async with _watched(gateway) as (discord, _bot, watched):
        watched.write_text("")
        for _ in range(_ROUNDS):
            await _draw(discord, 1)
            await asyncio.sleep(_REST_SECONDS)  # the bot still puts the last one away
        seen = notes(watched)
    spent = [(b - a) * 1000 for a, b in zip(seen["decoded"], seen["upload"], strict=True)]
    return Result(
        "picture-delivery",
        "15 MB picture event, last byte to upload",
        [Figure("CPU", Unit.MILLISECONDS, spent, (Target(Statistic.MEDIAN, 60),))],
    )


async def crowd() -> Result:
    """Twenty pictures of 8 MB at once: heartbeats, the event loop, memory."""
    gateway = StandInGateway(
        picture_seconds=0.2,
        picture_bytes=REPLY_BYTES,
        signature_characters=SIGNATURE_CHARACTERS,
        keep_calls=1,
    )
    async with _watched(gateway) as (discord, bot, watched):
        idle = _memory(bot, "VmRSS")
        _forget_peak(bot)
        watched.write_text("")
        began = time.perf_counter()
        shown = await _draw(discord, REPLIES)
        ended = time.perf_counter()
        peak = _memory(bot, "VmHWM") - idle
        seen = notes(watched)
    late = [(b - a - HEARTBEAT_SECONDS) * 1000 for a, b in pairwise(seen["heartbeat"])]
    blocked = [seconds * 1000 for seconds in seen["blocked"]]
    return Result(
        "pictures-at-once",
        f"{REPLIES} x 8 MB at once",
        [
            Figure("replies without picture", Unit.PIECES, [REPLIES - shown], (Target(_MAX, 0),)),
            Figure("all shown", Unit.SECONDS, [ended - began]),
            Figure("heartbeat lateness", Unit.MILLISECONDS, late, (Target(_MAX, 100),)),
            Figure("event loop blocked", Unit.MILLISECONDS, blocked, (Target(_MAX, 50),)),
            Figure(
                "peak memory to pictures",
                Unit.RATIO,
                [peak / (REPLIES * REPLY_BYTES)],
                (Target(_MAX, 3),),
            ),
        ],
    )


@asynccontextmanager
async def _watched(
    gateway: StandInGateway,
) -> AsyncIterator[tuple[LoopbackDiscord, BotProcess, Path]]:
    """A bot that has made its first picture and rests, and the file of the watch on it."""
    discord = LoopbackDiscord(
        LoopbackSettings(heartbeat_seconds=HEARTBEAT_SECONDS, max_file_bytes=MAX_FILE_BYTES)
    )
    with tempfile.TemporaryDirectory(prefix="liaocord-bench-") as name:
        folder = Path(name)
        watched = folder / "watched"
        async with discord, gateway:
            program = ("-m", "benchmarks.watched_bot", str(watched))
            environment = settings(discord, gateway, folder)
            async with running_bot(environment, folder, program=program) as bot:
                world = discord.world
                await world.wait_for(lambda: world.bot_online and world.commands, 60)
                await _draw(discord, 1)
                await asyncio.sleep(_REST_SECONDS)
                yield discord, bot, watched


async def _draw(discord: LoopbackDiscord, count: int) -> int:
    """Have one picture made in each of so many channels; how many arrived."""
    world = discord.world
    person = discord.person(MIRA_ID)
    channels = [
        world.add_channel(
            Channel(world.ids.next(), ChannelKind.TEXT, "bench", guild_id=GUILD_ID)
        ).id
        for _ in range(count)
    ]
    for channel in channels:
        await person.run(channel, "imagine", {"prompt": "a fox"})

    def shown() -> int:
        return sum(
            any(message.attachments for message in world.messages(channel, MIRA_ID))
            for channel in channels
        )

    with contextlib.suppress(TimeoutError):  # the figure says how many are missing
        await world.wait_for(lambda: shown() == count, PATIENCE_SECONDS)
    return shown()


def _forget_peak(bot: BotProcess) -> None:
    """Let the peak of the bot's memory begin anew."""
    Path(f"/proc/{bot.pid}/clear_refs").write_text("5")


def _memory(bot: BotProcess, field: str) -> int:
    """A figure of the kernel's about the bot's memory, in bytes."""
    for line in Path(f"/proc/{bot.pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the kernel does not tell {field}")
