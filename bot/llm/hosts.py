"""The gateway's hosts: the first is preferred, one that failed rests for a while."""

from __future__ import annotations

from collections.abc import Sequence

from bot.chat.ports import Clock

REST_SECONDS = 60.0
"""Long enough that not every question pays for the same dead host."""


class Hosts:
    """Base URLs in the order in which to try them."""

    def __init__(self, base_urls: Sequence[str], clock: Clock) -> None:
        if not base_urls:
            raise ValueError("no gateway host")
        self._base_urls = [url.rstrip("/") for url in base_urls]
        self._clock = clock
        self._rest_until: dict[str, float] = {}

    def in_order(self) -> list[str]:
        """All hosts, the resting ones last."""
        now = self._clock.now()
        return sorted(self._base_urls, key=lambda url: self._rest_until.get(url, now) > now)

    def rest(self, base_url: str) -> None:
        """Leave a host alone for a while."""
        self._rest_until[base_url] = self._clock.now() + REST_SECONDS
