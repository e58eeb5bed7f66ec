"""Where something happens, as far as settings go."""

from __future__ import annotations

from typing import NamedTuple


class SettingsPlace(NamedTuple):
    """Whose settings hold: a thread goes by its parent's channel; no server in direct messages."""

    guild_id: int | None
    channel_id: int
    category_id: int | None = None
