"""Several answers to one question, and which of them counts."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.content import Role
from bot.chat.events import SourcesFound
from bot.chat.turns import REMEMBERED, Answer, KeptTurn, OpenTurn, TurnState
from bot.errors import ConversationError
from bot.i18n import _
from bot.storage import messages
from bot.storage.branches import Pair
from bot.storage.database import Database
from bot.storage.tables import ConversationRow, TurnMessageRow, TurnRow
from bot.storage.turns import new_answer, open_turns


class SqlVariantStore:
    """The `VariantStore` of `chat.ports`; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def reopen(self, turn_id: int, *, model: str | None = None) -> OpenTurn | None:
        """Begin another answer; without `model`, the one that wrote the given answer is asked."""
        async with self._database.write() as session:
            conversation, old, variants = await _family(session, turn_id, lock=True)
            if _any_streams(variants):
                return None
            question = await session.get_one(TurnRow, old.parent_id)
            new = TurnRow(
                **new_answer(
                    conversation.id,
                    question.id,
                    variant=max(variant.variant or 0 for variant in variants) + 1,
                    model=model or old.model or "",
                )
            )
            session.add(new)
            await session.flush()
            await _show(session, conversation, variants, new)
            [turn] = await open_turns(session, [(conversation, Pair(question, new))])
        return turn

    async def choose(self, turn_id: int, step: int) -> KeptTurn | None:
        """Make a neighbouring answer the one that counts."""
        async with self._database.write() as session:
            conversation, old, variants = await _family(session, turn_id, lock=True)
            if _any_streams(variants):
                return None
            row = [v for v in variants if v.state in REMEMBERED or v.id == old.id]
            index = row.index(old) + step
            if not 0 <= index < len(row):
                return None
            await _show(session, conversation, variants, row[index])
            return await _kept(session, conversation, row[index])

    async def kept(self, turn_id: int) -> KeptTurn:
        """An answer with its pictures and sources."""
        async with self._database.read() as session:
            conversation, row, _variants = await _family(session, turn_id)
            return await _kept(session, conversation, row)

    async def accept(self, turn_id: int) -> None:
        """Let an answer that broke off count as said."""
        async with self._database.write() as session:
            _conversation, row, _variants = await _family(session, turn_id, lock=True)
            if row.state not in REMEMBERED and row.state is not TurnState.STREAMING:
                row.state = TurnState.STOPPED


async def _family(
    session: AsyncSession, turn_id: int, *, lock: bool = False
) -> tuple[ConversationRow, TurnRow, Sequence[TurnRow]]:
    """An answer's conversation, the answer, and all answers to its question, oldest first."""
    statement = (
        select(ConversationRow)
        .join(TurnRow, TurnRow.conversation_id == ConversationRow.id)
        .where(TurnRow.id == turn_id, TurnRow.role == Role.ASSISTANT)
    )
    if lock:
        # From here on the conversation holds still: a second press waits, then looks.
        statement = statement.with_for_update(of=ConversationRow)
    conversation = await session.scalar(statement)
    if conversation is None:
        raise ConversationError(_("I no longer remember this conversation."))
    row = await session.get_one(TurnRow, turn_id)
    variants = await session.scalars(
        select(TurnRow).where(TurnRow.parent_id == row.parent_id).order_by(TurnRow.id)
    )
    return conversation, row, variants.all()


def _any_streams(variants: Sequence[TurnRow]) -> bool:
    return any(variant.state is TurnState.STREAMING for variant in variants)


async def _show(
    session: AsyncSession,
    conversation: ConversationRow,
    variants: Sequence[TurnRow],
    chosen: TurnRow,
) -> None:
    """Give the chosen answer the messages, and make whatever was said later follow it."""
    known = [variant.id for variant in variants]
    await session.execute(
        update(TurnMessageRow).where(TurnMessageRow.turn_id.in_(known)).values(turn_id=chosen.id)
    )
    await session.execute(
        update(TurnRow).where(TurnRow.parent_id.in_(known)).values(parent_id=chosen.id)
    )
    if conversation.head_turn_id in known:
        conversation.head_turn_id = chosen.id


async def _kept(session: AsyncSession, conversation: ConversationRow, row: TurnRow) -> KeptTurn:
    question = await session.get_one(TurnRow, row.parent_id)
    [turn] = await open_turns(session, [(conversation, Pair(question, row))])
    said = await messages.load(session, [row])
    sources = msgspec.convert(row.sources, SourcesFound) if row.sources else None
    answer = Answer(said[row.id], sources=sources, model=row.answered_by or row.model or "")
    return KeptTurn(turn, row.state or TurnState.FAILED, answer)
