"""Where something happens: the conversation it belongs to and whose settings hold."""

from __future__ import annotations

import discord

from bot.chat.content import Speaker
from bot.chat.names import plain
from bot.chat.places import SettingsPlace
from bot.chat.turns import Scope


def speaker_of(user: discord.User | discord.Member) -> Speaker:
    """Who speaks, by the name the others see there."""
    return Speaker(user.id, name_of(user))


def name_of(user: discord.abc.User) -> str:
    """The name the others see there, as far as it can be seen."""
    return plain(user.display_name) or plain(user.name) or str(user.id)


def scope_of(event: discord.Message | discord.Interaction, context_scope: str = "channel") -> Scope:
    """The conversation of the event's channel, of its member there, or one that it begins; a
    thread has its own."""
    channel_id = event.channel.id if event.channel else 0
    guild_id = event.guild.id if event.guild else None
    match context_scope:
        case "member":
            user = event.author if isinstance(event, discord.Message) else event.user
            key = f"member:{user.id}:{channel_id}"
        case "replies":
            key = f"replies:{event.id}"
        case _:
            key = f"channel:{channel_id}"
    return Scope(key, guild_id, channel_id)


def settings_place(event: discord.Message | discord.Interaction) -> SettingsPlace:
    """Whose settings hold here; a thread goes by its parent's."""
    channel = event.channel
    guild_id = event.guild.id if event.guild else None
    if isinstance(channel, discord.Thread):
        parent = channel.parent
        return SettingsPlace(guild_id, channel.parent_id, parent.category_id if parent else None)
    category_id = getattr(channel, "category_id", None)
    return SettingsPlace(guild_id, channel.id if channel else 0, category_id)
