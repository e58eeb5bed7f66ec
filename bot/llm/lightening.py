"""A question made lighter, once, after the gateway found it too long or too large."""

from __future__ import annotations

import asyncio
from dataclasses import replace

from bot.chat.content import FilePart, ImagePart, Message, Part, Role
from bot.chat.context import in_words, message_tokens
from bot.chat.ports import ChatRequest
from bot.pictures.shrinking import scaled

LIGHT_BYTES = 4 * 1024 * 1024
"""Of all pictures together: about a fifth of what the gateway itself takes, so that a proxy in
front of it with a limit of its own is content as well."""
_LEAST_BYTES = 100 * 1024
"""Of one picture; below this little can be seen on it."""


def shortened(request: ChatRequest) -> ChatRequest | None:
    """The request with the newer half of its conversation, by weight, and the whole question.

    None when there is nothing but the question.
    """
    messages = list(request.messages)
    weights = [message_tokens(message) for message in messages]
    start = len(messages) - 1
    left = sum(weights) / 2 - weights[start]
    for earlier in range(start - 1, -1, -1):
        left -= weights[earlier]
        if left < 0:
            break
        if messages[earlier].role is Role.USER:
            start = earlier
    return replace(request, messages=messages[start:]) if start > 0 else None


async def lightened(request: ChatRequest) -> ChatRequest | None:
    """The request with smaller pictures, without signatures, and with earlier files in words.

    None when that changes nothing.
    """
    *earlier, question = request.messages
    count = sum(len(message.images) for message in request.messages)
    limit = max(_LEAST_BYTES, LIGHT_BYTES // max(1, count))
    light = [await _lightened(message, limit, files=False) for message in earlier]
    light.append(await _lightened(question, limit, files=True))
    return None if light == list(request.messages) else replace(request, messages=light)


async def _lightened(message: Message, limit: int, *, files: bool) -> Message:
    async def part_of(part: Part) -> Part:
        match part:
            case ImagePart():
                return await scaled(part, limit)
            case FilePart() if not files:
                return in_words(part)
            case _:
                return part

    parts = await asyncio.gather(*map(part_of, message.parts))
    # What is signed weighs as much as its picture, and no longer belongs to a smaller one.
    return replace(message, parts=tuple(parts), natives=())
