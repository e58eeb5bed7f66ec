"""The JSON of the OpenAI dialect's replies; fields we do not read are skipped while decoding."""

from __future__ import annotations

import msgspec

from bot.llm.ceilings import Tokens


class ImageURL(msgspec.Struct, gc=False):
    """A picture's address."""

    url: str = ""


class WirePart(msgspec.Struct, gc=False):
    """One item of a content list, of `images` or of `reasoning_details`."""

    type: str = ""
    text: str | None = None
    summary: str | None = None
    thinking: str | list[WirePart] | None = None
    image_url: str | ImageURL | None = None


class Citation(msgspec.Struct, gc=False):
    """A page the answer cites; the positions beside it are unreliable."""

    url: str = ""
    title: str | None = None


class Annotation(msgspec.Struct, gc=False):
    """One note on the answer."""

    url_citation: Citation | None = None


class Function(msgspec.Struct, gc=False):
    """A tool's name and a piece of its arguments, which are JSON in a string."""

    name: str | None = None
    arguments: str | None = None


class ToolCall(msgspec.Struct, gc=False):
    """A fragment of a call; `index` tells which, where a server sends it."""

    index: int | None = None
    id: str | None = None
    function: Function | None = None


class Delta(msgspec.Struct, gc=False):
    """What is new in a stream, or the whole message of a plain reply.

    Fields whose form differs between gateways stay raw until they are needed, so that an odd one
    does not spoil the event.
    """

    content: str | list[WirePart] | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    reasoning_details: msgspec.Raw = msgspec.Raw()
    images: msgspec.Raw = msgspec.Raw()
    annotations: msgspec.Raw = msgspec.Raw()
    tool_calls: msgspec.Raw = msgspec.Raw()


class Choice(msgspec.Struct, gc=False):
    """One answer; there is only one."""

    delta: Delta | None = None
    message: Delta | None = None
    finish_reason: str | None = None


class Chunk(msgspec.Struct, gc=False):
    """One event of a stream, or a whole reply."""

    choices: list[Choice] | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    model: str | None = None
    id: str | None = None


class InputDetails(msgspec.Struct, gc=False):
    """Part of the input tokens."""

    cached_tokens: Tokens | None = None


class OutputDetails(msgspec.Struct, gc=False):
    """Part of the output tokens."""

    reasoning_tokens: Tokens | None = None


class WireUsage(msgspec.Struct, gc=False):
    """Tokens; the details are inside the totals."""

    prompt_tokens: Tokens | None = None
    completion_tokens: Tokens | None = None
    prompt_tokens_details: InputDetails | None = None
    completion_tokens_details: OutputDetails | None = None


CHUNK = msgspec.json.Decoder(Chunk)
USAGE = msgspec.json.Decoder(WireUsage, strict=False)
PARTS = msgspec.json.Decoder(list[WirePart])
TOOL_CALLS = msgspec.json.Decoder(list[ToolCall])
ARGUMENTS = msgspec.json.Decoder(dict[str, object])
ANNOTATIONS = msgspec.json.Decoder(list[Annotation])
