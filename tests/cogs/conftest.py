"""The whole bot but for gateway and database, in a simulated Discord."""

from __future__ import annotations

from dataclasses import dataclass, field

import discord
import pytest
import simcord
from cryptography.fernet import Fernet
from simcord import ChannelHandle, Env, GuildHandle, MemberActor

from bot.cdn import LinkExpiredError, NotFetchedError
from bot.chat.events import Finished, FinishReason, TextDelta
from bot.chat.metering import Meter
from bot.chat.models import Catalogue
from bot.chat.policy import Defaults, Policy
from bot.chat.respond import Responder
from bot.client import Bot
from bot.clock import LoopClock
from bot.keyring import Keyring
from bot.pictures.shrinking import scaled
from tests.fakes import (
    Alone,
    FakeAccount,
    FakeModel,
    MemoryPreferences,
    MemoryQuotas,
    MemoryState,
    MemoryStore,
)

STOP = Finished(FinishReason.STOP)


class SimulatedFiles:
    """Files of the simulated Discord, which no HTTP client reaches."""

    async def read(self, attachment: discord.Attachment, max_bytes: int) -> bytes:
        try:
            data = await attachment.read()
        except (discord.NotFound, discord.Forbidden) as error:
            raise LinkExpiredError from error
        if len(data) > max_bytes:
            raise NotFetchedError
        return data


@dataclass
class Services:
    """What outlives a restart of the bot, and the model that answers."""

    model: FakeModel = field(default_factory=lambda: FakeModel([TextDelta("Hello!"), STOP]))
    store: MemoryStore = field(default_factory=MemoryStore)
    preferences: MemoryPreferences = field(default_factory=MemoryPreferences)
    state: MemoryState = field(default_factory=MemoryState)
    quotas: MemoryQuotas = field(default_factory=MemoryQuotas)
    account: FakeAccount = field(default_factory=FakeAccount)
    keyring: Keyring = field(default_factory=lambda: Keyring([Fernet.generate_key().decode()]))
    models: Catalogue = field(default_factory=Catalogue)

    def bot(self, *, message_content: bool = False) -> Bot:
        """Compose a bot the way `app` does."""
        self.store.restart()
        clock = LoopClock()
        return Bot(
            responder=Responder(
                model=self.model,
                store=self.store,
                variants=self.store,
                clock=clock,
                meter=Meter(self.quotas),
                scale=scaled,
            ),
            policy=Policy(
                Defaults("gpt-4o", "gemini-3-pro-image-preview"), self.preferences, clock
            ),
            store=self.store,
            variants=self.store,
            state=self.state,
            keyring=self.keyring,
            files=SimulatedFiles(),
            account=self.account,
            models=self.models,
            quotas=self.quotas,
            presence=Alone(),
            authcode="operator",
            clock=clock,
            message_content=message_content,
        )


@dataclass
class Stage:
    """A server with two channels, a member, and an admin."""

    env: Env
    guild: GuildHandle
    general: ChannelHandle
    other: ChannelHandle
    mira: MemberActor
    eve: MemberActor
    ada: MemberActor
    services: Services

    @property
    def me(self) -> str:
        """The bot's mention."""
        user = self.env.bot.user
        assert user is not None
        return user.mention

    def replies(self, channel: ChannelHandle | None = None) -> list[discord.Message]:
        """The bot's messages in a channel."""
        history = (channel or self.general).history()
        return [message for message in history if message.author == self.env.bot.user]

    def reply(self, channel: ChannelHandle | None = None) -> discord.Message:
        """The bot's newest message in a channel."""
        return self.replies(channel)[-1]


@pytest.fixture
def services() -> Services:
    return Services()


@pytest.fixture
def simcord_bot(services, request):
    return services.bot(message_content="reads_everything" in request.keywords)


@pytest.fixture
async def simcord_env(simcord_bot, request, monkeypatch):
    monkeypatch.setattr(discord.asset.Asset, "BASE", "https://cdn.simcord.invalid")
    marker = request.node.get_closest_marker("simcord")
    options = marker.kwargs if marker else {}
    env = simcord.Env(simcord_bot, shard_count=1, **options)
    await env.start()
    yield env
    await env.shutdown()
    env.raise_errors()


@pytest.fixture
def stage(simcord_env, services) -> Stage:
    guild = simcord_env.create_guild("Home")
    admins = guild.create_role("Admins", permissions=discord.Permissions(administrator=True))
    return Stage(
        env=simcord_env,
        guild=guild,
        general=guild.create_text_channel("general"),
        other=guild.create_text_channel("other"),
        mira=guild.add_member(simcord_env.create_user("mira")),
        eve=guild.add_member(simcord_env.create_user("eve")),
        ada=guild.add_member(simcord_env.create_user("ada"), roles=[admins]),
        services=services,
    )


def labels(message: discord.Message) -> list[str]:
    """The labels of a message's buttons."""
    return [
        button.label or ""
        for row in message.components
        if isinstance(row, discord.ActionRow)
        for button in row.children
        if isinstance(button, discord.Button)
    ]
