"""Pictures in Discord: made, changed exactly, made larger, undone."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from bot.chat.content import ImagePart, Native
from bot.chat.events import Event, Finished, FinishReason, ImageReady, TextDelta, ToolCalled
from bot.chat.studio import ENLARGE
from bot.chat.turns import Task, TurnState
from bot.errors import UnavailableError
from bot.replies import illustrator
from tests.cogs.conftest import STOP, labels

PAINTER = "gemini-3-pro-image-preview"
SIGNED = Finished(FinishReason.STOP, native=Native("gemini", PAINTER, "h", b"[]"))


def png(colour: str) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (16, 9), colour).save(out, "PNG")
    return out.getvalue()


def drawn(colour: str, end: Finished = SIGNED) -> list[Event]:
    return [ImageReady(ImagePart(png(colour), "image/png", width=16, height=9)), end]


async def make(stage, *colours: str):
    """Have one picture made for each colour, in one reply."""
    model = stage.services.model
    first, *others = [drawn(colour) for colour in colours]
    model.script, model.later = first, others
    model.requests.clear()
    await stage.mira.slash(stage.general, "imagine", prompt="a fox", count=len(colours))
    model.script, model.later = drawn("black"), ()
    return stage.reply()


def asked(stage):
    return stage.services.model.requests[-1]


def turns(stage) -> list[tuple[bool, str, int]]:
    """Of each turn of the newest request: signed or not, its words, its pictures."""
    return [(bool(turn.natives), turn.text, len(turn.images)) for turn in asked(stage).messages]


async def test_several_pictures_are_asked_for_at_once_and_shown_in_one_message(stage):
    message = await make(stage, "red", "green", "blue")
    assert len(stage.services.model.requests) == 3
    assert [await a.read() for a in message.attachments] == [
        png(c) for c in ("red", "green", "blue")
    ]
    assert [a.filename for a in message.attachments] == [f"a-fox-{n}.png" for n in (1, 2, 3)]
    assert message.content == "-# 3 pictures: 16 × 9"


async def test_references_and_search_go_along(stage):
    await stage.mira.slash(
        stage.general, "imagine", prompt="mix", search=True,
        reference1=("a.png", png("red")), reference3=("b.png", png("blue")),
    )  # fmt: skip
    assert asked(stage).search
    [message] = asked(stage).messages
    assert [image.data for image in message.images] == [png("red"), png("blue")]


async def test_a_reply_to_the_bots_picture_edits_it_with_its_signatures(stage):
    picture = await make(stage, "red")
    await stage.eve.send(stage.general, f"{stage.me} at night", reply_to=picture)
    assert (asked(stage).model, asked(stage).draw) == (PAINTER, True)
    assert turns(stage) == [(False, "a fox", 0), (True, "", 1), (False, "at night", 0)]
    await stage.eve.send(stage.general, f"{stage.me} with stars", reply_to=stage.reply())
    assert len(turns(stage)) == 5
    assert "Undo" in labels(stage.reply())


async def test_after_a_change_of_the_model_the_picture_is_part_of_the_question(stage):
    picture = await make(stage, "red")
    await stage.ada.slash(stage.general, "config model", image="gemini-3.1-flash-image")
    await stage.mira.send(stage.general, f"{stage.me} at night", reply_to=picture)
    assert turns(stage) == [(False, "at night", 1)]


async def test_of_several_pictures_the_form_changes_exactly_the_chosen_one(stage):
    message = await make(stage, "red", "green")
    form = await stage.mira.click(message, label="Edit")
    await stage.mira.submit_modal(form, {"words": "at night", "picture": ["2"], "ratio": ["16:9"]})
    [_, made, words] = asked(stage).messages
    assert [image.data for image in made.images] == [png("green")]
    assert (words.text, asked(stage).aspect_ratio) == ("at night", "16:9")


@pytest.mark.parametrize("restarts", [False, True], ids=["at once", "after a restart"])
async def test_the_menu_changes_anybodys_picture(stage, restarts):
    message = await stage.eve.send(
        stage.general, f"{stage.me} look", attachments=[("me.png", png("red"))]
    )
    form = await stage.mira.context_menu(stage.general, "Edit image", message)
    if restarts:
        await stage.env.restart_bot(stage.services.bot())
    stage.services.model.script = drawn("black")
    await stage.mira.submit_modal(form, {"words": "at night"})
    assert turns(stage) == [(False, "at night", 1)]
    assert asked(stage).messages[0].images[0].data == png("red")


async def test_a_message_without_a_picture_opens_no_form(stage):
    message = await stage.eve.send(stage.general, "nothing here")
    result = await stage.mira.context_menu(stage.general, "Edit image", message)
    assert "no picture attached" in result.response.content
    assert result.ephemeral


@pytest.mark.reads_everything
@pytest.mark.parametrize(
    ("chat", "drawing", "draws"),
    [("gpt-4o", "on", False), ("gpt-3.5-turbo", "on", True), ("gpt-4o", "off", False)],
)
async def test_a_reply_to_somebodys_picture_is_for_the_chat_model_if_it_can_tell(
    stage, chat, drawing, draws
):
    await stage.ada.slash(stage.general, "config model", chat=chat)
    await stage.ada.slash(stage.general, "config display", drawing=drawing)
    message = await stage.eve.send(stage.general, "me", attachments=[("me.png", png("red"))])
    await stage.mira.send(stage.general, f"{stage.me} at night", reply_to=message)
    assert asked(stage).draw == draws
    assert bool(asked(stage).tools) == (not draws and drawing == "on")
    assert len(asked(stage).messages[-1].images) == 1


FORMULA = TextDelta("See:\n\n$$\n\\int_0^1 x^2 dx\n$$\n")


@pytest.fixture
def drawn_formulas(monkeypatch):
    async def draw(_drawing):
        return ImagePart(png("white"), "image/png", alt="An integral")

    monkeypatch.setattr(illustrator, "draw", draw)


async def test_a_question_about_an_answer_with_a_drawn_formula_is_no_edit(stage, drawn_formulas):
    await stage.ada.slash(stage.general, "config model", chat="deepseek-v3")
    stage.services.model.script = [FORMULA, STOP]
    await stage.mira.send(stage.general, f"{stage.me} what is it?")
    message = stage.reply()
    assert [file.filename for file in message.attachments] == ["formula_1.png"]
    await stage.mira.send(stage.general, "how large is that?", reply_to=message)
    assert (asked(stage).model, asked(stage).draw) == ("deepseek-v3", False)
    assert [words for _, words, _ in turns(stage)][::2] == [
        "mira: what is it?", "mira: how large is that?"
    ]  # fmt: skip


async def test_a_drawn_formula_beside_a_picture_is_not_edited_with_it(stage, drawn_formulas):
    call = ToolCalled("generate_image", {"prompt": "a red fox"})
    stage.services.model.script = [FORMULA, call, STOP]
    stage.services.model.later = [drawn("red")]
    await stage.mira.send(stage.general, f"{stage.me} draw a fox")
    message = stage.reply()
    assert len(message.attachments) == 2
    await stage.mira.send(stage.general, f"{stage.me} at night", reply_to=message)
    assert turns(stage) == [(False, "a red fox", 0), (True, "", 1), (False, "at night", 0)]
    form = await stage.mira.click(message, label="Edit")
    await stage.mira.submit_modal(form, {"words": "with stars"})
    assert turns(stage)[1:] == [(True, "", 1), (False, "with stars", 0)]


async def test_the_menu_says_how_to_change_a_drawn_formula(stage, drawn_formulas):
    stage.services.model.script = [FORMULA, STOP]
    await stage.mira.send(stage.general, f"{stage.me} what is it?")
    result = await stage.mira.context_menu(stage.general, "Edit image", stage.reply())
    assert "Reply to it and say what shall be different" in result.response.content
    assert result.ephemeral


async def test_a_chat_model_has_a_picture_made_that_can_be_edited(stage):
    stage.services.model.script = [
        TextDelta("Coming."), ToolCalled("generate_image", {"prompt": "a red fox"}), STOP
    ]  # fmt: skip
    stage.services.model.later = [drawn("red")]
    await stage.mira.send(stage.general, f"{stage.me} draw a fox")
    message = stage.reply()
    assert message.content == "Coming.\n-# 16 × 9"
    assert message.attachments[0].description == "a red fox"
    assert {"Edit", "4K", "Regenerate"} <= set(labels(message))
    await stage.mira.send(stage.general, f"{stage.me} at night", reply_to=message)
    assert turns(stage) == [(False, "a red fox", 0), (True, "", 1), (False, "at night", 0)]


async def test_4k_asks_for_the_same_picture_once(stage):
    message = await make(stage, "red")
    await stage.mira.click(message, label="4K")
    assert (asked(stage).image_size, asked(stage).messages[-1].text) == ("4K", ENLARGE)
    assert stage.reply().id != message.id
    count = len(stage.services.model.requests)
    result = await stage.mira.click(message, label="4K")
    assert len(stage.services.model.requests) == count
    assert any("larger already" in m.content for m in result.followups)


async def enlarged_in_vain(stage):
    """A picture whose larger version could not be made."""
    message = await make(stage, "red")
    stage.services.model.script = [UnavailableError("down")]
    await stage.mira.click(message, label="4K")
    stage.services.model.script = drawn("black")
    return message


def told(result) -> str:
    return " ".join(message.content for message in result.followups)


@pytest.mark.parametrize("deleted", [False, True])
async def test_4k_after_a_failure_makes_the_picture_anew_and_then_no_more(stage, deleted):
    message = await enlarged_in_vain(stage)
    if deleted:
        await stage.reply().delete()
    await stage.mira.click(message, label="4K")
    assert await stage.reply().attachments[0].read() == png("black")
    assert stage.reply().reference.message_id == message.id
    count = len(stage.services.model.requests)
    assert "larger already" in told(await stage.mira.click(message, label="4K"))
    assert len(stage.services.model.requests) == count


async def test_4k_after_failures_works_after_a_restart_and_however_often_it_failed(stage):
    message = await enlarged_in_vain(stage)
    stage.services.model.script = [UnavailableError("down")]
    await stage.mira.click(message, label="4K")
    stage.services.model.script = drawn("black")
    await stage.env.restart_bot(stage.services.bot())
    await stage.mira.click(message, label="4K")
    assert await stage.reply().attachments[0].read() == png("black")


async def test_a_press_of_4k_right_behind_another_is_not_paid_for(stage, monkeypatch):
    message = await enlarged_in_vain(stage)
    count = len(stage.services.model.requests)

    async def taken(_question, **_more):
        return None

    monkeypatch.setattr(stage.services.store, "open_turn", taken)
    assert "being made larger" in told(await stage.mira.click(message, label="4K"))
    assert len(stage.services.model.requests) == count


async def test_4k_does_not_make_again_what_retry_has_made(stage):
    message = await enlarged_in_vain(stage)
    await stage.mira.click(stage.reply(), label="Retry")
    count = len(stage.services.model.requests)
    assert "larger already" in told(await stage.mira.click(message, label="4K"))
    assert len(stage.services.model.requests) == count


async def test_4k_while_the_picture_is_being_made_says_so(stage):
    message = await enlarged_in_vain(stage)
    store = stage.services.store
    store.states[max(store.states)] = TurnState.STREAMING
    count = len(stage.services.model.requests)
    assert "being made larger" in told(await stage.mira.click(message, label="4K"))
    assert len(stage.services.model.requests) == count


async def test_4k_of_several_asks_which_one(stage):
    message = await make(stage, "red", "green")
    form = await stage.mira.click(message, label="4K")
    await stage.mira.submit_modal(form, {"picture": ["2"]})
    assert [image.data for image in asked(stage).messages[-2].images] == [png("green")]


async def test_undo_and_redo_work_in_place_and_after_a_restart(stage):
    picture = await make(stage, "red")
    await stage.mira.send(stage.general, f"{stage.me} at night", reply_to=picture)
    edit = stage.reply()
    await stage.env.restart_bot(stage.services.bot())
    await stage.mira.click(edit, label="Undo")
    shown = stage.reply()
    assert shown.id == edit.id
    assert await shown.attachments[0].read() == png("red")
    await stage.mira.click(shown, label="Redo")
    assert await stage.reply().attachments[0].read() == png("black")


async def test_somebody_else_cannot_press_the_buttons_of_a_picture(stage):
    message = await make(stage, "red")
    for label in ("Edit", "4K"):
        result = await stage.eve.click(message, label=label)
        assert "Only the one who asked" in result.response.content
    assert len(stage.services.model.requests) == 1


async def test_a_picture_that_is_forgotten_is_edited_as_it_stands_in_discord(stage):
    picture = await make(stage, "red")
    await stage.mira.slash(stage.general, "conversation clear")
    await stage.mira.send(stage.general, f"{stage.me} at night", reply_to=picture)
    assert stage.services.store.turns[max(stage.services.store.turns)].question.task is Task.CHAT
    assert len(asked(stage).messages[-1].images) == 1


async def test_an_admin_decides_how_long_pictures_are_kept_and_whether_thoughts_are_shown(stage):
    result = await stage.ada.slash(stage.general, "config retention", days=7)
    assert "Days that pictures are kept: `7` (set for the server)" in result.response.content
    result = await stage.ada.slash(stage.general, "config display", reasoning="on")
    assert "Visible thoughts: on (set for the server)" in result.response.content
    await stage.mira.slash(stage.general, "imagine", prompt="a fox")
    assert asked(stage).thoughts
