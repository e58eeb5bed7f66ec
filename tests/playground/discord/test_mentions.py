from __future__ import annotations

from typing import Any

import discord
import pytest
from discord.http import Route

from bot.playground.discord import LoopbackDiscord, Message, Person
from bot.playground.discord.default_world import (
    ADA_ID,
    ADMINS_ID,
    GENERAL_ID,
    GUILD_ID,
    MIRA_ID,
)
from bot.playground.discord.permissions import EVERYONE
from bot.playground.discord.state import Permission, Role
from tests.playground.discord.client import Client
from tests.playground.discord.command_bot import Asked, Bot

TEXT = f"<@{ADA_ID}> <@&{ADMINS_ID}> @everyone"


@pytest.fixture
def generous(server: LoopbackDiscord) -> LoopbackDiscord:
    """The server, where everybody may mention everyone."""
    granted = EVERYONE | Permission.MENTION_EVERYONE
    server.world.guilds[GUILD_ID].roles[GUILD_ID] = Role(GUILD_ID, "@everyone", granted)
    return server


async def patch(client: Client, message_id: int, **body: Any) -> None:
    """Edit with exactly this body: discord.py would add the client's allowed mentions."""
    route = Route("PATCH", f"/channels/{GENERAL_ID}/messages/{message_id}")
    await client.http.request(route, json=body)


def pinged(message: Message) -> tuple[tuple[int, ...], tuple[int, ...], bool]:
    return message.mention_ids, message.mention_role_ids, message.mentions_everyone


async def test_an_edit_without_allowed_mentions_forgets_what_the_message_allowed(
    generous: LoopbackDiscord, client: Client
):
    sent = await client.text_channel(GENERAL_ID).send("quiet")
    await patch(client, sent.id, content=TEXT)
    assert pinged(generous.world.message(sent.id)) == ((ADA_ID,), (ADMINS_ID,), True)


async def test_an_edit_of_a_quiet_reply_without_allowed_mentions_mentions_its_asker(
    server: LoopbackDiscord, client: Client, mira: Person
):
    question = await mira.send(GENERAL_ID, "why?")
    place = client.text_channel(GENERAL_ID)
    sent = await place.get_partial_message(question.id).reply("because", mention_author=False)
    assert server.world.message(sent.id).mention_ids == ()
    await patch(client, sent.id, content="because so")
    assert server.world.message(sent.id).mention_ids == (MIRA_ID,)


@pytest.mark.parametrize(
    ("allowed", "outcome"),
    [
        pytest.param({"parse": []}, ((), (), False), id="nothing"),
        pytest.param({"parse": ["roles"]}, ((), (ADMINS_ID,), False), id="roles"),
        pytest.param({"users": [str(ADA_ID)]}, ((ADA_ID,), (), False), id="one-user"),
    ],
)
async def test_an_edit_mentions_what_it_allows_itself(
    generous: LoopbackDiscord, client: Client, allowed: Any, outcome: Any
):
    sent = await client.text_channel(GENERAL_ID).send("quiet")
    await patch(client, sent.id, content=TEXT, allowed_mentions=allowed)
    assert pinged(generous.world.message(sent.id)) == outcome


async def test_mentions_that_an_edit_takes_out_of_the_text_are_gone(
    generous: LoopbackDiscord, client: Client
):
    everything = discord.AllowedMentions.all()
    sent = await client.text_channel(GENERAL_ID).send(TEXT, allowed_mentions=everything)
    assert pinged(generous.world.message(sent.id)) == ((ADA_ID,), (ADMINS_ID,), True)
    await patch(client, sent.id, content="never mind")
    assert pinged(generous.world.message(sent.id)) == ((), (), False)


async def test_an_edit_that_leaves_the_text_alone_leaves_the_mentions_alone(
    server: LoopbackDiscord, client: Client
):
    sent = await client.text_channel(GENERAL_ID).send(TEXT)
    await patch(client, sent.id, components=[])
    assert server.world.message(sent.id).mention_ids == ()


async def test_through_an_interaction_only_users_are_mentioned_by_default(
    generous: LoopbackDiscord, bot: Bot, mira: Person
):
    @bot.does
    async def act(asked: Asked) -> None:
        await asked.response.send_message("quiet")
        route = Route("PATCH", f"/webhooks/{asked.application_id}/{asked.token}/messages/@original")
        await bot.http.request(route, json={"content": TEXT})

    asked = await mira.run(GENERAL_ID, "ask", {"prompt": "?"})
    await asked.acknowledged()
    answer = asked.response
    assert answer is not None
    await generous.world.wait_for(lambda: answer.content == TEXT)
    assert pinged(answer) == ((ADA_ID,), (), False)
    # The same message, edited with the bot token: now a message's default counts.
    await patch(bot, answer.id, content=TEXT)
    assert pinged(answer) == ((ADA_ID,), (ADMINS_ID,), True)
