from __future__ import annotations

from typing import Any

import pytest
from discord import SelectOption, TextStyle, ui

from bot.playground.discord.errors import ApiError
from bot.playground.discord.forms import checked, submission


def modal(*items, title: str = "Edit") -> dict[str, Any]:
    form = ui.Modal(title="x", custom_id="edit:1")
    for item in items:
        form.add_item(item)
    return {**form.to_dict(), "title": title}


def words(**more):
    return ui.Label(text="What?", component=ui.TextInput(custom_id="words", **more))


def choice(**more):
    options = [SelectOption(label="one"), SelectOption(label="two", default=True)]
    return ui.Label(text="Which?", component=ui.Select(custom_id="which", options=options, **more))


def test_a_form_comes_back_with_what_was_filled_in():
    form = checked(modal(words(style=TextStyle.paragraph), choice()))
    data = submission(form, {"words": "at night", "which": ["one"]})
    assert data["custom_id"] == "edit:1"
    fields = [row["component"] for row in data["components"]]
    assert [field.get("value", field.get("values")) for field in fields] == ["at night", ["one"]]


def test_what_is_not_touched_comes_back_as_it_was():
    form = checked(modal(words(default="day"), choice()))
    fields = [row["component"] for row in submission(form, {})["components"]]
    assert [field.get("value", field.get("values")) for field in fields] == ["day", ["two"]]


@pytest.mark.parametrize(
    "values",
    [{"words": ""}, {"words": "x" * 11}, {"words": "a", "which": ["three"]}, {"other": "a"}],
)
def test_what_the_client_would_not_send_is_refused(values):
    form = checked(modal(words(max_length=10), choice()))
    with pytest.raises(ApiError):
        submission(form, values)


@pytest.mark.parametrize(
    "form",
    [
        pytest.param(modal(words(), title="x" * 46), id="long title"),
        pytest.param({**modal(words()), "components": []}, id="empty"),
        pytest.param({**modal(words()), "components": [{"type": 2}]}, id="a button"),
    ],
)
def test_what_discord_would_not_show_is_refused(form):
    with pytest.raises(ApiError):
        checked(form)
