"""Converts the words of one paragraph, heading or cell as they come in. Knows no blocks.

What more text could turn into something else is held back, at most `HELD` characters of it:
whether a mark has a partner is decided within that distance, however the text is fed.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from bot.replies.drawing import Drawing
from bot.replies.markdown_html import ENTITY, MARKS, TAG, WHOLE, alone, entity, whole
from bot.replies.markdown_links import BRACKETED, TARGET, deceives, masked_link
from bot.replies.markdown_references import References
from bot.replies.maths import formula_drawing, is_maths, to_unicode
from bot.replies.spans import flanks

HELD = 400
"""Longer than formulas in a sentence, link addresses and bold phrases are in practice."""

_SPECIAL = re.compile(
    r"""
      (?P<url>https?://) | (?P<start>h(?:t(?:tp?(?:s?:?/?)?)?)?\Z | [!_]\Z)
    | (?P<code>`+) | (?P<dollar>\$+) | (?P<strong>__+)
    | (?P<escape>\\) | (?P<bracket>!?\[) | (?P<tag><) | (?P<entity>&)
    """,
    re.VERBOSE,
)
_BACKTICKS = re.compile("`+")
_UNDERSCORES = re.compile("_+")
_URL_END = re.compile(r"(?=[\s<>])")
_TAG_PART = re.compile(r"</?(?:[A-Za-z][^<>]*)?\Z")
_ENTITY_PART = re.compile(r"&#?\w{0,8}\Z")
_LABEL = re.compile(r"\[([^\[\]]*)\]")
_FOOTNOTE = re.compile(r"\^[^\s^]+")
_PRICE = re.compile(r"\$\d[\d.,]*\s+[^\W\d_]{2}")
_DATA = re.compile(
    r"""!?\[(?P<label>[^\[\]]*)\]\([ \t]*<?data: | <img\s[^<>]*?\bsrc\s*=\s*["']?data:""",
    re.VERBOSE | re.IGNORECASE,
)
_DATA_END = {"[": re.compile(r"[)\s]"), "<": re.compile(">")}
_ALT = re.compile(r"""\balt\s*=\s*["']([^"']*)["']""")

Piece = str | Drawing


class InlineReader:
    """Turns Markdown words into Discord's, piece by piece."""

    def __init__(self, references: References) -> None:
        self.open_code = ""
        """The backticks of a span of inline code that has not ended yet."""
        self._references = references
        self._text = ""
        self._before = ""
        """The character in front of the text, which tells what a mark may do."""
        self._skip_to: re.Pattern[str] | None = None
        """What ends an address, whose characters are taken as they are."""
        self._dropping = False
        """Whether that address is left out."""
        self._expected: list[str] = []
        """What closes the marks that have been opened: `__`, or a tag's name."""
        self._out: list[Piece] = []

    def copy(self, references: References) -> InlineReader:
        """The same, to be changed on its own."""
        other = InlineReader(references)
        other.open_code, other._text, other._before = self.open_code, self._text, self._before
        other._skip_to, other._dropping = self._skip_to, self._dropping
        other._expected = self._expected.copy()
        return other

    def feed(self, text: str) -> list[Piece]:
        """Add text and take what can be shown for certain."""
        self._text += text
        return self._read(final=False)

    def end_line(self, *, preview: bool = False) -> list[Piece]:
        """Take the rest of a line; only inline code goes on in the next.

        For a `preview`, marks that are half open stay out of sight.
        """
        if preview and not self.open_code:
            pieces: list[Piece] = [_half_open(self._text)]
        else:
            pieces = self._read(final=True)
        self._text = self._before = ""
        self._expected.clear()
        self._skip_to = None
        return pieces

    def end_block(self) -> None:
        """Forget inline code that was never closed."""
        self.open_code = ""

    def _read(self, *, final: bool) -> list[Piece]:
        at = 0
        while at < len(self._text) and (after := self._step(at, final=final)) is not None:
            at = after
        if at:
            self._before = self._text[at - 1]
            self._text = self._text[at:]
        pieces, self._out = self._out, []
        return pieces

    def _step(self, at: int, *, final: bool) -> int | None:
        """Take one thing and say where it ends; None while more text could change what it is."""
        if self._skip_to:
            return self._address(at, self._skip_to)
        if self.open_code:
            return self._code(at, final=final)
        found = _SPECIAL.search(self._text, at)
        start = found.start() if found else len(self._text)
        if not found or start > at:
            return self._take(at, start)
        window = self._text[at : at + HELD]
        whole_window = final or len(window) == HELD
        if found.end() == len(self._text) and not whole_window:
            return None  # It may become longer.
        match found.lastgroup:
            case "url":
                self._skip_to, self._dropping = _URL_END, False
                return self._take(at, found.end())
            case "code":
                self.open_code = found[0]
                return self._take(at, found.end())
            case "dollar":
                size = self._dollars(window, found[0], at, known=whole_window)
            case "strong":
                size = self._strong(window, found[0], at, known=whole_window)
            case "escape":
                size = self._escape(window, known=whole_window)
            case "bracket":
                size = self._bracket(window, known=whole_window)
            case "tag":
                size = self._tag(window, known=whole_window)
            case "entity":
                size = self._entity(window, known=whole_window)
            case _:
                size = 0
        if size is None:
            return None
        # Not what it looked like: characters like any others.
        return at + size if size else self._take(at, found.end())

    def _take(self, start: int, end: int) -> int:
        self._out.append(self._text[start:end])
        return end

    def _address(self, at: int, end: re.Pattern[str]) -> int:
        found = end.search(self._text, at)
        after = found.end() if found else len(self._text)
        if found:
            self._skip_to = None
        if not self._dropping:
            self._take(at, after)
        return after

    def _code(self, at: int, *, final: bool) -> int | None:
        for found in _BACKTICKS.finditer(self._text, at):
            if len(found[0]) > len(self.open_code) or (not found.start() and self._before == "`"):
                continue  # It is too long to end this, and so it is with more of it to come.
            if found.end() == len(self._text) and not final:
                return self._take(at, found.start()) if found.start() > at else None
            if found[0] == self.open_code:
                self.open_code = ""
                return self._take(at, found.end())
        return self._take(at, len(self._text))

    # Each of the following looks at a window that begins with a mark and is `known` when the line
    # or the patience ends with it. It puts out what the mark means and returns how much that was;
    # 0 when it means nothing, None when it takes more text to know.

    def _dollars(self, window: str, run: str, at: int, *, known: bool) -> int | None:
        before = self._text[at - 1] if at else self._before
        size = len(run)
        if size > 2 or before.isalnum() or _PRICE.match(window):
            return 0
        if size == 1 and window[1:2].isspace():
            return 0
        close = window.find(run, size)
        if close < 0:
            return 0 if known else None
        end = close + size
        if end == len(window) and not known:
            return None
        formula = window[size:close]
        if not is_maths(formula):
            return 0
        if size == 2:
            self._out.append(formula_drawing(formula))
            return end
        if formula[-1].isspace() or window[end : end + 1].isalnum():
            return 0
        self._out.append(to_unicode(formula))
        return end

    def _strong(self, window: str, run: str, at: int, *, known: bool) -> int | None:
        if len(run) != 2:
            return 0
        before = self._text[at - 1] if at else self._before
        opens, closes = flanks(run, before, window[2:3])
        if closes and run in self._expected:
            self._expected.remove(run)
            self._out.append("**")
            return 2
        if not opens:
            return 0
        for found in _UNDERSCORES.finditer(window, 2):
            if found.end() == len(window) and not known:
                return None
            after = window[found.end() : found.end() + 1]
            if found[0] == run and flanks(run, window[found.start() - 1], after)[1]:
                self._expected.append(run)
                self._out.append("**")
                return 2
        return 0 if known else None

    def _escape(self, window: str, *, known: bool) -> int | None:
        mark = window[1:2]
        if not mark:
            return 1  # A hard break: in Discord every line's end is one.
        if mark not in "([":
            self._out.append(window[:2])
            return 2
        close = window.find("\\)" if mark == "(" else "\\]", 2)
        if close < 0:
            return 0 if known else None
        if not is_maths(formula := window[2:close]):
            self._out.append(window[:2])
            return 2
        self._out.append(to_unicode(formula) if mark == "(" else formula_drawing(formula))
        return close + 2

    def _bracket(self, window: str, *, known: bool) -> int | None:
        if data := _DATA.match(window):
            return self._data(data, data["label"])
        bracketed = BRACKETED.match(window)
        if not bracketed or (bracketed.end() == len(window) and not known):
            return 0 if known else None
        label, end, picture = bracketed["label"], bracketed.end(), window[0] == "!"
        if _FOOTNOTE.fullmatch(label) and not picture:
            self._out.append(self._references.footnote(label[1:]))
            return end
        if window[end : end + 1] == "(":
            target = TARGET.match(window, end)
            if not target:
                return 0 if known else None
            url = target["angled"] or target["url"] or ""
            if picture or "![" in label or not url or url[0] == "#" or deceives(label, url):
                self._out.append(masked_link(label, url))
            else:
                self._out.append(window[: target.end()])
            return target.end()
        if window[end : end + 1] == "[":
            second = _LABEL.match(window, end)
            if not second:
                return 0 if known else None
            name, end = second[1] or label, second.end()
        else:
            name = label
        if name.strip() and (reference := self._references.target(name)):
            self._out.append(masked_link(label, reference))
            return end
        return 0

    def _data(self, data: re.Match[str], label: str | None) -> int:
        """Leave out a picture in the address itself: nobody can open it, or read it."""
        self._out.append(masked_link(label or "", "data:"))
        self._skip_to = _DATA_END["<" if data[0][0] == "<" else "["]
        self._dropping = True
        return data.end()

    def _tag(self, window: str, *, known: bool) -> int | None:
        if data := _DATA.match(window):
            alt = _ALT.search(data[0])
            return self._data(data, alt[1] if alt else "")
        tag = TAG.match(window)
        if not tag:
            return None if not known and _TAG_PART.match(window) else 0
        if (shown := alone(tag)) is not None:
            self._out.append(shown)
            return tag.end()
        name = tag["name"].lower()
        if tag["end"]:
            if name not in self._expected:
                return 0
            self._expected.remove(name)
            self._out.append(MARKS[name])
            return tag.end()
        if name not in MARKS and name not in WHOLE:
            return 0
        close = window.lower().find(f"</{name}>", tag.end())
        if close < 0:
            return 0 if known else None
        if name in WHOLE:
            self._out.append(whole(tag, window[tag.end() : close]))
            return close + len(name) + 3
        self._expected.append(name)
        self._out.append(MARKS[name])
        return tag.end()

    def _entity(self, window: str, *, known: bool) -> int | None:
        found = ENTITY.match(window)
        if not found:
            return None if not known and _ENTITY_PART.match(window) else 0
        self._out.append(entity(found[0]))
        return found.end()


def _half_open(text: str) -> str:
    """What to show of text that is held back because it begins with a mark."""
    if text.startswith(("\\(", "\\[")):
        return to_unicode(text[2:])
    if text.startswith("__"):
        return f"**{text[2:].rstrip('_')}"
    if text.startswith(("[", "![")):
        return text.lstrip("![").partition("]")[0]
    if text.startswith("<"):
        return text.partition(">")[2].partition("<")[0]
    return "" if text[:1] in {"!", "_", "&", "\\", "`"} else text


def convert(text: str, references: References) -> list[Piece]:
    """Convert one whole line."""
    reader = InlineReader(references)
    return reader.feed(text) + reader.end_line()


def text_of(pieces: Sequence[Piece]) -> str:
    """The pieces with formulas in Unicode within the line."""
    return "".join(
        piece if isinstance(piece, str) else " ".join(to_unicode(piece.source).split())
        for piece in pieces
    )
