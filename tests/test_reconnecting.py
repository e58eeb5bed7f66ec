"""How long the bot waits before it connects again."""

from __future__ import annotations

import discord
from hypothesis import given, strategies as st

from bot.reconnecting import LASTED_SECONDS, LONGEST_PAUSE_SECONDS, Pauses, install


class Time:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_pauses_grow_while_no_session_lasts():
    time = Time()
    pauses = Pauses(time)
    waited = []
    for _ in range(9):
        waited.append(pauses.delay())
        time.now += waited[-1] + 1
    assert waited[0] == 0
    assert all(
        0.5 * most <= each <= most for each, most in zip(waited[1:], (1, 3, 7, 15), strict=False)
    )
    assert all(each >= LONGEST_PAUSE_SECONDS / 2 for each in waited[5:])


@given(st.lists(st.floats(LASTED_SECONDS, 10_000), min_size=1, max_size=20))
def test_after_a_session_that_lasted_they_begin_anew(lasted):
    time = Time()
    pauses = Pauses(time)
    for seconds in lasted:
        assert pauses.delay() == 0
        time.now += seconds


@given(st.lists(st.floats(0, 10_000), min_size=1, max_size=50))
def test_no_pause_is_too_long(between):
    time = Time()
    pauses = Pauses(time)
    for seconds in between:
        pause = pauses.delay()
        assert 0 <= pause <= LONGEST_PAUSE_SECONDS
        time.now += pause + seconds


def test_the_librarys_shards_wait_so(monkeypatch):
    for name in ("DiscordWebSocket", "ExponentialBackoff"):
        monkeypatch.setattr(discord.shard, name, getattr(discord.shard, name))
    install()
    client = discord.AutoShardedClient(intents=discord.Intents.none())
    client._reconnect = True
    shard = discord.shard.Shard(None, client, lambda _event: None)  # type: ignore[arg-type]
    assert isinstance(shard._backoff, Pauses)
