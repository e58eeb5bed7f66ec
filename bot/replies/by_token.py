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
    client: discord.Client, token: str, message: str, words: str, *, only_thinking: bool = False
) -> None:
    """Say how a message ended that still grows, under what it shows, and take its buttons away;
    `only_thinking`: unless it shows something already.

    Raises:
        PlaceError: the token is over (after 15 minutes), or Discord is in trouble.
    """
    path = f"/webhooks/{{webhook_id}}/{{webhook_token}}/messages/{message}"

    def route(method: str) -> Route:
        return Route(method, path, webhook_id=client.application_id, webhook_token=token)

    with translated():
        shown = await client.http.request(route("GET"))
        thinks = bool(shown.get("flags", 0) & discord.MessageFlags.loading.flag)
        # Only what grows has buttons there.
        if not thinks and (only_thinking or not shown.get("components")):
            return
        text = readable(shown["content"])
        content = under(text, small(words))[0] if text else words
        body = {"content": content, "components": [], "allowed_mentions": {"parse": []}}
        await client.http.request(route("PATCH"), json=body)
