"""Where a reply lives: a channel's messages, or the messages of one interaction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import discord
from discord.utils import MISSING

from bot.replies.errors import ReplyingForbiddenError, translated
from bot.replies.windows import Bucket

NONCE_LENGTH = 25
"""Discord's limit."""
TextPlace = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.Thread
    | discord.DMChannel
    | discord.PartialMessageable
)
"""Channels whose messages the bot may edit; `client.get_partial_messageable` makes one of an id."""


@dataclass(frozen=True, slots=True)
class Paint:
    """What one message shall show."""

    content: str
    files: Sequence[discord.File] = ()
    """New files, shown after those the message already has."""
    view: discord.ui.View | None = MISSING
    """Left out: the message keeps the buttons it has. None: it has none any more."""


class Place(Protocol):
    """One reply's messages. Calls raise `PlaceError`s and nothing else of Discord's."""

    @property
    def channel_id(self) -> int:
        """The channel that shows the reply."""
        ...

    @property
    def adopted(self) -> int | None:
        """An existing message that becomes the first page."""
        ...

    @property
    def max_file_bytes(self) -> int:
        """The largest file that may be attached."""
        ...

    @property
    def posting(self) -> Bucket:
        """The bucket of `post`."""
        ...

    @property
    def editing(self) -> Bucket:
        """The bucket of `edit`."""
        ...

    @property
    def typing_bucket(self) -> Bucket | None:
        """The bucket of `type`; None where Discord shows by itself that the bot is at work."""
        ...

    async def post(self, paint: Paint, *, nonce: str) -> int:
        """Send the next page and return its message id; a repeated nonce sends nothing new."""
        ...

    async def edit(self, message_id: int, paint: Paint) -> None:
        """Change a page."""
        ...

    async def type(self) -> None:
        """Show the typing indicator for some seconds."""
        ...


class ChannelPlace:
    """Messages in a channel, thread or DM, edited with the bot's own token."""

    def __init__(
        self,
        channel: TextPlace,
        *,
        reply_to: int | None = None,
        ping: bool = True,
        adopted: int | None = None,
        max_file_bytes: int | None = None,
    ) -> None:
        """Reply to the message `reply_to`, pinging its author once if `ping`."""
        guild = channel.guild
        self.channel_id = channel.id
        self.adopted = adopted
        self.max_file_bytes = max_file_bytes or (
            guild.filesize_limit if guild else discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
        )
        self.posting = Bucket.create(channel.id)
        self.editing = Bucket.edit(channel.id)
        self.typing_bucket: Bucket | None = Bucket.typing(channel.id)
        self._channel = channel
        self._reference = None
        if reply_to is not None:
            # People delete questions while a model thinks; the answer is sent all the same.
            self._reference = discord.MessageReference(
                message_id=reply_to,
                channel_id=channel.id,
                guild_id=guild.id if guild else None,
                fail_if_not_exists=False,
            )
        # Edits say the same again: Discord rebuilds the mentions from every edit.
        self._mentions = discord.AllowedMentions(
            everyone=False, users=False, roles=False, replied_user=ping
        )
        self._attachments: dict[int, list[discord.Attachment]] = {}

    async def post(self, paint: Paint, *, nonce: str) -> int:
        """Send the next page; only the first one replies to the question."""
        try:
            with translated():
                message = await self._channel.send(
                    paint.content,
                    files=list(paint.files),
                    view=paint.view or MISSING,
                    nonce=nonce[:NONCE_LENGTH],
                    reference=self._reference,  # type: ignore[arg-type]  # None is its default
                    allowed_mentions=self._mentions,
                    suppress_embeds=True,
                )
        except ReplyingForbiddenError:
            # Whoever tries again sends a plain message.
            self._reference = None
            raise
        self._reference = None
        self._attachments[message.id] = message.attachments
        return message.id

    async def edit(self, message_id: int, paint: Paint) -> None:
        """Change a page through a PartialMessage, which leaves the message's flags alone."""
        known = self._attachments.get(message_id)
        with translated():
            message = await self._channel.get_partial_message(message_id).edit(
                content=paint.content,
                allowed_mentions=self._mentions,
                **_changes(paint, known),
            )
        self._attachments[message_id] = message.attachments

    async def type(self) -> None:
        """Show the typing indicator for ten seconds."""
        with translated():
            await self._channel.typing()


class InteractionPlace:
    """The messages of one acknowledged interaction, reached by its token while that lives.

    The first page is the original response: the deferred one of a command, or the message whose
    button was pressed.
    """

    adopted: int | None = None
    typing_bucket: Bucket | None = None

    def __init__(self, interaction: discord.Interaction[Any], *, ephemeral: bool = False) -> None:
        self.channel_id = interaction.channel_id or 0
        self.max_file_bytes = interaction.filesize_limit
        self.posting = self.editing = Bucket.webhook(interaction.token)
        self._interaction = interaction
        self._ephemeral = ephemeral
        self._first: int | None = None
        self._attachments: dict[int, list[discord.Attachment]] = {}

    @property
    def expires_at(self) -> datetime:
        """When the token ends; calls then raise `ExpiredError`."""
        return self._interaction.expires_at

    async def post(self, paint: Paint, *, nonce: str) -> int:
        """Fill the deferred response, then send followups; these know no nonce."""
        message: discord.Message
        with translated():
            if self._first is None:
                message = await self._edit_first(paint, None)
                self._first = message.id
            else:
                message = await self._interaction.followup.send(
                    paint.content,
                    files=list(paint.files),
                    view=paint.view or MISSING,
                    ephemeral=self._ephemeral,
                    allowed_mentions=discord.AllowedMentions.none(),
                    suppress_embeds=True,
                    wait=True,
                )
        self._attachments[message.id] = message.attachments
        return message.id

    async def edit(self, message_id: int, paint: Paint) -> None:
        """Change a page with the interaction's token."""
        known = self._attachments.get(message_id)
        message: discord.Message
        with translated():
            if message_id == self._first:
                message = await self._edit_first(paint, known)
            else:
                message = await self._interaction.followup.edit_message(
                    message_id,
                    content=paint.content,
                    allowed_mentions=discord.AllowedMentions.none(),
                    **_changes(paint, known),
                )
        self._attachments[message_id] = message.attachments

    async def type(self) -> None:
        """Do nothing: a deferred response says by itself that the bot is thinking."""

    async def _edit_first(
        self, paint: Paint, known: list[discord.Attachment] | None
    ) -> discord.InteractionMessage:
        return await self._interaction.edit_original_response(
            content=paint.content,
            allowed_mentions=discord.AllowedMentions.none(),
            **_changes(paint, known),
        )


def _changes(paint: Paint, known: list[discord.Attachment] | None) -> dict[str, Any]:
    """Name only what an edit changes: attachments that are named replace all the others.

    A message this place has not painted yet loses what it carried before.
    """
    changes: dict[str, Any] = {}
    if paint.view is not MISSING:
        changes["view"] = paint.view
    if paint.files or known is None:
        changes["attachments"] = [*(known or ()), *paint.files]
    return changes
