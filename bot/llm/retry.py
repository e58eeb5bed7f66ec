"""Whether asking once more makes sense, judged from the error alone."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from bot.errors import (
    BrokenStreamError,
    LLMError,
    ModelNotFoundError,
    RateLimitedError,
    UnavailableError,
)
from bot.llm.faults import DAILY_QUOTA
from bot.llm.normalize import CHALLENGE

MAX_WAIT_SECONDS = 120.0
"""A longer wait is reported to the member instead of being slept through."""

CONNECT_FAILED = "connect"
"""Our code for a request that certainly never reached the gateway."""
CONNECTION_LOST = "lost"
"""Our code for a connection that broke before the answer began."""
SILENT = "timeout"
"""Our code for a gateway that said nothing for too long."""

_BASE_SECONDS = 1.0
_CAP_SECONDS = 20.0
_TIMES_BY_STATUS = {500: 2, 504: 1, 524: 1, 400: 1}
"""How often a 5xx is worth another try, where it is not three times; 400 is a wrong region."""


@dataclass(frozen=True, slots=True)
class Retry:
    """How often to ask again after such a failure, and how."""

    times: int = 0
    other_host: bool = False
    least_seconds: float = 0.0


def is_host_fault(error: LLMError) -> bool:
    """Whether another host of the same gateway may well do better."""
    return error.upstream.code in (CONNECT_FAILED, CONNECTION_LOST, CHALLENGE)


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
    match error:
        case UnavailableError() if is_host_fault(error):
            # Hosts are doors to one gateway; where there is a single door, knock again.
            return Retry(times=max(hosts - 1, 2), other_host=hosts > 1)
        case UnavailableError() if code == SILENT:
            return Retry(times=1)
        case UnavailableError():
            times = _TIMES_BY_STATUS.get(error.upstream.status or 0, 3)
            return Retry(times=min(times, 1) if drawing else times)
        case RateLimitedError() if code != DAILY_QUOTA:
            return Retry(times=3)
        case ModelNotFoundError() if error.upstream.status == 503:
            # No channel of the gateway serves it at this moment.
            return Retry(times=1, least_seconds=3.0)
        case BrokenStreamError():
            return Retry(times=1)
        case _:
            return Retry()


def backoff_seconds(failures: int, error: LLMError, retry: Retry, chance: float) -> float:
    """How long to wait after that many failures: what the server asks for, otherwise full jitter.

    `chance` is a random number from 0 to 1.
    """
    if retry.other_host:
        return 0.0
    if isinstance(error, RateLimitedError) and error.retry_after is not None:
        return error.retry_after
    ceiling = min(_CAP_SECONDS, math.ldexp(_BASE_SECONDS, failures - 1))
    return max(retry.least_seconds, chance * ceiling)
