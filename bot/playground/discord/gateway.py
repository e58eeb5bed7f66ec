"""The gateway: HELLO, IDENTIFY or RESUME, events, heartbeats, and the ways it ends."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from bot.playground.discord import payloads
from bot.playground.discord.faults import Faults
from bot.playground.discord.sessions import Intent, Session, event_for
from bot.playground.discord.world import Change, World

_PRIVILEGED = Intent.GUILD_MEMBERS | Intent.GUILD_PRESENCES | Intent.MESSAGE_CONTENT
_REMEMBERED_HEARTBEATS = 10_000
_GOODBYES = (1000, 1001)  # a client that closes with these gives its session up


class Op(IntEnum):
    """Gateway opcodes."""

    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    PRESENCE = 3
    VOICE_STATE = 4
    RESUME = 6
    RECONNECT = 7
    REQUEST_MEMBERS = 8
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


class CloseCode(IntEnum):
    """The gateway's close codes."""

    UNKNOWN_OPCODE = 4001
    DECODE_ERROR = 4002
    NOT_AUTHENTICATED = 4003
    AUTHENTICATION_FAILED = 4004
    ALREADY_AUTHENTICATED = 4005
    SESSION_TIMED_OUT = 4009
    INVALID_SHARD = 4010
    DISALLOWED_INTENTS = 4014


class Frame(msgspec.Struct):
    """What a client sends."""

    op: int
    d: Any = None


class Identify(msgspec.Struct):
    """The `d` of IDENTIFY."""

    token: str
    intents: int = 0
    shard: tuple[int, int] = (0, 1)


class Resume(msgspec.Struct):
    """The `d` of RESUME."""

    token: str
    session_id: str
    seq: int


class _Closing(Exception):  # noqa: N818 - it is a way out, not an error
    def __init__(self, code: CloseCode) -> None:
        self.code = code


@dataclass(slots=True, eq=False)
class _Connection:
    socket: web.WebSocketResponse
    request: web.Request
    outbox: asyncio.Queue[bytes] = field(default_factory=asyncio.Queue)
    session: Session | None = None

    def send(self, op: Op, data: object = None) -> None:
        self.outbox.put_nowait(msgspec.json.encode({"op": op, "d": data, "s": None, "t": None}))


class Gateway:
    """Every connection of the bot. Frames are plain text, which clients take in any case."""

    def __init__(self, world: World, faults: Faults) -> None:
        self._world = world
        self._faults = faults
        self._sessions: dict[str, Session] = {}
        self._connections: set[_Connection] = set()
        self.url = ""
        self.heartbeats: deque[float] = deque(maxlen=_REMEMBERED_HEARTBEATS)
        """When heartbeats came, in seconds of the world's clock."""
        self.broken_identifies = 0
        """At how many more IDENTIFYs the connection breaks, before READY."""
        self.identifies = 0
        self.resumes = 0
        world.listen(self._tell)

    @property
    def connected(self) -> bool:
        """Whether the bot is there: identified or resumed, on any shard."""
        return any(connection.session is not None for connection in self._connections)

    def drop(self) -> None:
        """Break every connection without a goodbye; the sessions can be resumed."""
        for connection in tuple(self._connections):
            if connection.request.transport is not None:
                connection.request.transport.abort()

    async def close(self, code: int = 1001) -> None:
        """Close every connection with a code; the sessions can be resumed."""
        for connection in tuple(self._connections):
            await connection.socket.close(code=code)

    def ask_to_reconnect(self) -> None:
        """Send RECONNECT."""
        for connection in self._connections:
            connection.send(Op.RECONNECT)

    def forget_sessions(self) -> None:
        """Forget every session and what it missed; together with `drop`, so that the bot comes
        back with a RESUME and is answered INVALID_SESSION."""
        self._sessions.clear()

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Serve one connection."""
        socket = web.WebSocketResponse(compress=False, max_msg_size=0, timeout=1.0)
        await socket.prepare(request)
        connection = _Connection(socket, request)
        self._connections.add(connection)
        writer = asyncio.create_task(_write(connection))
        interval = self._world.settings.heartbeat_seconds
        connection.send(Op.HELLO, {"heartbeat_interval": int(interval * 1000)})
        try:
            await self._read(connection, patience_seconds=interval * 2)
        except _Closing as closing:
            await socket.close(code=closing.code)
        finally:
            writer.cancel()
            self._leave(connection)
        return socket

    async def _read(self, connection: _Connection, *, patience_seconds: float) -> None:
        """Take frames until the connection ends; a client without heartbeats is let go."""
        while True:
            try:
                message = await connection.socket.receive(timeout=patience_seconds)
            except TimeoutError:
                raise _Closing(CloseCode.SESSION_TIMED_OUT) from None
            if message.type is WSMsgType.CLOSE and message.data in _GOODBYES:
                self._forget(connection)
            if message.type is not WSMsgType.TEXT:
                return
            try:
                frame = msgspec.json.decode(message.data, type=Frame)
                self._take(connection, frame)
            except msgspec.DecodeError:
                raise _Closing(CloseCode.DECODE_ERROR) from None

    def _take(self, connection: _Connection, frame: Frame) -> None:
        match frame.op:
            case Op.HEARTBEAT:
                self.heartbeats.append(self._world.now())
                connection.send(Op.HEARTBEAT_ACK)
            case Op.IDENTIFY | Op.RESUME if connection.session is not None:
                raise _Closing(CloseCode.ALREADY_AUTHENTICATED)
            case Op.IDENTIFY:
                self._identify(connection, msgspec.convert(frame.d, Identify))
            case Op.RESUME:
                self._resume(connection, msgspec.convert(frame.d, Resume))
            case Op.PRESENCE | Op.VOICE_STATE | Op.REQUEST_MEMBERS:
                # Taken and not acted on: nobody here looks at the bot's presence.
                if connection.session is None:
                    raise _Closing(CloseCode.NOT_AUTHENTICATED)
            case _:
                raise _Closing(CloseCode.UNKNOWN_OPCODE)

    def _identify(self, connection: _Connection, told: Identify) -> None:
        self._check_token(told.token)
        intents = Intent(told.intents)
        granted = Intent.MESSAGE_CONTENT if self._world.settings.message_content else Intent(0)
        if intents & _PRIVILEGED & ~granted:
            raise _Closing(CloseCode.DISALLOWED_INTENTS)
        shard_id, shard_count = told.shard
        if not 0 <= shard_id < shard_count:
            raise _Closing(CloseCode.INVALID_SHARD)
        if self.broken_identifies:
            self.broken_identifies -= 1
            if connection.request.transport is not None:
                connection.request.transport.abort()
            return
        self.identifies += 1
        session = Session(
            secrets.token_hex(16),
            intents,
            shard_id,
            shard_count,
            replay=self._world.settings.replay_events,
        )
        for other in [s for s in self._sessions.values() if s.shard_id == shard_id]:
            # A shard that starts anew will not come back for what it left behind.
            if other.outbox is None:
                del self._sessions[other.id]
        self._sessions[session.id] = session
        self._attach(connection, session, [])
        guilds = [guild for guild in self._world.guilds.values() if session.owns(guild.id)]
        session.dispatch(
            "READY",
            {
                "v": 10,
                "user": payloads.user(self._world.bot),
                "guilds": [{"id": str(guild.id), "unavailable": True} for guild in guilds],
                "session_id": session.id,
                "resume_gateway_url": self.url,
                "shard": [shard_id, shard_count],
                "application": {
                    "id": str(self._world.bot.id),
                    "flags": payloads.application_flags(self._world),
                },
            },
        )
        if intents & Intent.GUILDS:
            for guild in guilds:
                session.dispatch("GUILD_CREATE", payloads.guild(self._world, guild))
        self._world.set_bot_online(True)

    def _resume(self, connection: _Connection, told: Resume) -> None:
        self._check_token(told.token)
        session = self._sessions.get(told.session_id)
        missed = None if session is None else session.missed_since(told.seq)
        if session is None or missed is None:
            connection.send(Op.INVALID_SESSION, False)
            return
        self.resumes += 1
        self._attach(connection, session, missed)
        session.dispatch("RESUMED", {})
        self._world.set_bot_online(True)

    def _attach(self, connection: _Connection, session: Session, missed: list[bytes]) -> None:
        for other in self._connections:
            # The older socket of a resumed session may not have noticed yet that it is dead.
            if other.session is session:
                other.session = None
        connection.session = session
        session.outbox = connection.outbox
        for frame in missed:
            connection.outbox.put_nowait(frame)

    def _leave(self, connection: _Connection) -> None:
        self._connections.discard(connection)
        if connection.session is not None:
            connection.session.outbox = None
        if not self.connected:
            self._world.set_bot_online(False)

    def _forget(self, connection: _Connection) -> None:
        if connection.session is not None:
            self._sessions.pop(connection.session.id, None)

    def _check_token(self, token: str) -> None:
        if token.removeprefix("Bot ") != self._world.settings.token:
            raise _Closing(CloseCode.AUTHENTICATION_FAILED)

    def _tell(self, change: Change) -> None:
        for session in self._sessions.values():
            worded = event_for(self._world, session, change)
            if worded is not None:
                for _ in range(self._faults.copies_of(worded[0])):
                    session.dispatch(*worded)


async def _write(connection: _Connection) -> None:
    """Send what is in the outbox; a broken connection is the reader's to notice."""
    with suppress(ConnectionError):
        while True:
            await connection.socket.send_frame(await connection.outbox.get(), WSMsgType.TEXT)
