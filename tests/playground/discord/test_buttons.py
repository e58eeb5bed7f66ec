from __future__ import annotations

import discord
import pytest

from bot.playground.discord import ApiError, LoopbackDiscord, Person
from bot.playground.discord.default_world import GENERAL_ID
from tests.playground.discord.client import Client


class Stop(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=r"stop:(\d+)"):
    """A button as the bot uses them: its state is in its id."""

    def __init__(self, turn: str, disabled: bool = False) -> None:
        super().__init__(
            discord.ui.Button(label="Stop", custom_id=f"stop:{turn}", disabled=disabled)
        )
        self.turn = turn

    @classmethod
    async def from_custom_id(cls, asked, item, match):
        return cls(match[1])

    async def callback(self, asked: discord.Interaction) -> None:
        if self.turn == "2":
            await asked.response.send_message("not yours", ephemeral=True)
        elif self.turn == "3":
            await asked.response.defer()
            await asked.edit_original_response(content="stopped later", view=None)
        else:
            await asked.response.edit_message(content="stopped", view=None)


def stop_view(turn: str, *, disabled: bool = False) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    view.add_item(Stop(turn, disabled))
    return view


async def test_a_button_edits_its_own_message(
    server: LoopbackDiscord, client: Client, mira: Person
):
    client.add_dynamic_items(Stop)
    sent = await client.text_channel(GENERAL_ID).send("growing", view=stop_view("1"))
    pressed = await mira.press(sent.id, "stop:1")
    assert await pressed.acknowledged()
    kept = server.world.message(sent.id)
    assert kept.content == "stopped"
    assert kept.components == ()


async def test_a_button_can_answer_with_a_message_of_its_own(
    server: LoopbackDiscord, client: Client, mira: Person
):
    client.add_dynamic_items(Stop)
    sent = await client.text_channel(GENERAL_ID).send("growing", view=stop_view("2"))
    pressed = await mira.press(sent.id, "stop:2")
    await pressed.acknowledged()
    assert pressed.ephemeral
    assert pressed.response is not None
    assert pressed.response.content == "not yours"
    assert server.world.message(sent.id).content == "growing"


async def test_a_button_can_defer_and_edit_its_message_later(
    server: LoopbackDiscord, client: Client, mira: Person
):
    client.add_dynamic_items(Stop)
    sent = await client.text_channel(GENERAL_ID).send("growing", view=stop_view("3"))
    await mira.press(sent.id, "stop:3")
    kept = server.world.message(sent.id)
    await server.world.wait_for(lambda: kept.content == "stopped later")


async def test_a_disabled_or_missing_button_cannot_be_pressed(client: Client, mira: Person):
    view = stop_view("1", disabled=True)
    sent = await client.text_channel(GENERAL_ID).send("growing", view=view)
    for custom_id in ("stop:1", "start:1"):
        with pytest.raises(ApiError):
            await mira.press(sent.id, custom_id)
