"""Answers that were cut off and went on in further replies."""

from __future__ import annotations

from bot.chat.content import TextPart
from bot.chat.ports import VariantStore

CONTINUE = (
    "Continue your last answer exactly where it stops, in the same language and format. "
    "Repeat nothing and say nothing about continuing."
)
"""Said to the model, never shown; what was continued is known by it again."""


async def whole_text(variants: VariantStore, turn_id: int) -> str:
    """An answer's text behind that of the answers which it continues.

    Raises:
        ConversationError: the answer is no longer remembered.
    """
    kept = await variants.kept(turn_id)
    text, question = kept.answer.message.text, kept.turn.question
    while question.parts == (TextPart(CONTINUE),) and question.follows is not None:
        kept = await variants.kept(question.follows)
        text, question = _joined(kept.answer.message.text, text), kept.turn.question
    return text


def _joined(cut: str, rest: str) -> str:
    """Models leave out the space or the line's end where they go on; a line's end is both."""
    seamless = cut[-1:].isspace() or rest[:1].isspace()
    return cut + rest if seamless else f"{cut}\n{rest}"
