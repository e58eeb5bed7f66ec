"""Tables and formulas that are better seen as pictures, in a growing reply."""

from __future__ import annotations

import asyncio

import pytest

from bot.replies import illustrator
from bot.replies.drawing import Drawing
from tests.replies.stage import Stage, picture

FORMULA = "$$\n\\int_0^1 x^2 dx\n$$\n"


class Studio:
    """Draws when it is told to."""

    def __init__(self) -> None:
        self.orders: list[Drawing] = []
        self.open = asyncio.Event()
        self.able = True

    async def draw(self, drawing: Drawing):
        self.orders.append(drawing)
        await self.open.wait()
        return picture() if self.able else None


@pytest.fixture
def studio(monkeypatch) -> Studio:
    made = Studio()
    monkeypatch.setattr(illustrator, "draw", made.draw)
    return made


async def test_a_drawing_is_attached_and_the_text_says_where_it_belongs(stage: Stage, studio):
    studio.open.set()
    reply = stage.reply()
    reply.write(f"See:\n\n{FORMULA}\nThat is it.")
    await stage.end(reply)
    assert stage.place.pages == ["See:\n\n-# Formula: picture 1 below\n\nThat is it."]
    assert stage.place.last.files == ["formula_1.png"]


async def test_until_it_is_drawn_its_fallback_is_shown_and_the_text_goes_on(stage: Stage, studio):
    reply = stage.reply()
    reply.write(f"See:\n\n{FORMULA}\nThat is it.")
    await stage.clock.advance(1)
    (order,) = studio.orders
    assert order.fallback.strip() in stage.place.pages[0]
    assert stage.place.pages[0].endswith("That is it.")
    studio.open.set()
    await stage.end(reply)
    assert "picture 1 below" in stage.place.pages[0]


async def test_what_cannot_be_drawn_stays_in_the_text(stage: Stage, studio):
    studio.able = False
    studio.open.set()
    reply = stage.reply()
    reply.write(f"See:\n\n{FORMULA}\nThat is it.")
    await stage.end(reply)
    (order,) = studio.orders
    assert order.fallback.strip() in stage.place.pages[0]
    assert stage.place.last.files == []


async def test_a_reply_waits_only_a_few_seconds_for_its_drawings(stage: Stage, studio):
    reply = stage.reply()
    reply.write(FORMULA * 5)
    before = stage.clock.now()
    await stage.end(reply)
    assert stage.clock.now() - before < 5
    assert len(studio.orders) == 1
    assert stage.place.pages[0].count("```") == 10
    studio.open.set()


async def test_a_drawing_at_the_very_end_is_waited_for(stage: Stage, studio):
    studio.open.set()
    reply = stage.reply()
    reply.write("See:\n\n" + FORMULA.strip())
    await stage.end(reply)
    assert stage.place.pages == ["See:\n\n-# Formula: picture 1 below"]


async def test_a_drawing_hangs_under_the_page_that_speaks_of_it(stage: Stage, studio):
    studio.open.set()
    reply = stage.reply()
    reply.write(f"See:\n\n{FORMULA}\n" + "word " * 700 + f"\n\n{FORMULA}")
    await stage.end(reply)
    first, second = stage.place.messages.values()
    assert [len(first.files), len(second.files)] == [1, 1]
    assert "picture 1 below" in first.content
    assert "picture 2 below" in second.content


async def test_no_more_is_drawn_than_one_message_holds(stage: Stage, studio):
    studio.open.set()
    reply = stage.reply()
    reply.write(FORMULA * 12)
    await stage.end(reply)
    assert len(stage.place.last.files) == 10
    assert stage.place.pages[0].count("```") == 4


async def test_half_open_markdown_never_shows(stage: Stage):
    reply = stage.reply()
    for character in "A **bold** word, `code`, and | a | table |\n|---|---|---|\n| 1 | 2 | 3 |\n":
        reply.write(character)
        await stage.clock.advance(1.1)
    await stage.end(reply)
    for _at, content in stage.place.history:
        assert content.count("**") % 2 == 0
        assert content.count("`") % 2 == 0
        assert "|-" not in content


async def test_drawings_on_two_pages_leave_the_buttons_on_the_last(stage: Stage, studio):
    studio.open.set()
    reply = stage.reply()
    reply.write(FORMULA * 5 + "word " * 500 + "\n\n" + FORMULA * 5)
    for _number in range(3):
        reply.attach(picture())
    await stage.end(reply)
    assert len(stage.place.messages) == 2
    assert stage.place.last.buttons == "Regenerate"
    assert sum(len(message.files) for message in stage.place.messages.values()) == 13


async def test_nothing_is_drawn_for_pages_that_only_the_file_has(stage: Stage, studio):
    studio.open.set()
    reply = stage.reply(max_pages=1)
    reply.write("word " * 500 + "\n\n" + FORMULA * 3)
    await stage.end(reply)
    assert studio.orders == []
    assert stage.place.last.files == ["answer.md"]
