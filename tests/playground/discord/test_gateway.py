from __future__ import annotations

import discord
import pytest

from bot.playground.discord import LoopbackDiscord, LoopbackSettings, Person
from bot.playground.discord.default_world import (
    BOT_ID,
    GENERAL_ID,
    GUILD_ID,
    MIRA_DM_ID,
    READ_ONLY_ID,
)
from tests.playground.discord.client import MINIMAL, Client, until
from tests.playground.discord.conftest import Connect


async def test_a_client_logs_in_and_knows_its_guild_and_channels(client: Client):
    assert client.user is not None
    assert client.user.id == client.application_id == BOT_ID
    guild = client.get_guild(GUILD_ID)
    assert guild is not None
    assert [channel.name for channel in guild.text_channels] == [
        "general",
        "pictures",
        "bots",
        "announcements",
    ]
    assert guild.me.id == BOT_ID
    assert client.text_channel(GENERAL_ID).permissions_for(guild.me).send_messages
    assert not client.text_channel(READ_ONLY_ID).permissions_for(guild.me).send_messages


async def test_the_world_says_when_the_bot_comes_and_goes(
    server: LoopbackDiscord, connect: Connect
):
    with server.world.subscribe() as changes:
        client = await connect()
        await client.close()
        await server.world.wait_for(lambda: not server.world.bot_online)
        assert [(await anext(changes)).kind for _ in range(2)] == ["bot_up", "bot_down"]


async def test_a_message_of_a_person_reaches_the_bot(client: Client, mira: Person):
    sent = await mira.send(GENERAL_ID, f"<@{BOT_ID}> hello")
    await until(lambda: client.heard)
    heard = client.heard[0]
    assert (heard.id, heard.content) == (sent.id, f"<@{BOT_ID}> hello")
    assert isinstance(heard.author, discord.Member)
    assert heard.author.display_name == "Mira"
    assert heard.channel.id == GENERAL_ID
    assert client.user in heard.mentions


async def test_a_direct_message_reaches_the_bot(client: Client, mira: Person):
    await mira.send(MIRA_DM_ID, "hello")
    await until(lambda: client.heard)
    assert client.heard[0].content == "hello"
    assert client.heard[0].guild is None


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        pytest.param("hello", "", id="blank without the intent"),
        pytest.param(f"<@{BOT_ID}> hello", f"<@{BOT_ID}> hello", id="shown when it mentions"),
        pytest.param(f"<@!{BOT_ID}> hi", f"<@!{BOT_ID}> hi", id="shown with the old mention"),
    ],
)
async def test_content_needs_the_intent_or_a_mention(
    client: Client, mira: Person, said: str, shown: str
):
    await mira.send(GENERAL_ID, said, files=[("note.txt", b"words", "text/plain")])
    await until(lambda: client.heard)
    assert client.heard[0].content == shown
    assert len(client.heard[0].attachments) == bool(shown)


@pytest.mark.parametrize(("ping", "shown"), [(True, "and then?"), (False, "")])
async def test_a_reply_to_the_bot_is_shown_only_when_it_pings(
    client: Client, mira: Person, ping: bool, shown: str
):
    answer = await client.text_channel(GENERAL_ID).send("once upon a time")
    await mira.send(GENERAL_ID, "and then?", reply_to=answer.id, ping=ping)
    await until(lambda: len(client.heard) == 2)
    reply = client.heard[1]
    assert reply.content == shown
    assert reply.reference is not None
    assert isinstance(reply.reference.resolved, discord.Message)
    assert reply.reference.resolved.content == "once upon a time"


async def test_with_the_intent_every_message_is_shown(connect: Connect, mira: Person):
    client = await connect(Client(MINIMAL | discord.Intents(message_content=True)))
    await mira.send(GENERAL_ID, "hello")
    await until(lambda: client.heard)
    assert client.heard[0].content == "hello"


async def test_a_wrong_token_is_refused_at_login(server: LoopbackDiscord):
    async with Client() as client:
        with pytest.raises(discord.LoginFailure):
            await client.start("not the token")


@pytest.mark.parametrize("settings", [LoopbackSettings(message_content=False)])
async def test_an_intent_that_is_off_in_the_portal_closes_with_4014(server: LoopbackDiscord):
    async with Client(MINIMAL | discord.Intents(message_content=True)) as client:
        with pytest.raises(discord.PrivilegedIntentsRequired):
            await client.start(server.token)


@pytest.mark.parametrize("message_content", [True, False])
async def test_the_application_tells_whether_message_content_is_on(message_content: bool):
    settings = LoopbackSettings(message_content=message_content)
    async with LoopbackDiscord(settings) as server, Client() as client:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(discord.http.Route, "BASE", server.api_url)
            await client.login(server.token)
            info = await client.application_info()
    assert info.flags.gateway_message_content_limited is message_content


async def test_a_dropped_socket_is_resumed_with_no_event_lost_or_doubled(
    server: LoopbackDiscord, client: Client, mira: Person
):
    said = [(await mira.send(MIRA_DM_ID, "before")).content]
    server.gateway.drop()
    said += [(await mira.send(MIRA_DM_ID, f"while away {n}")).content for n in range(3)]
    await until(lambda: client.resumed)
    said.append((await mira.send(MIRA_DM_ID, "after")).content)
    await until(lambda: len(client.heard) >= len(said))
    assert [message.content for message in client.heard] == said
    assert server.gateway.identifies == 1


async def test_a_polite_request_to_reconnect_is_followed_by_a_resume(
    server: LoopbackDiscord, client: Client, mira: Person
):
    server.gateway.ask_to_reconnect()
    await until(lambda: client.resumed)
    await mira.send(MIRA_DM_ID, "still there?")
    await until(lambda: client.heard)
    assert server.gateway.resumes == 1


async def test_a_forgotten_session_is_identified_anew(
    server: LoopbackDiscord, client: Client, mira: Person
):
    server.gateway.forget_sessions()
    server.gateway.drop()
    await until(lambda: server.gateway.identifies == 2)
    await until(lambda: server.world.bot_online)
    await mira.send(MIRA_DM_ID, "new start")
    await until(lambda: client.heard)
    assert client.resumed == 0


@pytest.mark.parametrize("settings", [LoopbackSettings(replay_events=2)])
async def test_a_session_that_forgot_an_event_cannot_be_resumed(
    server: LoopbackDiscord, client: Client, mira: Person
):
    server.gateway.drop()
    for number in range(3):
        await mira.send(MIRA_DM_ID, str(number))
    await until(lambda: server.gateway.identifies == 2)
    assert server.gateway.resumes == 0


async def test_a_duplicated_event_comes_twice(
    server: LoopbackDiscord, client: Client, mira: Person
):
    server.faults.duplicate("MESSAGE_CREATE")
    first = await mira.send(MIRA_DM_ID, "one")
    second = await mira.send(MIRA_DM_ID, "two")
    await until(lambda: len(client.heard) == 3)
    assert [message.id for message in client.heard] == [first.id, first.id, second.id]


@pytest.mark.parametrize("settings", [LoopbackSettings(heartbeat_seconds=0.05)])
async def test_heartbeats_are_noted(server: LoopbackDiscord, client: Client):
    await until(lambda: len(server.gateway.heartbeats) >= 3)
    assert client.latency < 1


@pytest.mark.parametrize("settings", [LoopbackSettings(shards=2)])
async def test_each_event_comes_to_one_shard_only(client: Client, mira: Person):
    guild = client.get_guild(GUILD_ID)
    assert guild is not None
    assert guild.shard_id == (GUILD_ID >> 22) % 2
    said = [await mira.send(GENERAL_ID, "in the guild"), await mira.send(MIRA_DM_ID, "in the DM")]
    await until(lambda: len(client.heard) == 2)
    assert {message.id for message in client.heard} == {message.id for message in said}
