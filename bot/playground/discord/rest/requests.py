"""What every handler needs: the parts behind the API, the body of a request, the answer's form."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeVar

import msgspec
from aiohttp import BodyPartReader, web

from bot.playground.discord.bodies import decode
from bot.playground.discord.composing import Files
from bot.playground.discord.errors import invalid_form, too_large
from bot.playground.discord.faults import Faults
from bot.playground.discord.gateway import Gateway
from bot.playground.discord.journal import Journal
from bot.playground.discord.limits import Limits
from bot.playground.discord.state import Upload
from bot.playground.discord.world import World

T = TypeVar("T")

_FILE_PART = re.compile(r"files\[(\d+)\]")


@dataclass(frozen=True, slots=True)
class Parts:
    """What stands behind the API."""

    world: World
    gateway: Gateway
    limits: Limits
    faults: Faults
    journal: Journal


PARTS = web.AppKey("parts", Parts)


def world_of(request: web.Request) -> World:
    """Return the world that a request is about."""
    return request.app[PARTS].world


def number(request: web.Request, name: str) -> int:
    """Read an id from the path."""
    text = request.match_info[name]
    if not text.isdecimal():
        raise invalid_form(name, "NUMBER_TYPE_COERCE", f"Value '{text}' is not snowflake.")
    return int(text)


async def read_json(request: web.Request, kind: type[T]) -> T:
    """Read a body without files."""
    return decode(await request.read(), kind)


async def read_body(request: web.Request, kind: type[T]) -> tuple[T, Files]:
    """Read a body that may be multipart: `payload_json` and `files[n]`.

    Raises:
        ApiError: 40005 when it is larger than a request may be, 50035 when it is malformed.
    """
    if not request.content_type.startswith("multipart/"):
        return await read_json(request, kind), {}
    room = world_of(request).settings.max_request_bytes
    raw = b"{}"
    files: dict[int, Upload] = {}
    async for part in await request.multipart():
        if not isinstance(part, BodyPartReader):
            raise invalid_form("_body", "BASE_TYPE_BAD", "Nested multipart is not taken.")
        data = bytes(await part.read())
        room -= len(data)
        if room < 0:
            raise too_large()
        if part.name == "payload_json":
            raw = data
        elif found := _FILE_PART.fullmatch(part.name or ""):
            content_type = part.headers.get("Content-Type", "")
            files[int(found[1])] = Upload(part.filename or "unknown", data, content_type)
    return decode(raw, kind), files


def answer(data: object, status: int = 200) -> web.Response:
    """Answer with JSON. discord.py takes a body for text unless the type is exactly this."""
    return web.Response(
        body=msgspec.json.encode(data),
        status=status,
        headers={"Content-Type": "application/json"},
    )


def nothing() -> web.Response:
    """Answer that it is done."""
    return web.Response(status=204)
