"""The models that the gateway lists: a hint for completion, never a limit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import aiohttp
from yarl import URL

from bot.errors import LLMError, UnavailableError
from bot.llm.reading import plain_json
from bot.llm.transport import opening

MAX_MODELS = 2_000
_LONGEST_ID = 100
_TIMEOUT = aiohttp.ClientTimeout(total=30, sock_connect=15)


async def read_models(
    session: aiohttp.ClientSession, base_urls: Sequence[str], authcode: str
) -> tuple[str, ...]:
    """Ask for the list; empty where the gateway has none.

    Raises:
        UnavailableError: no host could be asked.
    """
    for last, base_url in enumerate(base_urls, start=1):
        url = URL(f"{base_url.rstrip('/')}/v1/models")
        headers = {"Authorization": f"Bearer {authcode}", "Accept": "application/json"}
        try:
            with opening(url.authority):
                async with session.get(
                    url, headers=headers, timeout=_TIMEOUT, allow_redirects=False
                ) as response:
                    if response.status == 404:
                        return ()
                    body = await response.read()
                    if response.status == 200:
                        return _ids(plain_json(body))
        except LLMError:
            if last == len(base_urls):
                raise
    raise UnavailableError("the list of models could not be had")


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
