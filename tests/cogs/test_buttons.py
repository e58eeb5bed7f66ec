from __future__ import annotations

import discord
import pytest

from bot.chat.events import Finished, FinishReason, TextDelta
from bot.chat.turns import Task
from bot.errors import UnavailableError
from tests.cogs.conftest import STOP, labels


async def failed(stage):
    stage.services.model.script = [UnavailableError("down")]
    await stage.mira.send(stage.general, f"{stage.me} hi")
    stage.services.model.script = [TextDelta("Here I am."), STOP]
    return stage.reply()


async def test_retry_answers_in_the_same_message(stage):
    message = await failed(stage)
    await stage.mira.click(message, label="Retry")
    assert [reply.content for reply in stage.replies()] == ["Here I am."]
    assert stage.reply().id == message.id
    assert labels(stage.reply()) == ["Regenerate", "▾", "As file"]


async def test_retry_works_after_a_restart_of_the_bot(stage):
    message = await failed(stage)
    await stage.env.restart_bot(stage.services.bot())
    await stage.mira.click(message, label="Retry")
    assert stage.reply().content == "Here I am."


async def test_somebody_else_is_refused_and_told_why(stage):
    message = await failed(stage)
    result = await stage.eve.click(message, label="Retry")
    assert result.ephemeral
    assert "Only the one who asked" in result.response.content
    assert len(stage.services.model.requests) == 1


async def test_a_moderator_may_press(stage):
    message = await failed(stage)
    await stage.ada.click(message, label="Retry")
    assert stage.reply().content == "Here I am."


async def test_a_forgotten_conversation_is_said_to_be_so(stage):
    message = await failed(stage)
    stage.services.store.turns.clear()
    result = await stage.mira.click(message, label="Retry")
    assert "no longer remember" in result.response.content


async def answered(stage, text="First."):
    stage.services.model.script = [TextDelta(text), STOP]
    await stage.mira.send(stage.general, f"{stage.me} hi")
    return stage.reply()


async def test_regenerate_shows_another_answer_in_place_and_keeps_the_first(stage):
    message = await answered(stage)
    stage.services.model.script = [TextDelta("Second."), STOP]
    await stage.mira.click(message, label="Regenerate")
    assert [reply.content for reply in stage.replies()] == ["Second."]
    assert labels(stage.reply()) == ["Regenerate", "▾", "◀", "2/2 ▶", "As file"]


async def test_leafing_through_the_answers_decides_what_the_next_question_follows(stage):
    message = await answered(stage)
    stage.services.model.script = [TextDelta("Second."), STOP]
    await stage.mira.click(message, label="Regenerate")
    await stage.mira.click(stage.reply(), label="◀")
    assert stage.reply().content == "First."
    assert "1/2 ▶" in labels(stage.reply())
    await stage.mira.click(stage.reply(), label="1/2 ▶")
    assert stage.reply().content == "Second."


async def test_leafing_works_after_a_restart_of_the_bot(stage):
    message = await answered(stage)
    stage.services.model.script = [TextDelta("Second."), STOP]
    await stage.mira.click(message, label="Regenerate")
    await stage.env.restart_bot(stage.services.bot())
    await stage.mira.click(message, label="◀")
    assert stage.reply().content == "First."


async def test_another_model_is_chosen_from_a_list_that_only_the_member_sees(stage):
    message = await answered(stage)
    result = await stage.mira.click(message, label="▾")
    assert result.ephemeral
    stage.services.model.script = [TextDelta("I am o-other."), STOP]
    await stage.mira.select(result.response, ["claude-sonnet-5"])
    assert stage.services.model.requests[-1].model == "claude-sonnet-5"
    assert stage.reply().content == "I am o-other."


def lists(message) -> dict[str, list[str]]:
    """The models of each list of a message, by the list's id."""
    return {
        part.custom_id: [option.value for option in part.options]
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for part in row.children
        if isinstance(part, discord.SelectMenu)
    }


async def test_every_model_can_be_chosen_however_many_the_gateway_has(stage):
    stage.services.models.learn([f"model-{number:02}" for number in range(40)])
    message = await answered(stage)
    shown = (await stage.mira.click(message, label="▾")).response.message
    offered = lists(shown)
    names = stage.services.models.names(Task.CHAT)
    assert [name for part in offered.values() for name in part] == list(names)
    last, part = list(offered.items())[-1]
    await stage.env.restart_bot(stage.services.bot())
    await stage.mira.select(shown, [part[-1]], custom_id=last)
    assert stage.services.model.requests[-1].model == "model-39"
    assert labels(stage.reply()) == ["Regenerate", "▾", "◀", "2/2 ▶", "As file"]


async def test_of_more_models_than_discord_can_show_the_rest_is_told_with_the_way_to_it(stage):
    stage.services.models.learn([f"model-{number:03}" for number in range(200)])
    message = await answered(stage)
    shown = (await stage.mira.click(message, label="▾")).response.message
    left = len(stage.services.models.names(Task.CHAT)) - sum(map(len, lists(shown).values()))
    assert f"{left} more" in shown.content
    assert "/ask" in shown.content


async def test_a_member_who_may_use_no_model_is_told_so(stage):
    message = await answered(stage)
    vip = stage.guild.create_role("VIP")
    await stage.ada.slash(stage.general, "config access models", role=vip, model="gpt-4o")
    result = await stage.mira.click(message, label="▾")
    assert "None of your roles may use" in result.response.content
    assert "inside the bot" not in result.response.content


async def test_an_answer_that_was_cut_off_goes_on_in_a_further_reply(stage):
    stage.services.model.script = [TextDelta("Half"), Finished(FinishReason.LENGTH)]
    await stage.mira.send(stage.general, f"{stage.me} tell me a long story")
    cut = stage.reply()
    assert "Continue" in labels(cut)
    stage.services.model.script = [TextDelta("and whole."), STOP]
    await stage.mira.click(cut, label="Continue")
    assert stage.reply().content == "and whole."
    assert stage.reply().reference.message_id == cut.id
    assert labels(stage.replies()[0]) == []


async def test_as_file_gives_the_whole_answer_to_whoever_pressed(stage):
    message = await answered(stage, "Long. " * 500)
    result = await stage.mira.click(stage.reply(), label="As file")
    assert result.ephemeral
    (file,) = result.response.attachments
    assert file.filename == "answer.md"
    assert (await file.read()).decode() == "Long. " * 500
    assert message.content


async def test_as_file_gives_an_answer_with_all_that_continued_it_in_order(stage):
    stage.services.model.script = [TextDelta("One,"), Finished(FinishReason.LENGTH)]
    await stage.mira.send(stage.general, f"{stage.me} count")
    for words, end in ((" two,", Finished(FinishReason.LENGTH)), ("three.", STOP)):
        stage.services.model.script = [TextDelta(words), end]
        await stage.mira.click(stage.reply(), label="Continue")
    await stage.env.restart_bot(stage.services.bot())
    result = await stage.mira.click(stage.reply(), label="As file")
    (file,) = result.response.attachments
    assert (await file.read()).decode() == "One, two,\nthree."


async def test_as_file_gives_nothing_of_an_answer_that_was_only_replied_to(stage):
    first = await answered(stage)
    stage.services.model.script = [TextDelta("Second."), STOP]
    await stage.mira.send(stage.general, f"{stage.me} go on", reply_to=first)
    result = await stage.mira.click(stage.reply(), label="As file")
    (file,) = result.response.attachments
    assert (await file.read()).decode() == "Second."


@pytest.mark.parametrize("label", ["Regenerate", "▾", "As file"])
async def test_nobody_else_may_press(stage, label):
    message = await answered(stage)
    result = await stage.eve.click(message, label=label)
    assert "Only the one who asked" in result.response.content
    assert len(stage.services.model.requests) == 1


async def test_a_picture_can_be_made_again_but_not_saved_as_text(stage):
    stage.services.model.script = [TextDelta("A fox."), STOP]
    result = await stage.mira.slash(stage.general, "imagine", prompt="a fox")
    assert labels(result.response.message) == ["Retry", "Again", "▾"]
