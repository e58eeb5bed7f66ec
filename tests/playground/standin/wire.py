"""Requests and readings that the stand-in's tests share."""

import json
from typing import Any

import aiohttp

CHAT = "/v1/chat/completions"
PRO_IMAGE = "gemini-3-pro-image-preview"


def gemini_path(model: str, *, stream: bool = False) -> str:
    method = "streamGenerateContent?alt=sse" if stream else "generateContent"
    return f"/v1beta/models/{model}:{method}"


def chat_body(prompt: Any, model: str = "gpt-4o", **fields: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": prompt}], **fields}


def gemini_body(*parts: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"contents": [{"role": "user", "parts": list(parts)}], **fields}


async def read_events(response: aiohttp.ClientResponse, line_end: str = "\n") -> list[Any]:
    """The data of each event; `[DONE]` stays a string."""
    text = (await response.read()).decode()
    assert text.endswith(line_end * 2)
    events = [event.removeprefix("data: ") for event in text.split(line_end * 2)[:-1]]
    return [event if event == "[DONE]" else json.loads(event) for event in events]


def chat_text(events: list[Any]) -> str:
    choices = [choice for event in events if event != "[DONE]" for choice in event["choices"]]
    return "".join(choice["delta"].get("content") or "" for choice in choices)


def parts_of(reply: Any) -> list[dict[str, Any]]:
    parts: list[dict[str, Any]] = reply["candidates"][0]["content"].get("parts", [])
    return parts
