"""Bytes to and from the gateway over aiohttp; what fails on the way becomes one of our errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, contextmanager, suppress

import aiohttp
from aiohttp.http_exceptions import HttpProcessingError

from bot.byte_file import ByteFile
from bot.errors import (
    BrokenStreamError,
    LLMError,
    OverlongError,
    TooSlowError,
    UnavailableError,
    Upstream,
)
from bot.llm.call import Call
from bot.llm.ceilings import overlong
from bot.llm.deadlines import Patience
from bot.llm.faults import MAX_ERROR_BYTES, read_fault
from bot.llm.lifting import Lifter
from bot.llm.normalize import error_of, may_be_billed
from bot.llm.reading import LARGE_BYTES
from bot.llm.retry import CONNECT_FAILED, CONNECTION_LOST, OVERDUE, SILENT, UNANSWERED
from bot.llm.sse import MAX_EVENT_BYTES, ServerSentEvent, SSEDecoder

MAX_REPLY_BYTES = 160 * 1024 * 1024
"""All of one answer: the largest picture with its drafts and signatures, and room."""

MAX_ANSWER_BYTES = 8 * 1024 * 1024
"""Of what is no model's answer: a balance, a list of models."""

_PIECE_BYTES = 64 * 1024
"""As much is read before others have their turn: what was compressed comes in floods."""
_LIFE_BYTES = 64 * 1024
"""A reply in one piece that brings so much is really coming; less may be a drip."""
_DRAIN_SECONDS = 1.0
_FIELD_NAMES = (b"data:", b"event:", b"id:", b"retry:", b":")
_LONGEST_FIELD_NAME = max(map(len, _FIELD_NAMES))


@contextmanager
def opening(host: str) -> Iterator[None]:
    """Translate what can fail before the gateway has answered anything.

    Raises:
        UnavailableError: with a code of ours that says how far the request came.
    """
    try:
        yield
    except (
        aiohttp.ClientConnectorError,
        aiohttp.ClientSSLError,
        aiohttp.ConnectionTimeoutError,
        aiohttp.InvalidURL,
    ) as error:
        raise _unavailable(host, CONNECT_FAILED, error, billable=False) from error
    except TimeoutError as error:
        upstream = Upstream(host=host, code=UNANSWERED, detail=type(error).__name__)
        raise TooSlowError(upstream=upstream, billable=True) from error
    except (aiohttp.ClientError, HttpProcessingError, OSError) as error:
        raise _unavailable(host, CONNECTION_LOST, error, billable=True) from error


def _unavailable(host: str, code: str, error: BaseException, *, billable: bool) -> LLMError:
    upstream = Upstream(host=host, code=code, detail=type(error).__name__)
    return UnavailableError(upstream=upstream, billable=billable)


_CUT = (TimeoutError, aiohttp.ClientError, HttpProcessingError, OSError)
"""HttpProcessingError, for what aiohttp cannot parse, is not among its ClientErrors."""


def _cut(error: BaseException, call: Call, patience: Patience, *, begun: bool) -> LLMError:
    """Our exception for a reply that stopped coming; after the 200 it may be billed."""
    code = CONNECTION_LOST
    if late := isinstance(error, TimeoutError):
        code = OVERDUE if patience.used_up else SILENT
    upstream = Upstream(
        host=call.host,
        status=call.status,
        code=code,
        request_id=call.request_id,
        detail=type(error).__name__,
    )
    kind = TooSlowError if late and not begun else BrokenStreamError
    return kind(upstream=upstream, billable=True)


async def _in_turns(content: aiohttp.StreamReader) -> AsyncGenerator[bytes, None]:
    """The bytes as they come, with a turn for everybody else in between."""
    async for chunk in content.iter_any():
        yield chunk[:_PIECE_BYTES]
        for start in range(_PIECE_BYTES, len(chunk), _PIECE_BYTES):
            await asyncio.sleep(0)
            yield chunk[start : start + _PIECE_BYTES]
        if len(chunk) > _PIECE_BYTES // 2:
            await asyncio.sleep(0)


async def stream_batches(
    response: aiohttp.ClientResponse, call: Call, patience: Patience
) -> AsyncGenerator[list[ServerSentEvent], None]:
    """Read a stream; each batch holds the events that one read completed.

    Raises:
        BrokenStreamError: the connection broke, went silent in the middle, or brought too much.
        TooSlowError: nothing came at all.
    """
    decoder = SSEDecoder()
    received = 0
    begun = False
    try:
        async with aclosing(_in_turns(response.content)) as chunks:
            async for chunk in chunks:
                received += len(chunk)
                if received > MAX_REPLY_BYTES:
                    raise overlong("more than the ceiling of a stream", call)
                if batch := decoder.feed(chunk):
                    begun = True
                    patience.pause()
                    yield batch
                    patience.restart()
    except OverlongError as error:
        raise overlong(error.args[0], call) from None
    except _CUT as error:
        raise _cut(error, call, patience, begun=begun) from error
    if batch := decoder.flush():
        patience.pause()
        yield batch


async def whole_reply(
    response: aiohttp.ClientResponse, call: Call, patience: Patience
) -> tuple[list[ServerSentEvent], bool]:
    """Read a reply in one piece: its events, and whether it is one plain reply.

    Content types lie: a stream may be declared as JSON.

    Raises:
        BrokenStreamError: the connection broke, went silent in the middle, or brought too much.
        TooSlowError: nothing came at all.
    """
    async with aclosing(_pieces(response, call, patience)) as pieces:
        start = b""
        async for piece in pieces:
            start = (start + piece).lstrip()
            if len(start) >= _LONGEST_FIELD_NAME:
                break
        if start.startswith(_FIELD_NAMES):
            decoder = SSEDecoder()
            events = decoder.feed(start)
            async for piece in pieces:
                events += decoder.feed(piece)
            return events + decoder.flush(), False
        lifter = Lifter()
        lifter.feed(start)
        async for piece in pieces:
            lifter.feed(piece)
        return [ServerSentEvent(lifter.document(), taken=tuple(lifter.taken))], True


async def _pieces(
    response: aiohttp.ClientResponse, call: Call, patience: Patience
) -> AsyncGenerator[bytes, None]:
    """The bytes of a reply; blank lines that keep it alive count as silence, and so does a drip."""
    received = fresh = 0
    try:
        async with aclosing(_in_turns(response.content)) as chunks:
            async for chunk in chunks:
                received += len(chunk)
                if received > MAX_EVENT_BYTES:
                    raise overlong("more than the ceiling of a reply", call)
                if not chunk.isspace():
                    fresh += len(chunk)
                if fresh > _LIFE_BYTES:
                    fresh = 0
                    patience.restart()
                yield chunk
    except _CUT as error:
        raise _cut(error, call, patience, begun=False) from error
    patience.pause()


async def http_failure(response: aiohttp.ClientResponse, call: Call) -> LLMError:
    """Our exception for a reply with an error status."""
    body = bytearray()
    with suppress(*_CUT):  # the status is known, and half a body may still say why
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) >= MAX_ERROR_BYTES:
                break
    fault = read_fault(bytes(body), call.status, response.headers)
    return error_of(fault, call, billable=may_be_billed(fault))


async def small_reply(response: aiohttp.ClientResponse, call: Call) -> bytes:
    """Read a reply that is no model's answer.

    Raises:
        UnavailableError: it broke off, or is too large to be one.
    """
    body = bytearray()
    try:
        async for chunk in response.content.iter_any():
            body += chunk
            if len(body) > MAX_ANSWER_BYTES:
                response.close()
                raise UnavailableError("more than the ceiling", upstream=Upstream(host=call.host))
    except _CUT as error:
        raise _unavailable(call.host, CONNECTION_LOST, error, billable=False) from error
    return bytes(body)


def as_payload(body: bytes) -> bytes | ByteFile:
    """A request body as aiohttp wants it: large ones as a file, so that they go in pieces."""
    return ByteFile(body) if len(body) > LARGE_BYTES else body


async def drain(response: aiohttp.ClientResponse) -> None:
    """Read the last bytes of an answered stream, so that its connection can serve again."""
    left = _PIECE_BYTES
    with suppress(*_CUT):  # nobody waits for this; the connection is simply not kept
        async with asyncio.timeout(_DRAIN_SECONDS):
            while left > 0 and (rest := await response.content.read(left)):
                left -= len(rest)
    response.close()
