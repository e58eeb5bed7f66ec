"""The short versions of `make faults` and `make soak`, and of one crash."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

import pytest

from bot.playground.discord.default_world import BOT_ID
from tests.e2e.conftest import Weather
from tests.weather import crash, faults
from tests.weather.kept import Memory, PostgresDatabase
from tests.weather.questions import Kind, words_in
from tests.weather.scene import Scene, open_scene
from tests.weather.soak import Soak
from tests.weather.troubles import Troubles


class OneOfEach(Troubles):
    """These, one with every sixth question, and none that takes its time."""

    names = (
        "gateway: cut",
        "Discord: message event twice",
        "gateway: error in the stream",
        "connection: asked to reconnect",
        "gateway: in pieces",
        "gateway: ended early",
        "gateway: broken JSON",
    )
    questions = 0

    async def with_question(self) -> None:
        self.questions += 1
        if self.questions % 6 == 0 and self.questions // 6 <= len(self.names):
            await self.make(self.names[self.questions // 6 - 1])


async def test_every_one_of_sixty_replies_ends_visibly_in_all_weather(scene):
    dice = random.Random(1)
    troubles = OneOfEach(dice, scene.discord, scene.gateway)
    soak = Soak(scene, dice, troubles, per_second=60)
    await soak.round(60)
    assert soak.result.findings == []
    assert len(troubles.made) == len(troubles.names)
    assert sum(soak.result.endings.values()) >= 50


async def test_a_button_pressed_twice_at_once_works_once(scene):
    for name in ("regenerate twice", "continue twice", "retry twice"):
        assert await faults.play(scene, name) == []


@pytest.fixture(params=["sqlite", "postgres"])
def memory(request) -> Iterator[Memory | None]:
    """A database of the scene's own, or one of a server."""
    if request.param == "sqlite":
        yield None
        return
    server = request.getfixturevalue("postgres")
    yield PostgresDatabase(server.create("weather"))
    server.drop("weather")


async def test_what_a_kill_cut_off_is_whole_after_the_restart(discord_of_its_own, memory):
    async with open_scene(members=8, channels=4, deltas_per_second=120, memory=memory) as scene:
        async with scene.bot() as bot:
            for number, kind in enumerate([Kind.MENTION] * 5 + [Kind.ASK] * 2):
                await scene.ask(kind, scene.members[number], scene.channels[number % 4], 60)
            await scene.until(lambda: _readable(scene) > 1, 20)
            await bot.kill()
        before = [await crash.left(scene)]
        weather = Weather(scene.discord, scene.gateway, scene.folder)
        async with weather.bot(database_url=scene.memory.url):
            found = await crash.settled(scene, before, time.monotonic() + 20)
        assert found == []
        assert crash.interrupted(scene) > 0


def _readable(scene: Scene) -> int:
    """How many messages show some of an answer."""
    shown = [m for channel in scene.channels for m in scene.world.messages(channel)]
    return sum(m.author_id == BOT_ID and bool(words_in(m.content)) for m in shown)
