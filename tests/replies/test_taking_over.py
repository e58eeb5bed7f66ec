from __future__ import annotations

import math

import pytest

from bot.replies.errors import (
    DirectMessagesClosedError,
    ExpiredError,
    ForbiddenError,
    RefusedError,
    TransientError,
)
from tests.replies.fake_place import ShownMessage
from tests.replies.stage import STOPPED


class TestAdoption:
    """A reply that takes over the messages of an earlier answer."""

    @pytest.fixture(autouse=True)
    def earlier(self, stage):
        stage.place.adopted = (55, 56)
        stage.place.messages[55] = ShownMessage("Page one")
        stage.place.messages[56] = ShownMessage("Page two", buttons="Regenerate")

    async def test_its_pages_are_edited_in_order(self, stage):
        reply = stage.reply()
        reply.write("word " * 700)
        await stage.end(reply)
        assert list(stage.place.messages) == [55, 56]
        assert " ".join(stage.place.pages).split() == ["word"] * 700
        assert stage.noted == [(1, 7, 55), (2, 7, 56)]

    async def test_surplus_pages_stay_until_the_last_paint_and_go_then(self, stage):
        reply = stage.reply()
        reply.write("Shorter")
        await stage.clock.advance(4)
        assert stage.place.pages == ["Shorter", "Page two"]
        await stage.end(reply)
        assert stage.place.pages == ["Shorter"]
        assert stage.place.last.buttons == "Regenerate"

    async def test_a_page_that_cannot_be_deleted_does_no_harm(self, stage):
        reply = stage.reply()
        reply.write("Shorter")
        await stage.clock.advance(4)
        stage.place.failures = [None, ForbiddenError()]
        await stage.end(reply)
        assert stage.place.pages == ["Shorter", "Page two"]

    async def test_a_silent_model_can_be_stopped_and_the_old_text_stays_meanwhile(self, stage):
        reply = stage.reply()
        reply.start()
        await stage.clock.advance(0.9)
        assert stage.place.last.buttons == "Regenerate"
        await stage.clock.advance(0.5)
        assert stage.place.pages == ["Page one", "Page two"]
        assert stage.place.last.buttons == "Stop"
        await stage.end(reply, STOPPED)

    async def test_the_old_buttons_are_exchanged_while_the_new_text_grows_above_them(self, stage):
        reply = stage.reply()
        for _ in range(30):
            reply.write("word ")
            await stage.clock.advance(0.1)
        assert [m.buttons for m in stage.place.messages.values()] == ["Stop", "Stop"]
        await stage.end(reply)

    async def test_a_quick_answer_costs_no_call_for_the_buttons(self, stage):
        stage.place.adopted = (56,)
        reply = stage.reply()
        reply.write("Here")
        await stage.end(reply)
        assert stage.place.messages[56] == ShownMessage("Here", buttons="Regenerate", edits=2)

    async def test_a_first_page_that_was_deleted_long_ago_costs_no_answer(self, stage):
        del stage.place.messages[55]
        reply = stage.reply()
        reply.write("Here")
        await stage.clock.advance(3)
        await stage.end(reply)
        assert stage.place.pages == ["Here"]

    async def test_what_automod_left_of_the_answer_counts_as_the_last_paint(self, stage):
        reply = stage.reply()
        stage.place.failures = [RefusedError(automod=True)]
        reply.write("Here")
        await stage.clock.advance(4)
        await stage.end(reply)
        (page,) = stage.place.pages
        assert "AutoMod" in page

    async def test_without_an_answer_to_show_nothing_is_deleted(self, stage):
        reply = stage.reply()
        stage.place.failures = [ForbiddenError()]
        reply.write("Here")
        await stage.end(reply)
        assert stage.place.pages == ["Page one", "Page two"]


class TestHandingOver:
    """A place that closes before the answer is finished."""

    @pytest.fixture(autouse=True)
    def closing(self, stage):
        stage.place.ends_at = stage.clock.now() + 10

    async def test_the_same_messages_are_edited_on(self, stage):
        reply = stage.reply()
        for _ in range(20):
            reply.write("word ")
            await stage.clock.advance(1)
        assert stage.place.ends_at == math.inf
        await stage.end(reply)
        assert len(stage.place.pages) == 1
        assert stage.place.pages[0].split() == ["word"] * 20

    async def test_or_the_page_that_grows_begins_anew_in_another_message(self, stage):
        stage.place.keeps_messages = False
        reply = stage.reply()
        for number in range(20):
            reply.write(f"{number} ")
            await stage.clock.advance(1)
        await stage.end(reply)
        kept, whole = stage.place.pages
        assert kept == "0 1 2 3 4 5 6 7 8 9"
        assert whole.split() == [str(number) for number in range(20)]

    async def test_it_happens_in_time_though_the_model_is_silent(self, stage):
        reply = stage.reply()
        reply.start()
        await stage.clock.advance(11)
        assert stage.place.ends_at == math.inf
        await stage.end(reply, STOPPED)

    async def test_it_happens_in_time_though_there_is_nothing_new_to_show(self, stage):
        reply = stage.reply()
        reply.write("word")
        await stage.clock.advance(11)
        assert stage.place.ends_at == math.inf
        await stage.end(reply)

    @pytest.mark.parametrize("keeps_messages", [True, False])
    async def test_a_place_that_closes_early_is_left_at_once(self, stage, keeps_messages):
        stage.place.keeps_messages = keeps_messages
        reply = stage.reply()
        reply.write("one")
        await stage.clock.advance(1)
        stage.place.failures = [ExpiredError()]
        reply.write(" two")
        await stage.clock.advance(2)
        await stage.end(reply)
        assert stage.place.pages[-1] == "one two"
        assert len(stage.place.pages) == (1 if keeps_messages else 2)

    async def test_trouble_on_the_way_is_no_reason_to_give_up(self, stage):
        reply = stage.reply()
        reply.write("one")
        await stage.clock.advance(1)
        stage.place.failures = [TransientError()]
        await stage.clock.advance(11)
        assert stage.place.ends_at == math.inf
        reply.write(" two")
        await stage.end(reply)
        assert stage.place.pages == ["one two"]

    async def test_with_no_way_to_go_on_the_reply_is_lost_and_the_asker_told(self, stage):
        reply = stage.reply()
        reply.write("one")
        await stage.clock.advance(1)
        stage.place.failures = [DirectMessagesClosedError()]
        await stage.clock.advance(10)
        assert reply.lost.is_set()
        assert len(stage.place.told) == 1
        await stage.end(reply)
