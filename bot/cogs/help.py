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
        ask = _("**Ask**: mention me, reply to one of my messages, or use `/ask`.")
        if interaction.client.answers_dms:
            ask = _(
                "**Ask**: mention me, reply to one of my messages, write me a DM, or use `/ask`."
            )
        lines = [
            _("### What I can do"),
            f"{ask} " + _("With `private` only you see the answer, and I do not remember it."),
            _(
                "**Show me something**: attach pictures, PDFs or text files, or reply to a message "
                "while mentioning me; it becomes part of the question."
            ),
            _(
                "**While I write**: press Stop. If something fails, press Retry; if an answer was "
                "cut off, Continue."
            ),
            _(
                "**Have another answer**: Regenerate, or ▾ for another model; ◀ ▶ leaf through the "
                "answers. As file gives you the whole."
            ),
            _("**Get a picture**: `/imagine`, with an aspect ratio and a size if you like."),
            _(
                "**Change a picture**: reply to it, press Edit, or choose Edit image in its "
                "message's menu under Apps; 4K makes it larger, Undo takes a change back."
            ),
            _("**My memory of this channel**: `/conversation show` and `/conversation clear`."),
            _("**For server admins**: `/config panel`; `/config show` says what holds here."),
            _("-# Answers come from AI models and can be wrong."),
        ]
        await interaction.response.send_message("\n".join(lines), ephemeral=True)


async def setup(bot: Bot) -> None:
    """Add the cog."""
    await bot.add_cog(Help())
