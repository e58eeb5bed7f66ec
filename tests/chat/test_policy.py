from __future__ import annotations

from hypothesis import given, strategies as st

from bot.chat.policy import Chosen, Defaults, Layer, Policy, resolve
from bot.chat.ports import Preferences
from tests.fakes import FakeClock, MemoryPreferences

DEFAULTS = Defaults(chat_model="gpt-4o", image_model="banana")
names = st.none() | st.sampled_from(["a", "b", "c"])


@given(names, names)
def test_the_nearest_layer_that_says_something_decides(server, channel):
    chosen = resolve(DEFAULTS, Preferences(server), Preferences(channel)).chat_model
    if channel is not None:
        assert chosen == Chosen(channel, Layer.CHANNEL)
    elif server is not None:
        assert chosen == Chosen(server, Layer.SERVER)
    else:
        assert chosen == Chosen("gpt-4o", Layer.OPERATOR)


async def test_a_choice_taken_back_inherits_again():
    policy = Policy(DEFAULTS, MemoryPreferences(), FakeClock())
    await policy.change(1, None, {"chat_model": "gpt-5.4"})
    await policy.change(1, 7, {"chat_model": "o3", "image_model": "nano"})
    await policy.change(1, 7, {"chat_model": None})
    effective = await policy.effective(1, 7)
    assert effective.chat_model == Chosen("gpt-5.4", Layer.SERVER)
    assert effective.image_model == Chosen("nano", Layer.CHANNEL)
    assert (await policy.effective(2, 8)).chat_model == Chosen("gpt-4o", Layer.OPERATOR)


async def test_a_change_by_another_process_counts_after_five_seconds_at_the_latest():
    store, clock = MemoryPreferences(), FakeClock()
    policy = Policy(DEFAULTS, store, clock)
    await policy.effective(1, 7)
    await store.write(1, 7, {"chat_model": "o3"})
    assert (await policy.effective(1, 7)).chat_model.value == "gpt-4o"
    clock.time += 5
    assert (await policy.effective(1, 7)).chat_model.value == "o3"
