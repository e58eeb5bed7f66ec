"""`/config log`, `export`, `import` and `reset`."""

from __future__ import annotations

from typing import Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.byte_file import ByteFile
from bot.cdn import NotFetchedError
from bot.chat.moving import exported, fitting, imported
from bot.chat.preferences import Configuration, Lists, Preferences
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._config import (
    Channel,
    change_in_words,
    guild_id_of,
    within,
)
from bot.cogs._proposals import FILE_NAME, MAX_BYTES, propose
from bot.errors import QuestionError
from bot.i18n import _, ngettext, use_language

LOG_PAGE = 8
"""So many changes fit one message however long their values are; what was cut off would be lost."""
What = Literal["settings", "access", "quotas", "everything"]


class MovingCommands(commands.Cog):
    """What was changed, and the whole of it as a file."""

    @app_commands.command()
    async def log(
        self,
        interaction: discord.Interaction[Bot],
        page: app_commands.Range[int, 1, 1_000] = 1,
    ) -> None:
        """Who changed which setting, from what, to what, and when.

        Args:
            interaction: The command.
            page: Older changes.
        """
        use_language(interaction.locale.value)
        await show_log(interaction, page)

    @app_commands.command()
    async def export(self, interaction: discord.Interaction[Bot]) -> None:
        """All settings of this server as a file; no auth code is in it."""
        use_language(interaction.locale.value)
        await show_export(interaction)

    @app_commands.command(name="import")
    async def import_(
        self, interaction: discord.Interaction[Bot], file: discord.Attachment
    ) -> None:
        """Take settings from a file; you see what would change before it is saved.

        Args:
            interaction: The command.
            file: What `/config export` gave you.
        """
        use_language(interaction.locale.value)
        await acknowledge(interaction, ephemeral=True)
        if file.size > MAX_BYTES:
            raise QuestionError(_("This file is too large to be one of settings."))
        try:
            data = await interaction.client.files.read(file, MAX_BYTES)
        except NotFetchedError as error:
            raise QuestionError(_("I could not fetch the file. Send it again.")) from error
        guild = interaction.guild
        assert guild is not None
        new, dropped = fitting(
            imported(data),
            places={channel.id for channel in guild.channels},
            roles={role.id for role in guild.roles},
        )
        words = []
        if dropped:
            words.append(
                ngettext(
                    "{count} entry is about a channel or role that is not here; it is left out.",
                    "{count} entries are about channels or roles that are not here; they are "
                    "left out.",
                    dropped,
                ).format(count=dropped)
            )
        await propose(interaction, new, words)

    @app_commands.command()
    async def reset(
        self,
        interaction: discord.Interaction[Bot],
        what: What = "settings",
        channel: Channel | None = None,
    ) -> None:
        """Take settings back, so that the layer above decides again; you see it before.

        Args:
            interaction: The command.
            what: Of the server also its access lists or quotas; never its auth code.
            channel: Only the settings of this channel or category.
        """
        use_language(interaction.locale.value)
        await propose_reset(interaction, what, channel.id if channel else None)


async def show_log(interaction: discord.Interaction[Bot], page: int = 1) -> None:
    """Show a page of the log, to whoever asked alone."""
    await acknowledge(interaction, ephemeral=True, thinking=True)
    entries = await interaction.client.policy.log(
        guild_id_of(interaction), limit=LOG_PAGE, skip=(page - 1) * LOG_PAGE
    )
    lines = [_("### Changes, the newest first")]
    lines += [
        f"<t:{int(entry.at.timestamp())}:f> <@{entry.member_id}>: " + change_in_words(entry.change)
        for entry in entries
    ]
    if not entries:
        lines = [_("Nothing was changed (so long ago).")]
    elif len(entries) == LOG_PAGE:
        lines.append("-# " + _("`/config log page:{page}` shows older ones.").format(page=page + 1))
    await interaction.edit_original_response(
        content=within(lines), allowed_mentions=discord.AllowedMentions.none()
    )


async def show_export(interaction: discord.Interaction[Bot]) -> None:
    """Give all settings as a file, to whoever asked alone."""
    await acknowledge(interaction, ephemeral=True, thinking=True)
    configuration = await interaction.client.policy.configuration(guild_id_of(interaction))
    file = discord.File(ByteFile(exported(configuration)), FILE_NAME)
    await interaction.edit_original_response(
        content=_("`/config import` takes this file, here or in another server."),
        attachments=[file],
    )


async def propose_reset(
    interaction: discord.Interaction[Bot], what: What, place_id: int | None
) -> None:
    """Show what taking settings back would change; of a place only its layer."""
    await acknowledge(interaction, ephemeral=True, thinking=True)
    old = await interaction.client.policy.configuration(guild_id_of(interaction))
    new = _reset(old, what)
    if place_id is not None:
        places = {i: layer for i, layer in old.places.items() if i != place_id}
        new = Configuration(old.server, places, old.lists)
    await propose(interaction, new, [])


def _reset(old: Configuration, what: What) -> Configuration:
    lists = old.lists
    match what:
        case "settings":
            return Configuration(Preferences(), old.places, lists)
        case "access":
            return Configuration(old.server, old.places, Lists(quotas=lists.quotas))
        case "quotas":
            return Configuration(old.server, old.places, Lists(lists.access, lists.models))
        case "everything":
            return Configuration()
