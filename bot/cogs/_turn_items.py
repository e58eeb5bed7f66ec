"""Items that belong to one answer: who may use them, and what becomes of errors.

Their custom ids carry the turn, so they outlive every restart.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from typing import Any, Self, cast

import discord
from discord import ui

from bot.chat.ports import ConversationStore
from bot.client import Bot
from bot.cogs.errors import report, tell
from bot.i18n import _, use_language

SECONDARY = discord.ButtonStyle.secondary
PRIMARY = discord.ButtonStyle.primary


class TurnItem(ui.DynamicItem[ui.Item[Any]], template=r"never:(?P<turn>\d+)"):
    """Something that belongs to one answer; the asker and moderators may use it."""

    def __init__(self, turn_id: int, item: ui.Item[Any]) -> None:
        super().__init__(item)
        self.turn_id = turn_id

    @classmethod
    async def from_custom_id(
        cls, interaction: discord.Interaction[Any], item: ui.Item[Any], match: re.Match[str], /
    ) -> Self:
        """Make the item that was used; its id is untrusted until the asker is looked up."""
        return cls(int(match["turn"]))  # type: ignore[call-arg]  # most take the id only

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
        """Why this member may not use the item; empty when they may.

        An answer of another place is said to be unknown: whether there is one is nobody's business.
        """
        store = cast("Bot", interaction.client).store
        asker = await store.asker_of(self.turn_id)
        if asker is None or not await self._is_of(interaction, store):
            return _("I no longer remember this conversation.")
        moderates = interaction.guild is not None and interaction.permissions.manage_messages
        if interaction.user.id != asker and not moderates:
            return _("Only the one who asked, or a moderator, can use this button.")
        return ""

    async def _is_of(self, interaction: discord.Interaction[Any], store: ConversationStore) -> bool:
        """Whether the answer belongs where the item was used: to the message, or, as far as that
        shows another one or none, to the same conversation in the same channel."""
        message = interaction.message
        shown = None if message is None else await store.turn_of_message(message.id)
        if shown == self.turn_id:
            return True
        scope = await store.scope_of(self.turn_id)
        if scope is None or (scope.guild_id, scope.channel_id) != (
            interaction.guild_id,
            interaction.channel_id,
        ):
            return False
        return shown is None or await store.scope_of(shown) == scope

    async def callback(self, interaction: discord.Interaction[Any], /) -> None:
        """Do what the item says; errors become a sentence for whoever used it."""
        try:
            await self.use(interaction, cast("Bot", interaction.client))
        except Exception as error:  # noqa: BLE001 - the library only logs what escapes here
            await report(interaction, error)

    @abstractmethod
    async def use(self, interaction: discord.Interaction[Any], bot: Bot) -> None:
        """Do what the item says."""


def button(
    custom_id: str,
    label: str,
    style: discord.ButtonStyle = SECONDARY,
    *,
    disabled: bool = False,
) -> ui.Button[Any]:
    """A button for an item of an answer."""
    return ui.Button(style=style, label=label, custom_id=custom_id, disabled=disabled)


def message_of(interaction: discord.Interaction[Any]) -> discord.Message:
    """The message under which a button was pressed."""
    assert interaction.message is not None  # a button is always on a message
    return interaction.message
