"""What a delta costs the pages of a reply, in a long answer and in a short one. No sockets."""

from __future__ import annotations

import time
from collections.abc import Sequence

from benchmarks.answers import ANSWER
from benchmarks.figures import Figure, Statistic, Target, Unit
from bot.playground.standin.openai_wire import deltas
from bot.replies.draft import Draft

LONG_CHARACTERS = 100_000
SHORT_CHARACTERS = 1_000
DELTAS_PER_PAINT = 60
"""About one paint a second at the stand-in's pace."""
MAX_PAGES = 100  # so that every page is shown, none left to a file
LONG_ROUNDS = 5
SHORT_ROUNDS = 20


def play() -> list[Figure]:
    """Write answers of both lengths and compose what each paint would show."""
    short, long = _pieces(SHORT_CHARACTERS), _pieces(LONG_CHARACTERS)
    cost_per_delta(short)  # warms up
    shorts = [cost_per_delta(short) for _ in range(SHORT_ROUNDS)]
    longs = [cost_per_delta(long) for _ in range(LONG_ROUNDS)]
    short_figure = Figure("CPU a delta, 1,000 characters", Unit.MICROSECONDS, shorts)
    long_figure = Figure("CPU a delta, 100,000 characters", Unit.MICROSECONDS, longs)
    ratio = long_figure.value(Statistic.MEDIAN) / short_figure.value(Statistic.MEDIAN)
    return [
        short_figure,
        long_figure,
        Figure("long to short", Unit.RATIO, [ratio], (Target(Statistic.MAX, 2),)),
    ]


def cost_per_delta(pieces: Sequence[str]) -> float:
    """Let a reply of these deltas grow; processor time in microseconds a delta."""
    began = time.process_time()
    draft = Draft(MAX_PAGES)
    page = 0
    for number, piece in enumerate(pieces, 1):
        draft.write(piece)
        if number % DELTAS_PER_PAINT == 0 or number == len(pieces):
            # Like the painter: finished pages once, then the one that grows.
            while draft.page(page).finished:
                page += 1
    return (time.process_time() - began) / len(pieces) * 1_000_000


def _pieces(characters: int) -> list[str]:
    times = characters // len(ANSWER) + 1
    return deltas("\n\n".join([ANSWER] * times)[:characters])
