"""Operator, server, category, channel: which layer decides what."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any, Generic, TypeVar

from bot.chat.content import Speaker
from bot.chat.places import SettingsPlace
from bot.chat.ports import Clock, PreferenceStore
from bot.chat.preferences import (
    Change,
    Configuration,
    Layers,
    Lists,
    LoggedChange,
    Preferences,
    SealedKey,
    Setting,
)
from bot.errors import StorageError

log = logging.getLogger(__name__)


class Layer(StrEnum):
    """Where a setting comes from; the nearer layer wins."""

    OPERATOR = "operator"
    SERVER = "server"
    CATEGORY = "category"
    CHANNEL = "channel"


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chosen(Generic[T]):
    """A setting and the layer it comes from."""

    value: T
    layer: Layer


@dataclass(frozen=True, slots=True)
class Defaults:
    """The operator's layer; what is None here is left to the model or switched off."""

    chat_model: str
    image_model: str
    member_models: bool = True
    persona: str | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    reasoning: str | None = None
    search: bool = False
    context_scope: str = "channel"
    context_tokens: int | None = None
    context_messages: int | None = None
    max_pages: int = 6
    show_reasoning: bool = False
    draw_in_chat: bool = True
    footer: bool = False
    answer_mentions: bool = True
    adults_only: bool = False
    language: str | None = None
    time_zone: str = "UTC"
    retention_days: int = 30
    member_replies: int | None = 5
    channel_replies: int | None = 20
    warn_below: float | None = None
    warn_channel: int | None = None


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds in one channel. The names are those of `Preferences`."""

    chat_model: Chosen[str]
    image_model: Chosen[str]
    member_models: Chosen[bool]
    persona: Chosen[str | None]
    temperature: Chosen[float | None]
    top_p: Chosen[float | None]
    max_tokens: Chosen[int | None]
    reasoning: Chosen[str | None]
    search: Chosen[bool]
    context_scope: Chosen[str]
    context_tokens: Chosen[int | None]
    context_messages: Chosen[int | None]
    max_pages: Chosen[int]
    show_reasoning: Chosen[bool]
    draw_in_chat: Chosen[bool]
    footer: Chosen[bool]
    answer_mentions: Chosen[bool]
    adults_only: Chosen[bool]
    language: Chosen[str | None]
    time_zone: Chosen[str]
    retention_days: Chosen[int]
    member_replies: Chosen[int | None]
    channel_replies: Chosen[int | None]
    warn_below: Chosen[float | None]
    warn_channel: Chosen[int | None]
    lists: Lists
    key: SealedKey | None


_NAMES = tuple(field.name for field in fields(Preferences))


def resolve(defaults: Defaults, layers: Layers) -> Effective:
    """Let the nearest layer that says something decide."""

    def choose(name: str) -> Chosen[Any]:
        for layer, said in (
            (Layer.CHANNEL, layers.channel),
            (Layer.CATEGORY, layers.category),
            (Layer.SERVER, layers.server),
        ):
            if (value := getattr(said, name)) is not None:
                return Chosen(value, layer)
        return Chosen(getattr(defaults, name), Layer.OPERATOR)

    chosen = {name: choose(name) for name in _NAMES}
    return Effective(**chosen, lists=layers.lists, key=layers.key)


FRESH_SECONDS = 5.0
"""How long what was read counts; another process may have changed it meanwhile."""
MOST_PLACES = 10_000


class Policy:
    """The effective settings of a place, and what server admins have set."""

    def __init__(self, defaults: Defaults, store: PreferenceStore, clock: Clock) -> None:
        self._defaults = defaults
        self._store = store
        self._clock = clock
        self._known: dict[SettingsPlace, tuple[float, Effective]] = {}

    async def effective(self, place: SettingsPlace) -> Effective:
        """What holds there.

        Raises:
            StorageError: it cannot be read, and was not before.
        """
        read_at, known = self._known.get(place, (0.0, None))
        if known is not None and self._clock.now() < read_at + FRESH_SECONDS:
            return known
        if known is None and len(self._known) >= MOST_PLACES:
            self._known.clear()
        read_at = self._clock.now()
        try:
            effective = resolve(self._defaults, await self._store.read(place))
        except StorageError as error:
            if known is None:
                raise
            # Better what held a while ago than nothing; the next question looks again.
            log.warning("settings not read: %s", error)
            return known
        self._known[place] = read_at, effective
        return effective

    async def configuration(self, guild_id: int) -> Configuration:
        """All that a server has set."""
        return await self._store.configuration(guild_id)

    async def change(
        self, guild_id: int, edit: Callable[[Configuration], Configuration], by: Speaker
    ) -> list[Change]:
        """Put what `edit` makes of a server's configuration in its place; what became different.

        Raises:
            Exception: whatever `edit` raises; then nothing is changed.
        """
        changes = await self._store.change(guild_id, edit, by)
        self._known.clear()
        return changes

    async def set(
        self,
        guild_id: int,
        place_id: int | None,
        settings: Mapping[str, Setting],
        by: Speaker,
    ) -> list[Change]:
        """Set fields of a server's layer (`place_id` None), a category's or a channel's.

        Raises:
            QuestionError: a field does not exist there, or does not take its value.
        """
        return await self.change(guild_id, lambda old: old.with_settings(place_id, settings), by)

    async def keep_key(self, guild_id: int, key: SealedKey | None, by: Speaker) -> None:
        """Keep a server's own auth code; None forgets it."""
        await self._store.keep_key(guild_id, key, by)
        self._known.clear()

    async def with_keys(self) -> list[int]:
        """The servers that have an auth code of their own."""
        return await self._store.with_keys()

    async def log(self, guild_id: int, *, limit: int, skip: int = 0) -> list[LoggedChange]:
        """Who changed what, newest first."""
        return await self._store.log(guild_id, limit=limit, skip=skip)
