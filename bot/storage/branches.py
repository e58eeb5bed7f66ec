"""Walking a conversation's tree from an answer back to its beginning."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import Integer, ScalarSelect, bindparam, case, literal, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from bot.chat.turns import TurnState
from bot.storage.tables import TurnRow


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and one of its answers."""

    question: TurnRow
    answer: TurnRow


def both(pairs: Sequence[Pair]) -> list[TurnRow]:
    """The rows of all questions and answers."""
    return [row for pair in pairs for row in (pair.question, pair.answer)]


class Branch:
    """The way back from an answer, as one statement, built once because that takes a while.

    `last_answer` is where the walk begins, with parameters to be given to `read`. Pairs whose
    answer is in none of the `states` are passed through: neither returned nor counted.
    """

    def __init__(
        self, last_answer: ScalarSelect[int | None], states: Collection[TurnState]
    ) -> None:
        question, answer = aliased(TurnRow), aliased(TurnRow)
        counts = case((answer.state.in_(states), 1), else_=0)
        walk = (
            select(
                answer.id.label("answer_id"),
                question.id.label("question_id"),
                question.parent_id.label("before_id"),
                literal(0, Integer).label("depth"),
                counts.label("counted"),
            )
            .join(question, question.id == answer.parent_id)
            .where(answer.id == last_answer)
            .cte("walk", recursive=True)
        )
        walk = walk.union_all(
            select(
                answer.id,
                question.id,
                question.parent_id,
                walk.c.depth + 1,
                walk.c.counted + counts,
            )
            .join(walk, answer.id == walk.c.before_id)
            .join(question, question.id == answer.parent_id)
            .where(walk.c.counted < bindparam("limit", type_=Integer))
        )
        self._statement = (
            select(question, answer)
            .join(walk, question.id == walk.c.question_id)
            .join(answer, answer.id == walk.c.answer_id)
            .where(answer.state.in_(states))
            .order_by(walk.c.depth.desc())
        )

    async def read(self, session: AsyncSession, *, limit: int, **start: int | str) -> list[Pair]:
        """The newest `limit` pairs, oldest first."""
        if limit <= 0:
            return []
        rows = await session.execute(self._statement, {"limit": limit, **start})
        return [Pair(asked, said) for asked, said in rows]
