"""The CDN: the bytes behind an attachment's URL, until its signature is over."""

from __future__ import annotations

from aiohttp import web

from bot.playground.discord.rest.requests import world_of


async def read_attachment(request: web.Request) -> web.Response:
    """Send a file."""
    attachment_id = request.match_info["attachment_id"]
    kept = world_of(request).attachments.fetch(
        request.path,
        int(attachment_id) if attachment_id.isdecimal() else 0,
        request.query.get("ex", ""),
        request.query.get("hm", ""),
    )
    if kept is None:
        return web.Response(status=404, text="This content is no longer available.")
    return web.Response(body=kept.data, headers={"Content-Type": kept.content_type})
