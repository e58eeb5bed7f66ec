"""The OpenAI dialect: `POST /v1/chat/completions` read, checked and answered."""

from __future__ import annotations

import re
import time
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from bot.playground.standin.answers import Finish, Script, ToolUse
from bot.playground.standin.delivery import Beat
from bot.playground.standin.heard import Heard, Picture
from bot.playground.standin.models import is_known, reasons, takes_effort, thinks_aloud
from bot.playground.standin.refusals import openai_error

_FINISH_REASONS = {Finish.STOP: "stop", Finish.LENGTH: "length", Finish.FILTERED: "content_filter"}
_DATA_URI = re.compile(r"data:([\w.+/-]+);base64,(.*)", re.DOTALL)


class ImageURL(msgspec.Struct):
    """Where a picture of a message is; only data URIs are read."""

    url: str


class NamedFile(msgspec.Struct):
    """A document of a message."""

    filename: str = "a file"
    file_data: str = ""


class ContentPart(msgspec.Struct):
    """One part of a message's content."""

    type: str
    text: str = ""
    image_url: ImageURL | None = None
    input_audio: dict[str, str] | None = None
    file: NamedFile | None = None


class ChatMessage(msgspec.Struct):
    """One turn."""

    role: str
    content: str | list[ContentPart] | None = None

    @property
    def parts(self) -> list[ContentPart]:
        """The content as parts, however it was spelled."""
        if isinstance(self.content, list):
            return self.content
        return [ContentPart("text", text=self.content)] if self.content else []

    @property
    def text(self) -> str:
        """All words of the turn."""
        return "\n".join(part.text for part in self.parts if part.text)

    @property
    def pictures(self) -> tuple[Picture, ...]:
        """All pictures of the turn."""
        return tuple(_picture(part.image_url.url) for part in self.parts if part.image_url)


class StreamOptions(msgspec.Struct):
    """What a stream shall hold besides the answer."""

    include_usage: bool = False


class Function(msgspec.Struct):
    """Something the model may call."""

    name: str


class Tool(msgspec.Struct):
    """How a function is offered."""

    type: str
    function: Function


class ChatCall(msgspec.Struct):
    """A request body; fields not named here vanish silently, as they do behind the gateway."""

    model: str
    messages: list[ChatMessage]
    stream: bool = False
    stream_options: StreamOptions | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    reasoning_effort: str | None = None
    tools: list[Tool] = []


def read_call(raw: bytes) -> ChatCall:
    """Parse a request body and refuse what the model would not take."""
    try:
        call = msgspec.json.decode(raw, type=ChatCall)
    except msgspec.DecodeError as err:
        raise openai_error(400, f"Invalid request body: {err}") from err
    if not is_known(call.model):
        raise openai_error(
            404,
            f"The model `{call.model}` does not exist or you do not have access to it.",
            code="model_not_found",
        )
    if not call.messages:
        raise openai_error(400, "[] is too short - 'messages'", param="messages")
    if call.stream_options is not None and not call.stream:
        raise openai_error(
            400,
            "The 'stream_options' parameter is only allowed when 'stream' is enabled.",
            param="stream_options",
        )
    _check_settings(call)
    return call


def _check_settings(call: ChatCall) -> None:
    if call.reasoning_effort is not None and not takes_effort(call.model):
        raise openai_error(
            400,
            "Unsupported parameter: 'reasoning_effort' is not supported with this model.",
            code="unsupported_parameter",
            param="reasoning_effort",
        )
    if call.temperature is not None and not 0 <= call.temperature <= 2:
        raise openai_error(
            400,
            "Invalid 'temperature': expected a value between 0 and 2.",
            code="decimal_above_max_value",
            param="temperature",
        )
    if not reasons(call.model, call.reasoning_effort):
        return
    if call.max_tokens is not None:
        raise openai_error(
            400,
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
            code="unsupported_parameter",
            param="max_tokens",
        )
    for name, value in (("temperature", call.temperature), ("top_p", call.top_p)):
        if value not in (None, 1):
            raise openai_error(
                400,
                f"Unsupported value: '{name}' does not support {value} with this model. "
                "Only the default (1) value is supported.",
                code="unsupported_value",
                param=name,
            )


def heard(call: ChatCall) -> Heard:
    """What the caller said."""
    turns = [message for message in call.messages if message.role == "user"]
    last = turns[-1] if turns else call.messages[-1]
    seen = [picture for message in call.messages for picture in message.pictures]
    files = [part.file.filename for part in last.parts if part.file]
    files += ["a sound"] * sum(part.input_audio is not None for part in last.parts)
    return Heard(
        model=call.model,
        prompt=last.text,
        earlier=tuple(message.text for message in turns[:-1]),
        pictures=last.pictures,
        files=tuple(files),
        latest_picture=seen[-1] if seen else None,
        thoughts_wanted=call.reasoning_effort in ("medium", "high", "xhigh", "max"),
        reasons=thinks_aloud(call.model),
        tools=frozenset(tool.function.name for tool in call.tools),
    )


def _picture(url: str) -> Picture:
    found = _DATA_URI.fullmatch(url)
    if found is None:
        raise openai_error(
            400, "Failed to download the image: only data URIs are read.", code="invalid_image_url"
        )
    try:
        return Picture(msgspec.convert(found[2], bytes, strict=False), found[1])
    except msgspec.ValidationError as err:
        raise openai_error(
            400, "You uploaded an unsupported image.", code="invalid_image_format"
        ) from err


def deltas(text: str) -> list[str]:
    """Cut a text into pieces of about four characters, as tokenizers do."""
    return re.findall(r"\s*\S{1,5}|\s+", text)


async def events(call: ChatCall, script: Script, picture: str = "") -> AsyncIterator[Beat]:
    """Spell an answer as chunks; `picture` is a data URI."""
    head = {
        "id": _reply_id(script),
        "object": "chat.completion.chunk",
        "created": int(time.time()),
        "model": call.model,
    }

    def chunk(delta: dict[str, Any], reason: str | None = None) -> dict[str, Any]:
        return {**head, "choices": [{"index": 0, "delta": delta, "finish_reason": reason}]}

    yield Beat(chunk({"role": "assistant", "content": ""}))
    for piece in deltas(script.reasoning):
        yield Beat(chunk({"content": None, "reasoning_content": piece}), 1)
    for piece in deltas(script.text):
        yield Beat(chunk({"content": piece}), 1)
    if picture:
        yield Beat(chunk({"images": [_image_item(picture)]}))
    if script.tool is not None:
        # The name comes first, the arguments in pieces.
        whole = _tool_call(script.tool)
        arguments = whole["function"]["arguments"]
        whole["function"]["arguments"] = ""
        yield Beat(chunk({"tool_calls": [{"index": 0, **whole}]}))
        for piece in deltas(arguments):
            more = {"index": 0, "function": {"arguments": piece}}
            yield Beat(chunk({"tool_calls": [more]}), 1)
    if script.sources:
        yield Beat(chunk({"annotations": _annotations(script)}))
    if script.finish is Finish.BROKEN:
        return
    yield Beat(chunk({}, _finish_reason(script)))
    if call.stream_options is not None and call.stream_options.include_usage:
        yield Beat({**head, "choices": [], "usage": usage(call, script)})


def reply(call: ChatCall, script: Script, picture: str = "") -> dict[str, Any]:
    """Spell an answer in one piece."""
    message: dict[str, Any] = {"role": "assistant", "content": script.text, "refusal": None}
    if script.reasoning:
        message["reasoning_content"] = script.reasoning
    if script.sources:
        message["annotations"] = _annotations(script)
    if picture:
        message["images"] = [_image_item(picture)]
    if script.tool is not None:
        message["tool_calls"] = [_tool_call(script.tool)]
    return {
        "id": _reply_id(script),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": call.model,
        "choices": [{"index": 0, "finish_reason": _finish_reason(script), "message": message}],
        "usage": usage(call, script),
    }


def usage(call: ChatCall, script: Script) -> dict[str, Any]:
    """Count tokens by the rule of thumb of four characters each."""
    prompt = sum(len(message.text) // 4 + 4 for message in call.messages)
    prompt += sum(1100 * len(message.pictures) for message in call.messages)
    thought = len(script.reasoning) // 4
    completion = thought + len(script.text) // 4
    return {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
        "prompt_tokens_details": {"cached_tokens": 0},
        "completion_tokens_details": {"reasoning_tokens": thought},
    }


def _reply_id(script: Script) -> str:
    return f"chatcmpl-standin{abs(hash(script.text)):x}{time.monotonic_ns():x}"[:38]


def _finish_reason(script: Script) -> str:
    return "tool_calls" if script.tool else _FINISH_REASONS.get(script.finish, "stop")


def _tool_call(tool: ToolUse) -> dict[str, Any]:
    arguments = msgspec.json.encode(tool.arguments).decode()
    return {
        "id": f"call_{time.monotonic_ns():x}",
        "type": "function",
        "function": {"name": tool.name, "arguments": arguments},
    }


def _image_item(data_uri: str) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": data_uri}}


def _annotations(script: Script) -> list[dict[str, Any]]:
    return [
        {
            "type": "url_citation",
            "url_citation": {
                "url": source.url,
                "title": source.title,
                "start_index": 0,
                "end_index": 0,
            },
        }
        for source in script.sources
    ]
