"""The Discord client: takes ready-made services, loads the cogs, keeps the commands in step."""

from __future__ import annotations

import hashlib
import json
import logging
import pkgutil
from datetime import datetime, timedelta
from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot import cogs
from bot.cdn import Files
from bot.chat.account import Account
from bot.chat.floods import Turns
from bot.chat.models import Catalogue
from bot.chat.policy import Policy
from bot.chat.ports import (
    Clock,
    ConversationStore,
    Presence,
    QuotaStore,
    StateStore,
    VariantStore,
)
from bot.chat.respond import Responder
from bot.hearing import Hearing
from bot.keyring import Keyring
from bot.replies.headers import trace
from bot.replies.live import TurnControls
from bot.replies.pacing import EditBudget
from bot.translator import CatalogueTranslator

log = logging.getLogger(__name__)


def intents(*, message_content: bool) -> discord.Intents:
    """The least that mentions, replies and DMs need; message content only where it is granted."""
    wanted = discord.Intents.none()
    wanted.guilds = True
    wanted.guild_messages = True
    wanted.dm_messages = True
    wanted.message_content = message_content
    return wanted


class Bot(commands.AutoShardedBot):
    """Liaocord in Discord."""

    def __init__(
        self,
        *,
        responder: Responder,
        policy: Policy,
        store: ConversationStore,
        variants: VariantStore,
        state: StateStore,
        keyring: Keyring,
        files: Files,
        account: Account,
        models: Catalogue,
        quotas: QuotaStore,
        authcode: str,
        clock: Clock,
        presence: Presence,
        answers_dms: bool = True,
        missed: Literal["answer", "offer", "ignore"] = "answer",
        look_back: timedelta = timedelta(minutes=15),
        deaf_since: datetime | None = None,
        message_content: bool = False,
        dev_guild_id: int | None = None,
    ) -> None:
        self.budget = EditBudget(clock)
        super().__init__(
            command_prefix=commands.when_mentioned,  # required by the library; never processed
            help_command=None,
            intents=intents(message_content=message_content),
            allowed_mentions=discord.AllowedMentions.none(),
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=False),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            http_trace=trace(self.budget),
        )
        self.responder = responder
        self.policy = policy
        self.store = store
        self.variants = variants
        self.keyring = keyring
        self.files = files
        self.reading = Turns(all_together=8, of_a_member=2, waiting=10)
        """Questions whose files are fetched and made ready: what they hold is in memory."""
        self.controls: TurnControls = lambda _turn, _ending: None
        """The buttons under replies, none before the extension `buttons` is loaded. What starts a
        reply does not import them, for many of them start one themselves."""
        self.account = account
        self.models = models
        self.quotas = quotas
        self.authcode = authcode
        self.clock = clock
        self.presence = presence
        self.answers_dms = answers_dms
        self.missed = missed
        self.look_back = look_back
        self.hearing = Hearing(deaf_since)
        self.state = state
        self._dev_guild = discord.Object(dev_guild_id) if dev_guild_id else None

    async def setup_hook(self) -> None:
        """Load every cog, then tell Discord the commands if they have changed."""
        for module in pkgutil.iter_modules(cogs.__path__):
            if not module.name.startswith("_"):
                await self.load_extension(f"{cogs.__name__}.{module.name}")
        await self.tree.set_translator(CatalogueTranslator())
        await self._sync_commands()

    @property
    def looks_back(self) -> bool:
        """Whether messages that were missed are looked for."""
        return self.missed != "ignore" and bool(self.look_back)

    @property
    def hears(self) -> bool:
        """Whether questions reach the bot and are taken."""
        return self.is_ready() and self.hearing.is_whole and self.responder.takes_questions

    async def on_shard_disconnect(self, shard_id: int) -> None:
        """Not everything is heard; fires again while a shard tries to return."""
        self.hearing.lose(shard_id, discord.utils.utcnow())

    async def on_shard_connect(self, shard_id: int) -> None:
        """A new session has begun."""
        self.hearing.begin(shard_id)

    async def on_shard_resumed(self, shard_id: int) -> None:
        """Discord has sent again what came meanwhile."""
        self.hearing.resume(shard_id)

    async def on_ready(self) -> None:
        """Say where the bot is; fires again after a lost session."""
        log.info("ready as %s in %d servers", self.user, len(self.guilds))

    async def on_message(self, message: discord.Message, /) -> None:
        """Nothing: there are no text commands, and mentions have a cog of their own."""

    async def _sync_commands(self) -> None:
        # Discord allows 200 command creations a day; an unchanged set is not sent again.
        if self._dev_guild is not None:
            self.tree.copy_global_to(guild=self._dev_guild)
        translator = self.tree.translator
        assert translator is not None  # set_translator came first
        payload = [
            await command.get_translated_payload(self.tree, translator)
            for command in self.tree.get_commands(guild=self._dev_guild)
        ]
        digest = hashlib.sha256(json.dumps(payload, sort_keys=True).encode()).hexdigest()
        place = self._dev_guild.id if self._dev_guild else "global"
        key = f"commands:{self.application_id}:{place}"
        if await self.state.read(key) == digest:
            return
        await self.tree.sync(guild=self._dev_guild)
        await self.state.write(key, digest)
        log.info("synced %d commands (%s)", len(payload), place)
