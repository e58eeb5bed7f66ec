"""Pictures that an answer links to, fetched at once, and from nowhere that members must not reach.

The address comes out of a model's mouth, and so perhaps out of a member's: nothing is fetched from
private networks, no credentials go along, and what comes back has to be a picture.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bot.chat.content import ImagePart
from bot.limited_body import read_limited
from bot.llm.linked import ImageLinked
from bot.llm.pictures import picture

log = logging.getLogger(__name__)

MAX_BYTES = 25 * 1024 * 1024
MAX_PICTURES = 4
"""Of one answer."""
SECONDS = 20.0
_REDIRECTS = 3
_UNICAST = ipaddress.IPv6Network("2000::/3")
"""All that the public internet uses of IPv6."""
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_FAILURES = (aiohttp.ClientError, TimeoutError, OSError, ValueError)


class Downloads:
    """Fetches pictures over a session that reaches public addresses only.

    `own` gives the sessions for origins that may be fetched from wherever they are: the gateway's.
    """

    def __init__(
        self, session: aiohttp.ClientSession, own: Mapping[str, aiohttp.ClientSession]
    ) -> None:
        self._session = session
        self._own = {URL(url).origin(): its_session for url, its_session in own.items()}

    async def fetch(self, linked: ImageLinked, *, anywhere: bool) -> ImagePart | None:
        """The picture, or None when it cannot be had; unless `anywhere`, only from own origins."""
        try:
            async with asyncio.timeout(SECONDS):
                data = await self._get(URL(linked.url), anywhere=anywhere)
        except _FAILURES as error:
            log.info("linked picture not fetched: %s", type(error).__name__)
            return None
        image = picture(data, alt=linked.alt)
        return image if image is not None and image.width else None

    async def _get(self, url: URL, *, anywhere: bool) -> bytes:
        for _ in range(_REDIRECTS + 1):
            session = self._session_for(url, anywhere=anywhere)
            async with session.get(url, allow_redirects=False) as response:
                if response.status in (301, 302, 303, 307, 308):
                    url = url.join(URL(response.headers.get("Location", "")))
                    continue
                response.raise_for_status()
                return await read_limited(response, MAX_BYTES)
        raise ValueError("too many redirects")

    def _session_for(self, url: URL, *, anywhere: bool) -> aiohttp.ClientSession:
        if (own := self._own.get(url.origin())) is not None:
            return own
        if not anywhere:
            raise ValueError("not the gateway's")
        if url.scheme != "https" or not url.host:
            raise ValueError("not https")
        if is_literal(url.host) and not is_public(url.host):
            raise ValueError("not a public address")
        return self._session


def is_literal(host: str) -> bool:
    """Whether a host is an address already, which nobody resolves."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _inner(ip)
        if inner is None and ip not in _UNICAST:
            return False
        ip = inner or ip
    return ip.is_global and not ip.is_multicast


def _inner(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that a router may make of an IPv6 one."""
    if ip in _NAT64:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour


class PublicResolver(AbstractResolver):
    """Resolves names to public addresses only; what is checked is what is connected to."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Resolve a name.

        Raises:
            OSError: it has no public address.
        """
        found = await self._inner.resolve(host, port, family)
        public = [result for result in found if is_public(result["host"])]
        if not public:
            raise OSError("no public address")
        return public

    async def close(self) -> None:
        """Close the resolver behind it."""
        await self._inner.close()


@asynccontextmanager
async def public_session() -> AsyncIterator[aiohttp.ClientSession]:
    """A session for downloads: public addresses, no cookies, no credentials."""
    resolver = PublicResolver(aiohttp.resolver.ThreadedResolver())
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver, use_dns_cache=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        headers={"Accept": "image/*", "Accept-Encoding": "identity"},
        # Compressed bytes could become thousands of times as many before anybody counts them.
        auto_decompress=False,
    ) as session:
        yield session
