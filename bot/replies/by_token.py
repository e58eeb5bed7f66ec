"""Messages that only their interaction's token can reach: ephemeral ones, after a restart."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Self

import discord
from discord.http import Route

from bot.replies.errors import translated
from bot.replies.footer import small, under
from bot.replies.interactions import follow_up
from bot.replies.places import Attachments, Paint, Posted, changes, upload_limit
from bot.replies.previews import without_previews
from bot.replies.transcript import readable
from bot.replies.windows import Bucket

ORIGINAL = "@original"
"""Discord's name for the first answer to an interaction."""


async def end_by_token(
    client: discord.Client,
    token: str,
    message: str,
    words: str,
    *,
    only_thinking: bool = False,
) -> None:
    """Say once how a message ended, under what it shows, and take its buttons away;
    `only_thinking`: unless it shows something already.

    Raises:
        PlaceError: the token is over (after 15 minutes), or Discord is in trouble.
    """
    with translated():
        shown = await client.http.request(_route("GET", client, token, message))
        thinks = bool(shown.get("flags", 0) & discord.MessageFlags.loading.flag)
        if only_thinking and not thinks:
            return
        if words in shown["content"] and not (thinks or shown.get("components")):
            return  # An earlier try has come through.
        text = readable(shown["content"])
        content, *rest = under(text, small(words)) if text else (words,)
        body = {"content": content, "components": [], "allowed_mentions": {"parse": []}}
        await client.http.request(_route("PATCH", client, token, message), json=body)
    if rest:  # The page is full.
        place = TokenPlace(client, token, int(shown["channel_id"]), ())
        await place.post(Paint(rest[0]), nonce="")


class TokenPlace:
    """The messages of a private answer whose process has died, or could not show all of it."""

    seconds_left = math.inf
    reserved: int | None = None
    typing_bucket: Bucket | None = None

    def __init__(
        self, client: discord.Client, token: str, channel_id: int, adopted: tuple[int, ...]
    ) -> None:
        self.channel_id = channel_id
        self.adopted = adopted
        self.max_file_bytes = upload_limit(None)
        self.posting = self.editing = Bucket.webhook(token)
        self._webhook = discord.Webhook.partial(client.application_id or 0, token, client=client)
        self._webhook.type = discord.WebhookType.application  # Others send nothing ephemeral.
        self._attachments: Attachments = {}

    @classmethod
    async def standing(
        cls, client: discord.Client, token: str, channel_id: int, pages: tuple[int, ...]
    ) -> Self:
        """Where the answer stands: on the pages that are known, or on the first response.

        Raises:
            PlaceError: the token is over, or Discord is in trouble.
        """
        if not pages:
            with translated():
                first = await client.http.request(_route("GET", client, token, ORIGINAL))
            pages = (int(first["id"]),)
        return cls(client, token, channel_id, pages)

    async def post(self, paint: Paint, *, nonce: str) -> Posted:
        """Send the next page; such messages know no nonce."""
        with translated():
            message = await follow_up(self._webhook, replace(paint, view=None), ephemeral=True)
        self._attachments[message.id] = message.attachments
        return Posted(message.id, paint.content or "", len(paint.files))

    async def edit(self, message_id: int, paint: Paint) -> None:
        """Change a page."""
        known = self._attachments.get(message_id)
        if paint.content is not None:
            paint = replace(paint, content=without_previews(paint.content))
        with translated():
            message = await self._webhook.edit_message(
                message_id,
                allowed_mentions=discord.AllowedMentions.none(),
                **changes(replace(paint, view=None), known),
            )
        self._attachments[message_id] = message.attachments

    async def read(self, message_id: int) -> str:
        """What a page says on Discord."""
        with translated():
            return (await self._webhook.fetch_message(message_id)).content

    async def delete(self, message_id: int) -> None:
        """Delete a page."""
        with translated():
            await self._webhook.delete_message(message_id)

    async def type(self) -> None:
        """Do nothing: the answer is there already."""

    async def hand_over(self) -> bool:
        """Do nothing: nothing else reaches these messages."""
        return True

    async def tell_asker(self, sentence: str) -> None:
        """Say it beside the answer."""
        await self.post(Paint(sentence), nonce="")


def _route(method: str, client: discord.Client, token: str, message: str) -> Route:
    path = f"/webhooks/{{webhook_id}}/{{webhook_token}}/messages/{message}"
    return Route(method, path, webhook_id=client.application_id, webhook_token=token)
