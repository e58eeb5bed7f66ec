"""Server-sent events out of bytes, without any I/O.

The rules are the HTML standard's (section 9.2.6), with two deviations that real gateways need: a
last event without its closing blank line counts when it is whole, and a document without field
names (a bare JSON error, an HTML page) is collected instead of ignored.
"""

from __future__ import annotations

import msgspec

from bot.errors import OverlongError
from bot.llm.lifting import Lifter, Pieces

MAX_EVENT_BYTES = 96 * 1024 * 1024
"""A 4K picture is one line of up to 40 MB; whatever is larger is not an answer."""

MAX_FIELD_BYTES = 1024 * 1024
"""Of a line that holds no data, such as a comment."""
MAX_IDLE_LINES = 10_000
"""Comments and blank lines in a row; pings each second for half an hour are 5,400."""

_LONG_LINE = 64 * 1024
"""Bytes; the pictures are taken out of longer lines while they arrive."""
_BOM = b"\xef\xbb\xbf"
_DOCUMENT_STARTS = (b"{", b"[", b"<")


class ServerSentEvent(msgspec.Struct, frozen=True, gc=False):
    """One event. `data` stays bytes, because JSON is decoded from bytes."""

    data: bytes
    type: str = "message"
    id: str = ""
    """The last event id seen so far."""
    taken: tuple[Pieces, ...] = ()
    """What was lifted out of `data`."""


class SSEDecoder:
    """Turns chunks of a response body into events; lines may be cut anywhere."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer that are known to hold no line end
        self._at_start = True
        self._after_cr = False  # an LF that comes next belongs to the CR before it
        self._data: list[bytes] = []
        self._lifter = Lifter()
        self._in_long_line = False
        self._size = 0  # bytes of the event so far
        self._idle_lines = 0  # since the last event
        self._document = False  # `_data` holds lines of a document without field names
        self._type = ""
        self._id = ""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the next bytes and return the events they complete.

        Raises:
            OverlongError: an event grew beyond the ceiling, or none comes among too many lines.
        """
        events: list[ServerSentEvent] = []
        if self._in_long_line:
            chunk = self._go_on(chunk)
        buffer = self._buffer
        buffer += chunk
        if self._at_start and not self._pass_start():
            return []
        start = 0
        searched = self._searched
        feed = -1  # the next line feed, which is looked for once however many returns precede it
        while True:
            if self._after_cr and start < len(buffer):
                self._after_cr = False
                if buffer[start] == 0x0A:
                    start += 1
                    searched = max(searched, start)
            if feed < searched:
                feed = buffer.find(b"\n", searched)
                feed = len(buffer) if feed < 0 else feed
            end = buffer.find(b"\r", searched, feed)
            if end >= 0:
                self._after_cr = True
            elif feed < len(buffer):
                end = feed
            else:
                break
            self._line(bytes(memoryview(buffer)[start:end]), events)
            start = searched = end + 1
        del buffer[:start]
        self._searched = len(buffer)
        if len(buffer) > _LONG_LINE:
            self._begin_long_line(events)
        if self._size + len(buffer) > self._max_event_bytes:
            raise OverlongError("an event is larger than the ceiling", billable=True)
        return events

    def flush(self) -> list[ServerSentEvent]:
        """Return what is still pending at the end of the stream, if it is whole."""
        events: list[ServerSentEvent] = []
        if self._at_start:
            self._at_start = False
            events += self.feed(b"")
        if self._in_long_line:
            self._end_long_line()
        if self._buffer:
            self._line(bytes(self._buffer), events)
            self._buffer.clear()
        if self._data and _is_whole(b"\n".join(self._data)):
            self._dispatch(events)
        return events

    def _pass_start(self) -> bool:
        """Drop a leading byte order mark; False while that cannot be told yet."""
        if len(self._buffer) < len(_BOM) and _BOM.startswith(self._buffer):
            return False
        self._at_start = False
        if self._buffer.startswith(_BOM):
            del self._buffer[: len(_BOM)]
        return True

    def _begin_long_line(self, events: list[ServerSentEvent]) -> None:
        """Take a line apart that is long already, and has not ended."""
        start = self._data_start(self._buffer, events)
        if start is None:
            if len(self._buffer) > MAX_FIELD_BYTES:
                raise OverlongError("a line is larger than the ceiling", billable=True)
            return
        self._in_long_line = True
        self._lift(bytes(memoryview(self._buffer)[start:]))
        self._buffer.clear()
        self._searched = 0

    def _go_on(self, chunk: bytes) -> bytes:
        """Take the next bytes of a long line; what follows is the beginning of the next line."""
        ends = [end for end in (chunk.find(b"\n"), chunk.find(b"\r")) if end >= 0]
        if not ends:
            self._lift(chunk)
            return b""
        end = min(ends)
        self._lift(chunk[:end])
        self._end_long_line()
        self._after_cr = chunk[end] == 0x0D
        return chunk[end + 1 :]

    def _end_long_line(self) -> None:
        self._in_long_line = False
        self._grow(1)
        self._data.append(self._lifter.document())

    def _lift(self, piece: bytes) -> None:
        self._grow(len(piece))
        self._lifter.feed(piece)

    def _line(self, line: bytes, events: list[ServerSentEvent]) -> None:
        if not line:
            self._dispatch(events)
        elif (start := self._data_start(line, events)) is not None:
            self._keep(line[start:])
        else:
            self._field(line)

    def _data_start(self, line: bytes | bytearray, events: list[ServerSentEvent]) -> int | None:
        """Where in a line its data begins, None for other fields."""
        if line.startswith(b"data:"):
            if self._document:
                self._dispatch(events)
            return 6 if line.startswith(b" ", 5) else 5
        if not self._document and line.startswith(_DOCUMENT_STARTS):
            self._dispatch(events)
            self._document = True
        return 0 if self._document else None

    def _field(self, line: bytes) -> None:
        self._pass_idle_line()
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        match name:
            case b"data":
                self._keep(value)
            case b"event":
                self._type = value.decode("utf-8", "replace")
            case b"id" if b"\0" not in value:
                self._id = value.decode("utf-8", "replace")
            case _:
                # Comments have an empty name. `retry` is for reconnecting, which a POST never
                # does, and unknown fields are to be ignored.
                pass

    def _keep(self, value: bytes) -> None:
        if len(value) > _LONG_LINE:
            self._lift(value)
            value = self._lifter.document()
        else:
            self._grow(len(value))
        self._grow(1)  # what joins it to the next line, which may be all there is of it
        self._data.append(value)

    def _grow(self, size: int) -> None:
        self._size += size
        if self._size > self._max_event_bytes:
            raise OverlongError("an event is larger than the ceiling", billable=True)

    def _pass_idle_line(self) -> None:
        self._idle_lines += 1
        if self._idle_lines > MAX_IDLE_LINES:
            raise OverlongError("too many lines without an event", billable=True)

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            # The standard: without any `data` line there is no event; one that is empty still
            # makes an event, with empty data.
            taken = tuple(self._lifter.taken)
            events.append(ServerSentEvent(data, self._type or "message", self._id, taken))
            self._data = []
            self._lifter.taken.clear()
            self._size = 0
            self._idle_lines = 0
        else:
            self._pass_idle_line()
        self._type = ""
        self._document = False


def _is_whole(data: bytes) -> bool:
    """Whether an event that lost its blank line was cut before its end."""
    text = data.strip()
    if text == b"[DONE]" or text.startswith(b"<"):
        return True
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True
