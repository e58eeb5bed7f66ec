"""Gateway sessions: what one shard is told, numbered and remembered for a resume."""

from __future__ import annotations

import asyncio
from collections import deque
from enum import IntFlag

import msgspec

from bot.playground.discord import message_payloads, payloads
from bot.playground.discord.state import (
    Channel,
    ChannelKind,
    Interaction,
    Json,
    Message,
    Permission,
)
from bot.playground.discord.world import Change, ChangeKind, World


class Intent(IntFlag):
    """The gateway intents that matter here."""

    GUILDS = 1 << 0
    GUILD_MEMBERS = 1 << 1
    GUILD_PRESENCES = 1 << 8
    GUILD_MESSAGES = 1 << 9
    DIRECT_MESSAGES = 1 << 12
    MESSAGE_CONTENT = 1 << 15


_MESSAGE_EVENTS = {
    ChangeKind.MESSAGE_CREATE: "MESSAGE_CREATE",
    ChangeKind.MESSAGE_UPDATE: "MESSAGE_UPDATE",
    ChangeKind.MESSAGE_DELETE: "MESSAGE_DELETE",
}
_CHANNEL_EVENTS = {
    ChangeKind.CHANNEL_CREATE: "CREATE",
    ChangeKind.CHANNEL_UPDATE: "UPDATE",
    ChangeKind.CHANNEL_DELETE: "DELETE",
}


class Session:
    """One shard's session; it outlives its connection so that it can be resumed."""

    def __init__(
        self, session_id: str, intents: Intent, shard_id: int, shard_count: int, *, replay: int
    ) -> None:
        self.id = session_id
        self.intents = intents
        self.shard_id = shard_id
        self.shard_count = shard_count
        self.outbox: asyncio.Queue[bytes] | None = None
        """Where the live connection takes its frames from; None while there is none."""
        self._sequence = 0
        self._sent: deque[tuple[int, bytes]] = deque(maxlen=replay)

    def owns(self, guild_id: int | None) -> bool:
        """Whether events of that guild, or of DMs, come to this shard."""
        return ((guild_id or 0) >> 22) % self.shard_count == self.shard_id

    def dispatch(self, event: str, data: Json) -> None:
        """Number an event, remember it, and send it if anybody is there."""
        self._sequence += 1
        frame = msgspec.json.encode({"op": 0, "t": event, "s": self._sequence, "d": data})
        self._sent.append((self._sequence, frame))
        if self.outbox is not None:
            self.outbox.put_nowait(frame)

    def missed_since(self, sequence: int) -> list[bytes] | None:
        """Return the frames after that number; None when some of them are forgotten."""
        oldest = self._sent[0][0] if self._sent else self._sequence + 1
        if not oldest - 1 <= sequence <= self._sequence:
            return None
        return [frame for number, frame in self._sent if number > sequence]


def event_for(world: World, session: Session, change: Change) -> tuple[str, Json] | None:
    """Word a change as the event that this session is sent; None when it hears nothing of it."""
    match change.payload:
        case Message() as message if change.kind in _MESSAGE_EVENTS:
            return _message_event(world, session, change.kind, message)
        case Interaction() as asked if change.kind is ChangeKind.INTERACTION_CREATE:
            if session.owns(asked.guild_id):
                return "INTERACTION_CREATE", message_payloads.interaction(world, asked)
        case Channel() as channel if channel.guild_id is not None:
            # DM channels are not announced since version 8 of the API.
            seen = world.permissions(world.bot.id, channel) & Permission.VIEW_CHANNEL
            if seen and session.owns(channel.guild_id) and session.intents & Intent.GUILDS:
                kind = "CHANNEL" if channel.thread is None else "THREAD"
                told = payloads.channel(world, channel)
                if change.kind is ChangeKind.CHANNEL_CREATE and channel.thread is not None:
                    told["newly_created"] = True
                return f"{kind}_{_CHANNEL_EVENTS[change.kind]}", told
        case _:
            pass
    return None


def _message_event(
    world: World, session: Session, kind: ChangeKind, message: Message
) -> tuple[str, Json] | None:
    channel = world.channel(message.channel_id)
    is_dm = channel.kind is ChannelKind.DM
    wanted = session.intents & (Intent.DIRECT_MESSAGES if is_dm else Intent.GUILD_MESSAGES)
    seen = world.permissions(world.bot.id, channel) & Permission.VIEW_CHANNEL
    if message.is_ephemeral or not (wanted and seen and session.owns(channel.guild_id)):
        return None
    if kind is ChangeKind.MESSAGE_DELETE:
        told: Json = {"id": str(message.id), "channel_id": str(channel.id)}
        if channel.guild_id is not None:
            told["guild_id"] = str(channel.guild_id)
    else:
        told = message_payloads.event(
            world, message, content_intent=bool(session.intents & Intent.MESSAGE_CONTENT)
        )
    return _MESSAGE_EVENTS[kind], told
