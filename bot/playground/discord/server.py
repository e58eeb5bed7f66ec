"""The whole of it on one port: `async with LoopbackDiscord() as discord_server: …`."""

from __future__ import annotations

from types import TracebackType

from aiohttp import web

from bot.playground.discord.default_world import default_world
from bot.playground.discord.faults import Faults
from bot.playground.discord.gateway import Gateway
from bot.playground.discord.journal import Journal
from bot.playground.discord.limits import Limits
from bot.playground.discord.person import Person
from bot.playground.discord.rest.pipeline import BASE
from bot.playground.discord.rest.requests import Parts
from bot.playground.discord.rest.routes import GATEWAY_PATH, build_app
from bot.playground.discord.settings import LoopbackSettings
from bot.playground.discord.world import World

HOST = "127.0.0.1"


class LoopbackDiscord:
    """A small Discord on 127.0.0.1 that an unmodified discord.py connects to.

    Point the bot's REST base at `api_url` and give it `token`; the gateway's address it asks from
    there. `world` is the state, `person(id)` a person's hands, `faults` the bad weather,
    `limits.refusals` the 429s, `journal` the requests, `gateway` the connections.
    """

    def __init__(
        self,
        settings: LoopbackSettings | None = None,
        *,
        world: World | None = None,
        port: int = 0,
    ) -> None:
        self.world = world or default_world(settings)
        self.settings = self.world.settings
        self.faults = Faults()
        self.journal = Journal()
        self.limits = Limits(self.settings, self.world.now)
        self.gateway = Gateway(self.world, self.faults)
        self._port = port
        self._runner: web.AppRunner | None = None

    @property
    def token(self) -> str:
        """The bot's token."""
        return self.settings.token

    @property
    def url(self) -> str:
        """The address of the host, without a path."""
        return f"http://{HOST}:{self._port}"

    @property
    def api_url(self) -> str:
        """The REST base, for `DISCORD_API_URL` or `discord.http.Route.BASE`."""
        return f"{self.url}{BASE}"

    @property
    def gateway_url(self) -> str:
        """The gateway's address, as `/gateway/bot` tells it."""
        return f"ws://{HOST}:{self._port}{GATEWAY_PATH}"

    def person(self, user_id: int) -> Person:
        """Act as somebody."""
        return Person(self.world, user_id)

    async def start(self) -> None:
        """Listen; a port of 0 takes a free one.

        Raises:
            OSError: the port is taken.
        """
        parts = Parts(self.world, self.gateway, self.limits, self.faults, self.journal)
        runner = web.AppRunner(build_app(parts), access_log=None, shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.TCPSite(runner, HOST, self._port).start()
        except OSError:
            await runner.cleanup()
            raise
        self._runner = runner
        self._port = runner.addresses[0][1]
        self.world.attachments.base_url = self.url
        self.gateway.url = self.gateway_url

    async def stop(self) -> None:
        """Close the gateway's connections, then the port."""
        if self._runner is not None:
            await self.gateway.close()
            await self._runner.cleanup()
            self._runner = None

    async def __aenter__(self) -> LoopbackDiscord:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()
