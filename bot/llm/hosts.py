"""The gateway's hosts, and what is remembered of their health.

A host that failed rests, longer each time. After its rest one call at a time finds out whether it
works again; the other calls go elsewhere until that is known. Whoever asks always gets a host:
when all of them rest, the one that is due first.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeVar

from bot.chat.ports import Clock
from bot.errors import LLMError, UnavailableError
from bot.llm.retry import is_host_fault

REST_SECONDS = 30.0
"""After the first failure: not every question shall pay for the same dead host."""
LONGEST_REST_SECONDS = 600.0
"""A host that comes back is noticed after ten minutes at the latest."""

_T = TypeVar("_T")


@dataclass(slots=True)
class _Health:
    failures: int = 0
    """In a row; those of calls that were under way together count once."""
    rests_until: float = -math.inf
    on_trial: bool = False
    """Somebody is finding out whether it works again."""

    def rests(self, now: float) -> bool:
        return self.failures > 0 and (self.on_trial or now < self.rests_until)


class Visit:
    """One call at a host; how it went is noted when it is left, if not before."""

    def __init__(self, host: str, health: _Health, clock: Clock) -> None:
        self.host = host
        self._health = health
        self._clock = clock
        self._noted = False
        self._is_trial = health.failures > 0 and not health.rests(clock.now())
        if self._is_trial:
            health.on_trial = True

    def worked(self) -> None:
        """Note that the host does its work."""
        if not self._noted:
            self._noted = True
            self._health.failures = 0
            self._health.on_trial = False

    def _failed(self) -> None:
        self._noted = True
        health, now = self._health, self._clock.now()
        if health.rests(now) and not self._is_trial:
            return  # known already
        health.on_trial = False
        rest = min(math.ldexp(REST_SECONDS, min(health.failures, 10)), LONGEST_REST_SECONDS)
        health.failures += 1
        health.rests_until = now + rest

    def __enter__(self) -> Visit:
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        if self._noted:
            return
        if isinstance(error, LLMError) and is_host_fault(error):
            self._failed()
        elif error is None or (isinstance(error, LLMError) and error.upstream.status):
            self.worked()  # a refusal, too, shows that somebody is there
        elif self._is_trial:
            self._health.on_trial = False  # given up before anything was learned


class Hosts:
    """Base URLs, the preferred one first."""

    def __init__(self, base_urls: Sequence[str], clock: Clock) -> None:
        if not base_urls:
            raise ValueError("no gateway host")
        self._healths = {url.rstrip("/"): _Health() for url in base_urls}
        self._clock = clock

    def __len__(self) -> int:
        return len(self._healths)

    def visit(self, avoid: Collection[str] = ()) -> Visit:
        """The host for the next call: if possible none of those to avoid, and none that rests."""
        now = self._clock.now()

        def badness(host: str) -> tuple[bool, bool, float]:
            health = self._healths[host]
            resting = health.rests(now)
            return host in avoid, resting, health.rests_until if resting else 0.0

        host = min(self._healths, key=badness)
        return Visit(host, self._healths[host], self._clock)

    async def answer(self, ask: Callable[[str], Awaitable[_T]]) -> _T:
        """Ask one host after the other, until one of them answers.

        Raises:
            LLMError: the answer is a refusal, or no host was available.
        """
        tried: set[str] = set()
        while True:
            visit = self.visit(tried)
            try:
                with visit:
                    return await ask(visit.host)
            except UnavailableError:
                tried.add(visit.host)
                if len(tried) == len(self):
                    raise
