"""A gateway on loopback that answers by a script and remembers what it was asked."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer

from bot.chat.content import Message, Role, TextPart
from bot.chat.events import Event
from bot.chat.ports import ChatRequest
from bot.llm.client import GatewayChatModel
from bot.llm.deadlines import QUICK, Deadlines
from bot.llm.downloads import Downloads
from bot.llm.hosts import Hosts

AUTHCODE = "test-authcode"
WATCH_SECONDS = 5.0

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass(frozen=True)
class Asked:
    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any


class ScriptedClock:
    """Time that passes at once when somebody sleeps, and remembers how long it was.

    The watch over silence wakes up only while `passing` is set, or by a `tick`.
    """

    def __init__(self) -> None:
        self.time = 1_000.0
        self.slept: list[float] = []
        self.passing = asyncio.Event()

    def now(self) -> float:
        return self.time

    def tick(self) -> None:
        """Let the watch over silence wake up once."""
        self.passing.set()
        self.passing.clear()

    async def sleep(self, seconds: float) -> None:
        if seconds == WATCH_SECONDS:
            await self.passing.wait()
        else:
            self.slept.append(seconds)
        self.time += seconds
        await asyncio.sleep(0)


@dataclass
class Gateway:
    url: str
    session: aiohttp.ClientSession
    script: list[Answer]
    clock: ScriptedClock = field(default_factory=ScriptedClock)
    asked: list[Asked] = field(default_factory=list)

    def hosts(self, *urls: str) -> Hosts:
        """This gateway alone, if no others are named."""
        return Hosts(urls or (self.url,), self.clock)

    def model(
        self,
        *urls: str,
        hosts: Hosts | None = None,
        deadlines: Deadlines = QUICK,
        downloads: Downloads | None = None,
    ) -> GatewayChatModel:
        return GatewayChatModel(
            self.session,
            hosts=hosts or self.hosts(*urls),
            authcode=AUTHCODE,
            clock=self.clock,
            downloads=downloads,
            quick=deadlines,
            chance=lambda: 1.0,
        )

    async def answer(
        self, asked: ChatRequest, model: GatewayChatModel | None = None
    ) -> list[Event]:
        async with (model or self.model()).answer(asked) as events:
            return [event async for event in events]


@asynccontextmanager
async def gateway(*script: Answer) -> AsyncIterator[Gateway]:
    """Run the gateway; each request takes the script's next answer, the last one stays."""
    remaining = list(script)
    asked: list[Asked] = []

    async def handle(request: web.Request) -> web.StreamResponse:
        raw = await request.read()
        asked.append(
            Asked(
                request.method,
                request.raw_path.partition("?")[0],
                dict(request.query),
                dict(request.headers),
                json.loads(raw) if raw else None,
            )
        )
        reply = remaining.pop(0) if len(remaining) > 1 else remaining[0]
        return await reply(request)

    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", handle)
    server = TestServer(app, host="127.0.0.1")
    await server.start_server()
    try:
        async with aiohttp.ClientSession() as session:
            yield Gateway(str(server.make_url("/")), session, remaining, asked=asked)
    finally:
        await server.close()


def stream(*pieces: bytes, cut: bool = False, content_type: str = "text/event-stream") -> Answer:
    """Answer with these pieces; `cut` ends it with a broken connection."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": content_type})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        if cut:
            assert request.transport is not None
            request.transport.abort()
        return response

    return reply


def held(*pieces: bytes, left: asyncio.Event | None = None) -> Answer:
    """Answer with these pieces and then with nothing more; `left` is set when the client goes."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
        try:
            await asyncio.Event().wait()  # the server cancels this when the client goes
        finally:
            if left is not None:
                left.set()
        return response

    return reply


def plain(
    body: bytes | dict[str, Any],
    status: int = 200,
    headers: dict[str, str] | None = None,
    content_type: str = "application/json",
) -> Answer:
    """Answer in one piece."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()

    async def reply(request: web.Request) -> web.StreamResponse:
        return web.Response(
            body=raw, status=status, headers={"Content-Type": content_type, **(headers or {})}
        )

    return reply


def openai_stream(*words: str) -> Answer:
    """A small healthy answer in the OpenAI dialect."""
    chunks: list[Any] = [{"choices": [{"delta": {"content": word}}]} for word in words]
    chunks.append({"choices": [{"delta": {}, "finish_reason": "stop"}]})
    return stream(sse(chunks), b"data: [DONE]\n\n")


def sse(documents: Iterable[Any]) -> bytes:
    return b"".join(b"data: " + json.dumps(item).encode() + b"\n\n" for item in documents)


def question(model: str = "gpt-4o", text: str = "Hi", **settings: Any) -> ChatRequest:
    return ChatRequest(model=model, messages=[Message(Role.USER, (TextPart(text),))], **settings)
