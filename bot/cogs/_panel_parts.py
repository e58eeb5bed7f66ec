"""What is done with the parts of the panel, and with the forms it opens.

Their custom ids are untrusted: whoever uses a part is checked again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

import discord
from discord import ui

from bot.chat.access import Allowance, Subject, Verdict
from bot.chat.moving import LARGEST_ID
from bot.chat.names import plain
from bot.chat.preferences import FIELDS, Change, Configuration, Preferences, Setting
from bot.chat.quota import MICRO, Holder, Limit, Measure, Period
from bot.client import Bot
from bot.cogs._acknowledging import acknowledge
from bot.cogs._config import (
    INHERIT,
    change_in_words,
    check_admin,
    checked_place,
    guild_id_of,
    names,
)
from bot.cogs._config_keys import show_balance, show_key_form
from bot.cogs._config_lists import of_lists, with_allowance, with_rules
from bot.cogs._config_moving import propose_reset, show_export, show_log
from bot.cogs._config_settings import check_models, parsed, show_persona_form
from bot.cogs._modals import Values, handles, presses, show
from bot.cogs._models import MODEL_LENGTH, code, matching
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

_Choice = TypeVar("_Choice", bound=StrEnum)


async def open_panel(interaction: discord.Interaction[Bot]) -> None:
    """Show the panel to whoever asked, and to nobody else."""
    await acknowledge(interaction, ephemeral=True)
    await show_page(interaction, Spot())


_WHOM = re.compile(r"(role|member|place|server(?=0$))(0|[1-9][0-9]{0,18})")
"""Whom a form is about; all together have no id."""
Work = Callable[[discord.Interaction[Bot], Spot, list[str]], Awaitable[None]]
"""What a part of the panel does; of a select it gets the chosen values."""


def _panel_part(what: str) -> Callable[[Work], Work]:
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


@_panel_part("page")
async def _page(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    await show_page(interaction, Spot(chosen[0] if chosen else CHAT, spot.place))


@_panel_part("place")
async def _place(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    place_id = checked_place(interaction, chosen[0] if chosen else "0")
    await show_page(interaction, Spot(spot.page, place_id or 0))


@_panel_part("everywhere")
async def _everywhere(
    interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]
) -> None:
    await show_page(interaction, Spot(spot.page))


@_panel_part("(?:back|on)")
async def _turn(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await show_page(interaction, spot)


@_panel_part("model")
async def _model(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    if spot.page not in MODEL_FIELDS or not chosen:
        raise QuestionError(_("I do not know this part any more. Open the panel again."))
    model = None if chosen[0] == INHERIT else chosen[0]
    changes: dict[str, Setting] = {MODEL_FIELDS[spot.page]: model}
    check_models(changes)
    await _save(interaction, spot, changes)


@_panel_part("search")
async def _search(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    form = ui.Modal(title=_("Search"), custom_id=replace(spot, query="").custom_id("find"))
    words: ui.TextInput[Any] = ui.TextInput(
        custom_id="words", max_length=QUERY_LENGTH, required=False, default=spot.query or None
    )
    form.add_item(ui.Label(text=_("Part of the model's name"), component=words))
    await show(interaction, form)


@_panel_part("form")
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
        labels = {INHERIT: _("inherit"), "on": _("on"), "off": _("off")}
        group: ui.RadioGroup[Any] = ui.RadioGroup(custom_id=name)
        for choice in (INHERIT, *choices):
            group.add_option(label=labels.get(choice, choice), value=choice, default=choice == now)
        return group
    text: ui.TextInput[Any] = ui.TextInput(
        custom_id=name,
        required=False,
        max_length=64,
        placeholder=_("empty: inherit"),
        default=None if value is None else f"{value:g}" if rule.kind is float else str(value),
    )
    return text


@_panel_part("persona")
async def _persona(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await show_persona_form(interaction, spot.place_id)


@_panel_part("key")
async def _key(interaction: discord.Interaction[Bot], _spot: Spot, _chosen: list[str]) -> None:
    await show_key_form(interaction)


@_panel_part("keyless")
async def _keyless(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await acknowledge(interaction)
    bot = interaction.client
    await bot.policy.keep_key(guild_id_of(interaction), None, speaker_of(interaction.user))
    await show_page(interaction, spot, _("The auth code is forgotten."))


@_panel_part("balance")
async def _balance(interaction: discord.Interaction[Bot], _spot: Spot, _chosen: list[str]) -> None:
    await acknowledge(interaction, ephemeral=True, thinking=True)
    await show_balance(interaction)


@_panel_part("log")
async def _log(interaction: discord.Interaction[Bot], _spot: Spot, _chosen: list[str]) -> None:
    await show_log(interaction)


@_panel_part("export")
async def _export(interaction: discord.Interaction[Bot], _spot: Spot, _chosen: list[str]) -> None:
    await show_export(interaction)


@_panel_part("reset")
async def _reset(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await propose_reset(interaction, "settings", spot.place_id)


@_panel_part("role")
async def _role(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    await _ask_about(interaction, spot, f"role{chosen[0]}" if chosen else "")


@_panel_part("member")
async def _member(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    await _ask_about(interaction, spot, f"member{chosen[0]}" if chosen else "")


@_panel_part("server")
async def _server(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await _ask_about(interaction, spot, "server0")


@_panel_part("here")
async def _here(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await _ask_about(interaction, spot, f"place{spot.place}")


async def _ask_about(interaction: discord.Interaction[Bot], spot: Spot, whom: str) -> None:
    """Ask what holds for a role, a member, a place, or all together."""
    if _whom(whom) is None:
        raise QuestionError(_("Choose a role, a member or a channel."))
    form = ui.Modal(
        title=_("Access and quotas"), custom_id=replace(spot, query=whom).custom_id("whom")
    )
    if not whom.startswith("server"):
        group: ui.RadioGroup[Any] = ui.RadioGroup(custom_id="verdict", required=False)
        group.add_option(label=_("Allow"), value="allow")
        group.add_option(label=_("Deny"), value="deny")
        group.add_option(label=_("Off the lists"), value="forget")
        form.add_item(ui.Label(text=_("Access"), component=group))
    if not whom.startswith("place"):
        measures: ui.Select[Any] = ui.Select(
            custom_id="measure",
            required=False,
            options=[
                discord.SelectOption(label=_("Questions"), value="requests"),
                discord.SelectOption(label=_("Tokens"), value="tokens"),
                discord.SelectOption(label=_("Pictures"), value="images"),
                discord.SelectOption(label=_("Credits"), value="credits"),
            ],
        )
        amount: ui.TextInput[Any] = ui.TextInput(
            custom_id="amount", required=False, max_length=12, placeholder=_("empty: no limit")
        )
        period: ui.RadioGroup[Any] = ui.RadioGroup(custom_id="period", required=False)
        period.add_option(label=_("per hour"), value="hour")
        period.add_option(label=_("per day"), value="day", default=True)
        period.add_option(label=_("per month"), value="month")
        form.add_item(ui.Label(text=_("Limit of"), component=measures))
        form.add_item(ui.Label(text=_("At most"), component=amount))
        form.add_item(ui.Label(text=_("How often it starts anew"), component=period))
    if whom.startswith("role"):
        model: ui.TextInput[Any] = ui.TextInput(
            custom_id="model", required=False, max_length=MODEL_LENGTH
        )
        form.add_item(
            ui.Label(
                text=_("A model that the role may use"),
                description=_("Once any role is given a model, only given ones can be used."),
                component=model,
            )
        )
    await show(interaction, form)


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


@handles(ID.format(what="whom"))
async def _about(
    interaction: discord.Interaction[Bot], match: re.Match[str], values: Values
) -> None:
    check_admin(interaction)
    spot = spot_of(interaction, match)
    found = _whom(spot.query)
    if found is None:
        raise QuestionError(_("I do not know this form any more. Open it again."))
    kind, whom = found
    edits = []
    verdict = values.get("verdict", "")
    if verdict and kind != "server":
        subject = {"role": Subject.ROLE, "member": Subject.MEMBER}.get(kind) or _place_subject(
            interaction, whom
        )
        rule = None if verdict == "forget" else _chosen_of(Verdict, verdict)
        edits.append(of_lists(with_rules([(subject, whom)], rule)))
    if values.get("measure") and kind != "place":
        edits.append(_limit_edit(kind, whom, values))
    if (model := values.get("model", "").strip()) and kind == "role":
        if len(model) > MODEL_LENGTH or model != plain(model):
            raise QuestionError(_("No model is called {model}.").format(model=code(model)))
        edits.append(of_lists(with_allowance(Allowance(whom, model))))
    if not edits:
        raise QuestionError(_("Choose at least one thing to change."))

    def edit(old: Configuration) -> Configuration:
        for each in edits:
            old = each(old)
        return old

    await _change(interaction, replace(spot, query=""), edit)


def _chosen_of(kind: type[_Choice], value: str) -> _Choice:
    """What was chosen, if it was one of the choices.

    Raises:
        QuestionError: it was not.
    """
    try:
        return kind(value)
    except ValueError:
        raise QuestionError(_("I do not know this form any more. Open it again.")) from None


def _place_subject(interaction: discord.Interaction[Bot], place_id: int) -> Subject:
    channel = interaction.guild.get_channel(place_id) if interaction.guild else None
    return Subject.CATEGORY if isinstance(channel, discord.CategoryChannel) else Subject.CHANNEL


def _whom(told: str) -> tuple[str, int] | None:
    """What kind of holder and which one; None for what nobody can be."""
    found = _WHOM.fullmatch(told)
    if found is None or int(found[2]) > LARGEST_ID:
        return None
    return found[1], int(found[2])


def _limit_edit(kind: str, whom: int, values: Values) -> Any:
    measure = _chosen_of(Measure, values["measure"])
    period = _chosen_of(Period, values.get("period") or "day")
    holder = Holder(kind)
    amount: int | None = None
    if typed := values.get("amount", "").strip():
        number = parsed("warn_below", typed)
        if not isinstance(number, float) or not 0 <= number <= 1e9:
            raise QuestionError(_("The limit has to be a number from 0 to 1,000,000,000."))
        amount = round(number * (MICRO if measure is Measure.CREDITS else 1))

    def edit(lists: Any) -> Any:
        kept = [
            limit
            for limit in lists.quotas
            if (limit.holder, limit.holder_id, limit.measure, limit.period)
            != (holder, whom, measure, period)
        ]
        if amount is not None:
            kept.append(Limit(holder, whom, measure, period, amount))
        return replace(lists, quotas=tuple(kept))

    return of_lists(edit)


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

    await _change(interaction, spot, edit)


async def _change(interaction: discord.Interaction[Bot], spot: Spot, edit: Any) -> None:
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
