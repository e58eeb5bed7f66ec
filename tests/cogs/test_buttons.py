from __future__ import annotations

from bot.chat.events import TextDelta
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
    assert labels(stage.reply()) == []


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
