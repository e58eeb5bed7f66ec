"""What is hidden inside an answer's text: thoughts in `<think>` tags, and pictures."""

from __future__ import annotations

import re
from dataclasses import dataclass

from bot.chat.events import ImageReady, ReasoningDelta, TextDelta
from bot.llm.linked import Found, ImageLinked
from bot.llm.pictures import picture_from_uri

_OPEN = "<think>"
_CLOSE = "</think>"
_CLOSED_LINE = re.compile(r"</think>[ \t]*(\n|\Z)")
_SPACES = re.compile(r"\s*")
_MAX_UNDECIDED = 2_000
"""Longest beginning of a Markdown picture that is held back, and longest title in its end; what is
longer stays text."""


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
        self._blanks: list[str] = []  # before what is held; the answer's, if no thoughts come
        self._held = ""
        self._unsure: list[str] = []  # told as thoughts, but perhaps the answer

    def expect_answer(self) -> None:
        if not self._inside:
            self._tag_may_be_missing = False

    def feed(self, piece: str) -> tuple[list[Found], str]:
        """Return the thoughts in this piece, and the beginning of the answer."""
        if not (self._inside or self._held) and piece.isspace():
            self._blanks.append(piece)
            return [], ""
        events: list[Found] = []
        text = "".join((*self._blanks, self._held, piece))
        self._blanks, self._held = [], ""
        unopened = _Unopened(text)
        at = 0
        while True:
            if self._inside:
                close = text.find(_CLOSE, at)
                if close < 0:
                    end = len(text) - _partial_end(text[at:], _CLOSE)
                    self._held = text[end:]
                    return events + self._think(text[at:end]), ""
                events += self._think(text[at:close])
                at = close + len(_CLOSE)
                self._inside = False
                self._unsure.clear()
                self._tag_may_be_missing = False
            begin = _SPACES.match(text, at).end()  # type: ignore[union-attr]  # it always matches
            if text.startswith(_OPEN, begin):
                at = begin + len(_OPEN)
                self._inside = self._thought = True
                self._tag_may_be_missing = False
            elif len(text) - begin < len(_OPEN) and _OPEN.startswith(text[begin:]):
                self._blanks, self._held = [text[at:begin]], text[begin:]
                return events, ""
            elif self._tag_may_be_missing or unopened.closes_after(begin):
                self._inside = self._thought = True
            else:
                self.over = True
                return events, text[begin:] if self._thought else text

    def end(self) -> tuple[list[Found], str]:
        """Return what is left when the content is over."""
        if not self._inside:
            return [], "" if self._thought else "".join((*self._blanks, self._held))
        if self._tag_may_be_missing:
            return [], "".join(self._unsure) + self._held
        return self._think(self._held), ""

    def _think(self, thought: str) -> list[Found]:
        if not thought:
            return []
        if self._tag_may_be_missing:
            self._unsure.append(thought)
        return [ReasoningDelta(thought)]


class _Unopened:
    """Finds closing tags at the ends of lines that no opening tag precedes."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._until = -1  # where the next opening tag stands
        self._last = -1  # where before that the last such closing tag stands

    def closes_after(self, at: int) -> bool:
        """Whether there is one; the places that are asked about come in order."""
        if at > self._until:
            opening = self._text.find(_OPEN, at)
            self._until = len(self._text) if opening < 0 else opening
            for found in _CLOSED_LINE.finditer(self._text, at, self._until):
                if found[1] or opening < 0:
                    self._last = found.start()
        return self._last >= at


_SUSPECT = re.compile(r"!|data:|h(?:t(?:t(?:p|$)|$)|$)|d(?:a(?:t(?:a$|$)|$)|$)|`|~")
"""What ordinary words rarely hold: without it, nothing has to be looked at closely."""
_DATA_URI = "data:image/"
_CLOSING = re.compile(r"[)\n]")
_URI_END = re.compile(r"[^A-Za-z0-9+/=_\-;:,.%]")
_CANDIDATE = re.compile(r"!\[|!$|data:image/|https?://")
_ALT = r"!\[((?:(?!!\[)[^\]\n])*)"
"""Another picture cannot begin in the description; nothing is looked through twice."""
_DATA_HEAD = re.compile(_ALT + r"\]\([ \t]*(?=data:image/)")
_HOSTED = re.compile(
    _ALT + r"\]\([ \t]*<?(https?://[^\s<>()]+(?:\([^\s()]*\)[^\s<>()]*)*)>?"
    r"(?:[ \t]+(?:\"(?:[^\"()\n]|\([^\"()\n]*\))*\"|'(?:[^'()\n]|\([^'()\n]*\))*'))?[ \t]*\)"
)
"""Brackets in a title come in pairs, as the beginning of a picture is held back only so far."""
_MARKDOWN_CUT = re.compile(rf"!(?:(?=\[){_ALT[1:]}(?:\](?:\((?:[^()\n]|\([^()\n]*\)?)*)?)?)?")
_URL_LINE = re.compile(r"(https?://[^\s<>]++)[ \t]*+(?=\n)")
_PICTURE_NAME = re.compile(r"//[^\s<>].*?\.(?:png|jpe?g|webp|gif)(?:\?|\Z)", re.IGNORECASE)
_URL_LINE_CUT = re.compile(r"https?://\S*[ \t]*")
_TAILS = tuple(_DATA_URI[:length] for length in range(len(_DATA_URI) - 1, 0, -1))
_DATA_CUT = re.compile(rf"!(?:(?=\[){_ALT[1:]}(?:\](?:\([ \t]*(?:{'|'.join(_TAILS)})?)?)?)?")
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
    """The backticks or tildes right before the place, as far as they count."""

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
        return _Code(inside, last[0][:_FENCE] if last else "")


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
        text, self._held = self._held + piece, ""
        at = 0
        while at < len(text):
            read = self._outside if self._alt is None else self._inside
            at = read(text, at, events)
        return events

    def end(self) -> list[Found]:
        events: list[Found] = []
        held, self._held = self._held, ""
        if self._alt is not None:
            if not self._closing:  # Nothing shows where a bare address ends but the end.
                self._finish(events)
        elif held and (line := _picture_line(held + "\n", 0)) and self._is_line(held, 0, 0):
            events.append(ImageLinked(line[1], "", held))
        else:
            events += self._told(held)
        return events

    def _told(self, text: str) -> list[Found]:
        if not text:
            return []
        self._line_begins = self._is_line(text, 0, len(text))
        self._code = self._code.after(text)
        return [TextDelta(text)]

    # What follows takes a text from one place on, of which nothing has been told yet, and says
    # where to go on.

    def _outside(self, text: str, begin: int, events: list[Found]) -> int:
        """Pass text on up to a picture, and what is undecided at the end not at all."""
        at = seen = begin
        code = self._code
        while (found := _CANDIDATE.search(text, at)) is not None:
            start = found.start()
            at = start + 1
            if found[0] == _DATA_URI:
                return self._begin(text, begin, start, start, "", "", events)
            if found[0].startswith("!") and (head := _DATA_HEAD.match(text, start)):
                return self._begin(text, begin, start, head.end(), head[1], ")", events)
            is_picture = found[0].startswith("!")
            if not is_picture and not self._is_line(text, begin, start):
                continue
            code, seen = code.after(text[seen:start]), start
            if code.here:
                # A picture in the address itself is no code that anybody could read.
                if is_picture and _is_cut(_DATA_CUT, text, start):
                    return self._hold(text, begin, start, events)
                continue
            if is_picture:
                if picture := _HOSTED.match(text, start):
                    events += self._told(text[begin:start])
                    events.append(ImageLinked(picture[2], picture[1], picture[0]))
                    self._line_begins = False
                    return picture.end()
                cut = _MARKDOWN_CUT
            else:
                if line := _picture_line(text, start):
                    events += self._told(text[begin:start])
                    events.append(ImageLinked(line[1], "", line[0]))
                    return line.end()
                cut = _URL_LINE_CUT
            if _is_cut(cut, text, start):
                return self._hold(text, begin, start, events)
        return self._hold(text, begin, len(text) - self._undecided(text, begin), events)

    def _begin(
        self,
        text: str,
        begin: int,
        start: int,
        uri: int,
        alt: str,
        closing: str,
        events: list[Found],
    ) -> int:
        events += self._told(text[begin:start])
        self._alt, self._closing = alt, closing
        self._uri, self._uri_ended = [], False
        return uri

    def _hold(self, text: str, begin: int, start: int, events: list[Found]) -> int:
        self._held = text[start:]
        events += self._told(text[begin:start])
        return len(text)

    def _undecided(self, text: str, begin: int) -> int:
        """How many characters at the end could be the beginning of an address."""
        for tail in _TAILS:
            if text.endswith(tail, begin):
                return len(tail)
        for tail in _URL_TAILS:
            if text.endswith(tail, begin) and self._is_line(text, begin, len(text) - len(tail)):
                return len(tail)
        return 0

    def _is_line(self, text: str, begin: int, start: int) -> bool:
        """Whether nothing but blanks stands before this place in its line."""
        while start > begin and text[start - 1] in " \t":
            start -= 1
        return text[start - 1] == "\n" if start > begin else self._line_begins

    def _inside(self, text: str, begin: int, events: list[Found]) -> int:
        """Collect a data URI up to its end."""
        at = begin
        if not self._uri_ended:
            ending = _URI_END.search(text, begin)
            at = ending.start() if ending else len(text)
            self._uri.append(text[begin:at])
            if ending is None:
                return at
            self._uri_ended = True
        if not self._closing:
            self._finish(events)
            return at
        # A title may stand between the address and the bracket; nobody needs it.
        ending = _CLOSING.search(text, at, at + _MAX_UNDECIDED)
        if ending is None and len(text) - at < _MAX_UNDECIDED:
            self._held = text[at:]
            return len(text)
        self._finish(events)
        return ending.end() if ending and ending[0] == self._closing else at

    def _finish(self, events: list[Found]) -> None:
        picture = picture_from_uri("".join(self._uri), alt=self._alt or "")
        if picture is not None:
            events.append(ImageReady(picture))
        self._alt = None
        self._uri = []
        self._line_begins = False


def _picture_line(text: str, start: int) -> re.Match[str] | None:
    """A line that is the address of a picture."""
    line = _URL_LINE.match(text, start)
    return line if line and _PICTURE_NAME.search(line[1]) else None


def _is_cut(pattern: re.Pattern[str], text: str, start: int) -> bool:
    """Whether more text could still make this a picture."""
    return len(text) - start <= _MAX_UNDECIDED and pattern.fullmatch(text, start) is not None


def _partial_end(text: str, tag: str) -> int:
    """How many characters at the end of the text could be the beginning of the tag."""
    for length in range(min(len(tag) - 1, len(text)), 0, -1):
        if text.endswith(tag[:length]):
            return length
    return 0
