"""What providers repeat of a question in their errors, taken out before it reaches a log. Pure."""

from __future__ import annotations

import re
from dataclasses import replace

from bot.chat.content import TextPart
from bot.chat.ports import ChatRequest
from bot.errors import BlockedError, LLMError, Upstream

LONGEST_CHANCE = 11
"""So many characters in a row may be the same by chance, as "the request" is."""
LONGEST_EAST_ASIAN_CHANCE = 3
REMOVED = "[removed]"

_WORD = re.compile(r"[A-Za-z0-9_]+|\S")


def unechoed(error: LLMError, request: ChatRequest) -> Upstream:
    """What a log may say of a failure: nothing of the question, which a filter quotes in the
    smallest pieces."""
    upstream = error.upstream
    detail = "" if isinstance(error, BlockedError) else without_echo(upstream.detail, request)
    said = _letters(" ".join(_words(request)))
    return replace(
        upstream,
        detail=detail,
        code="" if _spells(upstream.code, said) else upstream.code,
        request_id="" if _spells(upstream.request_id, said) else upstream.request_id,
    )


def _spells(word: str, said: str) -> bool:
    """Whether a code repeats what was said, with whatever between the words."""
    letters = _letters(word)
    starts = range(len(letters) - LONGEST_CHANCE)
    return any(letters[at : at + LONGEST_CHANCE + 1] in said for at in starts)


def _letters(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()


def without_echo(detail: str, request: ChatRequest) -> str:
    """A provider's message without the passages that stand in the request as well."""
    said = _folded(" ".join(_words(request)))
    detail = " ".join(detail.split())
    folded = detail.casefold()
    if len(folded) != len(detail):  # some letters fold into two
        detail = folded
    kept: list[str] = []
    done = 0
    for word in _WORD.finditer(folded):
        at = word.start()
        if at < done:
            continue
        size = _repeated(folded[at:], said)
        if size:
            kept += [detail[done:at], REMOVED]
            done = at + size
    return "".join([*kept, detail[done:]])


def _words(request: ChatRequest) -> list[str]:
    texts = [
        part.text
        for message in request.messages
        for part in message.parts
        if isinstance(part, TextPart)
    ]
    return [request.system or "", *texts]


def _folded(text: str) -> str:
    return " ".join(text.split()).casefold()


def _repeated(text: str, said: str) -> int:
    """How many characters from the text's beginning stand in what was said; 0 when that may be
    chance."""
    chance = LONGEST_EAST_ASIAN_CHANCE if text[0] >= "\u2e80" else LONGEST_CHANCE
    if len(text) <= chance or text[: chance + 1] not in said:
        return 0
    low, high = chance + 1, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if text[:middle] in said:
            low = middle
        else:
            high = middle - 1
    return len(text[:low].rstrip())
