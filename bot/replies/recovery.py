"""Replies that a crash or restart cut off: what they show is kept, and they say so."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import discord

from bot.chat.content import ImagePart
from bot.chat.endings import again, interrupted
from bot.chat.turns import Ending, OpenTurn, Task, TurnState
from bot.replies.by_token import ORIGINAL, end_by_token
from bot.replies.errors import GoneError, PlaceError, UploadTooLargeError, translated
from bot.replies.files import (
    FILES_PER_MESSAGE,
    Upload,
    as_upload,
    fits,
    picture_name,
    picture_number,
    shrink,
    take_request,
)
from bot.replies.footer import small, under
from bot.replies.live import TurnControls
from bot.replies.pacing import EditBudget
from bot.replies.places import ChannelPlace, Paint, upload_limit
from bot.replies.transcript import readable, transcript
from bot.replies.windows import Bucket, Priority

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Mended:
    """How an interrupted answer ended after all."""

    text: str
    """What can be read of it on Discord."""
    state: TurnState
    found: tuple[int, int] | None = None
    """(channel id, message id) of a page that nobody had noted."""


@dataclass(frozen=True, slots=True)
class _Page:
    message: discord.PartialMessage
    content: str
    files: list[discord.Attachment]


class Recovery:
    """Mends interrupted replies one after the other, so that new ones are not kept waiting."""

    def __init__(self, client: discord.Client, budget: EditBudget, controls: TurnControls) -> None:
        self._client = client
        self._budget = budget
        self._controls = controls

    async def mend(self, turn: OpenTurn, pictures: Sequence[ImagePart] = ()) -> Mended:
        """Deliver what pictures the answer had brought already, each once, and say on Discord
        that it was interrupted, unless they were all of it."""
        text = ""
        found: tuple[int, int] | None = None
        ending = _ending(turn, pictures, has_text=False)
        if turn.question.scope.is_private:
            await self._end_private(turn, ending)
            return Mended("", ending.state)
        try:
            pages = await self._read(turn.question.scope.guild_id, turn.pages)
            if not pages and not turn.pages:
                # Nobody has seen anything yet, or Discord has it and we do not know: then the
                # nonce brings back what is there.
                pages = await self._first_page(turn, ending, pictures)
                found = turn.question.scope.channel_id, pages[0].message.id if pages else 0
                if pages and pages[0].content == ending.words:
                    await self._finish(pages, turn, ending, pictures)
                    return Mended("", ending.state, found)
            text = transcript(readable(page.content) for page in pages)
            ending = _ending(turn, pictures, has_text=bool(text))
            if pages:
                await self._finish(pages, turn, ending, pictures)
        except PlaceError as error:
            log.info("interrupted reply not mended turn=%d %s", turn.turn_id, error)
        return Mended(text, ending.state, found if found and found[1] else None)

    async def _end_private(self, turn: OpenTurn, ending: Ending) -> None:
        """Say it on messages that only the interaction's token can reach, while that lives."""
        token = turn.question.token
        if not token:
            return
        last = str(turn.pages[-1][1]) if turn.pages else ORIGINAL
        try:
            await end_by_token(self._client, token, last, ending.words)
        except PlaceError as error:
            log.info("private reply not ended turn=%d %s", turn.turn_id, error)

    async def _read(self, guild_id: int | None, messages: Iterable[tuple[int, int]]) -> list[_Page]:
        """The messages that show the answer; those deleted meanwhile are left out."""
        pages: list[_Page] = []
        for channel_id, message_id in messages:
            message = self._channel(guild_id, channel_id).get_partial_message(message_id)
            try:
                with translated():
                    found = await message.fetch()
            except GoneError:
                continue
            pages.append(_Page(message, found.content, found.attachments))
        return pages

    async def _first_page(
        self, turn: OpenTurn, ending: Ending, pictures: Sequence[ImagePart]
    ) -> list[_Page]:
        scope = turn.question.scope
        channel = self._channel(scope.guild_id, scope.channel_id)
        uploads = await _uploads(enumerate(pictures, start=1), self._limit(turn))
        paint = Paint(ending.words or None, [upload.file() for upload in uploads])
        nonce = f"{turn.turn_id}.{turn.variant}.0"
        message_id = await self._post(channel, turn, ending, paint, turn.question.event_id, nonce)
        return await self._read(scope.guild_id, [(scope.channel_id, message_id)])

    async def _finish(
        self, pages: list[_Page], turn: OpenTurn, ending: Ending, pictures: Sequence[ImagePart]
    ) -> None:
        """Make the last page say how it ended, and carry the pictures that no page carries."""
        there = {picture_number(file.filename) for page in pages for file in page.files}
        missing = [
            (number, image) for number, image in enumerate(pictures, start=1) if number not in there
        ]
        last = pages[-1]
        if last.content == ending.words and not missing and not turn.pages:
            return  # It was posted just so.
        limit = self._limit(turn)
        try:
            await self._say_under(last, turn, ending, await _uploads(missing, limit))
        except UploadTooLargeError:
            await self._say_under(last, turn, ending, await _uploads(missing, limit // 2))

    def _limit(self, turn: OpenTurn) -> int:
        return upload_limit(self._client.get_guild(turn.question.scope.guild_id or 0))

    async def _say_under(
        self, page: _Page, turn: OpenTurn, ending: Ending, uploads: Sequence[Upload]
    ) -> None:
        content, *rest = under(readable(page.content), small(ending.words))
        message = page.message
        if rest or len(page.files) + len(uploads) > FILES_PER_MESSAGE:
            channel = self._channel(turn.question.scope.guild_id, message.channel.id)
            paint = Paint(ending.words or None, [upload.file() for upload in uploads])
            await self._post(
                channel, turn, ending, paint, message.id, f"{turn.turn_id}.interrupted"
            )
            async with self._budget.slot(
                Bucket.edit(message.channel.id), Priority.MIDDLE, since=-math.inf
            ):
                with translated():
                    await message.edit(view=None)  # Stop would stand there for ever.
            return
        async with self._budget.slot(
            Bucket.edit(message.channel.id), Priority.MIDDLE, since=-math.inf
        ):
            with translated():
                await message.edit(
                    content=content,
                    attachments=[*page.files, *(upload.file() for upload in uploads)],
                    view=self._controls(turn, ending),
                    allowed_mentions=discord.AllowedMentions(
                        everyone=False, users=False, roles=False, replied_user=True
                    ),
                )

    def _channel(self, guild_id: int | None, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id, guild_id=guild_id)

    async def _post(
        self,
        channel: discord.PartialMessageable,
        turn: OpenTurn,
        ending: Ending,
        paint: Paint,
        reply_to: int,
        nonce: str,
    ) -> int:
        place = ChannelPlace(channel, reply_to=reply_to if reply_to > 0 else None, ping=False)
        paint = replace(paint, view=self._controls(turn, ending))
        async with self._budget.slot(place.posting, Priority.MIDDLE, since=-math.inf):
            return (await place.post(paint, nonce=nonce)).id


def _ending(turn: OpenTurn, pictures: Sequence[ImagePart], *, has_text: bool) -> Ending:
    question = turn.question
    if question.task is Task.IMAGE and len(pictures) >= question.image.count:
        ending = again(TurnState.COMPLETE, has_text=has_text)
    else:
        ending = interrupted(has_text=has_text)
    return replace(ending, pictures=len(pictures))


async def _uploads(pictures: Iterable[tuple[int, ImagePart]], limit: int) -> list[Upload]:
    """The pictures as files within the limit; what cannot be made to fit is left out."""
    uploads: list[Upload] = []
    for number, image in pictures:
        name = picture_name(image, number)
        upload = as_upload(image, name) if fits(image, limit) else await shrink(image, name, limit)
        if upload is not None:
            uploads.append(upload)
    return take_request(uploads, FILES_PER_MESSAGE)
