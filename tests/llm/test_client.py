from __future__ import annotations

import asyncio
import base64
import json
import socket
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from bot.chat.content import ImagePart, Message, Native, Role, TextPart
from bot.chat.events import Event, Finished, FinishReason, ImageReady, TextDelta
from bot.chat.ports import ChatRequest, Tool
from bot.errors import (
    AuthCodeError,
    BlockedError,
    BrokenStreamError,
    LLMError,
    RateLimitedError,
    RejectedError,
    UnavailableError,
    UnsupportedSettingError,
)
from tests.llm.gateway import (
    AUTHCODE,
    gateway,
    held,
    openai_stream,
    plain,
    question,
    sse,
    stream,
)

TRANSCRIPTS = Path(__file__).parent / "transcripts"
PAINTER = "gemini-3-pro-image-preview"
HEL = sse([{"choices": [{"delta": {"content": "Hel"}}]}])
GOOD = openai_stream("Hel", "lo")
BUSY = plain(b"", 429)
HTML = plain(b"<html>Just a moment...</html>", 403, content_type="text/html")


def refuse(message: str, status: int = 400, **more: Any) -> Any:
    return plain({"error": {"message": message, **more}}, status)


def named_calls(count: int) -> bytes:
    """So many calls of tools."""
    calls = [{"index": number, "function": {"name": "x"}} for number in range(count)]
    return sse([{"choices": [{"delta": {"tool_calls": calls}}]}])


def text_of(events: list[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


async def test_events_arrive_while_the_answer_is_written() -> None:
    go_on = asyncio.Event()

    async def reply(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(HEL)
        await go_on.wait()
        await response.write(sse([{"choices": [{"delta": {}, "finish_reason": "stop"}]}]))
        return response

    async with gateway(reply) as there, there.model().answer(question()) as events:
        assert await anext(events) == TextDelta("Hel")
        go_on.set()
        assert [event async for event in events][-1].reason is FinishReason.STOP  # type: ignore[union-attr]


@pytest.mark.parametrize("ending", [b"\r\n\r\n", b"\n\n", b"\r\r"])
async def test_split_characters_and_every_line_end_arrive_whole(ending: bytes) -> None:
    raw = b"data: " + '{"choices": [{"delta": {"content": "字😀"}}]}'.encode() + ending
    raw += b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}' + ending
    async with gateway(stream(*(raw[i : i + 1] for i in range(len(raw))))) as there:
        assert text_of(await there.answer(question())) == "字😀"


async def test_a_picture_of_12_megabytes_in_one_line_arrives() -> None:
    picture = b"\xff\xd8\xff\xe0" + bytes(9 * 1024 * 1024)
    document = {
        "candidates": [
            {
                "content": {
                    "parts": [
                        {
                            "inlineData": {
                                "mimeType": "image/jpeg",
                                "data": base64.b64encode(picture).decode(),
                            },
                            "thoughtSignature": "A" * 1_000_000,
                        }
                    ]
                },
                "finishReason": "STOP",
            }
        ]
    }
    async with gateway(stream(sse([document]))) as there:
        events = await there.answer(question(PAINTER, draw=True))
    assert [e.image for e in events if isinstance(e, ImageReady)] == [
        ImagePart(picture, "image/jpeg")
    ]


async def test_a_large_question_arrives_whole() -> None:
    picture = b"\x89PNG" + bytes(3 * 1024 * 1024)
    asked = ChatRequest("gpt-4o", [Message(Role.USER, (ImagePart(picture, "image/png"),))])
    async with gateway(GOOD) as there:
        await there.answer(asked)
        [part] = there.asked[0].body["messages"][0]["content"]
    head, _, data = part["image_url"]["url"].partition(",")
    assert head == "data:image/png;base64"
    assert base64.b64decode(data) == picture


@pytest.mark.parametrize(
    "content_type", ["text/event-stream", "text/plain", "application/json", "text/html"]
)
async def test_a_stream_is_read_whatever_it_is_declared_to_be(content_type: str) -> None:
    raw = (TRANSCRIPTS / "openai_text.sse").read_bytes()
    async with gateway(stream(raw, content_type=content_type)) as there:
        assert text_of(await there.answer(question())) == "Paris ☀ 巴黎."


@pytest.mark.parametrize("asked_stream", [True, False])
async def test_a_plain_reply_is_read_whatever_was_asked_for(asked_stream: bool) -> None:
    reply = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
    body = b"\n  \n" + json.dumps(reply).encode()
    async with gateway(plain(body)) as there:
        assert text_of(await there.answer(question(stream=asked_stream))) == "Hello"


async def test_a_page_with_status_200_is_no_answer() -> None:
    page = plain(b"<html>Are you human?</html>", content_type="text/html")
    async with gateway(page) as there:
        with pytest.raises(UnavailableError):
            await there.answer(question())


async def test_a_redirect_is_refused() -> None:
    moved = plain(b"", 302, {"Location": "https://elsewhere.test/"})
    async with gateway(moved) as there:
        with pytest.raises(UnavailableError):
            await there.answer(question())
        assert {call.path for call in there.asked} == {"/v1/chat/completions"}


# Asking again.


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(BUSY, id="busy"),
        pytest.param(plain(b"Error", 500), id="500"),
        pytest.param(plain(b"<html>", 502, content_type="text/html"), id="502"),
        pytest.param(plain(b"", 408), id="408"),
        pytest.param(refuse("无可用渠道", 503), id="no channel"),
        pytest.param(stream(cut=True), id="lost at once"),
        pytest.param(stream(b": PING\n\n"), id="nothing but a comment"),
        pytest.param(stream(b"data: [DONE]\n\n"), id="empty answer"),
        pytest.param(
            stream(sse([{"error": {"message": "x", "code": "overloaded_error"}}])),
            id="error before any text",
        ),
    ],
)
async def test_a_passing_failure_is_outlasted(failure: Any) -> None:
    async with gateway(failure, GOOD) as there:
        assert text_of(await there.answer(question())) == "Hello"
        assert len(there.asked) == 2


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        pytest.param(plain({"message": "401 Unauthorized"}, 401), AuthCodeError, id="auth code"),
        pytest.param(refuse("x", code="content_filter"), BlockedError, id="blocked"),
        pytest.param(refuse("Something."), RejectedError, id="rejected"),
        pytest.param(
            refuse("x", 429, details=[{"violations": [{"quotaId": "RequestsPerDay"}]}]),
            RateLimitedError,
            id="daily quota",
        ),
        pytest.param(plain(b"", 429, {"retry-after": "3600"}), RateLimitedError, id="long wait"),
    ],
)
async def test_a_lasting_failure_is_told_at_once(failure: Any, kind: type[LLMError]) -> None:
    async with gateway(failure) as there:
        with pytest.raises(kind):
            await there.answer(question())
        assert len(there.asked) == 1


async def test_the_wait_that_the_gateway_asks_for_is_kept() -> None:
    async with gateway(plain(b"", 429, {"retry-after": "7"}), GOOD) as there:
        await there.answer(question())
        assert there.clock.slept == [7.0]


async def test_waits_grow_and_end() -> None:
    async with gateway(BUSY) as there:
        with pytest.raises(RateLimitedError):
            await there.answer(question())
        assert there.clock.slept == [1.0, 2.0, 4.0]


async def test_nothing_is_asked_again_once_something_was_shown() -> None:
    async with gateway(stream(HEL, cut=True)) as there:
        seen = []
        with pytest.raises(BrokenStreamError):
            async with there.model().answer(question()) as events:
                async for event in events:
                    seen.append(event)
        assert seen == [TextDelta("Hel")]
        assert len(there.asked) == 1


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(stream(cut=True), id="lost after the 200"),
        pytest.param(stream(b"data: {}\n\n"), id="broke off"),
        pytest.param(plain(b"", 504), id="proxy gave up"),
        pytest.param(plain(b"<html>", 502, content_type="text/html"), id="proxy failed"),
        pytest.param(stream(sse([{"error": {"code": 503, "message": "x"}}])), id="error in a 200"),
    ],
)
async def test_a_picture_that_may_be_billed_is_not_asked_for_again(failure: Any) -> None:
    async with gateway(failure) as there:
        with pytest.raises(LLMError) as failed:
            await there.answer(question(PAINTER, draw=True))
        assert failed.value.billable
        assert len(there.asked) == 1


async def test_an_empty_picture_reply_is_told_and_not_asked_for_again() -> None:
    async with gateway(plain({"candidates": []})) as there:
        [finished] = await there.answer(question(PAINTER, draw=True, stream=False))
    assert isinstance(finished, Finished)
    assert finished.reason is FinishReason.NO_IMAGE
    assert len(there.asked) == 1


async def test_a_busy_gateway_is_asked_for_the_picture_again() -> None:
    raw = (TRANSCRIPTS / "gemini_picture.sse").read_bytes()
    async with gateway(BUSY, stream(raw)) as there:
        events = await there.answer(question(PAINTER, draw=True))
    assert any(isinstance(event, ImageReady) for event in events)


async def test_an_answer_that_stays_empty_is_told() -> None:
    async with gateway(stream(b"data: [DONE]\n\n")) as there:
        [finished] = await there.answer(question())
    assert isinstance(finished, Finished)
    assert finished.reason is FinishReason.OTHER


# Backup hosts.


async def test_a_dead_host_is_passed_over_and_then_left_alone() -> None:
    dead = f"http://127.0.0.1:{free_port()}"
    async with gateway(GOOD) as there:
        model = there.model(dead, there.url)
        assert text_of(await there.answer(question(), model)) == "Hello"
        assert there.clock.slept == []
        assert text_of(await there.answer(question(), model)) == "Hello"


async def test_a_challenge_page_sends_us_to_the_next_host() -> None:
    async with gateway(HTML) as guarded, gateway(GOOD) as there:
        model = there.model(guarded.url, there.url)
        assert text_of(await there.answer(question(), model)) == "Hello"
        assert len(guarded.asked) == 1


async def test_hosts_that_all_failed_get_some_time_before_another_round() -> None:
    failed = plain(b"<html>502", 502, content_type="text/html")
    async with gateway(failed) as there, gateway(failed) as other:
        with pytest.raises(UnavailableError):
            await there.answer(question(), there.model(there.url, other.url))
        assert [len(there.asked), len(other.asked)] == [2, 2]
        assert there.clock.slept == [2.0, 4.0]


async def test_no_host_at_all_is_told() -> None:
    async with gateway(GOOD) as there:
        dead = [f"http://127.0.0.1:{free_port()}" for _ in range(2)]
        with pytest.raises(UnavailableError) as failed:
            await there.answer(question(), there.model(*dead))
    assert not failed.value.billable


# Mending the question.


async def test_a_refused_setting_is_left_out_and_remembered() -> None:
    no_temperature = refuse("x", code="unsupported_value", param="temperature")
    async with gateway(no_temperature, GOOD) as there:
        model = there.model()
        for _ in range(2):
            await there.answer(question("new-model", temperature=0.5), model)
        assert ["temperature" in call.body for call in there.asked] == [True, False, False]


async def test_a_refused_token_limit_is_renamed() -> None:
    other_name = refuse(
        "Unsupported parameter: 'max_tokens'. Use 'max_completion_tokens' instead.",
        code="unsupported_parameter",
        param="max_tokens",
    )
    async with gateway(other_name, GOOD) as there:
        await there.answer(question("new-model", max_tokens=100))
        assert there.asked[1].body["max_completion_tokens"] == 100
        assert "max_tokens" not in there.asked[1].body


async def test_a_model_that_takes_no_tools_is_asked_without_and_remembered() -> None:
    no_tools = refuse("This model does not support function calling.")
    tool = Tool("draw", "Draws.", {"type": "object"})
    async with gateway(no_tools, GOOD) as there:
        model = there.model()
        for _ in range(2):
            assert text_of(await there.answer(question(tools=(tool,)), model)) == "Hello"
        assert ["tools" in call.body for call in there.asked] == [True, False, False]


async def test_a_setting_refused_twice_is_told() -> None:
    async with gateway(refuse("x", code="unsupported_value", param="temperature")) as there:
        with pytest.raises(UnsupportedSettingError) as failed:
            await there.answer(question(temperature=0.5))
        assert failed.value.setting == "temperature"
        assert len(there.asked) == 2


async def test_a_model_that_refuses_streams_is_asked_without() -> None:
    no_streams = refuse("verified to stream this model", code="unsupported_value", param="stream")
    whole = plain({"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]})
    async with gateway(no_streams, whole) as there:
        model = there.model()
        for _ in range(2):
            assert text_of(await there.answer(question(), model)) == "Hello"
        assert [call.body["stream"] for call in there.asked] == [True, False, False]


async def test_an_invalid_signature_is_answered_without_signatures_then_in_one_turn() -> None:
    invalid = refuse("Corrupted thought signature.")
    raw = (TRANSCRIPTS / "gemini_picture.sse").read_bytes()
    parts = b'[{"inlineData":{"mimeType":"image/jpeg"},"thoughtSignature":"c2ln"}]'
    native = Native("gemini", PAINTER, "old", parts)
    fox = ImagePart(b"\xff\xd8\xff\xe0fox", "image/jpeg")
    asked = ChatRequest(
        PAINTER,
        [
            Message(Role.USER, (TextPart("Draw a fox"),)),
            Message(Role.ASSISTANT, (TextPart("Here:"), fox), natives=(native,)),
            Message(Role.USER, (TextPart("At night"),)),
        ],
        draw=True,
    )
    async with gateway(invalid, invalid, stream(raw)) as there:
        await there.answer(asked)
        first, second, third = (call.body["contents"] for call in there.asked)
    picture = {
        "inlineData": {"mimeType": "image/jpeg", "data": base64.b64encode(fox.data).decode()}
    }
    label = {"text": "Previous image:"}
    assert first[1] == {
        "role": "model",
        "parts": [{**picture, "thoughtSignature": "c2ln"}],
    }
    assert second[1:] == [
        {"role": "model", "parts": [{"text": "Here:"}]},
        {"role": "user", "parts": [label, picture, {"text": "At night"}]},
    ]
    [folded] = third
    assert folded["parts"][1:] == [label, picture, {"text": "At night"}]


# Silence, leaving, and what is too much.


async def test_silence_after_the_first_words_breaks_the_answer_off() -> None:
    async with gateway(held(HEL)) as there, there.model().answer(question()) as events:
        assert await anext(events) == TextDelta("Hel")
        there.clock.passing.set()
        with pytest.raises(BrokenStreamError):
            await anext(events)


async def test_silence_after_the_finish_reason_ends_the_answer() -> None:
    stop = sse([{"choices": [{"delta": {"content": "lo"}, "finish_reason": "stop"}]}])
    async with gateway(held(stop)) as there, there.model().answer(question()) as events:
        assert await anext(events) == TextDelta("lo")
        there.clock.passing.set()
        [finished] = [event async for event in events]
    assert isinstance(finished, Finished)
    assert finished.reason is FinishReason.STOP


@pytest.mark.parametrize("how", ["leaving", "cancelling"])
async def test_the_connection_is_dropped_when_nobody_reads_on(how: str) -> None:
    left, first = asyncio.Event(), asyncio.Event()
    async with gateway(held(HEL, left=left)) as there:

        async def ask() -> None:
            async with there.model().answer(question()) as events:
                async for _ in events:
                    first.set()
                    if how == "leaving":
                        break

        task = asyncio.create_task(ask())
        await asyncio.wait_for(first.wait(), 5)
        if how == "cancelling":
            task.cancel()
        await asyncio.wait([task])
        await asyncio.wait_for(left.wait(), 5)


async def test_the_connection_serves_the_next_question_after_a_whole_answer() -> None:
    ports: set[object] = set()

    async def reply(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        ports.add(request.transport.get_extra_info("peername"))
        return await GOOD(request)

    async with gateway(reply) as there:
        model = there.model()
        for _ in range(3):
            await there.answer(question(), model)
            await asyncio.gather(*model._draining)
    assert len(ports) == 1


async def test_an_endless_reply_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bot.llm.transport.MAX_REPLY_BYTES", 100_000)
    words = sse([{"choices": [{"delta": {"content": "x" * 1_000}}]}])
    async with gateway(stream(*[words] * 200)) as there:
        with pytest.raises(BrokenStreamError):
            await there.answer(question())


SAID = "My husband hits me, what shall I do?"
SPELT = "my_husband_hits_me"
WORDS = SAID.lower()
STOP = sse([{"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"}]}])


def named(**error: str) -> bytes:
    return sse([{"error": {"message": "no", **error}}])


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(refuse("no", code=WORDS), id="as a code"),
        pytest.param(refuse("no", code=SPELT), id="as a code in one word"),
        pytest.param(refuse("no", 503, code=SPELT), id="as the code of what is asked again"),
        pytest.param(refuse("no", request_id=WORDS), id="as an id"),
        pytest.param(refuse("no", request_id=SPELT), id="as an id in one word"),
        pytest.param(refuse(f"no ({WORDS})"), id="in words"),
        pytest.param(stream(named(type=WORDS)), id="in a stream"),
        pytest.param(stream(HEL, named(code=SPELT)), id="in the middle of an answer"),
        pytest.param(stream(STOP, named(message=WORDS)), id="after the end of an answer"),
        *(
            pytest.param(plain(body, status, {"x-request-id": said}, kind), id=f"{where}, {said}")
            for where, body, status, kind in (
                ("with a refusal", b"", 400, "text/plain"),
                ("with a stream that broke off", b": PING\n\n", 200, "text/event-stream"),
                ("with nonsense", b"data: {nonsense\n\n", 200, "text/event-stream"),
                ("with too many calls", named_calls(40), 200, "text/event-stream"),
            )
            for said in (WORDS, SPELT, AUTHCODE)
        ),
        pytest.param(stream(sse([{"id": WORDS, "choices": []}])), id="as the id of an answer"),
        pytest.param(stream(sse([{"id": SPELT, "choices": []}])), id="as a spelt id of an answer"),
    ],
)
async def test_no_error_tells_the_log_what_was_asked(
    reply: Any, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG", "bot")
    told = ""
    async with gateway(reply) as there:
        try:
            await there.answer(question(text=SAID))
        except LLMError as error:
            told = str(error)
    for line in (caplog.text.lower(), told.lower()):
        assert "husband" not in line
        assert AUTHCODE not in line


@pytest.mark.parametrize("reason", [WORDS, SPELT])
async def test_neither_does_the_reason_for_a_block(reason: str) -> None:
    blocked = {"promptFeedback": {"blockReason": reason}, "responseId": reason}
    async with gateway(stream(sse([blocked]))) as there:
        with pytest.raises(BlockedError) as failed:
            await there.answer(question("gemini-3.8-flash", SAID))
    assert "husband" not in str(failed.value)


async def test_the_auth_code_is_in_no_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "bot")
    async with gateway(BUSY, refuse(f"invalid token {AUTHCODE}", 401)) as there:
        with pytest.raises(AuthCodeError) as failed:
            await there.answer(question())
    assert AUTHCODE not in str(failed.value)
    assert AUTHCODE not in caplog.text
