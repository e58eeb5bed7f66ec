"""Answers with more pages than a server wants."""

from __future__ import annotations

import asyncio

from bot.chat.turns import Ending, TurnState
from bot.replies.errors import RefusedError, UploadTooLargeError
from bot.replies.pages import PAGE_UNITS, units
from tests.replies.stage import Stage, picture, until

TEXT = " ".join(f"word{number}" for number in range(2_000))
RULES = Ending(TurnState.LENGTH, "Cut off.")


async def test_the_whole_answer_is_attached_to_the_last_message(stage: Stage):
    reply = stage.reply(max_pages=3)
    reply.write(TEXT)
    await stage.end(reply, RULES)
    assert len(stage.place.pages) == 3
    assert stage.place.last.files == ["answer.md"]
    assert stage.place.data["answer.md"].decode() == TEXT
    text, *lines = stage.place.last.content.splitlines()
    assert text.startswith("word")
    assert lines == [
        "-# The whole answer has 9 pages; it is in the attached file.",
        "-# Cut off.",
    ]
    assert stage.place.last.buttons == "Regenerate"


async def test_no_page_is_longer_than_discord_takes(stage: Stage):
    reply = stage.reply(max_pages=2)
    for number in range(30):
        reply.notice(f"file{number}.bin was left out.")
    reply.write(TEXT)
    await stage.end(reply)
    assert all(units(page) <= PAGE_UNITS for page in stage.place.pages)


async def test_while_it_grows_the_last_message_says_where_the_rest_goes(stage: Stage):
    reply = stage.reply(max_pages=2)
    reply.write(TEXT)
    await stage.clock.advance(5)
    assert len(stage.place.pages) == 2
    assert stage.place.last.content.endswith("\n-# The rest is being written into a file.")
    assert stage.place.last.buttons == "Stop"
    edits = stage.place.last.edits
    reply.write(TEXT)
    await stage.clock.advance(10)
    assert stage.place.last.edits == edits
    await stage.end(reply)


async def test_code_that_is_cut_there_is_closed(stage: Stage):
    reply = stage.reply(max_pages=1)
    reply.write("```py\n" + "x = 1\n" * 1_000 + "```")
    await stage.end(reply)
    (page,) = stage.place.pages
    code, line = page.rsplit("\n", 1)
    assert code.endswith("\n```")
    assert line.startswith("-# The whole answer")


async def test_pictures_come_before_the_file(stage: Stage):
    reply = stage.reply(max_pages=1)
    reply.attach(picture())
    reply.write(TEXT)
    await stage.end(reply)
    assert stage.place.last.files == ["a-red-square-1.png", "answer.md"]


async def test_a_file_larger_than_the_place_takes_is_cut_and_says_so(stage: Stage):
    stage.place.max_file_bytes = 5_000
    reply = stage.reply(max_pages=1)
    reply.write(TEXT)
    await stage.end(reply)
    data = stage.place.data["answer.md"]
    assert len(data) <= 5_000
    assert data.endswith(b"[The rest does not fit into a file here.]\n")


async def test_a_file_that_discord_finds_too_large_is_sent_shorter(stage: Stage):
    stage.place.failures = [UploadTooLargeError()]
    reply = stage.reply(max_pages=1)
    reply.write(TEXT)
    await until(stage, asyncio.ensure_future(reply.end(RULES)))
    assert len(stage.place.data["answer.md"]) <= len(TEXT) / 2


async def test_what_automod_refused_is_not_sent_as_a_file_instead(stage: Stage):
    reply = stage.reply(max_pages=2)
    stage.place.failures = [None, RefusedError(automod=True)]
    reply.write(TEXT)
    await stage.end(reply)
    assert stage.place.last.files == []
    assert "AutoMod" in stage.place.last.content


async def test_an_answer_that_just_fits_has_no_file(stage: Stage):
    reply = stage.reply(max_pages=2)
    reply.write("x" * 3_990)
    await stage.end(reply)
    assert len(stage.place.pages) == 2
    assert stage.place.last.files == []
