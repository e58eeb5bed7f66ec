"""Reads Discord's rate-limit headers off the wire, for the budget."""

from __future__ import annotations

import re
from types import SimpleNamespace

import aiohttp
from discord.http import Route
from multidict import CIMultiDictProxy
from yarl import URL

from bot.replies.pacing import EditBudget, current_slot
from bot.replies.windows import Bucket, BucketKind, Headers

_CHANNEL = re.compile(r"/channels/(\d+)/(messages|typing)(/\d+)?$")
_WEBHOOK = re.compile(r"/webhooks/\d+/([^/]+)")
_EXEMPT = re.compile(r"/(?:webhooks|interactions)/\d+/")
_KINDS = {
    ("POST", "messages", False): BucketKind.CREATE,
    ("PATCH", "messages", True): BucketKind.EDIT,
    ("POST", "typing", False): BucketKind.TYPING,
}


def bucket_of(method: str, path: str) -> Bucket | None:
    """The bucket a request counts for, if it is one the budget paces."""
    if found := _CHANNEL.search(path):
        kind = _KINDS.get((method, found[2], found[3] is not None))
        return Bucket(kind, int(found[1])) if kind else None
    if found := _WEBHOOK.search(path):
        return Bucket.webhook(found[1])
    return None


def read_headers(headers: CIMultiDictProxy[str]) -> Headers | None:
    """What a response says about its bucket, if it says so."""
    try:
        return Headers(
            limit=int(headers["X-RateLimit-Limit"]),
            remaining=int(headers["X-RateLimit-Remaining"]),
            reset_after=float(headers["X-RateLimit-Reset-After"]),
        )
    except (KeyError, ValueError):
        return None


def trace(budget: EditBudget) -> aiohttp.TraceConfig:
    """Make the `http_trace` of a discord.py client that keeps the budget informed, and sends
    nothing while too many requests were refused."""
    config = aiohttp.TraceConfig()

    async def started(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        request: aiohttp.TraceRequestStartParams,
    ) -> None:
        path = request.url.raw_path
        if not _is_api(request.url):
            return
        budget.refusals.check()
        context.call = object()
        context.slot = current_slot()
        budget.request_started(context.call, context.slot, exempt=bool(_EXEMPT.search(path)))

    async def ended(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        request: aiohttp.TraceRequestEndParams,
    ) -> None:
        if not _is_api(request.url):
            return
        bucket = bucket_of(request.method, request.url.raw_path)
        told = request.response.headers
        budget.refusals.note(request.response.status, told.get("X-RateLimit-Scope", ""))
        limits = read_headers(told) if request.response.status != 429 else None
        budget.request_answered(context.call, context.slot, bucket, limits)
        if request.response.status == 429:
            everywhere = told.get("X-RateLimit-Scope") == "global" or "X-RateLimit-Global" in told
            budget.refused(bucket, _retry_after(told), everywhere=everywhere)

    async def failed(
        session: aiohttp.ClientSession,
        context: SimpleNamespace,
        request: aiohttp.TraceRequestExceptionParams,
    ) -> None:
        if _is_api(request.url) and hasattr(context, "call"):
            budget.request_answered(context.call, context.slot, None, None)

    config.on_request_start.append(started)
    config.on_request_end.append(ended)
    config.on_request_exception.append(failed)
    return config


def _is_api(url: URL) -> bool:
    # The same session opens the gateway's socket and downloads from the CDN.
    return str(url).startswith(Route.BASE)


def _retry_after(headers: CIMultiDictProxy[str]) -> float:
    for name in ("Retry-After", "X-RateLimit-Reset-After"):
        try:
            return float(headers[name])
        except (KeyError, ValueError):
            continue
    return 1.0
