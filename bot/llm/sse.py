"""Server-sent events out of bytes, without any I/O.

The rules are the HTML standard's (section 9.2.6), with two deviations that real gateways need: a
last event without its closing blank line counts when it is whole, and a document without field
names (a bare JSON error, an HTML page) is collected instead of ignored.
"""

from __future__ import annotations

import msgspec

from bot.errors import BrokenStreamError

MAX_EVENT_BYTES = 96 * 1024 * 1024
"""A 4K picture is one line of up to 40 MB; whatever is larger is not an answer."""

_BOM = b"\xef\xbb\xbf"
_DOCUMENT_STARTS = (b"{", b"[", b"<")


class ServerSentEvent(msgspec.Struct, frozen=True, gc=False):
    """One event. `data` stays bytes, because JSON is decoded from bytes."""

    data: bytes
    type: str = "message"
    id: str = ""
    """The last event id seen so far."""


class SSEDecoder:
    """Turns chunks of a response body into events; lines may be cut anywhere."""

    def __init__(self, max_event_bytes: int = MAX_EVENT_BYTES) -> None:
        self._max_event_bytes = max_event_bytes
        self._buffer = bytearray()
        self._searched = 0  # bytes of the buffer that are known to hold no line end
        self._at_start = True
        self._after_cr = False  # an LF that comes next belongs to the CR before it
        self._data: list[bytes] = []
        self._size = 0
        self._document = False  # `_data` holds lines of a document without field names
        self._type = ""
        self._id = ""

    def feed(self, chunk: bytes) -> list[ServerSentEvent]:
        """Take the next bytes and return the events they complete.

        Raises:
            BrokenStreamError: an event grew beyond the ceiling.
        """
        buffer = self._buffer
        buffer += chunk
        if self._at_start and not self._pass_start():
            return []
        events: list[ServerSentEvent] = []
        start = 0
        searched = self._searched
        while True:
            if self._after_cr and start < len(buffer):
                self._after_cr = False
                if buffer[start] == 0x0A:
                    start += 1
                    searched = max(searched, start)
            feed = buffer.find(b"\n", searched)
            end = buffer.find(b"\r", searched, feed if feed >= 0 else len(buffer))
            if end >= 0:
                self._after_cr = True
            elif feed >= 0:
                end = feed
            else:
                break
            # Nearly every line is data, and may be megabytes: it is copied once, and no more.
            if buffer.startswith(b"data:", start) and end - start >= 5:
                value = start + (6 if buffer.startswith(b" ", start + 5) and end - start > 5 else 5)
                self._data_line(bytes(memoryview(buffer)[value:end]), events)
            else:
                self._line(bytes(memoryview(buffer)[start:end]), events)
            start = searched = end + 1
        del buffer[:start]
        self._searched = len(buffer)
        if self._size + len(buffer) > self._max_event_bytes:
            raise BrokenStreamError("an event is larger than the ceiling", billable=True)
        return events

    def flush(self) -> list[ServerSentEvent]:
        """Return what is still pending at the end of the stream, if it is whole."""
        events: list[ServerSentEvent] = []
        if self._at_start:
            self._at_start = False
            events += self.feed(b"")
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

    def _data_line(self, value: bytes, events: list[ServerSentEvent]) -> None:
        if self._document:
            self._dispatch(events)
        self._keep(value)

    def _line(self, line: bytes, events: list[ServerSentEvent]) -> None:
        if line.startswith(b"data:"):  # only at the end of a body; `feed` knows them before
            self._data_line(line[6:] if line.startswith(b" ", 5) else line[5:], events)
        elif not line:
            self._dispatch(events)
        elif self._document:
            self._keep(line)
        elif line.startswith(_DOCUMENT_STARTS):
            self._dispatch(events)
            self._document = True
            self._keep(line)
        else:
            self._field(line)

    def _field(self, line: bytes) -> None:
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
        self._data.append(value)
        self._size += len(value)
        if self._size > self._max_event_bytes:
            raise BrokenStreamError("an event is larger than the ceiling", billable=True)

    def _dispatch(self, events: list[ServerSentEvent]) -> None:
        if self._data:
            data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
            # The standard: without any `data` line there is no event; one that is empty still
            # makes an event, with empty data.
            events.append(ServerSentEvent(data, self._type or "message", self._id))
            self._data = []
            self._size = 0
        self._type = ""
        self._document = False


def _is_whole(data: bytes) -> bool:
    """Whether an event that lost its blank line was cut before its end."""
    text = data.strip()
    if text == b"[DONE]" or text.startswith(b"<"):
        return True
    try:
        msgspec.json.decode(text, type=msgspec.Raw)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return False
    return True
