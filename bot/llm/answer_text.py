"""What is hidden inside an answer's text: thoughts in `<think>` tags, and pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.chat.events import ImageReady, ReasoningDelta, TextDelta
from bot.llm.linked import Found, ImageLinked
from bot.llm.pictures import picture_from_uri

_OPEN = "<think>"
_CLOSE = "</think>"
_CLOSE_UNOPENED = re.compile(r"(?:(?!<think>).)*</think>[ \t]*(?:\n|$)", re.DOTALL)
_MAX_UNDECIDED = 2_000
"""Longest beginning of a Markdown picture that is held back; longer alt texts stay text."""


class AnswerText:
    """Sorts pieces of `content` into text, thoughts and pictures, however they are cut.

    Thoughts are recognised only before the answer's first words, since an answer may well talk
    about the tag. Where a model is known to lose the opening tag, its words count as thoughts
    until the closing tag comes; if none comes at all, they were the answer.
    """

    def __init__(self, *, hides_think_tag: bool = False) -> None:
        self._thoughts: _Thoughts | None = _Thoughts(hides_think_tag)
        self._pictures = _Pictures()

    def feed(self, piece: str) -> list[Found]:
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

    def end(self) -> list[Found]:
        """Return what was held back; half a picture is dropped."""
        events: list[Found] = []
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

    def feed(self, piece: str) -> tuple[list[Found], str]:
        """Return the thoughts in this piece, and the beginning of the answer."""
        events: list[Found] = []
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

    def end(self) -> tuple[list[Found], str]:
        """Return what is left when the content is over."""
        if not self._inside:
            return [], "" if self._thought else self._held
        if self._tag_may_be_missing:
            return [], "".join(self._unsure) + self._held
        return self._think(len(self._held)), ""

    def _think(self, length: int) -> list[Found]:
        thought, self._held = self._held[:length], self._held[length:]
        if not thought:
            return []
        if self._tag_may_be_missing:
            self._unsure.append(thought)
        return [ReasoningDelta(thought)]


_SUSPECT = re.compile(r"!|data:|h(?:t(?:t(?:p|$)|$)|$)|d(?:a(?:t(?:a$|$)|$)|$)|`|~")
"""What ordinary words rarely hold: without it, nothing has to be looked at closely."""
_DATA_URI = "data:image/"
_URI_END = re.compile(r"[^A-Za-z0-9+/=_\-;:,.%]")
_CANDIDATE = re.compile(r"!\[|!$|data:image/|https?://")
_DATA_HEAD = re.compile(r"!\[([^\]\n]*)\]\(\s*(?=data:image/)")
_HOSTED = re.compile(
    r"!\[([^\]\n]*)\]\(\s*<?(https?://[^\s<>()]+(?:\([^\s()]*\)[^\s<>()]*)*)>?"
    r"(?:\s+[\"'][^\n]*?[\"'])?\s*\)"
)
_MARKDOWN_CUT = re.compile(r"!(?:\[[^\]\n]*(?:\](?:\((?:[^()\n]|\([^()\n]*\)?)*)?)?)?")
_URL_LINE = re.compile(
    r"(https?://[^\s<>]+?\.(?:png|jpe?g|webp|gif)(?:\?[^\s<>]*)?)[ \t]*(?=\n)",
    re.IGNORECASE,
)
_URL_LINE_CUT = re.compile(r"https?://\S*[ \t]*")
_TAILS = tuple(_DATA_URI[:length] for length in range(len(_DATA_URI) - 1, 0, -1))
_URL_TAILS = ("https:/", "https:", "https", "http:/", "http:", "http", "htt", "ht", "h")
_TICKS = re.compile(r"`+|~+")
_TICKS_AT_END = re.compile(r"(?:`+|~+)\Z")
_FENCE = 3
"""So many backticks or tildes begin a block of code, or end it."""


@dataclass(frozen=True, slots=True)
class _Code:
    """Whether a place in a text is inside code."""

    inside: bool = False
    """A block of code."""
    run: str = ""
    """The backticks or tildes right before the place."""

    @property
    def here(self) -> bool:
        return self._toggled or self.run == "`"

    @property
    def _toggled(self) -> bool:
        return self.inside != (len(self.run) >= _FENCE)

    def after(self, text: str) -> _Code:
        """The same some text later, however that is cut."""
        if not text:
            return self
        joined = self.run + text
        fences = sum(
            len(ticks[0]) >= _FENCE and ticks.end() < len(joined)
            for ticks in _TICKS.finditer(joined)
        )
        inside = self.inside != bool(fences % 2)
        last = _TICKS_AT_END.search(joined)
        return _Code(inside, last[0] if last else "")


class _Pictures:
    """Takes pictures out of text: data URIs wherever they stand, and hosted pictures that stand
    as Markdown pictures or alone on a line (but not in code)."""

    def __init__(self) -> None:
        self._held = ""
        self._alt: str | None = None  # set while inside a data URI
        self._closing = ""
        self._uri: list[str] = []
        self._uri_ended = False
        self._line_begins = True
        self._code = _Code()

    def feed(self, piece: str) -> list[Found]:
        if self._alt is None and not self._held and not _SUSPECT.search(piece):
            return self._told(piece)
        events: list[Found] = []
        while piece:
            if self._alt is not None:
                piece = self._inside(piece, events)
            else:
                text, self._held = self._held + piece, ""
                piece = self._outside(text, events)
        return events

    def end(self) -> list[Found]:
        events: list[Found] = []
        held, self._held = self._held, ""
        if self._alt is not None:
            if not self._closing:  # Nothing shows where a bare address ends but the end.
                self._finish(events)
        elif held and (line := _URL_LINE.match(held + "\n")) and self._is_line(0, held):
            events.append(ImageLinked(line[1], "", held))
        else:
            events += self._told(held)
        return events

    def _told(self, text: str) -> list[Found]:
        if not text:
            return []
        self._line_begins = self._is_line(len(text), text)
        self._code = self._code.after(text)
        return [TextDelta(text)]

    def _outside(self, text: str, events: list[Found]) -> str:
        """Pass text on up to a picture; returns what follows the picture's beginning."""
        at = 0
        while (found := _CANDIDATE.search(text, at)) is not None:
            start = found.start()
            if found[0] == _DATA_URI:
                return self._begin(text, start, start, "", "", events)
            if found[0].startswith("!"):
                if head := _DATA_HEAD.match(text, start):
                    return self._begin(text, start, head.end(), head[1], ")", events)
                if self._is_code(text, start):
                    at = start + 1
                    continue
                if picture := _HOSTED.match(text, start):
                    events += self._told(text[:start])
                    events.append(ImageLinked(picture[2], picture[1], picture[0]))
                    self._line_begins = False
                    return text[picture.end() :]
                if _is_cut(_MARKDOWN_CUT, text, start):
                    return self._hold(text, start, events)
            elif self._is_line(start, text) and not self._is_code(text, start):
                if line := _URL_LINE.match(text, start):
                    events += self._told(text[:start])
                    events.append(ImageLinked(line[1], "", line[0]))
                    return text[line.end() :]
                if _is_cut(_URL_LINE_CUT, text, start):
                    return self._hold(text, start, events)
            at = start + 1
        return self._hold(text, len(text) - self._undecided(text), events)

    def _begin(
        self, text: str, start: int, uri: int, alt: str, closing: str, events: list[Found]
    ) -> str:
        events += self._told(text[:start])
        self._alt, self._closing = alt, closing
        self._uri, self._uri_ended = [], False
        return text[uri:]

    def _hold(self, text: str, start: int, events: list[Found]) -> str:
        self._held = text[start:]
        events += self._told(text[:start])
        return ""

    def _undecided(self, text: str) -> int:
        """How many characters at the end could be the beginning of an address."""
        for tail in _TAILS:
            if text.endswith(tail):
                return len(tail)
        for tail in _URL_TAILS:
            if text.endswith(tail) and self._is_line(len(text) - len(tail), text):
                return len(tail)
        return 0

    def _is_line(self, start: int, text: str) -> bool:
        before = text[:start].rstrip(" \t")
        return before.endswith("\n") if before else self._line_begins

    def _is_code(self, text: str, start: int) -> bool:
        return self._code.after(text[:start]).here

    def _inside(self, piece: str, events: list[Found]) -> str:
        """Collect a data URI up to its end; returns what follows it."""
        if not self._uri_ended:
            ending = _URI_END.search(piece)
            if ending is None:
                self._uri.append(piece)
                return ""
            self._uri.append(piece[: ending.start()])
            self._uri_ended = True
            piece = piece[ending.start() :]
        if not self._closing:
            self._finish(events)
            return piece
        # A title may stand between the address and the bracket; nobody needs it.
        title, bracket, behind = piece.partition(self._closing)
        if "\n" in title:
            self._finish(events)
            return piece
        if bracket:
            self._finish(events)
        return behind

    def _finish(self, events: list[Found]) -> None:
        picture = picture_from_uri("".join(self._uri), alt=self._alt or "")
        if picture is not None:
            events.append(ImageReady(picture))
        self._alt = None
        self._uri = []
        self._line_begins = False


def _is_cut(pattern: re.Pattern[str], text: str, start: int) -> bool:
    """Whether more text could still make this a picture."""
    return len(text) - start <= _MAX_UNDECIDED and pattern.fullmatch(text, start) is not None


def _partial_end(text: str, tag: str) -> int:
    """How many characters at the end of the text could be the beginning of the tag."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:length]):
            return length
    return 0
