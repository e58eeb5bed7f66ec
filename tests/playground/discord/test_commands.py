from __future__ import annotations

import discord
import pytest

from bot.playground.discord import (
    ApiError,
    InteractionFailedError,
    LoopbackSettings,
    Person,
    Upload,
)
from bot.playground.discord.default_world import (
    GENERAL_ID,
    GUILD_ID,
    MIRA_DM_ID,
    MIRA_ID,
    READ_ONLY_ID,
)
from tests.playground.discord.client import Client
from tests.playground.discord.command_bot import Asked, Bot


async def test_synced_commands_keep_their_ids_when_they_are_synced_again(bot: Bot):
    first = {command.name: command.id for command in await bot.tree.fetch_commands()}
    again = {command.name: command.id for command in await bot.tree.sync()}
    assert first.keys() == {"ask", "config"}
    assert first == again


@pytest.mark.parametrize(
    ("name", "description"),
    [("Ask", "a capital"), ("with space", "a space"), ("ok", ""), ("ok", "x" * 101)],
)
async def test_a_command_that_discord_would_not_take_is_refused(
    client: Client, name: str, description: str
):
    body = [{"name": name, "description": description, "type": 1}]
    with pytest.raises(discord.HTTPException) as refused:
        await client.http.bulk_upsert_global_commands(client.application_id or 0, body)
    assert refused.value.code == 50035


async def test_commands_are_listed_for_those_who_may_use_them(bot: Bot, mira: Person, ada: Person):
    assert [c["name"] for c in await mira.commands(GENERAL_ID)] == ["ask"]
    assert {c["name"] for c in await ada.commands(GENERAL_ID)} == {"ask", "config"}
    assert [c["name"] for c in await mira.commands(MIRA_DM_ID)] == ["ask"]


async def test_guild_commands_stand_beside_the_global_ones(bot: Bot, mira: Person):
    guild = discord.Object(GUILD_ID)
    bot.tree.copy_global_to(guild=guild)
    await bot.tree.sync(guild=guild)
    assert [c["name"] for c in await mira.commands(GENERAL_ID)] == ["ask", "ask"]


async def test_options_arrive_in_their_types(bot: Bot, mira: Person):
    read: list[bytes] = []

    @bot.does
    async def act(asked: Asked) -> None:
        read.append(await asked.extras["file"].read())
        await asked.response.send_message(f"{asked.extras['model']} x{asked.extras['count']}")

    values = {"prompt": "?", "model": "gpt-5", "count": 3, "file": Upload("a.txt", b"words")}
    asked = await mira.run(GENERAL_ID, "ask", values)
    await asked.acknowledged()
    assert asked.response is not None
    assert asked.response.content == "gpt-5 x3"
    assert read == [b"words"]


async def test_a_subcommand_is_found_by_its_words_and_resolves_users(bot: Bot, ada: Person):
    @bot.does
    async def act(asked: Asked) -> None:
        who = asked.extras["who"]
        await asked.response.send_message(f"{asked.extras['chat']} for {who.display_name}")

    asked = await ada.run(GENERAL_ID, "config model", {"chat": "gpt-4o", "who": MIRA_ID})
    await asked.acknowledged()
    assert asked.response is not None
    assert asked.response.content == "gpt-4o for Mira"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        pytest.param("ask", {}, id="a required option is missing"),
        pytest.param("ask", {"prompt": "?", "speed": 1}, id="there is no such option"),
        pytest.param("ask", {"prompt": "?", "count": 9}, id="the number is too high"),
        pytest.param("ask", {"prompt": "?", "count": "two"}, id="the type does not fit"),
        pytest.param("ask", {"prompt": "x" * 6_001}, id="the text is too long"),
        pytest.param("config model", {"chat": "gpt-4o"}, id="it is for admins"),
        pytest.param("nothing", {}, id="there is no such command"),
    ],
)
async def test_what_the_client_would_not_send_is_refused(
    bot: Bot, mira: Person, name: str, values: dict[str, object]
):
    with pytest.raises(ApiError) as refused:
        await mira.run(GENERAL_ID, name, values)
    assert refused.value.code == 50035


async def test_a_command_in_the_dm_comes_from_a_user(bot: Bot, mira: Person):
    @bot.does
    async def act(asked: Asked) -> None:
        assert isinstance(asked.user, discord.User)
        await asked.response.send_message(f"{asked.guild} {asked.context.dm_channel}")

    asked = await mira.run(MIRA_DM_ID, "ask", {"prompt": "?"})
    await asked.acknowledged()
    assert asked.response is not None
    assert asked.response.content == "None True"


async def test_the_bot_sees_what_it_may_do_and_how_large_files_may_be(bot: Bot, mira: Person):
    @bot.does
    async def act(asked: Asked) -> None:
        may = asked.app_permissions.send_messages
        await asked.response.send_message(f"{may} {asked.filesize_limit}")

    asked = await mira.run(READ_ONLY_ID, "ask", {"prompt": "?"})
    await asked.acknowledged()
    assert asked.response is not None
    assert asked.response.content == f"False {10 * 1024 * 1024}"


async def test_choices_come_for_what_is_typed(bot: Bot, mira: Person):
    choices = await mira.autocomplete(GENERAL_ID, "ask", {"model": "gp"}, focused="model")
    assert [choice["value"] for choice in choices] == ["gpt-4o", "gpt-5"]


@pytest.mark.parametrize("settings", [LoopbackSettings(ack_seconds=0.05)])
async def test_choices_that_do_not_come_in_time_fail(bot: Bot, mira: Person):
    with pytest.raises(InteractionFailedError):
        await mira.autocomplete(GENERAL_ID, "ask", {"model": "never"}, focused="model")
