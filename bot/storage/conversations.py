"""Conversations as trees of turns: who asked what, what came of it, and where it is shown."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime

import msgspec
from sqlalchemy import bindparam, delete, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.chat.content import ImagePart, Role
from bot.chat.context import without_media
from bot.chat.turns import (
    REMEMBERED,
    Answer,
    Exchange,
    OpenTurn,
    Question,
    Scope,
    TurnState,
)
from bot.storage import media, messages
from bot.storage.branches import Branch, Pair, both
from bot.storage.database import Database
from bot.storage.runs import left_by_dead, living
from bot.storage.tables import (
    ConversationRow,
    PartKind,
    TurnMessageRow,
    TurnPartRow,
    TurnRow,
)
from bot.storage.turns import exchange_of, new_answer, open_turns
from bot.storage.upsert import insert_into

_answer, _question = aliased(TurnRow), aliased(TurnRow)

_BEFORE = Branch(
    select(_question.parent_id)
    .join(_answer, _answer.parent_id == _question.id)
    .where(_answer.id == bindparam("turn_id"))
    .scalar_subquery(),
    REMEMBERED,
)
"""What was said before an answer's question."""

_NEWEST = Branch(
    select(ConversationRow.head_turn_id)
    .where(ConversationRow.scope_key == bindparam("scope_key"))
    .scalar_subquery(),
    list(TurnState),
)
"""What a conversation ends with."""


class SqlConversationStore:
    """The `ConversationStore` of `chat.ports`; each method is one transaction."""

    def __init__(self, database: Database, run_id: int | None = None) -> None:
        self._database = database
        self._run_id = run_id

    async def open_turn(
        self, question: Question, *, reservation: int | None = None
    ) -> OpenTurn | None:
        """Save a question and begin its answer; None when its event was already answered."""
        packed = await messages.pack(question.parts)
        async with self._database.write() as session:
            conversation_id, head_id = await _locked_conversation(session, question.scope)
            question_id = await session.scalar(
                insert_into(session, TurnRow)
                .values(
                    conversation_id=conversation_id,
                    parent_id=await _followed(session, conversation_id, question) or head_id,
                    role=Role.USER,
                    event_id=question.event_id,
                    speaker_id=question.speaker.id,
                    speaker_name=question.speaker.name,
                    task=question.task,
                    aspect_ratio=question.image.aspect_ratio,
                    image_size=question.image.size,
                    image_count=question.image.count,
                    image_search=question.image.search,
                    edits=list(question.edits) or None,
                )
                .on_conflict_do_nothing(index_elements=["event_id"])
                .returning(TurnRow.id)
            )
            if question_id is None:
                return None
            await messages.save(session, question_id, packed)
            answer_id = await session.scalar(
                insert(TurnRow)
                .values(
                    new_answer(
                        conversation_id,
                        question_id,
                        variant=1,
                        model=question.model,
                        run_id=self._run_id,
                        reservation=reservation,
                        token=question.token or None,
                    )
                )
                .returning(TurnRow.id)
            )
            assert answer_id is not None  # nothing can keep a new answer from being there
            if question.reserved is not None:
                session.add(
                    TurnMessageRow(
                        message_id=question.reserved,
                        channel_id=question.scope.channel_id,
                        turn_id=answer_id,
                        page=1,
                        reply_id=question.reserved,
                    )
                )
            await _set_head(session, conversation_id, answer_id)
        return OpenTurn(answer_id, question, reservation=reservation)

    async def history(self, turn_id: int, *, max_exchanges: int, max_bytes: int) -> list[Exchange]:
        """The remembered exchanges before that answer's question, oldest first."""
        async with self._database.read() as session:
            pairs = await _BEFORE.read(session, limit=max_exchanges, turn_id=turn_id)
            if not pairs:
                return []
            weights = await messages.weights(session, both(pairs))
            light = len(pairs)
            for pair in reversed(pairs):
                max_bytes -= sum(weights.get(turn.id, 0) for turn in both([pair]))
                if max_bytes < 0:
                    break
                light -= 1
            # Pictures that will not be sent are not even read.
            told = await messages.outline(session, both(pairs[:light]))
            said = {turn: without_media(message) for turn, message in told.items()}
            said |= await messages.load(session, both(pairs[light:]))
        return [exchange_of(pair, said) for pair in pairs]

    async def exchanges(self, scope: Scope, *, limit: int) -> list[Exchange]:
        """The newest exchanges up to the conversation's newest answer, oldest first.

        For listing: pictures and files come without their bytes, and only answers that count
        as said are there.
        """
        async with self._database.read() as session:
            pairs = await _NEWEST.read(session, limit=limit, scope_key=scope.key)
            said = await messages.outline(session, both(pairs))
        return [exchange_of(pair, said) for pair in pairs]

    async def lineage(self, turn_id: int, *, max_exchanges: int, max_bytes: int) -> list[Exchange]:
        """The exchanges whose pictures led to that answer, oldest first."""
        async with self._database.read() as session:
            pairs = await _edited(session, turn_id, max_exchanges)
            weights = await messages.weights(session, both(pairs))
            light = len(pairs)
            for pair in reversed(pairs):
                max_bytes -= sum(weights.get(turn.id, 0) for turn in both([pair]))
                if max_bytes < 0 and light < len(pairs):
                    break
                light -= 1
            told = await messages.outline(session, both(pairs[:light]))
            said = {turn: without_media(message) for turn, message in told.items()}
            said |= await messages.load(session, both(pairs[light:]))
        # What failed may have brought a picture all the same.
        return [replace(exchange_of(pair, said), answer=said[pair.answer.id]) for pair in pairs]

    async def keep_picture(self, turn_id: int, image: ImagePart) -> None:
        """Keep a picture of a growing answer; nothing happens when it does not grow any more."""
        packed = await messages.pack([image])
        async with self._database.write() as session:
            growing = await session.scalar(
                select(TurnRow.id)
                .where(TurnRow.id == turn_id, TurnRow.state == TurnState.STREAMING)
                .with_for_update()
            )
            if growing is not None:
                await messages.save(session, turn_id, packed)

    async def shown_on(
        self,
        turn_id: int,
        *,
        page: int,
        channel_id: int,
        message_id: int,
        reply_id: int | None = None,
    ) -> None:
        """Note which message shows a page; the last word about a page or a message counts.

        `reply_id` is a message the reply had before it showed this answer, if it had any.
        """
        async with self._database.write() as session:
            if not await _hold(session, turn_id):
                return
            known = await _reply_of(session, turn_id, reply_id)
            reply_id = message_id if known is None else known
            await session.execute(
                delete(TurnMessageRow).where(
                    TurnMessageRow.turn_id == turn_id,
                    TurnMessageRow.reply_id == reply_id,
                    TurnMessageRow.page == page,
                    TurnMessageRow.message_id != message_id,
                )
            )
            place = {
                "turn_id": turn_id,
                "page": page,
                "channel_id": channel_id,
                "reply_id": reply_id,
            }
            await session.execute(
                insert_into(session, TurnMessageRow)
                .values(message_id=message_id, **place)
                .on_conflict_do_update(index_elements=["message_id"], set_=place)
            )

    async def close_turn(
        self, turn_id: int, state: TurnState, answer: Answer, *, shown: bool = False
    ) -> None:
        """Keep an answer and how it ended; the first ending counts.

        Nothing happens when the conversation was forgotten meanwhile.
        """
        packed = await messages.pack(answer.message.parts)
        usage = answer.usage
        async with self._database.write() as session:
            closed = await session.scalar(
                update(TurnRow)
                .where(TurnRow.id == turn_id, TurnRow.state == TurnState.STREAMING)
                .values(
                    state=state,
                    answered_by=answer.model or None,
                    input_tokens=usage.input_tokens if usage else None,
                    output_tokens=usage.output_tokens if usage else None,
                    reasoning_tokens=usage.reasoning_tokens if usage else None,
                    cached_tokens=usage.cached_tokens if usage else None,
                    sources=msgspec.to_builtins(answer.sources),
                    ended_at=datetime.now(UTC),
                    unshown=None if shown else True,
                )
                .returning(TurnRow.id)
            )
            if closed is None:
                return
            await messages.replace_parts(session, turn_id, packed)
            await messages.save_natives(session, turn_id, answer.message.natives)

    async def is_known(self, event_id: int) -> bool:
        """Whether a message or interaction was answered, or is being answered."""
        async with self._database.read() as session:
            known = await session.scalar(select(TurnRow.id).where(TurnRow.event_id == event_id))
        return known is not None

    async def direct_channels(self, *, limit: int) -> list[int]:
        """The channels of the newest conversations outside servers."""
        async with self._database.read() as session:
            return list(
                await session.scalars(
                    select(ConversationRow.channel_id)
                    .where(ConversationRow.guild_id.is_(None))
                    .order_by(ConversationRow.head_turn_id.desc())
                    .limit(limit)
                )
            )

    async def confirm_shown(self, turn_ids: Collection[int]) -> None:
        """Note that Discord has the last state of these answers."""
        async with self._database.write() as session:
            await session.execute(
                update(TurnRow).where(TurnRow.id.in_(turn_ids)).values(unshown=None)
            )

    async def release(self, turn_id: int) -> None:
        """Leave an answer that is owed something to the next look at the interrupted ones."""
        async with self._database.write() as session:
            await session.execute(update(TurnRow).where(TurnRow.id == turn_id).values(run_id=None))

    async def turn_of_message(self, message_id: int) -> int | None:
        """The answer that a Discord message shows."""
        async with self._database.read() as session:
            return await session.scalar(
                select(TurnMessageRow.turn_id).where(TurnMessageRow.message_id == message_id)
            )

    async def scope_of(self, turn_id: int) -> Scope | None:
        """The conversation that an answer belongs to."""
        async with self._database.read() as session:
            row = await session.scalar(
                select(ConversationRow)
                .join(TurnRow, TurnRow.conversation_id == ConversationRow.id)
                .where(TurnRow.id == turn_id)
            )
            return None if row is None else Scope(row.scope_key, row.guild_id, row.channel_id)

    async def pictures_on(self, message_id: int) -> tuple[int, int] | None:
        """The answer that a Discord message shows, and how many pictures of it are kept."""
        kept = (
            select(func.count())
            .where(
                TurnPartRow.turn_id == TurnMessageRow.turn_id,
                TurnPartRow.kind == PartKind.IMAGE,
                TurnPartRow.media_sha256.is_not(None),
            )
            .scalar_subquery()
        )
        async with self._database.read() as session:
            found = await session.execute(
                select(TurnMessageRow.turn_id, kept).where(TurnMessageRow.message_id == message_id)
            )
            row = found.one_or_none()
            return None if row is None else (row[0], row[1])

    async def asker_of(self, turn_id: int) -> int | None:
        """The member who asked for that answer."""
        async with self._database.read() as session:
            return await session.scalar(
                select(_question.speaker_id)
                .join(_answer, _answer.parent_id == _question.id)
                .where(_answer.id == turn_id)
            )

    async def clear(self, scope: Scope) -> int:
        """Forget a conversation and the media that nobody else refers to."""
        async with self._database.write() as session:
            conversation_id = await session.scalar(
                select(ConversationRow.id)
                .where(ConversationRow.scope_key == scope.key)
                .with_for_update()
            )
            if conversation_id is None:
                return 0
            here = TurnRow.conversation_id == conversation_id
            # Locked, so that no answer comes to its end between here and the deletion and leaves
            # its pictures behind.
            roles = await session.scalars(select(TurnRow.role).where(here).with_for_update())
            count = roles.all().count(Role.USER)
            digests = await session.scalars(
                select(TurnPartRow.media_sha256)
                .join(TurnRow, TurnRow.id == TurnPartRow.turn_id)
                .where(here, TurnPartRow.media_sha256.is_not(None))
                .distinct()
            )
            unused = [sha256 for sha256 in digests if sha256 is not None]
            await session.execute(
                delete(ConversationRow).where(ConversationRow.id == conversation_id)
            )
            await media.forget_unused(session, unused)
        return count

    async def interrupted(self) -> list[OpenTurn]:
        """Answers that runs left growing, or unshown, when they died, oldest first; from now on
        this run's."""
        async with self._database.write() as session:
            alive = await living(session, self._run_id)
            claimed: list[int] = []
            # Two statements, as each has a partial index of its own.
            for owed in (TurnRow.state == TurnState.STREAMING, text("turns.unshown")):
                claimed += await session.scalars(
                    update(TurnRow)
                    .where(owed, left_by_dead(TurnRow.run_id, alive))
                    .values(run_id=self._run_id)
                    .returning(TurnRow.id)
                )
            rows = await session.execute(
                select(ConversationRow, _question, _answer)
                .join(_answer, _answer.conversation_id == ConversationRow.id)
                .join(_question, _question.id == _answer.parent_id)
                .where(_answer.id.in_(claimed))
                .order_by(_answer.id)
            )
            return await open_turns(
                session, [(where, Pair(asked, said)) for where, asked, said in rows]
            )


async def _edited(session: AsyncSession, turn_id: int, limit: int) -> list[Pair]:
    """The answers whose pictures an answer's question edits, one after the other, oldest first."""
    found: list[Pair] = []
    answer = await session.get(TurnRow, turn_id)
    while answer is not None and len(found) < limit:
        question = await session.get_one(TurnRow, answer.parent_id)
        if answer.id != turn_id:
            found.append(Pair(question, answer))
        if not question.edits or question.parent_id is None:
            break
        answer = await session.get(TurnRow, question.parent_id)
        if answer is not None and answer.state is TurnState.STREAMING:
            break
    return found[::-1]


async def _reply_of(session: AsyncSession, turn_id: int, message_id: int | None) -> int | None:
    """The reply that a message belongs to, or the newest one that shows the answer."""
    newest = select(func.max(TurnMessageRow.reply_id)).where(TurnMessageRow.turn_id == turn_id)
    if message_id is None:
        return await session.scalar(newest)
    return await session.scalar(
        select(TurnMessageRow.reply_id).where(TurnMessageRow.message_id == message_id)
    )


async def _locked_conversation(session: AsyncSession, scope: Scope) -> tuple[int, int | None]:
    """Find or make the conversation; its id and newest answer, locked until the end."""
    place = {"guild_id": scope.guild_id, "channel_id": scope.channel_id}
    row = await session.execute(
        insert_into(session, ConversationRow)
        .values(scope_key=scope.key, **place)
        # An update, though it changes nothing: it locks the row, whoever was first to make it.
        .on_conflict_do_update(index_elements=["scope_key"], set_=place)
        .returning(ConversationRow.id, ConversationRow.head_turn_id)
    )
    conversation_id, head_id = row.one()
    return conversation_id, head_id


async def _followed(session: AsyncSession, conversation_id: int, question: Question) -> int | None:
    """The older answer a question replies to, if it belongs to the same conversation."""
    if question.follows is None:
        return None
    return await session.scalar(
        select(TurnRow.id).where(
            TurnRow.id == question.follows,
            TurnRow.conversation_id == conversation_id,
            TurnRow.role == Role.ASSISTANT,
        )
    )


async def _set_head(session: AsyncSession, conversation_id: int, turn_id: int) -> None:
    await session.execute(
        update(ConversationRow)
        .where(ConversationRow.id == conversation_id)
        .values(head_turn_id=turn_id)
    )


async def _hold(session: AsyncSession, turn_id: int) -> bool:
    """Keep a turn as it is until the transaction ends; False when it is gone."""
    held = await session.scalar(select(TurnRow.id).where(TurnRow.id == turn_id).with_for_update())
    return held is not None
