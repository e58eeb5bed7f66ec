from __future__ import annotations

import asyncio

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
)
from tests.replies.stage import COMPLETE, STOPPED, picture, until


class TestTrouble:
    async def test_a_deleted_message_stops_the_reply(self, stage):
        reply = stage.reply()
        reply.write("one")
        await stage.clock.advance(1)
        stage.place.messages.clear()
        reply.write(" two")
        await stage.clock.advance(2)
        assert reply.lost.is_set()
        assert isinstance(reply.loss, GoneError)
        reply.write(" three")
        await stage.end(reply, STOPPED)
        assert stage.place.messages == {}

    async def test_whoever_asked_to_be_told_of_the_loss_is_told_once(self, stage):
        told: list[str] = []
        reply = stage.reply()
        reply.on_lost(lambda: told.append("lost"))
        stage.place.failures = [ForbiddenError()]
        reply.write("one")
        await stage.clock.advance(1)
        await stage.end(reply)
        assert told == ["lost"]

    @pytest.mark.parametrize("loss", [ForbiddenError, ExpiredError])
    async def test_lost_rights_stop_the_reply(self, stage, loss):
        reply = stage.reply()
        stage.place.failures = [loss()]
        reply.write("one")
        await stage.clock.advance(1)
        assert isinstance(reply.loss, loss)
        await stage.end(reply)

    @pytest.mark.parametrize(
        ("loss", "words"),
        [
            (ForbiddenError(), "I may no longer write in <#7>"),
            (ChannelGoneError(), "The channel of your question is gone"),
            (DirectMessagesClosedError(), "you take no direct messages"),
        ],
    )
    async def test_the_asker_is_told_once_of_a_loss_that_nobody_meant(self, stage, loss, words):
        reply = stage.reply()
        reply.write("one")
        await stage.clock.advance(1)
        stage.place.failures = [loss]
        reply.write(" two")
        await stage.clock.advance(2)
        await stage.end(reply)
        (told,) = stage.place.told
        assert words in told

    async def test_nobody_is_told_that_a_moderator_deleted_the_reply(self, stage):
        reply = stage.reply()
        reply.write("one")
        await stage.clock.advance(1)
        stage.place.messages.clear()
        reply.write(" two")
        await stage.clock.advance(2)
        await stage.end(reply)
        assert stage.place.told == []

    async def test_what_was_deleted_before_its_last_state_is_not_posted_again(self, stage):
        reply = stage.reply()
        reply.write("one")
        await stage.clock.advance(1)
        stage.place.messages.clear()
        reply.write(" two")
        await stage.end(reply)
        assert stage.place.messages == {}
        assert isinstance(reply.loss, GoneError)

    async def test_a_refusal_by_automod_keeps_what_was_shown_and_says_so(self, stage):
        reply = stage.reply()
        reply.write("fine")
        await stage.clock.advance(1)
        stage.place.failures = [RefusedError(automod=True)]
        reply.write(" forbidden")
        await stage.clock.advance(2)
        assert reply.lost.is_set()
        await stage.end(reply)
        assert stage.place.pages == [
            "fine\n-# This server's AutoMod did not let the rest of the answer through."
        ]

    async def test_a_middle_edit_that_fails_is_made_up_for(self, stage):
        reply = stage.reply()
        stage.place.failures = [None, TransientError()]
        reply.write("one")
        await stage.clock.advance(1)
        reply.write(" two")
        await stage.clock.advance(5)
        assert stage.place.pages == ["one two"]
        await stage.end(reply)

    async def test_a_final_edit_that_keeps_failing_becomes_a_new_message(self, stage):
        reply = stage.reply()
        reply.write("one two")
        await stage.clock.advance(1)
        stage.place.failures = [TransientError(), TransientError(), TransientError()]
        reply.write(" three")
        await stage.end(reply, STOPPED)
        assert stage.place.pages == ["one two", "three\n-# Stopped by Ann."]
        assert stage.place.last.buttons == "Regenerate"

    async def test_a_page_that_only_lacks_its_last_buttons_gets_them_later(self, stage):
        reply = stage.reply()
        reply.write("one two")
        await stage.clock.advance(1)
        stage.place.failures = [TransientError()] * 4
        await stage.end(reply)
        assert stage.place.pages == ["one two"]
        assert stage.place.last.buttons == "Regenerate"

    async def test_a_page_that_goes_on_below_does_not_keep_its_stop_button(self, stage):
        reply = stage.reply()
        reply.write("one two")
        await stage.clock.advance(1)
        stage.place.failures = [TransientError()] * 3
        reply.write(" three")
        await stage.end(reply)
        first, second = stage.place.messages.values()
        assert (first.buttons, second.buttons) == ("", "Regenerate")

    async def test_a_reply_that_cannot_be_shown_at_all_says_so_to_whoever_ends_it(self, stage):
        reply = stage.reply()
        stage.place.failures = [TransientError()] * 20
        reply.write("one")
        assert not await stage.end(reply)
        assert reply.lost.is_set()

    async def test_a_page_behind_those_of_an_earlier_time_is_not_taken_for_one_of_them(self, stage):
        """Discord gives what is there for a nonce that it knows."""
        reply = stage.reply()
        stage.place.failures = [None] + [TransientError()] * 20
        reply.write("one " * 900)
        assert not await stage.end(reply)
        stage.place.failures = []
        stage.place.adopted = tuple(stage.place.messages)
        again = stage.reply()
        again.write("one " * 900)
        assert await stage.end(again)
        assert " ".join(stage.place.pages).split() == ["one"] * 900

    async def test_what_nobody_can_ever_see_is_not_to_be_shown_later(self, stage):
        reply = stage.reply()
        stage.place.failures = [ForbiddenError()]
        reply.write("one")
        assert await stage.end(reply)

    async def test_trouble_while_a_picture_is_made_smaller_is_survived(self, stage):
        stage.place.max_file_bytes = 20_000
        reply = stage.reply()
        stage.place.failures = [TransientError()] * 2
        reply.write("Here:")
        reply.attach(picture(200, noise=True))
        await until(stage, asyncio.ensure_future(reply.end(COMPLETE)))
        assert stage.place.pages[0].startswith("Here:\n-# 200 × 200\n-# Picture 1 was made")
        assert stage.place.last.files == ["a-red-square-1.jpg"]

    async def test_a_failed_post_is_repeated_with_the_same_nonce(self, stage):
        reply = stage.reply()
        stage.place.failures = [TransientError()]
        reply.write("one")
        await stage.end(reply)
        assert stage.place.nonces == ["42.0"]

    async def test_without_the_right_to_reply_the_message_is_sent_plainly_at_once(self, stage):
        reply = stage.reply()
        stage.place.failures = [ReplyingForbiddenError()]
        reply.write("one")
        await stage.clock.advance(0.2)
        assert stage.place.pages == ["one"]
        await stage.end(reply)

    async def test_a_message_that_takes_no_more_edits_is_followed_by_a_new_one(self, stage):
        reply = stage.reply()
        reply.write("one")
        await stage.clock.advance(1)
        stage.place.failures = [UneditableError()]
        reply.write(" two")
        await stage.clock.advance(5)
        assert stage.place.pages == ["one", "one two"]
        await stage.end(reply)

    async def test_what_came_while_a_post_was_repeated_is_shown_after_all(self, stage):
        """Discord answers the repeated nonce with the message that the first one made."""
        reply = stage.reply()
        stage.place.lost_after_work = [TransientError()]
        reply.write("one")
        await stage.clock.advance(0.5)
        reply.write(" two three")
        await stage.end(reply)
        assert stage.place.pages == ["one two three"]
        assert "Stop" not in stage.place.last.buttons

    async def test_a_repeated_post_leaves_no_stop_button_behind(self, stage):
        reply = stage.reply()
        stage.place.lost_after_work = [TransientError()]
        reply.write("one")
        await stage.clock.advance(0.5)
        assert "Stop" in stage.place.last.buttons
        await stage.end(reply)
        assert stage.place.pages == ["one"]
        assert "Stop" not in stage.place.last.buttons

    async def test_a_last_edit_whose_answers_are_lost_is_not_shown_twice(self, stage):
        reply = stage.reply()
        reply.write("one")
        await stage.clock.advance(1)
        stage.place.lost_after_work = [TransientError()] * 3
        reply.write(" two")
        await stage.end(reply)
        assert stage.place.pages == ["one two"]
