"""Pictures and files, kept once by their SHA-256 however many turns refer to them.

Every function is a part of its caller's transaction. Rows are locked in the order of their
digests, so that two transactions never wait for each other.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Mapping

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.storage.tables import MediaRow, TurnPartRow
from bot.storage.upsert import insert_into

THREAD_FROM_BYTES = 1_000_000
"""Hashing more than this would hold up the event loop."""

BATCH = 1_000
"""Both databases limit the parameters of a statement to about 32,000."""


async def digest(data: bytes) -> bytes:
    """The SHA-256 of some bytes."""
    if len(data) < THREAD_FROM_BYTES:
        return hashlib.sha256(data).digest()
    return (await asyncio.to_thread(hashlib.sha256, data)).digest()


async def keep(session: AsyncSession, media: Mapping[bytes, bytes]) -> None:
    """Store bytes by digest, if they are not there; until the transaction ends they stay."""
    if not media:
        return
    # A lock on what is there keeps `forget_unused` in another process from taking it away
    # before this transaction's turns refer to it.
    known = set(
        await session.scalars(
            select(MediaRow.sha256)
            .where(MediaRow.sha256.in_(media))
            .order_by(MediaRow.sha256)
            .with_for_update(read=True)
        )
    )
    for sha256 in sorted(media.keys() - known):
        data = media[sha256]
        row = {"sha256": sha256, "size": len(data), "data": data}
        # DO UPDATE locks the row when another process was faster; DO NOTHING would not.
        await session.execute(
            insert_into(session, MediaRow)
            .values(row)
            .on_conflict_do_update(index_elements=["sha256"], set_={"size": len(data)})
        )


async def fetch(session: AsyncSession, digests: Collection[bytes]) -> dict[bytes, bytes]:
    """The bytes of some digests."""
    if not digests:
        return {}
    rows = await session.execute(
        select(MediaRow.sha256, MediaRow.data).where(MediaRow.sha256.in_(digests))
    )
    return {row.sha256: row.data for row in rows}


async def forget_unused(session: AsyncSession, digests: Collection[bytes]) -> None:
    """Delete those of the given media that no turn refers to (any more)."""
    ordered = sorted(digests)
    for start in range(0, len(ordered), BATCH):
        batch = ordered[start : start + BATCH]
        # Lock first, look second: only a statement that begins after the lock was had sees the
        # turns of a transaction it had to wait for.
        await session.execute(
            select(MediaRow.sha256)
            .where(MediaRow.sha256.in_(batch))
            .order_by(MediaRow.sha256)
            .with_for_update()
        )
        await session.execute(
            delete(MediaRow).where(
                MediaRow.sha256.in_(batch),
                ~exists().where(TurnPartRow.media_sha256 == MediaRow.sha256),
            )
        )
