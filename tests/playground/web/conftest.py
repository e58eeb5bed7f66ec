import asyncio
import contextlib
from collections.abc import AsyncIterator

import discord
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from bot.playground.discord import LoopbackDiscord, LoopbackSettings
from bot.playground.web import create_app
from tests.playground.web.browser import chromium
from tests.playground.web.small_bot import SmallBot

BANNER = (
    "A small bot answers on this machine, and no model is behind it. "
    "Try: words, files, /echo, /sleepy, /config."
)
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


@pytest.fixture
async def url(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[str]:
    """The page's address, with the small bot online behind it."""
    chromium()
    async with LoopbackDiscord(LoopbackSettings(ack_seconds=1.0)) as server:
        monkeypatch.setattr(discord.http.Route, "BASE", server.api_url)
        bot = SmallBot()
        running = asyncio.create_task(bot.start(server.token))
        runner = web.AppRunner(
            create_app(server, banner=BANNER), access_log=None, shutdown_timeout=0.1
        )
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        world = server.world
        try:
            await world.wait_for(lambda: world.bot_online and bool(world.commands), 20)
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/"
        finally:
            await bot.close()
            await runner.cleanup()
            running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await running
