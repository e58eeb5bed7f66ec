"""The Gemini dialect: answers spelled as one reply object or as a stream of them."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any
from urllib.parse import quote_plus

from bot.playground.standin.answers import Finish, Script
from bot.playground.standin.delivery import Beat
from bot.playground.standin.gemini_wire import GeminiCall

# Text comes in pieces of about 86 characters, the median measured on the wire.
_PIECE = re.compile(r".{1,86}(?:\s+|$)|.{86}|.+", re.DOTALL)
_CHARACTERS_PER_DELTA = 4

Sign = Callable[[bytes], str]
"""Makes a thought signature for a picture's bytes, or for text when they are empty."""

_TEXT_FINISH = {Finish.STOP: "STOP", Finish.LENGTH: "MAX_TOKENS", Finish.FILTERED: "SAFETY"}
_IMAGE_FINISH = {**_TEXT_FINISH, Finish.FILTERED: "IMAGE_SAFETY"}


class GeminiReply:
    """One answer of one model."""

    def __init__(self, call: GeminiCall, model: str, script: Script, *, draws: bool) -> None:
        self._call = call
        self._model = model
        self._script = script
        self._draws = draws
        self._id = secrets.token_urlsafe(12)

    @property
    def finish_reason(self) -> str:
        """The vendor's word for how the answer ends."""
        if self._draws:
            if self._script.finish is Finish.STOP and not self._script.text:
                return "NO_IMAGE"
            if not self._script.draws:
                return "STOP"
            return _IMAGE_FINISH.get(self._script.finish, "STOP")
        return _TEXT_FINISH.get(self._script.finish, "STOP")

    def thoughts(self) -> Iterator[dict[str, Any]]:
        """The thinking, one part for each headed paragraph."""
        sections = re.split(r"\n(?=\*\*)", self._script.reasoning)
        for section in filter(None, sections):
            yield {"text": section, "thought": True}

    def words(self) -> Iterator[dict[str, Any]]:
        """The answer's text in the pieces a stream brings."""
        for piece in _PIECE.findall(self._script.text):
            yield {"text": piece}

    async def events(
        self, pictures: AsyncIterator[dict[str, Any]] | None, sign: Sign | None
    ) -> AsyncIterator[Beat]:
        """Spell the answer as a stream; the last event says how it ended."""
        if self._script.finish is Finish.BLOCKED:
            yield Beat(self._blocked())
            return
        for part in self.thoughts():
            yield self._beat(part)
        words = list(self.words())
        if words and sign is not None and pictures is not None:
            words[0]["thoughtSignature"] = sign(b"")
        for part in words:
            yield self._beat(part)
        if self._script.finish is Finish.BROKEN:
            return
        closing: list[dict[str, Any]] = []
        if self._script.tool is not None:
            closing = [self._tool_call(sign)]
        elif pictures is not None:
            # The picture is one event of its own, and here the last one.
            async for part in pictures:
                if closing:
                    yield Beat(self._object(closing))
                closing = [part]
        elif sign is not None:
            # Gemini 3 puts a text answer's signature on a closing part with empty text.
            closing = [{"text": "", "thoughtSignature": sign(b"")}]
        yield Beat(self._object(closing, last=True))

    async def whole(
        self, pictures: AsyncIterator[dict[str, Any]] | None, sign: Sign | None
    ) -> dict[str, Any]:
        """Spell the answer in one piece."""
        if self._script.finish is Finish.BLOCKED:
            return self._blocked()
        parts = list(self.thoughts())
        text = {"text": self._script.text}
        if self._script.text:
            if sign is not None:
                text["thoughtSignature"] = sign(b"")
            parts.append(text)
        if self._script.tool is not None:
            parts.append(self._tool_call(sign))
        if pictures is not None:
            parts += [part async for part in pictures]
        return self._object(parts, last=True)

    def _blocked(self) -> dict[str, Any]:
        return {
            "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"},
            "usageMetadata": self._usage(drawn=False),
            "modelVersion": self._model,
            "responseId": self._id,
        }

    def _tool_call(self, sign: Sign | None) -> dict[str, Any]:
        tool = self._script.tool
        assert tool is not None
        part: dict[str, Any] = {"functionCall": {"name": tool.name, "args": tool.arguments}}
        if sign is not None:
            part["thoughtSignature"] = sign(b"")
        return part

    def _beat(self, part: dict[str, Any]) -> Beat:
        return Beat(self._object([part]), len(part["text"]) / _CHARACTERS_PER_DELTA)

    def _object(self, parts: list[dict[str, Any]], *, last: bool = False) -> dict[str, Any]:
        candidate: dict[str, Any] = {"content": {"role": "model"}, "index": 0}
        if parts:
            candidate["content"]["parts"] = parts
        if self._script.queries:
            candidate["groundingMetadata"] = grounding(self._script) if last else {}
        if last:
            candidate["finishReason"] = self.finish_reason
            if self.finish_reason in ("SAFETY", "IMAGE_SAFETY"):
                candidate["finishMessage"] = (
                    "The stand-in withheld this answer, as it was asked to."
                )
                candidate["safetyRatings"] = [
                    {
                        "category": "HARM_CATEGORY_DANGEROUS_CONTENT",
                        "probability": "HIGH",
                        "blocked": True,
                    }
                ]
        return {
            "candidates": [candidate],
            "usageMetadata": self._usage(drawn=last and any("inlineData" in p for p in parts)),
            "modelVersion": self._model,
            "responseId": self._id,
        }

    def _usage(self, *, drawn: bool) -> dict[str, int]:
        prompt = sum(len(content.text) // 4 + 4 for content in self._call.contents)
        prompt += sum(560 * len(content.pictures) for content in self._call.contents)
        thought = len(self._script.reasoning) // 4
        visible = len(self._script.text) // 4 + (1120 if drawn else 0)
        counts = {"promptTokenCount": prompt, "candidatesTokenCount": visible}
        if thought:
            counts["thoughtsTokenCount"] = thought
        return {**counts, "totalTokenCount": prompt + thought + visible}


def grounding(script: Script) -> dict[str, Any]:
    """Spell sources and searches; segment offsets count UTF-8 bytes of the answer's text."""
    chips = "".join(
        f'<a class="chip" href="https://www.google.com/search?q={quote_plus(query)}">'
        f"{html.escape(query)}</a>"
        for query in script.queries
    )
    supports = []
    for number, source in enumerate(script.sources):
        position = script.text.find(source.sentence)
        if position < 0:
            continue  # the answer was cut before this sentence
        start = len(script.text[:position].encode())
        segment: dict[str, Any] = {
            "startIndex": start,
            "endIndex": start + len(source.sentence.encode()),
            "text": source.sentence,
        }
        supports.append({"segment": segment, "groundingChunkIndices": [number]})
    return {
        "webSearchQueries": list(script.queries),
        "groundingChunks": [{"web": {"uri": s.url, "title": s.title}} for s in script.sources],
        "groundingSupports": supports,
        "searchEntryPoint": {
            "renderedContent": "<style>.chip{border-radius:16px}</style>"
            f'<div class="container">{chips}</div>'
        },
    }
