"""How much may be used: limits of a server, the windows they count in, and what applies to whom.

Pure; the counting itself is the store's, in one transaction for each reservation.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from bot.errors import QuotaError
from bot.i18n import _, ngettext


class Measure(StrEnum):
    """What is counted; the values are stored."""

    REQUESTS = "requests"
    TOKENS = "tokens"
    IMAGES = "images"
    CREDITS = "credits"


class Period(StrEnum):
    """How often counting begins anew; the values are stored."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


class Holder(StrEnum):
    """Whom a limit is for; the values are stored."""

    SERVER = "server"
    """All members together."""
    ROLE = "role"
    """Each member with the role."""
    MEMBER = "member"
    """One member; overrides what the roles say."""


MICRO = 1_000_000
"""Credits are counted in millionths, as whole numbers: sums of fractions would drift."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so much in a period."""

    holder: Holder
    holder_id: int
    """Of the role or the member; 0 for the server."""
    measure: Measure
    period: Period
    amount: int
    """Credits in millionths."""


@dataclass(frozen=True, slots=True)
class Account:
    """One counter: whose use is counted, and in which window."""

    member_id: int
    """0 for all members together."""
    measure: Measure
    period: Period
    begins: datetime
    """When the window begins (UTC)."""


@dataclass(frozen=True, slots=True)
class Charge:
    """A counter, and how far it may go."""

    account: Account
    limit: int
    resets: datetime
    """When the window ends (UTC)."""


def charges(
    limits: Iterable[Limit], *, member_id: int, role_ids: Collection[int], now: datetime, zone: str
) -> list[Charge]:
    """The counters that one member's request runs up.

    For each measure and period there is at most the server's counter and one of the member's
    own: the member's own limit, or else that of the most generous role.
    """
    shared: dict[tuple[Measure, Period], int] = {}
    own: dict[tuple[Measure, Period], int] = {}
    by_role: dict[tuple[Measure, Period], int] = {}
    for limit in limits:
        key = limit.measure, limit.period
        match limit.holder:
            case Holder.SERVER:
                shared[key] = limit.amount
            case Holder.MEMBER if limit.holder_id == member_id:
                own[key] = limit.amount
            case Holder.ROLE if limit.holder_id in role_ids:
                by_role[key] = max(by_role.get(key, 0), limit.amount)
            case _:
                pass
    found = [(0, key, amount) for key, amount in shared.items()]
    found += [(member_id, key, amount) for key, amount in (by_role | own).items()]
    result = []
    for whose, (measure, period), amount in found:
        begins, ends = window(period, now, zone)
        result.append(Charge(Account(whose, measure, period, begins), amount, ends))
    return result


def window(period: Period, now: datetime, zone: str) -> tuple[datetime, datetime]:
    """Beginning and end (UTC) of the window that `now` (aware) falls into, by that zone's clock."""
    local = now.astimezone(ZoneInfo(zone))
    if period is Period.HOUR:
        # Counted from the instant: an hour that a change of clocks repeats is two windows.
        begins = now.astimezone(UTC) - timedelta(
            minutes=local.minute, seconds=local.second, microseconds=local.microsecond
        )
        return begins, begins + timedelta(hours=1)
    start = local.replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if period is Period.DAY:
        end = start + timedelta(days=1)
    else:
        start = start.replace(day=1)
        end = (start + timedelta(days=31)).replace(day=1)
    return start.astimezone(UTC), end.astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Spent:
    """What a reply used, or is expected to use."""

    requests: int = 0
    tokens: int = 0
    images: int = 0
    credits: int = 0
    """In millionths."""

    def of(self, measure: Measure) -> int:
        """The amount that counts for one measure."""
        return {
            Measure.REQUESTS: self.requests,
            Measure.TOKENS: self.tokens,
            Measure.IMAGES: self.images,
            Measure.CREDITS: self.credits,
        }[measure]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A counter, and how much a reply is expected to add."""

    charge: Charge
    amount: int
    up_to: int = 0
    """So much is held of what is left: more than is expected, but not more than may come of it."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one counter has gone."""

    charge: Charge
    used: int
    held: int = 0
    """As much of it for what has not ended yet, where that was asked for."""

    @property
    def left(self) -> int:
        """What is left; never below nothing."""
        return max(0, self.charge.limit - self.used)


def told(measure: Measure, amount: int) -> str:
    """An amount in words."""
    match measure:
        case Measure.REQUESTS:
            return ngettext("{count} question", "{count} questions", amount).format(
                count=f"{amount:,}"
            )
        case Measure.TOKENS:
            return ngettext("{count} token", "{count} tokens", amount).format(count=f"{amount:,}")
        case Measure.IMAGES:
            return ngettext("{count} picture", "{count} pictures", amount).format(
                count=f"{amount:,}"
            )
        case Measure.CREDITS:
            return _("{count} credits").format(count=f"{amount / MICRO:,.4g}")


def per(period: Period) -> str:
    """A period in words."""
    return {
        Period.HOUR: _("per hour"),
        Period.DAY: _("per day"),
        Period.MONTH: _("per month"),
    }[period]


def exceeded(standing: Standing) -> QuotaError:
    """What a member is told whose request would go beyond a limit."""
    account = standing.charge.account
    facts = {
        "limit": told(account.measure, standing.charge.limit),
        "period": per(account.period),
        "left": told(account.measure, standing.left),
        # Discord shows each reader their own time.
        "reset": f"<t:{int(standing.charge.resets.timestamp())}:R>",
    }
    if account.member_id:
        words = _("Your limit here is {limit} {period}. Left: {left}. It starts anew {reset}.")
    else:
        words = _(
            "This server's limit for all members is {limit} {period}. Left: {left}. "
            "It starts anew {reset}."
        )
    sentences = [words.format(**facts)]
    if standing.held:
        held = told(account.measure, standing.held)
        more = _("Another {held} are held for answers that have not ended: try again then.")
        sentences.append(more.format(held=held))
    return QuotaError(" ".join(sentences))
