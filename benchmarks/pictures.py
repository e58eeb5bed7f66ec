"""Pictures: decoding one event, and twenty replies with a large one at the same time."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import tempfile
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

from benchmarks.bot_process import BotProcess, running_bot
from benchmarks.figures import Figure, Result, Statistic, Target, Unit
from benchmarks.watched_bot import RESET, longest_block
from bot.chat.content import Message, Role, TextPart
from bot.chat.ports import ChatRequest
from bot.llm import gemini
from bot.llm.call import Call
from bot.llm.sse import ServerSentEvent
from bot.playground.discord import Channel, LoopbackDiscord, LoopbackSettings
from bot.playground.discord.default_world import GUILD_ID, MIRA_ID
from bot.playground.discord.state import ChannelKind
from bot.playground.standin import StandInGateway

PICTURE_BYTES = 15_000_000
REPLIES = 20
REPLY_BYTES = 8_000_000
SIGNATURE_CHARACTERS = 1_200_000
HEARTBEAT_SECONDS = 0.5
PATIENCE_SECONDS = 90.0
_ROUNDS = 7
_MAX = Statistic.MAX


async def run() -> list[Result]:
    """Measure both."""
    return [decoding(), await crowd()]


def decoding() -> Result:
    """One event with a 15 MB picture, against `json` and `base64`."""
    event = _event()
    ours = [_cpu(lambda: _decode(event)) for _ in range(_ROUNDS)]
    theirs = [_cpu(lambda: _plainly(event)) for _ in range(_ROUNDS)]
    ratios = [their / our for our, their in zip(ours, theirs, strict=True)]
    return Result(
        "picture-event",
        "15 MB picture event",
        [
            Figure("decoding CPU", Unit.MILLISECONDS, [s * 1000 for s in ours]),
            Figure("json + base64", Unit.MILLISECONDS, [s * 1000 for s in theirs]),
            Figure(
                "ours to theirs",
                Unit.RATIO,
                [1 / ratio for ratio in ratios],
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
    return json.dumps({"candidates": [candidate]}).encode()


def _decode(event: bytes) -> None:
    request = ChatRequest("gemini-3-pro-image-preview", [Message(Role.USER, (TextPart("a"),))])
    answer = gemini._Answer(request, Call(), whole=False)
    answer.read(ServerSentEvent(event))
    answer.end(done=True)


def _plainly(event: bytes) -> None:
    part = json.loads(event)["candidates"][0]["content"]["parts"][0]
    base64.b64decode(part["inlineData"]["data"])


def _cpu(work: Callable[[], None]) -> float:
    before = time.process_time()
    work()
    return time.process_time() - before


async def crowd() -> Result:
    """Twenty pictures of 8 MB at once: heartbeats, the event loop, memory."""
    discord = LoopbackDiscord(LoopbackSettings(heartbeat_seconds=HEARTBEAT_SECONDS))
    gateway = StandInGateway(
        picture_seconds=0.2,
        picture_bytes=REPLY_BYTES,
        signature_characters=SIGNATURE_CHARACTERS,
        keep_calls=1,
    )
    with tempfile.TemporaryDirectory(prefix="liaocord-bench-") as name:
        folder = Path(name)
        loop_file = folder / "loop"
        async with discord, gateway:
            environment = {
                "DISCORD_TOKEN": discord.token,
                "DISCORD_API_URL": discord.api_url,
                "LIAOBOTS_AUTH_CODE": "benchmark",
                "LIAOBOTS_BASE_URL": gateway.url,
                "LIAOBOTS_BACKUP_URLS": gateway.url,
                "DATABASE_URL": f"sqlite:///{folder}/bot.sqlite3",
            }
            program = ("-m", "benchmarks.watched_bot", str(loop_file))
            async with running_bot(environment, folder, program=program) as bot:
                world = discord.world
                await world.wait_for(lambda: world.bot_online and world.commands, 60)
                await _draw(discord, 1)
                await asyncio.sleep(2)
                idle = _memory(bot, "VmRSS")
                _start_anew(bot, loop_file)
                began = time.perf_counter()
                shown = await _draw(discord, REPLIES)
                ended = time.perf_counter()
                peak = _memory(bot, "VmHWM") - idle
                beats = [at for at in discord.gateway.heartbeats if began <= at <= ended]
                late = [max(0.0, b - a - HEARTBEAT_SECONDS) * 1000 for a, b in pairwise(beats)]
                blocked = longest_block(loop_file) * 1000
    return Result(
        "pictures-at-once",
        f"{REPLIES} x 8 MB at once",
        [
            Figure("replies without picture", Unit.PIECES, [REPLIES - shown], (Target(_MAX, 0),)),
            Figure("all shown", Unit.SECONDS, [ended - began]),
            Figure("heartbeat lateness", Unit.MILLISECONDS, late, (Target(_MAX, 100),)),
            Figure("event loop blocked", Unit.MILLISECONDS, [blocked], (Target(_MAX, 50),)),
            Figure(
                "peak memory to pictures",
                Unit.RATIO,
                [peak / (REPLIES * REPLY_BYTES)],
                (Target(_MAX, 3),),
            ),
        ],
    )


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


def _start_anew(bot: BotProcess, loop_file: Path) -> None:
    """Let the peaks of memory and of the loop's lateness begin here."""
    Path(f"/proc/{bot.pid}/clear_refs").write_text("5")
    loop_file.write_text(RESET)


def _memory(bot: BotProcess, field: str) -> int:
    """A figure of the kernel's about the bot's memory, in bytes."""
    for line in Path(f"/proc/{bot.pid}/status").read_text().splitlines():
        if line.startswith(f"{field}:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"the kernel does not tell {field}")
