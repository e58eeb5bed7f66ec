"""Changing a picture by a form: from a message's menu, or from the button under a picture."""

from __future__ import annotations

import re

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.profiles import profile_of
from bot.chat.turns import ImageOptions, Question
from bot.client import Bot
from bot.cogs._admission import admit
from bot.cogs._asking import answer_interaction
from bot.cogs._edit_form import AS_IT_IS, chosen_of, open_form, shown_again
from bot.cogs._editing import edit_of, own_pictures
from bot.cogs._modals import Values, handles
from bot.cogs._places import scope_of
from bot.errors import QuestionError
from bot.i18n import _, use_language


class Edit(commands.Cog):
    """Forms that ask what shall be changed."""

    def __init__(self, bot: Bot) -> None:
        self._bot = bot
        self._menu = app_commands.ContextMenu(name="Edit image", callback=_open_from_menu)

    async def cog_load(self) -> None:
        """Add the menu entry; a cog does not do that by itself."""
        self._bot.tree.add_command(self._menu)

    async def cog_unload(self) -> None:
        """Take it away again."""
        self._bot.tree.remove_command(self._menu.name, type=self._menu.type)


async def _open_from_menu(interaction: discord.Interaction[Bot], message: discord.Message) -> None:
    use_language(interaction.locale.value)
    await open_form(interaction, message)


@handles(r"edit:(?P<message>\d{1,20})")
async def edit(interaction: discord.Interaction[Bot], match: re.Match[str], values: Values) -> None:
    """Have the picture changed."""
    bot = interaction.client
    words = values.get("words", "").strip()
    if not words:
        raise QuestionError(_("Say what shall be changed."))
    scope = scope_of(interaction)

    async def prepare() -> Question:
        shown = chosen_of(await shown_again(interaction, int(match["message"])), values)
        admitted = await admit(bot, interaction)
        effective = admitted.effective
        ratio, size = values.get("ratio") or AS_IT_IS, values.get("size") or AS_IT_IS
        profile = profile_of(effective.image_model.value)
        return await edit_of(
            bot,
            interaction,
            shown,
            await own_pictures(bot, shown, interaction.user),
            words,
            admitted=admitted,
            options=ImageOptions(
                ratio if ratio in profile.aspect_ratios else None,
                size if size in profile.image_sizes else None,
            ),
        )

    await answer_interaction(interaction, scope, prepare)


async def setup(bot: Bot) -> None:
    """Add the menu entry."""
    await bot.add_cog(Edit(bot))
