from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from bot.chat.endings import sentence
from bot.errors import (
    AuthCodeError,
    BlockedError,
    ContextTooLongError,
    CreditError,
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
from bot.llm.call import Call
from bot.llm.faults import LONGEST_WAIT, read_fault
from bot.llm.normalize import MAX_DETAIL, error_of, may_be_billed
from tests.fuzz.growth import grows_too_fast


def failed(status: int | None, body: Any, headers: dict[str, str] | None = None) -> LLMError:
    raw = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=False).encode()
    call = Call("gateway.test", status, authcode="my-auth-code")
    return error_of(read_fault(raw, status, headers), call)


ENVOY = b"upstream connect error or disconnect/reset before headers. reset reason: "


def openai(message: str = "", **more: Any) -> dict[str, Any]:
    return {"error": {"message": message, "type": "invalid_request_error", **more}}


def google(code: int, status: str, message: str = "", *details: dict[str, Any]) -> dict[str, Any]:
    return {"error": {"code": code, "status": status, "message": message, "details": list(details)}}


NESTED = openai(json.dumps(openai(json.dumps(openai("prompt is too long: 9 tokens > 5")))))

SHAPES: list[tuple[str, int | None, Any, type[LLMError]]] = [
    ("this host: bad code", 401, {"message": "401 Unauthorized"}, AuthCodeError),
    ("this host: no credit", 402, b"Error", CreditError),
    ("this host: plain words", 500, b"Error", UnavailableError),
    ("empty 429", 429, b"", RateLimitedError),
    ("page of a proxy", 502, b"<html>502 Bad Gateway</html>", UnavailableError),
    ("challenge", 403, b"\n <!DOCTYPE html><p>Just a moment", UnavailableError),
    ("page about size", 413, b"<html>413</html>", TooLargeError),
    ("redirect", 302, b"", UnavailableError),
    ("three deep", 400, NESTED, ContextTooLongError),
    ("array", 429, [google(429, "RESOURCE_EXHAUSTED")], RateLimitedError),
    ("string as error", 400, {"error": "maximum context length is 8192"}, ContextTooLongError),
    ("msg", 500, {"msg": "无可用渠道"}, ModelNotFoundError),
    ("detail list", 422, {"detail": [{"loc": ["body"], "msg": "bad"}]}, RejectedError),
    ("wrapped words", 500, openai('status: {"error": {"code": 429}} end'), RateLimitedError),
    ("wrapped at the end", 500, openai('upstream: {"error": {"code": 429}}'), RateLimitedError),
    (
        "metadata.raw",
        400,
        {"error": {"code": 400, "message": "Provider returned error", "metadata": {
            "raw": '{"error": {"code": "context_length_exceeded", "message": "x"}}'}}},
        ContextTooLongError,
    ),
    (
        "upstream status in param",
        500,
        openai("", type="upstream_error", code="bad_response_status_code", param="429"),
        RateLimitedError,
    ),
    ("anthropic", 529, {"type": "error", "error": {"type": "overloaded_error", "message": "O"}},
     UnavailableError),
    ("anthropic size", 413, {"type": "error", "error": {"type": "request_too_large"}},
     TooLargeError),
    ("quota in a 403", 403, openai(code="insufficient_user_quota"), CreditError),
    ("quota in a 429", 429, openai(code="insufficient_quota"), CreditError),
    ("quota in Chinese", 500, openai("用户余额不足"), CreditError),
    ("rate with the word quota", 429,
     google(429, "RESOURCE_EXHAUSTED", "You exceeded your current quota. Please retry in 34.4s."),
     RateLimitedError),
    ("key in a 400", 400,
     google(400, "INVALID_ARGUMENT", "API key not valid.",
            {"@type": "…ErrorInfo", "reason": "API_KEY_INVALID"}), AuthCodeError),
    ("token in Chinese", 401, openai("无效的令牌"), AuthCodeError),
    ("not allowed", 403, google(403, "PERMISSION_DENIED"), AuthCodeError),
    ("the gateway's own key", 500, openai(code="channel:invalid_key"), UnavailableError),
    ("no model", 404, google(404, "NOT_FOUND", "models/x is not found"), ModelNotFoundError),
    ("no model in a 503", 503, openai(code="model_not_found"), ModelNotFoundError),
    ("overloaded in Chinese", 429, openai("当前分组上游负载已饱和"), RateLimitedError),
    ("window", 400, google(400, "INVALID_ARGUMENT",
     "The input token count (9) exceeds the maximum"), ContextTooLongError),
    ("size", 400, google(400, "INVALID_ARGUMENT",
     "Request payload size exceeds the limit: 20971520 bytes"), TooLargeError),
    ("image", 400, google(400, "INVALID_ARGUMENT", "Unable to process input image."),
     UnsupportedInputError),
    ("MIME", 400, google(400, "INVALID_ARGUMENT", "Unsupported MIME type: image/gif"),
     UnsupportedInputError),
    ("file", 400, openai("x", code="unsupported_file"), UnsupportedInputError),
    ("policy", 400, openai("x", code="content_policy_violation"), BlockedError),
    ("gateway's filter", 400, openai("x", code="prompt_blocked"), BlockedError),
    ("location", 400, google(400, "FAILED_PRECONDITION", "User location is not supported"),
     UnavailableError),
    ("signature", 400, google(400, "INVALID_ARGUMENT",
     "Image part is missing a thought_signature in content position 2"), SignatureError),
    ("corrupt signature", 400, openai("Corrupted thought signature."), SignatureError),
    ("unavailable", 503, google(503, "UNAVAILABLE"), UnavailableError),
    ("too late", 504, google(504, "DEADLINE_EXCEEDED"), TooSlowError),
    ("code above status", 200, google(429, "RESOURCE_EXHAUSTED"), RateLimitedError),
    ("anything else", 400, google(400, "INVALID_ARGUMENT", "Something."), RejectedError),
]  # fmt: skip


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [pytest.param(status, body, kind, id=name) for name, status, body, kind in SHAPES],
)
def test_every_shape_of_failure_has_its_class(
    status: int | None, body: Any, kind: type[LLMError]
) -> None:
    assert type(failed(status, body)) is kind


@pytest.mark.parametrize(
    ("body", "setting"),
    [
        (openai("x", code="unsupported_value", param="temperature"), "temperature"),
        (
            openai(
                "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                code="unsupported_parameter",
                param="max_tokens",
            ),
            "max_tokens",
        ),
        (openai("Unsupported parameter: 'top_p' is not supported with this model"), "top_p"),
        (openai("Unrecognized request argument supplied: stream_options"), "stream_options"),
        (openai("x", code="unsupported_value", param="stream"), "stream"),
        (openai("x", code="unsupported_value", param="messages[0].role"), "messages[0].role"),
        (openai("This model does not support streaming"), "stream"),
        (
            google(400, "INVALID_ARGUMENT", "Unknown name \"imageSize\": Cannot find field."),
            "imageSize",
        ),
        (google(400, "INVALID_ARGUMENT", "aspect_ratio must be one of 1:1"), "aspectRatio"),
        (google(400, "INVALID_ARGUMENT", "thinking_level is not supported by this model"),
         "thinkingLevel"),
    ],
)  # fmt: skip
def test_a_refused_setting_is_named(body: Any, setting: str) -> None:
    error = failed(400, body)
    assert isinstance(error, UnsupportedSettingError)
    assert error.setting == setting


RETRY_INFO = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "34.4s"}


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        (b"", {"retry-after-ms": "1500", "retry-after": "9"}, 1.5),
        (b"", {"retry-after": "2.5"}, 2.5),
        (google(429, "RESOURCE_EXHAUSTED", "", RETRY_INFO), {}, 34.4),
        (google(429, "RESOURCE_EXHAUSTED", "Please retry in 12.5s."), {}, 12.5),
        (openai("Please try again in 250ms."), {}, 0.25),
        (b"", {"retry-after": "soon"}, None),
        (b"", {}, None),
    ],
)
def test_the_wait_is_read_wherever_it_stands(
    body: Any, headers: dict[str, str], seconds: float | None
) -> None:
    error = failed(429, body, headers)
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == seconds


def test_the_wait_may_be_a_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=60), usegmt=True)
    error = failed(429, b"", {"retry-after": later})
    assert isinstance(error, RateLimitedError)
    assert error.retry_after is not None
    assert 50 < error.retry_after <= 60


def test_a_daily_quota_is_told_apart() -> None:
    violations = [{"quotaId": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]
    body = google(429, "RESOURCE_EXHAUSTED", "Quota.", {"violations": violations}, RETRY_INFO)
    assert failed(429, body).upstream.code == "daily_quota"


@pytest.mark.parametrize(
    "secret",
    [
        "my-auth-code",
        "sk-proj-abcdef1234567890",
        "AIzaSyA1234567890abcdef",
        "data:image/png;base64," + "iVBORw0KGgo" * 20,
        "Zm9vYmFy" * 10,
    ],
)
def test_secrets_and_base64_are_left_out_of_the_log(secret: str) -> None:
    detail = failed(400, openai(f"Incorrect: {secret} given")).upstream.detail
    assert secret not in detail
    assert "Incorrect" in detail


def test_the_detail_is_short() -> None:
    assert len(failed(400, openai("many words " * 100)).upstream.detail) <= MAX_DETAIL


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (openai("Bad. (request id: 2026112212345678)"), {}),
        (b"", {"x-request-id": "2026112212345678"}),
        ({"type": "error", "error": {"message": "x"}, "request_id": "2026112212345678"}, {}),
    ],
)
def test_the_upstreams_request_id_is_kept(body: Any, headers: dict[str, str]) -> None:
    assert failed(400, body, headers).upstream.request_id == "2026112212345678"


@pytest.mark.parametrize(
    ("status", "body", "billed"),
    [
        (504, b"", True),
        (524, b"<html>", True),
        (502, b"<html>", True),
        (503, b"", True),
        (503, openai("overloaded"), False),
        (502, b"error code: 502", True),
        (503, ENVOY + b"connection termination", True),
        (503, b"Error", True),
        (503, b'"Error"', True),
        (503, b'{"error": {"message": "overl', True),
        *((status, b"error code: %d" % status, True) for status in (520, 521, 522, 523)),
        (520, openai("upstream"), False),
        (503, ENVOY + b"connection failure", False),
        (503, ENVOY + b"remote connection failure, transport failure reason: delayed connect "
         b"error: 111", False),
        (503, b"retried and the latest reset reason: connection failure", True),
        (502, b"dial tcp 10.0.0.7:3000: connect: connection refused", False),
        (504, b"dial tcp 10.0.0.7:3000: connect: connection refused", True),
        (429, b"", False),
        (400, b"", False),
    ],
)  # fmt: skip
def test_only_failures_before_the_work_are_surely_free(
    status: int, body: Any, billed: bool
) -> None:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    assert may_be_billed(read_fault(raw, status)) is billed


def test_a_deep_nest_is_not_followed_for_ever() -> None:
    message = "x"
    for _ in range(30):
        message = json.dumps({"error": {"message": message}})[:40_000]
    assert isinstance(failed(400, message.encode()), RejectedError)


@pytest.mark.parametrize(
    "headers",
    [{"retry-after": "inf"}, {"retry-after": "nan"}, {"retry-after-ms": "1e999"},
     {"retry-after": "Mon, 1 Jan 2020 00:00:00 +99999999999999"}],
)  # fmt: skip
def test_a_wait_that_is_no_number_of_seconds_is_none(headers: dict[str, str]) -> None:
    error = failed(429, openai(), headers)
    assert isinstance(error, RateLimitedError)
    assert error.retry_after is None
    assert sentence(error)


@pytest.mark.parametrize("words", ["retry in 1.2.3s", "retry in " + "9" * 400 + "s"])
def test_a_wait_in_words_that_is_no_number_is_none(words: str) -> None:
    error = failed(429, openai(words))
    assert isinstance(error, RateLimitedError)
    assert error.retry_after is None


def test_a_wait_for_years_is_at_most_a_month() -> None:
    error = failed(429, openai(), {"retry-after": "1e18"})
    assert isinstance(error, RateLimitedError)
    assert error.retry_after == LONGEST_WAIT


@pytest.mark.parametrize("field", ["code", "type", "request_id", "message"])
def test_no_field_of_an_error_brings_a_secret_or_pages_into_the_log(field: str) -> None:
    error = failed(400, {"error": {field: "My-Auth-Code\x00\n\x1b[31m" + "long " * 9_000}})
    assert "my-auth-code" not in str(error).lower()
    assert str(error).isprintable()
    assert len(str(error)) < 700


@pytest.mark.parametrize("field", ["code", "type", "reason", "request_id"])
@pytest.mark.parametrize(
    "said",
    [
        "my husband hits me what shall i do",
        "hits,me",
        "\u6211\u4e08\u592b\u6253\u6211",
        "line\u2028line",
        "me" * 41,
        "my-auth-code",
        "sk-proj-abcdef1234567890",
    ],
)
def test_codes_and_ids_that_are_no_plain_word_do_not_reach_the_log(field: str, said: str) -> None:
    for body, headers in (({"error": {field: said}}, {}), ({}, {"x-request-id": said})):
        error = failed(400, body, headers)
        assert (error.upstream.code, error.upstream.request_id) == ("", "")
        assert said not in str(error)


@pytest.mark.parametrize(
    "code", ["rate_limit_exceeded", "channel:no_available_key", "a/b.c-d", "x"]
)
def test_codes_that_are_plain_words_are_kept(code: str) -> None:
    assert failed(400, openai("x", code=code)).upstream.code == code


def test_a_setting_that_is_never_sent_is_not_named_to_the_member() -> None:
    error = failed(400, openai("Unknown parameter", param="<words of somebody>"))
    assert isinstance(error, UnsupportedSettingError)
    assert error.setting == ""


def test_quotas_too_deep_to_be_looked_through_are_passed_over() -> None:
    for depth in range(900, 1_000, 3):
        deep = "[" * depth + "]" * depth
        body = f'{{"error":{{"code":429,"details":[{{"violations":[{deep}]}}]}}}}'
        assert isinstance(failed(429, body.encode()), RateLimitedError)


def test_a_long_error_costs_time_in_proportion() -> None:
    def make(size: int):
        body = b"input token count " * (size // 18)
        return lambda: failed(400, body)

    assert not grows_too_fast(make, 7_000)
