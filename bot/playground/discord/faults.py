"""Bad weather on order: requests that fail, wait or break off, events that come twice."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

FOR_EVER = 1 << 30


@dataclass(slots=True)
class Fault:
    """What happens to the next `times` requests that match.

    `after` lets the request do its work first, so that only the answer is hit. In `path`, which
    begins after `/api/v10`, a `*` stands for one segment: `/channels/*/messages/*`.
    """

    method: str
    path: str
    times: int = 1
    after: bool = False
    status: int | None = None
    code: int = 0
    message: str = ""
    everywhere: bool = False
    """Whether a 429 is one of the limit for the whole bot."""
    delay_seconds: float = 0.0
    drops: bool = False
    hits: int = 0

    def matches(self, method: str, path: str) -> bool:
        """Whether it has something left for this request."""
        suits = self.method in ("*", method) and path_pattern(self.path).fullmatch(path) is not None
        return suits and self.hits < self.times


class Faults:
    """The faults on order. Each method returns its fault, whose `hits` tell how often it struck."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._twice: dict[str, int] = {}

    def fail(
        self,
        method: str,
        path: str,
        status: int,
        *,
        code: int = 0,
        message: str = "",
        times: int = 1,
        after: bool = False,
    ) -> Fault:
        """Answer with an error."""
        return self._add(
            Fault(method, path, times, after, status=status, code=code, message=message)
        )

    def limit(self, method: str, path: str, *, everywhere: bool = False, times: int = 1) -> Fault:
        """Answer with a 429 that asks to wait for a second, of the route or of the whole bot."""
        return self._add(Fault(method, path, times, status=429, everywhere=everywhere))

    def delay(
        self, method: str, path: str, seconds: float, *, times: int = FOR_EVER, after: bool = False
    ) -> Fault:
        """Let requests wait before they do their work, or before their answer."""
        return self._add(Fault(method, path, times, after, delay_seconds=seconds))

    def drop(self, method: str, path: str, *, times: int = 1, after: bool = False) -> Fault:
        """Break the connection instead of answering."""
        return self._add(Fault(method, path, times, after, drops=True))

    def duplicate(self, event: str, *, times: int = 1) -> None:
        """Send the next gateway events of that name, such as `MESSAGE_CREATE`, twice."""
        self._twice[event] = self._twice.get(event, 0) + times

    def clear(self) -> None:
        """Let the sun shine again."""
        self._faults.clear()
        self._twice.clear()

    def strike(self, method: str, path: str) -> list[Fault]:
        """Use up the faults that hit this request, in the order they were asked for.

        Of those that answer it (`fail`, `drop`) only the first one is used.
        """
        struck: list[Fault] = []
        for fault in self._faults:
            if not fault.matches(method, path):
                continue
            answers = fault.drops or fault.status is not None
            if answers and any(other.drops or other.status is not None for other in struck):
                continue
            fault.hits += 1
            struck.append(fault)
        return struck

    def copies_of(self, event: str) -> int:
        """Return how many times the gateway sends this event."""
        if self._twice.get(event, 0) < 1:
            return 1
        self._twice[event] -= 1
        return 2

    def _add(self, fault: Fault) -> Fault:
        self._faults.append(fault)
        return fault


@cache
def path_pattern(path: str) -> re.Pattern[str]:
    """Compile a path in which `*` stands for one segment."""
    return re.compile(
        "/".join("[^/]+" if part == "*" else re.escape(part) for part in path.split("/"))
    )
