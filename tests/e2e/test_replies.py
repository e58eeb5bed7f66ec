from __future__ import annotations

import asyncio
import io

from PIL import Image

from bot.playground.discord import Message
from bot.playground.discord.default_world import GENERAL_ID, MIRA_DM_ID, PICTURES_ID
from bot.playground.standin import Fault, Outcome
from tests.e2e.conftest import TEXT


def shown(message: Message) -> str:
    """The answer without the small lines under it."""
    return message.content.split("\n-#")[0].strip()


def buttons(message: Message) -> dict[str, str]:
    """Label -> custom id."""
    return {
        button["label"]: button["custom_id"]
        for row in message.components
        for button in row["components"]
        if not button.get("disabled")
    }


async def test_a_mention_is_answered_by_a_reply_that_grows(weather):
    async with weather.bot():
        question = await weather.mention("talk to me")
        await weather.until(
            lambda: weather.replies() and shown(weather.replies()[0]) == TEXT.strip()
        )
        await weather.until(lambda: "Stop" not in buttons(weather.replies()[0]))
    (reply,) = weather.replies()
    assert reply.reference.message_id == question.id
    states = [revision.content for revision in reply.history]
    assert len(states) >= 3
    assert [len(state) for state in states] == sorted(len(state) for state in states)
    assert weather.discord.limits.refusals == []


async def test_a_picture_arrives_with_alt_text(weather):
    async with weather.bot():
        call = await weather.mira.run(
            PICTURES_ID, "imagine", {"prompt": "a red fox", "aspect_ratio": "16:9", "size": "1K"}
        )
        await weather.until(lambda: weather.replies(PICTURES_ID))
        await weather.until(lambda: call.response and call.response.attachments)
        await weather.until(lambda: "Stop" not in buttons(call.response))
    (attachment,) = call.response.attachments
    assert attachment.description == "a red fox"
    with Image.open(io.BytesIO(attachment.data)) as picture:
        assert (picture.width, picture.height) == (1376, 768)


async def test_a_direct_message_is_answered(weather):
    weather.gateway.text = "Hello you."
    async with weather.bot():
        await weather.mira.send(MIRA_DM_ID, "hi")
        await weather.until(
            lambda: [r for r in weather.replies(MIRA_DM_ID) if shown(r) == "Hello you."]
        )


async def test_a_restart_forgets_nothing(weather):
    weather.gateway.text = "Noted."
    async with weather.bot():
        await weather.mention("my cat is called Momo")
        await weather.until(lambda: [r for r in weather.replies() if shown(r) == "Noted."])
    async with weather.bot():
        await weather.mention("what is my cat called?")
        await weather.until(lambda: len(weather.replies()) == 2)
    last = weather.chats()[-1]
    told = [m["content"] for m in last.body["messages"] if m["role"] != "system"]
    assert told == ["Mira: my cat is called Momo", "Noted.", "Mira: what is my cat called?"]


async def test_unchanged_commands_are_not_sent_again_at_the_next_start(weather):
    async with weather.bot():
        pass
    async with weather.bot():
        pass
    assert len(weather.discord.journal.find("PUT", "/applications/*/commands")) == 1


async def test_stop_ends_a_reply_and_lets_go_of_the_gateway(weather):
    weather.gateway.text = "word " * 2000
    async with weather.bot():
        await weather.mention("talk")
        await weather.until(lambda: weather.replies() and buttons(weather.replies()[0]))
        press = await weather.mira.press(
            weather.replies()[0].id, buttons(weather.replies()[0])["Stop"]
        )
        assert await press.acknowledged()
        await weather.until(lambda: "Stopped." in weather.replies()[-1].content)
    assert "Stop" not in buttons(weather.replies()[-1])


async def test_a_reply_that_a_moderator_deletes_lets_go_of_the_gateway(weather):
    weather.gateway.text = "word " * 2000
    async with weather.bot():
        await weather.mention("talk")
        await weather.until(lambda: weather.replies() and weather.replies()[0].content)
        await weather.ada.delete(weather.replies()[0].id)
        async with asyncio.timeout(10):
            await weather.chats()[0].ended.wait()
    assert weather.chats()[0].outcome is Outcome.ABANDONED
    assert weather.replies() == []


async def test_retry_works_in_the_next_life_of_the_bot(weather):
    refused = Fault(status=400, body=b'{"error": {"message": "no", "code": "bad_request"}}')
    weather.gateway.faults.add(refused, path="/chat/completions")
    async with weather.bot():
        await weather.mention("talk")
        await weather.until(lambda: weather.replies() and "Retry" in buttons(weather.replies()[0]))
    weather.gateway.text = "Better now."
    async with weather.bot():
        reply = weather.replies()[0]
        press = await weather.mira.press(reply.id, buttons(reply)["Retry"])
        assert await press.acknowledged()
        await weather.until(lambda: shown(weather.replies()[0]) == "Better now.")
    assert len(weather.replies()) == 1


async def test_a_reply_goes_on_while_the_gateway_connection_is_resumed(weather):
    async with weather.bot():
        await weather.mention("talk")
        await weather.until(lambda: weather.replies() and weather.replies()[0].content)
        weather.discord.gateway.drop()
        await weather.until(lambda: shown(weather.replies()[0]) == TEXT.strip())
        await weather.until(lambda: weather.discord.gateway.resumes)
    assert len(weather.replies()) == 1


async def test_a_repeated_event_is_answered_once(weather):
    weather.gateway.text = "Once."
    async with weather.bot():
        weather.discord.faults.duplicate("MESSAGE_CREATE")
        await weather.mention("hi")
        await weather.until(lambda: [r for r in weather.replies() if shown(r) == "Once."])
        await weather.mention("and then?")
        await weather.until(lambda: len(weather.replies()) >= 2)
    assert len(weather.chats()) == 2
    assert len(weather.replies()) == 2


async def test_a_server_error_on_an_edit_costs_no_text(weather):
    async with weather.bot():
        await weather.mention("talk")
        await weather.until(lambda: weather.replies() and weather.replies()[0].content)
        weather.discord.faults.fail("PATCH", "/channels/*/messages/*", 500, times=1)
        await weather.until(lambda: shown(weather.replies()[0]) == TEXT.strip())


async def test_slow_edits_never_hold_up_the_gateways_stream(weather):
    async with weather.bot():
        weather.discord.faults.delay("PATCH", "/channels/*/messages/*", 5)
        await weather.mention("talk")
        await weather.until(weather.chats)
        async with asyncio.timeout(4.5):
            await weather.chats()[0].ended.wait()
        assert weather.chats()[0].outcome is Outcome.COMPLETE
        weather.discord.faults.clear()


async def test_concurrent_questions_keep_their_order(weather):
    weather.gateway.text = "Yes."
    async with weather.bot():
        for number in range(5):
            await weather.mention(f"question {number}")
        await weather.until(lambda: len([r for r in weather.replies() if shown(r) == "Yes."]) == 5)
        call = await weather.mira.run(GENERAL_ID, "conversation show", {})
        assert await call.acknowledged()
        await weather.until(lambda: call.response and "question 4" in call.response.content)
    listed = [line for line in call.response.content.splitlines() if "question" in line]
    assert [line[-1] for line in listed if line.startswith("**")] == list("01234")


async def test_another_answer_takes_the_place_of_the_first_and_both_can_be_leafed_through(weather):
    weather.gateway.text = "First."
    async with weather.bot():
        await weather.mention("hi")
        await weather.until(lambda: weather.replies() and buttons(weather.replies()[0]))
        await weather.until(lambda: "Regenerate" in buttons(weather.replies()[0]))
        weather.gateway.text = "Second."
        reply = weather.replies()[0]
        await weather.mira.press(reply.id, buttons(reply)["Regenerate"])
        await weather.until(lambda: shown(reply) == "Second." and "◀" in buttons(reply))
    async with weather.bot():
        await weather.mira.press(reply.id, buttons(reply)["◀"])
        await weather.until(lambda: shown(reply) == "First." and "1/2 ▶" in buttons(reply))
    assert len(weather.replies()) == 1


async def test_a_shorter_answer_leaves_no_page_of_the_longer_one_behind(weather):
    weather.gateway.text = "A sentence of some words. " * 150
    weather.gateway.deltas_per_second = 0
    async with weather.bot():
        await weather.mention("hi")
        await weather.until(
            lambda: weather.replies() and "Regenerate" in buttons(weather.replies()[-1])
        )
        assert len(weather.replies()) == 2
        weather.gateway.text = "Short."
        last = weather.replies()[-1]
        await weather.mira.press(last.id, buttons(last)["Regenerate"])
        await weather.until(
            lambda: [shown(reply) for reply in weather.replies()] == ["Short."], seconds=30
        )
