"""The error normaliser: an `LLMError` out of anything, that tells nobody what it must not."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator

from bot.chat.endings import sentence
from bot.errors import LLMError
from bot.llm.call import Call
from bot.llm.faults import read_fault
from bot.llm.normalize import error_of, may_be_billed
from tests.fuzz.target import Target

AUTHCODE = "Secret-Code-7"
CALL = Call(host="gateway.test", status=200, request_id="asked", authcode=AUTHCODE)
LONGEST_LINE = 700
_STATUSES = (200, 400, 401, 402, 403, 404, 408, 413, 429, 500, 502, 503, 524, None)
_HEADERS = (b"retry-after", b"retry-after-ms", b"x-request-id", b"x-should-retry")
_CANARY = "zebra"
"""A word that no sentence of ours has."""


def normalised(data: bytes) -> LLMError:
    """The error for a status (the first byte), header lines, an empty line, and a body."""
    status = _STATUSES[data[0] % len(_STATUSES)] if data else None
    head, _, body = data[1:].partition(b"\n\n") if b"\n\n" in data else (b"", b"", data[1:])
    headers = {
        name.decode(): value.decode("utf-8", "surrogateescape")
        for name, _, value in (line.partition(b":") for line in head.split(b"\n"))
        if name in _HEADERS
    }
    fault = read_fault(body, status, headers if data and data[0] & 128 else None)
    error = error_of(fault, CALL, billable=may_be_billed(fault))
    assert isinstance(error, LLMError)
    return error


def _run(data: bytes) -> Hashable:
    error = normalised(data)
    line, words = str(error), sentence(error)
    assert AUTHCODE.lower() not in line.lower(), "the operator's line holds the auth code"
    assert len(line) <= LONGEST_LINE, "the operator's line is long"
    assert line.isprintable(), "the operator's line is not one line"
    assert AUTHCODE.lower() not in words.lower(), "the member's sentence holds the auth code"
    assert _CANARY not in words.lower(), "the member's sentence holds the body's words"
    assert len(words) <= 300, "the member's sentence is long"
    up = error.upstream
    return (type(error).__name__, up.status, up.code[:12], getattr(error, "setting", "")[:12],
            bool(up.request_id), up.should_retry)  # fmt: skip


def _body(text: str) -> Callable[[int], Callable[[], object]]:
    def make(size: int) -> Callable[[], object]:
        data = b"\0" + (text * (size // len(text))).encode()
        return lambda: normalised(data)

    return make


def _seeds() -> Iterator[bytes]:
    bodies: list[bytes] = [
        b'{"error":{"message":"Invalid API key Secret-Code-7","code":"invalid_api_key"}}',
        b'{"error":{"message":"x","type":"new_api_error","param":"zebra","code":"bad"}}',
        b'{"error":{"code":429,"message":"slow","status":"RESOURCE_EXHAUSTED","details":['
        b'{"@type":"t","retryDelay":"7s"},{"reason":"RATE"},{"violations":[{"quotaId":"PerDay"}]}]}}',
        b'[{"error":{"code":400,"message":"zebra","status":"INVALID_ARGUMENT","details":['
        b'{"fieldViolations":[{"field":"zebra"}]}]}}]',
        b'{"error":{"message":"Provider","code":502,"metadata":{"raw":"{\\"error\\":\\"zebra\\"}"}}}',
        b'{"message":"unsupported parameter: zebra","request_id":"zebra"}',
        b"retry in 1.5s (request id: zebra123)",
        b'status 400: {"error":{"message":"Unknown parameter: \'zebra\'"}} zebra',
        b"<html>zebra</html>",
        b'{"detail":"Not found"}',
        b"",
    ]
    for number, body in enumerate(bodies):
        yield bytes([number]) + body
        yield bytes([128 + number]) + b"retry-after:7\nx-request-id:zebra\n\n" + body
    yield b"\x84retry-after:Wed, 21 Oct 2026 07:28:00 GMT\nretry-after-ms:20\n\n{}"


TARGET = Target(
    "normaliser",
    _run,
    seeds=list(_seeds()),
    dictionary=[
        b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b'\\"', b"\n\n", b"\n", b"null", b"true",
        b'"error":', b'"message":"zebra"', b'"code":', b'"code":"429"', b'"status":404',
        b'"type":"zebra"', b'"param":"zebra"', b'"param":"temperature"', b'"param":"\xd9\xa1"',
        b'"details":[', b'{"retryDelay":"1.5s"}', b'{"retryDelay":"' + b"9" * 400 + b's"}',
        b'{"reason":"zebra"}', b'"metadata":{"raw":', b'"request_id":"', b"Secret-Code-7",
        b"secret-code-7", b'"code":"Secret-Code-7"', b"zebra", b"retry in ", b"try again after ",
        b"1.2.3s", b"9" * 400, b"1e999", b"inf", b"nan", b"-1", b"ms", b"s", b"request id: ",
        b"retry-after:", b"retry-after-ms:", b"x-request-id:", b"x-should-retry:true\n",
        b"Mon, 1 Jan 2020 00:00:00 +0000", b"+99999999999999", b"unsupported parameter",
        b"unknown field", b"model x not found", b"temperature", b"tools", b"sk-abcdefgh",
        b"Bearer ", b"data:image/png;base64,", b"QUJD" * 12, b"<", b"\xff", b"\0", b"\xe2\x80\xa8",
        b"invalid aspect ratio", b"insufficient_quota", b"content_filter", b"unsupported_value",
    ],
    growing={
        name: _body(text)
        for name, text in {
            "brackets": "[",
            "braces": '{"a":',
            "errors in errors": '{"error":',
            "messages in messages": '{"message":"{',
            "errors in lists": '[{"error":[',
            "blanks": " ",
            "letters": "a",
            "digits": "1",
            "dots": "retry in 1.1.",
            "retry after": "retry in  ",
            "a wait without end": "retry in 1" + "1" * 60_000,
            "request ids": "request id: ",
            "token counts": "input token count ",
            "media types": "media type ",
            "models": "model x ",
            "contexts": "context ",
            "settings": "aspect ratio ",
            "tools": "tool not support ",
            "thoughts": "thought ",
            "prompts": "prompt ",
            "keys": "sk-",
            "bearers": "Bearer ",
            "pictures": "data:image/",
            "nearly base64": "A" * 39 + "!",
            "auth codes": AUTHCODE,
            "fields": '","a":"',
        }.items()
    },
    size=7_000,  # more than MAX_ERROR_BYTES is never read
)  # fmt: skip
