"""Operator, server, channel: which layer decides what."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from bot.chat.ports import Preferences, PreferenceStore


class Layer(StrEnum):
    """Where a setting comes from; the nearer layer wins."""

    OPERATOR = "operator"
    SERVER = "server"
    CHANNEL = "channel"


@dataclass(frozen=True, slots=True)
class Chosen:
    """A setting and the layer it comes from."""

    value: str
    layer: Layer


@dataclass(frozen=True, slots=True)
class Effective:
    """What holds in one channel."""

    chat_model: Chosen
    image_model: Chosen


@dataclass(frozen=True, slots=True)
class Defaults:
    """The operator's layer: everything has a value."""

    chat_model: str
    image_model: str


def resolve(defaults: Defaults, server: Preferences, channel: Preferences) -> Effective:
    """Let the nearest layer that says something decide."""

    def choose(default: str, by_server: str | None, by_channel: str | None) -> Chosen:
        if by_channel is not None:
            return Chosen(by_channel, Layer.CHANNEL)
        if by_server is not None:
            return Chosen(by_server, Layer.SERVER)
        return Chosen(default, Layer.OPERATOR)

    return Effective(
        chat_model=choose(defaults.chat_model, server.chat_model, channel.chat_model),
        image_model=choose(defaults.image_model, server.image_model, channel.image_model),
    )


class Policy:
    """The effective settings of a place."""

    def __init__(self, defaults: Defaults, store: PreferenceStore) -> None:
        self._defaults = defaults
        self._store = store

    async def effective(self, guild_id: int | None, channel_id: int) -> Effective:
        """What holds in that channel; a thread is asked by its parent's id."""
        server, channel = await self._store.read(guild_id, channel_id)
        return resolve(self._defaults, server, channel)

    async def change(
        self, guild_id: int, channel_id: int | None, changes: dict[str, str | None]
    ) -> None:
        """Set fields of a server's layer (`channel_id` None) or a channel's; None inherits."""
        await self._store.write(guild_id, channel_id, changes)
