"""The application's commands: all of a scope at once."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from bot.playground.discord.command_rules import registered
from bot.playground.discord.errors import missing_access
from bot.playground.discord.rest.account import guild_of
from bot.playground.discord.rest.requests import answer, number, read_json, world_of


def _scope(request: web.Request) -> int | None:
    """Return the guild of the path, or None for the global scope; only for the own application."""
    world = world_of(request)
    if number(request, "application_id") != world.bot.id:
        raise missing_access()
    if "guild_id" not in request.match_info:
        return None
    return guild_of(world, number(request, "guild_id")).id


async def read_commands(request: web.Request) -> web.Response:
    """List the commands of a scope."""
    return answer(world_of(request).commands.get(_scope(request), []))


async def replace_commands(request: web.Request) -> web.Response:
    """Replace the commands of a scope."""
    world, scope = world_of(request), _scope(request)
    commands = registered(world, scope, await read_json(request, list[dict[str, Any]]))
    world.set_commands(scope, commands)
    return answer(commands)
