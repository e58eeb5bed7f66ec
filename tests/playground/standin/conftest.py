from collections.abc import AsyncIterator

import aiohttp
import pytest

from bot.playground.standin import StandInGateway


@pytest.fixture
async def gateway() -> AsyncIterator[StandInGateway]:
    """A stand-in that answers as fast as it can."""
    standin = StandInGateway(deltas_per_second=0, picture_seconds=0, slow_seconds=0)
    await standin.start()
    yield standin
    await standin.stop()


@pytest.fixture
async def session(gateway: StandInGateway) -> AsyncIterator[aiohttp.ClientSession]:
    """A caller with an auth code that is good for both dialects."""
    headers = {"Authorization": "Bearer code", "x-goog-api-key": "code"}
    async with aiohttp.ClientSession(gateway.url, headers=headers) as client:
        yield client
