"""What the commands of `/config` have in common: checks, words for settings, and the answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, assert_never

import discord
import msgspec
from discord import app_commands

from bot.chat.access import Allowance, Rule, Subject, Verdict
from bot.chat.advice import unsuited
from bot.chat.places import SettingsPlace
from bot.chat.policy import Chosen, Effective, Layer
from bot.chat.preferences import FIELDS, Change, Configuration, Setting
from bot.chat.quota import Holder, Limit, per, told as told_amount
from bot.chat.setting_names import choice_names, names
from bot.client import Bot
from bot.cogs._models import code
from bot.cogs._places import speaker_of
from bot.errors import QuestionError
from bot.i18n import _

MESSAGE_LENGTH = 2_000
INHERIT = "inherit"
ID_LENGTH = 19
"""Digits of Discord's ids, which stay below 2**63."""
_SHOWN_LENGTH = 60

Channel = (
    discord.TextChannel
    | discord.VoiceChannel
    | discord.StageChannel
    | discord.ForumChannel
    | discord.CategoryChannel
)
"""Where settings can be set: threads go by their channel."""

SECTIONS: dict[str, tuple[str, ...]] = {
    "models": ("chat_model", "image_model"),
    "manner": ("temperature", "top_p", "max_tokens", "reasoning", "search"),
    "memory": ("context_scope", "context_tokens", "context_messages"),
    "display": ("max_pages", "show_reasoning", "draw_in_chat", "footer", "language"),
    "use": ("member_models", "answer_mentions", "adults_only", "member_replies", "channel_replies"),
    "keeping": ("time_zone", "retention_days"),
}
"""The settings by what they are about; each fits one form of Discord's, which has five fields."""

WARNING = ("warn_below", "warn_channel")
"""The warning of low credit; neither is anything without the other."""

_SENT = frozenset({"chat_model", *SECTIONS["manner"], *SECTIONS["memory"]})
"""Settings that a model may refuse."""


def section_names() -> dict[str, str]:
    """The sections in words."""
    return {
        "models": _("Models"),
        "manner": _("Manner of answering"),
        "memory": _("Memory"),
        "display": _("Display"),
        "use": _("Use"),
        "keeping": _("Keeping and time"),
    }


def value_in_words(name: str, value: Any) -> str:
    """A setting's value, short and harmless."""
    if value is None:
        return _("not set")
    if isinstance(value, bool):
        return _("on") if value else _("off")
    if name == "warn_channel":
        return f"<#{value}>"
    if name == "authcode":
        return f"`…{value}`"
    if name in FIELDS and FIELDS[name].choices:
        return choice_names().get(value, code(value))
    text = " ".join(f"{value:g}".split() if isinstance(value, float) else str(value).split())
    if len(text) > _SHOWN_LENGTH:
        text = text[: _SHOWN_LENGTH - 1] + "…"
    return code(text)


def told(chosen: Chosen[Any], name: str) -> str:
    """A setting and the layer it comes from."""
    origins = {
        Layer.OPERATOR: _("the bot's default"),
        Layer.SERVER: _("set for the server"),
        Layer.CATEGORY: _("set for the category"),
        Layer.CHANNEL: _("set for this channel"),
    }
    return f"{value_in_words(name, chosen.value)} ({origins[chosen.layer]})"


def settings_lines(effective: Effective, fields: Iterable[str]) -> list[str]:
    """Settings of a place, one a line; those that nobody has set in one line."""
    words = names()
    lines: list[str] = []
    unset: list[str] = []
    for name in fields:
        chosen = getattr(effective, name)
        if chosen.value is None:
            unset.append(words[name])
        else:
            lines.append(f"{words[name]}: {told(chosen, name)}")
    if unset:
        lines.append("-# " + _("Not set: {names}").format(names=", ".join(unset)))
    return lines


def rule_in_words(rule: Rule) -> str:
    """An entry of the access lists."""
    verdict = _("allowed") if rule.verdict is Verdict.ALLOW else _("denied")
    return f"{subject_in_words(rule.subject, rule.subject_id)}: {verdict}"


def subject_in_words(subject: Subject, subject_id: int) -> str:
    """A role, member or place as Discord links it."""
    match subject:
        case Subject.ROLE:
            return f"<@&{subject_id}>"
        case Subject.MEMBER:
            return f"<@{subject_id}>"
        case _:
            return f"<#{subject_id}>"


def allowance_in_words(allowance: Allowance) -> str:
    """A model that a role may use."""
    return f"<@&{allowance.role_id}>: {code(allowance.model)}"


def limit_in_words(limit: Limit) -> str:
    """An entry of the quotas."""
    match limit.holder:
        case Holder.SERVER:
            who = _("All members together")
        case Holder.ROLE:
            who = _("Each member with {role}").format(role=f"<@&{limit.holder_id}>")
        case Holder.MEMBER:
            who = f"<@{limit.holder_id}>"
        case _:
            assert_never(limit.holder)
    return f"{who}: {told_amount(limit.measure, limit.amount)} {per(limit.period)}"


_ENTRIES: dict[str, tuple[type, Callable[[Any], str]]] = {
    "access": (Rule, rule_in_words),
    "models": (Allowance, allowance_in_words),
    "quotas": (Limit, limit_in_words),
}


def change_in_words(change: Change) -> str:
    """What became different, in one line."""
    where = f" <#{change.place_id}>" if change.place_id else ""
    name = names().get(change.name, change.name)
    if change.name in _ENTRIES:
        kind, in_words = _ENTRIES[change.name]
        added = change.before == "null"
        entry = in_words(msgspec.json.decode(change.after if added else change.before, type=kind))
        sign = _("new") if added else _("gone")
        return f"{name} ({sign}): {entry}"
    before, after = (
        value_in_words(change.name, msgspec.json.decode(text))
        for text in (change.before, change.after)
    )
    return f"{name}{where}: {before} → {after}"


def within(lines: Sequence[str], limit: int = MESSAGE_LENGTH, more: str = "") -> str:
    """As many of the lines as one message takes, and how many are missing, perhaps in words of
    one's own."""
    missing = more or _("-# … and {count} more.")
    shown: list[str] = []
    length = 0
    for number, line in enumerate(lines):
        rest = missing.format(count=len(lines) - number)
        if length + len(line) + len(rest) + 2 > limit:
            return "\n".join([*shown, rest])
        shown.append(line)
        length += len(line) + 1
    return "\n".join(shown)


def check_admin(interaction: discord.Interaction[Any]) -> None:
    """Make sure that whoever acts may manage the server; whatever Discord shows to whom.

    Raises:
        NoPrivateMessage: it is no server.
        MissingPermissions: they may not.
    """
    if interaction.guild is None:
        raise app_commands.NoPrivateMessage
    if not interaction.permissions.manage_guild:
        raise app_commands.MissingPermissions(["manage_guild"])


def guild_id_of(interaction: discord.Interaction[Any]) -> int:
    """The server of a command that is used in servers only."""
    assert interaction.guild_id is not None
    return interaction.guild_id


def checked_place(interaction: discord.Interaction[Any], typed: str) -> int | None:
    """The channel or category that a custom id names; None for the whole server (`0`).

    Raises:
        QuestionError: this server has no such channel, or not any more.
    """
    if typed == "0":
        return None
    known = typed.isascii() and typed.isdigit() and len(typed) <= ID_LENGTH
    place_id = int(typed) if known else 0
    if interaction.guild is None or interaction.guild.get_channel(place_id) is None:
        raise QuestionError(_("This channel is not here any more. Choose another one."))
    return place_id


def place_of(interaction: discord.Interaction[Any], place_id: int | None) -> SettingsPlace:
    """Whose settings hold in a channel or category of this server, or in the channel itself."""
    guild = interaction.guild
    assert guild is not None
    channel: Any = interaction.channel if place_id is None else guild.get_channel(place_id)
    if isinstance(channel, discord.Thread):
        channel = channel.parent
    if isinstance(channel, discord.CategoryChannel):
        return SettingsPlace(guild.id, channel.id, channel.id)
    known = place_id or getattr(channel, "id", None) or interaction.channel_id or 0
    return SettingsPlace(guild.id, known, getattr(channel, "category_id", None))


async def set_and_tell(
    interaction: discord.Interaction[Bot], place_id: int | None, settings: dict[str, Setting]
) -> None:
    """Change settings, and say what became of it.

    Raises:
        QuestionError: a value is none the setting takes.
    """
    await change_and_tell(interaction, lambda old: old.with_settings(place_id, settings), place_id)


async def change_and_tell(
    interaction: discord.Interaction[Bot],
    edit: Callable[[Configuration], Configuration],
    place_id: int | None = None,
) -> None:
    """Change the configuration, and say what became of it; the command is deferred already.

    Raises:
        QuestionError: whatever `edit` raises.
    """
    bot = interaction.client
    changes = await bot.policy.change(guild_id_of(interaction), edit, speaker_of(interaction.user))
    lines = [_("### Changed"), *map(change_in_words, changes)]
    if not changes:
        lines = [_("Nothing changed: it was like that already.")]
    touched = [name for name in FIELDS if name in {change.name for change in changes}]
    if touched:
        place = place_of(interaction, place_id)
        effective = await bot.policy.effective(place)
        lines.append(_("### Now in {channel}").format(channel=f"<#{place.channel_id}>"))
        lines += settings_lines(effective, touched)
        if _SENT.intersection(touched):
            lines += [f"-# {sentence}" for sentence in unsuited(effective)]
    await interaction.edit_original_response(content=within(lines))
