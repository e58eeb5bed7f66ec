"""The things of this Discord: people, places, messages, interactions. No rules, no JSON."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from enum import IntEnum, IntFlag, StrEnum
from typing import Any

Json = dict[str, Any]


class Permission(IntFlag):
    """The permission bits that matter here."""

    NONE = 0
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    ADD_REACTIONS = 1 << 6
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    MANAGE_MESSAGES = 1 << 13
    EMBED_LINKS = 1 << 14
    ATTACH_FILES = 1 << 15
    READ_MESSAGE_HISTORY = 1 << 16
    MENTION_EVERYONE = 1 << 17
    USE_APPLICATION_COMMANDS = 1 << 31
    MANAGE_THREADS = 1 << 34
    CREATE_PUBLIC_THREADS = 1 << 35
    CREATE_PRIVATE_THREADS = 1 << 36
    SEND_MESSAGES_IN_THREADS = 1 << 38
    PIN_MESSAGES = 1 << 51


class MessageFlag(IntFlag):
    """The message flags that matter here."""

    NONE = 0
    SUPPRESS_EMBEDS = 1 << 2
    HAS_THREAD = 1 << 5
    EPHEMERAL = 1 << 6
    LOADING = 1 << 7
    SUPPRESS_NOTIFICATIONS = 1 << 12
    IS_COMPONENTS_V2 = 1 << 15


class ChannelKind(IntEnum):
    """Discord's channel types."""

    TEXT = 0
    DM = 1
    PUBLIC_THREAD = 11
    PRIVATE_THREAD = 12


class MessageKind(IntEnum):
    """Discord's message types."""

    DEFAULT = 0
    REPLY = 19
    CHAT_INPUT_COMMAND = 20
    CONTEXT_MENU_COMMAND = 23


class InteractionKind(IntEnum):
    """Discord's interaction types."""

    COMMAND = 2
    COMPONENT = 3
    AUTOCOMPLETE = 4
    MODAL_SUBMIT = 5


class InteractionState(StrEnum):
    """How far the bot came with an interaction."""

    PENDING = "pending"
    """Not acknowledged yet."""
    DEFERRED = "deferred"
    """"Thinking": acknowledged, the message is still to come."""
    ANSWERED = "answered"
    """Answered: a message, an edit of the button's message, choices, or a modal."""
    FAILED = "failed"
    """Not acknowledged in time: "The application did not respond"."""


@dataclass(slots=True, eq=False)
class User:
    """An account."""

    id: int
    name: str
    display_name: str
    bot: bool = False
    locale: str = "en-US"
    accepts_dms: bool = True


@dataclass(slots=True, eq=False)
class Role:
    """A guild's role; the one with the guild's id is everyone's."""

    id: int
    name: str
    permissions: Permission
    position: int = 0


@dataclass(slots=True, eq=False)
class Member:
    """A user in a guild."""

    user: User
    role_ids: list[int] = field(default_factory=list)
    timed_out: bool = False


@dataclass(slots=True, eq=False)
class Guild:
    """A server."""

    id: int
    name: str
    owner_id: int
    locale: str = "en-US"
    roles: dict[int, Role] = field(default_factory=dict)
    members: dict[int, Member] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel changes for one role, or for one member."""

    target_id: int
    is_member: bool = False
    allow: Permission = Permission.NONE
    deny: Permission = Permission.NONE


@dataclass(slots=True, eq=False)
class ThreadState:
    """What only threads have."""

    owner_id: int
    auto_archive_minutes: int = 1440
    archived: bool = False
    locked: bool = False
    member_ids: set[int] = field(default_factory=set)


@dataclass(slots=True, eq=False)
class Channel:
    """A text channel, a thread (`thread` is set) or a DM with the bot (`recipient_id` is set)."""

    id: int
    kind: ChannelKind
    name: str = ""
    guild_id: int | None = None
    parent_id: int | None = None
    recipient_id: int | None = None
    topic: str = ""
    position: int = 0
    overwrites: list[Overwrite] = field(default_factory=list)
    thread: ThreadState | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way in."""

    name: str
    data: bytes = field(repr=False)
    content_type: str = ""
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Attachment:
    """A file that is here; `width` and `height` are in pixels and set for pictures only."""

    id: int
    channel_id: int
    filename: str
    content_type: str
    data: bytes = field(repr=False)
    description: str = ""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class Reference:
    """What a message replies to."""

    channel_id: int
    message_id: int


@dataclass(frozen=True, slots=True)
class Revision:
    """A message as it was from `at` on (seconds of the world's clock)."""

    at: float
    content: str
    attachments: tuple[Attachment, ...]
    components: tuple[Json, ...]
    flags: MessageFlag


@dataclass(slots=True, eq=False)
class Interaction:
    """Something a person asked of the bot, and what came of it.

    `messages` holds what the bot said: the original response first, then the followups.
    `choices` are an autocomplete's, `modal` is the form the bot answered with.
    """

    id: int
    token: str
    kind: InteractionKind
    user_id: int
    channel_id: int
    guild_id: int | None
    data: Json
    created: float
    """Seconds of the world's clock."""
    source: Message | None = None
    """The message whose button or select was used."""
    state: InteractionState = InteractionState.PENDING
    ephemeral: bool = False
    original: Message | None = None
    """The original response, or the button's own message when the answer edits that."""
    messages: list[Message] = field(default_factory=list)
    choices: list[Json] | None = None
    modal: Json | None = None
    settled: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def is_acknowledged(self) -> bool:
        """Whether the bot answered in time, if only to say that it will."""
        return self.state in (InteractionState.DEFERRED, InteractionState.ANSWERED)

    @property
    def failed(self) -> bool:
        """Whether the bot let its three seconds pass."""
        return self.state is InteractionState.FAILED

    @property
    def response(self) -> Message | None:
        """The bot's message, once there is one."""
        return self.messages[0] if self.messages else None

    async def acknowledged(self) -> bool:
        """Wait until the bot has acknowledged (True) or its time is over (False)."""
        await self.settled.wait()
        return self.is_acknowledged


@dataclass(slots=True, eq=False)
class Message:
    """A message with every state it ever had in `history`, the first one included."""

    id: int
    channel_id: int
    author_id: int
    kind: MessageKind = MessageKind.DEFAULT
    content: str = ""
    flags: MessageFlag = MessageFlag.NONE
    attachments: tuple[Attachment, ...] = ()
    embeds: tuple[Json, ...] = ()
    components: tuple[Json, ...] = ()
    mention_ids: tuple[int, ...] = ()
    """The users it pings, the author of a replied-to message included."""
    mention_role_ids: tuple[int, ...] = ()
    mentions_everyone: bool = False
    reference: Reference | None = None
    interaction: Interaction | None = None
    """What it answers, when it was sent through an interaction."""
    nonce: str | None = None
    edited_at: datetime | None = None
    deleted: bool = False
    history: list[Revision] = field(default_factory=list)

    @property
    def is_ephemeral(self) -> bool:
        """Whether only one person sees it."""
        return bool(self.flags & MessageFlag.EPHEMERAL)

    @property
    def is_thinking(self) -> bool:
        """Whether it is the placeholder of a deferred answer."""
        return bool(self.flags & MessageFlag.LOADING)

    def visible_to(self, user_id: int) -> bool:
        """Whether that person may see it, as far as ephemerality goes."""
        if not self.is_ephemeral:
            return True
        return self.interaction is not None and self.interaction.user_id == user_id


@dataclass(frozen=True, slots=True)
class Typing:
    """Somebody types; it shows for ten seconds or until their message."""

    channel_id: int
    user_id: int
