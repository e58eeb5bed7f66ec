"""Turns, from rows to chat values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.content import Message, Role, Speaker
from bot.chat.turns import (
    REMEMBERED,
    Exchange,
    ImageOptions,
    OpenTurn,
    Question,
    Scope,
    Task,
    TurnState,
)
from bot.storage import messages
from bot.storage.branches import Pair
from bot.storage.tables import ConversationRow, TurnMessageRow, TurnRow


def new_answer(
    conversation_id: int,
    question_id: int,
    *,
    variant: int,
    model: str,
    run_id: int | None,
    reservation: int | None,
    token: str | None = None,
) -> dict[str, object]:
    """The columns of an answer that is about to be written."""
    return {
        "conversation_id": conversation_id,
        "parent_id": question_id,
        "role": Role.ASSISTANT,
        "variant": variant,
        "state": TurnState.STREAMING,
        "model": model,
        "run_id": run_id,
        "reservation_id": reservation,
        "token": token,
    }


def exchange_of(pair: Pair, said: Mapping[int, Message]) -> Exchange:
    """A question and, when it counts as said, its answer."""
    state = pair.answer.state or TurnState.FAILED
    return Exchange(
        question=said[pair.question.id],
        answer=said[pair.answer.id] if state in REMEMBERED else None,
        state=state,
        turn_id=pair.answer.id,
        model=pair.answer.answered_by or pair.answer.model or "",
        task=pair.question.task or Task.CHAT,
        edits=tuple(pair.question.edits or ()),
    )


async def open_turns(
    session: AsyncSession,
    found: Sequence[tuple[ConversationRow, Pair]],
    *,
    reply_id: int | None = None,
) -> list[OpenTurn]:
    """Answers with their whole questions and the messages of the reply that shows them: that
    reply, or each answer's newest one."""
    asked = await messages.load(session, [pair.question for _, pair in found])
    pages = await _pages(session, [pair.answer.id for _, pair in found], reply_id)
    others = await _others(session, [pair for _, pair in found])
    return [
        OpenTurn(
            turn_id=pair.answer.id,
            question=_question_of(conversation, pair, asked[pair.question.id]),
            variant=pair.answer.variant or 1,
            pages=tuple(pages[pair.answer.id]),
            others=others[pair.answer.id],
            reservation=pair.answer.reservation_id,
        )
        for conversation, pair in found
    ]


async def _pages(
    session: AsyncSession, turn_ids: Sequence[int], reply_id: int | None
) -> dict[int, list[tuple[int, int]]]:
    rows = await session.scalars(
        select(TurnMessageRow)
        .where(TurnMessageRow.turn_id.in_(turn_ids))
        .order_by(TurnMessageRow.turn_id, TurnMessageRow.reply_id.desc(), TurnMessageRow.page)
    )
    shown: dict[int, int] = {}
    pages: dict[int, list[tuple[int, int]]] = {turn_id: [] for turn_id in turn_ids}
    for row in rows:
        newest = shown.setdefault(row.turn_id, row.reply_id)
        if row.reply_id == (newest if reply_id is None else reply_id):
            pages[row.turn_id].append((row.channel_id, row.message_id))
    return pages


async def _others(session: AsyncSession, pairs: Sequence[Pair]) -> dict[int, tuple[int, ...]]:
    """For each answer, the other answers to its question that count as said."""
    rows = await session.execute(
        select(TurnRow.parent_id, TurnRow.id)
        .where(
            TurnRow.parent_id.in_({pair.question.id for pair in pairs}),
            TurnRow.state.in_(REMEMBERED),
        )
        .order_by(TurnRow.id)
    )
    said: dict[int | None, list[int]] = {}
    for question_id, answer_id in rows:
        said.setdefault(question_id, []).append(answer_id)
    return {
        pair.answer.id: tuple(i for i in said.get(pair.question.id, ()) if i != pair.answer.id)
        for pair in pairs
    }


def _question_of(conversation: ConversationRow, pair: Pair, asked: Message) -> Question:
    row = pair.question
    return Question(
        scope=Scope(conversation.scope_key, conversation.guild_id, conversation.channel_id),
        event_id=row.event_id or 0,
        speaker=asked.speaker or Speaker(0, ""),
        parts=asked.parts,
        model=pair.answer.model or "",
        task=row.task or Task.CHAT,
        image=ImageOptions(
            row.aspect_ratio, row.image_size, row.image_count or 1, bool(row.image_search)
        ),
        follows=row.parent_id,
        edits=tuple(row.edits or ()),
        token=pair.answer.token or "",
    )
