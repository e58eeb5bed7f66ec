from __future__ import annotations

from benchmarks.answers import ANSWER, CHARACTERS, DELTAS
from benchmarks.crowds import Crowd, Goals
from benchmarks.delta_cost import cost_per_delta
from benchmarks.stage import open_stage
from bot.playground.standin.openai_wire import deltas


def test_the_answer_has_the_size_the_targets_speak_of():
    assert (len(ANSWER), len(deltas(ANSWER))) == (CHARACTERS, DELTAS)


async def test_a_crowd_of_two_is_answered_exactly_and_measured():
    async with open_stage(deltas_per_second=1_000) as stage:
        figures = {figure.name: figure for figure in await Crowd(2, Goals()).play(stage)}
    assert figures["replies not exact"].samples == [0]
    assert figures["429 answers"].samples == [0]
    assert all(0 < seconds < 1 for seconds in figures["question to call"].samples)
    for name in ("first text", "final text"):
        # No round trip was measured, so the whole of it stands above the floor.
        assert all(0 < ms < 5_000 for ms in figures[name].samples), name
        assert len(figures[name].samples) == 2


def test_the_cost_of_a_delta_is_measured_on_a_whole_reply():
    assert cost_per_delta(deltas(ANSWER)) > 0
