"""What is hidden inside an answer's text: thoughts in `<think>` tags and pictures as data URIs."""

from __future__ import annotations

import re

from bot.chat.events import Event, ImageReady, ReasoningDelta, TextDelta
from bot.llm.pictures import picture_from_uri

_OPEN = "<think>"
_CLOSE = "</think>"
_CLOSE_UNOPENED = re.compile(r"(?:(?!<think>).)*</think>[ \t]*(?:\n|$)", re.DOTALL)
_PICTURE_HEAD = re.compile(r"!\[([^\]\n]*)\]\(\s*(data:image/)")
_PICTURE_HEAD_CUT = re.compile(r"!(?:\[[^\]\n]*(?:\](?:\(\s*[a-z:/]*)?)?)?")
_MAX_UNDECIDED = 2_000
"""Longest beginning of `![…](data:image/` that is held back; longer alt texts stay text."""


class AnswerText:
    """Sorts pieces of `content` into text, thoughts and pictures, however they are cut.

    Thoughts are recognised only before the answer's first words, since an answer may well talk
    about the tag. Where a model is known to lose the opening tag, its words count as thoughts
    until the closing tag comes; if none comes at all, they were the answer.
    """

    def __init__(self, *, hides_think_tag: bool = False) -> None:
        self._thoughts: _Thoughts | None = _Thoughts(hides_think_tag)
        self._pictures = _MarkdownPictures()

    def feed(self, piece: str) -> list[Event]:
        """Take the next piece of content and return what it brings."""
        if self._thoughts is None:
            return self._pictures.feed(piece)
        events, answer = self._thoughts.feed(piece)
        if self._thoughts.over:
            self._thoughts = None
        return events + self._pictures.feed(answer) if answer else events

    def expect_answer(self) -> None:
        """Note that thoughts come in a field of their own, so that no tag is missing here."""
        if self._thoughts is not None:
            self._thoughts.expect_answer()

    def end(self) -> list[Event]:
        """Return what was held back; half a picture is dropped."""
        events: list[Event] = []
        if self._thoughts is not None:
            events, answer = self._thoughts.end()
            self._thoughts = None
            if answer:
                events += self._pictures.feed(answer)
        return events + self._pictures.end()


class _Thoughts:
    """The part of the content before the answer begins."""

    def __init__(self, tag_may_be_missing: bool) -> None:
        self.over = False
        self._tag_may_be_missing = tag_may_be_missing
        self._inside = False
        self._thought = False
        self._held = ""
        self._unsure: list[str] = []  # told as thoughts, but perhaps the answer

    def expect_answer(self) -> None:
        if not self._inside:
            self._tag_may_be_missing = False

    def feed(self, piece: str) -> tuple[list[Event], str]:
        """Return the thoughts in this piece, and the beginning of the answer."""
        events: list[Event] = []
        self._held += piece
        while True:
            if self._inside:
                at = self._held.find(_CLOSE)
                if at < 0:
                    events += self._think(len(self._held) - _partial_end(self._held, _CLOSE))
                    return events, ""
                events += self._think(at)
                self._held = self._held[len(_CLOSE) :]
                self._inside = False
                self._unsure.clear()
                self._tag_may_be_missing = False
            text = self._held.lstrip()
            if text.startswith(_OPEN):
                self._held = text[len(_OPEN) :]
                self._inside = self._thought = True
                self._tag_may_be_missing = False
                continue
            if not text or _OPEN.startswith(text):
                return events, ""
            if self._tag_may_be_missing or _CLOSE_UNOPENED.match(text):
                self._inside = self._thought = True
                continue
            self.over = True
            return events, text if self._thought else self._held

    def end(self) -> tuple[list[Event], str]:
        """Return what is left when the content is over."""
        if not self._inside:
            return [], "" if self._thought else self._held
        if self._tag_may_be_missing:
            return [], "".join(self._unsure) + self._held
        return self._think(len(self._held)), ""

    def _think(self, length: int) -> list[Event]:
        thought, self._held = self._held[:length], self._held[length:]
        if not thought:
            return []
        if self._tag_may_be_missing:
            self._unsure.append(thought)
        return [ReasoningDelta(thought)]


class _MarkdownPictures:
    """Takes `![alt](data:image/…)` out of text and gives the picture instead."""

    def __init__(self) -> None:
        self._held = ""
        self._alt: str | None = None  # set while inside a data URI
        self._uri: list[str] = []

    def feed(self, piece: str) -> list[Event]:
        if self._alt is None and not self._held and "!" not in piece:
            return [TextDelta(piece)] if piece else []
        events: list[Event] = []
        while piece:
            if self._alt is not None:
                piece = self._inside(piece, events)
                continue
            text, self._held = self._held + piece, ""
            piece = self._outside(text, events)
        return events

    def end(self) -> list[Event]:
        held, self._held = self._held, ""
        self._uri.clear()
        return [TextDelta(held)] if held else []

    def _outside(self, text: str, events: list[Event]) -> str:
        """Pass text on up to a picture; returns what follows the picture's beginning."""
        search_from = 0
        while (at := text.find("!", search_from)) >= 0:
            head = _PICTURE_HEAD.match(text, at)
            if head is not None:
                if at:
                    events.append(TextDelta(text[:at]))
                self._alt = head[1]
                self._uri = [head[2]]
                return text[head.end() :]
            if _may_become_picture(text[at:]):
                if at:
                    events.append(TextDelta(text[:at]))
                self._held = text[at:]
                return ""
            search_from = at + 1
        events.append(TextDelta(text))
        return ""

    def _inside(self, piece: str, events: list[Event]) -> str:
        """Collect a data URI up to its bracket; returns what follows it."""
        body, bracket, rest = piece.partition(")")
        self._uri.append(body)
        if bracket:
            uri, *_title = "".join(self._uri).split(None, 1)
            picture = picture_from_uri(uri, alt=self._alt or "")
            if picture is not None:
                events.append(ImageReady(picture))
            self._alt = None
            self._uri = []
        return rest


def _may_become_picture(text: str) -> bool:
    """Whether more text could turn this into `![alt](data:image/`."""
    if len(text) > _MAX_UNDECIDED or _PICTURE_HEAD_CUT.fullmatch(text) is None:
        return False
    target = text.partition("](")[2].lstrip()
    return "data:image/".startswith(target)


def _partial_end(text: str, tag: str) -> int:
    """How many characters at the end of the text could be the beginning of the tag."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:length]):
            return length
    return 0
