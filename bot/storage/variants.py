"""Several answers to one question, and which of them counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec
from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.chat.content import Role
from bot.chat.events import SourcesFound
from bot.chat.turns import REMEMBERED, Answer, Attempt, KeptTurn, OpenTurn, TurnState
from bot.errors import ConversationError
from bot.i18n import _
from bot.storage import messages
from bot.storage.branches import Pair
from bot.storage.database import Database
from bot.storage.tables import ConversationRow, PartKind, TurnMessageRow, TurnPartRow, TurnRow
from bot.storage.turns import new_answer, open_turns


class SqlVariantStore:
    """The `VariantStore` of `chat.ports`; each method is one transaction."""

    def __init__(self, database: Database, run_id: int | None = None) -> None:
        self._database = database
        self._run_id = run_id

    async def reopen(
        self,
        turn_id: int,
        *,
        model: str | None = None,
        message_id: int | None = None,
        reservation: int | None = None,
    ) -> OpenTurn | None:
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
                    run_id=self._run_id,
                    reservation=reservation,
                )
            )
            session.add(new)
            await session.flush()
            reply_id = await _reply_of(session, variants, message_id)
            await _show(session, conversation, variants, new, reply_id)
            [turn] = await open_turns(session, [(conversation, Pair(question, new))])
        return turn

    async def choose(
        self, turn_id: int, step: int, *, message_id: int | None = None
    ) -> KeptTurn | None:
        """Make a neighbouring answer the one that counts."""
        async with self._database.write() as session:
            conversation, old, variants = await _family(session, turn_id, lock=True)
            if _any_streams(variants):
                return None
            row = [v for v in variants if v.state in REMEMBERED or v.id == old.id]
            index = row.index(old) + step
            if not 0 <= index < len(row):
                return None
            reply_id = await _reply_of(session, variants, message_id)
            await _show(session, conversation, variants, row[index], reply_id)
            return await _kept(session, conversation, row[index], reply_id)

    async def undo(self, turn_id: int, message_id: int) -> KeptTurn | None:
        """Show what an answer edited in its place."""
        async with self._database.write() as session:
            conversation, edit, variants = await _family(session, turn_id, lock=True)
            edited = await _edited(session, edit)
            if edited is None or _any_streams(variants):
                return None
            reply_id = await _reply_of(session, [edit], message_id)
            await _move(session, conversation, [edit], edited, reply_id)
            kept = await _kept(session, conversation, edited, reply_id)
        return replace(kept, turn=replace(kept.turn, redo=turn_id))

    async def redo(self, turn_id: int, message_id: int) -> KeptTurn | None:
        """Show an undone answer again where what it edited is shown."""
        async with self._database.write() as session:
            conversation, edit, _variants = await _family(session, turn_id, lock=True)
            edited = await _edited(session, edit)
            if edited is None:
                return None
            reply_id = await session.scalar(
                select(TurnMessageRow.reply_id).where(
                    TurnMessageRow.message_id == message_id, TurnMessageRow.turn_id == edited.id
                )
            )
            if reply_id is None:
                return None
            await _move(session, conversation, [edited], edit, reply_id)
            return await _kept(session, conversation, edit, reply_id)

    async def kept(self, turn_id: int) -> KeptTurn:
        """An answer with its pictures and sources."""
        async with self._database.read() as session:
            conversation, row, _variants = await _family(session, turn_id)
            return await _kept(session, conversation, row)

    async def attempt(self, event_id: int) -> Attempt | None:
        """What has come of a question, whose answers count together."""
        question, answer = aliased(TurnRow), aliased(TurnRow)
        has_picture = exists().where(
            TurnPartRow.turn_id == answer.id, TurnPartRow.kind == PartKind.IMAGE
        )
        async with self._database.read() as session:
            found = await session.execute(
                select(question.id, answer.state, has_picture)
                .join(answer, answer.parent_id == question.id)
                .where(question.event_id == event_id)
            )
            rows = found.all()
        if not rows:
            return None
        return Attempt(
            rows[0][0],
            is_growing=any(state is TurnState.STREAMING for _, state, _ in rows),
            has_picture=any(has_one for _, _, has_one in rows),
        )

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


async def _edited(session: AsyncSession, edit: TurnRow) -> TurnRow | None:
    """The answer whose pictures that answer's question wanted changed."""
    question = await session.get_one(TurnRow, edit.parent_id)
    if not question.edits or question.parent_id is None:
        return None
    return await session.get(TurnRow, question.parent_id)


async def _reply_of(
    session: AsyncSession, shown: Sequence[TurnRow], message_id: int | None
) -> int | None:
    """The reply that a message belongs to, if it shows one of these answers, or their newest."""
    known = TurnMessageRow.turn_id.in_([row.id for row in shown])
    if message_id is not None:
        found = await session.scalar(
            select(TurnMessageRow.reply_id).where(known, TurnMessageRow.message_id == message_id)
        )
        if found is not None:
            return found
    return await session.scalar(select(func.max(TurnMessageRow.reply_id)).where(known))


async def _show(
    session: AsyncSession,
    conversation: ConversationRow,
    variants: Sequence[TurnRow],
    chosen: TurnRow,
    reply_id: int | None,
) -> None:
    """Give the chosen answer a reply's messages, and make what was said later follow it.

    Edits of a picture stay with exactly the picture they edited.
    """
    head = conversation.head_turn_id
    known = [variant.id for variant in variants]
    await _move(session, conversation, variants, chosen, reply_id)
    await session.execute(
        update(TurnRow)
        .where(TurnRow.parent_id.in_(known), TurnRow.edits.is_(None))
        .values(parent_id=chosen.id)
    )
    conversation.head_turn_id = chosen.id if head in known else head


async def _move(
    session: AsyncSession,
    conversation: ConversationRow,
    shown: Sequence[TurnRow],
    chosen: TurnRow,
    reply_id: int | None,
) -> None:
    """Let a reply that shows one of these answers show the chosen one; the talk goes on from it."""
    await session.execute(
        update(TurnMessageRow)
        .where(
            TurnMessageRow.turn_id.in_([row.id for row in shown]),
            TurnMessageRow.reply_id == reply_id,
        )
        .values(turn_id=chosen.id)
    )
    # Now it is this one that the next start has to show, if this process cannot.
    for row in shown:
        row.unshown = None
    chosen.unshown = None if chosen.state is TurnState.STREAMING else True
    conversation.head_turn_id = chosen.id


async def _kept(
    session: AsyncSession,
    conversation: ConversationRow,
    row: TurnRow,
    reply_id: int | None = None,
) -> KeptTurn:
    question = await session.get_one(TurnRow, row.parent_id)
    [turn] = await open_turns(session, [(conversation, Pair(question, row))], reply_id=reply_id)
    said = await messages.load(session, [row])
    sources = msgspec.convert(row.sources, SourcesFound) if row.sources else None
    answer = Answer(said[row.id], sources=sources, model=row.answered_by or row.model or "")
    return KeptTurn(turn, row.state or TurnState.FAILED, answer)
