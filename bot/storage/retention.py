"""Forgetting pictures, files and signatures that are too old, or too many; their words stay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, delete, exists, func, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.turns import TurnState
from bot.storage import media
from bot.storage.database import Database
from bot.storage.tables import (
    ConversationRow,
    GuildPreferencesRow,
    MediaRow,
    NativeRow,
    TurnPartRow,
    TurnRow,
)

BATCH = 100
"""Turns of one transaction: replies wait for it only a moment."""


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many turns lost their media, and for what reason."""

    too_old: int = 0
    too_many: int = 0


async def prune(database: Database, *, default_days: int, max_bytes: int, now: datetime) -> Pruned:
    """Forget the media and native forms of turns older than their server keeps them, and of the
    oldest ones while all together are more than `max_bytes`."""
    async with database.read() as session:
        rows = await session.execute(
            select(GuildPreferencesRow.guild_id, GuildPreferencesRow.retention_days).where(
                GuildPreferencesRow.retention_days.is_not(None)
            )
        )
        chosen: dict[int, int] = {guild_id: days for guild_id, days in rows if days is not None}
    too_old = 0
    for guild_id, days in chosen.items():
        place = ConversationRow.guild_id == guild_id
        too_old += await _forget_all(database, and_(place, _older_than(now, days)))
    elsewhere = or_(
        ConversationRow.guild_id.is_(None), ConversationRow.guild_id.not_in(list(chosen))
    )
    too_old += await _forget_all(database, and_(elsewhere, _older_than(now, default_days)))
    too_many = 0
    while await _total_bytes(database) > max_bytes:
        forgotten = await _forget_some(database, _older_than(now, 0))
        if not forgotten:
            break
        too_many += forgotten
    return Pruned(too_old, too_many)


def _older_than(now: datetime, days: int) -> ColumnElement[bool]:
    return TurnRow.created_at < now - timedelta(days=days)


async def _total_bytes(database: Database) -> int:
    async with database.read() as session:
        stored = await session.scalar(select(func.sum(MediaRow.size)))
        natives = await session.scalar(select(func.sum(func.length(NativeRow.parts))))
    return int(stored or 0) + int(natives or 0)


async def _forget_all(database: Database, which: ColumnElement[bool]) -> int:
    total = 0
    while forgotten := await _forget_some(database, which):
        total += forgotten
    return total


async def _forget_some(database: Database, which: ColumnElement[bool]) -> int:
    """Forget the media of the oldest such turns; returns of how many."""
    heavy = or_(
        exists().where(TurnPartRow.turn_id == TurnRow.id, TurnPartRow.media_sha256.is_not(None)),
        exists().where(NativeRow.turn_id == TurnRow.id),
    )
    async with database.write() as session:
        found = await session.scalars(
            select(TurnRow.id)
            .join(ConversationRow, ConversationRow.id == TurnRow.conversation_id)
            .where(which, heavy, TurnRow.state.is_distinct_from(TurnState.STREAMING))
            .order_by(TurnRow.id)
            .limit(BATCH)
            # Another process may prune at the same time; each takes other turns.
            .with_for_update(of=TurnRow, skip_locked=True)
        )
        turn_ids = found.all()
        await _forget(session, turn_ids)
    return len(turn_ids)


async def _forget(session: AsyncSession, turn_ids: Sequence[int]) -> None:
    digests = await session.scalars(
        select(TurnPartRow.media_sha256)
        .where(TurnPartRow.turn_id.in_(turn_ids), TurnPartRow.media_sha256.is_not(None))
        .distinct()
    )
    unused = [sha256 for sha256 in digests if sha256 is not None]
    await session.execute(
        update(TurnPartRow).where(TurnPartRow.turn_id.in_(turn_ids)).values(media_sha256=None)
    )
    await session.execute(delete(NativeRow).where(NativeRow.turn_id.in_(turn_ids)))
    await media.forget_unused(session, unused)
