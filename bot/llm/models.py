"""The models that the gateway lists: a hint for completion, never a limit."""

from __future__ import annotations

from typing import Any

import aiohttp
from yarl import URL

from bot.llm.call import Call
from bot.llm.hosts import Hosts
from bot.llm.reading import plain_json
from bot.llm.transport import http_failure, opening, small_reply

MAX_MODELS = 2_000
_LONGEST_ID = 100
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=15)


async def read_models(
    session: aiohttp.ClientSession, hosts: Hosts, authcode: str
) -> tuple[str, ...]:
    """Ask for the list; empty where the gateway has none.

    Raises:
        LLMError: no host could be asked, or the auth code is not accepted.
    """
    return await hosts.answer(lambda host: _listed(session, host, authcode))


async def _listed(session: aiohttp.ClientSession, base_url: str, authcode: str) -> tuple[str, ...]:
    url = URL(f"{base_url}/v1/models")
    headers = {"Authorization": f"Bearer {authcode}", "Accept": "application/json"}
    with opening(url.authority):
        async with session.get(
            url, headers=headers, timeout=_TIMEOUT, allow_redirects=False
        ) as response:
            if response.status == 404:
                return ()
            call = Call(url.authority, response.status, authcode=authcode)
            if response.status != 200:
                raise await http_failure(response, call)
            return _ids(plain_json(await small_reply(response, call)))


def _ids(document: Any) -> tuple[str, ...]:
    """The ids in either dialect's form."""
    if not isinstance(document, dict):
        return ()
    listed = document.get("data") or document.get("models") or ()
    found = []
    for entry in listed if isinstance(listed, list) else ():
        name = entry.get("id") or entry.get("name") if isinstance(entry, dict) else None
        if isinstance(name, str) and 0 < len(name) <= _LONGEST_ID and name.isprintable():
            found.append(name.removeprefix("models/"))
    return tuple(dict.fromkeys(found[:MAX_MODELS]))
