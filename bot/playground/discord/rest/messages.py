"""Messages of a channel, with the bot token."""

from __future__ import annotations

from aiohttp import web

from bot.playground.discord import composing, message_payloads
from bot.playground.discord.bodies import MessageBody
from bot.playground.discord.errors import (
    invalid_form,
    missing_permissions,
    not_own_message,
    unknown_message,
)
from bot.playground.discord.permissions import require
from bot.playground.discord.rest.channels import seen_channel
from bot.playground.discord.rest.requests import answer, nothing, number, read_body, world_of
from bot.playground.discord.state import Json, Message, Permission
from bot.playground.discord.world import World

PAGE_LIMIT = 100
PAGE_DEFAULT = 50


def _shown(world: World, message: Message) -> Json:
    """Show a message; REST answers are blanked by the portal's switch, not by the session's."""
    return message_payloads.message(world, message, content_intent=world.settings.message_content)


def _message(request: web.Request) -> Message:
    """Find the message of the path; with the bot token, ephemeral ones do not exist."""
    channel = seen_channel(request)
    message = world_of(request).message(number(request, "message_id"))
    if message.channel_id != channel.id or message.is_ephemeral:
        raise unknown_message()
    return message


async def create_message(request: web.Request) -> web.Response:
    """Send a message."""
    world, channel = world_of(request), seen_channel(request)
    body, files = await read_body(request, MessageBody)
    return answer(_shown(world, composing.post(world, channel, world.bot.id, body, files)))


async def list_messages(request: web.Request) -> web.Response:
    """Page through the history, newest first; without the permission it is silently empty."""
    world, channel = world_of(request), seen_channel(request)
    granted = world.permissions(world.bot.id, channel)
    if not granted & Permission.READ_MESSAGE_HISTORY:
        return answer([])
    limit = int(request.query.get("limit", PAGE_DEFAULT))
    if not 1 <= limit <= PAGE_LIMIT:
        raise invalid_form("limit", "NUMBER_TYPE_MAX", "Must be between 1 and 100.")
    messages = [m for m in world.messages(channel.id) if not m.is_ephemeral]
    if (before := request.query.get("before")) is not None:
        messages = [m for m in messages if m.id < int(before)][-limit:]
    elif (after := request.query.get("after")) is not None:
        messages = [m for m in messages if m.id > int(after)][:limit]
    elif (around := request.query.get("around")) is not None:
        nearest = sorted(messages, key=lambda m: abs(m.id - int(around)))[:limit]
        messages = sorted(nearest, key=lambda m: m.id)
    else:
        messages = messages[-limit:]
    return answer([_shown(world, message) for message in reversed(messages)])


async def read_message(request: web.Request) -> web.Response:
    """Show a message."""
    world = world_of(request)
    if not (
        world.permissions(world.bot.id, seen_channel(request)) & Permission.READ_MESSAGE_HISTORY
    ):
        raise missing_permissions()
    return answer(_shown(world, _message(request)))


async def edit_message(request: web.Request) -> web.Response:
    """Change the bot's own message."""
    world, message = world_of(request), _message(request)
    body, files = await read_body(request, MessageBody)
    if message.author_id != world.bot.id:
        raise not_own_message()
    if files:
        channel = world.channel(message.channel_id)
        require(world.permissions(world.bot.id, channel), Permission.ATTACH_FILES)
    return answer(_shown(world, composing.edit(world, message, body, files)))


async def delete_message(request: web.Request) -> web.Response:
    """Delete a message; somebody else's only with the permission to manage messages."""
    world, message = world_of(request), _message(request)
    if message.author_id != world.bot.id:
        seen_channel(request, Permission.MANAGE_MESSAGES)
    world.delete_message(message)
    return nothing()
