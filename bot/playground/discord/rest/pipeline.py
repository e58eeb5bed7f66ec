"""The way of a request: token, limits, faults, handler; and every refusal as Discord words it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from aiohttp import web

from bot.playground.discord.errors import ApiError, not_found, too_large, unauthorized
from bot.playground.discord.faults import Fault
from bot.playground.discord.journal import Entry
from bot.playground.discord.limits import RateLimitedError
from bot.playground.discord.rest.requests import PARTS, Parts, answer

BASE = "/api/v10"

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# The token in their path is all that these need.
_WITHOUT_TOKEN = ("/interactions/", "/webhooks/")


@web.middleware
async def api(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Take an API request through all stations; other requests pass."""
    if not request.path.startswith(BASE):
        return await handler(request)
    parts = request.app[PARTS]
    path = request.path.removeprefix(BASE)
    began = parts.world.now()
    status = 0
    try:
        response = await _through(parts, request, handler, path)
        broken = request.transport is None or request.transport.is_closing()
        status = 0 if broken else response.status
    finally:
        parts.journal.entries.append(Entry(request.method, path, status, began, parts.world.now()))
    return response


async def _through(
    parts: Parts, request: web.Request, handler: Handler, path: str
) -> web.StreamResponse:
    authorized = request.headers.get("Authorization") == f"Bot {parts.world.settings.token}"
    if not authorized and not path.startswith(_WITHOUT_TOKEN):
        return _refused(unauthorized())
    resource = request.match_info.route.resource
    if resource is None:
        return _refused(not_found())
    try:
        headers = parts.limits.admit(
            request.method, resource.canonical.removeprefix(BASE), request.match_info
        )
    except RateLimitedError as limited:
        wait = answer(limited.body, 429)
        wait.headers.update(limited.headers)
        return wait
    faults = parts.faults.strike(request.method, path)
    response = await _hit(request, [fault for fault in faults if not fault.after])
    if response is None:
        done = await _handled(request, handler)
        response = await _hit(request, [fault for fault in faults if fault.after]) or done
    response.headers.update(headers)
    return response


async def _handled(request: web.Request, handler: Handler) -> web.StreamResponse:
    try:
        return await handler(request)
    except ApiError as error:
        return _refused(error)
    except web.HTTPRequestEntityTooLarge:
        return _refused(too_large())


async def _hit(request: web.Request, faults: list[Fault]) -> web.StreamResponse | None:
    """Let the faults strike; return the answer of the one that answers, if any."""
    response: web.StreamResponse | None = None
    for fault in faults:
        await asyncio.sleep(fault.delay_seconds)
        if fault.drops:
            response = web.Response(status=500)
            if request.transport is not None:
                request.transport.abort()
        elif fault.status is not None:
            response = _failure(fault, fault.status)
    return response


def _failure(fault: Fault, status: int) -> web.Response:
    if status == 429:
        scope = "global" if fault.everywhere else "user"
        headers = {"X-RateLimit-Global": "true"} if fault.everywhere else {}
        limited = RateLimitedError(1.0, scope, headers)
        response = answer(limited.body | ({"code": fault.code} if fault.code else {}), status)
        response.headers.update(limited.headers)
        return response
    return _refused(ApiError(status, fault.code, fault.message or f"{status}: injected"))


def _refused(error: ApiError) -> web.Response:
    return answer(error.body(), error.status)
