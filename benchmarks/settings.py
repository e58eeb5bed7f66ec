"""What it costs to know the settings of a place, with many servers' settings stored."""

from __future__ import annotations

import asyncio
import random
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import msgspec
from sqlalchemy import insert

from benchmarks.figures import Figure, Result, Statistic, Target, Unit
from bot.chat.access import Allowance, Rule, Subject, Verdict
from bot.chat.places import SettingsPlace
from bot.chat.policy import Defaults, Policy
from bot.chat.preferences import Lists
from bot.chat.quota import Holder, Limit, Measure, Period
from bot.clock import LoopClock
from bot.storage.database import Database, migrate
from bot.storage.preferences import SqlPreferenceStore
from bot.storage.tables import ChannelPreferencesRow, GuildPreferencesRow
from tests.postgres import PostgresMissingError, postgres_server

SERVERS = 10_000
CHANNELS = 4
"""Of each server; one of them is the category of the others."""
ENTRIES = 20
"""Of each of a server's lists."""
READS = 3_000
READS_KNOWN = 500
AT_ONCE = 20
GOAL_MS = 5.0
_ROWS_AT_ONCE = 1_000
_FIRST = 10**18


async def run() -> list[Result]:
    """Measure on SQLite, and on PostgreSQL where it is installed."""
    with tempfile.TemporaryDirectory(prefix="liaocord-bench-") as folder:
        results = [await _on("SQLite", f"sqlite:///{Path(folder) / 'bot.sqlite3'}")]
    try:
        with postgres_server() as server:
            results.append(await _on("PostgreSQL", server.url()))
    except PostgresMissingError as missing:
        print(f"not measured on PostgreSQL: {missing}")
    return results


async def _on(name: str, url: str) -> Result:
    await migrate(url)
    async with Database(url) as database:
        await _fill(database)
        policy = Policy(Defaults("a", "b"), SqlPreferenceStore(database), LoopClock())
        places = [_place(number) for number in random.Random(1).sample(range(SERVERS), READS)]
        for place in places[:50]:
            await policy.effective(SettingsPlace(place.guild_id, 1))  # opens connections
        alone = [await _timed(policy, place) for place in places]
        crowd = Policy(Defaults("a", "b"), SqlPreferenceStore(database), LoopClock())
        together: list[float] = []
        for start in range(0, READS, AT_ONCE):
            group = places[start : start + AT_ONCE]
            together += await asyncio.gather(*(_timed(crowd, place) for place in group))
        for place in places[:READS_KNOWN]:
            await policy.effective(place)
        known = [await _timed(policy, place) for place in places[:READS_KNOWN]]
    goal = (Target(Statistic.P95, GOAL_MS),)
    return Result(
        f"settings-{name.lower()}",
        f"{SERVERS:,} servers' settings on {name}",
        [
            Figure("effective settings, read", Unit.MILLISECONDS, alone, goal),
            Figure(f"the same, {AT_ONCE} at once", Unit.MILLISECONDS, together),
            Figure("known for less than five seconds", Unit.MILLISECONDS, known, goal),
        ],
    )


async def _timed(policy: Policy, place: SettingsPlace) -> float:
    began = time.perf_counter()
    effective = await policy.effective(place)
    taken = (time.perf_counter() - began) * 1000
    assert effective.chat_model.value == "channel's"
    return taken


def _place(number: int) -> SettingsPlace:
    channels = _channels(number)
    return SettingsPlace(_FIRST + number, channels[1], channels[0])


def _channels(number: int) -> list[int]:
    return [2 * _FIRST + number * CHANNELS + index for index in range(CHANNELS)]


async def _fill(database: Database) -> None:
    servers = [
        {
            "guild_id": _FIRST + number,
            "chat_model": "server's",
            "persona": "You are an owl. " * 100,
            "time_zone": "Europe/Berlin",
            "lists": cast("dict[str, Any]", msgspec.to_builtins(_lists(number))),
        }
        for number in range(SERVERS)
    ]
    channels = [
        {"channel_id": channel, "guild_id": _FIRST + number, "chat_model": "channel's"}
        for number in range(SERVERS)
        for channel in _channels(number)
    ]
    for table, rows in ((GuildPreferencesRow, servers), (ChannelPreferencesRow, channels)):
        for some in _pieces(rows):
            async with database.write() as session:
                await session.execute(insert(table), some)


def _lists(number: int) -> Lists:
    ids = [3 * _FIRST + number * ENTRIES + entry for entry in range(ENTRIES)]
    return Lists(
        tuple(Rule(Subject.MEMBER, some, Verdict.DENY) for some in ids),
        tuple(Allowance(some, "gpt-4o") for some in ids),
        tuple(Limit(Holder.ROLE, some, Measure.TOKENS, Period.DAY, 1_000) for some in ids),
    )


def _pieces(rows: Sequence[dict[str, Any]]) -> list[list[dict[str, Any]]]:
    return [list(rows[at : at + _ROWS_AT_ONCE]) for at in range(0, len(rows), _ROWS_AT_ONCE)]
