"""The living reply, scenario by scenario; the targets are those of its issue."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from benchmarks import delta_cost, slow_edits
from benchmarks.crowds import Crowd, Goals
from benchmarks.figures import Figure, Result, Statistic, Target
from benchmarks.stage import Stage, open_stage

_MEDIAN, _P95, _MAX = Statistic.MEDIAN, Statistic.P95, Statistic.MAX
_CPU_MS = (Target(_MAX, 30),)


@dataclass(frozen=True, slots=True)
class Scenario:
    """Something to measure between the servers and the bot."""

    title: str
    play: Callable[[Stage], Awaitable[list[Figure]]]


SCENARIOS = {
    "alone": Scenario(
        "1 stream",
        Crowd(
            1,
            Goals(
                first=(Target(_MEDIAN, 15), Target(_P95, 15)),
                final=(Target(_P95, 50),),
                gap=(Target(_MAX, 1.4),),
            ),
            rounds=20,
        ).play,
    ),
    "ten": Scenario(
        "10 at once",
        Crowd(10, Goals(final=(Target(_P95, 50),), gap=(Target(_MAX, 1.4),)), rounds=3).play,
    ),
    "fifty-spread": Scenario(
        "50 over 5 s",
        Crowd(
            50,
            Goals(
                first=(Target(_P95, 40),),
                final=(Target(_P95, 50),),
                gap=(Target(_MAX, 3),),
                cpu=_CPU_MS,
            ),
            rounds=2,
            spread_seconds=5,
        ).play,
    ),
    "fifty-at-once": Scenario(
        "50 at once",
        Crowd(
            50,
            Goals(
                first=(Target(_P95, 150),),
                final=(Target(_P95, 1_000),),
                gap=(Target(_MAX, 3),),
                cpu=_CPU_MS,
            ),
            rounds=2,
        ).play,
    ),
    "one-channel": Scenario(
        "5 in one channel",
        Crowd(
            5,
            Goals(
                final=(Target(_MEDIAN, 2_500), Target(_P95, 5_300)), gap=(Target(_MAX, 5 * 1.4),)
            ),
            rounds=4,
            one_channel=True,
        ).play,
    ),
    "two-hundred": Scenario(
        "200 within 1 s",
        Crowd(
            200,
            Goals(
                first=(Target(_P95, 4_500),),
                final=(Target(_P95, 4_500),),
                heartbeat=(Target(_MAX, 100),),
            ),
            spread_seconds=1,
        ).play,
    ),
    "slow-edits": Scenario("edits take 10 s", slow_edits.play),
}
LONG_ANSWER = "long-answer"
NAMES = (*SCENARIOS, LONG_ANSWER)


async def run(names: Collection[str], *, profile: Path | None = None) -> list[Result]:
    """Play the named scenarios; `profile` is the file for cProfile's account of the bot."""
    results = []
    chosen = [name for name in SCENARIOS if name in names]
    if chosen:
        async with open_stage(profile=profile) as stage:
            await stage.settle()
            for name in chosen:
                print(f"{name} ...", file=sys.stderr, flush=True)
                scenario = SCENARIOS[name]
                results.append(Result(name, scenario.title, await scenario.play(stage)))
    if LONG_ANSWER in names:
        results.append(Result(LONG_ANSWER, "long answer", delta_cost.play()))
    return results
