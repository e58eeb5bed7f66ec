from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress

import discord
import pytest
from yarl import URL

from bot.playground.discord import LoopbackDiscord, LoopbackSettings, Person
from bot.playground.discord.default_world import ADA_ID, MIRA_ID
from tests.playground.discord.client import Client
from tests.playground.discord.command_bot import Bot


@pytest.fixture
def settings() -> LoopbackSettings:
    return LoopbackSettings()


@pytest.fixture
async def server(
    settings: LoopbackSettings, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[LoopbackDiscord]:
    async with LoopbackDiscord(settings) as running:
        monkeypatch.setattr(discord.http.Route, "BASE", running.api_url)
        # Only after an invalidated session does the client go back to this address.
        monkeypatch.setattr(
            discord.gateway.DiscordWebSocket, "DEFAULT_GATEWAY", URL(running.gateway_url)
        )
        yield running


Connect = Callable[..., Awaitable[Client]]


@pytest.fixture
async def connect(server: LoopbackDiscord) -> AsyncIterator[Connect]:
    """Log a client in and wait until it is ready; it is closed at the end."""
    running: list[tuple[Client, asyncio.Task[None]]] = []

    async def start(client: Client | None = None) -> Client:
        client = client or Client()
        await client.login(server.token)
        task = asyncio.create_task(client.connect())
        running.append((client, task))
        async with asyncio.timeout(5):
            await client.wait_until_ready()
        return client

    yield start
    for client, task in running:
        await client.close()
        with suppress(asyncio.CancelledError):
            await task


@pytest.fixture
async def client(connect: Connect) -> Client:
    return await connect()


@pytest.fixture
async def bot(connect: Connect) -> Bot:
    made = Bot()
    await connect(made)
    return made


@pytest.fixture
def mira(server: LoopbackDiscord) -> Person:
    return server.person(MIRA_ID)


@pytest.fixture
def ada(server: LoopbackDiscord) -> Person:
    return server.person(ADA_ID)
