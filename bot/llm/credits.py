"""The gateway's books: what is left of an auth code's credit, and what it was charged."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import aiohttp
from yarl import URL

from bot.chat.account import MOST_CREDITS, Balance, Charged
from bot.errors import AuthCodeError, LLMError, UnavailableError
from bot.llm.call import Call
from bot.llm.ceilings import MOST_TOKENS
from bot.llm.hosts import Hosts
from bot.llm.normalize import failure
from bot.llm.reading import plain_json
from bot.llm.transport import http_failure, opening, small_reply

PAGE_SIZE = 100
MAX_LISTED_PAGES = 20
_MOST_LEFT = 1e15
"""Credits; some gateways count in small ones."""
_LATEST = 1e14
"""Milliseconds, until the year 5138: a time for which every time zone has a date."""
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=15)


class GatewayAccount:
    """The `Account` of `chat.account`, asked at the first host that answers."""

    def __init__(self, session: aiohttp.ClientSession, hosts: Hosts) -> None:
        self._session = session
        self._hosts = hosts

    async def balance(self, authcode: str) -> Balance:
        """What is left.

        Raises:
            AuthCodeError: the gateway does not accept the auth code.
            UnavailableError: it could not be asked, or answered something else.
        """
        data = await self._ask(authcode, {})
        amount = _number(data.get("amount"), 0, _MOST_LEFT) or 0.0
        return Balance(float(data["balance"]), amount)

    async def charges(self, authcode: str, *, since: datetime) -> list[Charged]:
        """What was charged since then, newest first; at most 2,000 calls.

        Raises:
            AuthCodeError: the gateway does not accept the auth code.
            UnavailableError: it could not be asked, or answered something else.
        """
        found: dict[Any, Charged] = {}
        query = {"include_usage": "true", "pageSize": str(PAGE_SIZE)}
        for _page in range(MAX_LISTED_PAGES):
            usage = (await self._ask(authcode, query)).get("usage")
            listed, following = _listed(usage)
            fresh = {key: charge for key, charge in listed.items() if key not in found}
            found |= fresh
            # The name of the paging parameter is a guess: a page that repeats ends the walk.
            if not fresh or not following or min(c.at for c in fresh.values()) < since:
                break
            query["nextId"] = following
        return [charge for charge in found.values() if charge.at >= since]

    async def _ask(self, authcode: str, query: dict[str, str]) -> dict[str, Any]:
        return await self._hosts.answer(lambda host: _credits(self._session, host, authcode, query))


async def _credits(
    session: aiohttp.ClientSession, base_url: str, authcode: str, query: dict[str, str]
) -> dict[str, Any]:
    url = URL(f"{base_url}/api/v1/credits").with_query(query)
    headers = {"Authorization": f"Bearer {authcode}", "Accept": "application/json"}
    with opening(url.authority):
        async with session.get(
            url, headers=headers, timeout=_TIMEOUT, allow_redirects=False
        ) as response:
            call = Call(url.authority, response.status, authcode=authcode)
            if response.status != 200:
                raise _refusal(await http_failure(response, call))
            body = await small_reply(response, call)
    document = plain_json(body)
    data = document.get("data", document) if isinstance(document, dict) else None
    if not isinstance(data, dict) or _balance_in(data) is None:
        raise _refusal(failure(body, call, billable=False))
    return data


def _refusal(error: LLMError) -> LLMError:
    """An auth code that is not accepted is one thing, everything else another."""
    return error if isinstance(error, AuthCodeError) else UnavailableError(upstream=error.upstream)


def _balance_in(data: dict[str, Any]) -> float | None:
    return _number(data.get("balance"), -_MOST_LEFT, _MOST_LEFT)  # there may be a debt


def _number(value: object, least: float, most: float) -> float | None:
    """A number, also in quotes; None for what is none, or is one that nobody can mean."""
    try:
        number = float(value)  # type: ignore[arg-type]  # that is the question
    except (TypeError, ValueError, OverflowError):
        return None
    return number if least <= number <= most else None  # `nan` is neither


def _listed(usage: object) -> tuple[dict[Any, Charged], str]:
    """The charges of one page by their ids, and the mark of the next page."""
    if not isinstance(usage, dict):
        return {}, ""
    found: dict[Any, Charged] = {}
    entries = usage.get("list")
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict) and (charge := _charge(entry)) is not None:
            key = entry.get("id")
            found[key if isinstance(key, int | str) else (charge.at, number)] = charge
    return found, str(usage.get("nextId") or "")


def _charge(entry: dict[str, Any]) -> Charged | None:
    """One charge; None for an entry of another form, beside which the others still count."""
    model = entry.get("model")
    price = _number(entry.get("price"), 0, MOST_CREDITS)
    time = _number(entry.get("create_time"), 0, _LATEST)
    if model is None or price is None or time is None:
        return None
    tokens = int(_number(entry.get("tokens"), 0, MOST_TOKENS) or 0)
    return Charged(str(model), price, tokens, datetime.fromtimestamp(time / 1000, UTC))
