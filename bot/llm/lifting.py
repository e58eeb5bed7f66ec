"""Pictures taken out of a JSON document before it is decoded.

One event with a 15 MB picture is a line of 20 MB. Its base64 is found by searching for quotes and
decoded on its own; what is left is small, so that decoding it and keeping it costs next to nothing.
"""

from __future__ import annotations

import msgspec

from bot.llm.pictures import decoded

_KEY = b'"data"'
_SPACE = b" \t\r\n"
_SHORTEST = 256
"""Bytes; shorter strings are no pictures worth the trouble."""
_MARK = "lifted:"

_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])


def lifted(document: bytes) -> tuple[bytes, list[bytes]]:
    """The document with a mark in place of each long base64 string under a `data` key, and the
    bytes that were there. Documents that spell their base64 with escapes stay as they are."""
    taken: list[bytes] = []
    pieces: list[bytes] = []
    start = at = 0
    while (key := document.find(_KEY, at)) >= 0:
        at = key + len(_KEY)
        opening = _string_after_colon(document, at)
        closing = document.find(b'"', opening + 1) if opening else -1
        if closing - opening < _SHORTEST or not opening:
            continue
        if document.find(b"\\", opening, closing) >= 0:
            continue
        data = decoded(memoryview(document)[opening + 1 : closing])
        at = closing
        if data is not None:
            pieces += [document[start : opening + 1], f"{_MARK}{len(taken)}".encode()]
            taken.append(data)
            start = closing
    if not taken:
        return document, taken
    return b"".join([*pieces, document[start:]]), taken


def _string_after_colon(document: bytes, at: int) -> int:
    """Where the string that a key stands for begins; 0 when it is no string."""
    head = document[at : at + 16]
    rest = head.lstrip(_SPACE)
    if not rest.startswith(b":"):
        return 0
    value = rest[1:].lstrip(_SPACE)
    return at + len(head) - len(value) if value.startswith(b'"') else 0


def resolved(text: str, taken: list[bytes]) -> bytes | None:
    """The bytes of a `data` string: those that were lifted, or the base64 itself."""
    number = text.removeprefix(_MARK)
    if number != text and number.isdecimal() and int(number) < len(taken):
        return taken[int(number)]
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
