"""The few REST routes a reply uses, on 127.0.0.1, behind an unmodified discord.py client."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import discord
from aiohttp import web
from aiohttp.test_utils import TestServer
from discord.http import Route

from bot.replies.headers import trace
from bot.replies.pacing import EditBudget

USER = {"id": "1", "username": "bot", "discriminator": "0", "avatar": None, "bot": True}

ANN: Any = {"id": "2", "username": "ann", "discriminator": "0", "avatar": None}
DM_ID = 70
"""The channel of the bot's direct messages with Ann."""
APPLICATION = {
    "id": "1",
    "name": "bot",
    "description": "",
    "icon": None,
    "bot_public": True,
    "bot_require_code_grant": False,
    "verify_key": "",
    "flags": 0,
    "rpc_origins": None,
    "team": None,
    "owner": USER,
}


@dataclass
class Request:
    """What the bot asked for."""

    method: str
    path: str
    body: dict[str, Any]
    files: list[str]


@dataclass
class LoopbackDiscord:
    """Keeps messages and requests; `refusals` are answered first, one a request."""

    requests: list[Request] = field(default_factory=list)
    messages: dict[str, dict[str, Any]] = field(default_factory=dict)
    refusals: list[tuple[int, int] | None] = field(default_factory=list)
    """(HTTP status, JSON code); None lets a request through"""
    remaining: int = 4
    _ids: Any = field(default_factory=lambda: count(500))

    @property
    def last(self) -> Request:
        return self.requests[-1]

    async def handle(self, request: web.Request) -> web.Response:
        path = request.path.removeprefix("/api/v10")
        body, files = await _read(request)
        if path == "/users/@me":
            return _answer(USER)
        if path == "/oauth2/applications/@me":
            return _answer(APPLICATION)
        self.requests.append(Request(request.method, path, body, files))
        headers = {
            "X-RateLimit-Limit": "5",
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset-After": "5.0",
            "X-RateLimit-Bucket": "messages",
        }
        if self.refusals and (refusal := self.refusals.pop(0)) is not None:
            status, code = refusal
            return _answer({"code": code, "message": "refused"}, status, headers)
        if path == "/users/@me/channels":
            channel = {"id": str(DM_ID), "type": 1, "recipients": [ANN], "last_message_id": None}
            return _answer(channel, 200, headers)
        if request.method == "DELETE":
            self.messages.pop(path.rsplit("/", 1)[1])
            return web.Response(status=204, headers=headers)
        if path.endswith("/typing"):
            return web.Response(status=204)
        message = self._message(request.method, path, body, files)
        if message is None:
            return _answer({"code": 10008, "message": "Unknown Message"}, 404, headers)
        return _answer(message, 200, headers)

    def _message(
        self, method: str, path: str, body: dict[str, Any], files: list[str]
    ) -> dict[str, Any] | None:
        same = [old for old in self.messages.values() if old.get("nonce") == body.get("nonce", 0)]
        if method == "POST" and same:
            return same[0]
        if method == "POST" or (path.endswith("@original") and "@original" not in self.messages):
            key = str(next(self._ids))
            message = self.messages[key] = {
                "id": key,
                "channel_id": "7",
                "author": USER,
                "content": "",
                "timestamp": "2026-11-22T12:00:00+00:00",
                "edited_timestamp": None,
                "tts": False,
                "mention_everyone": False,
                "mentions": [],
                "mention_roles": [],
                "attachments": [],
                "components": [],
                "embeds": [],
                "pinned": False,
                "type": 0,
                "nonce": body.get("nonce"),
            }
            if path.endswith("@original"):
                self.messages["@original"] = message
        else:
            found = self.messages.get(path.rsplit("/", 1)[1])
            if found is None:
                return None
            message = found
        message.update({name: body[name] for name in ("content", "components") if name in body})
        message["content"] = message["content"] or ""
        if "attachments" in body:
            kept = [old for old in message["attachments"] if _named(old, body["attachments"])]
            message["attachments"] = kept + [self._attachment(name) for name in files]
        return message

    def _attachment(self, name: str) -> dict[str, Any]:
        key = str(next(self._ids))
        url = f"http://127.0.0.1/{name}"
        return {"id": key, "filename": name, "size": 1, "url": url, "proxy_url": url}


def _named(attachment: dict[str, Any], wanted: list[dict[str, Any]]) -> bool:
    return any(str(one["id"]) == attachment["id"] for one in wanted)


async def _read(request: web.Request) -> tuple[dict[str, Any], list[str]]:
    if request.content_type == "application/json":
        return await request.json(), []
    if request.content_type != "multipart/form-data":
        return {}, []
    form = await request.post()
    files = [part.filename for part in form.values() if isinstance(part, web.FileField)]
    return json.loads(str(form["payload_json"])), files


def _answer(body: Any, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    # discord.py takes anything but exactly this content type for text.
    told = {"Content-Type": "application/json", "Via": "loopback", **(headers or {})}
    return web.Response(status=status, body=json.dumps(body).encode(), headers=told)


@asynccontextmanager
async def loopback(
    monkeypatch: Any, budget: EditBudget
) -> AsyncIterator[tuple[LoopbackDiscord, discord.Client]]:
    """Run the loopback and log a client in."""
    server = LoopbackDiscord()
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app.router.add_route("*", "/api/v10/{rest:.*}", server.handle)
    async with TestServer(app, host="127.0.0.1") as listening:
        monkeypatch.setattr(Route, "BASE", str(listening.make_url("/api/v10")))
        client = discord.Client(
            intents=discord.Intents.none(),
            allowed_mentions=discord.AllowedMentions.none(),
            http_trace=trace(budget),
        )
        async with client:
            await client.login("token")
            yield server, client
