"""The growing reply and the buttons under it.

Their custom ids carry the turn, so they outlive every restart.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, Self, cast

import discord
from discord import ui

from bot.chat.turns import Ending, OpenTurn
from bot.client import Bot
from bot.cogs.errors import report, tell
from bot.errors import ConversationError
from bot.i18n import _, use_language
from bot.replies.live import LiveReply
from bot.replies.places import ChannelPlace, InteractionPlace, Place


def grow(bot: Bot, place: Place, turn: OpenTurn) -> LiveReply:
    """Start the reply to a turn; every page it opens is remembered."""

    async def on_page(page: int, channel_id: int, message_id: int) -> None:
        await bot.store.shown_on(
            turn.turn_id, page=page, channel_id=channel_id, message_id=message_id
        )

    reply = LiveReply(
        place,
        bot.budget,
        bot.clock,
        name=f"{turn.turn_id}.{turn.variant}",
        controls=lambda ending: controls(turn.turn_id, ending),
        on_page=on_page,
    )
    reply.start()
    return reply


def controls(turn_id: int, ending: Ending | None) -> ui.View | None:
    """A new view for a growing reply (`ending` None) or for one that ended so.

    Views hold nothing but dynamic items and are never stopped: discord.py 2.7.1 would otherwise
    forget the pattern for the whole client.
    """
    if ending is None:
        button: ui.Item[Any] = StopButton(turn_id)
    elif ending.can_retry:
        button = RetryButton(turn_id)
    else:
        return None
    view = ui.View(timeout=None)
    view.add_item(button)
    return view


class _TurnButton(ui.DynamicItem[ui.Button[Any]], template=r"never:(?P<turn>\d+)"):
    """A button that belongs to one turn; the asker and moderators may press it."""

    def __init__(self, turn_id: int, button: ui.Button[Any]) -> None:
        super().__init__(button)
        self.turn_id = turn_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button that was pressed; the id is untrusted until the asker is looked up."""
        # Turn ids are 64-bit; anything longer was forged and matches no turn.
        return cls(int(match["turn"][:19]))  # type: ignore[call-arg]  # subclasses take the id only

    async def interaction_check(self, interaction: discord.Interaction[Any], /) -> bool:
        """Only the asker and members who may manage messages."""
        use_language(interaction.locale.value)
        try:
            refusal = await self._refusal(interaction)
        except Exception as error:  # noqa: BLE001 - the library only logs what escapes here
            await report(interaction, error)
            return False
        if refusal:
            await tell(interaction, refusal)
        return not refusal

    async def _refusal(self, interaction: discord.Interaction[Any]) -> str:
        """Why this member may not press the button; empty when they may."""
        asker = await cast("Bot", interaction.client).store.asker_of(self.turn_id)
        if asker is None:
            return _("I no longer remember this conversation.")
        moderates = interaction.guild is not None and interaction.permissions.manage_messages
        if interaction.user.id != asker and not moderates:
            return _("Only the one who asked, or a moderator, can use this button.")
        return ""

    async def callback(self, interaction: discord.Interaction[Any], /) -> None:
        """Do what the button says; errors become a sentence for whoever pressed."""
        try:
            await self.press(interaction, cast("Bot", interaction.client))
        except Exception as error:  # noqa: BLE001 - the library only logs what escapes here
            await report(interaction, error)

    @abstractmethod
    async def press(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Do what the button says."""


class StopButton(_TurnButton, template=r"stop:(?P<turn>\d+)"):
    """Ends a growing reply where it is."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(
            turn_id,
            ui.Button(
                style=discord.ButtonStyle.secondary, label=_("Stop"), custom_id=f"stop:{turn_id}"
            ),
        )

    async def press(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Stop the reply."""
        if not bot.responder.stop(self.turn_id):
            raise ConversationError(_("This reply does not grow any more."))
        await interaction.response.defer()


class RetryButton(_TurnButton, template=r"retry:(?P<turn>\d+)"):
    """Asks the same question once more, in the same message."""

    def __init__(self, turn_id: int) -> None:
        super().__init__(
            turn_id,
            ui.Button(
                style=discord.ButtonStyle.primary, label=_("Retry"), custom_id=f"retry:{turn_id}"
            ),
        )

    async def press(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Answer again where the failed answer stands."""
        await interaction.response.defer()
        place = _place_of(interaction, bot)
        if not await bot.responder.retry(self.turn_id, lambda turn: grow(bot, place, turn)):
            raise ConversationError(_("This question is being answered already."))


def _place_of(interaction: discord.Interaction[Any], bot: Bot) -> Place:
    message = interaction.message
    assert message is not None  # a button is always on a message
    if message.flags.ephemeral:
        return InteractionPlace(interaction, ephemeral=True)
    channel = bot.get_partial_messageable(message.channel.id, guild_id=interaction.guild_id)
    return ChannelPlace(
        channel, adopted=message.id, max_file_bytes=interaction.filesize_limit, ping=False
    )


async def setup(bot: Bot) -> None:
    """Make the buttons of all messages work, also of old ones."""
    bot.add_dynamic_items(StopButton, RetryButton)
