from __future__ import annotations

import asyncio
import io
import itertools
from dataclasses import replace

import aiohttp
import discord
import pytest

from bot.chat.content import ImagePart, Speaker
from bot.chat.endings import interrupted
from bot.chat.turns import Ending, ImageOptions, OpenTurn, Question, Scope, Task, TurnState
from bot.replies.errors import TransientError
from bot.replies.files import REQUEST_BYTES
from bot.replies.pacing import EditBudget
from bot.replies.pages import Paginator
from bot.replies.places import ChannelPlace, Paint
from bot.replies.recovery import Mended, Recovery
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


async def mend(
    recovery: Recovery, turn: OpenTurn, pictures: tuple[ImagePart, ...] = (), noted=None
) -> Mended:
    """Mend a reply; messages that nobody had noted come into `noted`."""

    async def note(page: int, channel_id: int, message_id: int) -> None:
        if noted is not None:
            noted.append((page, channel_id, message_id))

    mending = asyncio.create_task(recovery.mend(turn, pictures, note))
    clock = recovery._budget._clock
    assert isinstance(clock, FakeClock)
    while not mending.done():  # the sockets know nothing of our clock
        await asyncio.sleep(0.001)
        await clock.advance(1)
    return await mending


def breaks_off(monkeypatch, *, after: int) -> None:
    """Have one connection to Discord break off after so many calls."""
    request, calls = aiohttp.ClientSession.request, itertools.count()

    def once(session: aiohttp.ClientSession, *args, **given):
        if next(calls) == after:
            raise aiohttp.ClientConnectionError
        return request(session, *args, **given)

    monkeypatch.setattr(aiohttp.ClientSession, "request", once)


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
    assert (await mend(recovery, turn(1, page))).text == "Half an"
    message = server.messages[str(page)]
    assert message["content"] == f"Half an\n{SAID}"
    assert message["attachments"]
    assert message["components"][0]["components"][0]["label"] == "Retry 42"


async def test_a_thinking_line_is_replaced(world):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("-# Thinking for 9 s"), nonce="1")).id
    assert (await mend(recovery, turn(page))).text == ""
    assert server.messages[str(page)]["content"] == f"-# {interrupted(has_text=False).words}"


async def test_a_full_page_is_followed_by_a_message(world):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("x" * 1_999), nonce="1")).id
    await mend(recovery, turn(page))
    assert server.messages[str(page)]["content"] == "x" * 1_999
    assert server.messages[str(page)]["components"] == []
    notice = next(r for r in server.requests if "interrupted" in str(r.body.get("nonce")))
    assert notice.body["message_reference"]["message_id"] == page


async def test_an_answer_without_a_page_is_mentioned_in_reply_to_its_question(world):
    server, recovery, _ = world
    await mend(recovery, turn())
    [posted] = [request for request in server.requests if request.method == "POST"]
    assert posted.body["content"] == interrupted(has_text=False).words
    assert posted.body["message_reference"]["message_id"] == 99


async def test_a_message_that_nobody_noted_before_the_crash_is_found_and_not_doubled(world):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("Half an"), nonce="42.1.0")).id
    restarted = Recovery(recovery._client, EditBudget(FakeClock()), controls)
    assert (await mend(restarted, turn())).text == "Half an"
    assert [m["content"] for m in server.messages.values()] == [f"Half an\n{SAID}"]
    assert str(page) in server.messages


async def test_a_private_answer_is_not_mentioned_in_public(world):
    server, recovery, _ = world
    assert (await mend(recovery, turn(scope="private:2"))).text == ""
    assert server.requests == []


async def nobody(_page: int, _channel_id: int, _message_id: int) -> None:
    """Told of no further messages."""


def privately(page: int) -> OpenTurn:
    asked = turn(page, scope="private:2")
    return replace(asked, question=replace(asked.question, token="token"))


async def test_a_private_answer_cut_off_between_two_pages_is_ended_although_nothing_grows(world):
    """A page that is full has no buttons any more, and the next was not there yet."""
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("Half an"), nonce="1")).id
    await recovery.mend(privately(page), (), nobody)
    assert server.messages[str(page)]["content"] == f"Half an\n{SAID}"


async def test_a_private_answer_whose_page_is_full_is_ended_below_it(world):
    server, recovery, channel = world
    full = "word " * 399
    page = (await ChannelPlace(channel).post(Paint(full), nonce="1")).id
    await recovery.mend(privately(page), (), nobody)
    first, below = server.messages.values()
    assert (first["content"].split(), below["content"]) == (full.split(), SAID)
    assert server.last.body["flags"] & discord.MessageFlags.ephemeral.flag


async def test_a_private_answer_is_ended_once_however_often_it_is_tried(world):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("Half an"), nonce="1")).id
    for _try in range(2):
        await recovery.mend(privately(page), (), nobody)
    assert server.messages[str(page)]["content"] == f"Half an\n{SAID}"


async def test_a_reply_that_is_gone_is_left_alone(world):
    server, recovery, _ = world
    assert (await mend(recovery, turn(123))).text == ""
    assert [request.method for request in server.requests] == ["GET"]


async def test_the_text_of_all_pages_that_are_left_is_given_back(world):
    _, recovery, channel = world
    place = ChannelPlace(channel)
    first = (await place.post(Paint("One."), nonce="1")).id
    second = (await place.post(Paint(f"Two.\n{file_line()}"), nonce="2")).id
    assert (await mend(recovery, turn(first, 123, second))).text == "One.\nTwo."


async def test_what_was_read_is_given_back_even_if_it_cannot_be_mended(world):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("Half an"), nonce="1")).id
    server.refusals = [None, (403, 50001)]
    assert (await mend(recovery, turn(page))).text == "Half an"


@pytest.mark.parametrize("calls", [0, 1], ids=["while it is read", "while it is mended"])
async def test_what_a_moment_of_trouble_kept_from_being_mended_the_next_try_mends(
    world, monkeypatch, calls
):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("Half an"), nonce="1")).id
    breaks_off(monkeypatch, after=calls)
    with pytest.raises(TransientError):
        await mend(recovery, turn(page))
    for _again in range(2):
        assert (await mend(recovery, turn(page))).text == "Half an"
    assert server.messages[str(page)]["content"] == f"Half an\n{SAID}"


@pytest.mark.parametrize("code", [50083, 50005], ids=["archived thread", "somebody else's"])
async def test_where_the_last_page_takes_no_edits_a_message_below_says_it(world, code):
    server, recovery, channel = world
    page = (await ChannelPlace(channel).post(Paint("Half an"), nonce="1")).id
    server.refusals = [None, (400, code)]
    noted: list[tuple[int, int, int]] = []
    assert (await mend(recovery, turn(page), noted=noted)).text == "Half an"
    [(number, _channel, below)] = noted
    assert (number, server.messages[str(below)]["content"]) == (2, WORDS)
    assert server.messages[str(below)]["components"]
    assert (await mend(recovery, turn(page, below))).text == "Half an"
    assert len(server.messages) == 2


async def test_where_the_bot_may_not_reply_it_sends_a_plain_message(world):
    server, recovery, _channel = world
    server.refusals = [(400, 160002)]
    await mend(recovery, turn())
    assert [message["content"] for message in server.messages.values()] == [WORDS]


async def test_buttons_of_earlier_pages_go_as_well(world):
    server, recovery, channel = world
    place = ChannelPlace(channel)
    view = controls(turn(), None)
    pages = [(await place.post(Paint(text, view=view), nonce=text)).id for text in ("One", "Two")]
    await mend(recovery, turn(*pages))
    assert [bool(m["components"]) for m in server.messages.values()] == [False, True]


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
    mended = await mend(recovery, drawn((page,)), PICTURES)
    message = server.messages[str(page)]
    names = [file["filename"] for file in message["attachments"]]
    assert names == ["a-red-square-1.png", "a-red-square-2.png"]
    assert (mended.state, message["content"]) == (TurnState.COMPLETE, "Here:")


async def test_pictures_of_a_reply_that_nobody_saw_are_posted_once(world):
    server, recovery, _channel = world
    restarted = Recovery(recovery._client, EditBudget(FakeClock()), controls)
    for each in (recovery, restarted):
        assert (await mend(each, drawn(), PICTURES)).state is TurnState.COMPLETE
    [message] = server.messages.values()
    names = [file["filename"] for file in message["attachments"]]
    assert names == ["a-red-square-1.png", "a-red-square-2.png"]


async def test_fewer_pictures_than_were_asked_for_are_an_interrupted_answer(world):
    server, recovery, _channel = world
    assert (await mend(recovery, drawn(count=3), PICTURES)).state is TurnState.INTERRUPTED
    [message] = server.messages.values()
    assert interrupted(has_text=False).words in message["content"]
    assert len(message["attachments"]) == 2


def heavy() -> ImagePart:
    """A picture of which one request carries two."""
    return replace(picture(), data=bytes(REQUEST_BYTES // 5 * 2))


async def test_pictures_that_one_request_cannot_carry_are_all_delivered(world, monkeypatch):
    server, recovery, _channel = world
    monkeypatch.setattr("bot.replies.recovery.upload_limit", lambda _guild: REQUEST_BYTES)
    mended = await mend(recovery, drawn(count=4), (heavy(),) * 4)
    assert mended.state is TurnState.COMPLETE
    [message] = server.messages.values()
    names = [file["filename"] for file in message["attachments"]]
    assert names == [f"a-red-square-{number}.png" for number in (1, 2, 3, 4)]
    assert message["components"]


async def test_a_crash_between_two_requests_doubles_no_picture(world, monkeypatch):
    server, recovery, _channel = world
    monkeypatch.setattr("bot.replies.recovery.upload_limit", lambda _guild: REQUEST_BYTES)
    with monkeypatch.context() as breaking:
        breaks_off(breaking, after=2)
        with pytest.raises(TransientError):
            await mend(recovery, drawn(count=4), (heavy(),) * 4)
    assert [len(m["attachments"]) for m in server.messages.values()] == [2]
    await mend(recovery, drawn(count=4), (heavy(),) * 4)
    [message] = server.messages.values()
    names = [file["filename"] for file in message["attachments"]]
    assert names == [f"a-red-square-{number}.png" for number in (1, 2, 3, 4)]


async def test_pictures_without_room_on_the_last_page_follow_in_a_message(world):
    server, recovery, channel = world
    drawings = [discord.File(io.BytesIO(b"x"), f"table_{number}.png") for number in range(9)]
    page = (await ChannelPlace(channel).post(Paint("Here:", drawings), nonce="1")).id
    noted: list[tuple[int, int, int]] = []
    await mend(recovery, drawn((page,)), PICTURES, noted)
    assert [len(m["attachments"]) for m in server.messages.values()] == [10, 1]
    assert [bool(m["components"]) for m in server.messages.values()] == [False, True]
    assert [number for number, _channel, _message in noted] == [2]


async def test_a_picture_of_the_answer_before_is_not_taken_for_one_of_this(world):
    server, recovery, channel = world
    files = [discord.File(io.BytesIO(b"x"), "a-red-square-1.png")]
    page = (await ChannelPlace(channel).post(Paint("", files), nonce="1")).id
    await mend(recovery, replace(drawn((page,)), variant=2), PICTURES)
    names = [file["filename"] for file in server.messages[str(page)]["attachments"]]
    assert names == ["a-red-square-1v2.png", "a-red-square-2v2.png"]


async def test_a_picture_that_cannot_be_delivered_is_told(world, monkeypatch):
    server, recovery, channel = world
    monkeypatch.setattr("bot.replies.recovery.upload_limit", lambda _guild: 10)
    page = (await ChannelPlace(channel).post(Paint("Here:"), nonce="1")).id
    for _again in range(2):
        await mend(recovery, drawn((page,)), PICTURES)
    assert server.messages[str(page)]["content"] == (
        "Here:\n-# A file is too large to be attached here."
    )
