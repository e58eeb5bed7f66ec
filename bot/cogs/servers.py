"""What follows from joining and leaving servers, and from how much credit is left there."""

from __future__ import annotations

import logging

import aiohttp
import discord
from discord.ext import commands

from bot.chat.content import Speaker
from bot.chat.places import SettingsPlace
from bot.chores import Chore, Repeating
from bot.client import Bot
from bot.errors import BotError
from bot.i18n import _, use_language

log = logging.getLogger(__name__)

WATCH_SECONDS = 3_600.0
_FAILURES = (BotError, discord.HTTPException, aiohttp.ClientError, TimeoutError)


class Servers(commands.Cog):
    """Forgets the auth code of a server that was left, and warns of low balances."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._watching: Repeating | None = None

    @commands.Cog.listener()
    async def on_guild_remove(self, guild: discord.Guild) -> None:
        """A server's key goes with the server."""
        await self._forget_key(guild.id)

    @commands.Cog.listener()
    async def on_ready(self) -> None:
        """Look after what happened while the bot was away; fires again after a lost session."""
        for guild_id in await self._bot.policy.with_keys():
            is_ours = self._bot.shard_count is None or self._shard_of(guild_id) in self._bot.shards
            if is_ours and self._bot.get_guild(guild_id) is None:
                await self._forget_key(guild_id)
        if self._watching is None:
            watch = Chore("balances watched", WATCH_SECONDS, self._watch)
            self._watching = Repeating(watch, self._bot.clock)

    async def cog_unload(self) -> None:
        """End the watch."""
        if self._watching is not None:
            await self._watching.end()

    def _shard_of(self, guild_id: int) -> int:
        return (guild_id >> 22) % (self._bot.shard_count or 1)

    async def _forget_key(self, guild_id: int) -> None:
        me = self._bot.user
        assert me is not None
        await self._bot.policy.keep_key(guild_id, None, Speaker(me.id, me.name))
        log.info("forgot the auth code of a server that was left guild=%d", guild_id)

    async def _watch(self) -> None:
        for guild_id in await self._bot.policy.with_keys():
            guild = self._bot.get_guild(guild_id)
            if guild is not None:
                try:
                    await self._look_at(guild)
                except _FAILURES as error:
                    log.warning("balance not watched guild=%d: %s", guild_id, error)

    async def _look_at(self, guild: discord.Guild) -> None:
        """Warn once when a server's balance has become low."""
        bot = self._bot
        effective = await bot.policy.effective(SettingsPlace(guild.id, 0))
        limit, channel_id = effective.warn_below.value, effective.warn_channel.value
        if effective.key is None or limit is None or channel_id is None:
            return
        balance = await bot.account.balance(bot.keyring.open(effective.key))
        state = f"warned:{guild.id}"
        warned = await bot.state.read(state) == "yes"
        if balance.balance >= limit:
            if warned:
                await bot.state.write(state, "no")
            return
        channel = guild.get_channel(channel_id)
        if warned or not isinstance(channel, discord.TextChannel):
            return
        use_language(effective.language.value or guild.preferred_locale.value)
        await channel.send(
            _(
                "This server's auth code `…{tail}` has {left} credits left. Without credits I "
                "cannot answer here."
            ).format(tail=effective.key.tail, left=f"{balance.balance:,.2f}")
        )
        await bot.state.write(state, "yes")


async def setup(bot: Bot) -> None:
    """Add the cog."""
    await bot.add_cog(Servers(bot))
