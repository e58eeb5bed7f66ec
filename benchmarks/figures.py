"""Measured figures: their statistics, their targets, the table and the JSON made of them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Statistic(StrEnum):
    """What of many samples a target speaks of."""

    MEDIAN = "median"
    P95 = "p95"
    MAX = "max"


class Unit(StrEnum):
    """What samples are counted in."""

    MICROSECONDS = "us"
    MILLISECONDS = "ms"
    SECONDS = "s"
    PIECES = ""
    RATIO = "x"


@dataclass(frozen=True, slots=True)
class Target:
    """A figure is good when this statistic of it is at most so much."""

    statistic: Statistic
    at_most: float


@dataclass(frozen=True, slots=True)
class Figure:
    """Samples of one thing in one scenario; `floor` is what they stand above, in the same unit."""

    name: str
    unit: Unit
    samples: Sequence[float]
    targets: tuple[Target, ...] = ()
    floor: float | None = None

    def value(self, statistic: Statistic) -> float:
        """Compute a statistic; not a number without samples."""
        if not self.samples:
            return math.nan
        match statistic:
            case Statistic.MEDIAN:
                return statistics.median(self.samples)
            case Statistic.P95:
                return percentile(self.samples, 95)
            case Statistic.MAX:
                return max(self.samples)

    @property
    def met(self) -> bool | None:
        """Whether every target is met; None when there is none."""
        if not self.targets:
            return None
        return all(self.value(target.statistic) <= target.at_most for target in self.targets)


@dataclass(frozen=True, slots=True)
class Result:
    """What one scenario measured."""

    scenario: str
    title: str
    figures: Sequence[Figure]


def percentile(samples: Sequence[float], percent: float) -> float:
    """The smallest sample that so many percent of all samples do not exceed (nearest rank)."""
    ordered = sorted(samples)
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def table(results: Sequence[Result]) -> str:
    """Write a Markdown table, its columns aligned for a terminal."""
    head = ["scenario", "figure", "n", "floor", "median", "p95", "max", "target", "met"]
    rows = [head, *(_cells(result, figure) for result in results for figure in result.figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def as_json(results: Sequence[Result]) -> list[dict[str, Any]]:
    """Spell the results for a file, samples included."""
    return [
        {
            "scenario": result.scenario,
            "figure": figure.name,
            "unit": figure.unit.value,
            "floor": figure.floor,
            **{statistic.value: figure.value(statistic) for statistic in Statistic},
            "targets": {t.statistic.value: t.at_most for t in figure.targets},
            "met": figure.met,
            "samples": list(figure.samples),
        }
        for result in results
        for figure in result.figures
    ]


def _cells(result: Result, figure: Figure) -> list[str]:
    unit = figure.unit
    targets = [f"{t.statistic} <= {_spell(t.at_most, unit)}" for t in figure.targets]
    met = {None: "", True: "yes", False: "NO"}[figure.met]
    return [
        result.title,
        figure.name,
        str(len(figure.samples)),
        "" if figure.floor is None else _spell(figure.floor, unit),
        *(_spell(figure.value(statistic), unit) for statistic in Statistic),
        ", ".join(targets),
        met,
    ]


def _spell(value: float, unit: Unit) -> str:
    match unit:
        case Unit.PIECES:
            return f"{value:g}"
        case Unit.MICROSECONDS | Unit.MILLISECONDS:
            return f"{value:.0f} {unit}" if abs(value) >= 100 else f"{value:.1f} {unit}"
        case Unit.SECONDS | Unit.RATIO:
            return f"{value:.2f} {unit}"
