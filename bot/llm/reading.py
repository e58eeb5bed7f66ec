"""What reading an answer has in common in both dialects."""

from __future__ import annotations

import asyncio
import json
import logging
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol, TypeVar

import msgspec

from bot.errors import BrokenStreamError, LLMError, Upstream
from bot.llm.call import Call
from bot.llm.ceilings import Ceilings
from bot.llm.linked import Found
from bot.llm.sse import ServerSentEvent

log = logging.getLogger(__name__)

LARGE_BYTES = 1024 * 1024
"""Events above this, and those with pictures, are read in a thread: it would hold up the
heartbeats."""

UNREADABLE = "unreadable"
"""Our code for an event that is not JSON, or not of the dialect's form."""

_DONE = b"[DONE]"
_MARKS = (_DONE, b"")

_T = TypeVar("_T")


class Reader(Protocol):
    """One dialect's state while it reads one answer."""

    finish_seen: bool
    """Whether the model said that it ended; what comes after may be lost without harm."""

    def read(self, event: ServerSentEvent) -> list[Found]:
        """Say what one event of the stream, or a whole reply, brings.

        Raises:
            LLMError: it holds an error, or cannot be read.
        """
        ...

    def end(self, *, done: bool) -> list[Found]:
        """Say how the answer ended; `done` tells whether `[DONE]` was seen.

        Raises:
            BrokenStreamError: it did not end, it broke off.
        """
        ...


async def read_with(
    reader: Reader, batches: AsyncGenerator[list[ServerSentEvent], None], call: Call
) -> AsyncGenerator[Found, None]:
    """Read a whole answer; `Finished` is the last event."""
    done = False
    ceilings = Ceilings(call)
    try:
        async with aclosing(batches):
            async for batch in batches:
                for sent in batch:
                    ceilings.count_wire_event()
                    if len(sent.data) < 16 and (short := sent.data.strip()) in _MARKS:
                        done = done or short == _DONE
                    elif sent.taken or len(sent.data) > LARGE_BYTES:
                        for event in await asyncio.to_thread(reader.read, sent):
                            ceilings.count(event)
                            yield event
                    else:
                        for event in reader.read(sent):
                            ceilings.count(event)
                            yield event
                if done:
                    break
    except LLMError as error:
        if not reader.finish_seen:
            raise
        log.debug("ignored after the end of an answer: %s", type(error).__name__)
    for event in reader.end(done=done):
        yield event


def decode(decoder: msgspec.json.Decoder[_T], data: bytes | msgspec.Raw, call: Call) -> _T:
    """Decode one event, mended if it is nearly right.

    Raises:
        BrokenStreamError: it is not JSON, or not of the dialect's form.
    """
    try:
        return decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        pass
    except RecursionError as error:  # a document of brackets in brackets, which no mending helps
        raise _unreadable(data, error, call) from None
    try:
        return decoder.decode(_mended(bytes(data)))
    except (msgspec.DecodeError, RecursionError) as error:
        raise _unreadable(data, error, call) from None


def _unreadable(data: bytes | msgspec.Raw, error: Exception, call: Call) -> BrokenStreamError:
    return BrokenStreamError(
        f"unreadable event of {len(bytes(data))} bytes ({type(error).__name__})",
        upstream=Upstream(host=call.host, code=UNREADABLE, request_id=call.request_id),
        billable=True,
    )


_LONE_SURROGATE = re.compile(
    r"(?<!\\)((?:\\\\)*)\\u(?:d[89ab][0-9a-f]{2}(?!\\ud[c-f][0-9a-f]{2})"
    r"|(?<!\\ud[89ab][0-9a-f]{2}\\u)d[c-f][0-9a-f]{2})",
    re.IGNORECASE,
)
_HALVES = (rb"\ud", rb"\uD")
"""How each half of a surrogate pair begins."""


def _mended(data: bytes) -> bytes:
    """Replace bad UTF-8, and halves of surrogate pairs from gateways that cut UTF-16."""
    text = data.decode("utf-8", "replace").removeprefix("\ufeff")
    return _LONE_SURROGATE.sub(lambda found: found[1] + "\\ufffd", text).encode()


def sound(raw: msgspec.Raw) -> msgspec.Raw:
    """A document as it was, or mended, so that it can be kept, read again and sent.

    A signature has megabytes, and whoever searches them by pattern holds up all threads.
    """
    data = bytes(raw)
    if _is_utf8(data) and not any(half in data for half in _HALVES):
        return raw
    return msgspec.Raw(_mended(data))


def _is_utf8(data: bytes) -> bool:
    if data.isascii():
        return True
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def plain_json(data: bytes) -> object:
    """Decode any JSON document, or None."""
    try:
        return json.loads(data)
    except (ValueError, RecursionError):
        return None


def lenient(decoder: msgspec.json.Decoder[_T], raw: msgspec.Raw) -> _T | None:
    """Decode an extra; one of an unknown form says nothing."""
    try:
        return decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None


_NOTHING = frozenset({b"null", b'""', b"{}", b"[]", b"false"})


def present(raw: msgspec.Raw) -> bool:
    """Whether an optional field was there and says anything."""
    if not raw:
        return False
    view = memoryview(raw)
    return view.nbytes > 5 or bytes(view) not in _NOTHING
