"""Hears of forms that were submitted, and of panels that are used."""

from __future__ import annotations

import discord
from discord.ext import commands

from bot.client import Bot
from bot.cogs._modals import pressed, submitted
from bot.cogs.errors import report, tell
from bot.i18n import _, use_language


class Modals(commands.Cog):
    """Takes every form that is submitted, and every part of a panel."""

    @commands.Cog.listener()
    async def on_interaction(self, interaction: discord.Interaction[Bot]) -> None:
        """Have it handled; errors become a sentence for the member."""
        use_language(interaction.locale.value)
        try:
            if interaction.type is discord.InteractionType.component:
                await pressed(interaction)
            is_form = interaction.type is discord.InteractionType.modal_submit
            if is_form and not await submitted(interaction):
                await tell(interaction, _("I do not know this form any more. Open it again."))
        except Exception as error:  # noqa: BLE001 - the library only logs what escapes here
            await report(interaction, error)


async def setup(bot: Bot) -> None:
    """Listen for forms and panels."""
    await bot.add_cog(Modals())
