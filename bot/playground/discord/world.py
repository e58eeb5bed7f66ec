"""What there is in this Discord, and the news of every change to it."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from types import TracebackType
from typing import TypeVar

from bot.playground.discord import permissions
from bot.playground.discord.attachments import AttachmentStore
from bot.playground.discord.errors import unknown_channel, unknown_message, unknown_user
from bot.playground.discord.settings import LoopbackSettings
from bot.playground.discord.snowflakes import Snowflakes
from bot.playground.discord.state import (
    Channel,
    ChannelKind,
    Guild,
    Interaction,
    Json,
    Message,
    Permission,
    Revision,
    Typing,
    User,
)

T = TypeVar("T")


class ChangeKind(StrEnum):
    """What happened; `Change.payload` says to what."""

    MESSAGE_CREATE = "message_create"
    MESSAGE_UPDATE = "message_update"
    MESSAGE_DELETE = "message_delete"
    TYPING = "typing"
    INTERACTION_CREATE = "interaction_create"
    INTERACTION_UPDATE = "interaction_update"
    CHANNEL_CREATE = "channel_create"
    CHANNEL_UPDATE = "channel_update"
    CHANNEL_DELETE = "channel_delete"
    COMMANDS = "commands"
    BOT_UP = "bot_up"
    BOT_DOWN = "bot_down"


@dataclass(frozen=True, slots=True)
class Change:
    """One change. The payload is the live object, so it may already be newer when it is read."""

    kind: ChangeKind
    payload: Message | Typing | Interaction | Channel | None = None


Listener = Callable[[Change], None]


class Subscription:
    """Changes from now on, in order: `with world.subscribe() as changes: async for change in …`."""

    def __init__(self, world: World) -> None:
        self._queue: asyncio.Queue[Change] = asyncio.Queue()
        self._close = world.listen(self._queue.put_nowait)

    def __enter__(self) -> Subscription:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __aiter__(self) -> AsyncIterator[Change]:
        return self

    async def __anext__(self) -> Change:
        return await self._queue.get()

    def close(self) -> None:
        """Stop listening."""
        self._close()


class World:
    """The state. Its methods change it and announce the change; the rules stand elsewhere."""

    def __init__(
        self,
        settings: LoopbackSettings | None = None,
        *,
        bot: User | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.settings = settings or LoopbackSettings()
        self.now = now
        """Seconds on a clock that never goes back."""
        self.ids = Snowflakes()
        self.bot = bot or User(self.ids.next(), "liaocord", "Liaocord", bot=True)
        """The bot's account; the application has the same id."""
        self.users: dict[int, User] = {self.bot.id: self.bot}
        self.guilds: dict[int, Guild] = {}
        self.channels: dict[int, Channel] = {}
        self.interactions: dict[str, Interaction] = {}
        """By token."""
        self.commands: dict[int | None, list[Json]] = {}
        """The application's commands as JSON, by guild; None holds the global ones."""
        self.attachments = AttachmentStore(self.settings.attachment_url_seconds)
        self.bot_online = False
        self._messages: dict[int, Message] = {}
        self._timeline: dict[int, list[Message]] = defaultdict(list)
        self._listeners: list[Listener] = []
        self._waiting: set[asyncio.Future[None]] = set()

    # News

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Call the listener on each change, at once; returns the function that ends it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def subscribe(self) -> Subscription:
        """Collect changes from now on."""
        return Subscription(self)

    def announce(
        self, kind: ChangeKind, payload: Message | Typing | Interaction | Channel | None = None
    ) -> None:
        """Tell everyone who listens or waits."""
        change = Change(kind, payload)
        for listener in tuple(self._listeners):
            listener(change)
        self.wake()

    def wake(self) -> None:
        """Let everyone who waits for a condition look again."""
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def wait_for(self, predicate: Callable[[], T], timeout: float = 5.0) -> T:
        """Wait until the predicate is truthy and return what it returned.

        Raises:
            TimeoutError: it was not within `timeout` seconds.
        """
        async with asyncio.timeout(timeout):
            while not (outcome := predicate()):
                future = asyncio.get_running_loop().create_future()
                self._waiting.add(future)
                try:
                    await future
                finally:
                    self._waiting.discard(future)
        return outcome

    # People and places

    def user(self, user_id: int) -> User:
        """Find a user.

        Raises:
            ApiError: 10013.
        """
        try:
            return self.users[user_id]
        except KeyError:
            raise unknown_user() from None

    def user_named(self, name: str) -> User:
        """Find a user by account name such as `mira`."""
        return next(user for user in self.users.values() if user.name == name)

    def channel(self, channel_id: int) -> Channel:
        """Find a channel.

        Raises:
            ApiError: 10003.
        """
        try:
            return self.channels[channel_id]
        except KeyError:
            raise unknown_channel() from None

    def channel_named(self, name: str) -> Channel:
        """Find a guild channel or thread by name such as `general`."""
        return next(channel for channel in self.channels.values() if channel.name == name)

    def dm_with(self, user_id: int) -> Channel:
        """Find the bot's DM channel with that person, or open it."""
        self.user(user_id)
        for channel in self.channels.values():
            if channel.recipient_id == user_id:
                return channel
        return self.add_channel(
            Channel(self.ids.next(), ChannelKind.DM, recipient_id=user_id),
        )

    def add_channel(self, channel: Channel) -> Channel:
        """Put a channel or thread into the world."""
        self.channels[channel.id] = channel
        self.announce(ChangeKind.CHANNEL_CREATE, channel)
        return channel

    def update_channel(self, channel: Channel) -> None:
        """Say that a channel's fields have changed."""
        self.announce(ChangeKind.CHANNEL_UPDATE, channel)

    def delete_channel(self, channel_id: int) -> None:
        """Take a channel out of the world, with its threads and messages."""
        channel = self.channel(channel_id)
        for thread in [c for c in self.channels.values() if c.parent_id == channel_id]:
            self.delete_channel(thread.id)
        del self.channels[channel_id]
        for message in self._timeline.pop(channel_id, []):
            message.deleted = True
            self._messages.pop(message.id, None)
        self.announce(ChangeKind.CHANNEL_DELETE, channel)

    def permissions(self, user_id: int, channel: Channel) -> Permission:
        """Compute what somebody may do in a channel; nothing for strangers to it."""
        if channel.guild_id is None:
            own = user_id in (self.bot.id, channel.recipient_id)
            return permissions.IN_DM if own else Permission.NONE
        guild = self.guilds[channel.guild_id]
        member = guild.members.get(user_id)
        if member is None:
            return Permission.NONE
        home = channel if channel.parent_id is None else self.channels[channel.parent_id]
        granted = permissions.in_channel(guild, member, channel, home)
        if channel.kind is ChannelKind.PRIVATE_THREAD and channel.thread is not None:
            invited = user_id in channel.thread.member_ids
            return granted if invited or granted & Permission.MANAGE_THREADS else Permission.NONE
        return granted

    def channels_of(self, user_id: int) -> list[Channel]:
        """List the channels somebody sees, in the order they are shown."""
        seen = [
            channel
            for channel in self.channels.values()
            if self.permissions(user_id, channel) & Permission.VIEW_CHANNEL
        ]
        return sorted(seen, key=lambda channel: (channel.guild_id or 0, channel.position))

    # Messages

    def message(self, message_id: int) -> Message:
        """Find a message.

        Raises:
            ApiError: 10008.
        """
        message = self.find_message(message_id)
        if message is None:
            raise unknown_message()
        return message

    def find_message(self, message_id: int) -> Message | None:
        """Find a message, or nothing when it is gone."""
        return self._messages.get(message_id)

    def messages(self, channel_id: int, viewer: int | None = None) -> list[Message]:
        """List a channel's messages, oldest first; for a viewer, only those shown to them."""
        timeline = self._timeline.get(channel_id, [])
        if viewer is None:
            return list(timeline)
        channel = self.channels.get(channel_id)
        if channel is None or not self.permissions(viewer, channel) & Permission.VIEW_CHANNEL:
            return []
        return [message for message in timeline if message.visible_to(viewer)]

    def last_message_id(self, channel_id: int) -> int | None:
        """Return the id of a channel's newest message."""
        timeline = self._timeline.get(channel_id)
        return timeline[-1].id if timeline else None

    def add_message(self, message: Message) -> Message:
        """Put a message at the end of its channel."""
        self._messages[message.id] = message
        self._timeline[message.channel_id].append(message)
        self._remember(message)
        self.announce(ChangeKind.MESSAGE_CREATE, message)
        return message

    def update_message(self, message: Message) -> None:
        """Keep the message's present state as its newest revision."""
        self._remember(message)
        self.announce(ChangeKind.MESSAGE_UPDATE, message)

    def type_in(self, channel_id: int, user_id: int) -> None:
        """Show that somebody types."""
        self.announce(ChangeKind.TYPING, Typing(self.channel(channel_id).id, user_id))

    def delete_message(self, message: Message) -> None:
        """Take a message out of its channel."""
        message.deleted = True
        del self._messages[message.id]
        self._timeline[message.channel_id].remove(message)
        self.announce(ChangeKind.MESSAGE_DELETE, message)

    def forget(self, channel_id: int) -> None:
        """Let go of a channel's messages, for runs so long that they would fill the memory; what
        happens to them is nobody's news."""
        for message in self._timeline.pop(channel_id, []):
            self._messages.pop(message.id, None)
            for revision in message.history:
                for attachment in revision.attachments:
                    self.attachments.forget(attachment)
        self.interactions = {
            token: interaction
            for token, interaction in self.interactions.items()
            if interaction.channel_id != channel_id or not interaction.settled.is_set()
        }

    def _remember(self, message: Message) -> None:
        message.history.append(
            Revision(
                self.now(), message.content, message.attachments, message.components, message.flags
            )
        )

    # The bot

    def set_bot_online(self, online: bool) -> None:
        """Note whether the bot has a live gateway connection."""
        if online is not self.bot_online:
            self.bot_online = online
            self.announce(ChangeKind.BOT_UP if online else ChangeKind.BOT_DOWN)

    def set_commands(self, guild_id: int | None, commands: list[Json]) -> None:
        """Replace the application's commands of one guild, or the global ones."""
        self.commands[guild_id] = commands
        self.announce(ChangeKind.COMMANDS)
