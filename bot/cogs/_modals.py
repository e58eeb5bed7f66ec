"""Forms and panels: understood by their custom ids, also after a restart of the bot."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

import discord
from discord import ui

from bot.client import Bot

Values = Mapping[str, str]
"""What was filled in, by the field's custom id; of a choice the first value, empty for none."""
Handler = Callable[[discord.Interaction[Bot], re.Match[str], Values], Awaitable[None]]
"""Takes a submitted form. Its custom id is untrusted: check again who may do what."""

Press = Callable[[discord.Interaction[Bot], re.Match[str]], Awaitable[None]]
"""Takes the use of a button or select; just as untrusted."""

_handlers: dict[re.Pattern[str], Handler] = {}
_presses: dict[re.Pattern[str], Press] = {}


def handles(pattern: str) -> Callable[[Handler], Handler]:
    """Register what is done with forms whose custom id fits the pattern."""

    def register(handler: Handler) -> Handler:
        _handlers[re.compile(pattern)] = handler
        return handler

    return register


def presses(pattern: str) -> Callable[[Press], Press]:
    """Register what is done with buttons and selects whose custom id fits the pattern."""

    def register(press: Press) -> Press:
        _presses[re.compile(pattern)] = press
        return press

    return register


async def pressed(interaction: discord.Interaction[Bot]) -> None:
    """Give the use of a button or select to whom it belongs; others are dynamic items.

    Raises:
        Exception: whatever its handler raises.
    """
    data: Mapping[str, Any] = interaction.data or {}
    for pattern, press in _presses.items():
        if found := pattern.fullmatch(data.get("custom_id", "")):
            await press(interaction, found)


async def show(interaction: discord.Interaction[Any], form: ui.Modal) -> None:
    """Show a form; it has to be the first answer to the interaction."""
    # The library would keep it in memory until it comes back, or for ever.
    form.stop()
    await interaction.response.send_modal(form)


async def submitted(interaction: discord.Interaction[Bot]) -> bool:
    """Give a submitted form to whom it belongs; False when nobody knows it.

    Raises:
        Exception: whatever its handler raises.
    """
    data: Mapping[str, Any] = interaction.data or {}
    for pattern, handler in _handlers.items():
        if found := pattern.fullmatch(data.get("custom_id", "")):
            await handler(interaction, found, dict(_filled_in(data.get("components", ()))))
            return True
    return False


def _filled_in(components: Iterable[Mapping[str, Any]]) -> Iterable[tuple[str, str]]:
    for component in components:
        if "component" in component:  # a label around a field
            yield from _filled_in([component["component"]])
        elif "components" in component:  # a row of fields
            yield from _filled_in(component["components"])
        elif "custom_id" in component:
            values = component.get("values") or [component.get("value") or ""]
            yield component["custom_id"], str(values[0])
