"""Both dialects' readers: what arrives becomes events, or one of our errors."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Callable, Hashable, Iterator
from dataclasses import astuple
from types import ModuleType, SimpleNamespace
from typing import Any
from zlib import crc32

from bot.chat.content import Message, Role, TextPart
from bot.chat.events import Finished, TextDelta, UsageReported
from bot.chat.ports import ChatRequest
from bot.errors import LLMError
from bot.llm import gemini, openai_chat, reading
from bot.llm.call import Call
from bot.llm.ceilings import MOST_TOKENS
from bot.llm.linked import Found
from bot.llm.sse import ServerSentEvent
from tests.fuzz.sse import TRANSCRIPTS, events_of, small_limits
from tests.fuzz.target import Target, changed, cut

AUTHCODE = "authcode-7"
CALL = Call(host="gateway.test", status=200, authcode=AUTHCODE)
_HELLO = (Message(Role.USER, (TextPart("Hi"),)),)
_OPENAI = [
    ChatRequest("gpt-4o", _HELLO),
    ChatRequest("deepseek-r1", _HELLO),  # may lose its opening tag
    ChatRequest("gpt-image-1", _HELLO, draw=True),
]
_GEMINI = [
    ChatRequest("gemini-3-pro-preview", _HELLO),
    ChatRequest("gemini-3-pro-image-preview", _HELLO, draw=True),
]


async def _at_once(work: Callable[..., Any], *arguments: Any) -> Any:
    """Does what would be done in a thread."""
    return work(*arguments)


def told_by(
    dialect: ModuleType, request: ChatRequest, batches: list[list[ServerSentEvent]], *, whole: bool
) -> tuple[list[Found], LLMError | None]:
    """All events, and how the reader failed, if it did. No event loop: nothing waits."""

    async def arriving() -> AsyncGenerator[list[ServerSentEvent], None]:
        for batch in batches:
            yield batch

    events: list[Found] = []

    async def read() -> None:
        async for event in dialect.read_events(arriving(), request, CALL, whole=whole):
            events.append(event)

    reader = read()
    with changed((reading, "asyncio", SimpleNamespace(to_thread=_at_once))):
        try:
            reader.send(None)
        except StopIteration:
            return events, None
        except LLMError as error:
            return events, error
    raise AssertionError("the reader waits")


def _runs(dialect: ModuleType, requests: list[ChatRequest]) -> Callable[[bytes], Hashable]:
    def run(data: bytes) -> Hashable:
        where = crc32(data)
        request, payload = requests[data[0] % len(requests) if data else 0], data[1:]
        if where % 8 > 1:
            payload += b"\n\ndata: [DONE]\n\n"
        if where % 4 == 0:
            whole = [[ServerSentEvent(payload)]]
            events, error = told_by(dialect, request, whole, whole=True)
        else:
            events, error = told_by(dialect, request, [events_of([payload])], whole=False)
            pieces = cut(payload, 1 + where % 50)
            others = told_by(dialect, request, [events_of(pieces)], whole=False)
            if b"lifted:" not in payload:
                assert (events, type(error)) == (others[0], type(others[1])), "cuts change it"
        for event in events:
            if isinstance(event, UsageReported):
                told = astuple(event.usage)
                assert all(0 <= tokens <= 2 * MOST_TOKENS for tokens in told), "usage out of bounds"
        ends = [at for at, event in enumerate(events) if isinstance(event, Finished)]
        if error is None:
            assert ends == [len(events) - 1], "Finished has to be the last event, once"
        else:
            assert not ends, "an error came after the end"
            assert AUTHCODE not in str(error)
        failed = (type(error).__name__, error.upstream.code[:8]) if error else None
        return failed, min(len(events), 6), tuple(dict.fromkeys(map(_shape, events)))

    return run


def _shape(event: Found) -> str:
    match event:
        case TextDelta(text):
            return f"text {min(len(text), 3)}"
        case Finished(reason=reason, native=native):
            return f"{reason} {native is not None}"
    return type(event).__name__


def _seeds(prefix: str) -> Iterator[bytes]:
    for path in sorted(TRANSCRIPTS.glob(f"{prefix}_*.sse")):
        data = path.read_bytes()
        yield b"\0" + data
        yield b"\1" + data
        for line in data.splitlines():
            if line.startswith(b"data: {"):
                yield b"\2" + line + b"\n\n"


def _content(text: str) -> dict[str, object]:
    return {"choices": [{"delta": {"content": text}}]}


def _parts(*parts: object) -> dict[str, object]:
    return {"candidates": [{"content": {"parts": list(parts)}}]}


def _of(
    dialect: ModuleType, request: ChatRequest, document: Callable[[int], object]
) -> Callable[[int], Callable[[], object]]:
    """Reads one large event, as a stream and whole."""

    def make(size: int) -> Callable[[], object]:
        made = document(size)
        data = made if isinstance(made, bytes) else json.dumps(made).encode()
        return lambda: [
            told_by(dialect, request, [[ServerSentEvent(data)]], whole=whole)
            for whole in (False, True)
        ]

    return make


def _deltas(request: ChatRequest, text: str) -> Callable[[int], Callable[[], object]]:
    """Reads a text that comes in many small deltas."""

    def make(size: int) -> Callable[[], object]:
        data = json.dumps(_content(text)).encode()
        batch = [ServerSentEvent(data)] * (size // 20 // len(text) + 1)
        return lambda: told_by(openai_chat, request, [batch], whole=False)

    return make


def _openai_content(text: str, request: ChatRequest = _OPENAI[0]) -> Any:
    return _of(openai_chat, request, lambda size: _content(text * (size // len(text))))


def _tool_call(index: int) -> dict[str, object]:
    return {"index": index, "function": {"name": "f", "arguments": "{"}}


_BOTH = [
    b"\n\n", b"data: ", b"data: {", b"data: [DONE]\n\n", b"event: error\n", b"{", b"}", b"[", b"]",
    b'"', b",", b":", b"null", b"true", b"0", b"-1", b"1e999", b"9" * 30, b"\\", b"\\ud800",
    b"\\udc00", b"\\n", b"\xff", b"\xed\xa0\x80", b"{}", b"[]", b'""', b'"data"', b'"text"',
    b'"error"', b'{"error":{"message":"x","code":429}}', b'"message"', b'"code"', b'"id"', b'"url"',
    b"<think>", b"</think>", b"data:image/png;base64,iVBORw0KGgo=", b"https://x.test/a.png",
    b"![a](", b")", b"<html>", b"lifted:0", b"lifted:1", b'"data":"QUJDREVGR0hJSktMTU5PUA=="',
]  # fmt: skip
_OPENAI_WORDS = [
    b'"choices":[', b'{"delta":{', b'"content":"', b'"content":[{"type":"text","text":"a"}]',
    b'"reasoning_content":"', b'"reasoning_details":[{"text":"a"}]', b'"refusal":"no"',
    b'"finish_reason":"stop"', b'"finish_reason":"error"', b'"finish_reason":"length"',
    b'"images":[{"image_url":{"url":"', b'"tool_calls":[{"index":0,"function":{"name":"f",',
    b'"arguments":"{', b'"usage":{"prompt_tokens":1}', b'"annotations":[{"url_citation":{"url":"',
    b'"thinking":[', b'"usage":{"completion_tokens":-1}',
    b'data: {"choices":[{"delta":{"content":"a"}}]}\n\n',
    b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n',
]  # fmt: skip
_GEMINI_WORDS = [
    b'"candidates":[{', b'"content":{"parts":[', b'{"text":"a"}', b'"thought":true',
    b'"thoughtSignature":"YQ=="', b'"inlineData":{', b'"mimeType":"image/png"', b'"data":"',
    b'{"inlineData":{"mimeType":"image/png","data":"iVBORw0KGgo="}}', b'"finishReason":"STOP"',
    b'"finishReason":"SAFETY"', b'"finishMessage":"m"', b'"promptFeedback":{"blockReason":"OTHER"}',
    b'"functionCall":{"name":"f","args":{', b'"usageMetadata":{"promptTokenCount":1}',
    b'"usageMetadata":{"thoughtsTokenCount":-1}',
    b'"groundingMetadata":{"groundingChunks":[{"web":{"uri":"https://x.test","title":"t"}}]}',
    b'"searchEntryPoint":{"renderedContent":"<a class=\\"chip\\" href=\\"https://x\\">q</a>"}',
    b"&#1114112;", b"<![", b"<!", b"<?", b'data: {"candidates":[{"finishReason":"STOP"}]}\n\n',
]  # fmt: skip
_CHIP = '<a class="chip" href="https://x.test">q</a>'

_SEARCHES = {
    "searches": _CHIP,
    "tags": "<",
    "tags with attributes": "<a b='",
    "declarations": "<!a",
    "comments": "<!--",
    "instructions": "<?",
    "marked sections": "<![",
    "scripts": "<script>",
    "entities": "&#",
    "a number in a search": '<a class="chip" href="&#' + "9" * 9_000 + '">q</a>',
    "attributes": '<a class="chip" ' + "b c= " * 4_000 + ">q</a>",
    "ampersands": "&amp",
    "words in a search": '<a class="chip">' + "q<b>" * 20_000,
}


def _searched(html: str) -> Callable[[int], Callable[[], object]]:
    """Reads the searches that have to be shown, which come as HTML."""
    return _of(
        gemini,
        _GEMINI[0],
        lambda size: {
            "candidates": [
                {
                    "groundingMetadata": {
                        "searchEntryPoint": {"renderedContent": html * (size // len(html))}
                    }
                }
            ]
        },
    )


OPENAI = Target(
    "openai reader",
    _runs(openai_chat, _OPENAI),
    seeds=list(_seeds("openai")),
    dictionary=_BOTH + _OPENAI_WORDS,
    growing={
        "nested brackets": _of(openai_chat, _OPENAI[0], lambda size: b"[" * size),
        "nested objects": _of(openai_chat, _OPENAI[0], lambda size: b'{"error":' * (size // 9)),
        "nested, and whole": _of(
            openai_chat, _OPENAI[0], lambda size: b'{"a":' + b"[" * size + b"]" * size + b"}"
        ),
        "fields": _of(
            openai_chat, _OPENAI[0], lambda size: {f"field{i}": i for i in range(size // 20)}
        ),
        "choices": _of(
            openai_chat, _OPENAI[0], lambda size: {"choices": [_content("a")] * (size // 40)}
        ),
        "bad UTF-8": _of(openai_chat, _OPENAI[0], lambda size: b'{"x":"' + b"\xff" * size),
        "halves of pairs": _of(
            openai_chat, _OPENAI[0], lambda size: b'{"id":"' + b"\\ud800" * (size // 6) + b'"}'
        ),
        "backslashes": _of(
            openai_chat, _OPENAI[0], lambda size: b'{"id":"\xff' + b"\\" * size + b'"}'
        ),
        "thoughts that open": _openai_content("<think>"),
        "thoughts that end": _openai_content("<think></think>"),
        "thoughts that only end": _openai_content("</think>", _OPENAI[1]),
        "blanks before the answer": _deltas(_OPENAI[0], " "),
        "pictures that begin": _openai_content("!["),
        "pictures with a title that begin": _openai_content('![a](https://x "'),
        "pictures without a bracket": _openai_content("![a](https://x.test/a\n"),
        "pictures": _openai_content("![a](https://x.test/a)"),
        "brackets in addresses": _openai_content("![a](https://x(a)(b"),
        "exclamation marks": _openai_content("!"),
        "links alone on a line": _openai_content("https://x.test/a\n"),
        "links in one line": _openai_content("https://x.test/a "),
        "indented links": _openai_content("\n   https://x"),
        "pictures alone on a line": _openai_content("https://x.test/a.png\n"),
        "one long link": _openai_content("\nhttps://x.png?" + "x.png" * 8_000),
        "fences": _openai_content("```"),
        "ticks and marks": _openai_content("`!"),
        "tildes": _openai_content("~~~!["),
        "data addresses": _openai_content("data:image/png;base64,QUJD "),
        "a data address without end": _openai_content("![a](data:image/png;base64,"),
        "half pictures, piece by piece": _deltas(_OPENAI[0], "![a"),
        "links, piece by piece": _deltas(_OPENAI[0], "https://x\n"),
        "text, piece by piece": _deltas(_OPENAI[0], "a `b` c"),
        "thoughts, piece by piece": _deltas(_OPENAI[1], "</think"),
        "calls of tools": _of(
            openai_chat,
            _OPENAI[0],
            lambda size: {
                "choices": [{"delta": {"tool_calls": [_tool_call(i) for i in range(size // 40)]}}]
            },
        ),
        "fragments of one call": _of(
            openai_chat,
            _OPENAI[0],
            lambda size: {"choices": [{"delta": {"tool_calls": [_tool_call(0)] * (size // 40)}}]},
        ),
        "citations": _of(
            openai_chat,
            _OPENAI[0],
            lambda size: {
                "choices": [
                    {
                        "delta": {
                            "annotations": [
                                {"url_citation": {"url": f"https://x.test/{i}"}}
                                for i in range(size // 50)
                            ]
                        }
                    }
                ]
            },
        ),
    },
    size=100_000,
    around=small_limits,
)
GEMINI = Target(
    "gemini reader",
    _runs(gemini, _GEMINI),
    seeds=list(_seeds("gemini")),
    dictionary=_BOTH + _GEMINI_WORDS,
    growing={
        "nested brackets": _of(gemini, _GEMINI[0], lambda size: b"[" * size),
        "nested arguments": _of(
            gemini,
            _GEMINI[0],
            lambda size: (
                b'{"candidates":[{"content":{"parts":[{"functionCall":{"args":{"a":'
                + b"[" * size
                + b"]" * size
                + b"}}}]}}]}"
            ),
        ),
        "documents": _of(gemini, _GEMINI[0], lambda size: b"[" + b"{}," * (size // 3) + b"{}]"),
        "parts": _of(gemini, _GEMINI[0], lambda size: _parts(*[{"text": "a"}] * (size // 13))),
        "fields of a part": _of(
            gemini,
            _GEMINI[0],
            lambda size: _parts(
                {"inlineData": {"data": ""}, **{f"field{i}": i for i in range(size // 20)}}
            ),
        ),
        "pictures": _of(
            gemini,
            _GEMINI[0],
            lambda size: _parts(*[{"inlineData": {"data": "iVBORw0KGgo="}}] * (size // 50)),
        ),
        "marks of pictures": _of(
            gemini,
            _GEMINI[0],
            lambda size: _parts({"inlineData": {"data": "lifted:" + "1" * size}}),
        ),
        "sources": _of(
            gemini,
            _GEMINI[0],
            lambda size: {
                "candidates": [
                    {
                        "groundingMetadata": {
                            "groundingChunks": [
                                {"web": {"uri": f"https://x.test/{i}", "title": f"{i}"}}
                                for i in range(size // 50)
                            ]
                        }
                    }
                ]
            },
        ),
        **{name: _searched(html) for name, html in _SEARCHES.items()},
    },
    size=100_000,
    around=small_limits,
)
TARGETS = [OPENAI, GEMINI]
