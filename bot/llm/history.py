"""A conversation in the order and the form that providers accept.

Turns alternate and begin with a person's. Pictures that a model made stand in its own turns only
with their signatures (the dialect's native parts); otherwise they go along in the next question.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from bot.chat.content import ImagePart, Message, Native, Part, Role, TextPart
from bot.chat.ports import ChatRequest

PREVIOUS_IMAGE = "Previous image:"
EARLIER_WORDS = "You wrote earlier:"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn to be sent. With `native` set, that is sent; `parts` are then its pictures."""

    role: Role
    parts: tuple[Part, ...]
    native: Native | None = None

    @property
    def text(self) -> str:
        """All words of the turn."""
        return "\n".join(part.text for part in self.parts if isinstance(part, TextPart))


def alternating(
    messages: Sequence[Message],
    *,
    keeps: Callable[[Message, Native], bool] = lambda _message, _native: False,
) -> list[Turn]:
    """Put a conversation in order; `keeps` tells which native forms can go back unchanged."""
    turns: list[Turn] = []
    pictures: list[Part] = []  # made by the model, waiting for the next question
    for message in messages:
        if message.role is Role.USER:
            _add(turns, Role.USER, (*pictures, *message.parts))
            pictures = []
        elif message.native is not None and turns and keeps(message, message.native):
            turns.append(Turn(Role.ASSISTANT, message.images, message.native))
        else:
            pictures += _labelled(message.images)
            if text := message.text:
                if turns:
                    _add(turns, Role.ASSISTANT, (TextPart(text),))
                else:
                    # A conversation may not begin with the model's own turn.
                    _add(turns, Role.USER, (TextPart(f"{EARLIER_WORDS}\n{text}"),))
    if pictures:
        _add(turns, Role.USER, tuple(pictures))
    return turns


def _add(turns: list[Turn], role: Role, parts: tuple[Part, ...]) -> None:
    last = turns[-1] if turns else None
    if last is not None and last.role is role and last.native is None:
        turns[-1] = replace(last, parts=(*last.parts, *parts))
    else:
        turns.append(Turn(role, parts))


def _labelled(images: Iterable[ImagePart]) -> list[Part]:
    return [part for image in images for part in (TextPart(PREVIOUS_IMAGE), image)]


def without_signatures(request: ChatRequest) -> ChatRequest | None:
    """The request with its native parts left out; None when it has none."""
    if not any(message.natives for message in request.messages):
        return None
    bare = [replace(message, natives=()) for message in request.messages]
    return replace(request, messages=bare)


def folded(request: ChatRequest) -> ChatRequest | None:
    """The whole conversation as one question, which no signature check can refuse.

    It holds a labelled transcript, the newest picture of the earlier turns, and the question
    itself. None when there is only one turn.
    """
    *earlier, question = request.messages
    if not earlier:
        return None
    lines = ["The conversation so far:"]
    for message in earlier:
        who = "User" if message.role is Role.USER else "You"
        lines.append(f"{who}: {message.text or '[picture]'}")
    newest = [image for message in earlier for image in message.images][-1:]
    parts = (TextPart("\n".join(lines)), *_labelled(newest), *question.parts)
    return replace(request, messages=[Message(Role.USER, parts)])
