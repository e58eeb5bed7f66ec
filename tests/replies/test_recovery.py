from __future__ import annotations

import io
from dataclasses import replace

import discord
import pytest

from bot.chat.content import Speaker
from bot.chat.endings import interrupted
from bot.chat.turns import Ending, ImageOptions, OpenTurn, Question, Scope, Task, TurnState
from bot.replies.pacing import EditBudget
from bot.replies.pages import Paginator
from bot.replies.places import ChannelPlace, Paint
from bot.replies.recovery import Recovery
from bot.replies.small_print import file_line
from bot.replies.transcript import transcript
from tests.replies.clock import FakeClock
from tests.replies.loopback import loopback
from tests.replies.stage import picture

WORDS = interrupted(has_text=True).words
SAID = f"-# {WORDS}"


def turn(*pages: int, scope: str = "channel:7") -> OpenTurn:
    question = Question(Scope(scope, None, 7), 99, Speaker(2, "Ann"), (), "gpt-4o")
    return OpenTurn(42, question, pages=tuple((7, page) for page in pages))


def controls(turn: OpenTurn, ending: Ending | None) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label=f"Retry {turn.turn_id}", url="https://example.org"))
    return view


@pytest.fixture
async def world(monkeypatch):
    budget = EditBudget(FakeClock())
    async with loopback(monkeypatch, budget) as (server, client):
        yield server, Recovery(client, budget, controls), client.get_partial_messageable(7)


async def test_the_last_page_keeps_its_text_and_files_and_says_so(world):
    server, recovery, channel = world
    page = (
        await ChannelPlace(channel).post(
            Paint("Half an", [discord.File(io.BytesIO(b"x"), "a.png")]), nonce="1"
        )
    ).id
    assert (await recovery.mend(turn(1, page))).text == "Half an"
    message = server.messages[str(page)]
    assert message["content"] == f"Half an\n{SAID}"
    assert message["attachments"]
    assert message["components"][0]["components"][0]["label"] == "Retry 42"


async def test_a_thinking_line_is_replaced(world):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("-# Thinking for 9 s"), nonce="1")).id
    assert (await recovery.mend(turn(page))).text == ""
    assert server.messages[str(page)]["content"] == f"-# {interrupted(has_text=False).words}"


async def test_a_full_page_is_followed_by_a_message(world):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("x" * 1_999), nonce="1")).id
    await recovery.mend(turn(page))
    assert server.messages[str(page)]["content"] == "x" * 1_999
    assert server.messages[str(page)]["components"] == []
    notice = next(r for r in server.requests if "interrupted" in str(r.body.get("nonce")))
    assert notice.body["message_reference"]["message_id"] == page


async def test_an_answer_without_a_page_is_mentioned_in_reply_to_its_question(world):
    server, recovery, _ = world
    await recovery.mend(turn())
    [posted] = [request for request in server.requests if request.method == "POST"]
    assert posted.body["content"] == interrupted(has_text=False).words
    assert posted.body["message_reference"]["message_id"] == 99


async def test_a_message_that_nobody_noted_before_the_crash_is_found_and_not_doubled(world):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("Half an"), nonce="42.1.0")).id
    restarted = Recovery(recovery._client, EditBudget(FakeClock()), controls)
    assert (await restarted.mend(turn())).text == "Half an"
    assert [m["content"] for m in server.messages.values()] == [f"Half an\n{SAID}"]
    assert str(page) in server.messages


async def test_a_private_answer_is_not_mentioned_in_public(world):
    server, recovery, _ = world
    assert (await recovery.mend(turn(scope="private:2"))).text == ""
    assert server.requests == []


async def test_a_reply_that_is_gone_is_left_alone(world):
    server, recovery, _ = world
    assert (await recovery.mend(turn(123))).text == ""
    assert [request.method for request in server.requests] == ["GET"]


async def test_the_text_of_all_pages_that_are_left_is_given_back(world):
    _, recovery, channel = world
    place = ChannelPlace(channel)
    first = (await place.post(Paint("One."), nonce="1")).id
    second = (await place.post(Paint(f"Two.\n{file_line()}"), nonce="2")).id
    assert (await recovery.mend(turn(first, 123, second))).text == "One.\nTwo."


async def test_what_was_read_is_given_back_even_if_it_cannot_be_mended(world):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("Half an"), nonce="1")).id
    server.refusals = [None, (403, 50001)]
    assert (await recovery.mend(turn(page))).text == "Half an"


@pytest.mark.parametrize(
    "text",
    [
        "One paragraph.\n\nAnd another.",
        "```py\n" + "x = 1\n" * 900 + "```\nDone.",
        "```py\na\n```\n" + "words " * 700 + "\n```js\n" + "y = 2;\n" * 600 + "```",
        "> ```\n" + "> z\n" * 900 + "> ```",
    ],
    ids=["short", "cut code", "code of two kinds", "quoted code"],
)
def test_pages_are_put_together_again(text):
    pages = Paginator()
    pages.feed(text)
    pages.close()
    joined = transcript([*pages.frozen, pages.tail])
    assert joined.split() == text.split()


def drawn(pages: tuple[int, ...] = (), count: int = 2) -> OpenTurn:
    asked = turn(*pages)
    question = replace(asked.question, task=Task.IMAGE, image=ImageOptions(count=count))
    return replace(asked, question=question)


PICTURES = (picture(), picture())


async def test_pictures_that_were_made_but_not_delivered_are_delivered(world):
    server, recovery, channel = world
    page = (
        await ChannelPlace(channel).post(
            Paint("Here:", [discord.File(io.BytesIO(b"x"), "a-red-square-1.png")]), nonce="1"
        )
    ).id
    mended = await recovery.mend(drawn((page,)), PICTURES)
    message = server.messages[str(page)]
    names = [file["filename"] for file in message["attachments"]]
    assert names == ["a-red-square-1.png", "a-red-square-2.png"]
    assert (mended.state, message["content"]) == (TurnState.COMPLETE, "Here:")


async def test_pictures_of_a_reply_that_nobody_saw_are_posted_once(world):
    server, recovery, _channel = world
    restarted = Recovery(recovery._client, EditBudget(FakeClock()), controls)
    for each in (recovery, restarted):
        assert (await each.mend(drawn(), PICTURES)).state is TurnState.COMPLETE
    [message] = server.messages.values()
    names = [file["filename"] for file in message["attachments"]]
    assert names == ["a-red-square-1.png", "a-red-square-2.png"]


async def test_fewer_pictures_than_were_asked_for_are_an_interrupted_answer(world):
    server, recovery, _channel = world
    assert (await recovery.mend(drawn(count=3), PICTURES)).state is TurnState.INTERRUPTED
    [message] = server.messages.values()
    assert interrupted(has_text=False).words in message["content"]
    assert len(message["attachments"]) == 2
