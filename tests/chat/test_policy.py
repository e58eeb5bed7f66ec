from __future__ import annotations

from dataclasses import fields

import pytest
from hypothesis import given, strategies as st

from bot.chat.places import SettingsPlace
from bot.chat.policy import Chosen, Defaults, Effective, Layer, Policy, resolve
from bot.chat.preferences import FIELDS, Layers, Preferences, SealedKey
from bot.errors import QuestionError, StorageError
from tests.fakes import MIRA, FakeClock, MemoryPreferences

DEFAULTS = Defaults(chat_model="gpt-4o", image_model="banana")
HERE = SettingsPlace(1, 7, 5)
names = st.none() | st.sampled_from(["a", "b", "c"])
switches = st.none() | st.booleans()


@given(names, names, names)
def test_the_nearest_layer_that_says_something_decides(server, category, channel):
    layers = Layers(Preferences(server), Preferences(category), Preferences(channel))
    said = [
        Chosen(value, layer)
        for value, layer in (
            (channel, Layer.CHANNEL),
            (category, Layer.CATEGORY),
            (server, Layer.SERVER),
        )
        if value is not None
    ]
    expected = [*said, Chosen("gpt-4o", Layer.OPERATOR)][0]
    assert resolve(DEFAULTS, layers).chat_model == expected


@given(switches, switches, names)
def test_fields_are_decided_one_by_one(server, channel, model):
    layers = Layers(Preferences(footer=server), Preferences(), Preferences(model, footer=channel))
    effective = resolve(DEFAULTS, layers)
    assert effective.footer.value == next((x for x in (channel, server) if x is not None), False)
    assert effective.chat_model.value == (model or "gpt-4o")


def test_every_field_has_a_rule_a_default_and_an_effective_value():
    known = {field.name for field in fields(Preferences)}
    assert known == set(FIELDS) == {field.name for field in fields(Defaults)}
    assert known == {field.name for field in fields(Effective)} - {"lists", "key"}


async def test_a_choice_taken_back_inherits_again():
    policy = Policy(DEFAULTS, MemoryPreferences(), FakeClock())
    await policy.set(1, None, {"chat_model": "gpt-5.4"}, MIRA)
    await policy.set(1, 7, {"chat_model": "o3", "image_model": "nano"}, MIRA)
    await policy.set(1, 7, {"chat_model": None}, MIRA)
    effective = await policy.effective(HERE)
    assert effective.chat_model == Chosen("gpt-5.4", Layer.SERVER)
    assert effective.image_model == Chosen("nano", Layer.CHANNEL)
    elsewhere = await policy.effective(SettingsPlace(2, 8))
    assert elsewhere.chat_model == Chosen("gpt-4o", Layer.OPERATOR)


async def test_a_change_by_another_process_counts_after_five_seconds_at_the_latest():
    store, clock = MemoryPreferences(), FakeClock()
    policy = Policy(DEFAULTS, store, clock)
    await policy.effective(HERE)
    await store.change(1, lambda old: old.with_settings(5, {"chat_model": "o3"}), MIRA)
    assert (await policy.effective(HERE)).chat_model.value == "gpt-4o"
    clock.time += 5
    assert (await policy.effective(HERE)).chat_model == Chosen("o3", Layer.CATEGORY)


async def test_while_settings_cannot_be_read_what_held_before_holds(monkeypatch):
    store, clock = MemoryPreferences(), FakeClock()
    policy = Policy(DEFAULTS, store, clock)
    await policy.set(1, None, {"max_pages": 2}, MIRA)
    await policy.effective(HERE)

    async def troubled(_place):
        raise StorageError("OperationalError: database is locked")

    monkeypatch.setattr(store, "read", troubled)
    clock.time += 3_600
    assert (await policy.effective(HERE)).max_pages.value == 2
    with pytest.raises(StorageError):
        await policy.effective(SettingsPlace(1, 8))


async def test_a_change_of_ones_own_counts_at_once():
    policy = Policy(DEFAULTS, MemoryPreferences(), FakeClock())
    await policy.effective(HERE)
    await policy.set(1, None, {"max_pages": 2}, MIRA)
    assert (await policy.effective(HERE)).max_pages.value == 2


@pytest.mark.parametrize(
    ("name", "value", "server"),
    [
        ("temperature", 2.5, True),
        ("temperature", "warm", True),
        ("max_pages", 0, True),
        ("max_pages", True, True),
        ("reasoning", "endless", True),
        ("footer", 1, True),
        ("time_zone", "Mars/Olympus", True),
        ("language", "de", True),
        ("chat_model", "", True),
        ("persona", "x" * 4_001, True),
        ("retention_days", 5, False),
        ("colour", "red", True),
        ("temperature", float("nan"), True),
    ],
)
async def test_a_value_that_a_field_does_not_take_changes_nothing(name, value, server):
    store = MemoryPreferences()
    policy = Policy(DEFAULTS, store, FakeClock())
    with pytest.raises(QuestionError):
        await policy.set(1, None if server else 7, {"footer": True, name: value}, MIRA)
    assert await policy.configuration(1) == type(await policy.configuration(1))()
    assert store.logged == []


def test_a_key_does_not_show_itself():
    assert "secret" not in repr(SealedKey(b"secret", "cret"))
