"""Faults of the connection itself: hosts that are not there, not who they say, mute, or endless."""

from __future__ import annotations

import asyncio
import datetime
import gzip
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from bot.chat.events import Event, Finished, ImageReady, SourcesFound, TextDelta, ToolCalled
from bot.errors import (
    BrokenStreamError,
    LLMError,
    OverlongError,
    TooSlowError,
    UnavailableError,
)
from bot.llm.credits import GatewayAccount
from bot.llm.deadlines import Deadlines
from bot.llm.models import read_models
from tests.llm.gateway import (
    AUTHCODE,
    Answer,
    Gateway,
    gateway,
    held,
    openai_stream,
    plain,
    question,
    sse,
    stream,
)

PAINTER = "gemini-3-pro-image-preview"
GOOD = openai_stream("Hel", "lo")
HEL = sse([{"choices": [{"delta": {"content": "Hel"}}]}])

Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def raw_host(serve: Serve, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """A host that need not speak HTTP; its base URL."""
    busy: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        busy.add(task)
        try:
            await serve(reader, writer)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the client has left, or the test is over
        finally:
            busy.discard(task)
            writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}"
    finally:
        server.close()
        for task in busy:
            task.cancel()
        await asyncio.gather(*busy)


def self_signed(folder: Path) -> ssl.SSLContext:
    """A certificate for 127.0.0.1 that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "host.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


async def text_from(there: Gateway, *hosts: str, quick: Deadlines | None = None) -> str:
    model = there.model(*hosts, deadlines=quick or Deadlines())
    events = await there.answer(question(), model)
    return "".join(event.text for event in events if isinstance(event, TextDelta))


async def failure_at(there: Gateway, *hosts: str, **settings: Any) -> LLMError:
    with pytest.raises(LLMError) as failed:
        await there.answer(question(**settings), there.model(*hosts))
    return failed.value


# Hosts that cannot be asked.


async def test_a_host_with_a_wrong_certificate_never_sees_the_auth_code(tmp_path: Path) -> None:
    heard = b""

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal heard
        heard += await reader.read()

    async with raw_host(listen, self_signed(tmp_path)) as impostor, gateway(GOOD) as there:
        assert await text_from(there, impostor, there.url) == "Hello"
        error = await failure_at(there, impostor, model=PAINTER, draw=True)
    assert isinstance(error, UnavailableError)
    assert impostor.endswith(error.upstream.host)
    assert not error.billable
    assert heard == b""


async def test_a_host_that_never_shakes_hands_is_passed_over() -> None:
    async def keep_silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.Event().wait()

    async with raw_host(keep_silent) as mute, gateway(GOOD) as there:
        mute = mute.replace("http://", "https://")
        assert await text_from(there, mute, there.url, quick=Deadlines(connect=0.05)) == "Hello"


async def test_a_name_that_does_not_resolve_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fail(*_args: object, **_more: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(aiohttp.resolver.DefaultResolver, "resolve", fail)
    async with gateway(GOOD) as there:
        assert await text_from(there, "https://gone.test", there.url) == "Hello"
        error = await failure_at(there, "https://gone.test", model=PAINTER, draw=True)
    assert (error.billable, error.upstream.host) == (False, "gone.test:443")


async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Take the request, and close."""
    await reader.readuntil(b"\r\n\r\n")


async def test_words_are_asked_for_elsewhere_after_a_reset_and_pictures_are_not() -> None:
    async with raw_host(hang_up) as flaky, gateway(GOOD) as there:
        assert await text_from(there, flaky, there.url) == "Hello"
        there.asked.clear()
        error = await failure_at(there, flaky, there.url, model=PAINTER, draw=True)
        assert error.billable
        assert there.asked == []


async def test_the_books_do_not_ask_a_host_at_which_an_answer_just_failed() -> None:
    knocks = 0

    async def count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal knocks
        knocks += 1
        await hang_up(reader, writer)

    async with raw_host(count) as flaky, gateway(GOOD, plain({"data": {"balance": 3}})) as there:
        hosts = there.hosts(flaky, there.url)
        await there.answer(question(), there.model(hosts=hosts))
        assert knocks == 1
        balance = await GatewayAccount(there.session, hosts).balance(AUTHCODE)
        assert (balance.balance, knocks) == (3, 1)


async def test_a_host_counts_as_well_from_the_first_words_on() -> None:
    async with gateway(stream(cut=True), stream(cut=True), held(HEL)) as there:
        hosts = there.hosts(there.url, "http://127.0.0.1:9")
        with pytest.raises(BrokenStreamError):
            await there.answer(question(), there.model(hosts=hosts))
        there.clock.time += 60
        async with there.model(hosts=hosts).answer(question()) as events:
            await anext(events)
            assert hosts.visit().host == there.url.rstrip("/")


# Redirects.


async def test_a_redirect_is_not_followed_and_the_next_host_is_asked() -> None:
    async with gateway(GOOD) as elsewhere:
        moved = plain(b"", 307, {"Location": elsewhere.url})
        async with gateway(moved) as parked, gateway(GOOD) as there:
            assert await text_from(there, parked.url, there.url) == "Hello"
            error = await failure_at(there, parked.url)
            for ask in (
                GatewayAccount(there.session, there.hosts(parked.url)).balance(AUTHCODE),
                read_models(there.session, there.hosts(parked.url), AUTHCODE),
            ):
                with pytest.raises(UnavailableError):
                    await ask
        assert isinstance(error, UnavailableError)
        assert error.upstream.host in parked.url
        assert elsewhere.asked == []


# Deadlines.


def mute(there: Gateway, seconds: float) -> Answer:
    """Take the request, and say nothing for so long."""

    async def reply(request: web.Request) -> web.StreamResponse:
        end = there.clock.now() + seconds
        while there.clock.now() < end:
            there.clock.tick()
            await asyncio.sleep(0)
        await asyncio.Event().wait()
        raise AssertionError

    return reply


async def test_a_host_that_does_not_begin_to_reply_is_left_for_another() -> None:
    async with gateway(GOOD) as silent, gateway(GOOD) as there:
        silent.script[:] = [mute(there, 150)]
        began = there.clock.now()
        assert await text_from(there, silent.url, there.url) == "Hello"
        assert 150 <= there.clock.now() - began <= 155


async def test_a_picture_gets_ten_minutes_and_is_not_asked_for_again() -> None:
    async with gateway(GOOD) as there:
        there.script[:] = [mute(there, 600)]
        began = there.clock.now()
        error = await failure_at(there, there.url, model=PAINTER, draw=True)
        assert 600 <= there.clock.now() - began <= 605
        assert len(there.asked) == 1
    assert isinstance(error, TooSlowError)
    assert error.billable


async def test_headers_that_come_in_drops_are_no_reply() -> None:
    async with gateway(GOOD) as there:

        async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            for byte in b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 10_000:
                writer.write(bytes([byte]))
                there.clock.tick()
                await asyncio.sleep(0)

        async with raw_host(drip) as slow:
            assert await text_from(there, slow, there.url) == "Hello"


def dripping(there: Gateway, start: bytes, drop: bytes, status: int = 200) -> Answer:
    """Begin so, and go on with a drop every five seconds."""

    async def reply(request: web.Request) -> web.StreamResponse:
        kind = "application/json" if start.startswith(b"{") else "text/event-stream"
        response = web.StreamResponse(status=status, headers={"Content-Type": kind})
        await response.prepare(request)
        await response.write(start)
        while True:
            await response.write(drop)
            there.clock.tick()
            await asyncio.sleep(0)

    return reply


@pytest.mark.parametrize(
    ("start", "drop"),
    [
        pytest.param(b"data: {", b" ", id="a line that does not end"),
        pytest.param(b"", b": PING\n\n", id="comments"),
        pytest.param(b"", b"\n", id="blank lines"),
        pytest.param(b'{"choices": [', b" ", id="a document that does not end"),
        pytest.param(b'{"choices": ["', b"x", id="a document that does not end, in letters"),
    ],
)
async def test_a_drip_is_silence(start: bytes, drop: bytes) -> None:
    async with gateway(GOOD) as there:
        there.script[:] = [dripping(there, start, drop)]
        began = there.clock.now()
        error = await failure_at(there, there.url)
        assert 300 <= there.clock.now() - began < 400  # two calls
        assert len(there.asked) == 2
    assert isinstance(error, TooSlowError)
    assert error.upstream.code == "timeout"


async def test_the_words_of_a_refusal_are_not_waited_for_long() -> None:
    async with gateway(GOOD) as there:
        there.script[:] = [dripping(there, b'{"error": "', b"x", status=401)]
        began = there.clock.now()
        error = await failure_at(there, there.url)
        assert there.clock.now() - began < 30
    assert error.upstream.status == 401


async def test_an_answer_that_never_comes_to_its_end_is_ended_with_what_was_shown() -> None:
    async with gateway(GOOD) as there:
        there.script[:] = [dripping(there, HEL, HEL)]
        seen: list[Event] = []
        began = there.clock.now()
        with pytest.raises(BrokenStreamError) as failed:
            async with there.model().answer(question()) as events:
                async for event in events:
                    seen.append(event)
        assert 1_800 <= there.clock.now() - began < 1_810
        assert len(there.asked) == 1
    assert failed.value.upstream.code == "overdue"
    assert seen[0] == TextDelta("Hel")


# Too much.


def repeated(piece: bytes) -> Answer:
    """The same for ever."""

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        while True:
            await response.write(piece)

    return reply


def delta(**fields: Any) -> bytes:
    return sse([{"choices": [{"delta": fields}]}])


CALL = {"index": 0, "function": {"name": "generate_image", "arguments": "x" * 4_000}}
CALLS = [{"index": number, "function": {"name": "x"}} for number in range(40)]


@pytest.mark.parametrize(
    "piece",
    [
        pytest.param(delta(content="tiny") * 50, id="text"),
        pytest.param(delta(reasoning_content="tiny") * 50, id="thoughts"),
        pytest.param(delta() * 50, id="empty events"),
        pytest.param(b"\n" * 1_000, id="blank lines"),
        pytest.param(b": PING\n" * 100, id="comments"),
        pytest.param(b": " + b"x" * 200_000, id="one comment"),
        pytest.param(delta(tool_calls=[CALL]), id="arguments of a tool"),
        pytest.param(delta(tool_calls=CALLS), id="calls of tools"),
        pytest.param(
            delta(images=[{"image_url": {"url": "https://x.test/1.png"}}] * 9), id="linked pictures"
        ),
    ],
)
async def test_an_endless_reply_is_ended_and_not_asked_for_again(
    piece: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.llm.ceilings.MAX_CHARACTERS", 2_000)
    monkeypatch.setattr("bot.llm.ceilings.MAX_EVENTS", 1_000)
    async with gateway(repeated(piece)) as there:
        error = await failure_at(there, there.url)
        assert len(there.asked) == 1
    assert isinstance(error, OverlongError)
    assert error.billable
    assert error.upstream.host in there.url


async def test_so_many_pictures_no_answer_has() -> None:
    def picture(number: int) -> dict[str, Any]:
        data = (b"\xff\xd8\xff\xe0" + number.to_bytes(4)).hex()
        return {"image_url": {"url": "data:image/jpeg;base64," + data + "=" * (-len(data) % 4)}}

    pictures = delta(images=[picture(number) for number in range(40)])
    seen: list[Event] = []
    async with gateway(stream(pictures)) as there:
        with pytest.raises(OverlongError):
            async with there.model().answer(question()) as events:
                async for event in events:
                    seen.append(event)
    assert sum(isinstance(event, ImageReady) for event in seen) == 32


async def test_an_answer_rests_on_two_hundred_pages_at_most() -> None:
    cited = [
        {"type": "url_citation", "url_citation": {"url": f"https://x.test/{n}", "title": str(n)}}
        for n in range(300)
    ]
    stop = sse([{"choices": [{"delta": {"content": "x"}, "finish_reason": "stop"}]}])
    async with gateway(stream(delta(annotations=cited), stop)) as there:
        events = await there.answer(question())
    [found] = [event for event in events if isinstance(event, SourcesFound)]
    assert len(found.sources) == 200
    assert isinstance(events[-1], Finished)


def in_parts(*calls: dict[str, Any]) -> dict[str, Any]:
    parts = [{"functionCall": call} for call in calls]
    return {"candidates": [{"content": {"parts": parts}}]}


def asking(name: str, words: int) -> dict[str, Any]:
    return {"name": name, "args": {"prompt": "x" * words}}


@pytest.mark.parametrize(
    "replies",
    [
        pytest.param([in_parts(asking("x", 100_000))], id="one long call"),
        pytest.param([in_parts(*[asking("x", 9_000)] * 8)], id="long together"),
        pytest.param([in_parts(asking("x", 9_000))] * 8, id="long together, one by one"),
        pytest.param([in_parts(*[{"name": "x"}] * 33)], id="many"),
        pytest.param([in_parts({"name": "x"})] * 33, id="many, one by one"),
        pytest.param([in_parts({"name": "x" * 100_000})], id="a long name"),
    ],
)
async def test_calls_of_tools_in_one_piece_may_not_be_endless_either(replies: list[Any]) -> None:
    async with gateway(stream(sse(replies))) as there:
        seen: list[Event] = []
        with pytest.raises(OverlongError):
            async with there.model().answer(question("gemini-3.8-flash")) as events:
                async for event in events:
                    seen.append(event)
    called = [event for event in seen if isinstance(event, ToolCalled)]
    assert len(called) <= 32
    assert sum(len(str(call.arguments)) for call in called) < 66_000


@pytest.mark.parametrize("calls", [[asking("x", 60_000)], [asking("x", 1_000)] * 32])
async def test_so_many_calls_of_tools_an_answer_may_bring(calls: list[Any]) -> None:
    fragments = [
        {"index": at, "function": {"name": call["name"], "arguments": json.dumps(call["args"])}}
        for at, call in enumerate(calls)
    ]
    for model, piece in (
        ("gemini-3.8-flash", sse([in_parts(*calls)])),
        ("gpt-4o", delta(tool_calls=fragments)),
    ):
        async with gateway(stream(piece, b"data: [DONE]\n\n")) as there:
            events = await there.answer(question(model))
        called = [event for event in events if isinstance(event, ToolCalled)]
        assert [call.arguments for call in called] == [call["args"] for call in calls]


async def test_what_follows_an_answer_is_not_read_for_long() -> None:
    sent = 0

    async def reply(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = await GOOD(request)
        while sent < 100_000_000:
            await response.write(b"x" * 100_000)
            sent += 100_000
        return response

    async with gateway(reply) as there:
        model = there.model()
        await there.answer(question(), model)
        await asyncio.gather(*model._draining)
    assert sent < 20_000_000


def resident_megabytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * 4096 // 1_000_000


BOMB = gzip.compress(bytes(16 * 1024 * 1024)) * 40
"""650 KB that unfold to 670 MB."""


@pytest.mark.parametrize("status", [200, 500])
async def test_a_compressed_flood_is_unfolded_no_further_than_the_ceiling(
    status: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.llm.transport.MAX_REPLY_BYTES", 16 * 1024 * 1024)
    start = gzip.compress(b"data: ")
    flood = plain(start + BOMB, status, {"Content-Encoding": "gzip"}, "text/event-stream")
    most = before = resident_megabytes()

    async def look() -> None:
        nonlocal most
        while True:
            most = max(most, resident_megabytes())
            await asyncio.sleep(0)

    async with gateway(flood) as there:
        looking = asyncio.create_task(look())
        error = await failure_at(there, there.url, model=PAINTER, draw=True)
        looking.cancel()
    assert isinstance(error, OverlongError if status == 200 else UnavailableError)
    assert most - before < 100


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip"])
async def test_an_encoding_that_cannot_be_read_breaks_the_answer_and_no_more(encoding: str) -> None:
    odd = plain(b"not compressed at all", 200, {"Content-Encoding": encoding})
    async with gateway(odd, GOOD) as there:
        assert await text_from(there) == "Hello"


@pytest.mark.parametrize("asked", ["balance", "models"])
async def test_a_balance_or_a_list_without_end_is_no_answer(asked: str) -> None:
    async with gateway(repeated(b" " * 1_000_000)) as there:
        hosts = there.hosts()
        with pytest.raises(UnavailableError):
            if asked == "balance":
                await GatewayAccount(there.session, hosts).balance(AUTHCODE)
            else:
                await read_models(there.session, hosts, AUTHCODE)
        assert len(there.asked) == 1
