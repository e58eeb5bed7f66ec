"""Pictures over real sockets: signatures that are checked, limits, a kill at a bad moment."""

from __future__ import annotations

import asyncio
import io
import re
import sqlite3
import time
from dataclasses import replace

from PIL import Image

from bot.playground.discord.default_world import BOT_ID, GENERAL_ID, MIRA_ID
from bot.playground.standin.faults import Fault


async def imagine(weather, prompt: str = "a fox", **options):
    """Have pictures made; the reply once it has ended."""
    count = len(ended(weather))
    await weather.mira.run(GENERAL_ID, "imagine", {"prompt": prompt, **options})
    await weather.until(lambda: len(ended(weather)) > count)
    return ended(weather)[-1]


def png() -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 9), "red").save(out, "PNG")
    return out.getvalue()


def ended(weather):
    """The replies with buttons that stand under an answer."""
    return [m for m in weather.replies() if m.components and "stop:" not in str(m.components)]


def drawings(weather):
    return [call for call in weather.gateway.calls if "/v1beta/" in call.path]


async def change(weather, message, words: str):
    count = len(ended(weather))
    await weather.mention(words, reply_to=message.id)
    await weather.until(lambda: len(ended(weather)) > count)
    return ended(weather)[-1]


async def test_a_picture_is_edited_again_and_again_with_signatures_that_the_gateway_checks(weather):
    weather.gateway.strict_signatures = True
    async with weather.bot():
        message = await imagine(weather)
        for words in ("at night", "with stars"):
            message = await change(weather, message, words)
            assert message.attachments
    first, second, third = drawings(weather)
    assert [call.status for call in (first, second, third)] == [200, 200, 200]
    roles = [content["role"] for content in third.body["contents"]]
    assert roles == ["user", "model", "user", "model", "user"]
    assert [c["parts"][-1]["text"] for c in third.body["contents"][::2]] == [
        "a fox",
        "at night",
        "with stars",
    ]


async def test_an_edit_goes_on_after_a_restart_of_the_bot(weather):
    async with weather.bot():
        message = await imagine(weather)
    async with weather.bot():
        await change(weather, message, "at night")
    assert drawings(weather)[-1].status == 200
    assert "thoughtSignature" in str(drawings(weather)[-1].body["contents"][1])


async def test_signatures_of_another_key_are_recovered_from_once(weather):
    async with weather.bot():
        message = await imagine(weather)
    async with weather.bot(liaobots_auth_code="another"):
        edited = await change(weather, message, "at night")
    assert edited.attachments
    assert [call.status for call in drawings(weather)] == [200, 400, 200]


async def test_a_chat_model_has_a_picture_made_when_it_is_asked_to(weather):
    weather.gateway.text = None
    async with weather.bot():
        await weather.mention("please draw a fox")
        await weather.until(lambda: ended(weather))
    [message] = ended(weather)
    assert "having it painted" in message.content
    [file] = message.attachments
    assert "draw-a-fox" in file.filename
    assert [tool["function"]["name"] for tool in weather.chats()[0].body["tools"]] == [
        "generate_image"
    ]
    assert len(drawings(weather)) == 1


async def test_a_model_that_refuses_says_why_in_its_own_words(weather):
    weather.gateway.text = None
    async with weather.bot():
        message = await imagine(weather, "refuse a fox")
    assert "would rather not do this" in message.content
    assert not message.attachments
    assert len(drawings(weather)) == 1


async def test_a_blocked_prompt_is_explained(weather):
    weather.gateway.text = None
    async with weather.bot():
        message = await imagine(weather, "block a fox")
    assert not message.attachments
    assert "rules forbid this request" in message.content


async def test_a_link_that_has_expired_is_replaced(weather):
    world = weather.discord.world
    world.settings = replace(world.settings, message_content=True)
    async with weather.bot():
        shown = await weather.mira.send(GENERAL_ID, "look", files=[("a.png", png(), "image/png")])
        weather.discord.faults.fail("GET", "/attachments/*", 404)
        await weather.mention("what is this?", reply_to=shown.id)
        await weather.until(lambda: ended(weather))
    assert "image_url" in str(weather.chats()[0].body["messages"][-1])


async def test_several_pictures_arrive_in_one_message_with_their_numbers(weather):
    async with weather.bot():
        message = await imagine(weather, count=3)
    names = sorted(file.filename for file in message.attachments)
    assert names == ["a-fox-1.jpg", "a-fox-2.jpg", "a-fox-3.jpg"]


async def test_a_picture_over_the_limit_arrives_smaller_and_says_so(weather):
    world = weather.discord.world
    world.settings = replace(world.settings, max_file_bytes=40_000)
    async with weather.bot():
        message = await imagine(weather)
    [file] = message.attachments
    assert len(file.data) <= 40_000
    assert "to fit the upload limit here" in message.content
    assert len(drawings(weather)) == 1


async def test_a_failed_upload_is_repeated_without_making_the_picture_again(weather):
    weather.discord.faults.fail("PATCH", "/webhooks/*/*/messages/@original", 503, times=2)
    async with weather.bot():
        message = await imagine(weather)
    assert len(message.attachments) == 1
    assert len(drawings(weather)) == 1


async def test_a_picture_call_that_may_be_billed_is_not_sent_again(weather):
    weather.gateway.faults.add(Fault(status=504), path="/v1beta/")
    async with weather.bot():
        message = await imagine(weather)
    assert "may have charged" in message.content
    assert "retry:" in str(message.components)
    assert len(drawings(weather)) == 1


async def test_presses_of_4k_at_once_after_a_failure_are_one_call(weather):
    async with weather.bot():
        message = await imagine(weather)
        larger = f"enlarge:{re.findall(r'enlarge:([0-9]+)', str(message.components))[0]}"
        weather.gateway.faults.add(Fault(status=504), path="/v1beta/")
        await weather.mira.press(message.id, larger)
        await weather.until(lambda: len(ended(weather)) == 2)
        calls = len(drawings(weather))
        for _press in range(2):
            await weather.mira.press(message.id, larger)
        await weather.until(lambda: len(ended(weather)) == 3 and len(refusals(weather)) == 1)
    assert len(drawings(weather)) == calls + 1
    assert ended(weather)[-1].attachments


def refusals(weather):
    return [m for m in weather.replies(viewer=MIRA_ID) if "made larger" in m.content]


async def test_a_picture_that_was_made_before_a_kill_is_delivered_once_afterwards(weather):
    # Discord does not take the upload, while the picture is in the memory already.
    weather.discord.faults.delay("PATCH", "/webhooks/*/*/messages/@original", 60)
    async with weather.process() as bot:
        await weather.mira.run(GENERAL_ID, "imagine", {"prompt": "a fox"})
        await asyncio.to_thread(_wait_for_picture, weather.database_url.removeprefix("sqlite:///"))
        await bot.kill()
    weather.discord.faults.clear()
    for _start in range(2):
        async with weather.bot():
            await weather.until(lambda: ended(weather))
    [message] = weather.replies()
    assert message.author_id == BOT_ID
    assert [file.filename for file in message.attachments] == ["a-fox-1.jpg"]
    assert len(drawings(weather)) == 1


def _wait_for_picture(path: str) -> None:
    with sqlite3.connect(path) as database:
        for _ in range(200):
            [(count,)] = database.execute("SELECT count(*) FROM media")
            if count:
                return
            time.sleep(0.05)
    raise TimeoutError("the picture was not kept")
