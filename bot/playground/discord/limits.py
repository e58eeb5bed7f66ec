"""Discord's rate limits: fixed windows per bucket, and one for the whole bot."""

from __future__ import annotations

import hashlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bot.playground.discord.settings import LoopbackSettings, Window

_PRUNE_ABOVE = 1_000

CREATE = ("POST", "/channels/{channel_id}/messages")
EDIT = ("PATCH", "/channels/{channel_id}/messages/{message_id}")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One answer of 429."""

    at: float
    method: str
    path: str
    scope: str
    """`user` for a bucket, `global` for the bot."""


class RateLimitedError(Exception):
    """The request has to wait; `headers` and `body` are what a 429 carries."""

    def __init__(self, retry_after: float, scope: str, headers: Mapping[str, str]) -> None:
        super().__init__(f"{scope} limit, {retry_after:.3f} s")
        self.body: dict[str, Any] = {
            "message": "You are being rate limited.",
            "retry_after": retry_after,
            "global": scope == "global",
        }
        # Without Via, discord.py takes a 429 for a ban by Cloudflare and gives up.
        self.headers = dict(headers) | {
            "Via": "1.1 loopback",
            "Retry-After": str(math.ceil(retry_after)),
            "X-RateLimit-Scope": scope,
        }


@dataclass(slots=True)
class _Count:
    """What is left of a window that began with its first request."""

    window: Window
    ends: float
    left: int


class Limits:
    """Counts requests and refuses those above a limit; `refusals` is what a client must not see."""

    def __init__(self, settings: LoopbackSettings, now: Callable[[], float]) -> None:
        self._settings = settings
        self._now = now
        self._counts: dict[tuple[str, ...], _Count] = {}
        self.refusals: list[Refusal] = []

    def admit(self, method: str, template: str, parameters: Mapping[str, str]) -> dict[str, str]:
        """Count a request in and return the headers of its answer.

        Raises:
            RateLimitedError: it is one too many.
        """
        if template.startswith("/interactions/"):
            return {}
        path = template.format_map(parameters)
        if not template.startswith("/webhooks/"):
            self._count_globally(method, path)
        name, window, key = self._bucket(method, template, parameters)
        count = self._spend(key, window)
        now = self._now()
        headers = {
            "X-RateLimit-Limit": str(window.requests),
            "X-RateLimit-Remaining": str(max(count.left, 0)),
            "X-RateLimit-Reset": f"{time.time() + count.ends - now:.3f}",
            "X-RateLimit-Reset-After": f"{_rounded(count.ends - now):.3f}",
            "X-RateLimit-Bucket": hashlib.sha256(name.encode()).hexdigest()[:32],
        }
        if count.left < 0:
            self.refusals.append(Refusal(now, method, path, "user"))
            raise RateLimitedError(_rounded(count.ends - now), "user", headers)
        return headers

    def _bucket(
        self, method: str, template: str, parameters: Mapping[str, str]
    ) -> tuple[str, Window, tuple[str, ...]]:
        """Return a route's bucket as reported, its window, and the key that it is counted by."""
        if template.startswith("/webhooks/"):
            return "webhook", self._settings.webhook_window, ("webhook", parameters["token"])
        major = parameters.get("channel_id", "")
        # Counted apart, reported as one: so it was observed, and so discord.py mixes them up.
        if (method, template) == CREATE:
            return "messages", self._settings.create_window, ("create", major)
        if (method, template) == EDIT:
            return "messages", self._settings.edit_window, ("edit", major)
        return f"{method} {template}", self._settings.other_window, (method, template, major)

    def _count_globally(self, method: str, path: str) -> None:
        count = self._spend(("global",), self._settings.global_window)
        if count.left < 0:
            now = self._now()
            self.refusals.append(Refusal(now, method, path, "global"))
            headers = {"X-RateLimit-Global": "true"}
            raise RateLimitedError(_rounded(count.ends - now), "global", headers)

    def _spend(self, key: tuple[str, ...], window: Window) -> _Count:
        now = self._now()
        count = self._counts.get(key)
        if count is None or count.ends <= now:
            if len(self._counts) > _PRUNE_ABOVE:
                self._counts = {k: c for k, c in self._counts.items() if c.ends > now}
            count = self._counts[key] = _Count(window, now + window.seconds, window.requests)
        count.left -= 1
        return count


def _rounded(seconds: float) -> float:
    """Round up to milliseconds: a client that waits as told must not come too early."""
    return math.ceil(seconds * 1000) / 1000
