"""What is left of Discord's rate limits, as far as it can be known before asking. Pure accounting.

Every method is told the time; nothing here waits or reads a clock.
"""

from __future__ import annotations

import math
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum


class Priority(IntEnum):
    """Who goes first. The first two are equal and served in the order they asked."""

    FIRST = 0
    """The first thing a member sees of a reply."""
    FINAL = 1
    """The last state of a reply."""
    MIDDLE = 2
    """A reply that grows; the one not painted for longest goes first."""
    TYPING = 3
    """Nice to have."""

    @property
    def urgent(self) -> bool:
        """Whether someone waits for exactly this call."""
        return self <= Priority.FINAL


class BucketKind(StrEnum):
    """The calls Discord counts apart."""

    CREATE = "create"
    EDIT = "edit"
    TYPING = "typing"
    WEBHOOK = "webhook"


@dataclass(frozen=True, slots=True)
class Bucket:
    """One of Discord's buckets: the kind of call and what it is counted for."""

    kind: BucketKind
    major: int | str = field(repr=False)
    """Channel id, or the interaction's token, which is a secret."""

    @classmethod
    def create(cls, channel_id: int) -> Bucket:
        """Sending messages in a channel."""
        return cls(BucketKind.CREATE, channel_id)

    @classmethod
    def edit(cls, channel_id: int) -> Bucket:
        """Editing messages in a channel."""
        return cls(BucketKind.EDIT, channel_id)

    @classmethod
    def typing(cls, channel_id: int) -> Bucket:
        """The typing indicator of a channel."""
        return cls(BucketKind.TYPING, channel_id)

    @classmethod
    def webhook(cls, token: str) -> Bucket:
        """Everything an interaction's token allows."""
        return cls(BucketKind.WEBHOOK, token)

    @property
    def counter(self) -> Hashable:
        """What discord.py counts it on: creating and editing in a channel share one counter."""
        return (self.kind, self.major) if self.kind is BucketKind.TYPING else self.major

    @property
    def counts_globally(self) -> bool:
        """Interaction endpoints are exempt from the bot's 50 requests a second."""
        return self.kind is not BucketKind.WEBHOOK


@dataclass(frozen=True, slots=True)
class Headers:
    """What a response said about its bucket."""

    limit: int
    remaining: int
    reset_after: float


# Observed for creating and for editing alike; replaced by what the headers say.
ASSUMED_LIMIT = 5
ASSUMED_PERIOD_SECONDS = 5.0
# discord.py and we read the same header at slightly different moments.
RESET_MARGIN_SECONDS = 0.02


class BucketWindow:
    """One bucket's window: it opens with the first call and closes `period` seconds later."""

    __slots__ = ("in_flight", "limit", "next_middle_at", "period", "remaining", "resets_at")

    def __init__(self) -> None:
        self.limit = ASSUMED_LIMIT
        self.period = ASSUMED_PERIOD_SECONDS
        self.remaining = ASSUMED_LIMIT
        self.resets_at = math.inf
        self.in_flight = 0
        self.next_middle_at = -math.inf

    def ready_at(self, now: float, priority: Priority, busy: int) -> float:
        """When such a call may go; infinite when only a returning call can tell.

        `busy` counts the calls under way that discord.py books on the same counter. Only a final
        may take the last token: that call shows at once but returns when the window is over.
        """
        self._renew(now)
        needed = 1 if priority is Priority.FINAL else min(2, self.limit) + busy
        if self.remaining < needed:
            return self.resets_at + RESET_MARGIN_SECONDS
        return max(now, self.next_middle_at) if priority is Priority.MIDDLE else now

    def take(self, now: float) -> bool:
        """Book a call; True when it opens a window."""
        self._renew(now)
        opens = math.isinf(self.resets_at)
        if opens:
            self.resets_at = now + self.period
        self.remaining -= 1
        self.in_flight += 1
        # Spread what middle edits may still use evenly over the rest of the window.
        shares = max(self.remaining - 1, 0) + 1
        self.next_middle_at = now + (self.resets_at - now) / shares
        return opens

    def release(self, now: float, *, opened: bool, observed: bool) -> None:
        """The call has returned."""
        self.in_flight -= 1
        if opened and not observed:
            # Without a header the window may have opened as late as now.
            self.resets_at = now + self.period

    def observe(self, now: float, headers: Headers, *, others: int) -> None:
        """Believe a response; `others` counts the bucket's calls still under way."""
        resets_at = now + headers.reset_after
        if math.isinf(self.resets_at) or resets_at > self.resets_at + self.period / 2:
            self.remaining = headers.remaining - others
        else:
            # Calls under way are booked already, so the smaller figure is the true one.
            self.remaining = min(self.remaining, headers.remaining)
        self.limit = headers.limit
        self.resets_at = resets_at
        if headers.remaining == headers.limit - 1 and headers.reset_after > 0:
            self.period = headers.reset_after

    def exhaust(self, now: float, retry_after: float) -> None:
        """Discord refused a call of this bucket for `retry_after` seconds."""
        self.remaining = 0
        self.resets_at = now + retry_after

    def idle(self, now: float) -> bool:
        """Whether forgetting this window loses nothing."""
        self._renew(now)
        return not self.in_flight and math.isinf(self.resets_at)

    def _renew(self, now: float) -> None:
        if now >= self.resets_at + RESET_MARGIN_SECONDS:
            self.remaining = self.limit - self.in_flight
            self.resets_at = math.inf


# A call that has not returned after this long was counted by Discord long ago.
LONGEST_FLIGHT_SECONDS = 1.0
# Tokens that only finals and first pages may use, and those that typing leaves to all others.
URGENT_RESERVE = 12
TYPING_RESERVE = 25
# Half of the budget at most goes to middle edits, so that many replies can end together.
MIDDLE_SHARE = 0.48
MIDDLE_BURST = 12


class BotWindow:
    """The whole bot's requests of the last second.

    A call is held from the moment it may go until a second after its response: wherever in
    between Discord counted it, no second of Discord's can contain more calls than are held.
    """

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._held: dict[Hashable, float] = {}
        self._middle_seconds = 1 / (per_second * MIDDLE_SHARE)
        self._middle_due = -math.inf
        self._blocked_until = -math.inf

    def ready_at(self, now: float, priority: Priority) -> float:
        """When a call of this priority may go."""
        reserve = 0
        if priority is Priority.MIDDLE:
            reserve = min(URGENT_RESERVE, self._per_second // 4)
        elif priority is Priority.TYPING:
            reserve = min(TYPING_RESERVE, self._per_second // 2)
        ready = max(now, self._blocked_until)
        if priority is Priority.MIDDLE:
            ready = max(ready, self._middle_due - MIDDLE_BURST * self._middle_seconds)
        freeing = sorted(at for at in self._held.values() if at > now)
        excess = len(freeing) + 1 + reserve - self._per_second
        return max(ready, freeing[excess - 1]) if excess > 0 else ready

    def take(self, now: float, call: Hashable, priority: Priority | None = None) -> None:
        """Book a call."""
        self._forget(now)
        self._held[call] = now + LONGEST_FLIGHT_SECONDS + 1
        if priority is Priority.MIDDLE:
            self._middle_due = max(self._middle_due, now) + self._middle_seconds

    def answered(self, now: float, call: Hashable) -> None:
        """The call's response is here: Discord has counted it by now."""
        if call in self._held:
            self._held[call] = min(self._held[call], now + 1)

    def exhaust(self, now: float, retry_after: float) -> None:
        """Discord refused the whole bot for `retry_after` seconds."""
        self._blocked_until = now + retry_after

    def _forget(self, now: float) -> None:
        if len(self._held) >= self._per_second:
            self._held = {call: at for call, at in self._held.items() if at > now}
