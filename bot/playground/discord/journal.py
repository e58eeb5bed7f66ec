"""What was asked of the REST API, for tests and benchmarks to look back on."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from bot.playground.discord.faults import path_pattern

_REMEMBERED_REQUESTS = 100_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One request with the status of its answer; 0 when the connection was broken instead.

    `began` and `ended` are seconds of the world's clock; `path` begins after `/api/v10`.
    """

    method: str
    path: str
    status: int
    began: float
    ended: float


class Journal:
    """The newest requests, oldest first."""

    def __init__(self) -> None:
        self.entries: deque[Entry] = deque(maxlen=_REMEMBERED_REQUESTS)

    def find(self, method: str, path: str) -> list[Entry]:
        """List the requests of a method to a path in which `*` stands for one segment."""
        pattern = path_pattern(path)
        return [e for e in self.entries if e.method == method and pattern.fullmatch(e.path)]

    def with_status(self, status: int) -> list[Entry]:
        """List the requests that were answered with that status."""
        return [entry for entry in self.entries if entry.status == status]
