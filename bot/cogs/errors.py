"""Turns every error of a command into a sentence for the member and a line for the operator."""

from __future__ import annotations

import logging
from typing import Any

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.endings import sentence
from bot.cogs._acknowledging import (
    ACKNOWLEDGED,
    ALREADY_ACKNOWLEDGED,
    IN_PLACE,
    TRIED,
    UNREACHABLE,
)
from bot.errors import BotError, ClosingError
from bot.i18n import _

log = logging.getLogger(__name__)

UNKNOWN_INTERACTION = 10062
OTHERS_FIRST_SECONDS = 1.0
PAUSES = (1.0, 3.0, 9.0)
"""Seconds between tries to tell somebody something while Discord cannot be reached."""
DEFERRED = discord.InteractionResponseType.deferred_channel_message


def words_for(error: Exception) -> str | None:
    """The member's sentence; None for an error nobody foresaw."""
    match error:
        case BotError():
            return sentence(error)
        case app_commands.NoPrivateMessage():
            return _("This command works in servers only.")
        case app_commands.MissingPermissions():
            return _("You need the Manage Server permission for this.")
        case app_commands.CommandNotFound() | app_commands.CommandSignatureMismatch():
            return _("This command has changed. Reload Discord (Ctrl+R) and try again.")
        case app_commands.TransformerError(type=discord.AppCommandOptionType.channel):
            return _("I cannot see this channel. Give me View Channel there first.")
        case app_commands.TransformerError():
            return _("One of the options has a value this command does not understand.")
        case _:
            return None


async def tell(interaction: discord.Interaction[Any], words: str) -> None:
    """Say something to the member who acted, and to nobody else where Discord allows it."""
    for pause in (*PAUSES, None):
        try:
            await _say(interaction, words)
        except UNREACHABLE as error:
            if pause is None:
                log.warning("could not tell a member about an error: %s", type(error).__name__)
                return
            interaction.extras[TRIED] = True  # it may have come through all the same
            await interaction.client.clock.sleep(pause)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                log.warning("could not tell a member about an error: %s", error)
            return
        else:
            return


async def _say(interaction: discord.Interaction[Any], words: str) -> None:
    if interaction.response.type is DEFERRED or ACKNOWLEDGED in interaction.extras:
        await _say_more(interaction, words)
    elif interaction.response.is_done():
        await interaction.followup.send(words, ephemeral=True)
    else:
        try:
            await interaction.response.send_message(words, ephemeral=True)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED or TRIED not in interaction.extras:
                raise
            # It was our own try that came through.
            await _say_more(interaction, words)


async def _say_more(interaction: discord.Interaction[Any], words: str) -> None:
    """After an acknowledgement: in place of "is thinking...", never of the message acted on."""
    if IN_PLACE in interaction.extras:
        await interaction.followup.send(words, ephemeral=True)
    else:
        await interaction.edit_original_response(content=words)


async def report(interaction: discord.Interaction[Any], error: Exception) -> None:
    """Tell the member what went wrong and, where it is our fault, the operator too."""
    if isinstance(error, app_commands.CommandInvokeError):
        error = error.original
    if isinstance(error, discord.NotFound) and error.code == UNKNOWN_INTERACTION:
        log.warning("interaction was acknowledged too late for Discord")
        return
    if isinstance(error, discord.HTTPException) and error.code == ALREADY_ACKNOWLEDGED:
        log.info("already answered interaction=%d", interaction.id)
        return
    if isinstance(error, ClosingError):
        # The process that takes this one's place may have heard it as well, and can answer.
        await interaction.client.clock.sleep(OTHERS_FIRST_SECONDS)
    if interaction.client.is_closed():
        log.info("interaction cut off by the end of this process: %s", type(error).__name__)
        return
    words = words_for(error)
    if words is None and isinstance(error, UNREACHABLE):
        log.warning("Discord was not reached for an interaction: %s", type(error).__name__)
        words = _("Discord did not take this from me. Try again.")
    if words is None:
        log.error("interaction failed", exc_info=error)
        words = _("Something went wrong inside the bot; its operator can find it in the log.")
    await tell(interaction, words)


async def setup(bot: commands.Bot) -> None:
    """Make this the place where errors of all commands end."""
    bot.tree.error(report)
