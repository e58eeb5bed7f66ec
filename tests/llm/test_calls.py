"""The gateway's six documented calls, exactly."""

from __future__ import annotations

from typing import Any

import pytest

from bot.chat.ports import ChatRequest
from tests.llm.gateway import AUTHCODE, gateway, plain, question, sse, stream

GEMINI_REPLY = {
    "candidates": [{"content": {"parts": [{"text": "Hello"}]}, "finishReason": "STOP"}],
}
OPENAI_REPLY = {"choices": [{"message": {"content": "Hello"}, "finish_reason": "stop"}]}
OPENAI_CHUNKS = [
    {"choices": [{"delta": {"content": "Hello"}}]},
    {"choices": [{"delta": {}, "finish_reason": "stop"}]},
]
MODELS = "/v1beta/models/"
HI = {"contents": [{"parts": [{"text": "Hi"}]}]}


def openai_body(*, stream: bool) -> dict[str, Any]:
    return {
        "model": "gpt-4o",
        "messages": [{"role": "user", "content": "Hi"}],
        "temperature": 1,
        "stream": stream,
    }


def picture(ratio: str, size: str, **more: Any) -> dict[str, Any]:
    return {
        **HI,
        "generationConfig": {
            "imageConfig": {"aspectRatio": ratio, "imageSize": size},
            "responseModalities": ["TEXT", "IMAGE"],
        },
        **more,
    }


BEARER = {"Authorization": f"Bearer {AUTHCODE}"}
GOOGLE = {"x-goog-api-key": AUTHCODE}
PAINTER = "gemini-3-pro-image-preview"


@pytest.mark.parametrize(
    ("asked", "path", "query", "auth", "body"),
    [
        pytest.param(
            question(temperature=1),
            "/v1/chat/completions",
            {},
            BEARER,
            openai_body(stream=True),
            id="openai streaming",
        ),
        pytest.param(
            question(temperature=1, stream=False),
            "/v1/chat/completions",
            {},
            BEARER,
            openai_body(stream=False),
            id="openai non-streaming",
        ),
        pytest.param(
            question("gemini-3-pro-preview", stream=False),
            f"{MODELS}gemini-3-pro-preview:generateContent",
            {},
            GOOGLE,
            HI,
            id="gemini non-streaming",
        ),
        pytest.param(
            question("gemini-3-pro-preview"),
            f"{MODELS}gemini-3-pro-preview:streamGenerateContent",
            {"alt": "sse"},
            GOOGLE,
            HI,
            id="gemini streaming",
        ),
        pytest.param(
            question(
                PAINTER, draw=True, search=True, aspect_ratio="1:1", image_size="2k", stream=False
            ),
            f"{MODELS}{PAINTER}:generateContent",
            {},
            GOOGLE,
            picture("1:1", "2K", tools=[{"googleSearch": {}}]),
            id="gemini picture non-streaming",
        ),
        pytest.param(
            question(PAINTER, draw=True, aspect_ratio="16:9", image_size="1K"),
            f"{MODELS}{PAINTER}:streamGenerateContent",
            {"alt": "sse"},
            GOOGLE,
            picture("16:9", "1K"),
            id="gemini picture streaming",
        ),
    ],
)
async def test_a_documented_call_goes_out_exactly(
    asked: ChatRequest, path: str, query: dict[str, str], auth: dict[str, str], body: Any
) -> None:
    openai = path == "/v1/chat/completions"
    if asked.stream:
        script = stream(sse(OPENAI_CHUNKS if openai else [GEMINI_REPLY]))
    else:
        script = plain(OPENAI_REPLY if openai else GEMINI_REPLY)
    async with gateway(script) as there:
        await there.answer(asked)
        [call] = there.asked
    assert (call.method, call.path, call.query) == ("POST", path, query)
    assert call.body == body
    credentials = {
        name: value
        for name, value in call.headers.items()
        if name.lower() in ("authorization", "x-goog-api-key")
    }
    assert {k.lower(): v for k, v in credentials.items()} == {k.lower(): v for k, v in auth.items()}
    assert call.headers["Content-Type"] == "application/json"
    expected = "text/event-stream" if asked.stream else "application/json"
    assert call.headers["Accept"] == expected


async def test_a_streaming_call_asks_proxies_not_to_compress() -> None:
    async with gateway(stream(sse(OPENAI_CHUNKS))) as there:
        await there.answer(question())
        assert there.asked[0].headers["Accept-Encoding"] == "identity"


async def test_a_model_id_is_quoted_in_the_path() -> None:
    async with gateway(plain(GEMINI_REPLY)) as there:
        await there.answer(question("google/gemini-3-pro-preview", stream=False))
        assert there.asked[0].path == f"{MODELS}google%2Fgemini-3-pro-preview:generateContent"
