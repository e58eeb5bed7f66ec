"""What a soak measures of the bot's process, and whether it grows."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bot.replies.pacing import MOST_WINDOWS, REQUESTS_PER_SECOND
from bot.replies.refusals import MOST_REFUSED

MOST_MEMORY = 1.1
"""Resident memory at the end, as a multiple of that after the first thousand replies."""
_MORE_FILES = 2
_MORE_TASKS = 2
_MORE_IN_CONTAINER = 32
_BOUNDS = {
    "http._buckets": 300,  # discord.py clears them from 256 on.
    "budget._windows": MOST_WINDOWS,
    "budget._bot._held": REQUESTS_PER_SECOND,
    "budget.refusals._times": MOST_REFUSED,  # Of ten minutes.
}
"""How long containers may become that are full only after more than a thousand replies."""
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_PATIENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Sample:
    """The bot's process while nothing grows."""

    replies: int
    at: float
    """Seconds since the soak began."""
    rss_bytes: int
    files: int
    threads: int
    tasks: int
    objects: int
    containers: Mapping[str, int]


def take(pid: int, notes: Path, *, replies: int, at: float) -> Sample:
    """Measure from outside, and have it count inside (`census`); slow, meant for a thread.

    Raises:
        TimeoutError: it does not answer.
    """
    process = Path(f"/proc/{pid}")
    told = _told(pid, notes)
    return Sample(
        replies,
        at,
        rss_bytes=int((process / "statm").read_text().split()[1]) * _PAGE_BYTES,
        files=len(list((process / "fd").iterdir())),
        threads=len(list((process / "task").iterdir())),
        tasks=told["tasks"],
        objects=told["objects"],
        containers=told["containers"],
    )


def growth(first: Sample, last: Sample) -> list[str]:
    """What has grown between two quiet moments and should not have."""
    found = []
    if last.rss_bytes > MOST_MEMORY * first.rss_bytes:
        found.append(f"memory: {_mb(first)} MB became {_mb(last)} MB")
    if last.files > first.files + _MORE_FILES:
        found.append(f"open files: {first.files} became {last.files}")
    if last.tasks > first.tasks + _MORE_TASKS:
        found.append(f"tasks: {first.tasks} became {last.tasks}")
    for path, length in last.containers.items():
        before = first.containers.get(path, 0)
        if length > max(before + _MORE_IN_CONTAINER, _BOUNDS.get(path, 0)):
            found.append(f"{path}: {before} became {length}")
    return found


def table(samples: Sequence[Sample]) -> str:
    """The samples, one a line."""
    lines = [f"{'replies':>8} {'s':>6} {'MB':>7} {'files':>6} {'threads':>8} {'tasks':>6} objects"]
    lines += [
        f"{s.replies:8} {s.at:6.0f} {_mb(s):>7} {s.files:6} {s.threads:8} {s.tasks:6} {s.objects:7}"
        for s in samples
    ]
    return "\n".join(lines)


def _told(pid: int, notes: Path) -> dict[str, Any]:
    lines = _lines(notes)
    os.kill(pid, signal.SIGUSR1)
    until = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < until:
        time.sleep(0.02)
        if len(now := _lines(notes)) > len(lines) and now[-1].endswith("}"):
            told: dict[str, Any] = json.loads(now[-1])
            return told
    raise TimeoutError("the bot does not say what is in it")


def _lines(file: Path) -> list[str]:
    return file.read_text().splitlines() if file.exists() else []


def _mb(sample: Sample) -> str:
    return f"{sample.rss_bytes / 1e6:.1f}"
