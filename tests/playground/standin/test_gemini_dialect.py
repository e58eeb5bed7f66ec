import base64
import io
from typing import Any

import aiohttp
import pytest
from PIL import Image

from bot.playground.standin import StandInGateway
from tests.playground.standin.wire import (
    PRO_IMAGE,
    gemini_body,
    gemini_path,
    parts_of,
    read_events,
)

TEXT_MODEL = "gemini-3.8-flash"


def picture_of(part: dict[str, Any]) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(part["inlineData"]["data"])))


def order(prompt: str, **config: Any) -> dict[str, Any]:
    settings = {"imageConfig": config, "responseModalities": ["TEXT", "IMAGE"]}
    return gemini_body({"text": prompt}, generationConfig=settings)


async def ask(session: aiohttp.ClientSession, model: str, body: Any) -> Any:
    async with session.post(gemini_path(model), json=body) as response:
        return await response.json()


async def test_a_stream_is_crlf_without_done_and_only_its_last_event_has_a_reason(
    session: aiohttp.ClientSession,
):
    body = gemini_body({"text": "Hi"})
    async with session.post(gemini_path(TEXT_MODEL, stream=True), json=body) as response:
        assert response.headers["Content-Type"] == "text/event-stream"
        events = await read_events(response, "\r\n")
    reasons = [event["candidates"][0].get("finishReason") for event in events]
    assert reasons == [None] * (len(events) - 1) + ["STOP"]
    text = "".join(part["text"] for event in events for part in parts_of(event))
    assert "> Hi" in text
    assert max(len(part["text"]) for event in events for part in parts_of(event)) <= 140
    assert all("usageMetadata" in event for event in events)


async def test_a_gemini_3_text_ends_with_an_empty_signed_part(session: aiohttp.ClientSession):
    body = gemini_body({"text": "Hi"})
    async with session.post(gemini_path(TEXT_MODEL, stream=True), json=body) as response:
        events = await read_events(response, "\r\n")
    (closing,) = parts_of(events[-1])
    assert closing["text"] == ""
    assert closing["thoughtSignature"]


async def test_thoughts_are_marked_when_they_are_wanted(session: aiohttp.ClientSession):
    wanted = {"thinkingConfig": {"thinkingLevel": "low", "includeThoughts": True}}
    reply = await ask(session, TEXT_MODEL, gemini_body({"text": "Hi"}, generationConfig=wanted))
    thoughts = [part for part in parts_of(reply) if part.get("thought")]
    assert thoughts[0]["text"].startswith("**")
    assert reply["usageMetadata"]["thoughtsTokenCount"] > 0


async def test_grounding_counts_bytes_and_brings_search_suggestions(
    session: aiohttp.ClientSession,
):
    body = gemini_body({"text": "Où?"}, tools=[{"googleSearch": {}}])
    reply = await ask(session, TEXT_MODEL, body)
    grounding = reply["candidates"][0]["groundingMetadata"]
    text = "".join(part["text"] for part in parts_of(reply)).encode()
    assert len(grounding["groundingSupports"]) == 2
    for support in grounding["groundingSupports"]:
        segment = support["segment"]
        found = text[segment["startIndex"] : segment["endIndex"]].decode()
        assert found == segment["text"]
    chip = '<a class="chip" href="https://www.google.com/search?q=discord+message+limit">'
    assert chip in grounding["searchEntryPoint"]["renderedContent"]


@pytest.mark.parametrize(
    ("model", "config", "size"),
    [
        (PRO_IMAGE, {"aspectRatio": "16:9", "imageSize": "1K"}, (1376, 768)),
        (PRO_IMAGE, {"aspectRatio": "2:3"}, (848, 1264)),
        (PRO_IMAGE, {"aspectRatio": "1:1", "imageSize": "2K"}, (2048, 2048)),
        (PRO_IMAGE, {}, (1408, 768)),
        ("gemini-3.1-flash-image", {"aspectRatio": "8:1", "imageSize": "512"}, (1536, 192)),
        ("gemini-2.5-flash-image", {"aspectRatio": "21:9"}, (1536, 672)),
    ],
)
async def test_a_picture_has_the_documented_pixels(
    session: aiohttp.ClientSession, model: str, config: dict[str, str], size: tuple[int, int]
):
    reply = await ask(session, model, order("a fox", **config))
    part = parts_of(reply)[-1]
    picture = picture_of(part)
    assert picture.size == size
    assert part["inlineData"]["mimeType"] == f"image/{str(picture.format).lower()}"


async def test_a_streamed_picture_is_one_event_after_signed_words(
    session: aiohttp.ClientSession,
):
    body = order("a fox", aspectRatio="16:9", imageSize="1K")
    async with session.post(gemini_path(PRO_IMAGE, stream=True), json=body) as response:
        events = await read_events(response, "\r\n")
    first, last = parts_of(events[0])[0], parts_of(events[-1])[0]
    assert "offline stand-in" in first["text"]
    assert first["thoughtSignature"]
    assert picture_of(last).size == (1376, 768)
    assert last["thoughtSignature"]
    assert events[-1]["candidates"][0]["finishReason"] == "STOP"


async def test_a_thinking_image_model_shows_an_unsigned_draft_first(
    session: aiohttp.ClientSession,
):
    reply = await ask(session, PRO_IMAGE, order("think of a fox"))
    drafts = [part for part in parts_of(reply) if part.get("thought") and "inlineData" in part]
    assert len(drafts) == 1
    assert "thoughtSignature" not in drafts[0]


async def edited(session: aiohttp.ClientSession, model_parts: list[Any]) -> tuple[int, Any]:
    contents = [
        {"role": "user", "parts": [{"text": "a quiet sea"}]},
        {"role": "model", "parts": model_parts},
        {"role": "user", "parts": [{"text": "make it night"}]},
    ]
    async with session.post(gemini_path(PRO_IMAGE), json={"contents": contents}) as response:
        return response.status, await response.json()


async def test_an_edit_returns_the_same_picture_darker_in_the_same_shape(
    session: aiohttp.ClientSession,
):
    before = parts_of(await ask(session, PRO_IMAGE, order("a quiet sea", aspectRatio="4:5")))
    status, reply = await edited(session, before)
    assert status == 200
    old, new = (picture_of(parts[-1]) for parts in (before, parts_of(reply)))
    assert new.size == old.size

    def light(picture: Image.Image) -> int:
        pixel = picture.convert("L").resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
        assert isinstance(pixel, int)
        return pixel

    assert light(new) < light(old) * 0.7


async def test_a_picture_sent_back_without_its_signature_is_refused(
    session: aiohttp.ClientSession,
):
    parts = parts_of(await ask(session, PRO_IMAGE, order("a quiet sea")))
    del parts[-1]["thoughtSignature"]
    status, reply = await edited(session, parts)
    assert status == 400
    assert reply["error"]["message"] == (
        "Image part is missing a thought_signature in content position 2, part position 2."
    )


@pytest.mark.parametrize("at", [3, 70, -5])
async def test_a_changed_signature_is_refused(session: aiohttp.ClientSession, at: int):
    parts = parts_of(await ask(session, PRO_IMAGE, order("a quiet sea")))
    signature = parts[-1]["thoughtSignature"]
    spoilt = list(signature)
    spoilt[at] = "A" if spoilt[at] != "A" else "B"
    parts[-1]["thoughtSignature"] = "".join(spoilt)
    status, reply = await edited(session, parts)
    assert (status, "thought signature" in reply["error"]["message"]) == (400, True)


async def test_a_signature_of_another_model_is_refused(session: aiohttp.ClientSession):
    parts = parts_of(await ask(session, "gemini-3.1-flash-image", order("a quiet sea")))
    status, _reply = await edited(session, parts)
    assert status == 400


async def test_unsigned_words_of_a_model_are_refused_only_in_strict_mode(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    assert (await edited(session, [{"text": "Here."}]))[0] == 200
    gateway.strict_signatures = True
    assert (await edited(session, [{"text": "Here."}]))[0] == 400


async def test_signatures_have_the_set_size(
    gateway: StandInGateway, session: aiohttp.ClientSession
):
    gateway.signature_characters = 1_200_000
    parts = parts_of(await ask(session, PRO_IMAGE, order("a quiet sea")))
    assert len(parts[-1]["thoughtSignature"]) == 1_200_000


@pytest.mark.parametrize(
    ("model", "body"),
    [
        pytest.param(PRO_IMAGE, order("x", aspectRatio="1:8"), id="ratio"),
        pytest.param(PRO_IMAGE, order("x", imageSize="2k"), id="lower-case-size"),
        pytest.param(PRO_IMAGE, order("x", imageSize=512), id="number-as-size"),
        pytest.param("gemini-2.5-flash-image", order("x", imageSize="1K"), id="size-field"),
        pytest.param(TEXT_MODEL, order("x"), id="image-from-text-model"),
        pytest.param(
            PRO_IMAGE,
            gemini_body(
                {"text": "x"}, generationConfig={"thinkingConfig": {"thinkingLevel": "low"}}
            ),
            id="thinking-level",
        ),
        pytest.param(
            TEXT_MODEL,
            gemini_body({"inlineData": {"mimeType": "image/gif", "data": "R0lG"}}),
            id="gif",
        ),
        pytest.param(
            TEXT_MODEL,
            gemini_body({"inlineData": {"mimeType": "image/png", "data": "R0lG"}}),
            id="broken-picture",
        ),
        pytest.param(TEXT_MODEL, {"contents": []}, id="nothing"),
        pytest.param(
            TEXT_MODEL, {"contents": [{"role": "model", "parts": [{"text": "x"}]}]}, id="model-last"
        ),
        pytest.param(
            TEXT_MODEL, {"contents": [{"role": "system", "parts": [{"text": "x"}]}]}, id="role"
        ),
    ],
)
async def test_what_a_model_does_not_take_is_an_invalid_argument(
    session: aiohttp.ClientSession, model: str, body: Any
):
    async with session.post(gemini_path(model), json=body) as response:
        error = (await response.json())["error"]
    assert (response.status, error["status"]) == (400, "INVALID_ARGUMENT")


async def test_an_unknown_model_is_not_found(session: aiohttp.ClientSession):
    reply = await ask(session, "gemini-nope", gemini_body({"text": "Hi"}))
    assert reply["error"]["status"] == "NOT_FOUND"


@pytest.mark.parametrize(
    ("model", "prompt", "reason"),
    [
        (PRO_IMAGE, "filter", "IMAGE_SAFETY"),
        (PRO_IMAGE, "empty", "NO_IMAGE"),
        (PRO_IMAGE, "cut", "MAX_TOKENS"),
        (TEXT_MODEL, "filter", "SAFETY"),
        (TEXT_MODEL, "cut", "MAX_TOKENS"),
    ],
)
async def test_prompts_choose_the_ending(
    session: aiohttp.ClientSession, model: str, prompt: str, reason: str
):
    reply = await ask(session, model, gemini_body({"text": prompt}))
    assert reply["candidates"][0]["finishReason"] == reason
    assert not any("inlineData" in part for part in parts_of(reply))


async def test_without_sse_the_streaming_method_answers_with_an_array(
    session: aiohttp.ClientSession,
):
    path = gemini_path(TEXT_MODEL, stream=True).removesuffix("?alt=sse")
    async with session.post(path, json=gemini_body({"text": "Hi"})) as response:
        assert isinstance(await response.json(), list)


TOOLS = [{"functionDeclarations": [{"name": "generate_image", "parameters": {}}]}]


async def test_a_wish_for_a_picture_calls_the_tool_that_was_offered(
    session: aiohttp.ClientSession,
):
    body = gemini_body({"text": "Draw a fox"}, tools=TOOLS)
    whole = await ask(session, TEXT_MODEL, body)
    async with session.post(gemini_path(TEXT_MODEL, stream=True), json=body) as response:
        last = (await read_events(response, "\r\n"))[-1]
    for reply in (whole, last):
        call = parts_of(reply)[-1]
        assert call["functionCall"] == {
            "name": "generate_image",
            "args": {"prompt": "Draw a fox", "pictures": "none"},
        }
        assert call["thoughtSignature"]


async def test_a_refusal_is_words_without_a_picture(session: aiohttp.ClientSession):
    reply = await ask(session, PRO_IMAGE, order("refuse a fox"))
    assert [next(iter(part)) for part in parts_of(reply)] == ["text"]
    assert reply["candidates"][0]["finishReason"] == "STOP"


@pytest.mark.parametrize("model", [TEXT_MODEL, PRO_IMAGE])
async def test_a_blocked_prompt_has_feedback_and_no_candidate(
    session: aiohttp.ClientSession, model: str
):
    body = gemini_body({"text": "block"})
    whole = await ask(session, model, body)
    async with session.post(gemini_path(model, stream=True), json=body) as response:
        [event] = await read_events(response, "\r\n")
    for reply in (whole, event):
        assert reply["promptFeedback"] == {"blockReason": "PROHIBITED_CONTENT"}
        assert "candidates" not in reply
