"""Model names offered while a member types."""

from __future__ import annotations

from collections.abc import Iterable

from discord import app_commands

from bot.chat.names import plain

CHOICES = 25
"""Discord shows no more."""
MODEL_LENGTH = 100
"""Model ids are shorter; also the longest value of a choice."""


def code(name: str) -> str:
    """A name as inline code that it cannot break out of."""
    return "`" + (plain(name).replace("`", "'") or " ") + "`"


def matching(names: Iterable[str], typed: str) -> list[app_commands.Choice[str]]:
    """The names that contain what was typed, those that begin with it first."""
    typed = typed.strip().lower()
    found = [name for name in names if typed in name.lower()]
    found.sort(key=lambda name: not name.lower().startswith(typed))
    return [app_commands.Choice(name=name, value=name) for name in found[:CHOICES]]
