"""A reply in a place that remembers, and the time around it."""

from __future__ import annotations

import asyncio
import io
from typing import Any

import discord
from PIL import Image

from bot.chat.content import ImagePart
from bot.chat.turns import Ending, TurnState
from bot.replies.live import LiveReply
from bot.replies.pacing import EditBudget
from tests.replies.clock import FakeClock
from tests.replies.fake_place import FakePlace

COMPLETE = Ending(TurnState.COMPLETE)
STOPPED = Ending(TurnState.STOPPED, "Stopped by Ann.")


def controls(ending: Ending | None) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    label = "Stop" if ending is None else "Retry" if ending.can_retry else "Regenerate"
    view.add_item(discord.ui.Button(label=label))
    return view


class Stage:
    """A reply in a place, and the time around it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.place = FakePlace(self.clock)
        self.budget = EditBudget(self.clock)
        self.noted: list[tuple[int, int, int]] = []

    def reply(
        self, *, name: str = "42", max_pages: int = 6, show_reasoning: bool = False
    ) -> LiveReply:
        async def note(page: int, channel_id: int, message_id: int) -> None:
            self.noted.append((page, channel_id, message_id))

        return LiveReply(
            self.place,
            self.budget,
            self.clock,
            name=name,
            controls=controls,
            on_page=note,
            max_pages=max_pages,
            show_reasoning=show_reasoning,
        )

    async def end(self, reply: LiveReply, ending: Ending = COMPLETE) -> bool:
        return await self.clock.finish(reply.end(ending))


def picture(side: int = 4, *, noise: bool = False) -> ImagePart:
    made = Image.effect_noise((side, side), 90) if noise else Image.new("RGB", (side, side), "red")
    encoded = io.BytesIO()
    made.save(encoded, "PNG")
    return ImagePart(encoded.getvalue(), "image/png", alt="A red square")


async def until(stage: Stage, task: asyncio.Future[Any]) -> None:
    """Pass time until the task is done, with threads at work that know nothing of our clock."""
    while not task.done():
        await asyncio.sleep(0.001)
        await stage.clock.advance(1)
    await task
