"""Model names offered while a member types."""

from __future__ import annotations

from collections.abc import Iterable

from discord import app_commands

CHOICES = 25
"""Discord shows no more."""


def matching(names: Iterable[str], typed: str) -> list[app_commands.Choice[str]]:
    """The names that contain what was typed, those that begin with it first."""
    typed = typed.strip().lower()
    found = [name for name in names if typed in name.lower()]
    found.sort(key=lambda name: not name.lower().startswith(typed))
    return [app_commands.Choice(name=name, value=name) for name in found[:CHOICES]]
