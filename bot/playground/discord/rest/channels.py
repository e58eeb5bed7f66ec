"""Channels, threads and the typing indicator."""

from __future__ import annotations

from aiohttp import web
from msgspec import UNSET

from bot.playground.discord import payloads
from bot.playground.discord.bodies import ChannelEdit, ThreadBody
from bot.playground.discord.errors import ApiError, invalid_form
from bot.playground.discord.permissions import require
from bot.playground.discord.rest.requests import answer, nothing, number, read_json, world_of
from bot.playground.discord.state import Channel, ChannelKind, MessageFlag, Permission, ThreadState
from bot.playground.discord.world import World

NAME_LIMIT = 100
ARCHIVE_MINUTES = (60, 1440, 4320, 10080)


def seen_channel(request: web.Request, *needed: Permission) -> Channel:
    """Find the channel of the path, where the bot must be allowed to do what is needed.

    Raises:
        ApiError: 10003, 50001, 50013.
    """
    world = world_of(request)
    channel = world.channel(number(request, "channel_id"))
    require(world.permissions(world.bot.id, channel), *needed)
    return channel


async def read_channel(request: web.Request) -> web.Response:
    """Show a channel."""
    return answer(payloads.channel(world_of(request), seen_channel(request)))


async def edit_channel(request: web.Request) -> web.Response:
    """Rename a channel; rename, archive or lock a thread."""
    world, channel = world_of(request), seen_channel(request)
    change = await read_json(request, ChannelEdit)
    thread = channel.thread
    if thread is None:
        require(world.permissions(world.bot.id, channel), Permission.MANAGE_CHANNELS)
    elif thread.owner_id != world.bot.id or change.locked is not UNSET:
        require(world.permissions(world.bot.id, channel), Permission.MANAGE_THREADS)
    if change.name is not UNSET:
        channel.name = _name(change.name)
    if change.topic is not UNSET:
        channel.topic = change.topic or ""
    if thread is not None:
        thread.archived = thread.archived if change.archived is UNSET else change.archived
        thread.locked = thread.locked if change.locked is UNSET else change.locked
        if change.auto_archive_duration is not UNSET:
            thread.auto_archive_minutes = _archive_minutes(change.auto_archive_duration)
    world.update_channel(channel)
    return answer(payloads.channel(world, channel))


async def delete_channel(request: web.Request) -> web.Response:
    """Delete a channel or thread."""
    world, channel = world_of(request), seen_channel(request)
    needed = Permission.MANAGE_CHANNELS if channel.thread is None else Permission.MANAGE_THREADS
    require(world.permissions(world.bot.id, channel), needed)
    told = payloads.channel(world, channel)
    world.delete_channel(channel.id)
    return answer(told)


async def start_typing(request: web.Request) -> web.Response:
    """Show that the bot types."""
    world, channel = world_of(request), seen_channel(request)
    sending = (
        Permission.SEND_MESSAGES if channel.thread is None else Permission.SEND_MESSAGES_IN_THREADS
    )
    require(world.permissions(world.bot.id, channel), sending)
    world.type_in(channel.id, world.bot.id)
    return nothing()


async def start_thread(request: web.Request) -> web.Response:
    """Open a thread without a message."""
    body = await read_json(request, ThreadBody)
    kind = ChannelKind.PRIVATE_THREAD if body.type == 12 else ChannelKind.PUBLIC_THREAD
    needed = (
        Permission.CREATE_PRIVATE_THREADS
        if kind is ChannelKind.PRIVATE_THREAD
        else Permission.CREATE_PUBLIC_THREADS
    )
    world, parent = world_of(request), seen_channel(request, needed)
    thread = _thread(world, parent, world.ids.next(), body, kind)
    return answer(payloads.channel(world, thread), 201)


async def start_thread_on_message(request: web.Request) -> web.Response:
    """Open a thread on a message; it gets the message's id."""
    world = world_of(request)
    parent = seen_channel(
        request, Permission.CREATE_PUBLIC_THREADS, Permission.READ_MESSAGE_HISTORY
    )
    message = world.message(number(request, "message_id"))
    if message.id in world.channels:
        raise ApiError(400, 160004, "A thread has already been created for this message")
    body = await read_json(request, ThreadBody)
    thread = _thread(world, parent, message.id, body, ChannelKind.PUBLIC_THREAD)
    message.flags |= MessageFlag.HAS_THREAD
    world.update_message(message)
    return answer(payloads.channel(world, thread), 201)


async def join_thread(request: web.Request) -> web.Response:
    """Add somebody, or the bot itself, to a thread."""
    world, channel = world_of(request), seen_channel(request)
    who = request.match_info["user_id"]
    if channel.thread is None:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    joining = world.bot.id if who == "@me" else world.user(number(request, "user_id")).id
    channel.thread.member_ids.add(joining)
    return nothing()


def _thread(
    world: World, parent: Channel, thread_id: int, body: ThreadBody, kind: ChannelKind
) -> Channel:
    if parent.kind is not ChannelKind.TEXT:
        raise ApiError(400, 50024, "Cannot execute action on this channel type")
    thread = ThreadState(
        world.bot.id,
        _archive_minutes(body.auto_archive_duration or 1440),
        member_ids={world.bot.id},
    )
    return world.add_channel(
        Channel(
            thread_id,
            kind,
            _name(body.name),
            guild_id=parent.guild_id,
            parent_id=parent.id,
            position=parent.position,
            thread=thread,
        )
    )


def _name(name: str) -> str:
    if not 1 <= len(name) <= NAME_LIMIT:
        raise invalid_form("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
    return name


def _archive_minutes(minutes: int) -> int:
    if minutes not in ARCHIVE_MINUTES:
        raise invalid_form("auto_archive_duration", "BASE_TYPE_CHOICES", "Not a valid duration.")
    return minutes
