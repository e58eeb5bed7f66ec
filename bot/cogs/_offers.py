"""Messages that were missed: an offer to answer them, and what they do not bring along."""

from __future__ import annotations

import logging
import re
from typing import Any, Self

import discord
from discord import ui

from bot.cogs._acknowledging import acknowledge
from bot.cogs.errors import report, tell
from bot.errors import QuestionError
from bot.i18n import _, use_language
from bot.replies.errors import NETWORK_ERRORS, classify, noting_refusals

log = logging.getLogger(__name__)


async def with_roles(message: discord.Message) -> bool:
    """Give a message that was read later its author's roles, which only live ones bring along;
    False when the author is not there any more.

    Raises:
        TransientError: Discord is in trouble.
    """
    if message.guild is None or isinstance(message.author, discord.Member):
        return True
    with noting_refusals(log, f"author not known channel={message.channel.id}"):
        message.author = await message.guild.fetch_member(message.author.id)
        return True
    return False


async def offer_answer(message: discord.Message) -> None:
    """Ask whether a message that was missed shall still be answered.

    Raises:
        TransientError: Discord is in trouble.
    """
    if message.guild is not None:
        use_language(message.guild.preferred_locale.value)
    view = ui.View(timeout=None)
    view.add_item(AnswerButton(message.id))
    with noting_refusals(log, f"answer not offered channel={message.channel.id}"):
        await message.channel.send(
            _("I was away when you wrote this. Shall I answer it now?"),
            reference=message.to_reference(fail_if_not_exists=False),
            view=view,
            allowed_mentions=discord.AllowedMentions.none(),
        )


async def withdraw_offer(pressed: discord.Interaction[Any]) -> None:
    """Delete the offer whose button was pressed; one that stays does no harm."""
    try:
        await pressed.delete_original_response()
    except NETWORK_ERRORS as error:
        log.info("offer not deleted channel=%s %s", pressed.channel_id, classify(error))


class AnswerButton(ui.DynamicItem[ui.Button[Any]], template=r"answer:(?P<message>[0-9]{1,20})"):
    """Has a message answered that was missed."""

    def __init__(self, message_id: int) -> None:
        super().__init__(
            ui.Button(
                style=discord.ButtonStyle.primary,
                label=_("Answer"),
                custom_id=f"answer:{message_id}",
            )
        )
        self.message_id = message_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the button that was pressed; whose message it is, is looked up."""
        return cls(int(match["message"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answer, if the one who wrote the message wants it."""
        use_language(interaction.locale.value)
        try:
            await acknowledge(interaction)
            message = await self._message(interaction)
            if message.author.id != interaction.user.id:
                await tell(interaction, _("Only the one who asked can use this button."))
                return
            message.author = interaction.user
            interaction.client.dispatch("wanted_answer", message, interaction)
        except Exception as error:  # noqa: BLE001 - the library only logs what escapes here
            await report(interaction, error)

    async def _message(self, interaction: discord.Interaction[Any]) -> discord.Message:
        """The message that was offered to be answered.

        Raises:
            QuestionError: it is not there any more, or the button is on no offer to answer it.
        """
        channel = interaction.channel
        assert isinstance(channel, discord.abc.Messageable)  # a button is always on a message
        gone = QuestionError(_("That message is not there any more. Ask again."))
        if not await self._is_offered(interaction):
            raise gone
        try:
            return await channel.fetch_message(self.message_id)
        except discord.HTTPException:
            raise gone from None

    async def _is_offered(self, interaction: discord.Interaction[Any]) -> bool:
        """Whether the message with the button offers just that; ids can be sent by hand, and what
        they are sent with is deleted."""
        pressed = interaction.message
        if pressed is None or pressed.reference is None:
            return False
        if pressed.reference.message_id != self.message_id:
            return False
        return await interaction.client.store.turn_of_message(pressed.id) is None
