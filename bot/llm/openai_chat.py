"""The OpenAI dialect: `/v1/chat/completions`, out and in.

Out: `request_path`, `request_headers`, `request_body`. In: `read_events`, for streams and for
whole replies alike. The shapes are those of the gateway reference, section 1.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any, assert_never

import msgspec
import pybase64

from bot.chat.content import FilePart, ImagePart, Part, Role, TextPart
from bot.chat.events import (
    Finished,
    FinishReason,
    ImageReady,
    ReasoningDelta,
    SourcesFound,
    TextDelta,
    Usage,
    UsageReported,
)
from bot.chat.ports import ChatRequest, Tool
from bot.chat.profiles import Profile, profile_of
from bot.errors import BrokenStreamError, UnsupportedInputError, Upstream
from bot.llm.answer_text import AnswerText
from bot.llm.call import Call
from bot.llm.ceilings import MAX_SOURCES
from bot.llm.faults import has_fault
from bot.llm.finish import finish_reason
from bot.llm.grounding import sources_of
from bot.llm.history import alternating
from bot.llm.linked import Found, ImageLinked
from bot.llm.normalize import failure, word
from bot.llm.openai_wire import (
    ANNOTATIONS,
    CHUNK,
    PARTS,
    TOOL_CALLS,
    USAGE,
    Delta,
    ImageURL,
    WirePart,
)
from bot.llm.pictures import data_uri, picture_from_uri, true_type
from bot.llm.reading import decode, lenient, plain_json, present, read_with
from bot.llm.sse import ServerSentEvent
from bot.llm.tool_calls import ToolCalls

_AUDIO_FORMATS = {
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "audio/mpeg": "mp3",
    "audio/mp3": "mp3",
}


def request_path(request: ChatRequest, profile: Profile) -> str:
    """The path to post to; the same for every model."""
    return "/v1/chat/completions"


def request_headers(authcode: str) -> dict[str, str]:
    """How this dialect shows the auth code."""
    return {"Authorization": f"Bearer {authcode}"}


def request_body(request: ChatRequest, profile: Profile) -> dict[str, Any]:
    """The body to post; what the request does not set, or the model refuses, is not in it.

    Raises:
        UnsupportedInputError: a file has no form in this dialect.
    """
    stream = request.stream and profile.streams
    body: dict[str, Any] = {
        "model": request.model,
        "messages": _messages(request, profile),
        "stream": stream,
    }
    if stream and profile.stream_usage:
        body["stream_options"] = {"include_usage": True}
    if request.max_tokens is not None:
        body[profile.token_limit_field] = request.max_tokens
    if request.tools and profile.tools:
        body["tools"] = [_tool(tool) for tool in request.tools]
    effort = profile.effort(request.reasoning)
    if effort is not None:
        body["reasoning_effort"] = effort
    if profile.takes_sampling(effort):
        if request.temperature is not None:
            body["temperature"] = min(request.temperature, profile.max_temperature)
        if request.top_p is not None and not (
            profile.temperature_or_top_p and request.temperature is not None
        ):
            body["top_p"] = request.top_p
    return body


def _tool(tool: Tool) -> dict[str, Any]:
    function = {
        "name": tool.name,
        "description": tool.description,
        "parameters": tool.parameters,
    }
    return {"type": "function", "function": function}


def _messages(request: ChatRequest, profile: Profile) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    system = request.system
    if system and profile.system_role:
        messages.append({"role": "system", "content": system})
        system = None
    for turn in alternating(request.messages):
        parts = turn.parts
        if turn.role is Role.ASSISTANT:
            messages.append({"role": "assistant", "content": turn.text})
            continue
        if system:
            parts = (TextPart(system), *parts)
            system = None
        messages.append({"role": "user", "content": _content(parts)})
    return messages


def _content(parts: tuple[Part, ...]) -> str | list[dict[str, Any]]:
    """A plain string when there are only words, which every back end takes."""
    if all(isinstance(part, TextPart) for part in parts):
        return "\n".join(part.text for part in parts if isinstance(part, TextPart))
    return [_part(part) for part in parts]


def _part(part: Part) -> dict[str, Any]:
    match part:
        case TextPart(text):
            return {"type": "text", "text": text}
        case ImagePart(data, mime_type):
            url = data_uri(data, true_type(data, mime_type))
            return {"type": "image_url", "image_url": {"url": url}}
        case FilePart(data, "application/pdf" as mime_type, name):
            file = {"filename": name or "file.pdf", "file_data": data_uri(data, mime_type)}
            return {"type": "file", "file": file}
        case FilePart(data, mime_type) if mime_type in _AUDIO_FORMATS:
            sound = pybase64.b64encode_as_string(data)
            audio = {"data": sound, "format": _AUDIO_FORMATS[mime_type]}
            return {"type": "input_audio", "input_audio": audio}
        case FilePart(_, mime_type):
            raise UnsupportedInputError(f"no form for {mime_type} in the OpenAI dialect")
        case _:
            assert_never(part)


def read_events(
    batches: AsyncGenerator[list[ServerSentEvent], None],
    request: ChatRequest,
    call: Call,
    *,
    whole: bool = False,
) -> AsyncGenerator[Found, None]:
    """Turn what arrives into events; `whole` says that it is one plain reply, not a stream.

    Raises:
        LLMError: the reply holds an error, cannot be read, or broke off.
    """
    return read_with(_Answer(request, call, whole), batches, call)


class _Answer:
    """The state of reading one answer; long, but better to have it in one place."""

    def __init__(self, request: ChatRequest, call: Call, whole: bool) -> None:
        self.finish_seen = False
        self._call = call
        self._whole = whole
        self._wanted_image = request.draw
        self._text = AnswerText(hides_think_tag=profile_of(request.model).hides_think_tag)
        self._finish = ""
        self._visible = False
        self._images: set[int] = set()
        self._sources: list[tuple[str, str]] = []
        self._tool_calls = ToolCalls(call)
        self._usage: Usage | None = None
        self._model = ""
        self._id = ""

    def read(self, sent: ServerSentEvent) -> list[Found]:
        try:
            chunk = decode(CHUNK, sent.data, self._call)
        except BrokenStreamError:
            if self._tells_fault(sent):
                raise failure(sent.data, self._call, billable=True) from None
            raise
        if present(chunk.error) or (chunk.choices is None and self._tells_fault(sent)):
            raise failure(sent.data, self._call, billable=True)
        self._model = chunk.model or self._model
        self._id = chunk.id or self._id
        events: list[Found] = []
        if chunk.choices:
            choice = chunk.choices[0]
            delta = choice.delta or choice.message
            if delta is not None:
                self._read_delta(delta, events)
            if choice.finish_reason:
                self._read_finish(choice.finish_reason, events)
        if present(chunk.usage):
            self._read_usage(chunk.usage, events)
        return self._noted(events)

    def end(self, *, done: bool) -> list[Found]:
        events = [*self._noted(self._text.end()), *self._tool_calls.ended()]
        self._visible = self._visible or bool(self._tool_calls)
        if not (self._finish or done or self._whole):
            raise BrokenStreamError(
                "the stream ended without a finish reason",
                upstream=Upstream(host=self._call.host, request_id=self._request_id),
                billable=True,
            )
        reason = finish_reason(
            self._finish,
            visible=self._visible,
            wanted_image=self._wanted_image,
            has_image=bool(self._images),
        )
        if reason is FinishReason.STOP and not (self._finish or self._whole):
            reason = FinishReason.UNCONFIRMED
        finished = Finished(
            reason, vendor_reason=self._finish, model=self._model, request_id=self._request_id
        )
        return [*events, finished]

    @property
    def _request_id(self) -> str:
        return self._call.request_id or word(self._id, self._call)

    def _tells_fault(self, sent: ServerSentEvent) -> bool:
        """Whether something that is no chunk is an error, rather than somebody's extra."""
        return (
            self._whole
            or sent.type == "error"
            or sent.data.lstrip().startswith(b"<")
            or has_fault(plain_json(sent.data))
        )

    def _read_delta(self, delta: Delta, events: list[Found]) -> None:
        thought = delta.reasoning_content or delta.reasoning
        if thought:
            self._think(thought, events)
        elif present(delta.reasoning_details):
            for item in lenient(PARTS, delta.reasoning_details) or ():
                # Encrypted items have no words; they still show that the model is at work.
                self._think(item.text or item.summary or "", events)
        content = delta.content
        if isinstance(content, str):
            if content:
                events += self._text.feed(content)
        elif content is not None:
            self._read_parts(content, events)
        if delta.refusal:
            events += self._text.feed(delta.refusal)
        if present(delta.images):
            self._read_parts(lenient(PARTS, delta.images) or [], events)
        if present(delta.tool_calls):
            for fragment in lenient(TOOL_CALLS, delta.tool_calls) or ():
                self._tool_calls.add(fragment)
        if present(delta.annotations):
            for annotation in lenient(ANNOTATIONS, delta.annotations) or ():
                if (cited := annotation.url_citation) and len(self._sources) < MAX_SOURCES:
                    self._sources.append((cited.url, cited.title or ""))
            if sources := sources_of(self._sources):
                events.append(SourcesFound(sources))

    def _think(self, thought: str, events: list[Found]) -> None:
        self._text.expect_answer()
        events.append(ReasoningDelta(thought))

    def _read_parts(self, parts: list[WirePart], events: list[Found]) -> None:
        for part in parts:
            match part.thinking:
                case str(thought):
                    self._think(thought, events)
                case [*thoughts]:
                    self._think("".join(thought.text or "" for thought in thoughts), events)
            if part.text:
                events += self._text.feed(part.text)
            url = part.image_url.url if isinstance(part.image_url, ImageURL) else part.image_url
            if url and (picture := picture_from_uri(url)) is not None:
                events.append(ImageReady(picture))
            elif url and url.startswith(("https://", "http://")):
                events.append(ImageLinked(url, "", f"\n{url}\n"))

    def _read_finish(self, word: str, events: list[Found]) -> None:
        events += self._text.end()
        if word.lower() == "error":
            raise BrokenStreamError(
                "the provider ended with an error",
                upstream=Upstream(host=self._call.host, request_id=self._request_id),
                billable=True,
            )
        # Gateways repeat it; one that adds a plain `stop` of its own must not hide the first.
        self._finish = self._finish or word
        self.finish_seen = True

    def _read_usage(self, raw: msgspec.Raw, events: list[Found]) -> None:
        told = lenient(USAGE, raw)
        if told is None:
            return
        before, after = told.prompt_tokens_details, told.completion_tokens_details
        usage = Usage(
            input_tokens=told.prompt_tokens or 0,
            output_tokens=told.completion_tokens or 0,
            reasoning_tokens=(after.reasoning_tokens or 0) if after else 0,
            cached_tokens=(before.cached_tokens or 0) if before else 0,
        )
        if usage != self._usage:
            self._usage = usage
            events.append(UsageReported(usage))

    def _noted(self, events: list[Found]) -> list[Found]:
        """Note what became visible, and leave out pictures that came before."""
        kept: list[Found] = []
        for event in events:
            if isinstance(event, TextDelta):
                self._visible = self._visible or not event.text.isspace()
            elif isinstance(event, ImageReady):
                seen = hash(event.image.data)
                if seen in self._images:
                    continue
                self._images.add(seen)
                self._visible = True
            elif isinstance(event, ImageLinked):
                self._visible = True
            kept.append(event)
        return kept
