"""Messages and interactions as Discord's JSON."""

from __future__ import annotations

import re

from bot.playground.discord import payloads
from bot.playground.discord.snowflakes import created_at
from bot.playground.discord.state import (
    Attachment,
    ChannelKind,
    Interaction,
    InteractionKind,
    Json,
    Message,
    MessageFlag,
)
from bot.playground.discord.world import World

_BLANK: Json = {"content": "", "attachments": [], "embeds": [], "components": []}


def attachment(world: World, some: Attachment) -> Json:
    """Show a file, with an address that works from now on."""
    url = world.attachments.url(some)
    told: Json = {
        "id": str(some.id),
        "filename": some.filename,
        "size": len(some.data),
        "content_type": some.content_type,
        "url": url,
        "proxy_url": url,
    }
    if some.description:
        told["description"] = some.description
    if some.width is not None:
        told |= {"width": some.width, "height": some.height}
    return told


def message(world: World, some: Message, *, content_intent: bool = True) -> Json:
    """Show a message to the bot; without the message-content intent, only what concerns it."""
    told = _itself(world, some, content_intent=content_intent)
    if some.reference is not None:
        told["message_reference"] = {
            "type": 0,
            "message_id": str(some.reference.message_id),
            "channel_id": str(some.reference.channel_id),
        } | _guild_id(world, some)
        replied = world.find_message(some.reference.message_id)
        told["referenced_message"] = (
            None if replied is None else _itself(world, replied, content_intent=content_intent)
        )
    return told


def event(world: World, some: Message, *, content_intent: bool) -> Json:
    """Show a message as MESSAGE_CREATE and MESSAGE_UPDATE do: with its guild and member."""
    told = message(world, some, content_intent=content_intent) | _guild_id(world, some)
    guild_id = world.channel(some.channel_id).guild_id
    if guild_id is not None:
        author = world.guilds[guild_id].members.get(some.author_id)
        if author is not None:
            told["member"] = payloads.member(author, with_user=False)
    return told


def content_is_shown(world: World, some: Message) -> bool:
    """Whether a bot without the message-content intent sees what a message says.

    Its own messages, its DMs, messages that mention it, and replies with ping to a plain message
    of it; a reply to an answer to an interaction is none of these.
    """
    bot_id = world.bot.id
    if some.author_id == bot_id or world.channel(some.channel_id).kind is ChannelKind.DM:
        return True
    if re.search(rf"<@!?{bot_id}>", some.content):
        return True
    if some.reference is None or bot_id not in some.mention_ids:
        return False
    replied = world.find_message(some.reference.message_id)
    return replied is not None and replied.author_id == bot_id and replied.interaction is None


def interaction(world: World, some: Interaction) -> Json:
    """Show an interaction as INTERACTION_CREATE does."""
    person = world.user(some.user_id)
    place = world.channel(some.channel_id)
    told: Json = {
        "id": str(some.id),
        "application_id": str(world.bot.id),
        "type": int(some.kind),
        "token": some.token,
        "version": 1,
        "data": some.data,
        "channel_id": str(place.id),
        "channel": payloads.partial_channel(world, place, person.id),
        "app_permissions": str(int(world.permissions(world.bot.id, place))),
        "locale": person.locale,
        "entitlements": [],
        "attachment_size_limit": world.settings.max_file_bytes,
    }
    if some.source is not None:
        told["message"] = message(world, some.source)
    if place.guild_id is None:
        return told | {
            "user": payloads.user(person),
            "context": 1,
            "authorizing_integration_owners": {"0": "0"},
        }
    home = world.guilds[place.guild_id]
    return told | {
        "guild_id": str(home.id),
        "guild": {"id": str(home.id), "locale": home.locale, "features": []},
        "guild_locale": home.locale,
        "member": payloads.member_with_permissions(world, home, person, place),
        "context": 0,
        "authorizing_integration_owners": {"0": str(home.id)},
    }


def callback(world: World, some: Interaction, response_type: int) -> Json:
    """Show what an acknowledgement has made, for `with_response`."""
    made: Json = {"id": str(some.id), "type": int(some.kind)}
    resource: Json = {"type": response_type}
    if some.original is not None:
        made |= {
            "response_message_id": str(some.original.id),
            "response_message_loading": some.original.is_thinking,
            "response_message_ephemeral": some.original.is_ephemeral,
        }
        resource["message"] = message(world, some.original)
    return {"interaction": made, "resource": resource}


def _itself(world: World, some: Message, *, content_intent: bool) -> Json:
    edited = some.edited_at
    author = world.user(some.author_id)
    told: Json = {
        "id": str(some.id),
        "channel_id": str(some.channel_id),
        "author": payloads.user(author),
        "type": int(some.kind),
        "content": some.content,
        "timestamp": created_at(some.id).isoformat(),
        "edited_timestamp": None if edited is None else edited.isoformat(),
        "tts": False,
        "pinned": False,
        "flags": int(some.flags),
        "mention_everyone": some.mentions_everyone,
        "mentions": [_mentioned(world, some, user_id) for user_id in some.mention_ids],
        "mention_roles": [str(role_id) for role_id in some.mention_role_ids],
        "attachments": [attachment(world, each) for each in some.attachments],
        "embeds": list(some.embeds),
        "components": list(some.components),
    }
    if some.nonce is not None:
        told["nonce"] = some.nonce
    if some.flags & MessageFlag.HAS_THREAD and some.id in world.channels:
        told["thread"] = payloads.channel(world, world.channels[some.id])
    if some.interaction is not None:
        told |= _origin(world, some, some.interaction)
    if not content_intent and not content_is_shown(world, some):
        told |= _BLANK
    return told


def _origin(world: World, some: Message, asked: Interaction) -> Json:
    """Say which interaction a message answers."""
    told: Json = {
        "id": str(asked.id),
        "type": int(asked.kind),
        "user": payloads.user(world.user(asked.user_id)),
        "authorizing_integration_owners": {"0": str(asked.guild_id or 0)},
    }
    if asked.source is not None:
        told["interacted_message_id"] = str(asked.source.id)
    if asked.original is not None and some is not asked.original:
        told["original_response_message_id"] = str(asked.original.id)
    metadata: Json = {
        "interaction_metadata": told,
        "application_id": str(world.bot.id),
        "webhook_id": str(world.bot.id),
    }
    if asked.kind is InteractionKind.COMMAND:
        # Deprecated by Discord, still sent.
        metadata["interaction"] = {
            "id": str(asked.id),
            "type": int(asked.kind),
            "name": asked.data["name"],
            "user": payloads.user(world.user(asked.user_id)),
        }
    return metadata


def _mentioned(world: World, some: Message, user_id: int) -> Json:
    told = payloads.user(world.user(user_id))
    guild_id = world.channel(some.channel_id).guild_id
    if guild_id is not None and (someone := world.guilds[guild_id].members.get(user_id)):
        told["member"] = payloads.member(someone, with_user=False)
    return told


def _guild_id(world: World, some: Message) -> Json:
    guild_id = world.channel(some.channel_id).guild_id
    return {} if guild_id is None else {"guild_id": str(guild_id)}
