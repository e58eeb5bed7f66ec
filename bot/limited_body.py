"""Bodies of responses, up to a size: whoever sends one may send without end."""

from __future__ import annotations

import aiohttp


class TooLargeError(aiohttp.ClientError):
    """There was more than wanted; the rest was not read."""


async def read_limited(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    """The whole body.

    Raises:
        TooLargeError: it has more than `max_bytes`.
    """
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > max_bytes:
            raise TooLargeError
    return bytes(body)
