"""What an auth code has left and what it was charged, as the gateway tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Protocol

MOST_CREDITS = 1e9
"""What one call can cost; thousands of such, in millionths, still fit a column of 64 bits."""


@dataclass(frozen=True, slots=True)
class Balance:
    """Credits of an auth code."""

    balance: float
    """What is left."""
    amount: float
    """What there was in all; 0 where the gateway does not say."""


@dataclass(frozen=True, slots=True)
class Charged:
    """One call that was charged."""

    model: str
    price: float
    """Credits."""
    tokens: int
    at: datetime


class Account(Protocol):
    """The gateway's books."""

    async def balance(self, authcode: str) -> Balance:
        """What is left.

        Raises:
            AuthCodeError: the gateway does not accept the auth code.
            UnavailableError: it could not be asked.
        """
        ...

    async def charges(self, authcode: str, *, since: datetime) -> list[Charged]:
        """What was charged since then, newest first, as far as the gateway lists it; raises what
        `balance` does."""
        ...


def by_day(charges: Iterable[Charged], zone: tzinfo) -> dict[str, dict[date, float]]:
    """Credits of each model by day in that zone, the dearest model first."""
    found: dict[str, dict[date, float]] = {}
    for charge in charges:
        days = found.setdefault(charge.model, {})
        day = charge.at.astimezone(zone).date()
        days[day] = days.get(day, 0.0) + charge.price
    return dict(sorted(found.items(), key=lambda item: -sum(item[1].values())))


class Prices:
    """What calls cost, learned from what was charged; estimates, where nothing else is known."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[float, int, int]] = {}

    def learn(self, charges: Sequence[Charged]) -> None:
        """Take the newest list in place of what was known of its models."""
        fresh: dict[str, tuple[float, int, int]] = {}
        for charge in charges:
            price, tokens, calls = fresh.get(charge.model, (0.0, 0, 0))
            fresh[charge.model] = price + charge.price, tokens + charge.tokens, calls + 1
        self._seen.update(fresh)

    def of(self, model: str, tokens: int, images: int) -> float:
        """Credits that so many tokens and pictures of a model cost; 0 where nothing is known.

        Pictures go by the call: one call makes one.
        """
        price, charged_tokens, calls = self._seen.get(model, (0.0, 0, 0))
        if images and calls:
            return price / calls * images
        return min(price / charged_tokens * tokens, MOST_CREDITS) if charged_tokens else 0.0
