"""The bot's processes: which live, and what those that have died left behind."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from typing import Self

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

from bot.errors import StorageError
from bot.storage.database import Database
from bot.storage.tables import RunRow

log = logging.getLogger(__name__)

BEAT_SECONDS = 5.0
DEAD_AFTER = timedelta(seconds=15)
"""A run that has not beaten for so long has died; on its own machine it is seen at once."""
KEPT_FOR = timedelta(days=1)
"""How long it is known afterwards when a run took its last questions."""


class Runs:
    """This process as one of the bot's runs, and how it finds the others."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.id = 0
        self.heard_before: datetime | None = None
        """When the bot last took questions before this run; None if it never did (of late)."""

    async def __aenter__(self) -> Self:
        await self._begin()
        return self

    async def __aexit__(self, *_exc: object) -> None:
        try:
            await self._end()
        except StorageError as error:
            log.warning("this run is found dead later: %s", error)

    async def _begin(self) -> None:
        now = datetime.now(UTC)
        async with self._database.write() as session:
            heard_at = await session.scalar(select(func.max(RunRow.heard_at)))
            await session.execute(delete(RunRow).where(RunRow.beat_at < now - KEPT_FOR))
            self.id = (
                await session.scalar(
                    insert(RunRow)
                    .values(
                        host=socket.gethostname(),
                        pid=os.getpid(),
                        beat_at=now,
                        # Carried on until this run hears itself: starts that fail leave what was
                        # missed to the next. Before the very first start nobody asked.
                        heard_at=heard_at or now,
                    )
                    .returning(RunRow.id)
                )
                or 0
            )
        if heard_at is not None and heard_at > now - KEPT_FOR:
            self.heard_before = heard_at

    async def beat(self, *, hears: bool) -> None:
        """Say that it lives, and whether it takes questions."""
        now = datetime.now(UTC)
        values = {"beat_at": now, "heard_at": now} if hears else {"beat_at": now}
        async with self._database.write() as session:
            await session.execute(update(RunRow).where(RunRow.id == self.id).values(**values))

    async def _end(self) -> None:
        """Leave: from now on it counts as dead."""
        async with self._database.write() as session:
            await session.execute(
                update(RunRow)
                .where(RunRow.id == self.id)
                .values(beat_at=datetime.now(UTC) - DEAD_AFTER)
            )

    async def others_live(self) -> bool:
        """Whether another process serves as well, or still sees its last replies through."""
        async with self._database.read() as session:
            return any(run_id != self.id for run_id in await living(session, self.id))


async def living(session: AsyncSession, own_id: int | None = None) -> Sequence[int]:
    """The runs that have not died; `own_id` is this process's, which lives whatever its last beat:
    a database in trouble, or a clock that was set, may have kept it from saying so."""
    rows = await session.scalars(
        select(RunRow).where(RunRow.beat_at > datetime.now(UTC) - DEAD_AFTER)
    )
    others = [row.id for row in rows if row.id != own_id and not _seen_dead(row)]
    return others if own_id is None else [*others, own_id]


def left_by_dead(
    run_id: InstrumentedAttribute[int | None], alive: Collection[int]
) -> ColumnElement[bool]:
    """Whether a row belongs to no run that lives."""
    return or_(run_id.is_(None), run_id.not_in(alive))


def _seen_dead(row: RunRow) -> bool:
    """Whether this very machine knows that another run's process is gone."""
    if row.host != socket.gethostname():
        return False
    if row.pid == os.getpid():
        return True  # a container that was started again gives the same number again
    try:
        os.kill(row.pid, 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False  # it is somebody else's, so it may be a container with the same name
    return False
