from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.playground.discord import LoopbackDiscord, LoopbackSettings
from bot.playground.web import create_app

PageClient = TestClient[web.Request, web.Application]


@pytest.fixture
def discord_server() -> LoopbackDiscord:
    """A Discord whose interactions fail soon when no bot is there."""
    return LoopbackDiscord(LoopbackSettings(ack_seconds=0.02))


@pytest.fixture
async def page(discord_server: LoopbackDiscord) -> AsyncIterator[PageClient]:
    app = create_app(discord_server, banner="Nobody answers", offline=True)
    async with TestClient(TestServer(app)) as client:
        yield client
