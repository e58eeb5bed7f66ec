"""Where something happens: the conversation it belongs to and whose settings hold."""

from __future__ import annotations

import discord

from bot.chat.content import Speaker
from bot.chat.turns import Scope

SettingsPlace = tuple[int | None, int]
"""(server, channel) whose settings hold; no server in direct messages."""


def speaker_of(user: discord.User | discord.Member) -> Speaker:
    """Who speaks, by the name the others see there."""
    return Speaker(user.id, user.display_name)


def scope_of(event: discord.Message | discord.Interaction) -> Scope:
    """The conversation of the event's channel; a thread has one of its own."""
    channel_id = event.channel.id if event.channel else 0
    guild_id = event.guild.id if event.guild else None
    return Scope(f"channel:{channel_id}", guild_id, channel_id)


def settings_place(event: discord.Message | discord.Interaction) -> SettingsPlace:
    """Whose settings hold here; a thread goes by its parent's."""
    channel = event.channel
    guild_id = event.guild.id if event.guild else None
    if isinstance(channel, discord.Thread):
        return guild_id, channel.parent_id
    return guild_id, channel.id if channel else 0
