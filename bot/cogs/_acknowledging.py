"""Acknowledging interactions, also when Discord's answer to that is lost."""

from __future__ import annotations

from typing import Any

import aiohttp
import discord

ALREADY_ACKNOWLEDGED = 40060
"""By an earlier try of ours, or by another process of the bot."""
ACKNOWLEDGED = "acknowledged"
"""Marks interactions that Discord has as deferred although its answer to that was lost."""
TRIED = "tried"
"""Marks those that it may have as deferred."""
IN_PLACE = "in place"
"""Marks those of a message that stays as it is: its buttons' and forms', unless they "think"."""
UNREACHABLE = (discord.DiscordServerError, aiohttp.ClientError, TimeoutError, ConnectionError)
"""What a call fails with that may have come through all the same."""


async def acknowledge(
    interaction: discord.Interaction[Any], *, thinking: bool = False, ephemeral: bool = False
) -> int | None:
    """Acknowledge within Discord's three seconds; the id of the message that "is thinking…", if
    Discord tells it.

    Raises:
        discord.HTTPException: Discord does not take it.
    """
    if not thinking and interaction.type is not discord.InteractionType.application_command:
        interaction.extras[IN_PLACE] = True
    try:
        deferred = await interaction.response.defer(thinking=thinking, ephemeral=ephemeral)
    except UNREACHABLE:
        # It may have come through all the same; then the second one is refused as a repetition.
        interaction.extras[TRIED] = True
        try:
            deferred = await interaction.response.defer(thinking=thinking, ephemeral=ephemeral)
        except discord.HTTPException as error:
            if error.code != ALREADY_ACKNOWLEDGED:
                raise
            interaction.extras[ACKNOWLEDGED] = True
            return None
    return deferred.message_id if deferred is not None and thinking else None


def is_acknowledged(interaction: discord.Interaction[Any]) -> bool:
    """Whether Discord has an answer already, also one whose own answer was lost."""
    return interaction.response.is_done() or ACKNOWLEDGED in interaction.extras
