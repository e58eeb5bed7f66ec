"""An unmodified discord.py client, and how to wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import discord
from discord import app_commands

MINIMAL = discord.Intents(guilds=True, guild_messages=True, dm_messages=True)


class Client(discord.AutoShardedClient):
    """An unmodified client that writes down what it hears."""

    def __init__(self, intents: discord.Intents = MINIMAL) -> None:
        super().__init__(
            intents=intents,
            guild_ready_timeout=0.01,
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.tree = app_commands.CommandTree(self)
        self.heard: list[discord.Message] = []
        self.edited: list[discord.RawMessageUpdateEvent] = []
        self.deleted: list[discord.RawMessageDeleteEvent] = []
        self.resumed = 0

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        """Leave out the five seconds before every IDENTIFY but the first."""

    async def on_message(self, message: discord.Message) -> None:
        self.heard.append(message)

    async def on_raw_message_edit(self, event: discord.RawMessageUpdateEvent) -> None:
        self.edited.append(event)

    async def on_raw_message_delete(self, event: discord.RawMessageDeleteEvent) -> None:
        self.deleted.append(event)

    async def on_shard_resumed(self, shard_id: int) -> None:
        self.resumed += 1

    def text_channel(self, channel_id: int) -> discord.TextChannel:
        channel = self.get_channel(channel_id)
        assert isinstance(channel, discord.TextChannel)
        return channel


async def until(condition: Callable[[], object], timeout: float = 3.0) -> None:
    """Wait for something that happens in the client, where no change of the world tells of it."""
    async with asyncio.timeout(timeout):
        while not condition():  # noqa: ASYNC110 - the library has no event for its own state
            await asyncio.sleep(0.005)
