"""What people attached, fetched from Discord's own hosts and from nowhere else.

discord.py's `Attachment.read` goes wherever the link leads, follows redirects, and holds whatever
comes in memory.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

import aiohttp
import discord
from yarl import URL

from bot.errors import BotError
from bot.limited_body import read_limited

CDN = frozenset({URL("https://cdn.discordapp.com"), URL("https://media.discordapp.net")})
"""Where Discord keeps what people attach."""
AT_ONCE = 8
"""Files on their way at a time: they are held in memory until they are read."""
SECONDS = 60.0


class NotFetchedError(BotError):
    """A file cannot be had."""


class LinkExpiredError(NotFetchedError):
    """Its link is not valid any more; links of attachments live about a day."""


class Files(Protocol):
    """Gets what people attached."""

    async def read(self, attachment: discord.Attachment, max_bytes: int) -> bytes:
        """The bytes of a file.

        Raises:
            LinkExpiredError: the message has to be fetched anew.
            NotFetchedError: it cannot be had, or is larger than that.
        """
        ...


class CdnFiles:
    """Files from Discord's CDN, or from a Discord on this machine."""

    def __init__(self, session: aiohttp.ClientSession, loopback: str | None = None) -> None:
        """`loopback` is the address of a Discord on this machine, which keeps its files itself."""
        self._session = session
        self._origins = CDN if loopback is None else CDN | {URL(loopback).origin()}
        self._line = asyncio.Semaphore(AT_ONCE)

    async def read(self, attachment: discord.Attachment, max_bytes: int) -> bytes:
        """The bytes of a file; see `Files`."""
        async with self._line:
            try:
                async with asyncio.timeout(SECONDS):
                    return await self._get(self._checked(attachment.url), max_bytes)
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise NotFetchedError(type(error).__name__) from error

    def _checked(self, link: str) -> URL:
        try:
            url = URL(link)
            if url.user is None and url.origin() in self._origins:
                return url
        except ValueError:
            pass  # no address at all, or half of one
        raise NotFetchedError("not a link to Discord's files")

    async def _get(self, url: URL, max_bytes: int) -> bytes:
        async with self._session.get(url, allow_redirects=False) as response:
            if response.status in (403, 404):
                raise LinkExpiredError(f"status={response.status}")
            if response.status != 200:
                raise NotFetchedError(f"status={response.status}")
            return await read_limited(response, max_bytes)


@asynccontextmanager
async def cdn_files(loopback: str | None = None) -> AsyncIterator[CdnFiles]:
    """Files over a session without cookies and credentials, taken as they are: compressed bytes
    could become thousands of times as many before anybody counts them."""
    async with aiohttp.ClientSession(
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept-Encoding": "identity"},
        auto_decompress=False,
    ) as session:
        yield CdnFiles(session, loopback)
