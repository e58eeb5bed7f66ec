"""Questions and answers for the tests of this room."""

from __future__ import annotations

from itertools import count

from bot.chat.content import Message, Role, Speaker, TextPart
from bot.chat.turns import Answer, Question, Scope, TurnState

HERE = Scope("channel:7", guild_id=1, channel_id=7)
ELSEWHERE = Scope("channel:8", guild_id=1, channel_id=8)
MIRA = Speaker(2**63 - 1, "mira")
WIDE = 10**9

events = count(10**18)


def ask(*parts, scope=HERE, **more) -> Question:
    words = tuple(TextPart(part) if isinstance(part, str) else part for part in parts)
    return Question(
        scope=scope,
        event_id=more.pop("event_id", next(events)),
        speaker=more.pop("speaker", MIRA),
        parts=words or (TextPart("Hi"),),
        model=more.pop("model", "gpt-4o"),
        **more,
    )


def say(*parts, natives=(), **more) -> Answer:
    words = tuple(TextPart(part) if isinstance(part, str) else part for part in parts)
    return Answer(Message(Role.ASSISTANT, words, natives=tuple(natives)), **more)


async def answered(store, question, *, state=TurnState.COMPLETE, answer=None):
    """Ask and answer at once; the answer's id."""
    turn = await store.open_turn(question)
    answer = answer or say(f"To: {question.parts[0].text}")
    await store.close_turn(turn.turn_id, state, answer, shown=True)
    return turn.turn_id


async def opened(store, question):
    """Ask a question that is new."""
    turn = await store.open_turn(question)
    assert turn is not None
    return turn


def questions(exchanges) -> list[str]:
    return [exchange.question.text for exchange in exchanges]


async def seen_by_next(store, *, follows=None, scope=HERE, max_exchanges=100) -> list[str]:
    """The questions that a further question would be asked with."""
    turn = await store.open_turn(ask("next", scope=scope, follows=follows))
    history = await store.history(turn.turn_id, max_exchanges=max_exchanges, max_bytes=WIDE)
    await store.close_turn(turn.turn_id, TurnState.FAILED, say())
    return questions(history)
