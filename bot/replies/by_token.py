"""Messages that only their interaction's token can reach: ephemeral ones, after a restart."""

from __future__ import annotations

import discord
from discord.http import Route

from bot.replies.errors import translated
from bot.replies.footer import small, under
from bot.replies.transcript import readable

ORIGINAL = "@original"
"""Discord's name for the first answer to an interaction."""


async def end_by_token(
    client: discord.Client,
    token: str,
    message: str,
    words: str,
    *,
    only_growing: bool = False,
    only_thinking: bool = False,
) -> None:
    """Say once how a message ended, under what it shows, and take its buttons away;
    `only_growing`: if it looks as if it grew; `only_thinking`: unless it shows something already.

    Raises:
        PlaceError: the token is over (after 15 minutes), or Discord is in trouble.
    """
    path = f"/webhooks/{{webhook_id}}/{{webhook_token}}/messages/{message}"

    def route(method: str) -> Route:
        return Route(method, path, webhook_id=client.application_id, webhook_token=token)

    with translated():
        shown = await client.http.request(route("GET"))
        thinks = bool(shown.get("flags", 0) & discord.MessageFlags.loading.flag)
        grows = thinks or bool(shown.get("components"))  # Only what grows has buttons there.
        if (only_thinking and not thinks) or (only_growing and not grows):
            return
        if words in shown["content"] and not grows:
            return  # An earlier try has come through.
        text = readable(shown["content"])
        content = under(text, small(words))[0] if text else words
        body = {"content": content, "components": [], "allowed_mentions": {"parse": []}}
        await client.http.request(route("PATCH"), json=body)
