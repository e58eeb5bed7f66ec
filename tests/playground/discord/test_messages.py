from __future__ import annotations

import io

import aiohttp
import discord
import pytest
from PIL import Image

from bot.playground.discord import ApiError, LoopbackDiscord, LoopbackSettings, Person
from bot.playground.discord.default_world import (
    BOT_ID,
    GENERAL_ID,
    GUILD_ID,
    MIRA_DM_ID,
    MIRA_ID,
    PICTURES_ID,
    READ_ONLY_ID,
)
from bot.playground.discord.state import Overwrite, Permission
from tests.playground.discord.client import Client, until


def picture(width: int = 8, height: int = 4) -> bytes:
    made = io.BytesIO()
    Image.new("RGB", (width, height)).save(made, "PNG")
    return made.getvalue()


def png(name: str = "cat.png") -> discord.File:
    return discord.File(io.BytesIO(picture()), name, description="a cat")


async def test_a_message_of_the_bot_is_seen_by_people_and_comes_back_to_it(
    server: LoopbackDiscord, client: Client
):
    sent = await client.text_channel(GENERAL_ID).send("hello")
    assert sent.author == client.user
    assert [m.content for m in server.world.messages(GENERAL_ID, viewer=MIRA_ID)] == ["hello"]
    await until(lambda: client.heard)
    assert client.heard[0].id == sent.id


async def test_a_reply_knows_what_it_replies_to(
    server: LoopbackDiscord, client: Client, mira: Person
):
    question = await mira.send(GENERAL_ID, f"<@{BOT_ID}> why?")
    await until(lambda: client.heard)
    sent = await client.heard[0].reply("because", mention_author=True)
    assert sent.type is discord.MessageType.reply
    kept = server.world.message(sent.id)
    assert kept.reference is not None
    assert kept.reference.message_id == question.id
    assert kept.mention_ids == (MIRA_ID,)


async def test_a_reply_without_ping_mentions_nobody(
    server: LoopbackDiscord, client: Client, mira: Person
):
    await mira.send(GENERAL_ID, f"<@{BOT_ID}> why?")
    await until(lambda: client.heard)
    sent = await client.heard[0].reply(f"<@{MIRA_ID}> @everyone", mention_author=False)
    kept = server.world.message(sent.id)
    assert kept.mention_ids == ()
    assert not kept.mentions_everyone


async def test_a_reply_to_a_deleted_message_fails_unless_it_need_not_exist(
    server: LoopbackDiscord, client: Client, mira: Person
):
    await mira.send(GENERAL_ID, f"<@{BOT_ID}> why?")
    await until(lambda: client.heard)
    asked = client.heard[0]
    await mira.delete(asked.id)
    with pytest.raises(discord.HTTPException) as refused:
        await asked.reply("because")
    assert refused.value.code == 50035
    sent = await asked.channel.send(
        "because", reference=asked.to_reference(fail_if_not_exists=False)
    )
    assert sent.reference is None


async def test_an_edit_is_kept_in_the_history_with_its_time(
    server: LoopbackDiscord, client: Client
):
    sent = await client.text_channel(GENERAL_ID).send("o")
    await sent.edit(content="on")
    await (
        client.get_partial_messageable(GENERAL_ID).get_partial_message(sent.id).edit(content="one")
    )
    history = server.world.message(sent.id).history
    assert [revision.content for revision in history] == ["o", "on", "one"]
    assert history[0].at <= history[1].at <= history[2].at
    await until(lambda: len(client.edited) == 2)
    assert client.edited[-1].message.content == "one"
    assert client.edited[-1].message.edited_at is not None


async def test_a_picture_arrives_whole_with_its_alt_text_and_size(
    server: LoopbackDiscord, client: Client
):
    sent = await client.text_channel(PICTURES_ID).send(file=png("my cat.png"))
    (attachment,) = sent.attachments
    assert attachment.filename == "my_cat.png"
    assert (attachment.content_type, attachment.description) == ("image/png", "a cat")
    assert (attachment.width, attachment.height) == (8, 4)
    assert await attachment.read() == picture()
    assert attachment.url.startswith(server.url)


async def test_a_file_of_a_person_can_be_read_by_the_bot(client: Client, mira: Person):
    await mira.send(MIRA_DM_ID, "", files=[("notes.txt", b"milk, eggs", "text/plain")])
    await until(lambda: client.heard)
    assert await client.heard[0].attachments[0].read() == b"milk, eggs"


@pytest.mark.parametrize("settings", [LoopbackSettings(attachment_url_seconds=0)])
async def test_the_address_of_a_file_ends(client: Client, mira: Person):
    await mira.send(MIRA_DM_ID, "", files=[("notes.txt", b"milk", "text/plain")])
    await until(lambda: client.heard)
    with pytest.raises(discord.NotFound):
        await client.heard[0].attachments[0].read()


async def test_the_address_of_a_file_cannot_be_prolonged(client: Client, mira: Person):
    await mira.send(MIRA_DM_ID, "", files=[("notes.txt", b"milk", "text/plain")])
    await until(lambda: client.heard)
    signed, query = client.heard[0].attachments[0].url.split("?ex=")
    async with aiohttp.ClientSession() as session:
        forged = await session.get(f"{signed}?ex=f{query}")
    assert forged.status == 404


async def test_attachments_stay_unless_the_edit_lists_them(client: Client):
    channel = client.text_channel(PICTURES_ID)
    sent = await channel.send("two", files=[png("a.png"), png("b.png")])
    kept = await sent.edit(content="still two")
    assert [a.filename for a in kept.attachments] == ["a.png", "b.png"]
    swapped = await kept.edit(attachments=[kept.attachments[1], png("c.png")])
    assert [a.filename for a in swapped.attachments] == ["b.png", "c.png"]
    assert swapped.attachments[1].description == "a cat"
    bare = await swapped.edit(attachments=[])
    assert bare.attachments == []


@pytest.mark.parametrize(
    ("content", "code"),
    [
        pytest.param("x" * 2_001, 50035, id="too long"),
        pytest.param("", 50006, id="empty"),
        pytest.param(" \n ", 50006, id="only whitespace"),
    ],
)
async def test_content_has_its_limits(client: Client, content: str, code: int):
    with pytest.raises(discord.HTTPException) as refused:
        await client.text_channel(GENERAL_ID).send(content)
    assert (refused.value.status, refused.value.code) == (400, code)


async def test_outer_whitespace_is_trimmed(client: Client):
    assert (await client.text_channel(GENERAL_ID).send(f" {'x' * 2_000}\n")).content == "x" * 2_000


@pytest.mark.parametrize("settings", [LoopbackSettings(max_file_bytes=10)])
async def test_a_file_above_the_limit_is_refused_with_413(client: Client):
    big = discord.File(io.BytesIO(b"x" * 11), "big.bin")
    with pytest.raises(discord.HTTPException) as refused:
        await client.text_channel(GENERAL_ID).send(file=big)
    assert (refused.value.status, refused.value.code) == (413, 40005)


@pytest.mark.parametrize("settings", [LoopbackSettings(max_request_bytes=1_000)])
async def test_a_request_above_the_limit_is_refused_with_413(client: Client):
    files = [discord.File(io.BytesIO(b"x" * 600), f"{n}.bin") for n in range(2)]
    with pytest.raises(discord.HTTPException) as refused:
        await client.text_channel(GENERAL_ID).send(files=files)
    assert (refused.value.status, refused.value.code) == (413, 40005)


async def test_an_eleventh_file_is_refused(client: Client):
    channel = client.text_channel(GENERAL_ID)
    sent = await channel.send(files=[discord.File(io.BytesIO(b"x"), f"{n}.txt") for n in range(10)])
    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(attachments=[*sent.attachments, discord.File(io.BytesIO(b"x"), "11.txt")])
    assert refused.value.status == 400


async def test_the_same_nonce_makes_one_message_only(server: LoopbackDiscord, client: Client):
    channel = client.text_channel(GENERAL_ID)
    first = await channel.send("page one", nonce="turn-7-1")
    again = await channel.send("page one", nonce="turn-7-1")
    other = await channel.send("page two", nonce="turn-7-2")
    assert first.id == again.id != other.id
    assert len(server.world.messages(GENERAL_ID)) == 2


async def test_suppressed_embeds_stay_suppressed_until_an_edit_says_otherwise(client: Client):
    channel = client.text_channel(GENERAL_ID)
    sent = await channel.send("https://example.org", suppress_embeds=True)
    partial = channel.get_partial_message(sent.id)
    assert (await partial.edit(content="https://example.org/")).flags.suppress_embeds
    assert not (await sent.edit(content="bare", suppress=False)).flags.suppress_embeds


async def test_components_v2_is_never_taken_back_and_takes_no_content(client: Client):
    view = discord.ui.LayoutView()
    view.add_item(discord.ui.TextDisplay("panel"))
    channel = client.text_channel(GENERAL_ID)
    sent = await channel.send(view=view)
    assert sent.flags.components_v2
    with pytest.raises(discord.HTTPException) as refused:
        await channel.get_partial_message(sent.id).edit(content="text")
    assert refused.value.code == 50035


async def test_the_history_comes_newest_first_and_in_pages(client: Client, mira: Person):
    for number in range(5):
        await mira.send(GENERAL_ID, f"{number}")
    channel = client.text_channel(GENERAL_ID)
    newest = [message async for message in channel.history(limit=2)]
    assert [m.content for m in newest] == ["4", "3"]
    older = [m.content async for m in channel.history(before=newest[-1])]
    assert older == ["2", "1", "0"]
    later = [m.content async for m in channel.history(after=newest[-1])]
    assert later == ["4"]


async def test_a_deleted_message_is_gone_for_all(
    server: LoopbackDiscord, client: Client, ada: Person
):
    sent = await client.text_channel(GENERAL_ID).send("growing")
    await ada.delete(sent.id)
    with pytest.raises(discord.NotFound) as gone:
        await sent.edit(content="growing on")
    assert gone.value.code == 10008
    await until(lambda: client.deleted)
    assert client.deleted[0].message_id == sent.id
    assert server.world.messages(GENERAL_ID) == []


async def test_the_bot_may_not_edit_what_others_wrote(client: Client, mira: Person):
    message = await mira.send(GENERAL_ID, "mine")
    with pytest.raises(discord.Forbidden) as refused:
        await client.text_channel(GENERAL_ID).get_partial_message(message.id).edit(content="ours")
    assert refused.value.code == 50005


async def test_the_bot_may_not_write_where_it_is_denied(client: Client):
    with pytest.raises(discord.Forbidden) as refused:
        await client.text_channel(READ_ONLY_ID).send("hello")
    assert refused.value.code == 50013


@pytest.mark.parametrize(
    ("denied", "code"),
    [
        pytest.param(Permission.VIEW_CHANNEL, 50001, id="the channel is hidden"),
        pytest.param(Permission.ATTACH_FILES, 50013, id="files are not allowed"),
        pytest.param(Permission.READ_MESSAGE_HISTORY, 160002, id="replies need the history"),
    ],
)
async def test_each_missing_permission_has_its_own_refusal(
    server: LoopbackDiscord, client: Client, mira: Person, denied: Permission, code: int
):
    question = await mira.send(GENERAL_ID, "look")
    channel = server.world.channel(GENERAL_ID)
    channel.overwrites.append(Overwrite(BOT_ID, is_member=True, deny=denied))
    place = client.text_channel(GENERAL_ID)
    with pytest.raises(discord.HTTPException) as refused:
        await place.send("there", file=png(), reference=place.get_partial_message(question.id))
    assert refused.value.code == code


async def test_a_hidden_channel_is_silent(server: LoopbackDiscord, client: Client, mira: Person):
    hidden = Overwrite(BOT_ID, is_member=True, deny=Permission.VIEW_CHANNEL)
    server.world.channel(GENERAL_ID).overwrites.append(hidden)
    await mira.send(GENERAL_ID, "between us")
    await mira.send(MIRA_DM_ID, "and you")
    await until(lambda: client.heard)
    assert [message.content for message in client.heard] == ["and you"]


async def test_without_the_permission_the_history_is_silently_empty(
    server: LoopbackDiscord, client: Client, mira: Person
):
    message = await mira.send(GENERAL_ID, "past")
    closed = Overwrite(GUILD_ID, deny=Permission.READ_MESSAGE_HISTORY)
    server.world.channel(GENERAL_ID).overwrites.append(closed)
    place = client.text_channel(GENERAL_ID)
    assert [m async for m in place.history()] == []
    with pytest.raises(discord.Forbidden):
        await place.fetch_message(message.id)


async def test_a_person_who_blocks_dms_gets_none(client: Client, mira: Person):
    await mira.block_dms()
    user = await client.fetch_user(MIRA_ID)
    with pytest.raises(discord.Forbidden) as refused:
        await user.send("hello")
    assert refused.value.code == 50007


async def test_people_obey_permissions_too(server: LoopbackDiscord, mira: Person, ada: Person):
    theirs = await ada.send(GENERAL_ID, "mine")
    with pytest.raises(ApiError) as refused:
        await mira.delete(theirs.id)
    assert refused.value.code == 50013
    with pytest.raises(ApiError):
        await mira.edit(theirs.id, "ours")


async def test_typing_is_shown(server: LoopbackDiscord, client: Client):
    with server.world.subscribe() as changes:
        await client.text_channel(GENERAL_ID).typing()
        change = await anext(changes)
    assert change.kind == "typing"


async def test_a_thread_on_a_message_has_its_id_and_takes_messages(
    server: LoopbackDiscord, client: Client
):
    start = await client.text_channel(GENERAL_ID).send("let us go aside")
    thread = await start.create_thread(name="Aside", auto_archive_duration=60)
    assert thread.id == start.id
    assert (await thread.send("here")).channel.id == start.id
    assert await start.fetch_thread() is not None
    await thread.edit(name="Further aside", archived=True)
    assert server.world.channel(thread.id).name == "Further aside"


async def test_an_archived_thread_refuses_edits_and_opens_for_new_messages(
    server: LoopbackDiscord, client: Client
):
    thread = await client.text_channel(GENERAL_ID).create_thread(
        name="Aside", type=discord.ChannelType.public_thread
    )
    sent = await thread.send("here")
    await thread.edit(archived=True)
    with pytest.raises(discord.HTTPException) as refused:
        await sent.edit(content="there")
    assert refused.value.code == 50083
    await thread.send("again")
    state = server.world.channel(thread.id).thread
    assert state is not None
    assert not state.archived


async def test_a_channel_that_is_deleted_is_unknown(server: LoopbackDiscord, client: Client):
    place = client.text_channel(GENERAL_ID)
    server.world.delete_channel(GENERAL_ID)
    with pytest.raises(discord.NotFound) as gone:
        await place.send("anyone?")
    assert gone.value.code == 10003
    await until(lambda: client.get_channel(GENERAL_ID) is None)
