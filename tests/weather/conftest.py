"""A scene with the bot in this process, at a pace that tests can wait for."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.e2e.conftest import Weather, _discord_of_its_own as discord_of_its_own  # noqa: F401
from tests.weather.scene import Scene, open_scene

DELTAS_PER_SECOND = 300.0


@pytest.fixture
async def scene(discord_of_its_own) -> AsyncIterator[Scene]:  # noqa: F811
    async with open_scene(members=60, channels=60, deltas_per_second=DELTAS_PER_SECOND) as opened:
        weather = Weather(opened.discord, opened.gateway, opened.folder)
        async with weather.bot():
            await opened.limit_use()
            yield opened
