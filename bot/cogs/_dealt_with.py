"""Which messages were dealt with although the memory has no turn of theirs."""

from __future__ import annotations

import logging
from datetime import timedelta

import discord

from bot.chat.ports import StateStore
from bot.errors import StorageError

log = logging.getLogger(__name__)

DEALT_WITH = "dealt with:"
"""Begins the names under which such messages are noted for the next start."""
MOST_TAKEN = 10_000
FORGOTTEN_AFTER = 100
"""So many further notes."""


class DealtWith:
    """Keeps a look back from taking a message up that is in work already, or was refused or offered
    and may show nothing of it any more."""

    def __init__(self, state: StateStore, reach: timedelta) -> None:
        """`reach` is how far anybody looks back."""
        self._state = state
        self._reach = reach
        self._taken: dict[int, None] = {}
        self._notes = 0

    def take(self, message_id: int) -> None:
        """Remember, in this process, that a message is in work."""
        self._taken[message_id] = None
        if len(self._taken) > MOST_TAKEN:
            del self._taken[next(iter(self._taken))]

    async def note(self, message_id: int) -> None:
        """Remember, also after a restart, that nothing is owed for a message."""
        self.take(message_id)
        if not self._reach:
            return
        try:
            if self._notes % FORGOTTEN_AFTER == 0:
                await self._forget_old()
            self._notes += 1
            await self._state.write(f"{DEALT_WITH}{message_id}", "")
        except StorageError as error:
            log.warning("refused message not noted: %s", error)

    async def knows(self, message_id: int) -> bool:
        """Whether a message is in work, or was refused or offered.

        Raises:
            StorageError: nobody can tell.
        """
        if message_id in self._taken:
            return True
        return await self._state.read(f"{DEALT_WITH}{message_id}") is not None

    async def _forget_old(self) -> None:
        least = discord.utils.time_snowflake(discord.utils.utcnow() - self._reach)
        for key in await self._state.find(DEALT_WITH):
            if int(key.removeprefix(DEALT_WITH)) < least:
                await self._state.forget(key)
