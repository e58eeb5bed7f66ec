"""What was said, from chat values to rows and back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import assert_never

from sqlalchemy import delete, func, insert, select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.content import FilePart, ImagePart, Message, Native, Part, Role, Speaker, TextPart
from bot.chat.context import in_words
from bot.storage import media
from bot.storage.tables import MediaRow, NativeRow, PartKind, TurnPartRow, TurnRow


@dataclass(frozen=True, slots=True)
class Packed:
    """A turn's parts, ready to be stored: hashed before the transaction begins."""

    columns: tuple[dict[str, object], ...]
    media: Mapping[bytes, bytes]


async def pack(parts: Sequence[Part]) -> Packed:
    """Take the bytes out of the parts and leave their digests."""
    columns: list[dict[str, object]] = []
    blobs: dict[bytes, bytes] = {}
    for part in parts:
        match part:
            case TextPart(text):
                columns.append({"kind": PartKind.TEXT, "text": text})
            case ImagePart():
                sha256 = await media.digest(part.data)
                blobs[sha256] = part.data
                columns.append(
                    {
                        "kind": PartKind.IMAGE,
                        "media_sha256": sha256,
                        "mime_type": part.mime_type,
                        "alt": part.alt,
                        "name": part.name,
                        "width": part.width,
                        "height": part.height,
                        "take": part.take,
                    }
                )
            case FilePart(data, mime_type, name):
                sha256 = await media.digest(data)
                blobs[sha256] = data
                columns.append(
                    {
                        "kind": PartKind.FILE,
                        "media_sha256": sha256,
                        "mime_type": mime_type,
                        "name": name,
                    }
                )
            case _:
                assert_never(part)
    return Packed(tuple(columns), blobs)


async def save(session: AsyncSession, turn_id: int, packed: Packed) -> None:
    """Store a turn's parts in their order, behind those it has."""
    await media.keep(session, packed.media)
    begin = await session.scalar(
        select(func.coalesce(func.max(TurnPartRow.position) + 1, 0)).where(
            TurnPartRow.turn_id == turn_id
        )
    )
    rows = [
        {"turn_id": turn_id, "position": position, **columns}
        for position, columns in enumerate(packed.columns, start=begin or 0)
    ]
    if rows:
        await session.execute(insert(TurnPartRow), rows)


async def replace_parts(session: AsyncSession, turn_id: int, packed: Packed) -> None:
    """Store a turn's final parts instead of the pictures kept so far.

    A picture that the final parts lack stays behind them: it is paid for.
    """
    kept = await session.scalars(
        select(TurnPartRow).where(TurnPartRow.turn_id == turn_id).order_by(TurnPartRow.position)
    )
    left_over = [
        {column: getattr(row, column) for column in _COLUMNS}
        for row in kept
        if row.media_sha256 is not None and row.media_sha256 not in packed.media
    ]
    await session.execute(delete(TurnPartRow).where(TurnPartRow.turn_id == turn_id))
    await save(session, turn_id, Packed((*packed.columns, *left_over), packed.media))


_COLUMNS = ("kind", "media_sha256", "mime_type", "name", "alt", "width", "height", "take")


async def load(session: AsyncSession, turns: Collection[TurnRow]) -> dict[int, Message]:
    """What was said in each of the turns, by turn id, exactly as it was stored."""
    parts = await _parts(session, turns)
    digests = {row.media_sha256 for rows in parts.values() for row in rows if row.media_sha256}
    blobs = await media.fetch(session, digests)
    natives = await _natives(session, [t.id for t in turns if t.role is Role.ASSISTANT])
    return {
        turn.id: _message(turn, parts[turn.id], blobs, natives.get(turn.id, ())) for turn in turns
    }


async def save_natives(session: AsyncSession, turn_id: int, natives: Sequence[Native]) -> None:
    """Store an answer in its dialect's own words."""
    for take, native in enumerate(natives):
        session.add(
            NativeRow(
                turn_id=turn_id,
                take=take,
                dialect=native.dialect,
                model=native.model,
                host=native.host,
                parts=native.parts,
            )
        )


async def _natives(
    session: AsyncSession, answers: Collection[int]
) -> dict[int, tuple[Native, ...]]:
    if not answers:
        return {}
    rows = await session.scalars(
        select(NativeRow)
        .where(NativeRow.turn_id.in_(answers))
        .order_by(NativeRow.turn_id, NativeRow.take)
    )
    found: dict[int, tuple[Native, ...]] = {}
    for row in rows:
        native = Native(row.dialect, row.model, row.host, row.parts)
        found[row.turn_id] = (*found.get(row.turn_id, ()), native)
    return found


async def outline(session: AsyncSession, turns: Collection[TurnRow]) -> dict[int, Message]:
    """What was said, to be listed: pictures and files without their bytes, no native parts."""
    parts = await _parts(session, turns)
    return {turn.id: _message(turn, parts[turn.id], {}, ()) for turn in turns}


async def weights(session: AsyncSession, turns: Collection[TurnRow]) -> dict[int, int]:
    """The bytes each turn with media or native parts adds to a request, by turn id."""
    ids = [turn.id for turn in turns]
    media_bytes = (
        select(TurnPartRow.turn_id, func.sum(MediaRow.size))
        .join(MediaRow, MediaRow.sha256 == TurnPartRow.media_sha256)
        .where(TurnPartRow.turn_id.in_(ids))
        .group_by(TurnPartRow.turn_id)
    )
    native_bytes = (
        select(NativeRow.turn_id, func.sum(func.length(NativeRow.parts)) * 3 / 4)
        .where(NativeRow.turn_id.in_(ids))
        .group_by(NativeRow.turn_id)
    )
    found: dict[int, int] = {}
    for query in (media_bytes, native_bytes):
        for turn_id, size in await session.execute(query):
            found[turn_id] = found.get(turn_id, 0) + int(size)
    return found


async def _parts(session: AsyncSession, turns: Collection[TurnRow]) -> dict[int, list[TurnPartRow]]:
    found: dict[int, list[TurnPartRow]] = {turn.id: [] for turn in turns}
    if not found:
        return found
    rows = await session.scalars(
        select(TurnPartRow)
        .where(TurnPartRow.turn_id.in_(found))
        .order_by(TurnPartRow.turn_id, TurnPartRow.position)
    )
    for row in rows:
        found[row.turn_id].append(row)
    return found


def _message(
    turn: TurnRow,
    rows: Sequence[TurnPartRow],
    blobs: Mapping[bytes, bytes],
    natives: tuple[Native, ...],
) -> Message:
    parts = tuple(_part(row, blobs) for row in rows)
    return Message(turn.role, parts, speaker_of(turn), natives)


def speaker_of(turn: TurnRow) -> Speaker | None:
    """Who asked; None for answers."""
    if turn.speaker_id is None or turn.speaker_name is None:
        return None
    return Speaker(turn.speaker_id, turn.speaker_name)


def _part(row: TurnPartRow, blobs: Mapping[bytes, bytes]) -> Part:
    if row.kind is PartKind.TEXT:
        return TextPart(row.text or "")
    media_part = _media_part(row, blobs.get(row.media_sha256 or b"", b""))
    return media_part if row.media_sha256 is not None else in_words(media_part)


def _media_part(row: TurnPartRow, data: bytes) -> ImagePart | FilePart:
    if row.kind is PartKind.FILE:
        return FilePart(data, row.mime_type or "", row.name or "")
    return ImagePart(
        data,
        row.mime_type or "",
        row.alt or "",
        row.name or "",
        row.width or 0,
        row.height or 0,
        row.take or 0,
    )
