from __future__ import annotations

import asyncio
from itertools import pairwise

import pytest

from bot.chat.events import Source, SourcesFound
from bot.chat.turns import Ending, TurnState
from bot.replies.errors import (
    UploadTooLargeError,
)
from bot.replies.live import LiveReply
from tests.replies.fake_place import FakePlace, ShownMessage
from tests.replies.stage import COMPLETE, STOPPED, controls, picture, until


class TestGrowing:
    async def test_the_first_text_is_posted_at_once_with_the_stop_button(self, stage):
        reply = stage.reply()
        reply.write("Hello")
        await stage.clock.advance(stage.place.latency)
        assert stage.place.pages == ["Hello"]
        assert stage.place.last.buttons == "Stop"
        await stage.end(reply)

    async def test_text_that_arrives_during_a_call_is_shown_as_one_edit(self, stage):
        reply = stage.reply()
        stage.place.gate = asyncio.Event()
        for word in ["one", "two", "three", "four", "five", "six"]:
            reply.write(word + " ")
            await stage.clock.advance(2)
        stage.place.gate.set()
        await stage.clock.advance(5)
        assert [content for _, content in stage.place.history] == [
            "one",
            "one two three four five six",
        ]
        await stage.end(reply)

    async def test_there_is_never_more_than_one_call_at_a_time(self, stage):
        reply = stage.reply()
        stage.place.latency = 2.0
        for _ in range(50):
            reply.write("word ")
            await stage.clock.advance(0.3)
        await stage.end(reply)
        assert stage.place.most_calls_at_once == 1

    async def test_writing_never_waits_however_slow_discord_is(self, stage):
        reply = stage.reply()
        stage.place.latency = 10.0
        before = stage.clock.now()
        for _ in range(1_000):
            reply.write("word ")
        assert stage.clock.now() == before
        await stage.end(reply)
        assert stage.place.pages[-1].endswith("word")

    async def test_a_lone_reply_is_painted_about_once_a_second(self, stage):
        reply = stage.reply()
        for _ in range(600):
            reply.write("w ")
            await stage.clock.advance(1 / 60)
        times = [at for at, _ in stage.place.history]
        gaps = [b - a for a, b in pairwise(times)]
        assert max(gaps) <= 1.4
        assert min(gaps) >= 1.0
        await stage.end(reply)

    async def test_the_buttons_cost_no_edits_of_their_own(self, stage):
        reply = stage.reply()
        reply.write("All there is.")
        await stage.clock.advance(3)
        await stage.end(reply)
        assert stage.place.last.edits == 1
        assert stage.place.last.buttons == "Regenerate"

    async def test_unfinished_markdown_is_closed_in_what_is_shown(self, stage):
        reply = stage.reply()
        reply.write("```py\nx = 1")
        await stage.clock.advance(1)
        assert stage.place.pages == ["```py\nx = 1\n```"]
        await stage.end(reply)


class TestSharingAChannel:
    async def test_replies_in_one_channel_take_turns(self, stage):
        places = [stage.place, FakePlace(stage.clock)]
        replies = []
        for name, place in enumerate(places):
            stage.place = place
            replies.append(stage.reply(name=f"{name}"))
        for _ in range(300):
            for reply in replies:
                reply.write("w ")
            await stage.clock.advance(0.1)
        edits = [place.last.edits for place in places]
        assert abs(edits[0] - edits[1]) <= 1
        gaps = [b - a for place in places for (a, _), (b, _) in pairwise(place.history)]
        assert max(gaps) <= 1.4 * len(places)
        for reply in replies:
            await stage.end(reply)


class TestSilence:
    async def test_typing_is_shown_until_there_is_something_to_read(self, stage):
        reply = stage.reply()
        reply.start()
        await stage.clock.advance(17)
        assert len(stage.place.typed) == 3
        reply.write("Hello")
        await stage.clock.advance(20)
        assert len(stage.place.typed) == 3
        await stage.end(reply)

    async def test_an_interaction_shows_by_itself_that_the_bot_is_at_work(self, stage):
        stage.place.typing_bucket = None
        reply = stage.reply()
        reply.start()
        await stage.clock.advance(20)
        assert stage.place.typed == []
        await stage.end(reply, STOPPED)

    async def test_long_thinking_is_counted_and_replaced_by_the_answer(self, stage):
        reply = stage.reply()
        reply.think("hmm")
        await stage.clock.advance(1.9)
        assert stage.place.pages == []
        for _ in range(100):
            reply.think("hmm")
            await stage.clock.advance(0.1)
        assert stage.place.pages == ["-# Thinking for 11 s"]
        reply.write("So:")
        await stage.clock.advance(0.1)
        assert stage.place.pages == ["So:"]
        await stage.end(reply)

    async def test_the_newest_thought_is_shown_where_the_server_wants_it(self, stage):
        reply = stage.reply(show_reasoning=True)
        reply.think("**Planning**\n\nI look at the *tides*. Then")
        await stage.clock.advance(3)
        assert stage.place.pages == ["-# Thinking for 2 s\n-# 💭 Then"]
        reply.write("So:")
        await stage.end(reply)
        assert stage.place.pages == ["So:"]

    async def test_the_making_of_pictures_is_counted_under_the_words_before_them(self, stage):
        reply = stage.reply()
        reply.draw(2)
        reply.write("Here:")
        await stage.clock.advance(6)
        assert stage.place.pages == ["Here:\n-# ⏳ Making pictures: 0 of 2 ready, 5 s"]
        reply.attach(picture())
        await stage.clock.advance(4)
        assert stage.place.pages == ["Here:\n-# ⏳ Making pictures: 1 of 2 ready, 9 s"]
        reply.attach(picture())
        await stage.clock.advance(3)
        assert stage.place.pages == ["Here:"]
        await stage.end(reply)
        assert stage.place.pages == ["Here:\n-# 2 pictures: 4 × 4"]

    async def test_short_thinking_is_not_mentioned(self, stage):
        reply = stage.reply()
        reply.think("")
        await stage.clock.advance(1)
        reply.write("So:")
        await stage.end(reply)
        assert {content for _, content in stage.place.history} == {"So:"}


class TestPages:
    async def test_an_earlier_page_is_left_alone_and_loses_its_button(self, stage):
        reply = stage.reply()
        for _ in range(200):
            reply.write("twenty-seven characters, ok ")
            await stage.clock.advance(0.1)
        first, *_, last = stage.place.messages.values()
        frozen, edits = first.content, first.edits
        assert len(stage.place.messages) == 3
        assert first.buttons == ""
        assert last.buttons == "Stop"
        await stage.clock.advance(10)
        await stage.end(reply)
        assert (first.content, first.edits) == (frozen, edits)

    async def test_a_long_answer_that_comes_at_once_is_shown_whole(self, stage):
        reply = stage.reply()
        text = " ".join(f"word{n}" for n in range(1_200))
        reply.write(text)
        await stage.end(reply)
        assert " ".join(stage.place.pages) == text
        assert [m.buttons for m in stage.place.messages.values()][:-1] == [""] * (
            len(stage.place.messages) - 1
        )
        assert all(m.edits == 0 for m in stage.place.messages.values())

    async def test_every_page_is_reported_once(self, stage):
        reply = stage.reply()
        reply.write("word " * 700)
        await stage.end(reply)
        assert stage.noted == [(1, 7, 101), (2, 7, 102)]

    async def test_nonces_tell_the_pages_of_all_replies_apart(self, stage):
        reply = stage.reply()
        reply.write("word " * 700)
        await stage.end(reply)
        assert stage.place.nonces == ["42.0", "42.1"]

    async def test_an_adopted_message_becomes_the_first_page(self, stage):
        stage.place.adopted = (55,)
        stage.place.messages[55] = ShownMessage("Something went wrong.", buttons="Retry")
        reply = stage.reply()
        reply.write("Again")
        await stage.clock.advance(1)
        assert stage.place.pages == ["Again"]
        assert stage.place.last.buttons == "Stop"
        await stage.end(reply)
        assert stage.noted == [(1, 7, 55)]


class TestEnding:
    async def test_the_last_state_is_always_shown(self, stage):
        reply = stage.reply()
        reply.write("one")
        await stage.clock.advance(0.06)
        reply.write(" two")
        before = stage.clock.now()
        await stage.end(reply)
        assert stage.place.pages == ["one two"]
        assert stage.clock.now() - before <= 0.1

    async def test_the_words_stand_small_under_the_answer(self, stage):
        reply = stage.reply()
        reply.write("Half an ans")
        await stage.end(reply, STOPPED)
        assert stage.place.pages == ["Half an ans\n-# Stopped by Ann."]

    async def test_an_error_before_any_text_is_shown_with_its_button(self, stage):
        reply = stage.reply()
        await stage.end(reply, Ending(TurnState.FAILED, "The gateway is busy.", can_retry=True))
        assert stage.place.pages == ["The gateway is busy."]
        assert stage.place.last.buttons == "Retry"

    async def test_an_error_takes_the_place_of_the_thinking_line(self, stage):
        reply = stage.reply()
        reply.think("")
        await stage.clock.advance(4)
        await stage.end(reply, Ending(TurnState.FAILED, "The gateway is busy."))
        assert stage.place.pages == ["The gateway is busy."]

    @pytest.mark.parametrize("nothing", ["", " \n\n "])
    async def test_an_empty_answer_says_so(self, stage, nothing):
        reply = stage.reply()
        reply.write(nothing)
        await stage.end(reply)
        assert stage.place.pages == ["The model gave no answer."]

    async def test_blank_text_behind_a_full_page_leaves_the_buttons_on_that_page(self, stage):
        reply = stage.reply()
        reply.write("word " * 399 + "end" + "\n" * 300)
        await stage.clock.advance(5)
        await stage.end(reply)
        assert len(stage.place.messages) == 1
        assert stage.place.last.buttons == "Regenerate"

    async def test_notices_and_sources_stand_under_the_answer(self, stage):
        reply = stage.reply()
        reply.write("Yes [1]")
        reply.notice("big.mp4 was left out.")
        reply.cite(SourcesFound((Source("https://a.org/x y", "A [page]"),)))
        await stage.end(reply)
        assert stage.place.pages == [
            "Yes [1]\n-# big.mp4 was left out.\n-# 1. [A (page)](<https://a.org/x%20y>)"
        ]

    async def test_what_finds_no_room_under_the_last_page_gets_its_own(self, stage):
        reply = stage.reply()
        reply.write("x" * 1_990)
        await stage.end(reply, STOPPED)
        assert stage.place.pages == ["x" * 1_990, "-# Stopped by Ann."]
        assert [m.buttons for m in stage.place.messages.values()] == ["", "Regenerate"]

    async def test_whoever_waits_for_the_end_may_be_cancelled_the_last_paint_is_not(self, stage):
        reply = stage.reply()
        reply.write("one")
        ending = asyncio.ensure_future(reply.end(COMPLETE))
        await stage.clock.settle()
        ending.cancel()
        await stage.clock.advance(1)
        assert stage.place.pages == ["one"]

    async def test_a_defect_in_what_is_called_surfaces_at_the_end(self, stage):
        async def fail(page: int, channel_id: int, message_id: int) -> None:
            raise RuntimeError("database is locked")

        reply = LiveReply(
            stage.place, stage.budget, stage.clock, name="1", controls=controls, on_page=fail
        )
        reply.write("one")
        await stage.clock.advance(1)
        assert reply.lost.is_set()
        with pytest.raises(RuntimeError):
            await stage.end(reply)


class TestPictures:
    async def test_a_picture_joins_the_page_with_the_next_paint(self, stage):
        reply = stage.reply()
        reply.write("Here:")
        await stage.clock.advance(1)
        reply.attach(picture())
        await stage.clock.advance(2)
        assert stage.place.last.files == ["a-red-square-1.png"]
        await stage.end(reply)
        assert len(stage.place.messages) == 1

    async def test_a_picture_alone_is_an_answer(self, stage):
        reply = stage.reply()
        reply.attach(picture())
        await stage.end(reply)
        assert stage.place.pages == ["-# 4 × 4"]
        assert stage.place.last.buttons == "Regenerate"

    async def test_where_words_follow_a_picture_its_place_is_marked(self, stage):
        reply = stage.reply()
        reply.write("First *one")
        reply.attach(picture())
        reply.write("then another.")
        reply.attach(picture())
        await stage.end(reply)
        [page] = stage.place.pages
        assert page.split("\n-# Picture 1 below\n")[1].startswith("then another.")
        assert "Picture 2" not in page
        assert stage.place.last.files == ["a-red-square-1.png", "a-red-square-2.png"]

    async def test_a_message_that_is_there_already_is_noted_before_anything_is_made(self, stage):
        stage.place.reserved = 101
        reply = stage.reply()
        reply.start()
        await stage.clock.advance(1)
        assert stage.noted == [(1, 7, 101)]
        reply.attach(picture())
        await stage.end(reply)
        assert stage.noted == [(1, 7, 101)]

    async def test_more_than_ten_pictures_take_more_messages(self, stage):
        reply = stage.reply()
        reply.write("All of them:")
        for _ in range(23):
            reply.attach(picture())
        await stage.end(reply)
        assert [len(m.files) for m in stage.place.messages.values()] == [10, 10, 3]
        assert stage.place.last.buttons == "Regenerate"

    async def test_the_buttons_stand_under_the_last_picture(self, stage):
        reply = stage.reply(max_pages=1)
        for _ in range(10):
            reply.attach(picture())
        reply.write("word " * 700)
        await stage.end(reply)
        assert [len(m.files) for m in stage.place.messages.values()] == [10, 1]
        assert [m.buttons for m in stage.place.messages.values()] == ["", "Regenerate"]

    async def test_a_picture_that_discord_finds_too_large_is_made_smaller(self, stage):
        reply = stage.reply()
        stage.place.failures = [UploadTooLargeError()]
        reply.attach(picture(200, noise=True))
        ending = asyncio.ensure_future(reply.end(COMPLETE))
        await until(stage, ending)
        assert stage.place.last.files == ["a-red-square-1.jpg"]

    async def test_a_picture_that_stays_too_large_is_named_not_dropped_silently(self, stage):
        reply = stage.reply()
        stage.place.failures = [UploadTooLargeError(), UploadTooLargeError()]
        reply.write("Here:")
        reply.attach(picture(200, noise=True))
        ending = asyncio.ensure_future(reply.end(COMPLETE))
        await until(stage, ending)
        assert stage.place.pages == ["Here:\n-# A file is too large to be attached here."]
