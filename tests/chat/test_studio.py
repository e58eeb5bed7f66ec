"""Pictures: what the model gets to see, and what becomes of its answers."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from hypothesis import given, strategies as st

from bot.chat import studio
from bot.chat.content import ImagePart, Message, Native, Role, TextPart
from bot.chat.context import HISTORY_BYTES, message_bytes
from bot.chat.events import (
    Finished,
    FinishReason,
    ImageReady,
    ReasoningDelta,
    Source,
    SourcesFound,
    TextDelta,
    ToolCalled,
    Usage,
    UsageReported,
)
from bot.chat.quota import MICRO, Account, Charge, Measure, Period
from bot.chat.turns import Exchange, Grant, ImageOptions, Manner, Task, TurnState
from bot.errors import ConversationError, RejectedError, TooLargeError, UnavailableError
from tests.chat.test_respond import TODAY, World
from tests.fakes import question

PAINTER = "gemini-3-pro-image-preview"
FOX = ImagePart(b"fox", "image/jpeg", width=1024, height=1024)
OWL = ImagePart(b"owl", "image/jpeg", width=1024, height=1024)
STOP = Finished(FinishReason.STOP)
NO_IMAGE = Finished(FinishReason.NO_IMAGE)


def native(words: str = "[]", model: str = PAINTER) -> Native:
    return Native("gemini", model, "h", words.encode())


def signed(words: str = "[]") -> Finished:
    return Finished(FinishReason.STOP, native=native(words))


def drawn(text: str = "a fox", *, event_id: int = 100, **more):
    return question(text, event_id=event_id, model=PAINTER, task=Task.IMAGE, **more)


SIGNED = (native(),)


def version(asked: str, *pictures: ImagePart, edits=(), natives=SIGNED) -> Exchange:
    """A picture that was asked for earlier."""
    return Exchange(
        Message(Role.USER, (TextPart(asked),)),
        Message(Role.ASSISTANT, pictures, natives=natives),
        TurnState.COMPLETE,
        1,
        model=PAINTER,
        task=Task.IMAGE,
        edits=edits,
    )


def told(messages) -> list[tuple[str, str, list[bytes]]]:
    """Role, words and pictures of each turn; an own form stands as `signed`."""
    return [
        (
            "signed" if message.natives else message.role.value,
            message.text,
            [image.data for image in message.images],
        )
        for message in messages
    ]


def test_an_edit_goes_on_from_the_signed_picture_and_all_versions_before_it():
    lineage = [version("a fox", FOX), version("at night", OWL, edits=(1,))]
    asked = drawn("with stars", edits=(1,))
    assert told(studio.conversation(asked, lineage, max_bytes=HISTORY_BYTES)) == [
        ("user", "a fox", []),
        ("signed", "", [b"fox"]),
        ("user", "at night", []),
        ("signed", "", [b"owl"]),
        ("user", "with stars", []),
    ]


def test_only_the_chosen_picture_of_several_is_edited_with_its_own_signatures():
    pictures = (replace(FOX, take=0), replace(OWL, take=1))
    gallery = version("animals", *pictures, natives=(native("first"), native("second")))
    [_, made, _] = studio.conversation(drawn(edits=(2,)), [gallery], max_bytes=HISTORY_BYTES)
    assert [image.data for image in made.images] == [b"owl"]
    assert made.natives == (native("second"),)


@pytest.mark.parametrize(
    "exchange",
    [
        pytest.param(version("a fox", FOX, natives=(native(model="other"),)), id="another model"),
        pytest.param(version("a fox", FOX, natives=()), id="no signatures kept"),
        pytest.param(version("a fox", replace(FOX, data=b"fox" * 400)), id="too heavy together"),
    ],
)
def test_a_picture_that_cannot_go_back_signed_is_part_of_the_question(exchange):
    [asked] = studio.conversation(drawn("at night", edits=(1,)), [exchange], max_bytes=1_000)
    assert (asked.role, asked.text) == (Role.USER, "at night")
    assert asked.images == exchange.answer.images


def test_several_pictures_are_numbered_for_the_model():
    gallery = version("animals", FOX, OWL, natives=())
    [asked] = studio.conversation(drawn("mix", edits=(1, 2)), [gallery], max_bytes=HISTORY_BYTES)
    assert asked.text == "Picture 1:\nPicture 2:\nmix"
    assert [image.data for image in asked.images] == [b"fox", b"owl"]


def test_versions_beyond_the_budget_are_told_in_words():
    big = replace(FOX, data=b"x" * 900, alt="a big fox")
    lineage = [version("a fox", big), version("at night", OWL, edits=(1,))]
    messages = studio.conversation(drawn("more", edits=(1,)), lineage, max_bytes=100)
    assert told(messages) == [
        ("user", "[earlier picture: a big fox]\nat night", []),
        ("signed", "", [b"owl"]),
        ("user", "more", []),
    ]


def test_a_picture_that_is_not_kept_any_more_cannot_be_edited():
    with pytest.raises(ConversationError, match="no longer keep"):
        studio.conversation(drawn(edits=(1,)), [version("a fox")], max_bytes=HISTORY_BYTES)


def test_what_a_chat_model_had_drawn_is_edited_by_the_words_it_used():
    fox = replace(FOX, alt="A red fox in snow")
    chat = replace(version("draw me something", fox), task=Task.CHAT)
    [asked, *_] = studio.conversation(drawn(edits=(1,)), [chat], max_bytes=HISTORY_BYTES)
    assert asked.text == "A red fox in snow"


@given(
    st.lists(
        st.tuples(st.binary(min_size=1, max_size=300), st.booleans(), st.integers(0, 300)),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 2_000),
)
def test_every_edit_keeps_its_budget_alternates_and_shows_its_picture(steps, budget):
    lineage = [
        version(
            str(number),
            replace(FOX, data=data),
            edits=(1,) if number else (),
            natives=(native("s" * size),) if is_signed else (),
        )
        for number, (data, is_signed, size) in enumerate(steps)
    ]
    messages = studio.conversation(drawn("now", edits=(1,)), lineage, max_bytes=budget)
    roles = [message.role for message in messages]
    assert roles == [Role.USER, Role.ASSISTANT] * (len(roles) // 2) + [Role.USER]
    edited = messages[-2] if len(messages) > 1 else messages[0]
    assert edited.images[-1].data == steps[-1][0]
    assert sum(bool(message.natives) for message in messages) <= studio.MAX_SIGNED_STEPS
    if len(messages) > 1:
        assert sum(map(message_bytes, messages)) <= budget


@pytest.mark.parametrize(
    ("size", "pixels", "says"),
    [
        pytest.param("4K", (1024, 1024), "Asked for 4K", id="silently 1K"),
        pytest.param("4K", (5632, 3072), "", id="as asked"),
        pytest.param("2K", (2816, 1536), "", id="wide"),
        pytest.param("1K", (384, 3072), "", id="very tall"),
        pytest.param(None, (512, 512), "", id="nothing asked"),
        pytest.param("4K", (0, 0), "", id="nobody measured"),
    ],
)
def test_a_size_that_was_not_made_is_told(size, pixels, says):
    picture = replace(FOX, width=pixels[0], height=pixels[1])
    notice = studio.size_notice(ImageOptions(size=size), [picture])
    assert notice.startswith(says) if says else notice == ""


async def test_words_and_pictures_keep_their_order_and_are_kept_before_they_are_shown():
    world = World(TextDelta("One"), ImageReady(FOX), TextDelta("two"), ImageReady(OWL), signed())
    surface = await world.ask(drawn())
    assert surface.order == ["One", surface.images[0], "two", surface.images[1]]
    assert [p.data for p in world.store.pictures[1]] == [b"fox", b"owl"]
    parts = world.store.answers[1].message.parts
    assert [type(part) for part in parts] == [TextPart, ImagePart, TextPart, ImagePart]
    assert surface.ending is not None
    assert (surface.ending.pictures, surface.ending.can_enlarge) == (2, True)


async def test_four_pictures_are_four_calls_with_a_native_form_each():
    scripts = [
        [TextDelta("Here."), ImageReady(replace(FOX, data=b"%d" % n)), signed(str(n))]
        for n in range(4)
    ]
    world = World(*scripts[0], later=scripts[1:])
    surface = await world.ask(drawn(image=ImageOptions(count=4)))
    message = world.store.answers[1].message
    assert surface.drawing == len(world.model.requests) == 4
    assert surface.text == "Here."
    assert {(image.data, message.natives[image.take].parts) for image in message.images} == {
        (b"%d" % n, b"%d" % n) for n in range(4)
    }


async def test_some_of_several_pictures_are_better_than_none():
    world = World(UnavailableError("down"), later=[[ImageReady(FOX), signed()]])
    surface = await world.ask(drawn(image=ImageOptions(count=3)))
    assert surface.ending is not None
    assert surface.ending.state is TurnState.COMPLETE
    assert surface.ending.words.startswith("2 of 3 pictures were made.")
    message = world.store.answers[1].message
    assert all(message.natives[image.take] for image in message.images)


async def test_a_picture_that_came_is_kept_and_shown_even_if_the_reply_is_stopped_meanwhile():
    world = World(ImageReady(FOX), asyncio.Event())
    keeping, kept = asyncio.Event(), asyncio.Event()
    keep = world.store.keep_picture

    async def slowly(turn_id, image):
        keeping.set()
        await kept.wait()
        await keep(turn_id, image)

    world.store.keep_picture = slowly  # type: ignore[method-assign]
    asking = asyncio.create_task(world.ask(drawn()))
    await keeping.wait()
    world.responder.stop(1)
    kept.set()
    surface = await asking
    assert [image.data for image in surface.images] == [b"fox"]
    assert [image.data for image in world.store.answers[1].message.images] == [b"fox"]


async def test_a_picture_is_shown_although_the_memory_is_full(caplog):
    world = World(ImageReady(FOX), signed())

    async def full(turn_id, image):
        raise OSError("no space left")

    world.store.keep_picture = full  # type: ignore[method-assign]
    surface = await world.ask(drawn())
    assert len(surface.images) == 1
    assert "picture not kept" in caplog.text


async def test_a_picture_counts_as_delivered_only_when_discord_has_it():
    world = World(ImageReady(FOX), signed())
    states: list[TurnState] = []

    async def open_surface(turn):
        surface = await World.open_surface(world, turn)
        end = surface.end

        async def ended(ending):
            states.append(world.state)
            return await end(ending)

        surface.end = ended  # type: ignore[method-assign]
        return surface

    world.open_surface = open_surface  # type: ignore[method-assign]
    await world.ask(drawn())
    assert states == [TurnState.STREAMING]
    assert world.state is TurnState.COMPLETE


async def test_a_refused_picture_is_explained_in_the_models_own_words():
    surface = await World(TextDelta("I cannot draw this."), NO_IMAGE).ask(drawn())
    assert surface.text == "I cannot draw this."
    assert surface.ending is not None
    assert "made no picture" in surface.ending.words
    assert surface.ending.can_retry


async def test_pictures_too_heavy_together_are_made_smaller_before_they_are_sent():
    world = World(ImageReady(FOX), signed())

    async def scale(image, max_bytes):
        return replace(image, data=image.data[:max_bytes])

    world.responder._writing._scale = scale
    photo = ImagePart(b"x" * 8_000_000, "image/jpeg")
    await world.ask(replace(drawn(), parts=(photo, photo, TextPart("at night"))))
    [request] = world.model.requests
    assert sum(map(message_bytes, request.messages)) == HISTORY_BYTES


async def test_what_the_gateway_finds_too_large_was_sent_lighter_already_by_who_asked_it():
    world = World(TooLargeError("413"))
    photo = ImagePart(b"x" * 6_000_000, "image/jpeg")
    surface = await world.ask(replace(drawn(), parts=(photo, TextPart("at night"))))
    assert len(world.model.requests) == 1
    assert surface.ending is not None
    assert surface.ending.can_retry


async def test_search_and_thoughts_are_asked_for_and_sources_of_all_calls_shown():
    scripts = [
        [SourcesFound((Source("https://a.example", name),)), ImageReady(FOX), signed()]
        for name in ("one", "two")
    ]
    world = World(*scripts[0], later=scripts[1:])
    asked = drawn(image=ImageOptions(count=2, search=True), manner=Manner(shows_reasoning=True))
    surface = await world.ask(asked)
    assert all(request.search and request.thoughts for request in world.model.requests)
    assert surface.sources is not None
    assert {source.title for source in surface.sources.sources} == {"one", "two"}


async def test_an_edit_is_described_by_its_words_and_by_what_it_was():
    world = World(ImageReady(FOX), signed())
    await world.ask(drawn("a fox", event_id=1))
    surface = await world.ask(drawn("at night", event_id=2, follows=1, edits=(1,)))
    assert surface.images[0].alt == "at night (a fox)"
    enlarged = drawn(studio.ENLARGE, event_id=3, follows=1, edits=(1,))
    assert (await world.ask(enlarged)).images[0].alt == "a fox"


async def test_undo_shows_the_picture_before_the_edit_and_redo_the_edit_again():
    world = World(ImageReady(FOX), signed(), later=[[ImageReady(OWL), signed()]])
    await world.ask(drawn(event_id=1))
    await world.ask(drawn("an owl", event_id=2, follows=1, edits=(1,)))
    await world.store.shown_on(2, page=1, channel_id=7, message_id=70)
    assert await world.responder.undo(2, 70, world.open_surface)
    assert [image.data for image in world.surfaces[-1].images] == [b"fox"]
    assert await world.responder.redo(2, 70, world.open_surface)
    assert [image.data for image in world.surfaces[-1].images] == [b"owl"]
    assert not await world.responder.undo(1, 70, world.open_surface)
    assert len(world.model.requests) == 2


class TestTool:
    """A chat model that may have pictures made."""

    MANNER = Manner(draws_with=PAINTER)

    def world(self, **arguments) -> World:
        call = ToolCalled("generate_image", arguments)
        return World(
            TextDelta("Coming."),
            UsageReported(Usage(1, 2)),
            call,
            STOP,
            later=[[ReasoningDelta("hm"), ImageReady(FOX), UsageReported(Usage(3, 4)), signed()]],
        )

    async def test_it_is_offered_only_where_chat_models_may_draw(self):
        world = World(TextDelta("yes"), STOP)
        await world.ask(question(event_id=1))
        await world.ask(question(event_id=2, manner=self.MANNER))
        assert [len(request.tools) for request in world.model.requests] == [0, 1]

    async def test_its_picture_stands_under_the_chat_models_words(self):
        world = self.world(prompt="A red fox", aspect_ratio="16:9")
        surface = await world.ask(question("draw a fox", manner=self.MANNER))
        assert surface.order == ["Coming.", surface.images[0]]
        assert surface.images[0].alt == "A red fox"
        request = world.model.requests[-1]
        assert (request.model, request.aspect_ratio, request.draw) == (PAINTER, "16:9", True)
        answer = world.store.answers[1]
        assert answer.usage == Usage(4, 6)
        assert answer.message.natives == (native(),)
        assert surface.ending is not None
        assert (surface.ending.state, surface.ending.can_enlarge) == (TurnState.COMPLETE, True)

    async def test_what_the_words_held_in_advance_does_not_keep_the_picture_from_being_made(self):
        world = self.world(prompt="A red fox")
        credits = Account(0, Measure.CREDITS, Period.DAY, TODAY)
        limited = replace(self.MANNER, grant=Grant(charges=(Charge(credits, 2 * MICRO, TODAY),)))
        world.price = lambda _model, tokens, images: tokens / 10_000 + images
        surface = await world.ask(question("draw a fox", manner=limited))
        assert len(surface.images) == 1
        assert MICRO < world.quotas.used[1, credits] < 1.1 * MICRO

    async def test_the_pictures_of_the_question_are_handed_on_as_they_are(self):
        world = self.world(prompt="at night", pictures="question")
        asked = question("make it night", manner=self.MANNER)
        await world.ask(replace(asked, parts=(OWL, *asked.parts)))
        [message] = world.model.requests[-1].messages
        assert (message.text, message.images) == ("at night", (OWL,))

    async def test_the_newest_earlier_picture_goes_on_with_its_signatures(self):
        world = self.world(prompt="at night", pictures="previous")
        await world.ask(question("draw", event_id=1, manner=self.MANNER))
        world.model.script = [ToolCalled("generate_image", {"prompt": "x", "pictures": "previous"})]
        world.model.requests.clear()
        world.model.script = [*world.model.script, STOP]
        await world.ask(question("at night", event_id=2, manner=self.MANNER))
        [first, made, second] = world.model.requests[-1].messages
        assert (first.text, second.text) == ("at night", "x")
        assert made.natives == (native(),)

    @pytest.mark.parametrize(
        "call",
        [
            pytest.param(ToolCalled("generate_image", {}), id="no prompt"),
            pytest.param(ToolCalled("generate_image", {"prompt": 5}), id="no words"),
            pytest.param(ToolCalled("delete_server", {"prompt": "x"}), id="another tool"),
        ],
    )
    async def test_a_call_that_says_nothing_draws_nothing(self, call):
        world = World(call, STOP)
        surface = await world.ask(question(manner=self.MANNER))
        assert len(world.model.requests) == 1
        assert surface.ending is not None
        assert surface.ending.state is TurnState.FAILED

    async def test_when_the_picture_fails_the_words_stay_and_the_reason_is_told(self):
        world = self.world(prompt="A red fox")
        world.model.later = [[RejectedError("no")]]
        surface = await world.ask(question("draw", manner=self.MANNER))
        assert surface.text == "Coming."
        assert surface.ending is not None
        assert "refused this request" in surface.ending.words
        assert (surface.ending.can_retry, surface.ending.can_continue) == (True, False)
