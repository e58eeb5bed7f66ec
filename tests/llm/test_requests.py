"""What goes out, where it is more than the documented calls."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from bot.chat.content import FilePart, ImagePart, Message, Native, Part, Role, TextPart
from bot.chat.ports import ChatRequest, Tool
from bot.chat.profiles import profile_of
from bot.errors import UnsupportedInputError, UnsupportedSettingError
from bot.llm import gemini, openai_chat
from bot.llm.history import folded
from tests.llm.gateway import question

PNG = b"\x89PNG-"
FOX = ImagePart(PNG, "image/jpeg")  # declared wrongly: the first bytes decide
FOX_URI = "data:image/png;base64,iVBORy0="
GEMINI = "gemini-3.5-flash"


def user(*parts: Part | str) -> Message:
    return Message(Role.USER, _parts(parts))


def model(*parts: Part | str, native: Native | None = None) -> Message:
    return Message(Role.ASSISTANT, _parts(parts), natives=(native,) if native else ())


def _parts(parts: tuple[Part | str, ...]) -> tuple[Part, ...]:
    return tuple(TextPart(part) if isinstance(part, str) else part for part in parts)


def body(asked: ChatRequest) -> Any:
    profile = profile_of(asked.model)
    dialect: Any = gemini if profile.dialect == "gemini" else openai_chat
    return msgspec.json.decode(msgspec.json.encode(dialect.request_body(asked, profile)))


def openai_messages(*messages: Message, name: str = "gpt-4o", **settings: Any) -> Any:
    return body(ChatRequest(name, messages, **settings))["messages"]


def gemini_contents(*messages: Message, name: str = GEMINI) -> Any:
    return body(ChatRequest(name, messages))["contents"]


def test_system_text_leads_as_a_message_of_its_own() -> None:
    assert openai_messages(user("Hi"), system="Be brief.") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Hi"},
    ]


def test_system_text_joins_the_question_where_the_role_is_refused() -> None:
    assert openai_messages(user("Hi"), system="Be brief.", name="o1-mini") == [
        {"role": "user", "content": "Be brief.\nHi"}
    ]


def test_every_kind_of_file_has_its_part() -> None:
    pdf = FilePart(b"%PDF", "application/pdf", "a.pdf")
    sound = FilePart(b"ID3", "audio/mpeg", "a.mp3")
    [message] = openai_messages(user("Look", FOX, pdf, sound))
    assert message["content"] == [
        {"type": "text", "text": "Look"},
        {"type": "image_url", "image_url": {"url": FOX_URI}},
        {
            "type": "file",
            "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="},
        },
        {"type": "input_audio", "input_audio": {"data": "SUQz", "format": "mp3"}},
    ]


def test_a_file_without_a_form_is_refused_and_not_dropped() -> None:
    with pytest.raises(UnsupportedInputError):
        openai_messages(user(FilePart(b"", "video/mp4", "a.mp4")))


def test_pictures_of_the_model_go_along_in_the_next_question() -> None:
    history = [user("Draw"), model("Here:", FOX), user("At night")]
    assert openai_messages(*history)[1:] == [
        {"role": "assistant", "content": "Here:"},
        {
            "role": "user",
            "content": [
                {"type": "text", "text": "Previous image:"},
                {"type": "image_url", "image_url": {"url": FOX_URI}},
                {"type": "text", "text": "At night"},
            ],
        },
    ]
    assert gemini_contents(*history)[1:] == [
        {"role": "model", "parts": [{"text": "Here:"}]},
        {
            "role": "user",
            "parts": [
                {"text": "Previous image:"},
                {"inlineData": {"mimeType": "image/png", "data": "iVBORy0="}},
                {"text": "At night"},
            ],
        },
    ]


def test_turns_alternate_and_begin_with_a_person() -> None:
    messages = openai_messages(
        model("Hello."), user("a"), user("b"), model("c"), model("d"), user("e")
    )
    assert messages == [
        {"role": "user", "content": "You wrote earlier:\nHello.\na\nb"},
        {"role": "assistant", "content": "c\nd"},
        {"role": "user", "content": "e"},
    ]


NATIVE_PARTS = b'[{"text":"Yes.",  "thoughtSignature":"c2ln"},{"text":""}]'


def test_native_parts_go_back_byte_for_byte() -> None:
    native = Native("gemini", GEMINI, "elsewhere", NATIVE_PARTS)
    asked = ChatRequest(GEMINI, [user("a"), model("Yes.", native=native), user("b")])
    encoded = msgspec.json.encode(gemini.request_body(asked, profile_of(GEMINI)))
    assert NATIVE_PARTS.strip(b"[]") in encoded


SIGNED: list[dict[str, Any]] = [
    {"text": "Here:", "thoughtSignature": "dGV4dA=="},
    {"inlineData": {"mimeType": "image/png"}, "thoughtSignature": "cGljdHVyZQ==", "extra": [1]},
]


def signed(parts: Any = SIGNED, name: str = GEMINI) -> Native:
    return Native("gemini", name, "elsewhere", json.dumps(parts).encode())


def test_a_signed_picture_goes_back_in_its_own_part() -> None:
    contents = gemini_contents(user("a"), model("Here:", FOX, native=signed()), user("b"))
    assert contents[1]["parts"] == [
        SIGNED[0],
        {**SIGNED[1], "inlineData": {"mimeType": "image/png", "data": "iVBORy0="}},
    ]


def test_own_forms_of_older_versions_hold_their_pictures_themselves() -> None:
    whole = [{"inlineData": {"mimeType": "image/png", "data": "b2xk"}, "thoughtSignature": "cw=="}]
    contents = gemini_contents(user("a"), model(FOX, native=signed(whole)), user("b"))
    assert contents[1]["parts"] == whole


def test_an_own_form_whose_picture_is_gone_is_not_sent() -> None:
    contents = gemini_contents(user("a"), model("Here:", native=signed()), user("b"))
    assert contents[1] == {"role": "model", "parts": [{"text": "Here:"}]}


def test_several_calls_of_one_turn_are_told_without_their_own_forms() -> None:
    turn = Message(Role.ASSISTANT, (FOX,), natives=(signed(), signed()))
    [content] = gemini_contents(user("a"), turn, user("b"))
    assert [list(part) for part in content["parts"]] == [
        ["text"],
        ["text"],
        ["inlineData"],
        ["text"],
    ]


TOOL = Tool("draw", "Draws.", {"type": "object", "properties": {"what": {"type": "string"}}})
DECLARED = {"name": "draw", "description": "Draws.", "parameters": TOOL.parameters}


@pytest.mark.parametrize(
    ("name", "settings", "sent"),
    [
        ("gpt-4o", {}, [{"type": "function", "function": DECLARED}]),
        (GEMINI, {}, [{"functionDeclarations": [DECLARED]}]),
        (GEMINI, {"search": True}, [{"googleSearch": {}}]),
        ("unknown-model", {}, None),
        ("gemini-3-pro-image", {}, None),
    ],
)
def test_tools_are_offered_where_the_model_takes_them(
    name: str, settings: dict[str, Any], sent: Any
) -> None:
    assert body(question(name, tools=(TOOL,), **settings)).get("tools") == sent


@pytest.mark.parametrize(
    "native",
    [
        Native("gemini", "another-model", "h", NATIVE_PARTS),
        Native("openai", GEMINI, "h", NATIVE_PARTS),
    ],
    ids=["another model", "another dialect"],
)
def test_foreign_native_parts_stay_at_home(native: Native) -> None:
    contents = gemini_contents(user("a"), model("Yes.", native=native), user("b"))
    assert contents[1] == {"role": "model", "parts": [{"text": "Yes."}]}


def test_a_folded_conversation_is_one_question() -> None:
    asked = ChatRequest(GEMINI, [user("a"), model("Yes.", FOX), user("b")])
    once = folded(asked)
    assert once is not None
    [content] = body(once)["contents"]
    assert content["parts"][0] == {"text": "The conversation so far:\nUser: a\nYou: Yes."}
    assert content["parts"][-1] == {"text": "b"}
    assert folded(once) is None


SETTINGS = {"temperature": 0.5, "top_p": 0.9, "max_tokens": 100}


@pytest.mark.parametrize(
    ("name", "settings", "sent"),
    [
        ("gpt-4o", SETTINGS, {"temperature": 0.5, "top_p": 0.9, "max_tokens": 100}),
        ("gpt-4o", {"reasoning": "high"}, {}),
        ("o3", SETTINGS, {"max_completion_tokens": 100}),
        ("gpt-5.4", SETTINGS, {"temperature": 0.5, "top_p": 0.9, "max_completion_tokens": 100}),
        ("gpt-5.4", {"temperature": 0.5, "reasoning": "low"}, {"reasoning_effort": "low"}),
        ("gpt-5.5", {"temperature": 0.5}, {}),
        (
            "gpt-5.5",
            {"temperature": 0.5, "reasoning": "none"},
            {"temperature": 0.5, "reasoning_effort": "none"},
        ),
        ("gpt-5.6-sol", {"reasoning": "minimal"}, {"reasoning_effort": "low"}),
        ("claude-sonnet-4-6", {"temperature": 1.5, "top_p": 0.9}, {"temperature": 1.0}),
        ("claude-opus-5", SETTINGS, {"max_tokens": 100}),
    ],
    ids=lambda value: str(value),
)
def test_only_settings_the_model_takes_are_sent(
    name: str, settings: dict[str, Any], sent: dict[str, Any]
) -> None:
    told = body(question(name, **settings))
    assert {key: told[key] for key in told if key not in ("model", "messages", "stream")} == sent


@pytest.mark.parametrize(
    ("name", "settings", "config"),
    [
        ("gemini-2.5-flash", {"temperature": 0.5, "top_p": 0.9}, {"temperature": 0.5, "topP": 0.9}),
        ("gemini-2.5-flash", {"reasoning": "none"}, {"thinkingConfig": {"thinkingBudget": 0}}),
        ("gemini-2.5-pro", {"reasoning": "none"}, {"thinkingConfig": {"thinkingBudget": 512}}),
        (GEMINI, {"temperature": 0.5, "max_tokens": 9}, {"maxOutputTokens": 9}),
        (GEMINI, {"reasoning": "none"}, {"thinkingConfig": {"thinkingLevel": "minimal"}}),
        ("gemini-3.8-flash", {"reasoning": "none"}, {"thinkingConfig": {"thinkingLevel": "low"}}),
        (
            "gemini-3.1-flash-image",
            {"thoughts": True, "reasoning": "high"},
            {"thinkingConfig": {"thinkingLevel": "high", "includeThoughts": True}},
        ),
        (
            "gemini-3-pro-image",
            {"thoughts": True, "aspect_ratio": "1:1"},
            {"imageConfig": {"aspectRatio": "1:1"}},
        ),
        (
            "gemini-3-pro-image",
            {"reasoning": "high", "aspect_ratio": "1:1"},
            {"imageConfig": {"aspectRatio": "1:1"}},
        ),
        (
            "gemini-2.5-flash-image",
            {"draw": True, "image_size": "1K"},
            {"responseModalities": ["TEXT", "IMAGE"]},
        ),
    ],
    ids=lambda value: str(value),
)
def test_the_generation_config_has_only_what_the_model_takes(
    name: str, settings: dict[str, Any], config: dict[str, Any]
) -> None:
    assert body(question(name, **settings))["generationConfig"] == config


@pytest.mark.parametrize(
    ("name", "settings", "setting"),
    [
        ("gemini-3-pro-image", {"aspect_ratio": "1:8"}, "aspectRatio"),
        ("gemini-nano-banana-2.1", {"image_size": "512"}, "imageSize"),
        ("gemini-2.5-flash-image", {"image_size": "2K"}, "imageSize"),
        ("gemini-3-pro-image", {"image_size": "huge"}, "imageSize"),
    ],
)
def test_a_picture_format_the_model_does_not_know_is_refused_before_sending(
    name: str, settings: dict[str, Any], setting: str
) -> None:
    with pytest.raises(UnsupportedSettingError) as failed:
        body(question(name, draw=True, **settings))
    assert failed.value.setting == setting


def test_system_text_and_search_are_sent_when_set() -> None:
    told = body(question(GEMINI, system="Be brief.", search=True))
    assert told["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    assert told["tools"] == [{"googleSearch": {}}]
