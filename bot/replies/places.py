"""Where a reply lives: the messages of a channel. Those of an interaction: `interactions.py`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
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
Attachments = dict[int, list[discord.Attachment]]
"""What each message carries, by message id."""


@dataclass(frozen=True, slots=True)
class Paint:
    """What one message shall show."""

    content: str | None
    """None: the message keeps its text and its files."""
    files: Sequence[discord.File] = ()
    """New files, shown after those the message already has."""
    view: discord.ui.View | None = MISSING
    """Left out: the message keeps the buttons it has. None: it has none any more."""


@dataclass(frozen=True, slots=True)
class Posted:
    """A message as Discord says it is. One that was there already, by the same nonce, may show
    less than what was sent, and other buttons."""

    id: int
    content: str
    files: int


class Place(Protocol):
    """One reply's messages. Calls raise `PlaceError`s and nothing else of Discord's."""

    @property
    def channel_id(self) -> int:
        """The channel that shows the reply."""
        ...

    @property
    def adopted(self) -> tuple[int, ...]:
        """Existing messages that become the first pages."""
        ...

    @property
    def reserved(self) -> int | None:
        """A message that is there already, empty, and becomes the first page when it is posted."""
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
        """The bucket of `edit` and `hand_over`; deletions are paced by it as well."""
        ...

    @property
    def typing_bucket(self) -> Bucket | None:
        """The bucket of `type`; None where Discord shows by itself that the bot is at work."""
        ...

    @property
    def seconds_left(self) -> float:
        """Until `hand_over` is due; infinite where it never is (again)."""
        ...

    async def post(self, paint: Paint, *, nonce: str) -> Posted:
        """Send the next page; a repeated nonce sends nothing new and gives what is there."""
        ...

    async def edit(self, message_id: int, paint: Paint) -> None:
        """Change a page."""
        ...

    async def read(self, message_id: int) -> str:
        """What a page says on Discord."""
        ...

    async def delete(self, message_id: int) -> None:
        """Delete a message."""
        ...

    async def type(self) -> None:
        """Show the typing indicator for some seconds."""
        ...

    async def hand_over(self) -> bool:
        """Go on by another way before this one is closed.

        True when the messages so far are edited on, False when new ones follow them.
        """
        ...

    async def tell_asker(self, sentence: str) -> None:
        """Say something to the asker alone, where that is possible."""
        ...


_LIMIT_FEATURES = {
    "MAX_FILE_SIZE_100_MB": 100 * 1024 * 1024,
    "MAX_FILE_SIZE_50_MB": 50 * 1024 * 1024,
}
"""What some servers carry; discord.py 2.7.1 goes by the boosts alone."""


def upload_limit(guild: discord.Guild | None) -> int:
    """The largest file (bytes) that the bot may attach in a server or, without one, elsewhere."""
    if guild is None:
        return discord.utils.DEFAULT_FILE_SIZE_LIMIT_BYTES
    features = [limit for name, limit in _LIMIT_FEATURES.items() if name in guild.features]
    return max(guild.filesize_limit, *features, 0)


class ChannelPlace:
    """Messages in a channel, thread or DM, edited with the bot's own token."""

    seconds_left = math.inf
    reserved: int | None = None

    def __init__(
        self,
        channel: TextPlace,
        *,
        reply_to: int | None = None,
        ping: bool = True,
        adopted: tuple[int, ...] = (),
        asker: discord.abc.Messageable | None = None,
        attachments: Attachments | None = None,
        max_file_bytes: int | None = None,
    ) -> None:
        """Reply to the message `reply_to`, pinging its author once if `ping`.

        `attachments` are those of messages that another place has painted before; any other
        message loses with its first edit what it carried.
        """
        guild = channel.guild
        self.channel_id = channel.id
        self.adopted = adopted
        self.max_file_bytes = max_file_bytes or upload_limit(guild)
        self.posting = Bucket.create(channel.id)
        self.editing = Bucket.edit(channel.id)
        # Only a new message makes the indicator go away; after edits alone it would stay on.
        self.typing_bucket = None if adopted else Bucket.typing(channel.id)
        self._channel = channel
        self._asker = asker
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
        self._attachments: Attachments = {} if attachments is None else attachments

    async def post(self, paint: Paint, *, nonce: str) -> Posted:
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
        return Posted(message.id, message.content, len(message.attachments))

    async def read(self, message_id: int) -> str:
        """What a page says on Discord."""
        with translated():
            return (await self._channel.fetch_message(message_id)).content

    async def edit(self, message_id: int, paint: Paint) -> None:
        """Change a page through a PartialMessage, which leaves the message's flags alone."""
        known = self._attachments.get(message_id)
        with translated():
            message = await self._channel.get_partial_message(message_id).edit(
                allowed_mentions=self._mentions, **changes(paint, known)
            )
        if paint.content is not None:
            self._attachments[message_id] = message.attachments

    async def delete(self, message_id: int) -> None:
        """Delete one of the bot's own messages."""
        with translated():
            await self._channel.get_partial_message(message_id).delete()

    async def type(self) -> None:
        """Show the typing indicator for ten seconds."""
        with translated():
            await self._channel.typing()

    async def hand_over(self) -> bool:
        """Do nothing: the bot's own token does not end."""
        return True

    async def tell_asker(self, sentence: str) -> None:
        """Send the asker a direct message."""
        if self._asker is not None:
            with translated():
                await self._asker.send(sentence)


def changes(paint: Paint, known: list[discord.Attachment] | None) -> dict[str, Any]:
    """Name only what an edit changes: attachments that are named replace all the others.

    A message that was not painted before (`known` is None) loses what it carried.
    """
    changed: dict[str, Any] = {}
    if paint.view is not MISSING:
        changed["view"] = paint.view
    if paint.content is None:
        return changed
    changed["content"] = paint.content
    if paint.files or known is None:
        changed["attachments"] = [*(known or ()), *paint.files]
    return changed
