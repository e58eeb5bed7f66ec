"""Operator, server, channel: which layer decides what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

from bot.chat.ports import Clock, Preferences, PreferenceStore, Setting
from bot.chat.turns import Manner


class Layer(StrEnum):
    """Where a setting comes from; the nearer layer wins."""

    OPERATOR = "operator"
    SERVER = "server"
    CHANNEL = "channel"


T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Chosen(Generic[T]):
    """A setting and the layer it comes from."""

    value: T
    layer: Layer


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds in one channel."""

    chat_model: Chosen[str]
    image_model: Chosen[str]
    max_pages: Chosen[int]
    show_reasoning: Chosen[bool]
    draw_in_chat: Chosen[bool]
    retention_days: Chosen[int]

    @property
    def manner(self) -> Manner:
        """How replies are given here."""
        return Manner(
            draws_with=self.image_model.value if self.draw_in_chat.value else None,
            shows_reasoning=self.show_reasoning.value,
        )


@dataclass(frozen=True, slots=True)
class Defaults:
    """The operator's layer: everything has a value."""

    chat_model: str
    image_model: str
    max_pages: int = 6
    show_reasoning: bool = False
    draw_in_chat: bool = True
    retention_days: int = 30


def resolve(defaults: Defaults, server: Preferences, channel: Preferences) -> Effective:
    """Let the nearest layer that says something decide."""

    def choose(default: T, by_server: T | None, by_channel: T | None) -> Chosen[T]:
        if by_channel is not None:
            return Chosen(by_channel, Layer.CHANNEL)
        if by_server is not None:
            return Chosen(by_server, Layer.SERVER)
        return Chosen(default, Layer.OPERATOR)

    return Effective(
        chat_model=choose(defaults.chat_model, server.chat_model, channel.chat_model),
        image_model=choose(defaults.image_model, server.image_model, channel.image_model),
        max_pages=choose(defaults.max_pages, server.max_pages, channel.max_pages),
        show_reasoning=choose(
            defaults.show_reasoning, server.show_reasoning, channel.show_reasoning
        ),
        draw_in_chat=choose(defaults.draw_in_chat, server.draw_in_chat, channel.draw_in_chat),
        retention_days=choose(defaults.retention_days, server.retention_days, None),
    )


FRESH_SECONDS = 5.0
"""How long what was read counts; another process may have changed it meanwhile."""
MOST_PLACES = 10_000


class Policy:
    """The effective settings of a place."""

    def __init__(self, defaults: Defaults, store: PreferenceStore, clock: Clock) -> None:
        self._defaults = defaults
        self._store = store
        self._clock = clock
        self._known: dict[tuple[int | None, int], tuple[float, Effective]] = {}

    async def effective(self, guild_id: int | None, channel_id: int) -> Effective:
        """What holds in that channel; a thread is asked by its parent's id."""
        place = guild_id, channel_id
        read_at, known = self._known.get(place, (0.0, None))
        if known is not None and self._clock.now() < read_at + FRESH_SECONDS:
            return known
        if len(self._known) >= MOST_PLACES:
            self._known.clear()
        read_at = self._clock.now()
        effective = resolve(self._defaults, *await self._store.read(guild_id, channel_id))
        self._known[place] = read_at, effective
        return effective

    async def change(
        self, guild_id: int, channel_id: int | None, changes: Mapping[str, Setting]
    ) -> None:
        """Set fields of a server's layer (`channel_id` None) or a channel's; None inherits."""
        await self._store.write(guild_id, channel_id, changes)
        self._known.clear()
