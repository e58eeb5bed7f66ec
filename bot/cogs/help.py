"""`/help`: what the bot can do, by task."""

from __future__ import annotations

import discord
from discord import app_commands
from discord.ext import commands

from bot.client import Bot
from bot.i18n import _, use_language


class Help(commands.Cog):
    """Short help."""

    @app_commands.command()
    async def help(self, interaction: discord.Interaction[Bot]) -> None:
        """What I can do, by task."""
        use_language(interaction.locale.value)
        lines = [
            _("### What I can do"),
            _("**Ask**: mention me, reply to one of my messages, write me a DM, or use `/ask`."),
            _(
                "**Show me something**: attach pictures or text files, or reply to a message "
                "while mentioning me; it becomes part of the question."
            ),
            _("**Get a picture**: `/imagine`, with an aspect ratio and a size if you like."),
            _("**My memory of this channel**: `/conversation show` and `/conversation clear`."),
            _("**While I write**: press Stop. If something fails: press Retry."),
            _("**For server admins**: `/config show` and `/config model`."),
            _("-# Answers come from AI models and can be wrong."),
        ]
        await interaction.response.send_message("\n".join(lines), ephemeral=True)


async def setup(bot: Bot) -> None:
    """Add the cog."""
    await bot.add_cog(Help())
