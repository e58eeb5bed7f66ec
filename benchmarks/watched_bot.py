"""The bot with a watch on its event loop: `python -m benchmarks.watched_bot FILE`.

The longest time (seconds) that the loop let a due callback wait is written to the file whenever it
grows, so that it is there however the process ends.
"""

from __future__ import annotations

import asyncio
import sys
import time
from pathlib import Path

import uvloop

from bot import app
from bot.settings import Settings

TICK_SECONDS = 0.005
RESET = "reset"
"""Written into the file from outside: what was longest so far does not count."""


def longest_block(told: Path) -> float:
    """What a watched bot has noted in its file, in seconds."""
    return float(told.read_text())


def _note(told: Path, longest: float, late: float) -> float:
    if told.exists() and told.read_text() == RESET:
        longest = 0.0
    if late > longest:
        told.write_text(str(late))
    return max(longest, late)


async def watch(told: Path) -> None:
    """Sleep a little again and again, and note how much longer it took at most."""
    longest = 0.0
    while True:
        due = time.perf_counter() + TICK_SECONDS
        await asyncio.sleep(TICK_SECONDS)
        late = time.perf_counter() - due
        longest = _note(told, longest, late)


async def main(told: Path) -> None:
    """Run the bot and the watch beside it."""
    watching = asyncio.create_task(watch(told))
    try:
        await app.run(Settings.load())
    finally:
        watching.cancel()


if __name__ == "__main__":
    uvloop.run(main(Path(sys.argv[1])))
