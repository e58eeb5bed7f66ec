"""What grows is found, and what the operator was told is read."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from bot.replies.pacing import MOST_WINDOWS
from tests.weather.census import containers
from tests.weather.logs import errors
from tests.weather.samples import Sample, growth

FIRST = Sample(
    1_000, 0.0, 100_000_000, files=20, threads=8, tasks=9, objects=1, containers={"a": 5}
)


def test_a_process_that_stays_as_it_was_is_fine():
    assert growth(FIRST, replace(FIRST, rss_bytes=109_000_000, files=21, tasks=10)) == []


@pytest.mark.parametrize(
    ("grown", "words"),
    [
        ({"rss_bytes": 111_000_000}, "memory: 100.0 MB became 111.0 MB"),
        ({"files": 40}, "open files: 20 became 40"),
        ({"tasks": 20}, "tasks: 9 became 20"),
        ({"containers": {"a": 5, "b.c": 100}}, "b.c: 0 became 100"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_what_grows_is_named(grown, words):
    assert growth(FIRST, replace(FIRST, **grown)) == [words]


def test_what_has_a_bound_may_fill_up_to_it():
    filled = {"budget._windows": MOST_WINDOWS}
    assert growth(FIRST, replace(FIRST, containers=filled)) == []
    [found] = growth(FIRST, replace(FIRST, containers={"budget._windows": MOST_WINDOWS + 1}))
    assert found == f"budget._windows: 0 became {MOST_WINDOWS + 1}"


class Part:
    __module__ = "bot.part"
    __slots__ = ("__hidden", "shown")

    def __init__(self) -> None:
        self.shown = {1: 2}
        self.__hidden = [1, 2, 3]


class Root:
    __module__ = "bot.root"

    def __init__(self) -> None:
        self.part = Part()
        self.same = self.part
        self.name = "not a container"


def test_containers_are_found_behind_attributes_and_slots_once():
    assert dict(containers(Root())) == {"part.shown": 1, "part.__hidden": 3}


def test_errors_in_the_log_are_counted_by_kind(tmp_path):
    lines = [
        {"level": "INFO", "logger": "bot", "message": "fine"},
        {"level": "ERROR", "logger": "bot", "message": "failed turn=1", "traceback": "x\nKeyError"},
        {"level": "ERROR", "logger": "bot", "message": "failed turn=2", "traceback": "y\nKeyError"},
    ]
    log = tmp_path / "bot.log"
    log.write_text("\n".join([*map(json.dumps, lines), "Traceback (most recent call last):"]))
    assert errors(log) == [
        "the log has an error: bot: failed turn (KeyError) x2",
        "the log has a bare line: Traceback (most recent call last): x1",
    ]
