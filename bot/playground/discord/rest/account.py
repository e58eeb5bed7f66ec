"""The bot's account, its application, the gateway's address, users and members."""

from __future__ import annotations

from aiohttp import web

from bot.playground.discord import payloads
from bot.playground.discord.bodies import DirectMessageBody
from bot.playground.discord.errors import unknown_guild, unknown_member
from bot.playground.discord.rest.requests import PARTS, answer, number, read_json, world_of
from bot.playground.discord.state import Guild
from bot.playground.discord.world import World

IDENTIFIES_A_DAY = 1_000


async def read_me(request: web.Request) -> web.Response:
    """Show the bot's own account."""
    return answer(payloads.user(world_of(request).bot))


async def read_user(request: web.Request) -> web.Response:
    """Show an account."""
    return answer(payloads.user(world_of(request).user(number(request, "user_id"))))


async def read_application(request: web.Request) -> web.Response:
    """Show the application."""
    return answer(payloads.application(world_of(request)))


async def read_gateway(request: web.Request) -> web.Response:
    """Tell the gateway's address."""
    return answer({"url": request.app[PARTS].gateway.url})


async def read_bot_gateway(request: web.Request) -> web.Response:
    """Tell the gateway's address and how many shards to open."""
    parts = request.app[PARTS]
    return answer(
        {
            "url": parts.gateway.url,
            "shards": parts.world.settings.shards,
            "session_start_limit": {
                "total": IDENTIFIES_A_DAY,
                "remaining": max(IDENTIFIES_A_DAY - parts.gateway.identifies, 0),
                "reset_after": 86_400_000,
                "max_concurrency": 1,
            },
        }
    )


async def open_dm(request: web.Request) -> web.Response:
    """Open the DM channel with somebody."""
    world = world_of(request)
    body = await read_json(request, DirectMessageBody)
    return answer(payloads.channel(world, world.dm_with(body.recipient_id)))


async def read_guild(request: web.Request) -> web.Response:
    """Show a guild."""
    world = world_of(request)
    return answer(payloads.guild(world, guild_of(world, number(request, "guild_id"))))


async def read_member(request: web.Request) -> web.Response:
    """Show a guild's member."""
    guild = guild_of(world_of(request), number(request, "guild_id"))
    member = guild.members.get(number(request, "user_id"))
    if member is None:
        raise unknown_member()
    return answer(payloads.member(member))


def guild_of(world: World, guild_id: int) -> Guild:
    """Find a guild that the bot is in.

    Raises:
        ApiError: 10004.
    """
    guild = world.guilds.get(guild_id)
    if guild is None or world.bot.id not in guild.members:
        raise unknown_guild()
    return guild
