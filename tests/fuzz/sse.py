"""The decoder of server-sent events: the same events however the bytes are cut."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from pathlib import Path
from zlib import crc32

from bot.errors import BrokenStreamError
from bot.llm import lifting, sse
from bot.llm.lifting import Lifter, Pieces
from bot.llm.sse import ServerSentEvent, SSEDecoder
from tests.fuzz.target import Target, changed, cut

TRANSCRIPTS = Path(__file__).parents[1] / "llm" / "transcripts"
CEILING = 100
_MARK = re.compile(rb'"lifted:(\d+)"')


def small_limits() -> AbstractContextManager[None]:
    """Let short inputs have long lines, with pictures in them."""
    return changed((sse, "_LONG_LINE", 48), (lifting, "_SHORTEST", 16))


def events_of(chunks: list[bytes]) -> list[ServerSentEvent]:
    decoder = SSEDecoder()
    events = [event for chunk in chunks for event in decoder.feed(chunk)]
    return events + decoder.flush()


def _run(data: bytes) -> Hashable:
    whole = events_of([data])
    where = crc32(data)
    at = where % (len(data) + 1)
    pieces = [data[:at], data[at:]] if where & 256 else cut(data, 1 + where % 24)
    events = events_of(pieces)
    # A line is long by what has come of it, so cuts decide which pictures are lifted out.
    if events != whole and b"lifted:" not in data:
        assert list(map(_told, events)) == list(map(_told, whole)), "cuts change the events"
    if len(data) > CEILING:
        _keep_to_the_ceiling(pieces)
    return tuple((event.type[:2], min(len(event.data), 3), len(event.taken)) for event in whole)[:6]


def _keep_to_the_ceiling(pieces: list[bytes]) -> None:
    decoder = SSEDecoder(CEILING)
    try:
        for piece in pieces:
            for event in decoder.feed(piece):
                assert len(event.data) <= CEILING, "an event is larger than the ceiling"
    except BrokenStreamError:
        pass  # as it should be


def _told(event: ServerSentEvent) -> tuple[str, str, bytes]:
    """An event with all its pictures in its data, spelt in one way."""
    lifter = Lifter()
    lifter.feed(_put_back(event.data, event.taken))
    document = lifter.document()
    return event.type, event.id, _put_back(document, tuple(lifter.taken))


def _put_back(data: bytes, taken: tuple[Pieces, ...]) -> bytes:
    return _MARK.sub(lambda mark: b'"%b"' % base64.b64encode(b"".join(taken[int(mark[1])])), data)


def _fed(line: bytes) -> Callable[[int], Callable[[], object]]:
    """Feeds such lines in chunks of a network's size, and all at once."""

    def make(size: int) -> Callable[[], object]:
        data = line * (size // len(line))
        return lambda: (events_of(cut(data, 16_384)), events_of([data]))

    return make


def _bytewise(size: int) -> Callable[[], object]:
    data = b"data: " + b"x" * (size // 4) + b": comment\r\n" * (size // 40)
    return lambda: events_of(cut(data, 1))


TARGET = Target(
    "sse",
    _run,
    seeds=[path.read_bytes() for path in sorted(TRANSCRIPTS.glob("*.sse"))]
    + [b"\xef\xbb\xbfdata: a\r\n\r\n", b'data: {"data": "' + b"QUJD" * 30 + b'"}\n\n'],
    dictionary=[
        b"\n", b"\r", b"\r\n", b"\n\n", b"\r\r", b"data", b"data:", b"data: ", b"event: error\n",
        b"event:", b"id: 7\n", b"id: \0\n", b"retry: 1\n", b": ping\n", b"\xef\xbb\xbf", b"\xef",
        b"{", b"}", b"[", b"]", b"<", b"[DONE]", b'{"a":1}', b'"data":"', b'"data" : "', b'"',
        b"QUJDREVGR0hJSktMTU5PUA==", b"A" * 20, b"=", b"\\", b"\xff", b"\0", b" ", b":",
    ],
    growing={
        "line feeds": _fed(b"\n"),
        "carriage returns": _fed(b"\r"),
        "one byte a line": _fed(b"x\n"),
        "both ends": _fed(b"x\r\n"),
        "data of one byte": _fed(b"data:x\n"),
        "events": _fed(b"data: {}\n\n"),
        "ids": _fed(b"id: 1\nevent: x\n"),
        "a comment without end": _fed(b":"),
        "data without end": _fed(b"data: "),
        "a document": _fed(b"{\n"),
        "brackets": _fed(b"[" * 5_000 + b"\n\n"),
        "keys of pictures": _fed(b'data: {"data":"data":"'),
        "nearly base64": _fed(b'data: "data":"' + b"QUJD" * 80 + b"!"),
        "long lines": _fed(b"data: " + b'"data":"' + b"QUJD" * 20_000 + b'"\n\n'),
        "byte by byte": _bytewise,
    },
    around=small_limits,
)  # fmt: skip
