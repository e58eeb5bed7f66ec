"""The panel of `/config`: what holds in a place, and forms to change it.

Everything it has to know stands in the custom ids of its parts, so that it works for ever. They are
untrusted: whoever uses a part is checked again.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import discord
from discord import ui

from bot.chat.access import Subject, Verdict
from bot.chat.advice import unsuited
from bot.chat.policy import Effective
from bot.chat.preferences import FIELDS, Change, Configuration, Preferences, Setting
from bot.chat.quota import MICRO, Holder, Limit, Measure, Period
from bot.chat.turns import Task
from bot.client import Bot
from bot.cogs._config import (
    INHERIT,
    SECTIONS,
    change_in_words,
    check_admin,
    guild_id_of,
    names,
    place_of,
    section_names,
    settings_lines,
    within,
)
from bot.cogs._config_keys import show_key_form
from bot.cogs._config_lists import list_lines, of_lists, with_rules
from bot.cogs._config_settings import check_models, parsed, show_persona_form
from bot.cogs._modals import Values, handles, presses, show
from bot.cogs._models import matching
from bot.cogs._places import speaker_of
from bot.errors import QuestionError
from bot.i18n import _

TEXT_LENGTH = 3_500
"""Discord takes 4,000 characters in all texts of such a message together."""
OPTIONS = 25
QUERY_LENGTH = 30
MODELS_SHOWN = OPTIONS - 1
"""One of the options takes the choice back."""
CHAT, IMAGE, LISTS, KEYS = "chat", "image", "lists", "keys"
_TASKS = {CHAT: Task.CHAT, IMAGE: Task.IMAGE}
_FIELDS = {CHAT: "chat_model", IMAGE: "image_model"}


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


_ID = (
    r"panel:{what}:(?P<page>[a-z]{{1,10}}):(?P<place>\d{{1,20}}):(?P<offset>\d{{1,5}}):"
    r"(?P<query>.{{0,30}})"
)


def _spot(match: re.Match[str]) -> Spot:
    return Spot(match["page"], int(match["place"]), int(match["offset"]), match["query"])


def _pages() -> dict[str, str]:
    sections = section_names()
    del sections["models"]
    return {
        CHAT: _("Chat model"),
        IMAGE: _("Image model"),
        **sections,
        LISTS: _("Access and quotas"),
        KEYS: _("Auth code"),
    }


async def open_panel(interaction: discord.Interaction[Bot]) -> None:
    """Show the panel to whoever asked, and to nobody else."""
    await interaction.response.defer(ephemeral=True)
    view = await _view(interaction, Spot())
    await interaction.edit_original_response(view=view)


async def _show(interaction: discord.Interaction[Bot], spot: Spot, note: str = "") -> None:
    """Show a page in the panel's place."""
    view = await _view(interaction, spot, note)
    if interaction.response.is_done():
        await interaction.edit_original_response(view=view)
    else:
        await interaction.response.edit_message(view=view)


async def _view(interaction: discord.Interaction[Bot], spot: Spot, note: str = "") -> ui.LayoutView:
    bot = interaction.client
    if spot.page not in _pages():
        spot = Spot(place=spot.place)
    effective = await bot.policy.effective(place_of(interaction, spot.place_id))
    where = f"<#{spot.place}>" if spot.place else _("the whole server")
    lines = [_("## Settings: {place}").format(place=where), *_lines(effective, spot)]
    if note:
        lines += ["", note]
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
            lines = settings_lines(effective, [_FIELDS[spot.page]])
            return lines + [f"-# {sentence}" for sentence in unsuited(effective)]
        case "lists":
            return list_lines(effective.lists)
        case "keys":
            if effective.key is None:
                return [_("This server uses the bot's auth code.")]
            return [
                _("This server uses its own auth code, `…{tail}`.").format(tail=effective.key.tail)
            ]
        case section:
            more = ["persona"] if section == "manner" else []
            return settings_lines(effective, [*more, *_fields(spot)])


def _fields(spot: Spot) -> list[str]:
    """The settings of a section that its layer can have."""
    return [
        name
        for name in SECTIONS.get(spot.page, ())
        if not (spot.place and FIELDS[name].server_only)
    ]


def _page_row(spot: Spot) -> ui.ActionRow[Any]:
    options = [
        discord.SelectOption(label=label, value=page, default=page == spot.page)
        for page, label in _pages().items()
    ]
    select: ui.Select[Any] = ui.Select(custom_id=spot.custom_id("page"), options=options)
    return ui.ActionRow(select)


def _place_rows(spot: Spot) -> Sequence[ui.ActionRow[Any]]:
    select: ui.ChannelSelect[Any] = ui.ChannelSelect(
        custom_id=spot.custom_id("place"),
        placeholder=_("Settings of a channel or category"),
        channel_types=[
            discord.ChannelType.text,
            discord.ChannelType.voice,
            discord.ChannelType.forum,
            discord.ChannelType.category,
        ],
        default_values=[
            discord.SelectDefaultValue(id=spot.place, type=discord.SelectDefaultValueType.channel)
        ]
        if spot.place
        else [],
    )
    everywhere = _button(spot, "everywhere", _("The whole server"), disabled=not spot.place)
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
            )
            return [ui.ActionRow(roles), ui.ActionRow(members), here]
        case "keys":
            return [
                ui.ActionRow(
                    _button(spot, "key", _("Enter an auth code")),
                    _button(spot, "keyless", _("Forget it"), disabled=effective.key is None),
                )
            ]
        case _:
            buttons = [_button(spot, "form", _("Change"), disabled=not _fields(spot))]
            if spot.page == "manner":
                buttons.append(_button(spot, "persona", _("Persona")))
            return [ui.ActionRow(*buttons)]


def _model_rows(bot: Bot, effective: Effective, spot: Spot) -> Sequence[ui.ActionRow[Any]]:
    models = [name for name in bot.models.names(_TASKS[spot.page]) if spot.query in name.lower()]
    start = spot.offset if spot.offset < len(models) else 0
    current = getattr(effective, _FIELDS[spot.page]).value
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


# What is done with the parts.


Work = Callable[[discord.Interaction[Bot], Spot, list[str]], Awaitable[None]]
"""What a part of the panel does; of a select it gets the chosen values."""


def _panel_part(what: str) -> Callable[[Work], Work]:
    """Register what is done with a part of the panel, for admins only."""

    def register(work: Work) -> Work:
        @presses(_ID.format(what=what))
        async def checked(interaction: discord.Interaction[Bot], match: re.Match[str]) -> None:
            check_admin(interaction)
            await work(interaction, _spot(match), _chosen(interaction))

        return work

    return register


def _chosen(interaction: discord.Interaction[Bot]) -> list[str]:
    data: Any = interaction.data or {}
    return [str(value) for value in data.get("values", ())]


@_panel_part("page")
async def _page(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    await _show(interaction, Spot(chosen[0] if chosen else CHAT, spot.place))


@_panel_part("place")
async def _place(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    await _show(interaction, Spot(spot.page, int(chosen[0]) if chosen else 0))


@_panel_part("everywhere")
async def _everywhere(
    interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]
) -> None:
    await _show(interaction, Spot(spot.page))


@_panel_part("(?:back|on)")
async def _turn(interaction: discord.Interaction[Bot], spot: Spot, _chosen: list[str]) -> None:
    await _show(interaction, spot)


@_panel_part("model")
async def _model(interaction: discord.Interaction[Bot], spot: Spot, chosen: list[str]) -> None:
    if spot.page not in _FIELDS or not chosen:
        raise QuestionError(_("I do not know this part any more. Open the panel again."))
    model = None if chosen[0] == INHERIT else chosen[0]
    changes: dict[str, Setting] = {_FIELDS[spot.page]: model}
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
    fields = _fields(spot)
    if not fields:
        raise QuestionError(_("This can only be set for the whole server."))
    layer = (await _configuration(interaction)).at(spot.place_id)
    stamp = _stamp(layer, fields)
    form = ui.Modal(
        title=_pages()[spot.page][:45], custom_id=replace(spot, query=stamp).custom_id("set")
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
    await interaction.response.defer()
    bot = interaction.client
    await bot.policy.keep_key(guild_id_of(interaction), None, speaker_of(interaction.user))
    await _show(interaction, spot, _("The auth code is forgotten."))


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
    if not whom:
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
    await show(interaction, form)


# What is done with the forms.


@handles(_ID.format(what="find"))
async def _found(
    interaction: discord.Interaction[Bot], match: re.Match[str], values: Values
) -> None:
    check_admin(interaction)
    query = values.get("words", "").strip().lower()[:QUERY_LENGTH]
    spot = replace(_spot(match), offset=0, query=query)
    note = ""
    if spot.page in _TASKS and not matching(
        interaction.client.models.names(_TASKS[spot.page]), query
    ):
        note = _("No model is called like that. With `/config model` any name can be typed.")
        spot = replace(spot, query="")
    await _show(interaction, spot, note)


@handles(_ID.format(what="set"))
async def _filled_in(
    interaction: discord.Interaction[Bot], match: re.Match[str], values: Values
) -> None:
    check_admin(interaction)
    spot = _spot(match)
    stamp, spot = spot.query, replace(spot, query="")
    fields = _fields(spot)
    settings = {name: parsed(name, values.get(name, "")) for name in fields if name in values}
    await _save(interaction, spot, settings, stamp=stamp)


@handles(_ID.format(what="whom"))
async def _about(
    interaction: discord.Interaction[Bot], match: re.Match[str], values: Values
) -> None:
    check_admin(interaction)
    spot = _spot(match)
    found = re.fullmatch(r"(role|member|server|place)(\d{1,20})", spot.query)
    if found is None:
        raise QuestionError(_("I do not know this form any more. Open it again."))
    kind, whom = found[1], int(found[2])
    edits = []
    verdict = values.get("verdict", "")
    if verdict and kind != "server":
        subject = {"role": Subject.ROLE, "member": Subject.MEMBER}.get(kind) or _place_subject(
            interaction, whom
        )
        rule = None if verdict == "forget" else Verdict(verdict)
        edits.append(of_lists(with_rules([(subject, whom)], rule)))
    if values.get("measure") and kind != "place":
        edits.append(_limit_edit(kind, whom, values))
    if not edits:
        raise QuestionError(_("Choose at least one thing to change."))

    def edit(old: Configuration) -> Configuration:
        for each in edits:
            old = each(old)
        return old

    await _change(interaction, replace(spot, query=""), edit)


def _place_subject(interaction: discord.Interaction[Bot], place_id: int) -> Subject:
    channel = interaction.guild.get_channel(place_id) if interaction.guild else None
    return Subject.CATEGORY if isinstance(channel, discord.CategoryChannel) else Subject.CHANNEL


def _limit_edit(kind: str, whom: int, values: Values) -> Any:
    measure, period = Measure(values["measure"]), Period(values.get("period") or "day")
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
        if stamp and _stamp(old.at(spot.place_id), _fields(spot)) != stamp:
            raise QuestionError(
                _(
                    "Somebody changed this meanwhile, so nothing was saved. The panel shows what "
                    "holds now; `/config log` says who it was."
                )
            )
        return old.with_settings(spot.place_id, settings)

    await _change(interaction, spot, edit)


async def _change(interaction: discord.Interaction[Bot], spot: Spot, edit: Any) -> None:
    await interaction.response.defer()
    bot = interaction.client
    try:
        changes: list[Change] = await bot.policy.change(
            guild_id_of(interaction), edit, speaker_of(interaction.user)
        )
    except QuestionError as error:
        await _show(interaction, spot, f"⚠ {error}")
        return
    note = [_("**Changed**"), *map(change_in_words, changes)]
    await _show(interaction, spot, "\n".join(note) if changes else _("Nothing changed."))


async def _configuration(interaction: discord.Interaction[Bot]) -> Configuration:
    return await interaction.client.policy.configuration(guild_id_of(interaction))


def _stamp(layer: Preferences, fields: Sequence[str]) -> str:
    """A short word for what a form shows, to see later whether it still holds."""
    shown = repr([getattr(layer, name) for name in fields])
    return hashlib.sha256(shown.encode()).hexdigest()[:12]
