"""The panel's form for one role, member or place, or for all together: access, quotas and models.

Its custom ids are untrusted, as those of the panel's other parts.
"""

from __future__ import annotations

import re
from dataclasses import replace
from enum import StrEnum
from typing import Any, TypeVar

import discord
from discord import ui

from bot.chat.access import Allowance, Subject, Verdict
from bot.chat.moving import LARGEST_ID
from bot.chat.names import plain
from bot.chat.preferences import Configuration
from bot.chat.quota import MICRO, Holder, Limit, Measure, Period
from bot.client import Bot
from bot.cogs._config import check_admin
from bot.cogs._config_lists import of_lists, with_allowance, with_rules
from bot.cogs._config_moving import propose_reset
from bot.cogs._config_settings import parsed
from bot.cogs._modals import Values, handles, show
from bot.cogs._models import MODEL_LENGTH, code
from bot.cogs._panel import ID, Spot, spot_of
from bot.cogs._panel_parts import change, panel_part
from bot.errors import QuestionError
from bot.i18n import _

_Choice = TypeVar("_Choice", bound=StrEnum)
_WHOM = re.compile(r"(role|member|place|server(?=0$))(0|[1-9][0-9]{0,18})")
"""Whom a form is about; all together have no id."""


@panel_part("role")
async def _role(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    await _ask_about(interaction, spot, f"role{chosen[0]}" if chosen else "")


@panel_part("member")
async def _member(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    await _ask_about(interaction, spot, f"member{chosen[0]}" if chosen else "")


@panel_part("server")
async def _server(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await _ask_about(interaction, spot, "server0")


@panel_part("here")
async def _here(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await _ask_about(interaction, spot, f"place{spot.place}")


@panel_part("unlist")
async def _unlist(interaction: discord.Interaction[Bot], _spot: Spot, _chosen: list[str]) -> None:
    await propose_reset(interaction, "access", None)


@panel_part("unlimit")
async def _unlimit(interaction: discord.Interaction[Bot], _spot: Spot, _chosen: list[str]) -> None:
    await propose_reset(interaction, "quotas", None)


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

    await change(interaction, replace(spot, query=""), edit)


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
