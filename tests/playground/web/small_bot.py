"""A small bot for the page's browser tests: it echoes, offers, thinks, whispers and sleeps."""

from __future__ import annotations

from typing import Any

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
        view.add_item(discord.ui.Button(label="Read on", url="https://example.com/on"))
        view.add_item(_model_select())
        view.add_item(_manner_select())
        files = [await attachment.to_file() for attachment in message.attachments]
        await reply.edit(content="**Grown** <img src=x>", view=view, attachments=files)

    async def on_interaction(self, interaction: discord.Interaction) -> None:
        told: dict[str, Any] = {**(interaction.data or {})}
        if told.get("custom_id") == "Whisper":
            await interaction.response.send_message("Just you.", ephemeral=True)
        elif told.get("values") not in (None, ["silent"]):
            words = f"Chosen: {', '.join(told['values'])}"
            await interaction.response.edit_message(content=words)


def _model_select() -> discord.ui.Select[discord.ui.View]:
    options = [
        discord.SelectOption(label="Fast", value="fast", description="For small talk", emoji="⚡"),
        discord.SelectOption(label="Thorough", value="thorough", description="Takes its time"),
        discord.SelectOption(label="Silent", value="silent", description="Never answers"),
    ]
    return discord.ui.Select(custom_id="model", placeholder="Another model", options=options)


def _manner_select() -> discord.ui.Select[discord.ui.View]:
    options = [discord.SelectOption(label=word) for word in ("Brief", "Kind", "Formal")]
    return discord.ui.Select(
        custom_id="manner", placeholder="Manners", options=options, min_values=0, max_values=2
    )


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
