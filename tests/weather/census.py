"""The bot with somebody who counts inside: `python -m tests.weather.census FILE`.

At each SIGUSR1 a line of JSON is appended to the file: how many asyncio tasks there are, how long
every container is that can be reached from the bot by attributes, how many objects there are, and
how many of each type have come since the start. Nothing is collected for it, so that the bot's
memory stays what it was.
"""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence, Set as AbstractSet
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import uvloop

from bot import app, log
from bot.client import Bot
from bot.settings import Settings

_OURS = ("bot.", "discord.", "aiohttp.", "sqlalchemy.pool")
_MOST_TYPES = 40


def main(file: Path) -> None:
    """Run the bot as `python -m bot` does."""
    settings = Settings.load()
    log.configure(settings.log_level, settings.log_format)
    uvloop.run(_run(settings, file))


async def _run(settings: Settings, file: Path) -> None:
    running_bot = app.running_bot

    @asynccontextmanager
    async def counted(settings: Settings) -> AsyncIterator[Bot]:
        async with running_bot(settings) as bot:
            asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, _note, file, bot)
            yield bot

    app.running_bot = counted
    await app.run(settings)


def _note(file: Path, bot: Bot) -> None:
    with file.open("a") as lines:
        lines.write(json.dumps(census(bot)) + "\n")


def census(bot: Bot) -> dict[str, Any]:
    """Count what there is."""
    objects = gc.get_objects()
    types = Counter(type(each).__qualname__ for each in objects)
    return {
        "tasks": len(asyncio.all_tasks()),
        "objects": len(objects) + gc.get_freeze_count(),
        "types": dict(types.most_common(_MOST_TYPES)),
        "containers": dict(containers(bot)),
    }


def containers(root: object) -> Iterator[tuple[str, int]]:
    """The length of each container behind the root's attributes, by its path."""
    seen = {id(root)}
    waiting: list[tuple[str, object]] = [("", root)]
    while waiting:
        path, owner = waiting.pop()
        for name, value in _attributes(owner):
            if id(value) in seen:
                continue
            seen.add(id(value))
            here = f"{path}.{name}" if path else name
            if isinstance(value, (Mapping, AbstractSet)) or (
                isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))
            ):
                yield here, len(value)
            elif type(value).__module__.startswith(_OURS):
                waiting.append((here, value))


def _attributes(owner: object) -> Iterator[tuple[str, Any]]:
    yield from getattr(owner, "__dict__", {}).items()
    for base in type(owner).__mro__:
        slots = base.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            mangled = f"_{base.__name__.lstrip('_')}{name}" if name.startswith("__") else name
            if mangled not in ("__dict__", "__weakref__") and hasattr(owner, mangled):
                yield name, getattr(owner, mangled)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
