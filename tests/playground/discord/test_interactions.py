from __future__ import annotations

import asyncio
import io

import discord
import pytest

from bot.playground.discord import InteractionState, LoopbackDiscord, LoopbackSettings, Person
from bot.playground.discord.default_world import ADA_ID, GENERAL_ID, MIRA_ID
from tests.playground.discord.client import until
from tests.playground.discord.command_bot import Asked, Bot


async def test_a_command_is_answered_with_a_message(bot: Bot, mira: Person):
    asked = await mira.run(GENERAL_ID, "ask", {"prompt": "why?"})
    assert await asked.acknowledged()
    assert asked.state is InteractionState.ANSWERED
    assert asked.response is not None
    assert asked.response.content == "prompt: why?"
    assert asked.response.interaction is asked


async def test_a_deferred_answer_thinks_then_shows_the_edit_then_the_followup(
    server: LoopbackDiscord, bot: Bot, mira: Person
):
    thinks = asyncio.Event()

    @bot.does
    async def act(asked: Asked) -> None:
        await asked.response.defer(thinking=True)
        await thinks.wait()
        file = discord.File(io.BytesIO(b"more"), "more.md")
        await asked.edit_original_response(content="answer", attachments=[file])
        await asked.followup.send("and more")

    asked = await mira.run(GENERAL_ID, "ask", {"prompt": "?"})
    await asked.acknowledged()
    assert asked.state is InteractionState.DEFERRED
    assert asked.response is not None
    assert asked.response.is_thinking
    thinks.set()
    await server.world.wait_for(lambda: len(asked.messages) == 2)
    assert not asked.response.is_thinking
    assert asked.response.edited_at is None
    assert [m.content for m in asked.messages] == ["answer", "and more"]
    assert [a.data for a in asked.response.attachments] == [b"more"]
    assert asked.messages[1].reference is not None
    assert asked.messages[1].reference.message_id == asked.response.id


async def test_a_followup_after_a_deferral_takes_the_placeholder(
    server: LoopbackDiscord, bot: Bot, mira: Person
):
    @bot.does
    async def act(asked: Asked) -> None:
        await asked.response.defer(thinking=True)
        await asked.followup.send("answer")

    asked = await mira.run(GENERAL_ID, "ask", {"prompt": "?"})
    await server.world.wait_for(lambda: asked.state is InteractionState.ANSWERED)
    assert [m.content for m in server.world.messages(GENERAL_ID)] == ["answer"]


async def test_an_ephemeral_answer_is_seen_by_its_asker_only(
    server: LoopbackDiscord, bot: Bot, mira: Person
):
    @bot.does
    async def act(asked: Asked) -> None:
        await asked.response.send_message("just you", ephemeral=True)

    asked = await mira.run(GENERAL_ID, "ask", {"prompt": "?"})
    await asked.acknowledged()
    assert asked.ephemeral
    assert [m.content for m in server.world.messages(GENERAL_ID, viewer=MIRA_ID)] == ["just you"]
    assert server.world.messages(GENERAL_ID, viewer=ADA_ID) == []
    assert asked.response is not None
    place = bot.text_channel(GENERAL_ID)
    with pytest.raises(discord.NotFound):
        await place.fetch_message(asked.response.id)
    with pytest.raises(discord.NotFound):
        await place.get_partial_message(asked.response.id).edit(content="all")
    assert [m async for m in place.history()] == []
    assert bot.heard == []


async def test_the_original_response_can_be_read_and_deleted(
    server: LoopbackDiscord, bot: Bot, mira: Person
):
    texts: list[str] = []

    @bot.does
    async def act(asked: Asked) -> None:
        await asked.response.send_message("hello", ephemeral=True)
        texts.append((await asked.original_response()).content)
        await asked.delete_original_response()

    await mira.run(GENERAL_ID, "ask", {"prompt": "?"})
    await server.world.wait_for(lambda: texts and not server.world.messages(GENERAL_ID))
    assert texts == ["hello"]


@pytest.mark.parametrize("settings", [LoopbackSettings(ack_seconds=0.05)])
async def test_a_late_acknowledgement_is_refused_and_the_member_sees_a_failure(
    server: LoopbackDiscord, bot: Bot, mira: Person
):
    late = asyncio.Event()

    @bot.does
    async def act(asked: Asked) -> None:
        await late.wait()
        await asked.response.send_message("too late")

    asked = await mira.run(GENERAL_ID, "ask", {"prompt": "?"})
    assert not await asked.acknowledged()
    assert asked.failed
    late.set()
    await until(lambda: bot.errors)
    (error,) = bot.errors
    assert isinstance(error, discord.NotFound)
    assert error.code == 10062


async def test_a_second_acknowledgement_is_refused(bot: Bot, mira: Person):
    @bot.does
    async def act(asked: Asked) -> None:
        await asked.response.send_message("first")
        # As a second process with the same token would do it.
        asked.response._response_type = None
        await asked.response.send_message("second")

    await mira.run(GENERAL_ID, "ask", {"prompt": "?"})
    await until(lambda: bot.errors)
    (error,) = bot.errors
    assert isinstance(error, discord.HTTPException)
    assert error.code == 40060


@pytest.mark.parametrize("settings", [LoopbackSettings(interaction_seconds=0.2)])
async def test_a_token_ends_for_the_server_and_for_the_client_at_once(bot: Bot, mira: Person):
    @bot.does
    async def act(asked: Asked) -> None:
        await asked.response.send_message("in time")
        assert not asked.is_expired()
        await until(asked.is_expired)
        await until(lambda: asked.expires_at < discord.utils.utcnow())
        await asked.edit_original_response(content="too late")

    await mira.run(GENERAL_ID, "ask", {"prompt": "?"})
    await until(lambda: bot.errors)
    (error,) = bot.errors
    assert isinstance(error, discord.HTTPException)
    assert (error.status, error.code) == (401, 50027)


async def test_a_modal_is_kept_for_the_person(bot: Bot, mira: Person):
    class Form(discord.ui.Modal, title="Persona"):
        text: discord.ui.Label[Form] = discord.ui.Label(
            text="Text", component=discord.ui.TextInput(custom_id="text")
        )

    @bot.does
    async def act(asked: Asked) -> None:
        await asked.response.send_modal(Form())

    asked = await mira.run(GENERAL_ID, "ask", {"prompt": "?"})
    await asked.acknowledged()
    assert asked.modal is not None
    assert asked.modal["title"] == "Persona"
    sent = await mira.submit(asked, {"text": "Be kind."})
    assert sent.data["components"][0]["component"]["value"] == "Be kind."


async def test_a_message_menu_hands_over_its_message(
    bot: Bot, server: LoopbackDiscord, mira: Person
):
    server.world.set_commands(
        None, [{"id": "1", "name": "Edit image", "type": 3, "options": [], "contexts": None}]
    )
    message = await mira.send(GENERAL_ID, "look")
    asked = await mira.use("Edit image", message.id)
    assert asked.data["resolved"]["messages"][str(message.id)]["content"] == "look"


async def test_without_the_bot_an_interaction_fails():
    settings = LoopbackSettings(ack_seconds=0.01)
    async with LoopbackDiscord(settings) as server:
        server.world.set_commands(None, [{"id": "1", "name": "ask", "type": 1, "options": []}])
        asked = await server.person(MIRA_ID).run(GENERAL_ID, "ask")
        assert not await asked.acknowledged()


async def test_when_the_placeholder_is_deleted_a_followup_is_a_message_of_its_own(
    server: LoopbackDiscord, bot: Bot, mira: Person, ada: Person
):
    deleted = asyncio.Event()

    @bot.does
    async def act(asked: Asked) -> None:
        await asked.response.defer(thinking=True)
        await deleted.wait()
        try:
            await asked.edit_original_response(content="answer")
        except discord.NotFound as gone:
            await asked.followup.send(f"code {gone.code}")

    asked = await mira.run(GENERAL_ID, "ask", {"prompt": "?"})
    await asked.acknowledged()
    assert asked.response is not None
    await ada.delete(asked.response.id)
    deleted.set()
    await server.world.wait_for(lambda: server.world.messages(GENERAL_ID))
    assert [m.content for m in server.world.messages(GENERAL_ID)] == ["code 10008"]
