"""Replies that a crash or restart cut off: what they show is kept, and they say so."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable

import discord

from bot.chat.endings import interrupted
from bot.chat.turns import Ending, OpenTurn
from bot.replies.errors import PlaceError, translated
from bot.replies.footer import small, under
from bot.replies.pacing import EditBudget
from bot.replies.places import ChannelPlace, Paint
from bot.replies.windows import Bucket, Priority

log = logging.getLogger(__name__)

TurnControls = Callable[[OpenTurn, Ending], discord.ui.View | None]
"""Makes a new view with the buttons of an interrupted answer."""


class Recovery:
    """Mends interrupted replies one after the other, so that new ones are not kept waiting."""

    def __init__(self, client: discord.Client, budget: EditBudget, controls: TurnControls) -> None:
        self._client = client
        self._budget = budget
        self._controls = controls

    async def mend_all(self, turns: Iterable[OpenTurn]) -> int:
        """Mend what can be reached; returns how many were."""
        mended = 0
        for turn in turns:
            try:
                mended += await self.mend(turn)
            except PlaceError as error:
                log.info("interrupted reply not mended turn=%d %s", turn.turn_id, error)
        return mended

    async def mend(self, turn: OpenTurn) -> bool:
        """Say on Discord that the answer was interrupted; False where nobody could see that.

        Raises:
            PlaceError: Discord would not have it.
        """
        ending = interrupted()
        if not turn.pages:
            # An ephemeral answer ended with its interaction.
            if turn.question.scope.key.startswith("private:"):
                return False
            channel = self._channel(turn, turn.question.scope.channel_id)
            await self._post(channel, turn, ending, reply_to=turn.question.event_id)
            return True
        channel_id, message_id = turn.pages[-1]
        channel = self._channel(turn, channel_id)
        message = channel.get_partial_message(message_id)
        with translated():
            shown = (await message.fetch()).content
        if shown.startswith("-# ") and "\n" not in shown:
            shown = ""  # The model was still thinking.
        page, *rest = under(shown, small(ending.words))
        if rest:
            await self._post(channel, turn, ending, reply_to=message_id)
            return True
        async with self._budget.slot(Bucket.edit(channel_id), Priority.MIDDLE, since=-math.inf):
            with translated():
                await message.edit(
                    content=page,
                    view=self._controls(turn, ending),
                    allowed_mentions=discord.AllowedMentions(
                        everyone=False, users=False, roles=False, replied_user=True
                    ),
                )
        return True

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
