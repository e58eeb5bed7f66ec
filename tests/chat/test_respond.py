from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.chat.content import ImagePart, Message, Native, Role, TextPart
from bot.chat.continuing import CONTINUE
from bot.chat.events import (
    Finished,
    FinishReason,
    ImageReady,
    ReasoningDelta,
    TextDelta,
    Usage,
    UsageReported,
)
from bot.chat.metering import Meter, Price, no_price
from bot.chat.persona import system_prompt
from bot.chat.quota import Account, Charge, Measure, Period, Wanted
from bot.chat.respond import Responder
from bot.chat.turns import (
    Answer,
    Ending,
    Grant,
    ImageOptions,
    Manner,
    Question,
    Scope,
    Task,
    TurnState,
)
from bot.errors import (
    AuthCodeError,
    BlockedError,
    BrokenStreamError,
    ClosingError,
    CreditError,
    QuestionError,
    StorageError,
    UnavailableError,
)
from tests.fakes import (
    MIRA,
    SCOPE,
    FakeClock,
    FakeModel,
    MemoryQuotas,
    MemoryStore,
    RecordingSurface,
    question,
)

TODAY = datetime(2026, 11, 26, tzinfo=UTC)
STOP = Finished(FinishReason.STOP)
FOX = ImagePart(b"fox", "image/png")


async def keep_size(image: ImagePart, max_bytes: int) -> ImagePart:
    return image


class World:
    """A responder with everything around it, and the surfaces it opened."""

    def __init__(self, *script, later=()) -> None:
        self.model = FakeModel(script, later)
        self.store = MemoryStore()
        self.quotas = MemoryQuotas()
        self.price: Price = no_price
        self.surfaces: list[RecordingSurface] = []
        self.opened = asyncio.Event()
        self.unreachable = False
        """Whether Discord is away when the next replies end."""
        self.responder = Responder(
            model=self.model,
            store=self.store,
            variants=self.store,
            clock=FakeClock(),
            meter=Meter(self.quotas, lambda *what: self.price(*what)),
            scale=keep_size,
        )

    async def open_surface(self, turn) -> RecordingSurface:
        self.surfaces.append(RecordingSurface(unreachable=self.unreachable))
        self.opened.set()
        return self.surfaces[-1]

    async def ask(self, asked=None, **more) -> RecordingSurface:
        asked = asked or question()

        async def prepare():
            return asked

        await self.responder.ask(asked.scope, prepare, self.open_surface, **more)
        return self.surfaces[-1]

    async def growing(self) -> None:
        """Wait until the first reply shows text."""
        async with asyncio.timeout(5):
            await self.opened.wait()
            await self.surfaces[0].seen.wait()

    @property
    def state(self) -> TurnState:
        return self.store.states[max(self.store.states)]


async def test_an_answer_is_shown_and_remembered():
    world = World(
        ReasoningDelta("hm"),
        TextDelta("Hel"),
        TextDelta("lo"),
        UsageReported(Usage(3, 4)),
        STOP,
    )
    surface = await world.ask()
    assert (surface.text, surface.thoughts) == ("Hello", "hm")
    assert surface.ending is not None
    assert (surface.ending.state, surface.ending.words) == (TurnState.COMPLETE, "")
    kept = world.store.answers[1]
    assert kept.message.parts == (TextPart("Hello"),)
    assert kept.usage == Usage(3, 4)


async def test_the_next_question_brings_what_was_said_before():
    world = World(TextDelta("yes"), STOP)
    await world.ask(question("one", event_id=1))
    await world.ask(question("two", event_id=2))
    asked = [message.text for message in world.model.requests[1].messages]
    assert asked == ["mira: one", "yes", "mira: two"]
    assert world.model.requests[1].system == system_prompt(None)


async def test_in_a_direct_message_nobody_is_named():
    world = World(TextDelta("yes"), STOP)
    await world.ask(question("one", scope=Scope("channel:9", None, 9)))
    assert [m.text for m in world.model.requests[0].messages] == ["one"]


async def test_the_same_event_is_answered_once():
    world = World(TextDelta("yes"), STOP)
    await world.ask(question(event_id=5))
    await world.ask(question(event_id=5))
    assert len(world.surfaces) == 1
    assert len(world.model.requests) == 1


async def test_the_native_form_of_an_answer_is_kept_unchanged():
    native = Native("gemini", "m", "h", b'[{"text":"a","thoughtSignature":"s"}]')
    world = World(TextDelta("a"), Finished(FinishReason.STOP, native=native, model="m-001"))
    await world.ask()
    assert world.store.answers[1].message.native == native
    assert world.store.answers[1].model == "m-001"


async def test_a_picture_is_asked_for_without_history_and_described_by_its_prompt():
    world = World(ImageReady(FOX), STOP)
    await world.ask(question("earlier", event_id=1))
    asked = question(
        "a fox",
        event_id=2,
        task=Task.IMAGE,
        model="gemini-3-pro-image-preview",
        image=ImageOptions("16:9", "2K"),
    )
    surface = await world.ask(asked)
    request = world.model.requests[-1]
    assert (request.draw, request.aspect_ratio, request.image_size) == (True, "16:9", "2K")
    assert [message.text for message in request.messages] == ["a fox"]
    assert request.system is None
    assert surface.images[0].alt == "a fox"


@pytest.mark.parametrize(
    ("script", "state", "words"),
    [
        pytest.param([STOP], TurnState.FAILED, "without an answer", id="nothing at all"),
        pytest.param([TextDelta(""), STOP], TurnState.FAILED, "without", id="an empty piece"),
        pytest.param([TextDelta(" \n"), STOP], TurnState.FAILED, "without", id="only blanks"),
        pytest.param(
            [TextDelta("a"), Finished(FinishReason.LENGTH)],
            TurnState.LENGTH,
            "length limit",
            id="length",
        ),
        pytest.param(
            [Finished(FinishReason.LENGTH)], TurnState.FAILED, "for thinking", id="only thoughts"
        ),
        pytest.param(
            [Finished(FinishReason.FILTERED, message="Not this.")],
            TurnState.FILTERED,
            "Not this.",
            id="filtered with a reason",
        ),
        pytest.param(
            [TextDelta("a"), Finished(FinishReason.UNCONFIRMED)],
            TurnState.COMPLETE,
            "",
            id="done without a reason",
        ),
        pytest.param([UnavailableError("x")], TurnState.FAILED, "cannot be reached", id="down"),
        pytest.param(
            [TextDelta("a"), BrokenStreamError("x")],
            TurnState.FAILED,
            "The answer broke off here.",
            id="broken after text",
        ),
        pytest.param([BlockedError("x")], TurnState.FILTERED, "rules forbid", id="blocked"),
        pytest.param([ValueError("bug")], TurnState.FAILED, "inside the bot", id="our own fault"),
    ],
)
async def test_every_ending_is_visible(script, state, words):
    surface = await World(*script).ask()
    assert surface.ending is not None
    assert surface.ending.state is state
    assert words in surface.ending.words


@pytest.mark.parametrize("kind", [CreditError, AuthCodeError])
@pytest.mark.parametrize(
    "asked", [{}, {"task": Task.IMAGE}, {"task": Task.IMAGE, "image": ImageOptions(count=2)}]
)
@pytest.mark.parametrize(
    ("authcode", "named", "spared"),
    [("", "bot's operator", "server"), ("own", "server admin", "operator")],
)
async def test_whoever_owns_the_auth_code_is_named_when_it_does_not_do(
    kind, asked, authcode, named, spared
):
    world = World(kind("no"))
    surface = await world.ask(question(manner=Manner(grant=Grant(authcode=authcode)), **asked))
    assert surface.ending is not None
    assert named in surface.ending.words
    assert spared not in surface.ending.words
    assert ("/config authcode" in surface.ending.words) == bool(authcode)


async def test_a_failed_answer_is_not_part_of_the_next_context():
    world = World(TextDelta("half"), BrokenStreamError("cut"))
    await world.ask(question("one", event_id=1))
    world.model.script = [TextDelta("yes"), STOP]
    await world.ask(question("two", event_id=2))
    assert [m.text for m in world.model.requests[1].messages] == ["mira: two"]


async def test_stop_keeps_what_was_said_and_lets_go_of_the_model():
    world = World(TextDelta("so far"), asyncio.Event())
    asking = asyncio.create_task(world.ask())
    await world.growing()
    assert world.responder.stop(1)
    surface = await asking
    assert surface.ending is not None
    assert (surface.text, surface.ending.state) == ("so far", TurnState.STOPPED)
    assert world.model.closed == 1
    assert world.store.answers[1].message.text == "so far"
    assert not world.responder.stop(1)


async def test_a_reply_that_nobody_can_see_lets_go_of_the_model_and_is_not_remembered():
    world = World(TextDelta("so far"), asyncio.Event())
    asking = asyncio.create_task(world.ask())
    await world.growing()
    world.surfaces[0].lose()
    await asking
    assert world.model.closed == 1
    assert world.state is TurnState.FAILED


async def test_shutdown_ends_growing_replies_as_interrupted_and_waits_for_them():
    world = World(TextDelta("so far"), asyncio.Event())
    asking = asyncio.create_task(world.ask())
    await world.growing()
    await world.responder.shutdown()
    assert world.surfaces[0].ending is not None
    assert world.surfaces[0].ending.state is TurnState.INTERRUPTED
    assert world.surfaces[0].ending.can_retry
    await asking


async def test_retry_asks_the_same_question_again():
    world = World(UnavailableError("down"))
    await world.ask(question("one"))
    world.model.script = [TextDelta("yes"), STOP]
    assert await world.responder.again(1, world.open_surface)
    assert world.surfaces[-1].text == "yes"
    assert world.model.requests[1].messages[-1].text == "mira: one"


async def test_a_question_that_cannot_be_prepared_leaves_no_trace():
    world = World(STOP)

    async def prepare():
        raise QuestionError("too large")

    with pytest.raises(QuestionError):
        await world.responder.ask(SCOPE, prepare, world.open_surface)
    assert world.store.turns == {}
    assert world.surfaces == []


async def test_questions_are_remembered_in_the_order_they_came():
    world = World(TextDelta("yes"), STOP)
    slow = asyncio.Event()

    def prepare(text: str, event_id: int, ready: asyncio.Event | None):
        async def prepared():
            if ready:
                await ready.wait()
            return question(text, event_id=event_id)

        return prepared

    ask = world.responder.ask
    first = asyncio.create_task(ask(SCOPE, prepare("one", 1, slow), world.open_surface))
    second = asyncio.create_task(ask(SCOPE, prepare("two", 2, None), world.open_surface))
    await asyncio.sleep(0)
    slow.set()
    await asyncio.gather(first, second)
    asked = [turn.question.parts for _, turn in sorted(world.store.turns.items())]
    assert asked == [(TextPart("one"),), (TextPart("two"),)]


async def test_a_private_question_is_forgotten_afterwards():
    world = World(TextDelta("yes"), STOP)
    await world.ask(question(scope=Scope("private:1", 1, 7)), keep=False)
    assert world.surfaces[0].text == "yes"
    assert world.store.turns == {}


async def test_a_private_question_is_forgotten_as_soon_as_the_memory_works_again(monkeypatch):
    world = World(TextDelta("yes"), STOP)

    async def fail(_scope):
        raise StorageError("away")

    with monkeypatch.context() as trouble:
        trouble.setattr(world.store, "clear", fail)
        await world.ask(question(scope=Scope("private:1", 1, 7)), keep=False)
        # Should the process die now, the next one finds it.
        assert world.store.unshown == {1}
    await world.responder.close_rest()
    assert world.store.turns == {}


async def test_what_had_to_be_left_out_is_told_under_the_reply():
    surface = await World(TextDelta("yes"), STOP).ask(question(notices=("x.zip was left out.",)))
    assert surface.notices == ["x.zip was left out."]


async def test_neither_prompt_nor_answer_is_logged(caplog):
    caplog.set_level(logging.DEBUG, logger="bot")
    world = World(TextDelta("my secret answer"), UnavailableError("down"))
    await world.ask(question("my secret question"))
    assert "turn=1" in caplog.text
    assert "secret" not in caplog.text


async def test_another_model_can_be_asked_the_same_question():
    world = World(TextDelta("yes"), STOP)
    await world.ask(question("one"))
    assert await world.responder.again(1, world.open_surface, model="o3")
    assert world.model.requests[1].model == "o3"
    assert [m.text for m in world.model.requests[1].messages] == ["mira: one"]


async def test_leafing_back_shows_the_kept_answer_without_asking_anybody():
    world = World(TextDelta("A"), ImageReady(FOX), STOP)
    await world.ask(question("one"))
    world.model.script = [TextDelta("B"), STOP]
    await world.responder.again(1, world.open_surface)
    assert await world.responder.turn_page(2, -1, world.open_surface)
    surface = world.surfaces[-1]
    assert (surface.text, len(surface.images)) == ("A", 1)
    assert surface.ending is not None
    assert surface.ending.state is TurnState.COMPLETE
    assert len(world.model.requests) == 2


async def test_there_is_nothing_before_the_first_answer():
    world = World(TextDelta("A"), STOP)
    await world.ask(question("one"))
    assert not await world.responder.turn_page(1, -1, world.open_surface)
    assert len(world.surfaces) == 1


@pytest.mark.parametrize(
    "script",
    [
        pytest.param([TextDelta("half"), Finished(FinishReason.LENGTH)], id="length"),
        pytest.param([TextDelta("half"), BrokenStreamError("cut")], id="broken"),
    ],
)
async def test_an_answer_that_was_cut_off_can_be_continued(script):
    world = World(*script)
    surface = await world.ask(question("one", event_id=1))
    assert surface.ending is not None
    assert surface.ending.can_continue
    world.model.script = [TextDelta(" and whole"), STOP]
    await world.responder.go_on(1, 77, MIRA, world.open_surface)
    told = [message.text for message in world.model.requests[-1].messages]
    assert told[:2] == ["mira: one", "half"]
    assert CONTINUE in told[2]
    assert world.surfaces[-1].text == " and whole"


async def test_an_answer_is_continued_once_however_often_it_is_asked_for():
    world = World(TextDelta("half"), Finished(FinishReason.LENGTH))
    await world.ask(question("one", event_id=1))
    for _press in range(2):
        await world.responder.go_on(1, 77, MIRA, world.open_surface)
    assert len(world.surfaces) == 2


async def test_an_error_before_any_text_cannot_be_continued():
    surface = await World(UnavailableError("down")).ask()
    assert surface.ending is not None
    assert (surface.ending.can_retry, surface.ending.can_continue) == (True, False)


async def test_a_reply_that_cannot_even_begin_leaves_its_question_to_be_asked_again():
    world = World(TextDelta("yes"), STOP)

    async def broken(turn):
        raise OSError("database gone")

    async def prepare():
        return question("one")

    with pytest.raises(OSError, match="gone"):
        await world.responder.ask(SCOPE, prepare, broken)
    assert world.state is TurnState.FAILED
    assert world.store.unshown == set()
    assert await world.responder.again(1, world.open_surface)


# When the memory is in trouble, and when the bot goes down.


async def test_without_a_memory_a_question_is_answered_all_the_same_and_that_is_said():
    world = World(TextDelta("Hello"), STOP)
    world.store.troubled = True
    surface = await world.ask()
    assert surface.text == "Hello"
    assert "without it" in surface.notices[0]
    assert surface.ending == Ending(TurnState.COMPLETE)


async def test_without_a_memory_a_repeated_event_is_answered_once():
    world = World(TextDelta("Hello"), STOP)
    world.store.troubled = True
    await world.ask()
    await world.ask()
    world.store.troubled = False
    await world.ask()
    assert len(world.model.requests) == 1


@pytest.mark.parametrize(
    ("task", "said"), [(Task.CHAT, TextDelta("Hello")), (Task.IMAGE, ImageReady(FOX))]
)
async def test_an_answer_is_shown_later_when_discord_could_not_be_reached(task, said):
    world = World(said, STOP)
    world.unreachable = True
    await world.ask(question(task=task))
    assert world.state is TurnState.COMPLETE
    [turn] = await world.store.interrupted()
    kept = await world.store.kept(turn.turn_id)
    assert not await world.responder.show_again(kept, world.open_surface)
    await world.responder.close_rest()
    assert world.store.unshown == {turn.turn_id}
    world.unreachable = False
    assert await world.responder.show_again(kept, world.open_surface)
    await world.responder.close_rest()
    assert (world.surfaces[-1].text, world.surfaces[-1].images) == (
        world.surfaces[0].text,
        world.surfaces[0].images,
    )
    assert world.store.unshown == set()


async def test_an_answer_is_left_for_later_only_when_its_ending_is_kept():
    """Otherwise whoever finds it takes it for an interrupted one."""
    ready = asyncio.Event()
    world = World(TextDelta("Hello"), ready, STOP)
    world.unreachable = True
    asked = asyncio.create_task(world.ask())
    await world.opened.wait()
    world.store.troubled = True
    ready.set()
    await asked
    world.store.troubled = False
    assert await world.store.interrupted() == []
    await world.responder.close_rest()
    [turn] = await world.store.interrupted()
    assert world.store.states[turn.turn_id] is TurnState.COMPLETE


async def test_an_edit_needs_its_picture_from_the_memory():
    world = World(TextDelta("Hello"), STOP)
    world.store.troubled = True
    with pytest.raises(StorageError):
        await world.ask(question(task=Task.IMAGE, follows=1, edits=(1,)))
    assert world.model.requests == []


async def test_an_ending_that_could_not_be_kept_is_kept_later():
    ready = asyncio.Event()
    world = World(TextDelta("Hello"), ready, STOP)
    asked = asyncio.create_task(world.ask())
    await world.opened.wait()
    world.store.troubled = True
    ready.set()
    surface = await asked
    assert surface.ending is not None
    assert await world.responder.close_rest() == 1
    world.store.troubled = False
    assert await world.responder.close_rest() == 0
    [answer] = world.store.answers.values()
    assert answer.message.text == "Hello"


async def test_draining_waits_for_what_grows_and_takes_nothing_new():
    ready = asyncio.Event()
    world = World(TextDelta("Hello"), ready, STOP)
    asked = asyncio.create_task(world.ask())
    await world.opened.wait()
    draining = asyncio.create_task(world.responder.drain())
    await asyncio.sleep(0)
    with pytest.raises(ClosingError):
        await world.ask(question(event_id=101))
    assert not draining.done()
    ready.set()
    await draining
    assert (await asked).text == "Hello"


async def test_draining_waits_for_a_question_that_is_still_prepared():
    world = World(TextDelta("Hello"), STOP)
    fetched = asyncio.Event()

    async def prepare():
        await fetched.wait()
        return question()

    asked = asyncio.create_task(world.responder.ask(SCOPE, prepare, world.open_surface))
    await asyncio.sleep(0)
    draining = asyncio.create_task(world.responder.drain())
    await asyncio.sleep(0)
    assert not draining.done()
    fetched.set()
    assert await asked
    await draining
    assert world.surfaces[0].text == "Hello"


async def test_what_a_cut_off_reply_used_is_settled():
    world = World(TextDelta("Hello"), STOP)
    limit = Charge(Account(0, Measure.REQUESTS, Period.DAY, TODAY), 9, TODAY)
    number = await world.quotas.reserve(1, [Wanted(limit, 1)])
    turn = await world.store.open_turn(question(), reservation=number)
    assert turn is not None
    said = Answer(Message(Role.ASSISTANT, (TextPart("Hel"),)))
    await world.responder.recovered(turn, TurnState.INTERRUPTED, said)
    assert world.quotas.reserved == {}
    assert list(world.quotas.used.values()) == [1]


async def test_a_cut_off_reply_that_said_nothing_costs_nothing():
    world = World(TextDelta("Hello"), STOP)
    limit = Charge(Account(0, Measure.REQUESTS, Period.DAY, TODAY), 9, TODAY)
    number = await world.quotas.reserve(1, [Wanted(limit, 1)])
    turn = await world.store.open_turn(question(), reservation=number)
    assert turn is not None
    await world.responder.recovered(
        turn, TurnState.INTERRUPTED, Answer(Message(Role.ASSISTANT, ()))
    )
    assert list(world.quotas.used.values()) == [0]


async def test_pictures_are_counted_before_their_turn_looks_finished(monkeypatch):
    """A crash in between leaves a turn that is mended and settled, not one that nobody looks at."""
    world = World(ImageReady(FOX), STOP)
    limit = Charge(Account(0, Measure.IMAGES, Period.DAY, TODAY), 9, TODAY)
    counted: list[dict[int, Any]] = []
    close_turn = world.store.close_turn

    async def closed(*given, **more):
        counted.append(dict(world.quotas.reserved))
        await close_turn(*given, **more)

    monkeypatch.setattr(world.store, "close_turn", closed)
    manner = Manner(grant=Grant(charges=(limit,)))
    await world.ask(question("a fox", task=Task.IMAGE, manner=manner))
    assert counted == [{}]
    assert world.quotas.used == {(1, limit.account): 1}


# What is counted.


def limited(limit: int, measure: Measure = Measure.IMAGES, **more) -> Question:
    charge = Charge(Account(0, measure, Period.DAY, TODAY), limit, TODAY)
    return question(manner=Manner(grant=Grant(charges=(charge,))), **more)


def four_pictures(**more) -> Question:
    return limited(9, task=Task.IMAGE, image=ImageOptions(count=4), **more)


def used(world: World) -> int:
    [count] = world.quotas.used.values()
    return count


async def test_pictures_that_were_stopped_after_they_were_asked_for_are_counted():
    world = World(asyncio.Event(), later=[[ImageReady(FOX), asyncio.Event()]])
    asking = asyncio.create_task(world.ask(four_pictures()))
    await world.growing()
    assert world.responder.stop(1)
    await asking
    assert used(world) == 4


@pytest.mark.parametrize(
    ("error", "count"),
    [(BrokenStreamError("cut", billable=True), 4), (UnavailableError("refused"), 0)],
)
async def test_pictures_that_failed_are_counted_if_they_may_have_been_charged(error, count):
    world = World(error)
    await world.ask(four_pictures())
    assert used(world) == count


async def test_what_a_stopped_question_was_sent_with_is_counted():
    more = [TextDelta("so far"), asyncio.Event()]
    world = World(TextDelta("word " * 4_000), STOP, later=[more])
    await world.ask(limited(10**6, Measure.TOKENS))
    before = used(world)
    world.opened.clear()
    asking = asyncio.create_task(world.ask(limited(10**6, Measure.TOKENS, event_id=101)))
    await world.opened.wait()
    await world.surfaces[1].seen.wait()
    assert world.responder.stop(2)
    await asking
    assert used(world) - before > 4_000


async def test_what_could_not_be_counted_is_counted_later():
    world = World(TextDelta("Hello"), STOP)
    world.quotas.troubled = True
    await world.ask(limited(9, Measure.REQUESTS))
    await world.responder.close_rest()
    assert len(world.quotas.reserved) == 1
    world.quotas.troubled = False
    await world.responder.close_rest()
    assert world.quotas.reserved == {}
    assert used(world) == 1
