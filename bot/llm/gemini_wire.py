"""The JSON of the Gemini dialect's replies; fields we do not read are skipped while decoding.

Everything is optional on the wire, and a missing number means zero.
"""

from __future__ import annotations

import msgspec

from bot.llm.ceilings import Tokens


class InlineData(msgspec.Struct, rename="camel", gc=False):
    """Bytes in a part, as base64 or as the mark of what was lifted out."""

    mime_type: str = ""
    data: str = ""


class FunctionCall(msgspec.Struct, gc=False):
    """A tool the model wants used."""

    name: str = ""
    args: msgspec.Raw = msgspec.Raw()


class WirePart(msgspec.Struct, rename="camel", gc=False):
    """What is shown of a part; the part itself is kept verbatim beside it."""

    text: str | None = None
    inline_data: InlineData | None = None
    function_call: FunctionCall | None = None
    thought: bool | None = None


class Content(msgspec.Struct, gc=False):
    """The parts, undecoded."""

    parts: list[msgspec.Raw] | None = None


class WebChunk(msgspec.Struct, gc=False):
    """A page; `retrievedContext` has the same form."""

    uri: str | None = None
    title: str | None = None


class ImageChunk(msgspec.Struct, rename="camel", gc=False):
    """The page of a picture that was found."""

    source_uri: str | None = None
    title: str | None = None


class GroundingChunk(msgspec.Struct, gc=False):
    """One source."""

    web: WebChunk | None = None
    image: ImageChunk | None = None


class SearchEntryPoint(msgspec.Struct, rename="camel", gc=False):
    """The searches to show, as HTML."""

    rendered_content: str | None = None


class Grounding(msgspec.Struct, rename="camel", gc=False):
    """Where an answer comes from."""

    grounding_chunks: list[GroundingChunk] | None = None
    search_entry_point: SearchEntryPoint | None = None


class Candidate(msgspec.Struct, rename="camel", gc=False):
    """One answer; there is only one."""

    content: Content | None = None
    finish_reason: str | None = None
    finish_message: str | None = None
    grounding_metadata: msgspec.Raw = msgspec.Raw()


class PromptFeedback(msgspec.Struct, rename="camel", gc=False):
    """Why a prompt was refused."""

    block_reason: str | None = None
    block_reason_message: str | None = None


class UsageMetadata(msgspec.Struct, rename="camel", gc=False):
    """Running totals; `thoughts` and `tool_use_prompt` are not inside the others."""

    prompt_token_count: Tokens | None = None
    candidates_token_count: Tokens | None = None
    thoughts_token_count: Tokens | None = None
    tool_use_prompt_token_count: Tokens | None = None
    cached_content_token_count: Tokens | None = None


class Reply(msgspec.Struct, rename="camel", gc=False):
    """A whole reply, or one event of a stream with only the new parts."""

    candidates: list[Candidate] | None = None
    prompt_feedback: PromptFeedback | None = None
    usage_metadata: msgspec.Raw = msgspec.Raw()
    error: msgspec.Raw = msgspec.Raw()
    model_version: str | None = None
    response_id: str | None = None


REPLY = msgspec.json.Decoder(Reply)
PART = msgspec.json.Decoder(WirePart)
USAGE = msgspec.json.Decoder(UsageMetadata, strict=False)
GROUNDING = msgspec.json.Decoder(Grounding)
ARGUMENTS = msgspec.json.Decoder(dict[str, object])
RAW_LIST = msgspec.json.Decoder(list[msgspec.Raw])
