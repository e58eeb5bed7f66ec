from __future__ import annotations

import io
import math
from types import SimpleNamespace
from typing import Any

import discord
import pytest

from bot.replies.errors import (
    ChannelGoneError,
    DirectMessagesClosedError,
    ExpiredError,
    ForbiddenError,
    GoneError,
    RefusedError,
    ReplyingForbiddenError,
    TransientError,
    UneditableError,
    UploadTooLargeError,
    classify,
)
from bot.replies.pacing import EditBudget
from bot.replies.places import ChannelPlace, Paint
from bot.replies.windows import Bucket, Priority
from tests.replies.clock import FakeClock
from tests.replies.loopback import ANN, DM_ID, LoopbackDiscord, loopback

ONLY_THE_ASKER = {"parse": [], "replied_user": True}


@pytest.fixture
def budget() -> EditBudget:
    return EditBudget(FakeClock())


@pytest.fixture
async def world(monkeypatch, budget):
    async with loopback(monkeypatch, budget) as (server, client):
        yield server, client


@pytest.fixture
def server(world) -> LoopbackDiscord:
    found: LoopbackDiscord = world[0]
    return found


@pytest.fixture
def channel(world) -> discord.PartialMessageable:
    client: discord.Client = world[1]
    return client.get_partial_messageable(7)


def view(label: str = "Stop") -> discord.ui.View:
    made = discord.ui.View(timeout=None)
    made.add_item(discord.ui.Button(label=label, url="https://example.org"))
    return made


def file(name: str) -> discord.File:
    return discord.File(io.BytesIO(b"x"), name)


class TestChannelPlace:
    async def test_the_first_page_replies_to_the_question_once(self, server, channel):
        place = ChannelPlace(channel, reply_to=99)
        await place.post(Paint("one"), nonce="5.0")
        await place.post(Paint("two"), nonce="5.1")
        first, second = (request.body for request in server.requests)
        assert first["message_reference"]["message_id"] == 99
        assert first["message_reference"]["fail_if_not_exists"] is False
        assert "message_reference" not in second

    async def test_a_page_pings_nobody_but_the_asker_and_shows_no_link_cards(self, server, channel):
        await ChannelPlace(channel, reply_to=99).post(Paint("@everyone"), nonce="5.0")
        assert server.last.body["allowed_mentions"] == ONLY_THE_ASKER
        assert server.last.body["flags"] == discord.MessageFlags(suppress_embeds=True).value

    async def test_a_page_is_sent_with_its_own_nonce(self, server, channel):
        await ChannelPlace(channel).post(Paint("one"), nonce="5.0")
        assert server.last.body["nonce"] == "5.0"
        assert server.last.body["enforce_nonce"] is True

    async def test_an_edit_leaves_flags_files_and_buttons_alone(self, server, channel):
        place = ChannelPlace(channel)
        page = (await place.post(Paint("one", [file("a.png")], view()), nonce="5.0")).id
        await place.edit(page, Paint("two"))
        assert server.last.body.keys() == {"content", "tts", "allowed_mentions"}
        assert [a["filename"] for a in server.messages[str(page)]["attachments"]] == ["a.png"]

    async def test_a_new_file_joins_those_already_there(self, server, channel):
        place = ChannelPlace(channel)
        page = (await place.post(Paint("one", [file("a.png")]), nonce="5.0")).id
        await place.edit(page, Paint("two", [file("b.png")]))
        names = [a["filename"] for a in server.messages[str(page)]["attachments"]]
        assert names == ["a.png", "b.png"]

    async def test_an_adopted_message_loses_the_files_of_the_old_answer(self, server, channel):
        old = (await ChannelPlace(channel).post(Paint("old", [file("a.png")]), nonce="5.0")).id
        place = ChannelPlace(channel, adopted=(old,))
        await place.edit(old, Paint("new"))
        assert server.messages[str(old)]["attachments"] == []

    async def test_buttons_can_be_taken_away(self, server, channel):
        place = ChannelPlace(channel)
        page = (await place.post(Paint("one", view=view()), nonce="5.0")).id
        assert server.messages[str(page)]["components"]
        await place.edit(page, Paint("two", view=None))
        assert server.messages[str(page)]["components"] == []

    async def test_without_the_right_to_reply_the_next_try_is_a_plain_message(
        self, server, channel
    ):
        place = ChannelPlace(channel, reply_to=99)
        server.refusals = [(400, 160002)]
        with pytest.raises(ReplyingForbiddenError):
            await place.post(Paint("one"), nonce="5.0")
        await place.post(Paint("one"), nonce="5.0")
        assert "message_reference" not in server.last.body

    async def test_a_deleted_message_is_gone(self, server, channel):
        with pytest.raises(GoneError):
            await ChannelPlace(channel).edit(12345, Paint("one"))

    async def test_new_buttons_alone_leave_text_and_files_as_they_are(self, server, channel):
        old = (await ChannelPlace(channel).post(Paint("old", [file("a.png")]), nonce="5.0")).id
        place = ChannelPlace(channel, adopted=(old,))
        await place.edit(old, Paint(None, view=view()))
        assert server.last.body.keys() == {"tts", "allowed_mentions", "components"}
        assert server.messages[str(old)]["attachments"]
        await place.edit(old, Paint("new"))
        assert server.messages[str(old)]["attachments"] == []

    async def test_a_message_is_deleted(self, server, channel):
        place = ChannelPlace(channel)
        page = (await place.post(Paint("one"), nonce="5.0")).id
        await place.delete(page)
        assert str(page) not in server.messages

    async def test_the_asker_is_told_by_direct_message(self, server, world):
        asker = world[1]._connection.store_user(ANN)
        await ChannelPlace(world[1].get_partial_messageable(7), asker=asker).tell_asker("Sorry.")
        assert server.requests[-2].path == "/users/@me/channels"
        assert (server.last.path, server.last.body["content"]) == (
            f"/channels/{DM_ID}/messages",
            "Sorry.",
        )

    async def test_closed_direct_messages_are_told_apart(self, server, world):
        asker = world[1]._connection.store_user(ANN)
        server.refusals = [None, (403, 50007)]
        place = ChannelPlace(world[1].get_partial_messageable(7), asker=asker)
        with pytest.raises(DirectMessagesClosedError):
            await place.tell_asker("Sorry.")

    async def test_its_time_never_runs_out(self, channel):
        assert ChannelPlace(channel).seconds_left == math.inf

    def test_a_reply_that_takes_over_messages_does_not_type(self, channel):
        assert ChannelPlace(channel, adopted=(5,)).typing_bucket is None

    async def test_typing_is_one_call(self, server, channel):
        await ChannelPlace(channel).type()
        assert [request.path for request in server.requests] == ["/channels/7/typing"]


class TestTrace:
    async def test_the_budget_learns_from_the_headers_of_every_call(self, server, channel, budget):
        server.remaining = 1
        await ChannelPlace(channel).post(Paint("one"), nonce="5.0")
        slot = budget.slot(Bucket.create(7), Priority.FIRST)
        budget.enter(slot)
        assert not slot.granted
        budget.leave(slot)

    async def test_calls_with_and_without_a_slot_count_once_for_the_bot(self, monkeypatch):
        budget = EditBudget(FakeClock(), requests_per_second=4)
        async with loopback(monkeypatch, budget) as (_, client):  # Logging in takes two calls.
            channel = client.get_partial_messageable(7)
            place = ChannelPlace(channel)
            async with budget.slot(place.posting, Priority.FIRST):
                await place.post(Paint("one"), nonce="5.0")
            async with budget.slot(Bucket.create(8), Priority.FIRST) as slot:
                assert slot.granted
            fifth = budget.slot(Bucket.create(9), Priority.FIRST)
            budget.enter(fifth)
            assert not fifth.granted
            budget.leave(fifth)

    async def test_a_slots_own_answer_is_recognised(self, server, channel, budget):
        place = ChannelPlace(channel)
        async with budget.slot(place.posting, Priority.FIRST) as slot:
            await place.post(Paint("one"), nonce="5.0")
            assert slot.answered


@pytest.mark.parametrize(
    ("status", "code", "ours"),
    [
        (404, 10008, GoneError),
        (404, 10003, ChannelGoneError),
        (404, 10015, ExpiredError),
        (401, 50027, ExpiredError),
        (403, 50001, ForbiddenError),
        (403, 50013, ForbiddenError),
        (403, 50007, DirectMessagesClosedError),
        (403, 0, ForbiddenError),
        (400, 50083, UneditableError),
        (429, 30046, UneditableError),
        (413, 40005, UploadTooLargeError),
        (413, 0, UploadTooLargeError),
        (400, 200000, RefusedError),
        (400, 50035, RefusedError),
        (503, 0, TransientError),
        (429, 0, TransientError),
    ],
)
def test_discords_errors_have_few_meanings(status, code, ours):
    response: Any = SimpleNamespace(status=status, reason="")
    assert type(classify(discord.HTTPException(response, {"code": code}))) is ours


def test_trouble_on_the_way_is_worth_another_try():
    assert isinstance(classify(TimeoutError()), TransientError)
    assert isinstance(classify(discord.RateLimited(40.0)), TransientError)
