"""Pictures taken out of a JSON document while it arrives.

One event with a 15 MB picture is a line of 20 MB. Its base64 is decoded chunk by chunk, as the
bytes come in: there is never a moment at which all of it has to be copied, searched and decoded at
once, and what is left of the document is small.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Sequence

import msgspec
import pybase64

from bot.llm.pictures import decoded

_KEY = b'"data"'
_BEFORE_VALUE = re.compile(rb'"data"[ \t\r\n]{0,9}:[ \t\r\n]{0,9}"')
_LONGEST_BEFORE_VALUE = len(_KEY) + 9 + 1 + 9 + 1
_SHORTEST = 256
"""Characters; shorter strings are no pictures worth the trouble."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*")
_MARK = "lifted:"

Pieces = list[bytes]
"""The bytes of a picture, which whoever needs them joins; the event loop is no place for it."""

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


class Lifter:
    """Puts a mark in place of each long base64 string under a `data` key.

    Documents that spell their base64 in another way, such as with escapes, stay as they are.
    """

    def __init__(self) -> None:
        self.taken: list[Pieces] = []
        """What the marks stand for."""
        self._left: list[bytes] = []
        self._undecided = b""  # may be the beginning of a key, or of a string
        self._picture: _Base64 | None = None  # the string that is being read

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the document."""
        text = self._undecided + chunk if self._undecided else chunk
        self._undecided = b""
        while text:
            text = self._outside(text) if self._picture is None else self._inside(text)

    def document(self) -> bytes:
        """What is left of the document, which begins anew; the marks count on."""
        if self._picture is not None:
            self._put_back(self._picture)
        left = b"".join([*self._left, self._undecided])
        self._left.clear()
        self._undecided = b""
        return left

    def _outside(self, text: bytes) -> bytes:
        """Keep everything up to the next picture; what follows is what it begins with."""
        at = 0
        while (key := text.find(_KEY, at)) >= 0:
            at = key + len(_KEY)
            before = _BEFORE_VALUE.match(text, key)
            if before is None:
                if len(text) - key < _LONGEST_BEFORE_VALUE:
                    return self._wait(text, key)
                continue
            value = before.end()
            length = _BASE64.match(text, value, value + _SHORTEST).end() - value  # type: ignore[union-attr]
            if length == _SHORTEST:
                self._left.append(text[:value])
                self._picture = _Base64()
                return text[value:]
            if value + length == len(text):
                return self._wait(text, key)
        return self._wait(text, max(at, len(text) - len(_KEY) + 1))

    def _wait(self, text: bytes, start: int) -> bytes:
        """Leave the end of a text to be looked at with what comes next."""
        self._left.append(text[:start])
        self._undecided = text[start:]
        return b""

    def _inside(self, text: bytes) -> bytes:
        """Decode up to the end of a picture; what follows is the rest of the document."""
        picture = self._picture
        assert picture is not None
        end = text.find(b'"')
        try:
            if end < 0:
                picture.feed(text)
                return b""
            picture.feed(text[:end])
            pieces = picture.close()
        except binascii.Error:
            self._put_back(picture)
            return b"" if end < 0 else text[end:]
        self._left.append(f"{_MARK}{len(self.taken)}".encode())
        self.taken.append(pieces)
        self._picture = None
        return text[end:]

    def _put_back(self, picture: _Base64) -> None:
        self._left.append(picture.text())
        self._picture = None


class _Base64:
    """Base64 decoded in pieces of any length."""

    def __init__(self) -> None:
        self._pieces: Pieces = []
        self._undecoded = b""  # at most four characters, of which the last may be padding

    def feed(self, piece: bytes) -> None:
        text = self._undecoded + piece
        whole = (len(text) - 1) // 4 * 4
        self._undecoded = text  # should it turn out to be no base64
        if text[whole - 1 : whole] == b"=":
            raise binascii.Error("padding before the end")
        self._pieces.append(pybase64.b64decode(memoryview(text)[:whole], validate=True))
        self._undecoded = text[whole:]

    def close(self) -> Pieces:
        last = self._undecoded
        self._pieces.append(pybase64.b64decode(last + b"=" * (-len(last) % 4), validate=True))
        return self._pieces

    def text(self) -> bytes:
        """The characters that were fed."""
        return pybase64.b64encode(b"".join(self._pieces)) + self._undecoded


def resolved(text: str, taken: Sequence[Pieces]) -> bytes | None:
    """The bytes of a `data` string: those that were lifted, or the base64 itself."""
    number = text.removeprefix(_MARK)
    # No answer has so many pictures that their number takes ten digits.
    if number != text and len(number) < 10 and number.isdecimal() and int(number) < len(taken):
        return b"".join(taken[int(number)])
    return decoded(text)


def without_data(part: msgspec.Raw) -> bytes:
    """A part with everything it holds, but for its inline bytes."""
    fields = _FIELDS.decode(part)
    inline = _FIELDS.decode(fields["inlineData"])
    inline.pop("data", None)
    fields["inlineData"] = msgspec.Raw(msgspec.json.encode(inline))
    return msgspec.json.encode(fields)


def pictures_left_out(parts: list[msgspec.Raw]) -> int:
    """How many of these parts lack their inline bytes."""
    return sum(_inline_without_data(part) is not None for part in parts)


def with_data(part: msgspec.Raw, data: bytes) -> dict[str, object]:
    """A part that lacks its inline bytes, with them; encoded by msgspec it is what it was."""
    fields: dict[str, object] = dict(_FIELDS.decode(part))
    return fields | {"inlineData": {**(_inline_without_data(part) or {}), "data": data}}


def lacks_data(part: msgspec.Raw) -> bool:
    """Whether this part's inline bytes were left out."""
    return _inline_without_data(part) is not None


def _inline_without_data(part: msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    raw = _FIELDS.decode(part).get("inlineData")
    if raw is None:
        return None
    inline = _FIELDS.decode(raw)
    return None if "data" in inline else inline
