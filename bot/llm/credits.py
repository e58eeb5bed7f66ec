"""What is left of an auth code's credit; also the cheap way to check the code."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import aiohttp
from yarl import URL

from bot.errors import AuthCodeError, LLMError, UnavailableError
from bot.llm.call import Call
from bot.llm.normalize import failure
from bot.llm.reading import plain_json
from bot.llm.transport import http_failure, opening

_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=15)


@dataclass(frozen=True, slots=True)
class Balance:
    """Credits of an auth code."""

    balance: float
    """What is left."""
    amount: float
    """What there was in all; 0 where the gateway does not say."""


async def read_balance(session: aiohttp.ClientSession, base_url: str, authcode: str) -> Balance:
    """Ask how much credit is left.

    Raises:
        AuthCodeError: the gateway does not accept the auth code.
        UnavailableError: it could not be asked, or answered something else.
    """
    url = URL(f"{base_url.rstrip('/')}/api/v1/credits")
    headers = {"Authorization": f"Bearer {authcode}", "Accept": "application/json"}
    with opening(url.authority):
        async with session.get(
            url, headers=headers, timeout=_TIMEOUT, allow_redirects=False
        ) as response:
            call = Call(url.authority, response.status, authcode=authcode)
            if response.status != 200:
                raise _refusal(await http_failure(response, call))
            body = await response.read()
    if (balance := _balance_in(plain_json(body))) is None:
        raise _refusal(failure(body, call, billable=False))
    return balance


def _refusal(error: LLMError) -> LLMError:
    """An auth code that is not accepted is one thing, everything else another."""
    return error if isinstance(error, AuthCodeError) else UnavailableError(upstream=error.upstream)


def _balance_in(document: Any) -> Balance | None:
    try:
        data = document.get("data", document)
        return Balance(float(data["balance"]), float(data.get("amount") or 0))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
