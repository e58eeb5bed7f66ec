from __future__ import annotations

import asyncio

import pytest

from bot.playground.discord import ApiError, ChangeKind, Person, World, default_world
from bot.playground.discord.default_world import (
    ADA_ID,
    BOT_ID,
    GENERAL_ID,
    MIRA_DM_ID,
    MIRA_ID,
    READ_ONLY_ID,
)
from bot.playground.discord.snowflakes import Snowflakes, created_at
from bot.playground.discord.state import Permission


@pytest.fixture
def world() -> World:
    return default_world()


def test_ids_grow_and_are_never_the_same():
    ids = Snowflakes()
    made = [ids.next() for _ in range(1_000)]
    assert made == sorted(set(made))


def test_ids_dated_back_by_nothing_are_never_those_of_the_same_moment():
    ids = Snowflakes()
    made = [ids.dated_back(0) if n % 2 else ids.next() for n in range(2_000)]
    assert len(set(made)) == len(made)


def test_an_id_can_be_dated_back():
    ids = Snowflakes()
    now, before = created_at(ids.next()), created_at(ids.dated_back(60))
    assert (now - before).total_seconds() == pytest.approx(60, abs=0.5)


def test_people_see_the_channels_and_their_own_dm_only(world: World):
    names = [channel.name or "DM" for channel in world.channels_of(MIRA_ID)]
    assert names == ["DM", "general", "pictures", "bots", "announcements"]
    assert world.permissions(ADA_ID, world.channel(MIRA_DM_ID)) == Permission.NONE


def test_there_is_one_channel_where_the_bot_may_not_write(world: World):
    assert not world.permissions(BOT_ID, world.channel(READ_ONLY_ID)) & Permission.SEND_MESSAGES
    assert world.permissions(MIRA_ID, world.channel(READ_ONLY_ID)) & Permission.SEND_MESSAGES


async def test_a_person_cannot_write_into_anothers_dm(world: World):
    with pytest.raises(ApiError) as refused:
        await Person(world, ADA_ID).send(MIRA_DM_ID, "hello")
    assert refused.value.code == 50001


async def test_waiting_ends_with_the_change_that_fulfils_it(world: World):
    waiting = asyncio.create_task(world.wait_for(lambda: world.messages(GENERAL_ID)))
    await asyncio.sleep(0)
    sent = await Person(world, MIRA_ID).send(GENERAL_ID, "hello")
    assert await waiting == [sent]


async def test_waiting_in_vain_times_out(world: World):
    with pytest.raises(TimeoutError):
        await world.wait_for(lambda: False, timeout=0)


async def test_a_subscription_tells_every_change_in_order_and_can_be_closed(world: World):
    mira = Person(world, MIRA_ID)
    with world.subscribe() as changes:
        message = await mira.send(GENERAL_ID, "helo")
        await mira.edit(message.id, "hello")
        await mira.delete(message.id)
        told = [await anext(changes) for _ in range(3)]
    assert [change.kind for change in told] == [
        ChangeKind.MESSAGE_CREATE,
        ChangeKind.MESSAGE_UPDATE,
        ChangeKind.MESSAGE_DELETE,
    ]
    assert all(change.payload is message for change in told)
    await mira.send(GENERAL_ID, "unheard")


async def test_an_edit_that_is_refused_changes_nothing(world: World):
    mira = Person(world, MIRA_ID)
    message = await mira.send(GENERAL_ID, "hello")
    with pytest.raises(ApiError):
        await mira.edit(message.id, "x" * 2_001)
    assert message.content == "hello"
    assert len(message.history) == 1
