"""Command names and descriptions in the member's language, from the same catalogues."""

from __future__ import annotations

import discord
from discord import app_commands

from bot.i18n import catalogue


class CatalogueTranslator(app_commands.Translator):
    """Looks command texts up in the gettext catalogues; names stay as the product defines them."""

    async def translate(
        self,
        string: app_commands.locale_str,
        locale: discord.Locale,
        context: app_commands.TranslationContextTypes,
    ) -> str | None:
        """The text in that language, or None where there is no translation."""
        if context.location in _NAMES:
            return None
        text = string.message
        translated = catalogue(locale.value.replace("-", "_")).gettext(text)
        return translated if translated != text else None


_NAMES = frozenset(
    {
        app_commands.TranslationContextLocation.command_name,
        app_commands.TranslationContextLocation.group_name,
        app_commands.TranslationContextLocation.parameter_name,
    }
)
