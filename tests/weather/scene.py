"""A busy server around a bot in a process of its own: many members, many channels."""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from benchmarks import bot_process
from benchmarks.bot_process import BotProcess
from bot.playground.discord import (
    Change,
    ChangeKind,
    Channel,
    Interaction,
    LoopbackDiscord,
    LoopbackSettings,
    Message,
    Person,
    User,
    World,
)
from bot.playground.discord.default_world import ADA_ID, BOT_ID, GENERAL_ID, GUILD_ID
from bot.playground.discord.state import ChannelKind, Member
from bot.playground.standin import StandInGateway
from tests.weather.kept import Memory, SqliteFile
from tests.weather.pages import buttons
from tests.weather.questions import Asked, Kind, prompt, script

START_SECONDS = 60.0
_PLENTY = 1_000_000


class Scene:
    """What surrounds the bot, and what people do there."""

    def __init__(
        self,
        discord: LoopbackDiscord,
        gateway: StandInGateway,
        folder: Path,
        memory: Memory,
        *,
        members: int,
        channels: int,
    ) -> None:
        self.discord = discord
        self.gateway = gateway
        self.folder = folder
        self.memory = memory
        self.asked: list[Asked] = []
        self._numbers = 0
        world = discord.world
        world.listen(self._hear)
        guild = world.guilds[GUILD_ID]
        self.members: list[Person] = []
        for number in range(members):
            user = User(world.ids.next(), f"member{number}", f"Member {number}")
            world.users[user.id] = user
            guild.members[user.id] = Member(user)
            self.members.append(discord.person(user.id))
        self.channels = self.make_channels(channels)

    @property
    def world(self) -> World:
        """The state of Discord."""
        return self.discord.world

    def make_channels(self, count: int) -> list[int]:
        """New channels, whose limits are untouched."""
        world = self.world
        made = [
            Channel(world.ids.next(), ChannelKind.TEXT, "talk", guild_id=GUILD_ID)
            for _ in range(count)
        ]
        return [world.add_channel(channel).id for channel in made]

    @asynccontextmanager
    async def bot(
        self, *, program: Sequence[str] = ("-m", "bot"), **environment: str
    ) -> AsyncIterator[BotProcess]:
        """Start the bot; it is connected."""
        needed = bot_process.settings(self.discord, self.gateway, self.folder)
        needed |= {"DATABASE_URL": self.memory.url, **environment}
        world = self.world
        async with bot_process.running_bot(needed, self.folder, program=program) as process:
            await world.wait_for(lambda: world.bot_online and world.commands, START_SECONDS)
            yield process

    async def limit_use(self) -> None:
        """Have everything counted, by limits that nobody reaches."""
        ada = self.discord.person(ADA_ID)
        limits = {"requests": _PLENTY, "tokens": 1000 * _PLENTY, "images": _PLENTY}
        told = await ada.run(GENERAL_ID, "config quota", limits)
        await self.world.wait_for(lambda: told.response and told.response.content, 20)

    async def ask(
        self, kind: Kind, member: Person, channel_id: int, words: int, *, cut: bool = False
    ) -> Asked:
        """Ask something that is a reply of its own: everything but Continue."""
        self._numbers += 1
        said = prompt(self._numbers, words, cut=cut)
        interaction: Interaction | None = None
        message: Message | None = None
        pictures = 0
        match kind:
            case Kind.MENTION:
                message = await member.send(channel_id, f"<@{BOT_ID}> {said}")
            case Kind.DIRECT:
                channel_id = self.world.dm_with(member.id).id
                message = await member.send(channel_id, said)
            case Kind.ASK:
                interaction = await member.run(channel_id, "ask", {"prompt": said})
            case Kind.PRIVATE:
                interaction = await member.run(channel_id, "ask", {"prompt": said, "private": True})
            case Kind.IMAGINE:
                pictures = 1
                interaction = await member.run(channel_id, "imagine", {"prompt": said})
            case _:
                raise ValueError(f"{kind} is a button")
        event = message or interaction
        assert event is not None
        return self._note(
            Asked(
                self._numbers,
                kind,
                event.id,
                channel_id,
                member.id,
                words,
                cut=cut,
                pictures=pictures,
                interaction=interaction,
            )
        )

    async def go_on(self, asked: Asked, message: Message) -> Asked:
        """Press Continue under a reply."""
        press = await self.press(asked, message, "continue")
        return self._note(
            Asked(
                asked.number,
                Kind.CONTINUE,
                message.id,
                message.channel_id,
                asked.asker_id,
                0,
                interaction=press,
            )
        )

    async def again(self, asked: Asked, message: Message, button: str) -> Interaction:
        """Press Retry or Regenerate (`retry`, `again`) under a reply."""
        asked.presses += 1
        return await self.press(asked, message, button)

    async def press(self, asked: Asked, message: Message, button: str) -> Interaction:
        """Press a button as the one who asked."""
        return await self.discord.person(asked.asker_id).press(message.id, buttons(message)[button])

    async def until(self, predicate: Callable[[], object], seconds: float) -> None:
        """Wait for the world to become so."""
        await self.world.wait_for(predicate, seconds)

    def forget(self) -> None:
        """Let go of everything that was asked, and of all messages."""
        for channel_id in list(self.world.channels):
            self.world.forget(channel_id)
        self.asked.clear()
        self.discord.limits.refusals.clear()

    def _note(self, asked: Asked) -> Asked:
        self.asked.append(asked)
        return asked

    def _hear(self, change: Change) -> None:
        """Remember sentences that the bot takes back after a while."""
        message = change.payload
        if change.kind is not ChangeKind.MESSAGE_DELETE or not isinstance(message, Message):
            return
        if message.author_id == BOT_ID and message.reference and not message.components:
            for asked in self.asked:
                if asked.event_id == message.reference.message_id:
                    asked.refused = message.content


@asynccontextmanager
async def open_scene(
    *, members: int, channels: int, deltas_per_second: float, memory: Memory | None = None
) -> AsyncIterator[Scene]:
    """Discord and the gateway, without the bot; it remembers in a temporary folder if nowhere
    else."""
    discord = LoopbackDiscord(LoopbackSettings(message_content=False))
    gateway = StandInGateway(
        script=script, deltas_per_second=deltas_per_second, picture_seconds=0.5
    )
    with tempfile.TemporaryDirectory(prefix="liaocord-weather-") as name:
        folder = Path(name)
        async with discord, gateway:
            yield Scene(
                discord,
                gateway,
                folder,
                memory or SqliteFile(folder),
                members=members,
                channels=channels,
            )
