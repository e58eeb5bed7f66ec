"""Sends an answer's events at a model's pace, and spoils them as a fault demands."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
from aiohttp import web

from bot.playground.standin.faults import Fault
from bot.playground.standin.journal import Outcome, ReceivedCall

_TRICKLE_SECONDS = 0.02

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Beat:
    """One event of a stream, and how many of the OpenAI dialect's small deltas it is worth."""

    payload: dict[str, Any]
    deltas: float = 0.0


@dataclass(frozen=True, slots=True)
class Manner:
    """How a stream is spelled and how fast it comes."""

    deltas_per_second: float
    """0 sends everything at once."""
    crlf: bool
    done: bool
    """Whether `data: [DONE]` ends the stream."""
    breaks: bool = False
    """Whether the connection drops after the last event."""
    headers: tuple[tuple[str, str], ...] = ()


class Delivery:
    """One answer on its way to one caller."""

    def __init__(self, request: web.Request, call: ReceivedCall, fault: Fault) -> None:
        self._request = request
        self._call = call
        self._fault = fault
        self._response = web.StreamResponse()

    async def stream(self, beats: AsyncIterator[Beat], manner: Manner) -> web.StreamResponse:
        """Send the events one by one."""
        fault, response = self._fault, self._response
        response.content_type = "text/event-stream"
        response.headers.update({**dict(manner.headers), **fault.headers})
        line_end = b"\r\n" if manner.crlf or fault.crlf else b"\n"
        await response.prepare(self._request)
        await self._write(fault.prelude)
        due = time.perf_counter()
        async for beat in beats:
            if self._call.events_sent == fault.stall_after_events:
                await self._stall()
                due = time.perf_counter()
            if self._call.events_sent == fault.cut_after_events:
                await self._write(fault.final_bytes)
                return await self._end(drops=fault.drops_connection, outcome=Outcome.CUT)
            await self._write(b"data: " + _encode(beat.payload) + line_end * 2)
            self._call.events_sent += 1
            if manner.deltas_per_second:
                # Against a fixed timetable, so that a late event does not delay all that follow.
                due += beat.deltas / manner.deltas_per_second
                now = time.perf_counter()
                if due > now:
                    await asyncio.sleep(due - now)
                else:
                    due = max(due, now - 1)
        if manner.breaks:
            return await self._end(drops=True, outcome=Outcome.CUT)
        if manner.done and not fault.drop_done:
            await self._write(b"data: [DONE]" + line_end * 2)
        return await self._end(drops=False, outcome=Outcome.COMPLETE)

    async def _stall(self) -> None:
        """Keep the caller waiting; when it leaves, this is cancelled."""
        until = time.perf_counter() + self._fault.stall_seconds
        while (left := until - time.perf_counter()) > 0:
            await self._write(self._fault.trickle)
            await asyncio.sleep(min(left, _TRICKLE_SECONDS))

    async def _write(self, data: bytes) -> None:
        if not data:
            return
        now = time.perf_counter()
        if self._call.first_byte_at is None:
            self._call.first_byte_at = now
        self._call.last_byte_at = now
        size = self._fault.piece_bytes
        if size is None:
            await self._response.write(data)
            return
        for start in range(0, len(data), size):
            await self._response.write(data[start : start + size])
            # A turn of the loop, so that the pieces leave in packets of their own.
            await asyncio.sleep(0)

    async def _end(self, *, drops: bool, outcome: Outcome) -> web.StreamResponse:
        self._call.outcome = outcome
        if drops and self._request.transport is not None:
            # Without the last chunk's mark: the caller sees a body that breaks off.
            self._request.transport.close()
        elif not drops:
            await self._response.write_eof()
        return self._response
