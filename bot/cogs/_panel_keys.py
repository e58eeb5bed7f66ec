"""The panel's page of the server's own account: its auth code, its balance, and the warning."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import discord
from discord import ui

from bot.chat.preferences import Setting
from bot.chat.setting_names import names
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._config import check_admin, checked_place, guild_id_of
from bot.cogs._config_keys import check_warning, show_balance, show_key_form, text_channel
from bot.cogs._config_settings import parsed
from bot.cogs._modals import Values, handles, show
from bot.cogs._panel import ID, Spot, show_page, spot_of
from bot.cogs._panel_parts import change, panel_part
from bot.cogs._places import speaker_of
from bot.i18n import _


@panel_part("key")
async def _key(interaction: discord.Interaction[Bot], _spot: Spot, _chosen: list[str]) -> None:
    await show_key_form(interaction)


@panel_part("keyless")
async def _keyless(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await acknowledge(interaction)
    bot = interaction.client
    await bot.policy.keep_key(guild_id_of(interaction), None, speaker_of(interaction.user))
    await show_page(interaction, spot, _("The auth code is forgotten."))


@panel_part("balance")
async def _balance(interaction: discord.Interaction[Bot], _spot: Spot, _chosen: list[str]) -> None:
    await acknowledge(interaction, ephemeral=True, thinking=True)
    await show_balance(interaction)


@panel_part("warn")
async def _warn(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    """Ask below how many credits a warning is written in the channel that was chosen."""
    channel = _chosen_channel(interaction, chosen[0] if chosen else "0")
    configuration = await interaction.client.policy.configuration(guild_id_of(interaction))
    now = configuration.server.warn_below
    form = ui.Modal(
        title=_("Warning"), custom_id=replace(spot, query=str(channel.id)).custom_id("warning")
    )
    amount: ui.TextInput[Any] = ui.TextInput(
        custom_id="warn_below",
        required=False,
        max_length=12,
        placeholder=_("empty: no warning"),
        default=None if now is None else f"{now:g}",
    )
    form.add_item(ui.Label(text=names()["warn_below"][:45], component=amount))
    await show(interaction, form)


@handles(ID.format(what="warning"))
async def _warned(
    interaction: discord.Interaction[Bot], match: re.Match[str], values: Values
) -> None:
    check_admin(interaction)
    spot = spot_of(interaction, match)
    channel = _chosen_channel(interaction, spot.query)
    settings: dict[str, Setting] = {"warn_below": None, "warn_channel": None}
    amount = parsed("warn_below", values.get("warn_below", ""))
    if amount is not None:
        await check_warning(interaction, channel)
        settings = {"warn_below": amount, "warn_channel": channel.id}
    await change(
        interaction, replace(spot, query=""), lambda old: old.with_settings(None, settings)
    )


def _chosen_channel(interaction: discord.Interaction[Bot], typed: str) -> discord.TextChannel:
    """The text channel of this server that a part names.

    Raises:
        QuestionError: it names none.
    """
    guild, channel_id = interaction.guild, checked_place(interaction, typed)
    return text_channel(guild.get_channel(channel_id or 0) if guild else None)
