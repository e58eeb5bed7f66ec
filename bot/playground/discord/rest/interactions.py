"""Answers to interactions: the callback, and the webhook behind the interaction's token."""

from __future__ import annotations

from aiohttp import web

from bot.playground.discord import interactions, message_payloads
from bot.playground.discord.bodies import CallbackBody, MessageBody
from bot.playground.discord.errors import unknown_webhook
from bot.playground.discord.rest.requests import answer, nothing, number, read_body, world_of
from bot.playground.discord.state import Interaction, InteractionKind, Message


def _interaction(request: web.Request) -> Interaction:
    world = world_of(request)
    if number(request, "application_id") != world.bot.id:
        raise unknown_webhook()
    return interactions.living(world, request.match_info["token"])


def _message(request: web.Request) -> Message:
    return interactions.message_of(_interaction(request), request.match_info["message_id"])


async def respond(request: web.Request) -> web.Response:
    """Take the first answer."""
    world = world_of(request)
    body, files = await read_body(request, CallbackBody)
    answered = interactions.acknowledge(
        world, number(request, "interaction_id"), request.match_info["token"], body, files
    )
    wanted = request.query.get("with_response") in ("1", "true")
    if not wanted or answered.kind is InteractionKind.AUTOCOMPLETE:
        return nothing()
    return answer(message_payloads.callback(world, answered, body.type))


async def follow_up(request: web.Request) -> web.Response:
    """Send another message."""
    world, asked = world_of(request), _interaction(request)
    body, files = await read_body(request, MessageBody)
    return answer(
        message_payloads.message(world, interactions.follow_up(world, asked, body, files))
    )


async def read_message(request: web.Request) -> web.Response:
    """Show the original response or a followup."""
    return answer(message_payloads.message(world_of(request), _message(request)))


async def edit_message(request: web.Request) -> web.Response:
    """Change the original response or a followup."""
    world, asked = world_of(request), _interaction(request)
    body, files = await read_body(request, MessageBody)
    message = _message(request)
    interactions.edit(world, asked, message, body, files)
    return answer(message_payloads.message(world, message))


async def delete_message(request: web.Request) -> web.Response:
    """Delete the original response or a followup."""
    world_of(request).delete_message(_message(request))
    return nothing()
