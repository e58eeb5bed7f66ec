"""What is done with the parts of the panel, and with the forms it opens.

Their custom ids are untrusted: whoever uses a part is checked again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import discord
from discord import ui

from bot.chat.preferences import FIELDS, Change, Configuration, Preferences, Setting
from bot.chat.setting_names import choice_names, names
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._config import (
    INHERIT,
    change_in_words,
    check_admin,
    checked_place,
    guild_id_of,
)
from bot.cogs._config_moving import propose_reset, show_export, show_log
from bot.cogs._config_settings import check_models, parsed, show_persona_form
from bot.cogs._modals import Values, handles, presses, show
from bot.cogs._models import matching
from bot.cogs._panel import (
    CHAT,
    ID,
    MODEL_FIELDS,
    QUERY_LENGTH,
    TASKS,
    Spot,
    fields_of,
    pages,
    show_page,
    spot_of,
)
from bot.cogs._places import speaker_of
from bot.errors import QuestionError
from bot.i18n import _


async def open_panel(interaction: discord.Interaction[Bot]) -> None:
    """Show the panel to whoever asked, and to nobody else."""
    await acknowledge(interaction, ephemeral=True)
    await show_page(interaction, Spot())


Work = Callable[[discord.Interaction[Bot], Spot, list[str]], Awaitable[None]]
"""What a part of the panel does; of a select it gets the chosen values."""


def panel_part(what: str) -> Callable[[Work], Work]:
    """Register what is done with a part of the panel, for admins only."""

    def register(work: Work) -> Work:
        @presses(ID.format(what=what))
        async def checked(interaction: discord.Interaction[Bot], match: re.Match[str]) -> None:
            check_admin(interaction)
            await work(interaction, spot_of(interaction, match), _chosen(interaction))

        return work

    return register


def _chosen(interaction: discord.Interaction[Bot]) -> list[str]:
    data: Any = interaction.data or {}
    return [str(value) for value in data.get("values", ())]


@panel_part("page")
async def _page(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    await show_page(interaction, Spot(chosen[0] if chosen else CHAT, spot.place))


@panel_part("place")
async def _place(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    place_id = checked_place(interaction, chosen[0] if chosen else "0")
    await show_page(interaction, Spot(spot.page, place_id or 0))


@panel_part("everywhere")
async def _everywhere(
    interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]
) -> None:
    await show_page(interaction, Spot(spot.page))


@panel_part("(?:back|on)")
async def _turn(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await show_page(interaction, spot)


@panel_part("model")
async def _model(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    if spot.page not in MODEL_FIELDS or not chosen:
        raise QuestionError(_("I do not know this part any more. Open the panel again."))
    model = None if chosen[0] == INHERIT else chosen[0]
    changes: dict[str, Setting] = {MODEL_FIELDS[spot.page]: model}
    check_models(changes)
    await _save(interaction, spot, changes)


@panel_part("search")
async def _search(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    form = ui.Modal(title=_("Search"), custom_id=replace(spot, query="").custom_id("find"))
    words: ui.TextInput[Any] = ui.TextInput(
        custom_id="words", max_length=QUERY_LENGTH, required=False, default=spot.query or None
    )
    form.add_item(ui.Label(text=_("Part of the model's name"), component=words))
    await show(interaction, form)


@panel_part("form")
async def _form(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    fields = fields_of(spot) if spot.page in pages() else []
    if not fields:
        raise QuestionError(_("This can only be set for the whole server."))
    layer = (await _configuration(interaction)).at(spot.place_id)
    stamp = _stamp(layer, fields)
    form = ui.Modal(
        title=pages()[spot.page][:45], custom_id=replace(spot, query=stamp).custom_id("set")
    )
    words = names()
    for name in fields:
        form.add_item(ui.Label(text=words[name][:45], component=_field(name, layer)))
    await show(interaction, form)


def _field(name: str, layer: Preferences) -> ui.Item[Any]:
    """A field of a form, filled in with what the layer has set."""
    value, rule = getattr(layer, name), FIELDS[name]
    choices = ("on", "off") if rule.kind is bool else rule.choices
    if choices:
        now = INHERIT if value is None else value
        if isinstance(now, bool):
            now = "on" if now else "off"
        labels = {INHERIT: _("inherit"), "on": _("on"), "off": _("off"), **choice_names()}
        group: ui.RadioGroup[Any] = ui.RadioGroup(custom_id=name)
        for choice in (INHERIT, *choices):
            group.add_option(label=labels[choice], value=choice, default=choice == now)
        return group
    text: ui.TextInput[Any] = ui.TextInput(
        custom_id=name,
        required=False,
        max_length=64,
        placeholder=_("empty: inherit"),
        default=None if value is None else f"{value:g}" if rule.kind is float else str(value),
    )
    return text


@panel_part("persona")
async def _persona(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await show_persona_form(interaction, spot.place_id)


@panel_part("log")
async def _log(interaction: discord.Interaction[Bot], _spot: Spot, _chosen: list[str]) -> None:
    await show_log(interaction)


@panel_part("export")
async def _export(interaction: discord.Interaction[Bot], _spot: Spot, _chosen: list[str]) -> None:
    await show_export(interaction)


@panel_part("reset")
async def _reset(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await propose_reset(interaction, "settings", spot.place_id)


# What is done with the forms.


@handles(ID.format(what="find"))
async def _found(
    interaction: discord.Interaction[Bot], match: re.Match[str], values: Values
) -> None:
    check_admin(interaction)
    query = " ".join(values.get("words", "").lower().split())[:QUERY_LENGTH].strip()
    spot = replace(spot_of(interaction, match), offset=0, query=query)
    note = ""
    if spot.page in TASKS and not matching(
        interaction.client.models.names(TASKS[spot.page]), query
    ):
        note = _("No model is called like that. With `/config model` any name can be typed.")
        spot = replace(spot, query="")
    await show_page(interaction, spot, note)


@handles(ID.format(what="set"))
async def _filled_in(
    interaction: discord.Interaction[Bot], match: re.Match[str], values: Values
) -> None:
    check_admin(interaction)
    spot = spot_of(interaction, match)
    stamp, spot = spot.query, replace(spot, query="")
    fields = fields_of(spot)
    settings = {name: parsed(name, values.get(name, "")) for name in fields if name in values}
    await _save(interaction, spot, settings, stamp=stamp)


async def _save(
    interaction: discord.Interaction[Bot],
    spot: Spot,
    settings: dict[str, Setting],
    *,
    stamp: str = "",
) -> None:
    """Set fields of the layer that is shown, unless they are not any more what the form showed."""

    def edit(old: Configuration) -> Configuration:
        if stamp and _stamp(old.at(spot.place_id), fields_of(spot)) != stamp:
            raise QuestionError(
                _(
                    "Somebody changed this meanwhile, so nothing was saved. The panel shows what "
                    "holds now; `/config log` says who it was."
                )
            )
        return old.with_settings(spot.place_id, settings)

    await change(interaction, spot, edit)


async def change(interaction: discord.Interaction[Bot], spot: Spot, edit: Any) -> None:
    """Change the server's settings, and show what that changed on the page."""
    await acknowledge(interaction)
    bot = interaction.client
    try:
        changes: list[Change] = await bot.policy.change(
            guild_id_of(interaction), edit, speaker_of(interaction.user)
        )
    except QuestionError as error:
        await show_page(interaction, spot, f"⚠ {error}")
        return
    note = [_("**Changed**"), *map(change_in_words, changes)]
    await show_page(interaction, spot, "\n".join(note) if changes else _("Nothing changed."))


async def _configuration(interaction: discord.Interaction[Bot]) -> Configuration:
    return await interaction.client.policy.configuration(guild_id_of(interaction))


def _stamp(layer: Preferences, fields: Sequence[str]) -> str:
    """A short word for what a form shows, to see later whether it still holds."""
    shown = repr([getattr(layer, name) for name in fields])
    return hashlib.sha256(shown.encode()).hexdigest()[:12]
