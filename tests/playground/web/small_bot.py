"""A ten-line bot for the page's browser tests: it echoes, thinks, whispers and sleeps."""

from __future__ import annotations

import discord
from discord import app_commands


class SmallBot(discord.AutoShardedClient):
    """Answers mentions with a growing reply, and a few commands."""

    def __init__(self) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, messages=True, message_content=True),
            allowed_mentions=discord.AllowedMentions.none(),
        )
        self.tree = app_commands.CommandTree(self)
        self.tree.add_command(app_commands.Command(name="echo", description="Say", callback=_echo))
        self.tree.add_command(
            app_commands.Command(name="sleepy", description="Never answers", callback=_sleep)
        )
        self.tree.add_command(_config)

    async def setup_hook(self) -> None:
        await self.tree.sync()

    async def on_message(self, message: discord.Message) -> None:
        assert self.user is not None
        if message.author.bot or (message.guild and self.user not in message.mentions):
            return
        reply = await message.reply("Growing …", mention_author=False)
        view = discord.ui.View(timeout=None)
        for label in ("Whisper", "Ignore"):
            view.add_item(discord.ui.Button(label=label, custom_id=label))
        files = [await attachment.to_file() for attachment in message.attachments]
        await reply.edit(content="**Grown** <img src=x>", view=view, attachments=files)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        if interaction.data is not None and interaction.data.get("custom_id") == "Whisper":
            await interaction.response.send_message("Just you.", ephemeral=True)


@app_commands.describe(words="What to say", loud="In capitals")
async def _echo(interaction: discord.Interaction, words: str, loud: bool = False) -> None:
    await interaction.response.defer(thinking=True)
    await interaction.edit_original_response(content=words.upper() if loud else words)


async def _sleep(_interaction: discord.Interaction) -> None:
    return


_config = app_commands.Group(
    name="config",
    description="Settings",
    default_permissions=discord.Permissions(manage_guild=True),
)


@_config.command(name="show", description="Show the settings")
async def _show(interaction: discord.Interaction) -> None:
    await interaction.response.send_message("Settings", ephemeral=True)
