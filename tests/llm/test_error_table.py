"""Every row of the gateway reference's section 4: what a reply means, what the member reads, and
how often which host is asked again."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio
from PIL import Image

from bot.chat import endings
from bot.chat.content import ImagePart, Message, Native, Role, TextPart
from bot.chat.events import Event, Finished, FinishReason, TextDelta
from bot.chat.ports import ChatRequest
from bot.chat.turns import Task
from bot.errors import (
    AuthCodeError,
    BlockedError,
    BrokenStreamError,
    ContextTooLongError,
    CreditError,
    DailyLimitError,
    LLMError,
    ModelNotFoundError,
    RateLimitedError,
    RejectedError,
    SignatureError,
    TooLargeError,
    TooSlowError,
    UnavailableError,
    UnsupportedInputError,
    UnsupportedSettingError,
)
from tests.llm.gateway import AUTHCODE, Answer, Gateway, gateway, plain, question, sse, stream

PAINTER = "gemini-3-pro-image-preview"
SECRET = "upstream-7.internal said"
"""Stands in every body and must be in no sentence."""

Calls = tuple[int, int]
"""How often the primary host and its backup are asked while both answer so."""


@dataclass(frozen=True)
class Case:
    row: str
    reply: Answer
    kind: type[LLMError]
    sentence: str
    text: Calls
    image: Calls


def openai(status: int, message: str = "", *, headers: Any = None, **more: Any) -> Answer:
    return plain({"error": {"message": f"{SECRET} {message}", **more}}, status, headers)


def google(code: int, status: str, message: str = "", *details: dict[str, Any]) -> Answer:
    told = {"code": code, "status": status, "message": f"{SECRET} {message}", "details": details}
    return plain({"error": told}, code)


def words(status: int, text: str) -> Answer:
    return plain(text.encode(), status, content_type="text/plain")


def page(status: int) -> Answer:
    return plain(f"<!DOCTYPE html><p>{SECRET}".encode(), status, content_type="text/html")


def nested(status: int, **innermost: Any) -> Answer:
    """A gateway behind a gateway behind a gateway."""
    inner = json.dumps({"error": innermost})
    return openai(status, json.dumps({"error": {"message": inner, "type": "upstream_error"}}))


def event(**error: Any) -> Answer:
    return stream(sse([{"error": {"message": SECRET, **error}}]))


REACHED, SLOW, BUSY = "cannot be reached", "took too long", "is busy"
AUTH, CREDIT, MODEL = "auth code", "credit for the AI service is used up", "does not serve this"
BLOCKED, TOO_LONG, TOO_LARGE = "rules forbid", "too long for the model", "files are too large"
FILE, SETTING, REFUSED = "cannot read one of the files", "does not take the setting", "refused"
BROKEN, DAILY, PICTURE = "stopped in the middle", "allowance for today", "go on from the earlier"

ENVOY = "upstream connect error or disconnect/reset before headers. reset reason:"
QUOTA_A_DAY = {"violations": [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]}
KEY_INVALID = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}

CASES = [
    Case("reset before headers", stream(cut=True), BrokenStreamError, BROKEN, (1, 1), (1, 0)),
    # 400 unsupported_parameter / unsupported_value with `param`: once without the field.
    Case("unsupported value",
         openai(400, code="unsupported_value", param="temperature"),
         UnsupportedSettingError, SETTING, (2, 0), (1, 0)),
    Case("unsupported parameter, words only",
         openai(400, "Unsupported parameter: 'temperature' is not supported with this model."),
         UnsupportedSettingError, SETTING, (2, 0), (1, 0)),
    Case("unsupported value, a whole sentence as param",
         openai(400, "x", code="unsupported_value", param=f"{SECRET} nothing known"),
         UnsupportedSettingError, REFUSED, (1, 0), (1, 0)),
    # 400 text ~ thought.?signature: once in the recovery form, and once folded into one turn.
    Case("signature, alone", openai(400, "Corrupted thought signature."),
         SignatureError, PICTURE, (1, 0), (1, 0)),
    # Conversation too long: once with history trimmed hard; here there is only the question.
    Case("window, code", openai(400, code="context_length_exceeded"),
         ContextTooLongError, TOO_LONG, (1, 0), (1, 0)),
    Case("window, Gemini",
         google(400, "INVALID_ARGUMENT", "The input token count (9) exceeds the maximum"),
         ContextTooLongError, TOO_LONG, (1, 0), (1, 0)),
    Case("window, nested", nested(500, message="prompt is too long: 9 tokens > 5"),
         ContextTooLongError, TOO_LONG, (1, 0), (1, 0)),
    Case("window, string as error", plain({"error": "maximum context length is 8192"}, 400),
         ContextTooLongError, TOO_LONG, (1, 0), (1, 0)),
    # 400 payload size / 413; without pictures there is nothing to make smaller.
    Case("payload, Gemini",
         google(400, "INVALID_ARGUMENT", "Request payload size exceeds the limit: 20971520 bytes"),
         TooLargeError, TOO_LARGE, (1, 0), (1, 0)),
    Case("413, page", page(413), TooLargeError, TOO_LARGE, (1, 0), (1, 0)),
    Case("413, empty", plain(b"", 413), TooLargeError, TOO_LARGE, (1, 0), (1, 0)),
    Case("413, Anthropic",
         plain({"type": "error", "error": {"type": "request_too_large", "message": SECRET}}, 413),
         TooLargeError, TOO_LARGE, (1, 0), (1, 0)),
    # Unreadable files.
    Case("image format", openai(400, code="invalid_image_format"),
         UnsupportedInputError, FILE, (1, 0), (1, 0)),
    Case("MIME", google(400, "INVALID_ARGUMENT", "Unsupported MIME type: image/gif"),
         UnsupportedInputError, FILE, (1, 0), (1, 0)),
    Case("damaged image", google(400, "INVALID_ARGUMENT", "Unable to process input image."),
         UnsupportedInputError, FILE, (1, 0), (1, 0)),
    # Ratio and size.
    Case("ratio", google(400, "INVALID_ARGUMENT", "aspect_ratio must be one of 1:1, 3:4"),
         UnsupportedSettingError, SETTING, (1, 0), (1, 0)),
    Case("size", google(400, "INVALID_ARGUMENT", "imageSize is invalid: 5K"),
         UnsupportedSettingError, SETTING, (1, 0), (1, 0)),
    # Blocked.
    *(
        Case(code, openai(400, code=code), BlockedError, BLOCKED, (1, 0), (1, 0))
        for code in ("content_policy_violation", "content_filter", "moderation_blocked",
                     "prompt_blocked", "sensitive_words_detected")
    ),
    Case("blocked, nested", nested(500, code="content_filter", message="x"),
         BlockedError, BLOCKED, (1, 0), (1, 0)),
    # Auth code.
    Case("API_KEY_INVALID in a 400", google(400, "INVALID_ARGUMENT", "API key not valid.",
         KEY_INVALID), AuthCodeError, AUTH, (1, 0), (1, 0)),
    Case("401 of this host", plain({"message": "401 Unauthorized"}, 401),
         AuthCodeError, AUTH, (1, 0), (1, 0)),
    Case("invalid_api_key", openai(401, code="invalid_api_key"),
         AuthCodeError, AUTH, (1, 0), (1, 0)),
    Case("无效的令牌 in a 500", openai(500, "无效的令牌"), AuthCodeError, AUTH, (1, 0), (1, 0)),
    Case("wrong code, quoted", openai(401, f"Incorrect API key {AUTHCODE}"),
         AuthCodeError, AUTH, (1, 0), (1, 0)),
    # Region: once.
    Case("region", google(400, "FAILED_PRECONDITION", "User location is not supported"),
         UnavailableError, REACHED, (2, 0), (2, 0)),
    # Credit; a bare 402 may be a rate limit of this host, and is tried once more.
    Case("402, Error", words(402, "Error"), CreditError, CREDIT, (2, 0), (2, 0)),
    Case("402, empty", plain(b"", 402), CreditError, CREDIT, (2, 0), (2, 0)),
    Case("402, told", openai(402, "Payment required"), CreditError, CREDIT, (1, 0), (1, 0)),
    *(
        Case(f"{status} {code}", openai(status, code=code), CreditError, CREDIT, (1, 0), (1, 0))
        for status, code in ((403, "insufficient_user_quota"), (429, "insufficient_quota"),
                             (403, "pre_consume_token_quota_failed"))
    ),
    *(
        Case(text, openai(500, text), CreditError, CREDIT, (1, 0), (1, 0))
        for text in ("用户余额不足", "用户额度不足, 剩余额度: 0", "该令牌额度已用尽",
                     "预扣费额度失败", "Your credit balance is too low")
    ),
    # Not allowed.
    Case("403", plain(b"", 403), AuthCodeError, AUTH, (1, 0), (1, 0)),
    Case("access_denied", openai(403, code="access_denied"), AuthCodeError, AUTH, (1, 0), (1, 0)),
    Case("PERMISSION_DENIED", google(403, "PERMISSION_DENIED"),
         AuthCodeError, AUTH, (1, 0), (1, 0)),
    # Pages: the next host, once. After a 200, and after a 503 that the gateway itself does not
    # explain, a picture may be billed.
    Case("403, page", page(403), UnavailableError, REACHED, (1, 1), (1, 1)),
    Case("503, page", page(503), UnavailableError, REACHED, (1, 1), (1, 0)),
    Case("200, page", page(200), UnavailableError, REACHED, (1, 1), (1, 0)),
    Case("404, page of a parked domain", page(404), UnavailableError, REACHED, (1, 1), (1, 1)),
    Case("redirect", plain(b"", 302, {"Location": "https://elsewhere.test/"}),
         UnavailableError, REACHED, (1, 1), (1, 1)),
    # No such model.
    Case("404", plain(b"", 404), ModelNotFoundError, MODEL, (1, 0), (1, 0)),
    Case("model_not_found", openai(404, code="model_not_found"),
         ModelNotFoundError, MODEL, (1, 0), (1, 0)),
    Case("NOT_FOUND", google(404, "NOT_FOUND", "models/x is not found"),
         ModelNotFoundError, MODEL, (1, 0), (1, 0)),
    # No channel: once after a few seconds.
    Case("无可用渠道", openai(503, "当前分组 default 下对于模型 x 无可用渠道"),
         ModelNotFoundError, MODEL, (2, 0), (2, 0)),
    Case("no channel, 500", plain({"msg": "No available channel"}, 500),
         ModelNotFoundError, MODEL, (2, 0), (2, 0)),
    # 408, 409, 425: yes. After a 408 a picture may be billed.
    Case("408", plain(b"", 408), UnavailableError, REACHED, (4, 0), (1, 0)),
    Case("409", openai(409), UnavailableError, REACHED, (4, 0), (2, 0)),
    Case("425", openai(425), UnavailableError, REACHED, (4, 0), (2, 0)),
    # Busy: three times.
    Case("429, empty", plain(b"", 429), RateLimitedError, BUSY, (4, 0), (4, 0)),
    Case("429, code as a string", openai(429, code="rate_limit_exceeded"),
         RateLimitedError, BUSY, (4, 0), (4, 0)),
    Case("429, code as a number in a 500", nested(500, code=429, message="slow down"),
         RateLimitedError, BUSY, (4, 0), (4, 0)),
    Case("429 in an array",
         plain(f'[{{"error": {{"code": 429, "message": "{SECRET}"}}}}]'.encode(), 429),
         RateLimitedError, BUSY, (4, 0), (4, 0)),
    Case("RESOURCE_EXHAUSTED", google(429, "RESOURCE_EXHAUSTED", "Quota exceeded."),
         RateLimitedError, BUSY, (4, 0), (4, 0)),
    Case("负载已饱和 in a 500", openai(500, "当前分组上游负载已饱和, 请稍后再试"),
         RateLimitedError, BUSY, (4, 0), (4, 0)),
    Case("429, page", page(429), RateLimitedError, BUSY, (4, 0), (4, 0)),
    Case("429, long wait", plain(b"", 429, {"retry-after": "3600"}),
         RateLimitedError, BUSY, (1, 0), (1, 0)),
    # The day's allowance.
    Case("429 PerDay", google(429, "RESOURCE_EXHAUSTED", "Please retry in 30s.", QUOTA_A_DAY),
         DailyLimitError, DAILY, (1, 0), (1, 0)),
    Case("429, per day in words", openai(429, "Rate limit reached: requests per day (RPD)"),
         DailyLimitError, DAILY, (1, 0), (1, 0)),
    # Hiccups: twice, for pictures once.
    Case("500, Error", words(500, "Error"), UnavailableError, REACHED, (3, 0), (2, 0)),
    Case("500 INTERNAL", google(500, "INTERNAL"), UnavailableError, REACHED, (3, 0), (2, 0)),
    *(
        Case(code, openai(500, code=code), UnavailableError, REACHED, (3, 0), (2, 0))
        for code in ("empty_response", "bad_response_body", "bad_response_status_code",
                     "do_request_failed")
    ),
    # Overloaded: three times. Pictures only if the gateway itself says so.
    Case("502, told", openai(502, "upstream"), UnavailableError, REACHED, (4, 0), (4, 0)),
    Case("503 UNAVAILABLE", google(503, "UNAVAILABLE", "Overloaded."),
         UnavailableError, REACHED, (4, 0), (4, 0)),
    Case("503, empty", plain(b"", 503), UnavailableError, REACHED, (4, 0), (1, 0)),
    Case("502, page", page(502), UnavailableError, REACHED, (2, 2), (1, 0)),
    # A proxy's words: another host, pictures only if the gateway was surely never reached.
    Case("502, Cloudflare's words", words(502, "error code: 502"),
         UnavailableError, REACHED, (2, 2), (1, 0)),
    Case("503, Envoy's words", words(503, f"{ENVOY} connection termination"),
         UnavailableError, REACHED, (2, 2), (1, 0)),
    Case("503, Error", words(503, "Error"), UnavailableError, REACHED, (2, 2), (1, 0)),
    *(
        Case(f"{status}, Cloudflare's words", words(status, f"error code: {status}"),
             UnavailableError, REACHED, (2, 2), (1, 0))
        for status in (520, 521, 522, 523)
    ),
    Case("525, Cloudflare's words", words(525, "error code: 525"),
         UnavailableError, REACHED, (2, 2), (1, 1)),
    Case("503, Envoy was refused", words(503, f"{ENVOY} connection failure"),
         UnavailableError, REACHED, (2, 2), (2, 2)),
    Case("502, a proxy was refused", words(502, "dial tcp 10.0.0.7:80: connection refused"),
         UnavailableError, REACHED, (2, 2), (2, 2)),
    Case("504, Envoy's words", words(504, "upstream request timeout"),
         TooSlowError, SLOW, (2, 0), (1, 0)),
    Case("529",
         plain({"type": "error", "error": {"type": "overloaded_error", "message": SECRET}}, 529),
         UnavailableError, REACHED, (4, 0), (4, 0)),
    # A proxy gave up: text once, a picture not.
    Case("504", plain(b"", 504), TooSlowError, SLOW, (2, 0), (1, 0)),
    Case("504 DEADLINE_EXCEEDED", google(504, "DEADLINE_EXCEEDED"),
         TooSlowError, SLOW, (2, 0), (1, 0)),
    Case("524, page", page(524), TooSlowError, SLOW, (2, 0), (1, 0)),
    Case("channel:response_time_exceeded", openai(500, code="channel:response_time_exceeded"),
         TooSlowError, SLOW, (2, 0), (1, 0)),
    # An error event before any text counts as its code says; a picture is never asked for twice.
    Case("event: overloaded", event(code="overloaded_error"),
         UnavailableError, REACHED, (4, 0), (1, 0)),
    Case("event: blocked", event(code="content_filter"), BlockedError, BLOCKED, (1, 0), (1, 0)),
    Case("event: code as a number", event(code=429), RateLimitedError, BUSY, (4, 0), (1, 0)),
    Case("event: bare JSON", stream(b'{\n "error": {"code": 503, "message": "x"}\n}\n'),
         UnavailableError, REACHED, (4, 0), (1, 0)),
    Case("200 with success: false", plain({"success": False, "message": "无效的令牌"}),
         AuthCodeError, AUTH, (1, 0), (1, 0)),
    # Nothing at all: once.
    Case("200, empty stream", stream(b": PING\n\n"), BrokenStreamError, BROKEN, (2, 0), (1, 0)),
    # A fault of the protocol.
    Case("unparsable event", stream(b"data: {nonsense}\n\n"),
         BrokenStreamError, BROKEN, (1, 0), (1, 0)),
    # Anything else.
    Case("400", google(400, "INVALID_ARGUMENT", "Something."),
         RejectedError, REFUSED, (1, 0), (1, 0)),
]  # fmt: skip


def drawing() -> ChatRequest:
    return question(PAINTER, draw=True)


def doors(there: Gateway) -> tuple[str, str]:
    """Two hosts of one gateway."""
    return f"{there.url}primary", f"{there.url}backup"


def calls(there: Gateway) -> Calls:
    counted = Counter(call.path.split("/")[1] for call in there.asked)
    return counted["primary"], counted["backup"]


pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def one_gateway() -> AsyncIterator[Gateway]:
    """One for all cases, which would take seconds to start anew."""
    async with gateway(page(500)) as there:
        yield there


@pytest.fixture
def there(one_gateway: Gateway) -> Gateway:
    one_gateway.asked.clear()
    one_gateway.clock.slept.clear()
    return one_gateway


@pytest.mark.parametrize("wanted", ["text", "picture"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.row)
async def test_a_failure_has_its_class_its_sentence_and_its_number_of_calls(
    there: Gateway, case: Case, wanted: str
) -> None:
    there.script[:] = [case.reply]
    asked = drawing() if wanted == "picture" else question(temperature=0.5)
    with pytest.raises(LLMError) as failed:
        await there.answer(asked, there.model(*doors(there)))
    told = endings.sentence(failed.value)
    assert type(failed.value) is case.kind
    assert case.sentence in told
    uncertain = isinstance(failed.value, UnavailableError | BrokenStreamError)
    assert ("may have charged" in told) is (uncertain and failed.value.billable)
    assert SECRET not in told
    assert AUTHCODE not in f"{told} {failed.value}"
    assert calls(there) == (case.image if wanted == "picture" else case.text)


# Replies that end by themselves.


def ended(reason: str, text: str = "") -> Answer:
    """A Gemini reply with this finish reason."""
    content = {"parts": [{"text": text}]} if text else {}
    return stream(sse([{"candidates": [{"content": content, "finishReason": reason}]}]))


def stopped(reason: str, text: str = "") -> Answer:
    """An OpenAI reply with this finish reason."""
    delta = {"content": text} if text else {}
    return stream(sse([{"choices": [{"delta": delta, "finish_reason": reason}]}]))


CUT_OFF, CUT_EMPTY = "length limit", "whole length limit for thinking"
WITHHELD, NO_PICTURE, NOTHING = "filter withheld", "made no picture", "without an answer"
GEMINI = "gemini-3.8-flash"


@pytest.mark.parametrize(
    ("reply", "model", "reason", "sentence", "expected"),
    [
        pytest.param(
            stopped("length", "a"), "gpt-4o", FinishReason.LENGTH, CUT_OFF, (1, 0), id="length"
        ),
        pytest.param(
            ended("MAX_TOKENS", "a"), GEMINI, FinishReason.LENGTH, CUT_OFF, (1, 0), id="MAX_TOKENS"
        ),
        pytest.param(
            ended("MAX_TOKENS"), GEMINI, FinishReason.LENGTH, CUT_EMPTY, (1, 0),
            id="MAX_TOKENS, all for thinking",
        ),
        pytest.param(
            stopped("content_filter"), "gpt-4o", FinishReason.FILTERED, WITHHELD, (1, 0),
            id="content_filter",
        ),
        pytest.param(
            ended("SAFETY"), GEMINI, FinishReason.FILTERED, WITHHELD, (1, 0), id="SAFETY"
        ),
        pytest.param(
            ended("IMAGE_SAFETY"), PAINTER, FinishReason.FILTERED, WITHHELD, (1, 0),
            id="IMAGE_SAFETY",
        ),
        pytest.param(
            ended("NO_IMAGE"), PAINTER, FinishReason.NO_IMAGE, NO_PICTURE, (1, 0), id="NO_IMAGE"
        ),
        pytest.param(
            ended("IMAGE_OTHER"), PAINTER, FinishReason.NO_IMAGE, NO_PICTURE, (1, 0),
            id="IMAGE_OTHER",
        ),
        pytest.param(
            ended("OTHER"), PAINTER, FinishReason.NO_IMAGE, NO_PICTURE, (1, 0), id="OTHER, picture"
        ),
        pytest.param(
            ended("OTHER"), GEMINI, FinishReason.OTHER, NOTHING, (2, 0), id="OTHER, text"
        ),
        pytest.param(
            ended("STOP", "I would rather not."), PAINTER, FinishReason.NO_IMAGE, NO_PICTURE,
            (1, 0), id="STOP, only words where a picture was wanted",
        ),
        pytest.param(
            stopped("stop"), "gpt-4o", FinishReason.OTHER, NOTHING, (2, 0), id="nothing, OpenAI"
        ),
        pytest.param(
            ended("STOP"), GEMINI, FinishReason.OTHER, NOTHING, (2, 0), id="nothing, Gemini"
        ),
        pytest.param(
            plain(b""), "gpt-4o", FinishReason.OTHER, NOTHING, (2, 0), id="nothing, empty body"
        ),
        pytest.param(
            plain(b""), PAINTER, FinishReason.NO_IMAGE, NO_PICTURE, (1, 0),
            id="nothing, empty body, picture",
        ),
    ],
)  # fmt: skip
async def test_an_ending_has_its_words_and_its_number_of_calls(
    there: Gateway,
    reply: Answer,
    model: str,
    reason: FinishReason,
    sentence: str,
    expected: Calls,
) -> None:
    there.script[:] = [reply]
    draws = model == PAINTER
    events = await there.answer(question(model, draw=draws), there.model(*doors(there)))
    finished = events[-1]
    assert isinstance(finished, Finished)
    assert finished.reason is reason
    text = "".join(event.text for event in events if isinstance(event, TextDelta))
    ending = endings.finished(
        finished,
        task=Task.IMAGE if draws else Task.CHAT,
        has_text=bool(text),
        has_images=False,
    )
    assert sentence in ending.words
    assert calls(there) == expected


async def test_a_blocked_prompt_is_told_and_not_asked_again(there: Gateway) -> None:
    there.script[:] = [stream(sse([{"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}]))]
    for asked in (question(GEMINI), drawing()):
        there.asked.clear()
        with pytest.raises(BlockedError) as failed:
            await there.answer(asked, there.model(*doors(there)))
        assert BLOCKED in endings.sentence(failed.value)
        assert calls(there) == (1, 0)


# After the first words.


@pytest.mark.parametrize(
    ("rest", "sentence"),
    [
        pytest.param(b"", BROKEN, id="connection lost"),
        pytest.param(sse([{"error": {"code": 503, "message": SECRET}}]), REACHED, id="error event"),
        pytest.param(b"data: {nonsense}\n\n", BROKEN, id="unparsable event"),
    ],
)
async def test_what_was_shown_stays_and_is_not_asked_for_again(
    there: Gateway, rest: bytes, sentence: str
) -> None:
    begun = sse([{"choices": [{"delta": {"content": "Hel"}}]}])
    there.script[:] = [stream(begun, rest, cut=not rest)]
    seen: list[Event] = []
    with pytest.raises(LLMError) as failed:
        async with there.model(*doors(there)).answer(question()) as events:
            async for event in events:
                seen.append(event)
    assert seen == [TextDelta("Hel")]
    assert calls(there) == (1, 0)
    ending = endings.failed(failed.value, has_text=True)
    assert ending.can_continue
    assert "broke off here" in ending.words
    assert sentence in ending.words
    assert SECRET not in ending.words


# Rows whose second call asks for something else.

HELLO = stream(sse([{"choices": [{"delta": {"content": "Hello"}, "finish_reason": "stop"}]}]))


def talk(*texts: str) -> list[Message]:
    """A conversation whose last turn is the question."""
    roles = [Role.USER, Role.ASSISTANT] * len(texts)
    return [Message(role, (TextPart(text),)) for role, text in zip(roles, texts, strict=False)]


@pytest.mark.parametrize(
    ("texts", "left"),
    [
        pytest.param(["a" * 500, "b" * 500, "c" * 400, "d" * 400, "e"], 3, id="half goes"),
        pytest.param(["a", "b", "c" * 900], 1, id="a long question alone"),
        pytest.param(["a", "b" * 900, "c"], 1, id="a long answer goes"),
    ],
)
async def test_too_long_a_conversation_is_asked_once_more_with_its_newer_half(
    there: Gateway, texts: list[str], left: int
) -> None:
    there.script[:] = [openai(400, code="context_length_exceeded"), HELLO]
    await there.answer(ChatRequest("gpt-4o", talk(*texts)), there.model(*doors(there)))
    asked = [message["content"] for message in there.asked[1].body["messages"]]
    assert asked == texts[-left:]
    assert there.asked[1].body["messages"][0]["role"] == "user"


async def test_a_conversation_that_stays_too_long_is_told(there: Gateway) -> None:
    there.script[:] = [openai(400, code="context_length_exceeded")]
    with pytest.raises(ContextTooLongError):
        await there.answer(ChatRequest("gpt-4o", talk("a", "b", "c")), there.model(*doors(there)))
    assert calls(there) == (2, 0)


async def test_the_picture_to_change_is_never_left_out_of_a_drawing(there: Gateway) -> None:
    there.script[:] = [openai(400, code="context_length_exceeded")]
    asked = ChatRequest(PAINTER, talk("a fox", "b", "at night"), draw=True)
    with pytest.raises(ContextTooLongError):
        await there.answer(asked, there.model(*doors(there)))
    assert calls(there) == (1, 0)


@pytest.fixture
def picture(monkeypatch: pytest.MonkeyPatch) -> ImagePart:
    """One that can be made smaller, and has to be."""
    monkeypatch.setattr("bot.llm.lightening.LIGHT_BYTES", 0)
    monkeypatch.setattr("bot.llm.lightening._LEAST_BYTES", 20_000)
    noise = io.BytesIO()
    Image.effect_noise((300, 300), 90).save(noise, "PNG")
    return ImagePart(noise.getvalue(), "image/png")


async def test_too_large_pictures_are_asked_about_once_more_made_smaller(
    there: Gateway, picture: ImagePart
) -> None:
    asked = ChatRequest("gpt-4o", [Message(Role.USER, (TextPart("What is it?"), picture))])
    there.script[:] = [plain(b"<html>413", 413, content_type="text/html")]
    with pytest.raises(TooLargeError) as failed:
        await there.answer(asked, there.model(*doors(there)))
    assert TOO_LARGE in endings.sentence(failed.value)
    assert calls(there) == (2, 0)
    heavy, light = (len(call.body["messages"][0]["content"][1]["image_url"]["url"])
                    for call in there.asked)  # fmt: skip
    assert heavy > 60_000
    assert light < 30_000


async def test_a_picture_to_draw_from_is_sent_once_more_made_smaller_and_unsigned(
    there: Gateway, picture: ImagePart
) -> None:
    signed = Native("gemini", PAINTER, "h", b'[{"thoughtSignature":"c2ln","inlineData":{}}]')
    made = Message(Role.ASSISTANT, (picture,), natives=(signed,))
    there.script[:] = [plain(b"<html>413", 413, content_type="text/html")]
    with pytest.raises(TooLargeError):
        asked = ChatRequest(PAINTER, [*talk("a fox"), made, *talk("at night")], draw=True)
        await there.answer(asked, there.model(*doors(there)))
    assert calls(there) == (2, 0)
    heavy, light = (json.dumps(call.body) for call in there.asked)
    assert "c2ln" in heavy
    assert "c2ln" not in light
    assert len(heavy) > 60_000
    assert 1_000 < len(light) < 30_000


async def test_a_picture_found_too_large_after_a_200_is_not_sent_again(there: Gateway) -> None:
    there.script[:] = [event(code="request_too_large")]
    signed = Native("gemini", PAINTER, "h", b"[]")
    made = Message(Role.ASSISTANT, (ImagePart(b"fox", "image/png"),), natives=(signed,))
    with pytest.raises(TooLargeError):
        asked = ChatRequest(PAINTER, [*talk("a fox"), made, *talk("at night")], draw=True)
        await there.answer(asked, there.model(*doors(there)))
    assert calls(there) == (1, 0)


async def test_a_bare_402_is_tried_once_more_after_ten_seconds(there: Gateway) -> None:
    there.script[:] = [words(402, "Error"), HELLO]
    await there.answer(question(), there.model(*doors(there)))
    assert there.clock.slept == [10.0]
