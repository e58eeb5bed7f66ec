"""The gateway's own list of models: a hint for completion, not a promise."""

from __future__ import annotations

from typing import Any

import aiohttp
from yarl import URL

from bot.llm.call import Call
from bot.llm.reading import plain_json
from bot.llm.transport import http_failure, opening

_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=15)
_ABSENT = (404, 405, 501)


async def list_models(session: aiohttp.ClientSession, base_url: str, authcode: str) -> list[str]:
    """Ask which models there are; empty where the gateway keeps no list.

    Raises:
        LLMError: the gateway refused or could not be asked.
    """
    url = URL(f"{base_url.rstrip('/')}/v1/models")
    headers = {"Authorization": f"Bearer {authcode}", "Accept": "application/json"}
    with opening(url.authority):
        async with session.get(
            url, headers=headers, timeout=_TIMEOUT, allow_redirects=False
        ) as response:
            if response.status in _ABSENT:
                return []
            if response.status != 200:
                raise await http_failure(
                    response, Call(url.authority, response.status, authcode=authcode)
                )
            return _ids_in(plain_json(await response.read()))


def _ids_in(document: object) -> list[str]:
    """Model ids out of OpenAI's form (`data`, `id`) or Google's (`models`, `name`)."""
    match document:
        case {"data": [*items]}:
            key = "id"
        case {"models": [*items]}:
            key = "name"
        case _:
            return []
    names = [_name(item, key) for item in items]
    return list(dict.fromkeys(name for name in names if name))


def _name(item: Any, key: str) -> str:
    name = item.get(key) if isinstance(item, dict) else item
    return name.removeprefix("models/") if isinstance(name, str) else ""
