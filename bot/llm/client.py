"""The gateway as a `ChatModel`: one exchange after the other, until events come."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import replace
from typing import Any, Protocol

import aiohttp
import msgspec
from yarl import URL

from bot.chat.content import ImagePart, TextPart
from bot.chat.echo import unechoed
from bot.chat.events import (
    Event,
    Finished,
    FinishReason,
    ImageReady,
    TextDelta,
    UsageReported,
)
from bot.chat.ports import ChatRequest, Clock
from bot.chat.profiles import Dialect, Profile, profile_of
from bot.errors import LLMError
from bot.llm import gemini, openai_chat
from bot.llm.attempts import Attempts
from bot.llm.call import Call
from bot.llm.deadlines import QUICK, SLOW, Deadlines, Patience
from bot.llm.downloads import MAX_PICTURES, Downloads
from bot.llm.hosts import Hosts, Visit
from bot.llm.linked import Found, ImageLinked
from bot.llm.normalize import word
from bot.llm.reading import LARGE_BYTES
from bot.llm.sse import ServerSentEvent
from bot.llm.transport import (
    as_payload,
    drain,
    http_failure,
    opening,
    stream_batches,
    whole_reply,
)

log = logging.getLogger(__name__)

_Batches = AsyncGenerator[list[ServerSentEvent], None]


class _DialectModule(Protocol):
    """What the twin adapters have in common."""

    def request_path(self, request: ChatRequest, profile: Profile) -> str: ...
    def request_headers(self, authcode: str) -> dict[str, str]: ...
    def request_body(self, request: ChatRequest, profile: Profile) -> dict[str, Any]: ...
    def read_events(
        self, batches: _Batches, request: ChatRequest, call: Call, *, whole: bool = False
    ) -> AsyncGenerator[Found, None]: ...


_DIALECTS: dict[Dialect, _DialectModule] = {
    Dialect.OPENAI: openai_chat,
    Dialect.GEMINI: gemini,
}


class GatewayChatModel:
    """Asks the gateway, in whichever dialect the model speaks."""

    def __init__(
        self,
        session: aiohttp.ClientSession,
        *,
        hosts: Hosts,
        authcode: str,
        clock: Clock,
        downloads: Downloads | None = None,
        quick: Deadlines = QUICK,
        slow: Deadlines = SLOW,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Without `downloads`, pictures that answers link to stay links."""
        self._session = session
        self._downloads = downloads
        self._hosts = hosts
        self._authcode = authcode
        self._clock = clock
        self._quick = quick
        self._slow = slow
        self._chance = chance
        self._learned: dict[str, Profile] = {}
        self._draining: set[asyncio.Task[None]] = set()

    def answer(self, request: ChatRequest) -> AbstractAsyncContextManager[AsyncIterator[Event]]:
        """Ask; the events come out of the iterator, the connection is closed on leaving."""
        return aclosing(self._answer(request))

    async def _answer(self, request: ChatRequest) -> AsyncGenerator[Event, None]:
        profile = self._learned.get(request.model) or profile_of(request.model)
        attempts = Attempts(request, profile, len(self._hosts), self._chance)
        may_be_empty = attempts.drawing  # a picture is not asked for twice after a 200
        while True:
            shown = False
            visit = self._hosts.visit(attempts.tried)
            try:
                async with (
                    self._exchange(attempts, visit) as found,
                    aclosing(self._with_linked(found, anywhere=attempts.drawing)) as events,
                ):
                    async for event in events:
                        if not shown and not isinstance(event, UsageReported):
                            if _is_nothing(event) and not may_be_empty:
                                may_be_empty = True
                                break
                            shown = True
                            visit.worked()
                            if attempts.profile is not profile:
                                self._learned[request.model] = attempts.profile
                        yield event
                    else:
                        return
                continue
            except LLMError as error:
                error.upstream = unechoed(error, request)
                if shown:
                    raise
                seconds = await attempts.after(error, visit.host)
                log.info(
                    "asking again model=%s host=%s after=%s code=%s wait=%.1f",
                    request.model,
                    visit.host,
                    type(error).__name__,
                    error.upstream.code or error.upstream.status,
                    seconds,
                )
            if seconds:
                await self._clock.sleep(seconds)

    async def _with_linked(
        self, found: AsyncIterator[Found], *, anywhere: bool
    ) -> AsyncGenerator[Event, None]:
        """Fetch the pictures that are only linked to; they come before the answer's end.

        From `anywhere` for models that make pictures, which keep them who knows where. What other
        models link to may be an address that somebody talked them into, with what they know in it.
        """
        fetching: list[tuple[ImageLinked, asyncio.Task[ImagePart | None]]] = []
        try:
            async for event in found:
                if isinstance(event, ImageLinked):
                    if self._downloads is None or len(fetching) == MAX_PICTURES:
                        yield TextDelta(event.source)
                    else:
                        task = asyncio.create_task(self._downloads.fetch(event, anywhere=anywhere))
                        fetching.append((event, task))
                    continue
                if isinstance(event, Finished):
                    seen: set[bytes] = set()
                    for linked, task in fetching:
                        image = await task
                        if image is None:
                            yield TextDelta(linked.source)
                        elif image.data not in seen:
                            seen.add(image.data)
                            yield ImageReady(image)
                yield event
        finally:
            for _linked, task in fetching:
                task.cancel()

    @asynccontextmanager
    async def _exchange(
        self, attempts: Attempts, visit: Visit
    ) -> AsyncIterator[AsyncIterator[Found]]:
        """Post the request once and give the events of its reply."""
        request, profile = attempts.request, attempts.profile
        dialect = _DIALECTS[profile.dialect]
        stream = request.stream and profile.streams
        deadlines = self._slow if _is_slow(request, profile, stream=stream) else self._quick
        with visit:
            url = URL(visit.host + dialect.request_path(request, profile), encoded=True)
            headers = _headers(stream=stream) | dialect.request_headers(self._authcode_of(request))
            body = await _encoded(dialect, request, profile)
            with Patience(self._clock, deadlines) as patience:
                response = await self._post(url, body, headers, patience)
                try:
                    async with aclosing(
                        await self._events_of(response, dialect, request, patience, stream=stream)
                    ) as events:
                        yield events
                except BaseException:
                    # Failed, or left in the middle: the socket is dropped, so that the model stops.
                    response.close()
                    raise
                finally:
                    self._let_go(response)

    async def _post(
        self, url: URL, body: bytes, headers: dict[str, str], patience: Patience
    ) -> aiohttp.ClientResponse:
        with opening(url.authority):
            return await patience.reply(
                self._session.post(
                    url,
                    data=as_payload(body),
                    headers=headers,
                    timeout=aiohttp.ClientTimeout(total=None, connect=patience.deadlines.connect),
                    allow_redirects=False,
                )
            )

    def _authcode_of(self, request: ChatRequest) -> str:
        return request.authcode or self._authcode

    async def _events_of(
        self,
        response: aiohttp.ClientResponse,
        dialect: _DialectModule,
        request: ChatRequest,
        patience: Patience,
        *,
        stream: bool,
    ) -> AsyncGenerator[Found, None]:
        """Begin to read a reply.

        Raises:
            LLMError: it has an error status.
        """
        call = Call(
            host=response.url.authority,
            status=response.status,
            authcode=self._authcode_of(request),
        )
        call = replace(call, request_id=word(response.headers.get("x-request-id", ""), call))
        if not 200 <= response.status < 300:
            patience.hurry()
            raise await http_failure(response, call)
        if _is_stream(response, asked=stream):
            batches = stream_batches(response, call, patience)
            return dialect.read_events(batches, request, call)
        sent, whole = await whole_reply(response, call, patience)
        return dialect.read_events(_only(sent), request, call, whole=whole)

    def _let_go(self, response: aiohttp.ClientResponse) -> None:
        """Close the reply, or keep its connection if only the end of the stream is missing."""
        if response.closed or response.content.exception() is not None:
            response.close()
            return
        task = asyncio.create_task(drain(response))
        self._draining.add(task)
        task.add_done_callback(self._draining.discard)


def _is_slow(request: ChatRequest, profile: Profile, *, stream: bool) -> bool:
    """Whether nothing may come for minutes although all is well."""
    return (
        not stream
        or request.draw
        or profile.makes_images
        or profile.reasons_by_default
        or request.reasoning is not None
    )


def _is_nothing(event: Event) -> bool:
    """Whether an answer ended without a reason and without anything in it."""
    return isinstance(event, Finished) and event.reason is FinishReason.OTHER


def _headers(*, stream: bool) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if stream:
        # A proxy that compresses would hold events back.
        headers |= {"Accept": "text/event-stream", "Accept-Encoding": "identity"}
    else:
        headers["Accept"] = "application/json"
    return headers


def _is_stream(response: aiohttp.ClientResponse, *, asked: bool) -> bool:
    """Whether to read a reply event by event; the tolerant reader suits all but clear cases."""
    if response.content_type == "text/event-stream":
        return True
    return asked and response.content_type not in ("application/json", "text/html")


async def _only(sent: list[ServerSentEvent]) -> AsyncGenerator[list[ServerSentEvent], None]:
    yield sent


async def _encoded(dialect: _DialectModule, request: ChatRequest, profile: Profile) -> bytes:
    """The body as JSON; with large media in a thread, where it delays nobody's heartbeat."""

    def encode() -> bytes:
        return msgspec.json.encode(dialect.request_body(request, profile))

    if _media_bytes(request) > LARGE_BYTES:
        return await asyncio.to_thread(encode)
    return encode()


def _media_bytes(request: ChatRequest) -> int:
    return sum(
        sum(len(part.data) for part in message.parts if not isinstance(part, TextPart))
        + sum(len(native.parts) for native in message.natives)
        for message in request.messages
    )
