"""The buttons under a reply work on every message, however old it is."""

from __future__ import annotations

from bot.client import Bot
from bot.cogs._answer_buttons import (
    ContinueButton,
    FileButton,
    ModelSelect,
    OtherModelButton,
    RegenerateButton,
    RetryButton,
    StopButton,
    VariantButton,
)
from bot.cogs._controls import controls
from bot.cogs._picture_buttons import EditButton, EnlargeButton, RedoButton, UndoButton


async def setup(bot: Bot) -> None:
    """Put buttons under replies, and make those of all messages work, also of old ones."""
    bot.controls = controls
    bot.add_dynamic_items(
        StopButton,
        RetryButton,
        RegenerateButton,
        OtherModelButton,
        ModelSelect,
        ContinueButton,
        EditButton,
        EnlargeButton,
        UndoButton,
        RedoButton,
        VariantButton,
        FileButton,
    )
