"""The bot with a watch on it: `python -m benchmarks.watched_bot FILE`.

What it sees is appended to the file, one `KIND VALUE` a line, so that it is there however the
process ends:

- `blocked`: seconds that the event loop kept a due callback waiting. The time that the kernel gave
  the processor to others, who share this machine, is not counted: that is not the bot's doing.
- `heartbeat`: when one had been sent, in seconds of the monotonic clock.
- `decoded`, `upload`: processor seconds of the whole process, when an event with a picture was
  complete, and when discord.py was asked to send files.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import uvloop
from discord.gateway import DiscordWebSocket
from discord.webhook.async_ import AsyncWebhookAdapter

from bot import app
from bot.llm import transport
from bot.llm.sse import ServerSentEvent, SSEDecoder
from bot.settings import Settings

TICK_SECONDS = 0.005


def notes(file: Path) -> dict[str, list[float]]:
    """What a watched bot has written since the file was last emptied."""
    found: dict[str, list[float]] = defaultdict(list)
    for line in file.read_text().splitlines():
        kind, _, value = line.partition(" ")
        found[kind].append(float(value))
    return found


class Watch:
    """Notes what happens to the bot in this process."""

    def __init__(self, file: Path) -> None:
        self._file = file.open("a")

    def note(self, kind: str, value: float) -> None:
        """Append one line."""
        self._file.write(f"{kind} {value:.6f}\n")
        self._file.flush()

    async def loop(self) -> None:
        """Sleep a little again and again, and note how much longer it took."""
        while True:
            began, others = time.perf_counter(), _waited_for_processor()
            await asyncio.sleep(TICK_SECONDS)
            late = time.perf_counter() - began - TICK_SECONDS
            late -= _waited_for_processor() - others
            if late > TICK_SECONDS:
                self.note("blocked", late)

    def listen(self) -> None:
        """Have the bot's own parts tell this watch what they do."""
        watch = self
        send_heartbeat = DiscordWebSocket.send_heartbeat
        request = AsyncWebhookAdapter.request

        async def noted_heartbeat(self: DiscordWebSocket, data: Any) -> None:
            await send_heartbeat(self, data)
            watch.note("heartbeat", time.perf_counter())

        async def noted_request(self: AsyncWebhookAdapter, *args: Any, **kwargs: Any) -> Any:
            if kwargs.get("files"):
                watch.note("upload", time.process_time())
            return await request(self, *args, **kwargs)

        class NotedDecoder(SSEDecoder):
            def feed(self, chunk: bytes) -> list[ServerSentEvent]:
                events = super().feed(chunk)
                if any(event.taken for event in events):
                    watch.note("decoded", time.process_time())
                return events

        DiscordWebSocket.send_heartbeat = noted_heartbeat  # type: ignore[method-assign]
        AsyncWebhookAdapter.request = noted_request  # type: ignore[method-assign]
        transport.__dict__[SSEDecoder.__name__] = NotedDecoder


def _waited_for_processor() -> float:
    """Seconds that this thread was ready to run and did not; the kernel's own account."""
    told = Path(f"/proc/self/task/{threading.get_native_id()}/schedstat").read_text()
    return int(told.split()[1]) / 1e9


async def main(file: Path) -> None:
    """Run the bot and the watch beside it."""
    watch = Watch(file)
    watch.listen()
    watching = asyncio.create_task(watch.loop())
    try:
        await app.run(Settings.load())
    finally:
        watching.cancel()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
