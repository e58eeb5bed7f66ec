"""What is hidden in an answer's text: the same thoughts and pictures however it is cut."""

from __future__ import annotations

from collections.abc import Hashable
from contextlib import AbstractContextManager
from zlib import crc32

from bot.chat.events import ImageReady, ReasoningDelta, TextDelta
from bot.llm import answer_text
from bot.llm.answer_text import AnswerText
from bot.llm.linked import ImageLinked
from tests.fuzz.target import Target, changed, cut_text

_PICTURE = "data:image/png;base64,iVBORw0KGgo="


def _small_limits() -> AbstractContextManager[None]:
    """Let short descriptions be too long to be waited for."""
    return changed((answer_text, "_MAX_UNDECIDED", 60))


def told(pieces: list[str]) -> list[tuple[str, str]]:
    """What the pieces bring, neighbouring texts joined."""
    reader = AnswerText()
    found: list[tuple[str, str]] = []
    for event in [event for piece in pieces for event in reader.feed(piece)] + reader.end():
        match event:
            case TextDelta(text) | ReasoningDelta(text):
                kind = type(event).__name__
                before = found.pop()[1] if found and found[-1][0] == kind else ""
                found.append((kind, before + text))
            case ImageLinked(url, alt, source):
                found.append(("linked", f"{url} {alt} {source}"))
            case ImageReady(image):
                found.append(("picture", f"{image.data!r} {image.alt}"))
            case _:
                raise AssertionError(event)
    return found


def _run(data: bytes) -> Hashable:
    text = data.decode("utf-8", "replace")
    whole = told([text])
    words = "".join(piece for kind, piece in whole if kind in ("TextDelta", "ReasoningDelta"))
    if not ({"![", "data:image/", "http"} & set(_marks(text))) and "think>" not in text:
        assert words == text, "words are lost"
    # A closing tag that none opened can only be told in time where it comes in one piece.
    if "</think" not in text and len(text) <= _LONGEST:
        size = 1 + crc32(data) % 12
        assert told(cut_text(text, size)) == whole, "cuts change it"
    return tuple((kind, min(len(piece), 4)) for kind, piece in whole)[:8]


_LONGEST = 60
"""What is not waited for any longer may well depend on where it is cut."""


def _marks(text: str) -> list[str]:
    return [mark for mark in ("![", "data:image/", "http") if mark in text]


TARGET = Target(
    "answer text",
    _run,
    seeds=[
        b"<think>Hm.</think>Yes.", b"Hm.</think>\nYes.", b"words ![a](https://x.test/a) more",
        b"Look:\nhttps://x.test/a.png\nthere", f"![fox]({_PICTURE}) and".encode(),
        f"{_PICTURE} alone".encode(), b"`![a](https://x.test/a)` and ```\n![a](https://x)\n```\n",
        b"~~~\nhttps://x.test/a.png\n~~~\n", f'![fox]({_PICTURE} "a title") and'.encode(),
    ],
    dictionary=[
        b"<think>", b"</think>", b"<th", b"</", b"![", b"!", b"](", b")", b"(", b"[", b"]", b"\n",
        b" ", b"\t", b'"', b"'", b"`", b"```", b"~~~", b"~", b"http", b"https://x", b"https://x.test",
        b".png", b".png?a", b".jpeg", b"?", b"<", b">", _PICTURE.encode(), b"data:image/", b"data:",
        b";base64,", b"QUJD", b"=", b"![a](https://x.test/a)", b'![a](https://x "t")', b"a", b"d",
        b"![a](data:image/", b"\nhttps://x.test/a.png\n", b"https://x(b)", "字".encode(), b"\r",
    ],
    around=_small_limits,
)  # fmt: skip
