"""The Gemini dialect: `generateContent` and `streamGenerateContent`, out and in.

The twin of `openai_chat`, with the same names. The shapes are those of the gateway reference,
section 2.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from dataclasses import replace
from typing import Any, assert_never
from urllib.parse import quote

import msgspec

from bot.chat.content import FilePart, ImagePart, Message, Native, Part, Role, TextPart
from bot.chat.events import (
    Finished,
    FinishReason,
    ImageReady,
    ReasoningDelta,
    SourcesFound,
    TextDelta,
    ToolCalled,
    Usage,
    UsageReported,
)
from bot.chat.ports import ChatRequest
from bot.chat.profiles import Dialect, Profile, Thinking, normalize_size
from bot.errors import BlockedError, BrokenStreamError, UnsupportedSettingError, Upstream
from bot.llm.call import Call
from bot.llm.ceilings import MAX_SOURCES, ToolCeiling
from bot.llm.faults import has_fault
from bot.llm.finish import finish_reason
from bot.llm.gemini_wire import (
    ARGUMENTS,
    GROUNDING,
    PART,
    RAW_LIST,
    REPLY,
    USAGE,
    Candidate,
    FunctionCall,
    InlineData,
    PromptFeedback,
    Reply,
)
from bot.llm.grounding import sources_of, suggestions_of
from bot.llm.history import Turn, alternating
from bot.llm.lifting import (
    Pieces,
    lacks_data,
    pictures_left_out,
    resolved,
    with_data,
    without_data,
)
from bot.llm.linked import Found
from bot.llm.normalize import failure, told, word
from bot.llm.pictures import picture, true_type
from bot.llm.reading import decode, lenient, plain_json, present, read_with, sound
from bot.llm.sse import ServerSentEvent

_BUDGETS = {"none": 0, "minimal": 512, "low": 1_024, "medium": 8_192, "high": 24_576}
"""Thinking tokens for the models that count them; the provider's own scale for these words."""

_DEFAULT_SIZE = "1K"
_ROLES = {Role.USER: "user", Role.ASSISTANT: "model"}


def request_path(request: ChatRequest, profile: Profile) -> str:
    """The path and query to post to, percent-encoded."""
    model = quote(request.model, safe="")
    if request.stream and profile.streams:
        return f"/v1beta/models/{model}:streamGenerateContent?alt=sse"
    return f"/v1beta/models/{model}:generateContent"


def request_headers(authcode: str) -> dict[str, str]:
    """How this dialect shows the auth code."""
    return {"x-goog-api-key": authcode}


def request_body(request: ChatRequest, profile: Profile) -> dict[str, Any]:
    """The body to post; what the request does not set, or the model refuses, is not in it.

    Bytes in it become base64 when it is encoded with msgspec.

    Raises:
        UnsupportedSettingError: the picture's ratio or size is none of this model's.
    """
    body: dict[str, Any] = {"contents": _contents(request)}
    if request.system:
        body["systemInstruction"] = {"parts": [{"text": request.system}]}
    if tools := _tools(request, profile):
        body["tools"] = tools
    if config := _generation_config(request, profile):
        body["generationConfig"] = config
    return body


def _tools(request: ChatRequest, profile: Profile) -> list[dict[str, Any]]:
    if request.search and profile.searches:
        # Beside declared functions it would need a field that not every route knows.
        return [{"googleSearch": {}}]
    if request.tools and profile.tools:
        declared = [
            {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
            for tool in request.tools
        ]
        return [{"functionDeclarations": declared}]
    return []


def _generation_config(request: ChatRequest, profile: Profile) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if request.max_tokens is not None:
        config["maxOutputTokens"] = request.max_tokens
    effort = profile.effort(request.reasoning)
    if thinking := _thinking_config(request, profile, effort):
        config["thinkingConfig"] = thinking
    if profile.takes_sampling(effort):
        if request.temperature is not None:
            config["temperature"] = min(request.temperature, profile.max_temperature)
        if request.top_p is not None:
            config["topP"] = request.top_p
    if profile.makes_images:
        if request.draw:
            config["responseModalities"] = ["TEXT", "IMAGE"]
        if image := _image_config(request, profile):
            config["imageConfig"] = image
    return config


def _thinking_config(request: ChatRequest, profile: Profile, effort: str | None) -> dict[str, Any]:
    config: dict[str, Any] = {}
    match profile.thinking:
        case Thinking.NONE:
            return config
        case Thinking.LEVEL if effort is not None:
            config["thinkingLevel"] = effort
        case Thinking.BUDGET if effort is not None:
            config["thinkingBudget"] = _BUDGETS[effort]
    if request.thoughts:
        config["includeThoughts"] = True
    return config


def _image_config(request: ChatRequest, profile: Profile) -> dict[str, str]:
    config: dict[str, str] = {}
    if request.aspect_ratio is not None:
        if request.aspect_ratio not in profile.aspect_ratios:
            raise UnsupportedSettingError("not a ratio of this model", setting="aspectRatio")
        config["aspectRatio"] = request.aspect_ratio
    if request.image_size is not None:
        try:
            size = normalize_size(request.image_size)
        except ValueError as error:
            raise UnsupportedSettingError(str(error), setting="imageSize") from None
        if size in profile.image_sizes:
            config["imageSize"] = size
        elif size != _DEFAULT_SIZE:  # which is what comes without the field
            raise UnsupportedSettingError("not a size of this model", setting="imageSize")
    return config


def _contents(request: ChatRequest) -> list[dict[str, Any]]:
    def keeps(message: Message, native: Native) -> bool:
        # Signatures are bound to the model; the backup hosts are doors to the same gateway.
        if native.dialect != Dialect.GEMINI or native.model != request.model:
            return False
        left_out = pictures_left_out(RAW_LIST.decode(native.parts))
        return left_out in (0, len(message.images))

    turns = alternating(request.messages, keeps=keeps)
    if len(turns) == 1:
        return [{"parts": _parts(turns[0])}]
    return [{"role": _ROLES[turn.role], "parts": _parts(turn)} for turn in turns]


def _parts(turn: Turn) -> list[Any]:
    if turn.native is None:
        return [_part(part) for part in turn.parts]
    pictures = iter([part.data for part in turn.parts if isinstance(part, ImagePart)])
    return [
        with_data(part, next(pictures)) if lacks_data(part) else part
        for part in RAW_LIST.decode(turn.native.parts)
    ]


def _part(part: Part) -> dict[str, Any]:
    match part:
        case TextPart(text):
            return {"text": text}
        case ImagePart(data, mime_type):
            return {"inlineData": {"mimeType": true_type(data, mime_type), "data": data}}
        case FilePart(data, mime_type):
            return {"inlineData": {"mimeType": mime_type, "data": data}}
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
    """The state of reading one answer."""

    def __init__(self, request: ChatRequest, call: Call, whole: bool) -> None:
        self.finish_seen = False
        self._call = call
        self._whole = whole
        self._asked_model = request.model
        self._wanted_image = request.draw
        self._finish = ""
        self._message = ""
        self._visible = self._has_image = self._calls_tool = False
        self._tools = ToolCeiling(call)
        self._taken: tuple[Pieces, ...] = ()
        self._native: list[bytes] = []
        self._usage: Usage | None = None
        self._model = ""
        self._id = ""

    def read(self, sent: ServerSentEvent) -> list[Found]:
        events: list[Found] = []
        self._taken = sent.taken
        if sent.data.lstrip()[:1] == b"[":
            # What the streaming method answers when a gateway loses `alt=sse`.
            for document in decode(RAW_LIST, sent.data, self._call):
                self._read(bytes(document), sent.type, events)
        else:
            self._read(sent.data, sent.type, events)
        return events

    def end(self, *, done: bool) -> list[Found]:
        if not (self._finish or done or self._whole):
            raise BrokenStreamError(
                "the stream ended without a finish reason", upstream=self._upstream, billable=True
            )
        reason = finish_reason(
            self._finish,
            visible=self._visible,
            wanted_image=self._wanted_image,
            has_image=self._has_image,
        )
        if reason is FinishReason.STOP and not (self._finish or self._whole):
            reason = FinishReason.UNCONFIRMED
        native = None
        # A call of a tool would have to be followed by its result, which never comes.
        if self._native and not self._calls_tool:
            parts = b"".join((b"[", b",".join(self._native), b"]"))
            native = Native(Dialect.GEMINI, self._asked_model, self._call.host, parts)
        return [
            Finished(
                reason,
                vendor_reason=self._finish,
                message=self._message,
                native=native,
                model=self._model,
                request_id=self._upstream.request_id,
            )
        ]

    @property
    def _upstream(self) -> Upstream:
        return Upstream(
            host=self._call.host, request_id=self._call.request_id or word(self._id, self._call)
        )

    def _read(self, data: bytes, kind: str, events: list[Found]) -> None:
        try:
            reply = decode(REPLY, data, self._call)
        except BrokenStreamError:
            if self._tells_fault(data, kind):
                raise failure(data, self._call, billable=True) from None
            raise
        if present(reply.error) or (_is_empty(reply) and self._tells_fault(data, kind)):
            raise failure(data, self._call, billable=True)
        self._model = reply.model_version or self._model
        self._id = reply.response_id or self._id
        if reply.prompt_feedback is not None:
            self._check_prompt(reply.prompt_feedback)
        if reply.candidates:
            self._read_candidate(reply.candidates[0], events)
        if present(reply.usage_metadata):
            self._read_usage(reply.usage_metadata, events)

    def _tells_fault(self, data: bytes, kind: str) -> bool:
        """Whether something that is no reply is an error, rather than somebody's extra."""
        if kind == "error" or data.lstrip().startswith(b"<"):
            return True
        document = plain_json(data)
        return has_fault(document) or (self._whole and not isinstance(document, dict))

    def _check_prompt(self, feedback: PromptFeedback) -> None:
        reason = feedback.block_reason or ""
        if reason in ("", "BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED"):
            return
        reason = word(reason, self._call)
        detail = told(feedback.block_reason_message or "", self._call)
        raise BlockedError(
            reason=reason, upstream=replace(self._upstream, code=reason, detail=detail)
        )

    def _read_candidate(self, candidate: Candidate, events: list[Found]) -> None:
        if candidate.content is not None:
            for raw in candidate.content.parts or ():
                self._read_part(raw, events)
        if present(candidate.grounding_metadata):
            self._read_grounding(candidate.grounding_metadata, events)
        if candidate.finish_reason:
            self._finish = candidate.finish_reason
            self.finish_seen = True
        self._message = told(candidate.finish_message or "", self._call) or self._message

    def _read_part(self, raw: msgspec.Raw, events: list[Found]) -> None:
        raw = sound(raw)
        part = decode(PART, raw, self._call)
        if part.thought:
            # Also drafts of pictures: a sign of life, never part of the answer or the history.
            events.append(ReasoningDelta(part.text or ""))
            return
        # Verbatim and even when empty, since the signature may stand on an empty text part. Only
        # the bytes of pictures are not kept twice.
        if part.inline_data is None:
            self._native.append(bytes(raw))
        else:
            self._native.append(self._read_inline(part.inline_data, raw, events))
        if part.text:
            self._visible = self._visible or not part.text.isspace()
            events.append(TextDelta(part.text))
        if part.function_call is not None:
            self._read_call(part.function_call, events)

    def _read_inline(self, inline: InlineData, raw: msgspec.Raw, events: list[Found]) -> bytes:
        """Show a picture; returns what is kept of the part."""
        data = resolved(inline.data, self._taken)
        kept = without_data(raw)
        if data and (image := picture(data, inline.mime_type)) is not None:
            self._visible = self._has_image = True
            events.append(ImageReady(image))
            return kept
        return msgspec.json.encode(with_data(msgspec.Raw(kept), data or b""))

    def _read_call(self, asked: FunctionCall, events: list[Found]) -> None:
        self._visible = self._calls_tool = True
        self._tools.begin()
        self._tools.add(len(asked.name) + len(asked.args))
        arguments = lenient(ARGUMENTS, asked.args) if asked.args else None
        events.append(ToolCalled(asked.name, arguments or {}))

    def _read_grounding(self, raw: msgspec.Raw, events: list[Found]) -> None:
        grounding = lenient(GROUNDING, raw)
        if grounding is None:
            return  # an answer without its sources is still an answer
        found: list[tuple[str, str]] = []
        for chunk in (grounding.grounding_chunks or ())[:MAX_SOURCES]:
            if chunk.web is not None:
                found.append((chunk.web.uri or "", chunk.web.title or ""))
            elif chunk.image is not None:
                found.append((chunk.image.source_uri or "", chunk.image.title or ""))
        entry = grounding.search_entry_point
        rendered = (entry.rendered_content if entry else "") or ""
        sources = SourcesFound(sources_of(found), suggestions_of(rendered))
        if sources.sources or sources.suggestions:
            events.append(sources)

    def _read_usage(self, raw: msgspec.Raw, events: list[Found]) -> None:
        told = lenient(USAGE, raw)
        if told is None:
            return
        thoughts = told.thoughts_token_count or 0
        usage = Usage(
            input_tokens=(told.prompt_token_count or 0) + (told.tool_use_prompt_token_count or 0),
            output_tokens=(told.candidates_token_count or 0) + thoughts,
            reasoning_tokens=thoughts,
            cached_tokens=told.cached_content_token_count or 0,
        )
        if usage != self._usage:
            self._usage = usage
            events.append(UsageReported(usage))


def _is_empty(reply: Reply) -> bool:
    return reply.candidates is None and reply.prompt_feedback is None
