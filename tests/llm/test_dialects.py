"""Both dialects through one table: the same story in, the same events out."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncGenerator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from bot.chat.events import (
    Finished,
    FinishReason,
    ImageReady,
    ReasoningDelta,
    SearchSuggestion,
    Source,
    SourcesFound,
    TextDelta,
    ToolCalled,
    Usage,
    UsageReported,
)
from bot.chat.writing import MAX_PICTURES
from bot.errors import (
    BlockedError,
    BrokenStreamError,
    LLMError,
    RateLimitedError,
    UnavailableError,
)
from bot.llm import gemini, openai_chat
from bot.llm.call import Call
from bot.llm.ceilings import MOST_TOKENS
from bot.llm.grounding import suggestions_of
from bot.llm.linked import Found, ImageLinked
from bot.llm.sse import ServerSentEvent, SSEDecoder
from tests.fuzz.growth import grows_too_fast
from tests.llm.gateway import question

TRANSCRIPTS = Path(__file__).parent / "transcripts"
JPEG = b"\xff\xd8\xff\xe0jpeg"
CALL = Call(host="gateway.test", status=200)


async def batches_of(*chunks: bytes) -> AsyncGenerator[list[ServerSentEvent], None]:
    decoder = SSEDecoder()
    for chunk in chunks:
        yield decoder.feed(chunk)
    yield decoder.flush()


async def only(body: bytes) -> AsyncGenerator[list[ServerSentEvent], None]:
    yield [ServerSentEvent(body)]


def model_of(name: str) -> str:
    return "gemini-3-pro-preview" if name.startswith("gemini") else "gpt-4o"


def dialect_of(name: str) -> Any:
    return gemini if name.startswith("gemini") else openai_chat


async def read(name: str, *chunks: bytes, draw: bool = False) -> list[Found]:
    asked = question(model_of(name), draw=draw)
    events = dialect_of(name).read_events(batches_of(*chunks), asked, CALL)
    return [event async for event in events]


async def read_whole(name: str, document: Any, *, draw: bool = False) -> list[Found]:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    asked = question(model_of(name), draw=draw)
    events = dialect_of(name).read_events(only(body), asked, CALL, whole=True)
    return [event async for event in events]


def story(events: list[Found]) -> dict[str, Any]:
    """What a member gets to see, whatever the pieces were."""
    [finished] = [event for event in events if isinstance(event, Finished)]
    assert events[-1] is finished
    told: dict[str, Any] = {"reason": finished.reason}
    if text := "".join(event.text for event in events if isinstance(event, TextDelta)):
        told["text"] = text
    if thoughts := "".join(event.text for event in events if isinstance(event, ReasoningDelta)):
        told["thoughts"] = thoughts
    pictures = [event.image for event in events if isinstance(event, ImageReady)]
    if pictures:
        told["pictures"] = [(picture.mime_type, picture.data) for picture in pictures]
    if linked := [event.url for event in events if isinstance(event, ImageLinked)]:
        told["linked"] = linked
    if called := [event for event in events if isinstance(event, ToolCalled)]:
        told["called"] = [(call.name, call.arguments) for call in called]
    for event in events:
        if isinstance(event, SourcesFound):
            told["sources"] = event
    return told


PARIS = {"text": "Paris ☀ 巴黎.", "reason": FinishReason.STOP}
THOUGHTS = {"text": "Yes.", "thoughts": "Let me think.", "reason": FinishReason.STOP}
PICTURE = {"text": "Here:", "pictures": [("image/jpeg", JPEG)], "reason": FinishReason.STOP}
LENGTH = {"text": "Once", "reason": FinishReason.LENGTH}
FILTERED = {"text": "Once", "reason": FinishReason.FILTERED}
TOOL = {
    "text": "Coming.",
    "called": [("generate_image", {"prompt": "a fox"}), ("generate_image", {})],
    "reason": FinishReason.STOP,
}
YES = {"text": "Yes.", "reason": FinishReason.STOP}
EXAMPLE = Source("https://example.com/a", "example.com")

STORIES = {
    "openai_text": PARIS,
    "gemini_text": PARIS,
    "openai_reasoning_content": THOUGHTS,
    "openai_reasoning": THOUGHTS,
    "openai_reasoning_details": THOUGHTS,
    "openai_think_tag": THOUGHTS,
    "openai_thinking_parts": THOUGHTS,
    "gemini_thoughts": THOUGHTS,
    "openai_images_field": PICTURE,
    "openai_images_markdown": PICTURE,
    "openai_images_part": PICTURE,
    "gemini_picture": {**PICTURE, "thoughts": "A plan"},
    "openai_tool_fragments": TOOL,
    "openai_tool_at_once": TOOL,
    "gemini_tool": TOOL,
    "openai_images_hosted": {
        "text": "Here:\nand\n\n\nbut not `![x](https://a.test/c.png)`",
        "linked": ["https://a.test/a", "https://a.test/b.png?x=1"],
        "reason": FinishReason.STOP,
    },
    "openai_length": LENGTH,
    "gemini_length": LENGTH,
    "openai_filtered": FILTERED,
    "gemini_filtered": FILTERED,
    "openai_refusal": {"text": "I cannot.", "reason": FinishReason.STOP},
    "openai_no_finish": {**YES, "reason": FinishReason.UNCONFIRMED},
    "gemini_no_finish": {**YES, "reason": FinishReason.UNCONFIRMED},
    "openai_no_done": YES,
    "openai_foreign": YES,
    "openai_annotations": {**YES, "sources": SourcesFound((EXAMPLE,))},
    "gemini_grounded": {
        **YES,
        "sources": SourcesFound(
            (
                EXAMPLE,
                Source("https://www.google.com/search?q=weather%20tokyo%20%28now%29", ""),
                Source("https://pics.example/fox", "A fox"),
            ),
            (
                SearchSuggestion(
                    "weather tokyo", "https://www.google.com/search?q=weather+tokyo&client=x"
                ),
            ),
        ),
    },
}


@pytest.mark.parametrize("name", STORIES)
async def test_a_transcript_tells_its_story_however_it_is_cut(name: str) -> None:
    raw = (TRANSCRIPTS / f"{name}.sse").read_bytes()
    whole = await read(name, raw)
    assert story(whole) == STORIES[name]
    dice = random.Random(name)
    for _ in range(25):
        cuts = sorted(dice.randrange(len(raw)) for _ in range(5))
        edges = [0, *cuts, len(raw)]
        assert await read(name, *(raw[a:b] for a, b in pairwise(edges))) == whole
    assert await read(name, *(raw[at : at + 1] for at in range(len(raw)))) == whole


@pytest.mark.parametrize(
    ("name", "kind", "said"),
    [
        ("openai_error_event", RateLimitedError, "Once"),
        ("openai_error_inside", UnavailableError, "Once"),
        ("openai_error_plain", RateLimitedError, "Once"),
        ("openai_error_anthropic", UnavailableError, "Once"),
        ("openai_cut", BrokenStreamError, "Once"),
        ("gemini_cut", BrokenStreamError, "Once"),
        ("gemini_blocked", BlockedError, ""),
        ("gemini_error_array", RateLimitedError, "Once"),
        ("gemini_html", UnavailableError, ""),
    ],
)
async def test_a_failure_in_the_stream_comes_after_the_words_before_it(
    name: str, kind: type[LLMError], said: str
) -> None:
    raw = (TRANSCRIPTS / f"{name}.sse").read_bytes()
    text = ""
    with pytest.raises(kind):
        async for event in dialect_of(name).read_events(
            batches_of(raw), question(model_of(name)), CALL
        ):
            text += event.text if isinstance(event, TextDelta) else ""
    assert text == said


async def test_a_failure_in_the_stream_says_how_long_to_wait() -> None:
    with pytest.raises(RateLimitedError) as failed:
        await read("openai", (TRANSCRIPTS / "openai_error_event.sse").read_bytes())
    assert failed.value.retry_after == 7


async def test_a_blocked_prompt_names_the_reason() -> None:
    with pytest.raises(BlockedError) as failed:
        await read("gemini", (TRANSCRIPTS / "gemini_blocked.sse").read_bytes())
    assert failed.value.reason == "PROHIBITED_CONTENT"


@pytest.mark.parametrize("name", ["openai_text", "gemini_text"])
async def test_the_last_usage_counts_and_hidden_tokens_belong_to_the_output(name: str) -> None:
    events = await read(name, (TRANSCRIPTS / f"{name}.sse").read_bytes())
    reported = [event.usage for event in events if isinstance(event, UsageReported)]
    assert reported[-1] == Usage(13, 11, reasoning_tokens=5, cached_tokens=3)


OPENAI_MESSAGES: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("text", {"content": "Yes."}, YES),
    ("refusal", {"content": None, "refusal": "I cannot."}, {**YES, "text": "I cannot."}),
    ("thoughts", {"content": "Yes.", "reasoning_content": "Let me think."}, THOUGHTS),
    ("tag", {"content": "<think>Let me think.</think>\nYes."}, THOUGHTS),
    ("tag lost", {"content": "Let me think.</think>\nYes."}, THOUGHTS),
    ("parts", {"content": [{"type": "text", "text": "Yes."}]}, YES),
    (
        "picture",
        {
            "content": None,
            "images": [{"image_url": {"url": "data:image/jpeg;base64,/9j/4GpwZWc="}}],
        },
        {"pictures": [("image/jpeg", JPEG)], "reason": FinishReason.STOP},
    ),
    (
        "picture by address",
        {"content": None, "images": [{"image_url": {"url": "https://x.test/a.png"}}]},
        {"linked": ["https://x.test/a.png"], "reason": FinishReason.STOP},
    ),
    ("nothing", {"content": None}, {"reason": FinishReason.OTHER}),
]


@pytest.mark.parametrize(
    ("message", "told"),
    [pytest.param(message, told, id=name) for name, message, told in OPENAI_MESSAGES],
)
async def test_a_whole_openai_reply_tells_the_same_story(
    message: dict[str, Any], told: dict[str, Any]
) -> None:
    reply = {"choices": [{"index": 0, "finish_reason": "stop", "message": message}]}
    assert story(await read_whole("openai", reply)) == told


async def test_a_whole_reply_needs_no_finish_reason() -> None:
    reply = {"choices": [{"message": {"content": "Yes."}}]}
    assert story(await read_whole("openai", reply)) == YES


@pytest.mark.parametrize("name", ["gemini_text", "gemini_thoughts", "gemini_picture"])
async def test_a_whole_gemini_reply_tells_the_same_story_as_its_stream(name: str) -> None:
    raw = (TRANSCRIPTS / f"{name}.sse").read_bytes()
    events = [json.loads(event.data) for event in SSEDecoder().feed(raw)]
    assert story(await read_whole("gemini", events)) == STORIES[name]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        ({"error": {"message": "busy", "code": "rate_limit_exceeded"}}, RateLimitedError),
        ({"success": False, "message": "负载已饱和"}, RateLimitedError),
        ([{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED"}}], RateLimitedError),
        (b"Error", UnavailableError),
        (b"<html>Checking your browser</html>", UnavailableError),
        (b'{"choices": [{"message": {"con', LLMError),
    ],
)
@pytest.mark.parametrize("name", ["openai", "gemini"])
async def test_an_error_inside_a_200_is_an_error(name: str, reply: Any, kind: type) -> None:
    with pytest.raises(kind):
        await read_whole(name, reply)


@pytest.mark.parametrize("name", ["openai", "gemini"])
async def test_an_event_that_is_no_json_breaks_the_stream(name: str) -> None:
    with pytest.raises(BrokenStreamError) as failed:
        await read(name, b"data: {nonsense\n\n")
    assert "nonsense" not in str(failed.value)


@pytest.mark.parametrize("name", ["openai", "gemini"])
async def test_strange_extras_do_not_disturb_an_answer(name: str) -> None:
    raw = (TRANSCRIPTS / f"{name}_text.sse").read_bytes()
    extras = b'data: {"type": "ping"}\n\ndata:\n\ndata: {"choices": [], "candidates": []}\n\n'
    assert story(await read(name, extras + raw)) == PARIS


@pytest.mark.parametrize("usage", ['"many"', "[]", "null", '{"prompt_tokens": "x"}'])
async def test_strange_usage_does_not_disturb_an_answer(usage: str) -> None:
    choice = '{"delta": {"content": "Yes."}, "finish_reason": "stop"}'
    raw = f'data: {{"choices": [{choice}], "usage": {usage}}}\n\n'
    assert story(await read("openai", raw.encode())) == YES


@pytest.mark.parametrize("odd", ["-1", "2147483648", "1" + "0" * 20, "9" * 5_000, "1e999", "0.5"])
@pytest.mark.parametrize(
    ("name", "usage"),
    [
        ("openai", '"usage": {"prompt_tokens": %s, "completion_tokens": 1}'),
        ("openai", '"usage": {"prompt_tokens": 1, "completion_tokens": %s}'),
        ("openai", '"usage": {"prompt_tokens_details": {"cached_tokens": %s}}'),
        ("openai", '"usage": {"completion_tokens_details": {"reasoning_tokens": %s}}'),
        ("gemini", '"usageMetadata": {"promptTokenCount": %s}'),
        ("gemini", '"usageMetadata": {"candidatesTokenCount": %s, "promptTokenCount": 1}'),
        ("gemini", '"usageMetadata": {"thoughtsTokenCount": %s}'),
        ("gemini", '"usageMetadata": {"toolUsePromptTokenCount": %s}'),
        ("gemini", '"usageMetadata": {"cachedContentTokenCount": %s}'),
    ],
)
async def test_usage_that_nobody_can_have_counts_as_not_reported(
    name: str, usage: str, odd: str
) -> None:
    told = await read_whole(name, f'{{"choices": [], "candidates": [], {usage % odd}}}'.encode())
    assert not [event for event in told if isinstance(event, UsageReported)]


async def test_all_calls_of_a_reply_together_use_no_more_than_a_column_holds() -> None:
    most = {"promptTokenCount": MOST_TOKENS, "toolUsePromptTokenCount": MOST_TOKENS}
    told = await read_whole("gemini", {"candidates": [], "usageMetadata": most})
    [usage] = [event.usage for event in told if isinstance(event, UsageReported)]
    calls = 1 + MAX_PICTURES  # a chat model, and those that draw for it
    assert usage.input_tokens * calls < 2**31


async def test_half_a_character_becomes_a_replacement_mark() -> None:
    escaped = (
        b'data: {"choices": [{"delta": {"content": "a\\ud83d"}, "finish_reason": "stop"}]}\n\n'
    )
    assert story(await read("openai", escaped)) == {**YES, "text": "a\ufffd"}
    broken = escaped.replace(b"\\ud83d", b"\xe5\xad")
    assert story(await read("openai", broken))["text"].startswith("a\ufffd")


async def test_a_failure_after_the_end_of_an_answer_is_not_told() -> None:
    raw = (TRANSCRIPTS / "openai_no_done.sse").read_bytes() + b"\ndata: {broken\n\n"
    assert story(await read("openai", raw)) == YES


async def test_the_first_finish_reason_stays() -> None:
    raw = (TRANSCRIPTS / "openai_length.sse").read_bytes()
    again = b'data: {"choices": [{"delta": {}, "finish_reason": "stop"}]}\n\n'
    assert (
        story(await read("openai", raw.replace(b"data: [DONE]", again + b"data: [DONE]"))) == LENGTH
    )


async def test_a_lonely_done_is_an_answer_without_anything() -> None:
    assert story(await read("openai", b"data: [DONE]\n\n")) == {"reason": FinishReason.OTHER}


async def test_words_instead_of_a_wanted_picture_are_told_as_such() -> None:
    raw = (TRANSCRIPTS / "gemini_thoughts.sse").read_bytes()
    assert story(await read("gemini", raw, draw=True)) == {
        **THOUGHTS,
        "reason": FinishReason.NO_IMAGE,
    }


async def test_native_parts_are_kept_verbatim_without_thoughts_and_the_bytes_of_pictures() -> None:
    raw = (TRANSCRIPTS / "gemini_picture.sse").read_bytes()
    finished = (await read("gemini", raw))[-1]
    assert isinstance(finished, Finished)
    assert finished.native is not None
    assert finished.native.parts == (
        b'[{"text":"Here:","thoughtSignature":"dGV4dA=="},'
        b'{"inlineData":{"mimeType":"image/png"},'
        b'"thoughtSignature":"cGljdHVyZQ=="}]'
    )
    assert (finished.native.dialect, finished.native.model, finished.native.host) == (
        "gemini",
        "gemini-3-pro-preview",
        "gateway.test",
    )


async def test_an_answer_that_calls_a_tool_has_no_native_form() -> None:
    finished = (await read("gemini", (TRANSCRIPTS / "gemini_tool.sse").read_bytes()))[-1]
    assert isinstance(finished, Finished)
    assert finished.native is None


WORDS, PICTURES = {"text": "No."}, {"inlineData": {"mimeType": "image/jpeg", "data": "/9j/4A=="}}
DRAFT = {**PICTURES, "thought": True}
NO_IMAGE, OTHER, STOP = FinishReason.NO_IMAGE, FinishReason.OTHER, FinishReason.STOP


@pytest.mark.parametrize(
    ("word", "parts", "draw", "reason"),
    [
        ("STOP", [PICTURES], True, STOP),
        ("STOP", [WORDS], True, NO_IMAGE),
        ("STOP", [DRAFT], True, NO_IMAGE),
        ("STOP", None, False, OTHER),
        ("MAX_TOKENS", None, True, FinishReason.LENGTH),
        *((word, None, True, FinishReason.FILTERED) for word in (
            "SAFETY", "RECITATION", "IMAGE_RECITATION", "LANGUAGE", "BLOCKLIST",
            "PROHIBITED_CONTENT", "SPII", "IMAGE_SAFETY", "IMAGE_PROHIBITED_CONTENT", "MODEL_ARMOR",
        )),
        *((word, None, True, NO_IMAGE) for word in (
            "NO_IMAGE", "IMAGE_OTHER", "OTHER", "MALFORMED_FUNCTION_CALL", "UNEXPECTED_TOOL_CALL",
            "TOO_MANY_TOOL_CALLS", "FINISH_REASON_UNSPECIFIED", "A_WORD_OF_NEXT_YEAR",
        )),
        ("OTHER", None, False, OTHER),
        ("OTHER", [WORDS], False, STOP),
        ("A_WORD_OF_NEXT_YEAR", [PICTURES], True, STOP),
        (None, [PICTURES], True, STOP),
        (None, None, True, NO_IMAGE),
    ],
)  # fmt: skip
async def test_each_finish_reason_has_its_meaning(
    word: str | None, parts: Any, draw: bool, reason: FinishReason
) -> None:
    candidate: dict[str, Any] = {"content": {"role": "model", "parts": parts}, "finishReason": word}
    candidate["finishMessage"] = "Because."
    events = await read_whole("gemini", {"candidates": [candidate]}, draw=draw)
    [finished] = [event for event in events if isinstance(event, Finished)]
    assert (finished.reason, finished.message) == (reason, "Because.")
    shown = [event for event in events if isinstance(event, ImageReady)]
    assert len(shown) == (PICTURES in (parts or ()))


async def test_a_providers_reason_is_one_short_line_without_secrets() -> None:
    told = f"No:\n{'why ' * 99} sk-0123456789abcdef"
    candidate = {"finishReason": "SAFETY", "finishMessage": told}
    [finished] = await read_whole("gemini", {"candidates": [candidate]})
    assert isinstance(finished, Finished)
    assert finished.message == f"No: {'why ' * 99}"[:300]
    candidate["finishMessage"] = told[-30:]
    [finished] = await read_whole("gemini", {"candidates": [candidate]})
    assert isinstance(finished, Finished)
    assert "0123456789" not in finished.message


@pytest.mark.parametrize(
    "word",
    ["SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "JAILBREAK", "NEW"],
)
async def test_each_block_reason_refuses_the_prompt(word: str) -> None:
    feedback = {"blockReason": word, "blockReasonMessage": "Because."}
    with pytest.raises(BlockedError) as failed:
        await read_whole("gemini", {"promptFeedback": feedback})
    assert (failed.value.reason, failed.value.upstream.detail) == (word, "Because.")


async def test_an_unspecified_block_reason_blocks_nothing() -> None:
    reply = {
        "promptFeedback": {"blockReason": "BLOCK_REASON_UNSPECIFIED"},
        "candidates": [{"content": {"parts": [{"text": "Yes."}]}, "finishReason": "STOP"}],
    }
    assert story(await read_whole("gemini", reply)) == YES


async def test_an_empty_part_keeps_its_signature() -> None:
    finished = (await read("gemini", (TRANSCRIPTS / "gemini_text.sse").read_bytes()))[-1]
    assert isinstance(finished, Finished)
    assert finished.native is not None
    assert finished.native.parts.endswith(b'{"text":"","thoughtSignature":"c2lnbmVk"}]')


async def test_the_end_carries_what_the_log_and_the_member_need() -> None:
    finished = (await read("gemini", (TRANSCRIPTS / "gemini_filtered.sse").read_bytes()))[-1]
    assert isinstance(finished, Finished)
    assert replace(finished, native=None) == Finished(
        FinishReason.FILTERED,
        vendor_reason="SAFETY",
        message="It was not safe.",
        model="gemini-3-pro-preview",
        request_id="resp-1",
    )


@pytest.mark.parametrize("name", ["openai", "gemini"])
@pytest.mark.parametrize(
    "document", [b"[" * 50_000, b'{"x":' + b"[" * 50_000, b'{"error":' * 9_999]
)
async def test_brackets_in_brackets_are_an_answer_that_broke_off(
    name: str, document: bytes
) -> None:
    with pytest.raises(BrokenStreamError):
        await read(name, b"data: " + document + b"\n\n")


async def test_arguments_of_brackets_in_brackets_are_none() -> None:
    call = {"index": 0, "function": {"name": "f", "arguments": '{"a":' + "[" * 50_000}}
    delta = {"choices": [{"delta": {"tool_calls": [call]}, "finish_reason": "tool_calls"}]}
    events = await read("openai", b"data: " + json.dumps(delta).encode() + b"\n\n")
    assert ToolCalled("f", {}) in events


async def test_a_number_of_a_picture_without_end_is_no_picture() -> None:
    part = {"inlineData": {"mimeType": "image/png", "data": "lifted:" + "1" * 5_000}}
    reply = {"candidates": [{"content": {"parts": [part]}, "finishReason": "STOP"}]}
    assert not [e for e in await read_whole("gemini", reply) if isinstance(e, ImageReady)]


async def test_a_part_whose_keys_are_no_text_is_kept_mended() -> None:
    part = b'{"\xff":1,"inlineData":{"\xff":2,"data":""}}'
    reply = b'{"candidates":[{"content":{"parts":[%b]},"finishReason":"STOP"}]}' % part
    native = (await read_whole("gemini", reply))[-1].native  # type: ignore[union-attr]
    assert native is not None
    assert json.loads(native.parts) == [{"\ufffd": 1, "inlineData": {"\ufffd": 2, "data": ""}}]


async def test_what_a_blocked_prompt_is_told_with_holds_no_auth_code() -> None:
    words = "no, my-auth-code \x1b[31m" + "x" * 500
    reply = {"promptFeedback": {"blockReason": words, "blockReasonMessage": words}}
    call = replace(CALL, authcode="my-auth-code")
    with pytest.raises(BlockedError) as caught:
        body = only(json.dumps(reply).encode())
        async for _ in gemini.read_events(body, question("gemini-3-pro-preview"), call):
            pass
    line = str(caught.value)
    assert "my-auth-code" not in line
    assert line.isprintable()
    assert len(line) < 700


@pytest.mark.parametrize("html", ["<!--", "<a b='", "<![", "<a ", "&#" + "9" * 5_000 + ";"])
def test_searches_in_broken_html_cost_time_in_proportion(html: str) -> None:
    def make(size: int):
        rendered = '<a class="chip">' + html * (size // len(html))
        return lambda: suggestions_of(rendered)

    assert not grows_too_fast(make, 10_000)


def test_a_search_is_read_with_all_that_stands_in_its_link() -> None:
    html = '<style>a{}</style><A href="https://x.test/?a=1&amp;b" class="x chip">a <b>&lt;</b></A>'
    assert suggestions_of(html + "<a href='https://x.test'>no chip</a>") == (
        SearchSuggestion("a <", "https://x.test/?a=1&b"),
    )
