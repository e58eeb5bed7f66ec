"""One browser tab: who looks at what, what they ask for, and the news they get."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import msgspec
from aiohttp import WSMsgType, web

from bot.i18n import _
from bot.playground.discord import (
    ApiError,
    Change,
    ChangeKind,
    Channel,
    Interaction,
    InteractionFailedError,
    LoopbackDiscord,
    Message,
    Person,
    Typing,
    Upload,
)
from bot.playground.discord.invocation import ATTACHMENT, find
from bot.playground.discord.world import Subscription
from bot.playground.web import requests, views
from bot.playground.web.uploads import Uploads

log = logging.getLogger(__name__)
_HISTORY_MESSAGES = 200
_encode = msgspec.json.Encoder().encode
_REFERRING = frozenset({6, 7, 8, 9})  # options whose value is the id of a user, channel or role


class RefusedError(Exception):
    """The page asked for something that cannot be; the text is for the person."""


class Tab:
    """One WebSocket's session."""

    def __init__(
        self,
        server: LoopbackDiscord,
        uploads: Uploads,
        socket: web.WebSocketResponse,
        *,
        viewer: int,
    ) -> None:
        self._server = server
        self._world = server.world
        self._uploads = uploads
        self._socket = socket
        self._person: Person = server.person(viewer)
        self._channel: int | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Serve the tab until it is closed."""
        with self._world.subscribe() as changes:
            await self._push("welcome", **views.welcome(self._world, self._person.id))
            news = asyncio.create_task(self._tell(changes))
            news.add_done_callback(_report)
            try:
                async for frame in self._socket:
                    if frame.type is WSMsgType.TEXT:
                        self._start(frame.data)
            finally:
                for task in (news, *self._tasks):
                    task.cancel()
                await asyncio.gather(news, *self._tasks, return_exceptions=True)

    # Requests

    def _start(self, text: str) -> None:
        try:
            request = requests.decoder.decode(text)
        except msgspec.DecodeError as err:
            log.warning("the page sent a request that nobody understands: %s", err)
            return
        task = asyncio.create_task(self._serve(request))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, request: requests.AnyRequest) -> None:
        try:
            answer = await self._do(request)
        except ApiError as err:
            answer = {"error": sentence(err)}
        except InteractionFailedError:
            answer = {"error": _("Loading options failed")}
        except RefusedError as err:
            answer = {"error": str(err)}
        await self._push("answer", re=request.re, **answer)

    async def _do(self, request: requests.AnyRequest) -> dict[str, Any]:
        match request:
            case requests.Become(person=person_id):
                self._person = self._server.person(_id(person_id))
                self._channel = None
                await self._push("welcome", **views.welcome(self._world, self._person.id))
            case requests.Open(channel=channel_id):
                return await self._open(_id(channel_id))
            case requests.Send():
                await self._send(request)
            case requests.Edit(message=message_id, content=content):
                await self._person.edit(_id(message_id), content)
            case requests.Delete(message=message_id):
                await self._person.delete(_id(message_id))
            case requests.Run():
                return _opened(await self._run(request))
            case requests.Autocomplete():
                # A file is none of an autocompletion's business.
                options = await self._values(
                    request.channel, request.command, request.options, files=False
                )
                choices = await self._person.autocomplete(
                    _id(request.channel), request.command, options, focused=request.focused
                )
                return {"choices": choices}
            case requests.Press(message=message_id, button=button):
                return _opened(await self._person.press(_id(message_id), button))
            case requests.Select(message=message_id, menu=menu, values=values):
                return _opened(await self._person.select(_id(message_id), menu, values))
            case requests.Use(message=message_id, entry=entry):
                return _opened(await self._person.use(entry, _id(message_id)))
            case requests.Submit(interaction=interaction_id, values=values):
                asked = self._asked(_id(interaction_id))
                return _opened(await self._person.submit(asked, values))
            case requests.Type(channel=channel_id):
                await self._person.typing(_id(channel_id))
        return {}

    def _asked(self, interaction_id: int) -> Interaction:
        for interaction in self._world.interactions.values():
            if interaction.id == interaction_id:
                return interaction
        raise RefusedError(_("This form is no longer open."))

    async def _open(self, channel_id: int) -> dict[str, Any]:
        commands = await self._person.commands(channel_id)
        self._channel = channel_id
        messages = self._world.messages(channel_id, self._person.id)[-_HISTORY_MESSAGES:]
        return {"commands": commands, "messages": [self._view(message) for message in messages]}

    async def _send(self, request: requests.Send) -> None:
        files = [self._upload(upload_id) for upload_id in request.uploads]
        await self._person.send(
            _id(request.channel),
            request.content,
            files=[(file.name, file.data, file.content_type) for file in files],
            reply_to=None if request.reply_to is None else _id(request.reply_to),
        )

    async def _run(self, request: requests.Run) -> Interaction:
        values = await self._values(request.channel, request.command, request.options)
        return await self._person.run(_id(request.channel), request.command, values)

    async def _values(
        self, channel: str, command: str, options: dict[str, Any], *, files: bool = True
    ) -> dict[str, Any]:
        """Turn ids that the page spelled as text into what the option takes."""
        kinds = {
            option["name"]: option["type"]
            for option in find(await self._person.commands(_id(channel)), command).options
        }
        values = {
            name: value for name, value in options.items() if files or kinds.get(name) != ATTACHMENT
        }
        for name, value in values.items():
            if kinds.get(name) == ATTACHMENT:
                values[name] = self._upload(value)
            elif kinds.get(name) in _REFERRING:
                values[name] = _id(value)
        return values

    def _upload(self, upload_id: Any) -> Upload:
        upload = self._uploads.get(upload_id) if isinstance(upload_id, str) else None
        if upload is None:
            raise RefusedError(_("The file is no longer here. Please attach it again."))
        return upload

    # News

    async def _tell(self, changes: Subscription) -> None:
        async for change in changes:
            await self._tell_one(change)

    async def _tell_one(self, change: Change) -> None:
        match change.kind, change.payload:
            case ((ChangeKind.MESSAGE_CREATE | ChangeKind.MESSAGE_UPDATE), Message() as message):
                if message.deleted or not self._sees(message):
                    return
                if message.channel_id == self._channel:
                    fresh = change.kind is ChangeKind.MESSAGE_CREATE
                    await self._push("message", fresh=fresh, message=self._view(message))
                elif change.kind is ChangeKind.MESSAGE_CREATE:
                    await self._push("unread", channel=str(message.channel_id))
            case ChangeKind.MESSAGE_DELETE, Message() as message:
                if message.channel_id == self._channel:
                    await self._push("gone", id=str(message.id))
            case ChangeKind.TYPING, Typing() as typing:
                if typing.channel_id == self._channel and typing.user_id != self._person.id:
                    user = self._world.user(typing.user_id)
                    await self._push("typing", id=str(user.id), name=user.display_name)
            case ChangeKind.INTERACTION_UPDATE, Interaction() as interaction:
                if interaction.user_id == self._person.id:
                    state = interaction.state.value
                    told: dict[str, Any] = {"id": str(interaction.id), "state": state}
                    if interaction.modal is not None:
                        told["form"] = interaction.modal
                    await self._push("interaction", **told)
            case ((ChangeKind.BOT_UP | ChangeKind.BOT_DOWN), _payload):
                await self._push("online", online=self._world.bot_online)
            case ChangeKind.COMMANDS, _payload:
                if self._channel is not None:
                    commands = await self._person.commands(self._channel)
                    await self._push("commands", commands=commands)
            case _, Channel():
                channels = views.welcome(self._world, self._person.id)["channels"]
                await self._push("channels", channels=channels)

    def _sees(self, message: Message) -> bool:
        return message.visible_to(self._person.id) and message.channel_id in {
            channel.id for channel in self._world.channels_of(self._person.id)
        }

    def _view(self, message: Message) -> dict[str, Any]:
        return views.message(self._world, message, self._person.id)

    async def _push(self, kind: str, **fields: Any) -> None:
        # When the tab has just been closed there is nobody left to tell.
        with contextlib.suppress(ConnectionError):
            await self._socket.send_str(_encode({"kind": kind, **fields}).decode())


def sentence(error: ApiError) -> str:
    """What Discord's client would show for a refusal: the innermost sentence, if there is one."""
    return next(_innermost(error.errors or {}), error.message)


def _innermost(errors: dict[str, Any]) -> Iterator[str]:
    for name, below in errors.items():
        if name == "_errors":
            yield from (str(told["message"]) for told in below)
        else:
            yield from _innermost(below)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()) is not None:
        log.error("a tab gets no more news", exc_info=error)


def _opened(interaction: Interaction) -> dict[str, Any]:
    return {"interaction": str(interaction.id), "state": interaction.state.value}


def _id(text: Any) -> int:
    if not isinstance(text, str) or not text.isdecimal():
        raise RefusedError(_("This no longer exists."))
    return int(text)
