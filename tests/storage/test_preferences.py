"""What admins have set, layer by layer."""

from __future__ import annotations

import asyncio

import pytest

from bot.chat.ports import Preferences
from bot.storage.preferences import SqlPreferenceStore

SERVER, CHANNEL = 10**18, 10**18 + 1


@pytest.fixture
def preferences(database) -> SqlPreferenceStore:
    return SqlPreferenceStore(database)


async def test_nothing_is_set_at_first(preferences):
    assert await preferences.read(SERVER, CHANNEL) == (Preferences(), Preferences())


async def test_a_private_channel_has_no_server_layer(preferences):
    await preferences.write(SERVER, None, {"chat_model": "gpt-4o"})
    assert await preferences.read(None, CHANNEL) == (Preferences(), Preferences())


async def test_layers_are_kept_apart(preferences):
    await preferences.write(SERVER, None, {"chat_model": "server's"})
    await preferences.write(SERVER, CHANNEL, {"chat_model": "channel's"})
    assert await preferences.read(SERVER, CHANNEL) == (
        Preferences(chat_model="server's"),
        Preferences(chat_model="channel's"),
    )
    assert (await preferences.read(SERVER, CHANNEL + 1))[1] == Preferences()


@pytest.mark.parametrize("channel", [None, CHANNEL], ids=["server", "channel"])
async def test_a_change_leaves_the_other_fields_alone(preferences, channel):
    await preferences.write(SERVER, channel, {"chat_model": "a", "image_model": "b"})
    await preferences.write(SERVER, channel, {"image_model": None})
    assert Preferences(chat_model="a") in await preferences.read(SERVER, CHANNEL)


async def test_numbers_are_kept_as_numbers(preferences):
    await preferences.write(SERVER, None, {"max_pages": 3})
    assert (await preferences.read(SERVER, CHANNEL))[0] == Preferences(max_pages=3)


async def test_switches_are_kept_and_only_servers_say_how_long_pictures_stay(preferences):
    await preferences.write(SERVER, None, {"show_reasoning": True, "retention_days": 7})
    await preferences.write(SERVER, CHANNEL, {"show_reasoning": False})
    assert await preferences.read(SERVER, CHANNEL) == (
        Preferences(show_reasoning=True, retention_days=7),
        Preferences(show_reasoning=False),
    )
    with pytest.raises(ValueError, match="retention_days"):
        await preferences.write(SERVER, CHANNEL, {"retention_days": 7})


async def test_a_field_that_does_not_exist_is_refused(preferences):
    with pytest.raises(ValueError, match="colour"):
        await preferences.write(SERVER, None, {"colour": "red"})


async def test_no_changes_change_nothing(preferences):
    await preferences.write(SERVER, None, {})
    assert await preferences.read(SERVER, CHANNEL) == (Preferences(), Preferences())


async def test_changes_at_once_are_all_kept(preferences):
    await asyncio.gather(
        preferences.write(SERVER, None, {"chat_model": "a"}),
        preferences.write(SERVER, None, {"image_model": "b"}),
    )
    assert (await preferences.read(SERVER, CHANNEL))[0] == Preferences("a", "b")
