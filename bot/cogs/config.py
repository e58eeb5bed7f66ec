"""`/config`: what server admins decide."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.persona import filled_in
from bot.client import Bot
from bot.cogs import (  # noqa: F401 - their parts of the panel are known by their import
    _panel_keys,
    _panel_lists,
)
from bot.cogs._acknowledging import acknowledge
from bot.cogs._config import (
    SECTIONS,
    WARNING,
    Channel,
    check_admin,
    checked_place,
    guild_id_of,
    place_of,
    section_names,
    settings_lines,
    within,
)
from bot.cogs._config_keys import KeyCommands
from bot.cogs._config_lists import Access, QuotaCommands, list_lines
from bot.cogs._config_moving import MovingCommands
from bot.cogs._config_settings import SettingsCommands
from bot.cogs._modals import Values, handles
from bot.cogs._panel_parts import open_panel
from bot.cogs._places import name_of
from bot.cogs._proposals import ApplyButton, DiscardButton, propose
from bot.i18n import _, use_language

SHOWN_LIST = 200
"""Characters of each list, beside all settings; `/config access list` has more."""
SHOWN_PERSONA = 1_400
"""The whole of it is in the attached file."""


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Config(
    SettingsCommands,
    QuotaCommands,
    KeyCommands,
    MovingCommands,
    commands.GroupCog,
    group_name="config",
):
    """Settings of this server and its channels."""

    access = Access()

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Server owners can hand commands to any role; these need the permission itself."""
        check_admin(interaction)
        return True

    @app_commands.command()
    async def panel(self, interaction: discord.Interaction[Bot]) -> None:
        """The settings of this server and its channels in one panel."""
        use_language(interaction.locale.value)
        await open_panel(interaction)

    @app_commands.command()
    async def show(
        self, interaction: discord.Interaction[Bot], channel: Channel | None = None
    ) -> None:
        """What holds here, and which layer decides it.

        Args:
            interaction: The command.
            channel: Another channel than this one, or a category.
        """
        use_language(interaction.locale.value)
        await acknowledge(interaction, ephemeral=True)
        place = place_of(interaction, channel.id if channel else None)
        effective = await interaction.client.policy.effective(place)
        lines = [_("### Settings in {channel}").format(channel=f"<#{place.channel_id}>")]
        for section, name in section_names().items():
            lines.append(f"**{name}**")
            more = ("persona",) if section == "manner" else ()
            lines += settings_lines(effective, (*more, *SECTIONS[section]))
        key = _("the bot's") if effective.key is None else f"`…{effective.key.tail}`"
        lines.append(_("Auth code: {value}").format(value=key))
        lines += settings_lines(effective, WARNING)
        lines += list_lines(effective.lists, SHOWN_LIST)
        await interaction.edit_original_response(
            content=within(lines), allowed_mentions=discord.AllowedMentions.none()
        )


@handles(r"persona:(?P<place>[0-9]{1,20})")
async def _persona_written(
    interaction: discord.Interaction[Bot], match: re.Match[str], values: Values
) -> None:
    """Show a persona before it is saved."""
    check_admin(interaction)
    await acknowledge(interaction, ephemeral=True, thinking=True)
    place_id = checked_place(interaction, match["place"])
    persona = values.get("persona", "").strip() or None
    old = await interaction.client.policy.configuration(guild_id_of(interaction))
    new = old.with_settings(place_id, {"persona": persona})
    words = []
    if persona:
        effective = await interaction.client.policy.effective(place_of(interaction, place_id))
        shown = filled_in(
            persona,
            server=interaction.guild.name if interaction.guild else "",
            channel=getattr(_asked_in(interaction, place_id), "name", None) or "",
            user=name_of(interaction.user),
            now=datetime.now(ZoneInfo(effective.time_zone.value)),
        )
        if len(shown) > SHOWN_PERSONA:
            shown = shown[: SHOWN_PERSONA - 1] + "…"
        words = [_("### The persona, as a question of yours would send it"), shown]
    await propose(interaction, new, words)


def _asked_in(interaction: discord.Interaction[Bot], place_id: int | None) -> object:
    """Where the layer would hold for a question; of a category in its first channel."""
    if place_id is None or interaction.guild is None:
        return interaction.channel
    place = interaction.guild.get_channel(place_id)
    if isinstance(place, discord.CategoryChannel) and place.channels:
        return place.channels[0]
    return place


async def setup(bot: Bot) -> None:
    """Add the cog, and make the buttons of previews work, also of old ones."""
    await bot.add_cog(Config())
    bot.add_dynamic_items(ApplyButton, DiscardButton)
