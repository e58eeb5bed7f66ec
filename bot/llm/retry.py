"""Whether asking once more makes sense, judged from the error alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from bot.errors import (
    BrokenStreamError,
    CreditError,
    DailyLimitError,
    LLMError,
    ModelNotFoundError,
    OverlongError,
    RateLimitedError,
    TooSlowError,
    UnavailableError,
)
from bot.llm.normalize import BARE_402, CHALLENGE, PROXY_FAILED, REDIRECTED
from bot.llm.reading import UNREADABLE

MAX_WAIT_SECONDS = 120.0
"""A longer wait is reported to the member instead of being slept through."""

CONNECT_FAILED = "connect"
"""Our code for a request that certainly never reached the gateway."""
CONNECTION_LOST = "lost"
"""Our code for a connection that broke before the answer began."""
UNANSWERED = "unanswered"
"""Our code for a host that took the request and then did not begin to reply."""
SILENT = "timeout"
"""Our code for a reply in which nothing came for too long."""
OVERDUE = "overdue"
"""Our code for a reply that took too long as a whole."""

_HOST_FAULTS = frozenset(
    {CONNECT_FAILED, CONNECTION_LOST, UNANSWERED, CHALLENGE, REDIRECTED, PROXY_FAILED}
)
_BASE_SECONDS = 1.0
_CAP_SECONDS = 20.0
_TIMES_BY_STATUS = {500: 2, 400: 1}
"""How often it is worth another try, where it is not three times; 400 is a wrong region."""
_LEAST_SECONDS_AFTER_402 = 10.0


@dataclass(frozen=True, slots=True)
class Retry:
    """How often to ask again after such a failure, and how."""

    times: int = 0
    other_host: bool = False
    least_seconds: float = 0.0


def is_host_fault(error: LLMError) -> bool:
    """Whether another host of the same gateway may well do better."""
    return error.upstream.code in _HOST_FAULTS


def retry_of(error: LLMError, *, drawing: bool, hosts: int) -> Retry:
    """How to go on after an error that came before anything was shown.

    A picture is never asked for twice once it may have been billed.
    """
    if drawing and error.billable:
        return Retry()
    retry = _by_kind(error, drawing=drawing, hosts=hosts)
    match error.upstream.should_retry:
        case False:
            return Retry()
        case True:
            return replace(retry, times=max(retry.times, 1))
        case None:
            return retry


def _by_kind(error: LLMError, *, drawing: bool, hosts: int) -> Retry:
    code = error.upstream.code
    elsewhere = hosts > 1 and is_host_fault(error)
    match error:
        case UnavailableError() if code in (CHALLENGE, REDIRECTED):
            return Retry(times=1, other_host=elsewhere)
        case UnavailableError() if code in (CONNECT_FAILED, CONNECTION_LOST):
            # Hosts are doors to one gateway; where there is a single door, knock again.
            return Retry(times=max(hosts - 1, 2), other_host=elsewhere)
        case TooSlowError():
            return Retry(times=0 if code == OVERDUE else 1, other_host=elsewhere)
        case UnavailableError():
            times = _TIMES_BY_STATUS.get(error.upstream.status or 0, 3)
            # A picture is dear, and a hiccup of the provider's may come after the work.
            hiccup = error.upstream.status not in (502, 503, 529)
            return Retry(times=min(times, 1) if drawing and hiccup else times, other_host=elsewhere)
        case RateLimitedError() if not isinstance(error, DailyLimitError):
            return Retry(times=3)
        case CreditError() if code == BARE_402:
            # So this host also says that somebody asks too often.
            return Retry(times=1, least_seconds=_LEAST_SECONDS_AFTER_402)
        case ModelNotFoundError() if (error.upstream.status or 0) >= 500:
            # No channel of the gateway serves it at this moment.
            return Retry(times=1, least_seconds=3.0)
        case BrokenStreamError() if code != UNREADABLE and not isinstance(error, OverlongError):
            return Retry(times=1, other_host=elsewhere)
        case _:
            return Retry()


def backoff_seconds(failures: int, error: LLMError, retry: Retry, chance: float) -> float:
    """How long to wait after that many failures: what the server asks for, otherwise full jitter.

    `chance` is a random number from 0 to 1.
    """
    if isinstance(error, RateLimitedError) and error.retry_after is not None:
        return error.retry_after
    ceiling = min(_CAP_SECONDS, math.ldexp(_BASE_SECONDS, failures - 1))
    return max(retry.least_seconds, chance * ceiling)
