import base64
import io
import json
from statistics import median

import aiohttp
import pytest
from PIL import Image

from bot.playground.standin import StandInGateway
from tests.playground.standin.wire import CHAT, chat_body, chat_text, read_events


async def test_a_whole_answer_says_that_it_comes_from_the_stand_in_and_quotes_the_question(
    session: aiohttp.ClientSession,
):
    async with session.post(CHAT, json=chat_body("Hi there", stream=False)) as response:
        reply = await response.json()
    choice = reply["choices"][0]
    assert choice["finish_reason"] == "stop"
    assert choice["message"]["content"].startswith("I am the **offline stand-in**")
    assert "> Hi there" in choice["message"]["content"]
    assert reply["usage"]["total_tokens"] > 0


async def test_a_stream_brings_role_first_then_small_deltas_then_the_reason_and_done(
    session: aiohttp.ClientSession,
):
    async with session.post(CHAT, json=chat_body("Hi", stream=True)) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        events = await read_events(response)
    assert events[0]["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    pieces = [event["choices"][0]["delta"].get("content") for event in events[1:-2]]
    assert 3 <= median(map(len, pieces)) <= 6
    assert events[-2]["choices"][0]["finish_reason"] == "stop"
    assert events[-1] == "[DONE]"


async def test_usage_comes_in_a_chunk_without_choices_when_it_was_asked_for(
    session: aiohttp.ClientSession,
):
    body = chat_body("Hi", stream=True, stream_options={"include_usage": True})
    async with session.post(CHAT, json=body) as response:
        events = await read_events(response)
    assert events[-2]["choices"] == []
    assert events[-2]["usage"]["completion_tokens"] > 0


async def test_it_tells_how_many_earlier_turns_it_was_shown(session: aiohttp.ClientSession):
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "My name is Mira."},
        {"role": "assistant", "content": "Hello Mira."},
        {"role": "user", "content": "What is my name?"},
    ]
    async with session.post(CHAT, json={"model": "gpt-4o", "messages": messages}) as response:
        text = (await response.json())["choices"][0]["message"]["content"]
    assert "**1 earlier turn**" in text
    assert "My name is Mira." in text


async def test_it_describes_the_pictures_and_names_the_files_of_the_question(
    session: aiohttp.ClientSession,
):
    out = io.BytesIO()
    Image.new("RGB", (64, 48), (20, 20, 24)).save(out, "PNG")
    data = base64.b64encode(out.getvalue()).decode()
    parts = [
        {"type": "text", "text": "What is this?"},
        {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}},
        {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf,"}},
    ]
    async with session.post(CHAT, json=chat_body(parts)) as response:
        text = (await response.json())["choices"][0]["message"]["content"]
    assert "64 by 48 pixels, PNG, mostly black" in text
    assert "`a.pdf`" in text


@pytest.mark.parametrize(
    ("prompt", "finish", "mark"),
    [
        pytest.param("a table please", "stop", "| Planet |", id="table"),
        pytest.param("some code", "stop", "```c++", id="code"),
        pytest.param("long", "stop", "## 6. ", id="long"),
        pytest.param("cut", "length", "stand-in", id="cut"),
        pytest.param("filter", "content_filter", "stand-in", id="filter"),
        pytest.param("I cut my finger on a tin, what should I do with it?", "stop", "?", id="no"),
    ],
)
async def test_prompts_choose_the_behaviour(
    session: aiohttp.ClientSession, prompt: str, finish: str, mark: str
):
    async with session.post(CHAT, json=chat_body(prompt, stream=True)) as response:
        events = await read_events(response)
    assert events[-2]["choices"][0]["finish_reason"] == finish
    assert mark in chat_text(events)


async def test_a_long_answer_fills_several_messages(session: aiohttp.ClientSession):
    async with session.post(CHAT, json=chat_body("long", stream=True)) as response:
        assert len(chat_text(await read_events(response))) > 5_000


async def test_an_empty_answer_has_a_reason_and_no_text(session: aiohttp.ClientSession):
    async with session.post(CHAT, json=chat_body("empty", stream=True)) as response:
        events = await read_events(response)
    assert chat_text(events) == ""
    assert events[-2]["choices"][0]["finish_reason"] == "stop"


async def test_thinking_comes_before_the_answer_and_apart_from_it(
    session: aiohttp.ClientSession,
):
    async with session.post(CHAT, json=chat_body("Hi", "deepseek-reasoner", stream=True)) as reply:
        events = await read_events(reply)
    deltas = [event["choices"][0]["delta"] for event in events[:-1]]
    thinking = [number for number, delta in enumerate(deltas) if delta.get("reasoning_content")]
    speaking = [number for number, delta in enumerate(deltas) if delta.get("content")]
    assert thinking
    assert max(thinking) < min(speaking)


async def test_a_search_brings_citations(session: aiohttp.ClientSession):
    async with session.post(CHAT, json=chat_body("search the limits")) as response:
        message = (await response.json())["choices"][0]["message"]
    assert message["annotations"][0]["url_citation"]["title"] == "discord.com"


async def test_a_break_drops_the_connection_after_some_text(session: aiohttp.ClientSession):
    async with session.post(CHAT, json=chat_body("break", stream=True)) as response:
        received = b""
        with pytest.raises(aiohttp.ClientPayloadError):
            while True:
                received += await response.content.readany()
    assert b"stand" in received
    assert b'finish_reason":"' not in received


@pytest.mark.parametrize(
    ("prompt", "status"), [("error", 503), ("error 429", 429), ("error 402", 402)]
)
async def test_errors_come_on_request(session: aiohttp.ClientSession, prompt: str, status: int):
    async with session.post(CHAT, json=chat_body(prompt, stream=True)) as response:
        assert response.status == status


@pytest.mark.parametrize(
    ("body", "status", "code", "param"),
    [
        pytest.param(chat_body("Hi", "gpt-unknown"), 404, "model_not_found", None, id="model"),
        pytest.param(
            chat_body("Hi", "o3", max_tokens=9), 400, "unsupported_parameter", "max_tokens", id="o3"
        ),
        pytest.param(
            chat_body("Hi", "gpt-5.5", temperature=0.2),
            400,
            "unsupported_value",
            "temperature",
            id="temperature",
        ),
        pytest.param(
            chat_body("Hi", reasoning_effort="low"),
            400,
            "unsupported_parameter",
            "reasoning_effort",
            id="effort",
        ),
        pytest.param(
            chat_body("Hi", stream_options={"include_usage": True}),
            400,
            None,
            "stream_options",
            id="stream_options",
        ),
    ],
)
async def test_what_a_model_does_not_take_is_refused(
    session: aiohttp.ClientSession, body: object, status: int, code: str, param: str
):
    async with session.post(CHAT, json=body) as response:
        error = (await response.json())["error"]
    assert (response.status, error["code"], error["param"]) == (status, code, param)


async def test_a_sampling_parameter_is_taken_while_the_model_does_not_reason(
    session: aiohttp.ClientSession,
):
    body = chat_body("Hi", "gpt-5.5", temperature=0.2, reasoning_effort="none")
    async with session.post(CHAT, json=body) as response:
        assert response.status == 200


async def test_the_set_text_is_answered_as_it_is(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    gateway.text = "One  two\n\nthree ü 👍"
    async with session.post(CHAT, json=chat_body("Hi", stream=True)) as response:
        assert chat_text(await read_events(response)) == gateway.text


TOOLS = [{"type": "function", "function": {"name": "generate_image", "parameters": {}}}]


@pytest.mark.parametrize("stream", [True, False])
async def test_a_wish_for_a_picture_calls_the_tool_that_was_offered(
    session: aiohttp.ClientSession, stream: bool
):
    body = chat_body("Please draw a fox", stream=stream, tools=TOOLS)
    async with session.post(CHAT, json=body) as response:
        if stream:
            choices = [e["choices"][0] for e in (await read_events(response))[:-1]]
            calls = [c for choice in choices for c in choice["delta"].get("tool_calls", ())]
            arguments = "".join(call["function"]["arguments"] for call in calls)
            name, reason = calls[0]["function"]["name"], choices[-1]["finish_reason"]
        else:
            [choice] = (await response.json())["choices"]
            [call] = choice["message"]["tool_calls"]
            arguments, name = call["function"]["arguments"], call["function"]["name"]
            reason = choice["finish_reason"]
    assert (name, reason) == ("generate_image", "tool_calls")
    assert json.loads(arguments) == {"prompt": "Please draw a fox", "pictures": "none"}


async def test_without_the_tool_a_wish_for_a_picture_gets_words(session: aiohttp.ClientSession):
    async with session.post(CHAT, json=chat_body("Please draw a fox")) as response:
        [choice] = (await response.json())["choices"]
    assert choice["finish_reason"] == "stop"
    assert "tool_calls" not in choice["message"]


async def test_a_blocked_prompt_is_an_error(session: aiohttp.ClientSession):
    async with session.post(CHAT, json=chat_body("block")) as response:
        assert response.status == 400
        assert (await response.json())["error"]["code"] == "content_policy_violation"
