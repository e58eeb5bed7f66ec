"""Which models can be offered: the gateway's list, and those that are known without it."""

from __future__ import annotations

from collections.abc import Iterable

from bot.chat.profiles import KNOWN_CHAT_MODELS, KNOWN_IMAGE_MODELS, profile_of
from bot.chat.turns import Task


class Catalogue:
    """The models to choose from; any other id may be typed all the same."""

    def __init__(self) -> None:
        self._listed: tuple[str, ...] = ()

    def learn(self, listed: Iterable[str]) -> None:
        """Take the gateway's newest list; an empty one says nothing."""
        self._listed = tuple(listed) or self._listed

    def everything(self) -> tuple[str, ...]:
        """The models of all tasks."""
        return (*self.names(Task.CHAT), *self.names(Task.IMAGE))

    def names(self, task: Task) -> tuple[str, ...]:
        """The models for a task, those that are known well first."""
        known: tuple[str, ...] = KNOWN_CHAT_MODELS
        if task is Task.IMAGE:
            known = KNOWN_IMAGE_MODELS
        draws = task is Task.IMAGE
        more = sorted(name for name in self._listed if profile_of(name).makes_images is draws)
        if self._listed:
            # A known model that the gateway does not list (any more) is not offered first.
            known = tuple(sorted(known, key=lambda name: name not in self._listed))
        return tuple(dict.fromkeys((*known, *more)))
