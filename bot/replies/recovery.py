"""Replies that a crash or restart cut off: what they show is kept, and they say so."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable

import discord

from bot.chat.endings import interrupted
from bot.chat.turns import Ending, OpenTurn
from bot.replies.errors import GoneError, PlaceError, translated
from bot.replies.footer import small, under
from bot.replies.pacing import EditBudget
from bot.replies.places import ChannelPlace, Paint
from bot.replies.transcript import readable, transcript
from bot.replies.windows import Bucket, Priority

log = logging.getLogger(__name__)

TurnControls = Callable[[OpenTurn, Ending], discord.ui.View | None]
"""Makes a new view with the buttons of an interrupted answer."""
_Page = tuple[discord.PartialMessage, str]
"""A message and what it says."""


class Recovery:
    """Mends interrupted replies one after the other, so that new ones are not kept waiting."""

    def __init__(self, client: discord.Client, budget: EditBudget, controls: TurnControls) -> None:
        self._client = client
        self._budget = budget
        self._controls = controls

    async def mend(self, turn: OpenTurn) -> str:
        """Say on Discord that the answer was interrupted; returns what can be read of it there."""
        text = ""
        try:
            pages = await self._read(turn)
            text = transcript(readable(content) for _message, content in pages)
            ending = interrupted(has_text=bool(text))
            if pages:
                await self._say_under(*pages[-1], turn, ending)
            elif not turn.pages and not turn.question.scope.is_private:
                # Nobody has seen anything yet. (An ephemeral answer ended with its interaction.)
                channel = self._channel(turn, turn.question.scope.channel_id)
                await self._post(channel, turn, ending, reply_to=turn.question.event_id)
        except PlaceError as error:
            log.info("interrupted reply not mended turn=%d %s", turn.turn_id, error)
        return text

    async def _read(self, turn: OpenTurn) -> list[_Page]:
        """The messages that show the answer; those deleted meanwhile are left out."""
        pages: list[_Page] = []
        for channel_id, message_id in turn.pages:
            message = self._channel(turn, channel_id).get_partial_message(message_id)
            try:
                with translated():
                    pages.append((message, (await message.fetch()).content))
            except GoneError:
                continue
        return pages

    async def _say_under(
        self, message: discord.PartialMessage, content: str, turn: OpenTurn, ending: Ending
    ) -> None:
        page, *rest = under(readable(content), small(ending.words))
        if rest:
            channel = self._channel(turn, message.channel.id)
            await self._post(channel, turn, ending, reply_to=message.id)
            return
        async with self._budget.slot(
            Bucket.edit(message.channel.id), Priority.MIDDLE, since=-math.inf
        ):
            with translated():
                await message.edit(
                    content=page,
                    view=self._controls(turn, ending),
                    allowed_mentions=discord.AllowedMentions(
                        everyone=False, users=False, roles=False, replied_user=True
                    ),
                )

    def _channel(self, turn: OpenTurn, channel_id: int) -> discord.PartialMessageable:
        return self._client.get_partial_messageable(
            channel_id, guild_id=turn.question.scope.guild_id
        )

    async def _post(
        self,
        channel: discord.PartialMessageable,
        turn: OpenTurn,
        ending: Ending,
        *,
        reply_to: int,
    ) -> None:
        place = ChannelPlace(channel, reply_to=reply_to, ping=False)
        paint = Paint(ending.words, view=self._controls(turn, ending))
        async with self._budget.slot(place.posting, Priority.MIDDLE, since=-math.inf):
            await place.post(paint, nonce=f"{turn.turn_id}.interrupted")
