"""What admins can set: the fields of a layer and their limits, and a server's lists."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any
from zoneinfo import available_timezones

import msgspec

from bot.chat.access import Allowance, Rule
from bot.chat.names import plain
from bot.chat.quota import Limit
from bot.chat.setting_names import names
from bot.errors import QuestionError
from bot.i18n import _, languages

Setting = str | int | float | bool | None
"""A field's value; None inherits."""

REASONING = ("none", "minimal", "low", "medium", "high")
CONTEXT_SCOPES = ("channel", "member", "replies")
PERSONA_LENGTH = 4_000


@dataclass(frozen=True, slots=True)
class Preferences:
    """What one layer (a server, a category or a channel) has set; None inherits."""

    chat_model: str | None = None
    image_model: str | None = None
    member_models: bool | None = None
    """Whether members may choose another model for their question."""
    persona: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    reasoning: str | None = None
    search: bool | None = None
    """Whether models that can look things up on the web do so."""
    context_scope: str | None = None
    """Whose talk is remembered together: the channel's, each member's, or a chain of replies'."""
    context_tokens: int | None = None
    context_messages: int | None = None
    """How many questions with their answers a model gets to see."""
    max_pages: int | None = None
    """Messages a reply may take before the rest goes into a file."""
    show_reasoning: bool | None = None
    """Whether a model's visible thoughts are shown while it works."""
    draw_in_chat: bool | None = None
    """Whether chat models may have pictures made."""
    footer: bool | None = None
    """Whether the model and its tokens are named under each reply."""
    answer_mentions: bool | None = None
    """Whether mentions and replies are answered, or only commands."""
    adults_only: bool | None = None
    """Whether only channels that are marked as age-restricted are served."""
    language: str | None = None
    time_zone: str | None = None
    retention_days: int | None = None
    """How long the server's pictures and files are kept."""
    member_replies: int | None = None
    """How many replies may grow for one member at once."""
    channel_replies: int | None = None
    """How many replies may grow in one channel at once."""
    warn_below: float | None = None
    """Credits left of the server's own auth code at which it is warned."""
    warn_channel: int | None = None


@dataclass(frozen=True, slots=True)
class Field:
    """What a field takes."""

    kind: type
    low: float | None = None
    high: float | None = None
    """Of numbers the range, of words the longest."""
    choices: tuple[str, ...] = ()
    server_only: bool = False


FIELDS: Mapping[str, Field] = {
    "chat_model": Field(str, 1, 100),
    "image_model": Field(str, 1, 100),
    "member_models": Field(bool),
    "persona": Field(str, 1, PERSONA_LENGTH),
    "temperature": Field(float, 0, 2),
    "top_p": Field(float, 0, 1),
    "max_tokens": Field(int, 1, 200_000),
    "reasoning": Field(str, choices=REASONING),
    "search": Field(bool),
    "context_scope": Field(str, choices=CONTEXT_SCOPES),
    "context_tokens": Field(int, 500, 200_000),
    "context_messages": Field(int, 1, 100),
    "max_pages": Field(int, 1, 20),
    "show_reasoning": Field(bool),
    "draw_in_chat": Field(bool),
    "footer": Field(bool),
    "answer_mentions": Field(bool),
    "adults_only": Field(bool),
    "language": Field(str, 2, 10, server_only=True),
    "time_zone": Field(str, 1, 64, server_only=True),
    "retention_days": Field(int, 1, 3_650, server_only=True),
    "member_replies": Field(int, 1, 20, server_only=True),
    "channel_replies": Field(int, 1, 50, server_only=True),
    "warn_below": Field(float, 0, 1_000_000, server_only=True),
    "warn_channel": Field(int, 1, 2**63 - 1, server_only=True),
}


_LANGUAGE = re.compile(r"[a-z]{2,3}(?:[-_][A-Za-z0-9]{2,4})?")
_BEYOND = 10**18


def checked(name: str, value: Setting, *, server: bool) -> Setting:
    """The value as it is kept.

    Raises:
        QuestionError: there is no such field there, or the value is none it takes.
    """
    rule = FIELDS.get(name)
    if rule is None:
        raise QuestionError(_("There is no setting called {name}.").format(name=plain(name, 60)))
    if rule.server_only and not server:
        raise QuestionError(
            _("{name} can only be set for the whole server.").format(name=names()[name])
        )
    if value is None:
        return None
    if rule.kind is float and isinstance(value, int) and not isinstance(value, bool):
        # A whole number too large for that is out of range for certain.
        value = float(max(-_BEYOND, min(value, _BEYOND)))
    if not isinstance(value, rule.kind) or (rule.kind is int and isinstance(value, bool)):
        raise _refused(name, value)
    if isinstance(value, str):
        value = value.strip()
        fits = value in rule.choices if rule.choices else _within(len(value), rule)
        if name == "time_zone" and value not in available_timezones():
            fits = False
        if name == "language" and not _is_spoken(value):
            fits = False
        if name != "persona" and value != plain(value):
            fits = False
    else:
        fits = isinstance(value, bool) or _within(value, rule)
    if not fits:
        raise _refused(name, value)
    return value


def _is_spoken(language: str) -> bool:
    """Whether there is a catalogue of it, or of what it is a variety of, as `en` for `en-GB`."""
    if not _LANGUAGE.fullmatch(language):
        return False  # it becomes a part of a path
    code = language.replace("-", "_")
    return not {code, code.partition("_")[0]}.isdisjoint(languages())


def _within(number: float, rule: Field) -> bool:
    return (rule.low is None or number >= rule.low) and (rule.high is None or number <= rule.high)


def _refused(name: str, value: Setting) -> QuestionError:
    rule = FIELDS[name]
    told = plain(str(value), 60)
    if name == "time_zone":
        return QuestionError(
            _("I know no time zone {value}. Name region and city, such as Europe/Berlin.").format(
                value=told
            )
        )
    if name == "language":
        return QuestionError(
            _("I do not speak {value}. Possible: {languages}.").format(
                value=told, languages=", ".join(languages())
            )
        )
    if rule.choices:
        possible = ", ".join(rule.choices)
    elif rule.kind is bool:
        possible = _("true or false")
    elif rule.kind is str:
        possible = _("a text of {low} to {high} characters")
    else:
        possible = _("a number from {low} to {high}")
    low, high = f"{rule.low or 0:,}", f"{rule.high or 0:,}"
    return QuestionError(
        _("{name} cannot be {value}. Possible: {possible}.").format(
            name=names()[name], value=told, possible=possible.format(low=low, high=high)
        )
    )


@dataclass(frozen=True, slots=True)
class Lists:
    """Who may ask where, with which models, and how much."""

    access: tuple[Rule, ...] = ()
    models: tuple[Allowance, ...] = ()
    quotas: tuple[Limit, ...] = ()


@dataclass(frozen=True, slots=True)
class SealedKey:
    """A server's own auth code, which only the operator's `SECRETS_KEY` opens."""

    data: bytes = field(repr=False)
    tail: str
    """The last four characters, by which its owner knows it."""


@dataclass(frozen=True, slots=True)
class Layers:
    """Everything that may decide what holds in one channel."""

    server: Preferences = Preferences()
    category: Preferences = Preferences()
    channel: Preferences = Preferences()
    lists: Lists = Lists()
    key: SealedKey | None = None


@dataclass(frozen=True, slots=True)
class Configuration:
    """All that a server has set; no secret is in it."""

    server: Preferences = Preferences()
    places: Mapping[int, Preferences] = field(default_factory=dict)
    """By the id of a channel or a category."""
    lists: Lists = Lists()

    def at(self, place_id: int | None) -> Preferences:
        """What one layer has set; None is the server's."""
        return self.server if place_id is None else self.places.get(place_id, Preferences())

    def with_settings(self, place_id: int | None, settings: Mapping[str, Setting]) -> Configuration:
        """The same with these fields of one layer changed.

        Raises:
            QuestionError: a field does not exist there, or does not take its value.
        """
        values: dict[str, Any] = {
            name: checked(name, value, server=place_id is None) for name, value in settings.items()
        }
        layer = replace(self.at(place_id), **values)
        if place_id is None:
            return replace(self, server=layer)
        places = {**self.places, place_id: layer}
        if layer == Preferences():
            del places[place_id]
        return replace(self, places=places)


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that became another; the values are JSON, `null` for unset."""

    place_id: int | None
    """The channel or category; None for the server."""
    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class LoggedChange:
    """A change, and who made it when."""

    change: Change
    member_id: int
    member_name: str
    at: datetime


def differences(old: Configuration, new: Configuration) -> list[Change]:
    """What turns one configuration into the other."""
    changes = _layer_differences(None, old.server, new.server)
    for place_id in sorted({*old.places, *new.places}):
        changes += _layer_differences(place_id, old.at(place_id), new.at(place_id))
    for name in ("access", "models", "quotas"):
        before, after = getattr(old.lists, name), getattr(new.lists, name)
        changes += [Change(None, name, _json(x), "null") for x in before if x not in after]
        changes += [Change(None, name, "null", _json(x)) for x in after if x not in before]
    return changes


def _layer_differences(place_id: int | None, old: Preferences, new: Preferences) -> list[Change]:
    return [
        Change(place_id, each.name, _json(before), _json(after))
        for each in fields(Preferences)
        if (before := getattr(old, each.name)) != (after := getattr(new, each.name))
    ]


def _json(value: object) -> str:
    return msgspec.json.encode(value).decode()
