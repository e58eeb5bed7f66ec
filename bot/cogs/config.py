"""`/config`: what server admins decide."""

from __future__ import annotations

from typing import Any, Literal

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.policy import Chosen, Layer
from bot.chat.ports import Setting
from bot.chat.profiles import KNOWN_CHAT_MODELS, KNOWN_IMAGE_MODELS, profile_of
from bot.client import Bot
from bot.cogs._models import CHOICES, MODEL_LENGTH, code, matching
from bot.cogs._places import settings_place
from bot.errors import QuestionError
from bot.i18n import _, use_language

INHERIT = "inherit"
MAX_PAGES = 20
MAX_RETENTION_DAYS = 3_650

Switch = Literal["on", "off", "inherit"]
_SWITCHES: dict[Switch, bool | None] = {"on": True, "off": False, "inherit": None}

Channel = discord.TextChannel | discord.VoiceChannel | discord.StageChannel | discord.ForumChannel


@app_commands.default_permissions(manage_guild=True)
@app_commands.guild_only()
class Config(commands.GroupCog, group_name="config"):
    """Settings of this server and its channels."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot

    async def interaction_check(self, interaction: discord.Interaction, /) -> bool:
        """Server owners can hand commands to any role; these need the permission itself."""
        if not interaction.permissions.manage_guild:
            raise app_commands.MissingPermissions(["manage_guild"])
        return True

    @app_commands.command()
    async def model(
        self,
        interaction: discord.Interaction[Bot],
        chat: app_commands.Range[str, 1, MODEL_LENGTH] | None = None,
        image: app_commands.Range[str, 1, MODEL_LENGTH] | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Choose the models for this server, or for one channel.

        Args:
            interaction: The command.
            chat: The model that answers questions; "inherit" takes the choice back.
            image: The model that makes pictures; "inherit" takes the choice back.
            channel: Only for this channel; without it, for the whole server.
        """
        use_language(interaction.locale.value)
        changes: dict[str, Setting] = {}
        if chat is not None:
            changes["chat_model"] = _value(chat)
        if image is not None:
            changes["image_model"] = _value(image)
        if not changes:
            raise QuestionError(_("Choose a chat model, an image model, or both."))
        wanted = _value(image) if image else None
        if wanted is not None and not profile_of(wanted).makes_images:
            raise QuestionError(
                _("{model} makes no pictures. Image models are for example: {examples}.").format(
                    model=code(wanted), examples=", ".join(map(code, KNOWN_IMAGE_MODELS[:3]))
                )
            )
        await interaction.response.defer(ephemeral=True)
        assert interaction.guild is not None  # guild_only
        channel_id = channel.id if channel else None
        await self._bot.policy.change(interaction.guild.id, channel_id, changes)
        await self._show(interaction, channel_id)

    @app_commands.command()
    async def display(
        self,
        interaction: discord.Interaction[Bot],
        pages: app_commands.Range[int, 0, MAX_PAGES] | None = None,
        reasoning: Switch | None = None,
        drawing: Switch | None = None,
        channel: Channel | None = None,
    ) -> None:
        """Choose how replies are shown in this server, or in one channel.

        Args:
            interaction: The command.
            pages: Messages a reply may take before the rest goes into a file; 0 takes it back.
            reasoning: Show the model's visible thoughts while it works.
            drawing: Let chat models have pictures made when they are asked for one.
            channel: Only for this channel; without it, for the whole server.
        """
        use_language(interaction.locale.value)
        changes: dict[str, Setting] = {}
        if pages is not None:
            changes["max_pages"] = pages or None
        if reasoning is not None:
            changes["show_reasoning"] = _SWITCHES[reasoning]
        if drawing is not None:
            changes["draw_in_chat"] = _SWITCHES[drawing]
        if not changes:
            raise QuestionError(_("Choose at least one thing to change."))
        await interaction.response.defer(ephemeral=True)
        assert interaction.guild is not None  # guild_only
        channel_id = channel.id if channel else None
        await self._bot.policy.change(interaction.guild.id, channel_id, changes)
        await self._show(interaction, channel_id)

    @app_commands.command()
    async def retention(
        self,
        interaction: discord.Interaction[Bot],
        days: app_commands.Range[int, 0, MAX_RETENTION_DAYS],
    ) -> None:
        """Choose how long this server's pictures and files are kept.

        Args:
            interaction: The command.
            days: After so many days only their description stays; 0 takes the choice back.
        """
        use_language(interaction.locale.value)
        await interaction.response.defer(ephemeral=True)
        assert interaction.guild is not None  # guild_only
        await self._bot.policy.change(interaction.guild.id, None, {"retention_days": days or None})
        await self._show(interaction, None)

    @app_commands.command()
    async def show(
        self, interaction: discord.Interaction[Bot], channel: Channel | None = None
    ) -> None:
        """What holds here, and which layer decides it.

        Args:
            interaction: The command.
            channel: Another channel than this one.
        """
        use_language(interaction.locale.value)
        await interaction.response.defer(ephemeral=True)
        await self._show(interaction, channel.id if channel else None)

    @model.autocomplete("chat")
    async def _chat_models(
        self, interaction: discord.Interaction[Bot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return _with_inherit(KNOWN_CHAT_MODELS, typed)

    @model.autocomplete("image")
    async def _image_models(
        self, interaction: discord.Interaction[Bot], typed: str
    ) -> list[app_commands.Choice[str]]:
        return _with_inherit(KNOWN_IMAGE_MODELS, typed)

    async def _show(self, interaction: discord.Interaction[Bot], channel_id: int | None) -> None:
        guild_id, here = settings_place(interaction)
        place = channel_id or here
        effective = await self._bot.policy.effective(guild_id, place)
        lines = [
            _("### Settings in {channel}").format(channel=f"<#{place}>"),
            _("Chat model: {value}").format(value=_told(effective.chat_model)),
            _("Image model: {value}").format(value=_told(effective.image_model)),
            _("Messages a reply may take: {value}").format(value=_told(effective.max_pages)),
            _("Visible thoughts: {value}").format(value=_told(effective.show_reasoning)),
            _("Chat models may have pictures made: {value}").format(
                value=_told(effective.draw_in_chat)
            ),
            _("Days that pictures are kept: {value}").format(value=_told(effective.retention_days)),
            "-# " + _("`/config model`, `/config display` and `/config retention` change them."),
        ]
        await interaction.edit_original_response(content="\n".join(lines))


def _value(typed: str) -> str | None:
    typed = typed.strip()
    return None if typed.lower() == INHERIT else typed


def _with_inherit(names: tuple[str, ...], typed: str) -> list[app_commands.Choice[str]]:
    inherit = app_commands.Choice(name=_("inherit (take the choice back)"), value=INHERIT)
    found = matching(names, typed)
    if typed.strip() and not INHERIT.startswith(typed.strip().lower()):
        return found
    return [*found[: CHOICES - 1], inherit]


def _told(chosen: Chosen[Any]) -> str:
    value = chosen.value
    if isinstance(value, bool):
        value = _("on") if value else _("off")
    origins = {
        Layer.OPERATOR: _("the bot's default"),
        Layer.SERVER: _("set for the server"),
        Layer.CHANNEL: _("set for this channel"),
    }
    origin = origins[chosen.layer]
    return f"{code(str(value))} ({origin})"


async def setup(bot: Bot) -> None:
    """Add the cog."""
    await bot.add_cog(Config(bot))
