"""Replies that a crash or restart cut off: what they show is kept, and they say so."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import discord

from bot.chat.content import ImagePart
from bot.chat.endings import again, interrupted
from bot.chat.turns import Ending, OpenTurn, Task, TurnState
from bot.i18n import _
from bot.replies.by_token import ORIGINAL, end_by_token
from bot.replies.errors import (
    GoneError,
    ReplyingForbiddenError,
    UneditableError,
    UploadTooLargeError,
    noting_refusals,
    translated,
)
from bot.replies.files import (
    FILES_PER_MESSAGE,
    Upload,
    as_upload,
    fits,
    picture_name,
    picture_number,
    picture_variant,
    shrink,
    take_request,
)
from bot.replies.footer import small, under
from bot.replies.live import PageListener, TurnControls
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


@dataclass(slots=True)
class _Page:
    message: discord.PartialMessage
    content: str
    files: list[discord.Attachment]
    has_buttons: bool


@dataclass(slots=True)
class _Cut:
    """An interrupted answer: what there is of it, and where."""

    turn: OpenTurn
    pictures: Sequence[ImagePart]
    on_page: PageListener
    pages: list[_Page] = field(default_factory=list)
    posted: int = 0

    @property
    def guild_id(self) -> int | None:
        return self.turn.question.scope.guild_id

    def own(self, page: _Page) -> list[discord.Attachment]:
        """A page's files without the pictures of another answer to the same question, on whose
        messages this one began to grow."""
        own = (None, self.turn.variant)
        return [file for file in page.files if picture_variant(file.filename) in own]

    @property
    def missing(self) -> list[int]:
        """The numbers of the pictures that no page carries."""
        there = {picture_number(file.filename) for page in self.pages for file in self.own(page)}
        return [number for number in range(1, len(self.pictures) + 1) if number not in there]

    @property
    def text(self) -> str:
        """What can be read of the answer."""
        return transcript(_said(page.content) for page in self.pages)

    def ending(self, *, all_fit: bool = True) -> Ending:
        """How it ends; without `all_fit` some picture cannot be attached."""
        has_text, asked = bool(self.text), self.turn.question
        if asked.task is Task.IMAGE and len(self.pictures) >= asked.image.count:
            ending = again(TurnState.COMPLETE, has_text=has_text)
        else:
            ending = interrupted(has_text=has_text)
        words = ending.words if all_fit else f"{ending.words}\n{_too_large()}".strip()
        return replace(ending, words=words, pictures=len(self.pictures))

    async def uploads(self, limit: int) -> list[Upload]:
        """The missing pictures as files within the limit; what cannot be made to fit is left
        out."""
        uploads: list[Upload] = []
        for number in self.missing if limit else ():
            image = self.pictures[number - 1]
            name = picture_name(image, number, self.turn.variant)
            small_enough = fits(image, limit)
            upload = as_upload(image, name) if small_enough else await shrink(image, name, limit)
            if upload is not None:
                uploads.append(upload)
        return uploads


class Recovery:
    """Mends interrupted replies. Whatever it did before it failed or died, it finds done."""

    def __init__(self, client: discord.Client, budget: EditBudget, controls: TurnControls) -> None:
        self._client = client
        self._budget = budget
        self._controls = controls

    async def mend(
        self, turn: OpenTurn, pictures: Sequence[ImagePart], on_page: PageListener
    ) -> Mended:
        """Deliver what pictures the answer had brought already, each once, and say on Discord
        that it was interrupted, unless they were all of it. `on_page` is told of every message
        that nobody had noted.

        Raises:
            TransientError: Discord is in trouble; another try may do what is left.
        """
        cut = _Cut(turn, pictures, on_page)
        with noting_refusals(log, f"interrupted reply not mended turn={turn.turn_id}"):
            if turn.question.scope.is_private:
                await self._end_private(cut)
            else:
                cut.pages = await self._read(cut.guild_id, turn.pages)
                if cut.pages or not turn.pages:
                    await self._finish(cut)
        return Mended(cut.text, cut.ending().state)

    async def _end_private(self, cut: _Cut) -> None:
        """Say it on messages that only the interaction's token can reach, while that lives."""
        turn, token = cut.turn, cut.turn.question.token
        if token:
            last = str(turn.pages[-1][1]) if turn.pages else ORIGINAL
            await end_by_token(self._client, token, last, cut.ending().words)

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
            pages.append(_Page(message, found.content, found.attachments, bool(found.components)))
        return pages

    async def _finish(self, cut: _Cut) -> None:
        """Say on the last page how it ended, have the pages carry all pictures, and leave nothing
        that looks as if it grew."""
        limit = upload_limit(self._client.get_guild(cut.guild_id or 0))
        for allowed in (limit, limit // 2, 0):
            try:
                await self._deliver(cut, allowed)
            except UploadTooLargeError as error:
                log.info("pictures too large turn=%d %s", cut.turn.turn_id, error)
            else:
                break
        for page in cut.pages[:-1]:
            if page.has_buttons:
                await self._take_buttons(page)

    async def _deliver(self, cut: _Cut, limit: int) -> None:
        """As many edits and further messages as the missing pictures need, at least one."""
        turn = cut.turn
        uploads = await cut.uploads(limit)
        all_fit = len(uploads) == len(cut.missing)
        while True:
            ending = cut.ending(all_fit=all_fit)
            seen = bool(cut.pages)
            if not seen:
                # Nobody has seen anything yet, or Discord has it and we do not know: then the
                # nonce of the first page brings back what is there.
                nonce = f"{turn.turn_id}.{turn.variant}.0"
                await self._post(cut, ending, uploads, turn.question.event_id, nonce)
            elif ending.words and cut.pages[-1].content == ending.words and not uploads:
                return  # It was posted just so.
            elif not await self._say_under(cut, ending, uploads):
                first = picture_number(uploads[0].name) if uploads else 0
                nonce = f"{turn.turn_id}.interrupted.{first}"
                await self._post(cut, ending, uploads, cut.pages[-1].message.id, nonce)
            missing = cut.missing
            left = [upload for upload in uploads if picture_number(upload.name) in missing]
            if not cut.pages or (seen and len(left) in (0, len(uploads))):
                return
            uploads = left

    async def _say_under(self, cut: _Cut, ending: Ending, uploads: list[Upload]) -> bool:
        """Say on the last page how it ended, with as many pictures as one edit can carry; False
        where the page has no room or takes no edits."""
        page, files = cut.pages[-1], cut.own(cut.pages[-1])
        batch = take_request(uploads, FILES_PER_MESSAGE - len(files))
        content, *rest = under(_said(page.content), small(ending.words))
        if rest or (uploads and not batch):
            return False
        async with self._budget.slot(
            Bucket.edit(page.message.channel.id), Priority.MIDDLE, since=-math.inf
        ):
            try:
                with translated():
                    edited = await page.message.edit(
                        content=content,
                        attachments=[*files, *(upload.file() for upload in batch)],
                        view=self._controls(cut.turn, ending),
                        allowed_mentions=discord.AllowedMentions(
                            everyone=False, users=False, roles=False, replied_user=True
                        ),
                    )
            except UneditableError:
                return False
        page.content, page.files = edited.content, edited.attachments
        page.has_buttons = bool(edited.components)
        return True

    async def _take_buttons(self, page: _Page) -> None:
        """Take the buttons of a page away that is not the last: Stop would stay for ever."""
        async with self._budget.slot(
            Bucket.edit(page.message.channel.id), Priority.MIDDLE, since=-math.inf
        ):
            with noting_refusals(log, f"buttons not taken away message={page.message.id}"):
                await page.message.edit(view=None)

    def _channel(self, guild_id: int | None, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(channel_id, guild_id=guild_id)

    async def _post(
        self, cut: _Cut, ending: Ending, uploads: list[Upload], reply_to: int, nonce: str
    ) -> None:
        """Say in a further message how it ended, with as many pictures as one can carry; what was
        posted by this nonce before becomes a page as it is."""
        turn = cut.turn
        channel_id = cut.pages[-1].message.channel.id if cut.pages else 0
        channel = self._channel(cut.guild_id, channel_id or turn.question.scope.channel_id)
        place = ChannelPlace(channel, reply_to=reply_to if reply_to > 0 else None, ping=False)
        batch = take_request(uploads, FILES_PER_MESSAGE)

        def paint() -> Paint:
            files = [upload.file() for upload in batch]
            return Paint(ending.words or None, files, self._controls(turn, ending))

        async with self._budget.slot(place.posting, Priority.MIDDLE, since=-math.inf):
            try:
                posted = await place.post(paint(), nonce=nonce)
            except ReplyingForbiddenError:
                posted = await place.post(paint(), nonce=nonce)  # now without replying
        cut.posted += 1
        await cut.on_page(len(turn.pages) + cut.posted, channel.id, posted.id)
        cut.pages += await self._read(cut.guild_id, [(channel.id, posted.id)])


def _too_large() -> str:
    return _("A file is too large to be attached here.")


def _said(page: str) -> str:
    """What a page says of the answer, also when it was mended before."""
    ours = small(f"{interrupted(has_text=False).words}\n{_too_large()}")
    lines = readable(page).split("\n")
    while lines and (lines[-1] in ours or f"-# {lines[-1]}" in ours):
        lines.pop()
    return "\n".join(lines)
