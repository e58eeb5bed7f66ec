"""The panel of `/config`: what holds in a place, and forms to change it.

Everything it has to know stands in the custom ids of its parts, so that it works for ever. They are
untrusted: whoever uses a part is checked again.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import discord
from discord import ui

from bot.chat.advice import unsuited
from bot.chat.policy import Effective
from bot.chat.preferences import FIELDS
from bot.chat.turns import Task
from bot.client import Bot
from bot.cogs._acknowledging import is_acknowledged
from bot.cogs._config import (
    INHERIT,
    SECTIONS,
    WARNING,
    checked_place,
    place_of,
    section_names,
    settings_lines,
    within,
)
from bot.cogs._config_lists import LIST_LENGTH, list_lines
from bot.i18n import _

TEXT_LENGTH = 3_500
"""Discord takes 4,000 characters in all texts of such a message together."""
OPTIONS = 25
QUERY_LENGTH = 30
MODELS_SHOWN = OPTIONS - 1
"""One of the options takes the choice back."""
CHAT, IMAGE, LISTS, KEYS = "chat", "image", "lists", "keys"
TASKS = {CHAT: Task.CHAT, IMAGE: Task.IMAGE}
MODEL_FIELDS = {CHAT: "chat_model", IMAGE: "image_model"}


@dataclass(frozen=True, slots=True)
class Spot:
    """Where in the panel somebody is: a page, and of which channel or category (0: the server)."""

    page: str = CHAT
    place: int = 0
    offset: int = 0
    query: str = ""

    def custom_id(self, what: str) -> str:
        """The id of a part on this page."""
        return f"panel:{what}:{self.page}:{self.place}:{self.offset}:{self.query}"

    @property
    def place_id(self) -> int | None:
        """The layer that is shown; None is the server's."""
        return self.place or None


ID = (
    r"panel:{what}:(?P<page>[a-z]{{1,10}}):(?P<place>[0-9]{{1,19}}):(?P<offset>[0-9]{{1,5}}):"
    r"(?P<query>.{{0,30}})"
)


def spot_of(interaction: discord.Interaction[Bot], match: re.Match[str]) -> Spot:
    """What a custom id says.

    Raises:
        QuestionError: its channel is not one of this server.
    """
    place_id = checked_place(interaction, match["place"])
    return Spot(match["page"], place_id or 0, int(match["offset"]), match["query"])


def pages() -> dict[str, str]:
    """The panel's pages, in words."""
    sections = section_names()
    del sections["models"]
    return {
        CHAT: _("Chat model"),
        IMAGE: _("Image model"),
        **sections,
        LISTS: _("Access and quotas"),
        KEYS: _("Auth code"),
    }


async def show_page(interaction: discord.Interaction[Bot], spot: Spot, note: str = "") -> None:
    """Show a page in the panel's place."""
    view = await _view(interaction, spot, note)
    if is_acknowledged(interaction):
        await interaction.edit_original_response(view=view)
    else:
        await interaction.response.edit_message(view=view)


async def _view(interaction: discord.Interaction[Bot], spot: Spot, note: str = "") -> ui.LayoutView:
    bot = interaction.client
    if spot.page not in pages():
        spot = Spot(place=spot.place)
    effective = await bot.policy.effective(place_of(interaction, spot.place_id))
    where = f"<#{spot.place}>" if spot.place else _("the whole server")
    # The note comes first: lists may be cut off, what became of a change may not.
    lines = [_("## Settings: {place}").format(place=where), *([note, ""] if note else [])]
    lines += _lines(effective, spot)
    view = ui.LayoutView(timeout=None)
    view.add_item(ui.Container(ui.TextDisplay(within(lines, TEXT_LENGTH))))
    for row in [_page_row(spot), *_rows(bot, effective, spot), *_place_rows(spot)]:
        view.add_item(row)
    # Its parts are understood by their ids; the library would keep it in memory.
    view.stop()
    return view


def _lines(effective: Effective, spot: Spot) -> list[str]:
    match spot.page:
        case "chat" | "image":
            lines = settings_lines(effective, [MODEL_FIELDS[spot.page]])
            return lines + [f"-# {sentence}" for sentence in unsuited(effective)]
        case "lists":
            return list_lines(effective.lists, LIST_LENGTH)
        case "keys":
            said = _("This server uses the bot's auth code.")
            if effective.key is not None:
                said = _("This server uses its own auth code, `…{tail}`.").format(
                    tail=effective.key.tail
                )
            return [said, *settings_lines(effective, WARNING)]
        case section:
            more = ["persona"] if section == "manner" else []
            return settings_lines(effective, [*more, *fields_of(spot)])


def fields_of(spot: Spot) -> list[str]:
    """The settings of a section that its layer can have."""
    return [
        name
        for name in SECTIONS.get(spot.page, ())
        if not (spot.place and FIELDS[name].server_only)
    ]


def _page_row(spot: Spot) -> ui.ActionRow[Any]:
    options = [
        discord.SelectOption(label=label, value=page, default=page == spot.page)
        for page, label in pages().items()
    ]
    select: ui.Select[Any] = ui.Select(custom_id=spot.custom_id("page"), options=options)
    return ui.ActionRow(select)


def _place_rows(spot: Spot) -> Sequence[ui.ActionRow[Any]]:
    # Without the place: these two lead away from a channel that is gone.
    elsewhere = replace(spot, place=0)
    select: ui.ChannelSelect[Any] = ui.ChannelSelect(
        custom_id=elsewhere.custom_id("place"),
        placeholder=_("Settings of a channel or category"),
        channel_types=[
            discord.ChannelType.text,
            discord.ChannelType.news,
            discord.ChannelType.voice,
            discord.ChannelType.stage_voice,
            discord.ChannelType.forum,
            discord.ChannelType.media,
            discord.ChannelType.category,
        ],
        default_values=[
            discord.SelectDefaultValue(id=spot.place, type=discord.SelectDefaultValueType.channel)
        ]
        if spot.place
        else [],
    )
    everywhere = _button(elsewhere, "everywhere", _("The whole server"), disabled=not spot.place)
    return [ui.ActionRow(select), ui.ActionRow(everywhere)]


def _button(spot: Spot, what: str, label: str, *, disabled: bool = False) -> ui.Button[Any]:
    return ui.Button(
        style=discord.ButtonStyle.secondary,
        label=label,
        custom_id=spot.custom_id(what),
        disabled=disabled,
    )


def _rows(bot: Bot, effective: Effective, spot: Spot) -> Sequence[ui.ActionRow[Any]]:
    """The parts that a page has of its own."""
    match spot.page:
        case "chat" | "image":
            return _model_rows(bot, effective, spot)
        case "lists":
            roles: ui.RoleSelect[Any] = ui.RoleSelect(
                custom_id=spot.custom_id("role"),
                placeholder=_("Allow, deny or limit a role"),
            )
            members: ui.UserSelect[Any] = ui.UserSelect(
                custom_id=spot.custom_id("member"),
                placeholder=_("Allow, deny or limit a member"),
            )
            here = ui.ActionRow(
                _button(spot, "server", _("Limit all together")),
                _button(spot, "here", _("Allow or deny this place"), disabled=not spot.place),
                _button(spot, "unlist", _("Reset access")),
                _button(spot, "unlimit", _("Reset quotas")),
            )
            return [ui.ActionRow(roles), ui.ActionRow(members), here]
        case "keys":
            is_own = effective.key is not None
            warning: ui.ChannelSelect[Any] = ui.ChannelSelect(
                custom_id=spot.custom_id("warn"),
                placeholder=_("Warn of low credit in a channel"),
                channel_types=[discord.ChannelType.text, discord.ChannelType.news],
                disabled=not is_own,
            )
            return [
                ui.ActionRow(
                    _button(spot, "key", _("Enter an auth code")),
                    _button(spot, "keyless", _("Forget it"), disabled=not is_own),
                    _button(spot, "balance", _("Balance")),
                ),
                ui.ActionRow(warning),
            ]
        case _:
            buttons = [_button(spot, "form", _("Change"), disabled=not fields_of(spot))]
            if spot.page == "manner":
                buttons.append(_button(spot, "persona", _("Persona")))
            if spot.page == "keeping":
                buttons += [
                    _button(spot, "log", _("Log")),
                    _button(spot, "export", _("Export")),
                    _button(spot, "reset", _("Reset")),
                ]
            return [ui.ActionRow(*buttons)]


def _model_rows(bot: Bot, effective: Effective, spot: Spot) -> Sequence[ui.ActionRow[Any]]:
    models = [name for name in bot.models.names(TASKS[spot.page]) if spot.query in name.lower()]
    start = spot.offset if spot.offset < len(models) else 0
    current = getattr(effective, MODEL_FIELDS[spot.page]).value
    options = [discord.SelectOption(label=_("inherit (take the choice back)"), value=INHERIT)]
    options += [
        discord.SelectOption(label=name, value=name, default=name == current)
        for name in models[start : start + MODELS_SHOWN]
    ]
    select: ui.Select[Any] = ui.Select(
        custom_id=spot.custom_id("model"),
        placeholder=_("Choose a model"),
        options=options,
    )
    back, on = max(0, start - MODELS_SHOWN), start + MODELS_SHOWN
    return [
        ui.ActionRow(select),
        ui.ActionRow(
            _button(replace(spot, offset=back), "back", "◀", disabled=start == 0),
            _button(replace(spot, offset=on), "on", "▶", disabled=on >= len(models)),
            _button(spot, "search", _("Search")),
        ),
    ]
