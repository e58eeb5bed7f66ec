"""SQLite's write-ahead log, emptied beside the work instead of in the middle of it.

SQLite by itself does it at the commit that finds the log too long, and all who want to write wait
until the disk has taken it: half a second after some pictures.
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

log = logging.getLogger(__name__)

LONG_BYTES = 32 * 1024 * 1024
"""The log is emptied when it has grown beyond this."""


class WriteAheadLog:
    """The log of one database file."""

    def __init__(self, engine: AsyncEngine, file: Path) -> None:
        self._engine = engine
        self._file = file.with_name(f"{file.name}-wal")
        self._emptying: asyncio.Task[None] | None = None

    def tend(self) -> None:
        """Begin to empty the log, if it is long and nobody is at it."""
        if (self._emptying is None or self._emptying.done()) and self._bytes() > LONG_BYTES:
            self._emptying = asyncio.create_task(self._empty())

    async def close(self) -> None:
        """Wait until nobody is at it."""
        if self._emptying is not None:
            await self._emptying

    def _bytes(self) -> int:
        try:
            return self._file.stat().st_size
        except FileNotFoundError:
            return 0

    async def _empty(self) -> None:
        try:
            async with self._engine.connect() as connection:
                # Past SQLAlchemy, which would begin a transaction around it.
                driver = (await connection.get_raw_connection()).driver_connection
                # The next writer begins the file anew; nobody waits for anybody.
                assert driver is not None
                await driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
        except Exception:
            log.exception("the write-ahead log was not emptied")
