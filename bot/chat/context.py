"""Which turns still fit a model's window, by tokens and by bytes; whole turns only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bot.chat.content import FilePart, ImagePart, Message, Part, TextPart
from bot.chat.names import speaking
from bot.chat.turns import Exchange

TOKENS_PER_IMAGE = 1_100
TOKENS_PER_MESSAGE = 4
HISTORY_TOKENS = 32_000
HISTORY_BYTES = 13_000_000
"""Raw bytes of media; as base64 in JSON about 18 MB, which gateways still take."""
MAX_SIGNED_PICTURES = 4
"""Turns with pictures that go back in their own form: their signatures weigh megabytes."""
OUTPUT_RESERVE = 4_096


@dataclass(frozen=True, slots=True)
class Budget:
    """What the history may weigh."""

    tokens: int = HISTORY_TOKENS
    bytes: int = HISTORY_BYTES


def budget_for(window_tokens: int, wanted_tokens: int | None = None) -> Budget:
    """The usual history budget or the wanted one, or less where the model's window is small."""
    wanted = HISTORY_TOKENS if wanted_tokens is None else wanted_tokens
    return Budget(tokens=max(0, min(wanted, window_tokens - OUTPUT_RESERVE)))


def estimate_tokens(text: str) -> int:
    """Tokens of a text without a tokenizer, on the safe side for every script.

    Weights from measured replies: ASCII 4 characters a token, other letters 2.5, Chinese,
    Japanese and Korean 1.1 tokens a character, everything else 2.5 tokens a character.
    """
    ascii_count = letters = east_asian = symbols = 0
    for char in text:
        if char < "\x80":
            ascii_count += 1
        elif "\u2e80" <= char <= "\u9fff" or "\uac00" <= char <= "\ud7af" or char >= "\U00020000":
            east_asian += 1
        elif char.isalpha():
            letters += 1
        else:
            symbols += 1
    return int(ascii_count / 4 + letters / 2.5 + east_asian * 1.1 + symbols * 2.5) + 1


def message_tokens(message: Message) -> int:
    """Tokens of a whole turn with its pictures and files."""
    total = TOKENS_PER_MESSAGE
    for part in message.parts:
        match part:
            case TextPart(text):
                total += estimate_tokens(text)
            case ImagePart():
                total += TOKENS_PER_IMAGE
            case FilePart(data):
                total += len(data) // 100  # about what a page of PDF or a second of sound costs
    return total


def message_bytes(message: Message) -> int:
    """Bytes a turn adds to the request besides its text, before base64 makes a third more."""
    media = sum(len(p.data) for p in message.parts if not isinstance(p, TextPart))
    return media + sum(len(native.parts) for native in message.natives) * 3 // 4


def without_media(message: Message) -> Message:
    """The turn with its pictures and files told in words."""
    return replace(message, parts=tuple(map(in_words, message.parts)), natives=())


def in_words(part: Part) -> TextPart:
    """A picture or file told in words."""
    match part:
        case TextPart():
            return part
        case ImagePart():
            return TextPart(f"[picture: {part.alt or part.name or part.mime_type}]")
        case FilePart():
            return TextPart(f"[file: {part.name}]")


def named(message: Message) -> Message:
    """The turn with its speaker's name in front, where several people may speak.

    The name is on one line and holds no colon: nobody can write somebody else's turn into it.
    """
    if message.speaker is None:
        return message
    name = speaking(message.speaker.name) or str(message.speaker.id)
    first, *rest = message.parts or (TextPart(""),)
    if isinstance(first, TextPart):
        parts: tuple[Part, ...] = (TextPart(f"{name}: {first.text}"), *rest)
    else:
        parts = (TextPart(f"{name}:"), first, *rest)
    return replace(message, parts=parts)


def fit(
    history: Sequence[Exchange], question: Message, budget: Budget, *, shared: bool
) -> list[Message]:
    """The newest exchanges that fit beside the question, oldest first, then the question.

    In a `shared` place each turn of a person begins with that person's name. An exchange goes in
    whole or not at all, and nothing older than one left out goes in. Media too heavy for the byte
    budget, and signed pictures beyond the newest few, become notes in words.
    """
    spoken = named if shared else _as_is
    question = spoken(question)
    tokens = message_tokens(question)
    weight = message_bytes(question)
    signed = 0
    kept: list[tuple[Message, Message]] = []
    for exchange in reversed(history):
        if exchange.answer is None:
            continue
        pair = (spoken(exchange.question), exchange.answer)
        signed += bool(exchange.answer.natives and exchange.answer.images)
        added = sum(map(message_bytes, pair))
        if weight + added > budget.bytes or signed > MAX_SIGNED_PICTURES:
            pair = (without_media(pair[0]), without_media(pair[1]))
            # Newer media went in first; from here on older ones must not slip in between.
            weight, added = budget.bytes, 0
        cost = sum(map(message_tokens, pair))
        if tokens + cost > budget.tokens:
            break
        tokens += cost
        weight += added
        kept.append(pair)
    messages = [message for pair in reversed(kept) for message in pair]
    return [*messages, question]


def _as_is(message: Message) -> Message:
    return message
