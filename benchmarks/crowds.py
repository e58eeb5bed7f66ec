"""Questions asked together, and what Discord showed of their replies."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from benchmarks.answers import DELTAS
from benchmarks.figures import Figure, Statistic, Target, Unit
from benchmarks.stage import DELTAS_PER_SECOND, HEARTBEAT_SECONDS, Asked, Stage

STREAM_SECONDS = DELTAS / DELTAS_PER_SECOND
PATIENCE_SECONDS = STREAM_SECONDS + 30
_NONE = (Target(Statistic.MAX, 0),)


@dataclass(frozen=True, slots=True)
class Goals:
    """What the replies have to reach, in the units of the figures."""

    first: tuple[Target, ...] = ()
    final: tuple[Target, ...] = ()
    gap: tuple[Target, ...] = ()
    heartbeat: tuple[Target, ...] = ()
    cpu: tuple[Target, ...] = ()


@dataclass(frozen=True, slots=True)
class Crowd:
    """So many questions spread evenly over so many seconds, several rounds of them."""

    streams: int
    goals: Goals
    rounds: int = 1
    spread_seconds: float = 0.0
    one_channel: bool = False

    async def play(self, stage: Stage) -> list[Figure]:
        """Ask everything and measure every reply."""
        questions: list[Asked] = []
        late: list[float] = []
        cpu: list[float] = []
        refusals = len(stage.discord.limits.refusals)
        for _ in range(self.rounds):
            async with stage.quiet():
                channels = stage.channels(1 if self.one_channel else self.streams)
                began, used = time.perf_counter(), stage.bot.cpu_seconds()
                asked = await self._ask(stage, channels, began)
                await stage.see_through(asked, PATIENCE_SECONDS)
                ended = time.perf_counter()
                used = stage.bot.cpu_seconds() - used - stage.idle_cpu * (ended - began)
            cpu.append(used / self.streams * 1000)
            late += _lateness(stage, began, ended)
            questions += asked
        shown = [asked for asked in questions if asked.exact and asked.call is not None]
        refused = len(stage.discord.limits.refusals) - refusals
        goals = self.goals
        return [
            Figure("question to call", Unit.SECONDS, [_to_call(q) for q in shown]),
            Figure("question to text", Unit.SECONDS, [_first_sight(q) - q.at for q in shown]),
            _above_floor(
                "first text", shown, stage.floor.create, goals.first, _first_byte, _first_sight
            ),
            _above_floor(
                "final text", shown, stage.floor.edit, goals.final, _last_byte, _last_sight
            ),
            Figure("longest gap", Unit.SECONDS, [q.longest_gap for q in shown], goals.gap),
            Figure("updates a reply", Unit.PIECES, [len(q.visible_at) for q in shown]),
            Figure("replies not exact", Unit.PIECES, [len(questions) - len(shown)], _NONE),
            Figure("429 answers", Unit.PIECES, [refused], _NONE),
            Figure("heartbeat lateness", Unit.MILLISECONDS, late, goals.heartbeat),
            Figure("bot CPU a reply", Unit.MILLISECONDS, cpu, goals.cpu),
        ]

    async def _ask(self, stage: Stage, channels: Sequence[int], began: float) -> list[Asked]:
        asked = []
        for number in range(self.streams):
            due = began + number * self.spread_seconds / self.streams
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            asked.append(await stage.ask(channels[number % len(channels)]))
        return asked


Moment = Callable[[Asked], float]


def _above_floor(
    name: str,
    questions: Sequence[Asked],
    round_trip: float,
    targets: tuple[Target, ...],
    upstream: Moment,
    sight: Moment,
) -> Figure:
    """What passes between upstream's byte and its sight, beyond one REST round trip.

    The floor is the same byte and round trip, counted from the question.
    """
    above = [(sight(q) - upstream(q) - round_trip) * 1000 for q in questions]
    floors = [(upstream(q) + round_trip - q.at) * 1000 for q in questions]
    floor = statistics.median(floors) if floors else None
    return Figure(name, Unit.MILLISECONDS, above, targets, floor)


def _to_call(asked: Asked) -> float:
    assert asked.call is not None
    return asked.call.received_at - asked.at


def _first_byte(asked: Asked) -> float:
    return asked.upstream_first_at


def _last_byte(asked: Asked) -> float:
    return asked.upstream_last_at


def _first_sight(asked: Asked) -> float:
    return asked.visible_at[0]


def _last_sight(asked: Asked) -> float:
    return asked.complete_at


def _lateness(stage: Stage, began: float, ended: float) -> list[float]:
    """How much later than due each heartbeat came, in milliseconds."""
    beats = [at for at in stage.discord.gateway.heartbeats if began <= at <= ended]
    return [max(0.0, (b - a - HEARTBEAT_SECONDS) * 1000) for a, b in pairwise(beats)]
