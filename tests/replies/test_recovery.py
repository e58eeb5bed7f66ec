from __future__ import annotations

import io

import discord
import pytest

from bot.chat.content import Speaker
from bot.chat.endings import interrupted
from bot.chat.turns import Ending, OpenTurn, Question, Scope
from bot.replies.pacing import EditBudget
from bot.replies.places import ChannelPlace, Paint
from bot.replies.recovery import Recovery
from tests.replies.clock import FakeClock
from tests.replies.loopback import loopback

WORDS = interrupted().words
SAID = f"-# {WORDS}"


def turn(*pages: int, scope: str = "channel:7") -> OpenTurn:
    question = Question(Scope(scope, None, 7), 99, Speaker(2, "Ann"), (), "gpt-4o")
    return OpenTurn(42, question, pages=tuple((7, page) for page in pages))


def controls(turn: OpenTurn, ending: Ending) -> discord.ui.View:
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
    page = await ChannelPlace(channel).post(
        Paint("Half an", [discord.File(io.BytesIO(b"x"), "a.png")]), nonce="1"
    )
    assert await recovery.mend_all([turn(1, page)]) == 1
    message = server.messages[str(page)]
    assert message["content"] == f"Half an\n{SAID}"
    assert message["attachments"]
    assert message["components"][0]["components"][0]["label"] == "Retry 42"


async def test_a_thinking_line_is_replaced(world):
    server, recovery, channel = world
    page = await ChannelPlace(channel).post(Paint("-# Thinking for 9 s"), nonce="1")
    await recovery.mend_all([turn(page)])
    assert server.messages[str(page)]["content"] == SAID


async def test_a_full_page_is_followed_by_a_message(world):
    server, recovery, channel = world
    page = await ChannelPlace(channel).post(Paint("x" * 1_999), nonce="1")
    await recovery.mend_all([turn(page)])
    assert server.messages[str(page)]["content"] == "x" * 1_999
    assert server.last.body["message_reference"]["message_id"] == page


async def test_an_answer_without_a_page_is_mentioned_in_reply_to_its_question(world):
    server, recovery, _ = world
    await recovery.mend_all([turn()])
    assert server.last.body["content"] == WORDS
    assert server.last.body["message_reference"]["message_id"] == 99
    assert server.last.body["nonce"] == "42.interrupted"


async def test_a_private_answer_is_not_mentioned_in_public(world):
    server, recovery, _ = world
    assert await recovery.mend_all([turn(scope="private:2")]) == 0
    assert server.requests == []


async def test_a_missing_message_does_not_keep_the_others_from_being_mended(world):
    _, recovery, channel = world
    page = await ChannelPlace(channel).post(Paint("Half an"), nonce="1")
    assert await recovery.mend_all([turn(123), turn(page)]) == 1
