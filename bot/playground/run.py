"""Compose the playground: the real bot between a small Discord and a gateway, seen in a browser."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import web
from cryptography.fernet import Fernet
from pydantic import SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from bot import app, log
from bot.client import Bot
from bot.playground.discord.server import LoopbackDiscord
from bot.playground.standin import StandInGateway
from bot.playground.web.app import create_app
from bot.settings import Settings

HOST = "127.0.0.1"
FIRST_PORT = 8321
PORTS = 50

OFFLINE = (
    "Offline: answers come from a stand-in on this machine, not from a model. "
    "Try: error, slow, long, table, code."
)
ONLINE = "Online: answers come from the real gateway and use your credit."


class _Key(BaseSettings):
    """Whether there is an auth code to talk to the real gateway with."""

    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore")

    liaobots_auth_code: SecretStr | None = None


@dataclass(frozen=True, slots=True)
class Playground:
    """A running playground."""

    address: str
    discord: LoopbackDiscord
    gateway: StandInGateway | None
    """None when the real gateway answers."""
    bot: Bot


def main() -> None:
    """Run until interrupted."""
    asyncio.run(_run())


async def _run() -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    log.watch(loop)
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, stop.set)
    async with playground():
        await stop.wait()


@asynccontextmanager
async def playground(
    first_port: int = FIRST_PORT, gateway: StandInGateway | None = None
) -> AsyncIterator[Playground]:
    """Start everything; the page's address is printed before the bot is there.

    Raises:
        SettingsError: the environment sets something the bot cannot use.
        StartupError: the gateway refuses the auth code.
    """
    key = _Key().liaobots_auth_code if gateway is None else None
    async with AsyncExitStack() as stack:
        discord = await stack.enter_async_context(LoopbackDiscord())
        page = create_app(discord, banner=ONLINE if key else OFFLINE, offline=key is None)
        address = await _serve(stack, page, first_port)
        print(f"Playground: {address}", flush=True)
        given = {
            "discord_token": discord.token,
            "discord_api_url": discord.api_url,
            "database_url": f"sqlite:///{_scratch(stack)}/playground.sqlite3",
            "dev_guild_id": None,
            "secrets_key": Fernet.generate_key().decode(),
        }
        if key is None:
            gateway = gateway or StandInGateway()
            await gateway.start()
            stack.push_async_callback(gateway.stop)
            given |= {
                "liaobots_auth_code": "offline",
                "liaobots_base_url": gateway.url,
                "liaobots_backup_urls": "",
            }
        settings = Settings.load(given)
        log.configure(settings.log_level, settings.log_format, settings.secrets)
        bot = await stack.enter_async_context(app.running_bot(settings))
        connection = asyncio.create_task(app.connect(bot))
        stack.push_async_callback(_disconnect, bot, connection)
        yield Playground(address, discord, gateway, bot)


def _scratch(stack: AsyncExitStack) -> Path:
    # The small Discord forgets everything at its end, so the bot's memory of it goes as well.
    return Path(stack.enter_context(TemporaryDirectory(prefix="liaocord-")))


async def _serve(stack: AsyncExitStack, page: web.Application, first_port: int) -> str:
    runner = web.AppRunner(page, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    for port in range(first_port, first_port + PORTS):
        try:
            await web.TCPSite(runner, HOST, port).start()
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return f"http://{HOST}:{port}"
    sys.exit(f"No free port between {first_port} and {first_port + PORTS - 1}.")


async def _disconnect(bot: Bot, connection: asyncio.Task[None]) -> None:
    await app.stop_bot(bot)
    with contextlib.suppress(asyncio.CancelledError):
        await connection
