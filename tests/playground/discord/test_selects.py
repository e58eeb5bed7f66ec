from __future__ import annotations

from typing import Any

import discord
import pytest

from bot.playground.discord import ApiError, LoopbackDiscord, Person
from bot.playground.discord.components import check
from bot.playground.discord.default_world import GENERAL_ID
from tests.playground.discord.client import Client

Picker = discord.ui.Select[discord.ui.View]


class Model(discord.ui.DynamicItem[Picker], template=r"model:(\d+)"):
    """A select as the bot uses them: its state is in its id."""

    def __init__(self, turn: str, **limits: Any) -> None:
        options = [discord.SelectOption(label=name) for name in ("fast", "thorough", "cheap")]
        super().__init__(discord.ui.Select(custom_id=f"model:{turn}", options=options, **limits))
        self.turn = turn

    @classmethod
    async def from_custom_id(cls, asked, item, match):
        return cls(match[1])

    async def callback(self, asked: discord.Interaction) -> None:
        words = f"turn {self.turn}: {', '.join(self.item.values)}"
        await asked.response.edit_message(content=words, view=None)


async def offer(client: Client, **limits: Any) -> discord.Message:
    view = discord.ui.View(timeout=None)
    view.add_item(Model("7", **limits))
    return await client.text_channel(GENERAL_ID).send("Another model?", view=view)


async def test_a_choice_reaches_the_bot_with_its_values(
    server: LoopbackDiscord, client: Client, mira: Person
):
    client.add_dynamic_items(Model)
    sent = await offer(client)
    chosen = await mira.select(sent.id, "model:7", ["thorough"])
    assert chosen.data == {
        "custom_id": "model:7",
        "component_type": 3,
        "values": ["thorough"],
    }
    assert await chosen.acknowledged()
    assert server.world.message(sent.id).content == "turn 7: thorough"


async def test_several_values_keep_the_order_in_which_they_were_chosen(
    server: LoopbackDiscord, client: Client, mira: Person
):
    client.add_dynamic_items(Model)
    sent = await offer(client, max_values=2)
    chosen = await mira.select(sent.id, "model:7", ["cheap", "fast"])
    assert await chosen.acknowledged()
    assert server.world.message(sent.id).content == "turn 7: cheap, fast"


@pytest.mark.parametrize(
    ("limits", "values"),
    [
        pytest.param({}, ["slow"], id="unknown"),
        pytest.param({}, [], id="too-few"),
        pytest.param({}, ["fast", "cheap"], id="too-many"),
        pytest.param({"max_values": 2}, ["fast", "fast"], id="twice"),
        pytest.param({"disabled": True}, ["fast"], id="disabled"),
    ],
)
async def test_what_a_client_would_not_let_one_choose_is_refused(
    client: Client, mira: Person, limits: dict[str, Any], values: list[str]
):
    sent = await offer(client, **limits)
    with pytest.raises(ApiError) as refused:
        await mira.select(sent.id, "model:7", values)
    assert refused.value.code == 50035


async def test_nothing_may_be_chosen_where_that_is_allowed(client: Client, mira: Person):
    sent = await offer(client, min_values=0)
    assert (await mira.select(sent.id, "model:7", [])).data["values"] == []


async def test_a_button_is_no_select_and_a_select_no_button(client: Client, mira: Person):
    view = discord.ui.View(timeout=None)
    view.add_item(discord.ui.Button(label="Stop", custom_id="stop"))
    view.add_item(Model("7"))
    sent = await client.text_channel(GENERAL_ID).send("growing", view=view)
    with pytest.raises(ApiError):
        await mira.select(sent.id, "stop", ["fast"])
    with pytest.raises(ApiError):
        await mira.press(sent.id, "model:7")


def select(count: int = 2, **changes: Any) -> dict[str, Any]:
    options = [{"label": str(number), "value": str(number)} for number in range(count)]
    return {"type": 3, "custom_id": "model", "options": options} | changes


@pytest.mark.parametrize(
    ("row", "code"),
    [
        pytest.param([select(0)], "BASE_TYPE_BAD_LENGTH", id="no-options"),
        pytest.param([select(26)], "BASE_TYPE_BAD_LENGTH", id="too-many-options"),
        pytest.param([select(2, max_values=3)], "BASE_TYPE_BAD_LENGTH", id="more-than-options"),
        pytest.param([select(2, min_values=2)], "BASE_TYPE_BAD_LENGTH", id="least-above-most"),
        pytest.param([select(placeholder="x" * 151)], "BASE_TYPE_MAX_LENGTH", id="placeholder"),
        pytest.param(
            [select(options=[{"label": "x" * 101, "value": "x"}])],
            "BASE_TYPE_MAX_LENGTH",
            id="long-label",
        ),
        pytest.param(
            [select(options=[{"label": "a", "value": "x"}, {"label": "b", "value": "x"}])],
            "SELECT_COMPONENT_OPTION_VALUE_DUPLICATED",
            id="same-value",
        ),
        pytest.param(
            [select(), {"type": 2, "style": 2, "label": "Stop", "custom_id": "stop"}],
            "COMPONENT_LAYOUT_WIDTH_EXCEEDED",
            id="shares-its-row",
        ),
        pytest.param(
            [{"type": 2, "style": 2, "label": "x" * 81, "custom_id": "stop"}],
            "BASE_TYPE_MAX_LENGTH",
            id="long-button",
        ),
    ],
)
def test_components_outside_discords_limits_are_refused(row: list[dict[str, Any]], code: str):
    with pytest.raises(ApiError) as refused:
        check([{"type": 1, "components": row}], is_v2=False)
    assert refused.value.errors is not None
    assert refused.value.errors["components"]["_errors"][0]["code"] == code


@pytest.mark.parametrize("count", [1, 25])
def test_a_select_may_have_up_to_25_options(count: int):
    check([{"type": 1, "components": [select(count)]}], is_v2=False)
