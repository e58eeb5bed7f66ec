"""The real bot over real sockets, between our loopback Discord and the stand-in gateway."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import discord
import pytest

from benchmarks import bot_process
from benchmarks.bot_process import BotProcess
from bot import app
from bot.client import Bot
from bot.playground.discord import LoopbackDiscord, LoopbackSettings, Message
from bot.playground.discord.default_world import ADA_ID, BOT_ID, GENERAL_ID, MIRA_ID
from bot.playground.standin import ReceivedCall, StandInGateway
from bot.settings import Settings

TEXT = "Answer in **several** words, one after the other. " * 12


@dataclass
class Weather:
    """Everything around the bot, and a way to start and stop the bot in it."""

    discord: LoopbackDiscord
    gateway: StandInGateway
    folder: Path

    @property
    def database_url(self) -> str:
        """Where the bot remembers."""
        return bot_process.database_url(self.folder)

    def settings(self, **given) -> Settings:
        """The settings of a bot that lives here."""
        return Settings.load(
            {
                "discord_token": self.discord.token,
                "discord_api_url": self.discord.api_url,
                "liaobots_auth_code": "code",
                "liaobots_base_url": self.gateway.url,
                "liaobots_backup_urls": "",
                "database_url": self.database_url,
                **given,
            }
        )

    @asynccontextmanager
    async def bot(self, **given) -> AsyncIterator[Bot]:
        """A bot that is connected; stopped in good order at the end."""
        async with app.running_bot(self.settings(**given)) as bot:
            connection = asyncio.create_task(app.connect(bot))
            try:
                await self.discord.world.wait_for(lambda: self.discord.world.bot_online, 10)
                yield bot
            finally:
                await app.stop_bot(bot)
                with contextlib.suppress(asyncio.CancelledError):
                    await connection

    @asynccontextmanager
    async def process(self, **environment: str) -> AsyncIterator[BotProcess]:
        """A bot in a process of its own, connected, as an operator starts it."""
        needed = bot_process.settings(self.discord, self.gateway, self.folder)
        async with bot_process.running_bot(needed | environment, self.folder) as process:
            world = self.discord.world
            await self.until(lambda: world.bot_online and world.commands)
            yield process

    @property
    def mira(self):
        """A member."""
        return self.discord.person(MIRA_ID)

    @property
    def ada(self):
        """An admin."""
        return self.discord.person(ADA_ID)

    async def mention(self, text: str, **more) -> Message:
        """Ask in #general."""
        sent: Message = await self.mira.send(GENERAL_ID, f"<@{BOT_ID}> {text}", **more)
        return sent

    def replies(self, channel_id: int = GENERAL_ID, viewer: int = MIRA_ID) -> list[Message]:
        """The bot's messages."""
        seen = self.discord.world.messages(channel_id, viewer=viewer)
        return [message for message in seen if message.author_id == BOT_ID]

    def chats(self) -> list[ReceivedCall]:
        """What the gateway was asked in the OpenAI dialect."""
        return [call for call in self.gateway.calls if call.path.endswith("/chat/completions")]

    async def until(self, predicate: Callable[[], object], seconds: float = 20) -> None:
        """Wait for the world to become so."""
        await self.discord.world.wait_for(predicate, seconds)


@pytest.fixture
def _discord_of_its_own():
    """Put discord.py's addresses back where they were."""
    base, assets = discord.http.Route.BASE, discord.asset.Asset.BASE
    gateway = discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY
    yield
    discord.http.Route.BASE, discord.asset.Asset.BASE = base, assets
    discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = gateway


@pytest.fixture
async def weather(_discord_of_its_own, tmp_path) -> AsyncIterator[Weather]:
    gateway = StandInGateway(text=TEXT, deltas_per_second=60, picture_seconds=0)
    await gateway.start()
    try:
        async with LoopbackDiscord(LoopbackSettings(message_content=False)) as server:
            yield Weather(server, gateway, tmp_path)
    finally:
        await gateway.stop()
