"""What admins have set, layer by layer, with its log and its keys."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import event

from bot.chat.access import Allowance, Rule, Subject, Verdict
from bot.chat.content import Speaker
from bot.chat.places import SettingsPlace
from bot.chat.preferences import (
    Change,
    Configuration,
    Layers,
    Lists,
    Preferences,
    SealedKey,
)
from bot.chat.quota import Holder, Limit, Measure, Period
from bot.errors import QuestionError
from bot.storage.preferences import SqlPreferenceStore

SERVER, CATEGORY, CHANNEL = 10**18, 10**18 + 1, 10**18 + 2
HERE = SettingsPlace(SERVER, CHANNEL, CATEGORY)
ADA = Speaker(5, "Ada")
LISTS = Lists(
    (Rule(Subject.ROLE, 10**18 + 7, Verdict.DENY),),
    (Allowance(10**18 + 8, "o3"),),
    (Limit(Holder.MEMBER, 10**18 + 9, Measure.CREDITS, Period.MONTH, 5_000_000),),
)


@pytest.fixture
def preferences(database) -> SqlPreferenceStore:
    return SqlPreferenceStore(database)


async def put(store: SqlPreferenceStore, place_id: int | None = None, **settings):
    return await store.change(SERVER, lambda old: old.with_settings(place_id, settings), ADA)


async def test_nothing_is_set_at_first(preferences):
    assert await preferences.read(HERE) == Layers()
    assert await preferences.configuration(SERVER) == Configuration()


async def test_a_private_channel_has_no_server_layer(preferences):
    await put(preferences, chat_model="gpt-4o")
    assert await preferences.read(SettingsPlace(None, CHANNEL)) == Layers()


async def test_layers_are_kept_apart(preferences):
    await put(preferences, chat_model="server's", retention_days=7)
    await put(preferences, CATEGORY, chat_model="category's", temperature=0.5)
    await put(preferences, CHANNEL, chat_model="channel's", footer=False)
    layers = await preferences.read(HERE)
    assert layers.server == Preferences(chat_model="server's", retention_days=7)
    assert layers.category == Preferences(chat_model="category's", temperature=0.5)
    assert layers.channel == Preferences(chat_model="channel's", footer=False)
    elsewhere = await preferences.read(SettingsPlace(SERVER, CHANNEL + 1))
    assert (elsewhere.category, elsewhere.channel) == (Preferences(), Preferences())


async def test_another_servers_channel_has_no_say(preferences):
    await put(preferences, CHANNEL, chat_model="o3")
    assert await preferences.read(SettingsPlace(SERVER + 9, CHANNEL)) == Layers()
    await preferences.change(
        SERVER + 9, lambda old: old.with_settings(CHANNEL, {"chat_model": "stolen"}), ADA
    )
    assert (await preferences.read(HERE)).channel.chat_model == "o3"


async def test_everything_that_decides_is_read_by_one_statement(preferences, database):
    await put(preferences, CHANNEL, chat_model="a")
    statements: list[str] = []

    def note(_connection, _cursor, statement, *_more):
        statements.append(statement)

    event.listen(database._engine.sync_engine, "before_cursor_execute", note)
    assert (await preferences.read(HERE)).channel.chat_model == "a"
    assert len(statements) == 1
    assert statements[0].startswith("SELECT")


async def test_lists_come_with_the_layers(preferences):
    await preferences.change(SERVER, lambda old: replace(old, lists=LISTS), ADA)
    assert (await preferences.read(HERE)).lists == LISTS
    assert (await preferences.configuration(SERVER)).lists == LISTS


async def test_what_is_taken_back_is_gone(preferences):
    await put(preferences, CHANNEL, chat_model="a", image_model="b")
    await put(preferences, CHANNEL, image_model=None)
    assert (await preferences.read(HERE)).channel == Preferences(chat_model="a")
    await put(preferences, CHANNEL, chat_model=None)
    assert await preferences.configuration(SERVER) == Configuration()


async def test_changes_are_told_and_logged(preferences):
    assert await put(preferences, max_pages=3) == [Change(None, "max_pages", "null", "3")]
    await put(preferences, CHANNEL, footer=True)
    assert await put(preferences, max_pages=3) == []
    newest, older = await preferences.log(SERVER, limit=9)
    assert newest.change == Change(CHANNEL, "footer", "null", "true")
    assert (older.change.name, older.member_id, older.member_name) == ("max_pages", 5, "Ada")
    assert await preferences.log(SERVER, limit=9, skip=1) == [older]
    assert await preferences.log(SERVER + 1, limit=9) == []


async def test_a_change_that_fails_leaves_everything_as_it_was(preferences):
    await put(preferences, max_pages=3)
    with pytest.raises(QuestionError):
        await put(preferences, max_pages=4, colour="red")
    assert (await preferences.read(HERE)).server == Preferences(max_pages=3)
    assert len(await preferences.log(SERVER, limit=9)) == 1


async def test_changes_at_once_are_all_kept(preferences):
    await asyncio.gather(
        put(preferences, chat_model="a"),
        put(preferences, image_model="b"),
        *(put(preferences, CHANNEL + number, max_pages=2) for number in range(5)),
    )
    configuration = await preferences.configuration(SERVER)
    assert configuration.server == Preferences("a", "b")
    assert len(configuration.places) == 5


async def test_a_key_is_kept_and_forgotten_and_logged_by_its_tail(preferences):
    key = SealedKey(b"\x00sealed", "abcd")
    await preferences.keep_key(SERVER, key, ADA)
    assert (await preferences.read(HERE)).key == key
    assert await preferences.with_keys() == [SERVER]
    await preferences.keep_key(SERVER, None, ADA)
    assert (await preferences.read(HERE)).key is None
    await preferences.keep_key(SERVER, None, ADA)
    assert [entry.change for entry in await preferences.log(SERVER, limit=9)] == [
        Change(None, "authcode", '"abcd"', "null"),
        Change(None, "authcode", "null", '"abcd"'),
    ]
