from __future__ import annotations

import json

import pytest

from benchmarks.figures import Figure, Result, Statistic, Target, Unit, as_json, percentile, table

FAST = (Target(Statistic.P95, 40),)


@pytest.mark.parametrize(("count", "expected"), [(1, 1), (20, 19), (100, 95), (101, 96)], ids=str)
def test_a_percentile_is_the_smallest_sample_that_enough_others_stay_below(count, expected):
    assert percentile(range(count, 0, -1), 95) == expected


def test_a_figure_without_a_target_is_neither_met_nor_missed():
    assert Figure("gap", Unit.SECONDS, [9.0]).met is None


def test_a_figure_is_met_only_when_every_target_is():
    samples = [10.0] * 90 + [50.0] * 10
    assert Figure("text", Unit.MILLISECONDS, samples, (Target(Statistic.MEDIAN, 40),)).met is True
    assert Figure("text", Unit.MILLISECONDS, samples, (*FAST, *FAST)).met is False


def test_a_figure_that_was_never_measured_misses_its_target():
    assert Figure("text", Unit.MILLISECONDS, [], FAST).met is False


def test_the_table_shows_floor_statistics_and_target_in_aligned_columns():
    figures = [
        Figure("first text", Unit.MILLISECONDS, [1.0, 2.0, 120.0], FAST, floor=24.04),
        Figure("longest gap", Unit.SECONDS, [1.2]),
    ]
    lines = table([Result("alone", "1 stream", figures)]).splitlines()
    cells = [cell.strip() for cell in lines[2].strip("|").split("|")]
    assert cells[:4] == ["1 stream", "first text", "3", "24.0 ms"]
    assert cells[4:] == ["2.0 ms", "120 ms", "120 ms", "p95 <= 40.0 ms", "NO"]
    assert len({len(line) for line in lines}) == 1


def test_the_json_keeps_every_sample():
    [row] = as_json([Result("alone", "1 stream", [Figure("gap", Unit.SECONDS, [1.0, 3.0], FAST)])])
    assert json.loads(json.dumps(row))["samples"] == [1.0, 3.0]
    assert (row["scenario"], row["p95"], row["targets"]) == ("alone", 3.0, {"p95": 40})
