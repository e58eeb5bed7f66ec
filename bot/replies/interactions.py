"""Where the reply to an interaction lives: behind its token, and elsewhere once that is over."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import discord
from discord.utils import MISSING

from bot.i18n import _
from bot.replies.errors import ExpiredError, PlaceError, translated
from bot.replies.footer import small, under
from bot.replies.places import Attachments, ChannelPlace, Paint, Posted, changes
from bot.replies.previews import without_previews
from bot.replies.windows import Bucket

log = logging.getLogger(__name__)

TOKEN_LIFE = timedelta(minutes=15)
"""Discord's: https://discord.com/developers/docs/interactions/receiving-and-responding"""
MARGIN_SECONDS = 45.0
"""How long before the token's end the reply goes on without it.

Enough for the last word to get through a troubled network, and to say so by the same token if
the other way turns out to be closed.
"""


class InteractionPlace:
    """The messages of one acknowledged interaction.

    The first page is the original response, the deferred one of a command. Shortly before the
    token ends, the same messages are edited on with the bot's own token where it may write, and
    everything else that only the token can do is over: an ephemeral reply then goes on by direct
    message.
    """

    adopted: tuple[int, ...] = ()
    typing_bucket: Bucket | None = None

    def __init__(
        self,
        interaction: discord.Interaction[Any],
        *,
        ephemeral: bool = False,
        now: Callable[[], datetime] = discord.utils.utcnow,
    ) -> None:
        """`now` is the wall clock, as the token's end is a time of day."""
        self.reserved: int | None = None
        """The deferred response, once Discord has told its id."""
        self._bucket = Bucket.webhook(interaction.token)
        self._interaction = interaction
        self._ephemeral = ephemeral
        self._now = now
        # A token that has just come is not over: then it is our clock that is wrong.
        ends_at = interaction.expires_at
        self._ends_at = ends_at if now() < ends_at else now() + TOKEN_LIFE
        self._first: int | None = None
        self._last: tuple[int, str] | None = None
        """The last page and what it says."""
        self._attachments: Attachments = {}
        self._successor: ChannelPlace | None = None

    @property
    def channel_id(self) -> int:
        """The channel of the interaction, or the direct messages that follow."""
        if self._successor is not None:
            return self._successor.channel_id
        return self._interaction.channel_id or 0

    @property
    def max_file_bytes(self) -> int:
        """What this member may see attached here; a premium one takes more."""
        if self._successor is not None:
            return self._successor.max_file_bytes
        return self._interaction.filesize_limit

    @property
    def posting(self) -> Bucket:
        """The token's bucket while it lives."""
        return self._successor.posting if self._successor else self._bucket

    @property
    def editing(self) -> Bucket:
        """The token's bucket while it lives."""
        return self._successor.editing if self._successor else self._bucket

    @property
    def seconds_left(self) -> float:
        """Until the token's end is near."""
        if self._successor is not None:
            return math.inf
        return (self._ends_at - self._now()).total_seconds() - MARGIN_SECONDS

    async def post(self, paint: Paint, *, nonce: str) -> Posted:
        """Fill the deferred response, then send followups; these know no nonce."""
        if self._successor is not None:
            return await self._successor.post(paint, nonce=nonce)
        message: discord.Message
        with translated():
            if self._first is None:
                message = await self._edit_first(paint)
                self._first = message.id
            else:
                message = await self._follow_up(paint)
        self._remember(message, paint)
        # What was sent: an edit and a followup show it, or fail.
        return Posted(message.id, paint.content or "", len(paint.files))

    async def edit(self, message_id: int, paint: Paint) -> None:
        """Change a page, with the interaction's token or the bot's."""
        if self._successor is not None:
            await self._successor.edit(message_id, paint)
            return
        with translated():
            self._remember(await self._edit(message_id, paint), paint)

    async def read(self, message_id: int) -> str:
        """What a page says on Discord."""
        if self._successor is not None:
            return await self._successor.read(message_id)
        with translated():
            return (await self._interaction.followup.fetch_message(message_id)).content

    async def delete(self, message_id: int) -> None:
        """Delete a page."""
        if self._successor is not None:
            await self._successor.delete(message_id)
            return
        with translated():
            await self._interaction.followup.delete_message(message_id)

    async def type(self) -> None:
        """Do nothing: a deferred response says by itself that the bot is thinking."""

    async def hand_over(self) -> bool:
        """Go on with the bot's own token; False when that is by direct message.

        Raises:
            PlaceError: the member cannot be written to.
        """
        if self._may_write():
            if self._last is None:
                await self._say_last(_("The answer follows in a new message."))
            channel = self._interaction.client.get_partial_messageable(
                self._interaction.channel_id or 0, guild_id=self._interaction.guild_id
            )
            self._successor = ChannelPlace(
                channel,
                ping=False,
                asker=self._interaction.user,
                attachments=self._attachments,
                max_file_bytes=self._interaction.filesize_limit,
            )
            return True
        with translated():
            direct = await self._interaction.user.create_dm()
        if self._last is None:
            await self._say_last(_("The answer follows by direct message."))
        else:
            await self._say_last(_("The rest of the answer follows by direct message."))
        self._successor = ChannelPlace(direct)
        return False

    async def tell_asker(self, sentence: str) -> None:
        """Say it under the reply for the asker alone, or by direct message."""
        try:
            with translated():
                await self._interaction.followup.send(sentence, ephemeral=True)
        except ExpiredError:
            with translated():
                await self._interaction.user.send(sentence)

    def _may_write(self) -> bool:
        interaction = self._interaction
        if self._ephemeral:
            return False  # Such messages exist only behind the token.
        if interaction.guild_id is None:
            return True
        granted = interaction.app_permissions
        if isinstance(interaction.channel, discord.Thread):
            return granted.view_channel and granted.send_messages_in_threads
        return granted.view_channel and granted.send_messages

    async def _say_last(self, sentence: str) -> None:
        """Say what follows, with the last call of the token."""
        try:
            with translated():
                if self._last is None:
                    await self._edit_first(Paint(sentence, view=None))
                    return
                message_id, content = self._last
                page, *rest = under(content, small(sentence))
                paint = Paint(page, view=None)
                await self._edit(message_id, paint)
                if rest:
                    await self._follow_up(Paint(rest[0]))
        except PlaceError as error:
            # What follows is worth more than its announcement.
            log.info("token over before its last word %s %s", type(error).__name__, error)

    async def _edit(self, message_id: int, paint: Paint) -> discord.Message:
        if message_id == self._first:
            return await self._edit_first(paint)
        return await self._interaction.followup.edit_message(
            message_id,
            allowed_mentions=discord.AllowedMentions.none(),
            **changes(paint, self._attachments.get(message_id)),
        )

    async def _edit_first(self, paint: Paint) -> discord.InteractionMessage:
        known = None if self._first is None else self._attachments.get(self._first)
        if paint.content is not None:
            paint = replace(paint, content=without_previews(paint.content))
        return await self._interaction.edit_original_response(
            allowed_mentions=discord.AllowedMentions.none(), **changes(paint, known)
        )

    async def _follow_up(self, paint: Paint) -> discord.WebhookMessage:
        return await follow_up(self._interaction.followup, paint, ephemeral=self._ephemeral)

    def _remember(self, message: discord.Message, paint: Paint) -> None:
        self._attachments[message.id] = message.attachments
        if paint.content is not None:
            self._last = message.id, paint.content


async def follow_up(
    webhook: discord.Webhook, paint: Paint, *, ephemeral: bool
) -> discord.WebhookMessage:
    """Send a further message of an interaction."""
    return await webhook.send(
        paint.content or "",
        files=list(paint.files),
        view=paint.view or MISSING,
        ephemeral=ephemeral,
        allowed_mentions=discord.AllowedMentions.none(),
        suppress_embeds=True,
        wait=True,
    )
