"""Keeps how replies ended and that it was shown, also when the memory is in trouble just then."""

from __future__ import annotations

import logging
from collections.abc import Collection

from bot.chat.content import ImagePart
from bot.chat.ports import ReplyStore
from bot.chat.turns import Answer, Exchange, OpenTurn, Question, Scope, TurnState
from bot.errors import StorageError

log = logging.getLogger(__name__)

MOST_WAITING = 200
"""They hold their pictures; the oldest are given up, and the next start finds them cut off."""


class Closings:
    """The ends of answers; those that could not be kept are tried again later."""

    def __init__(self, store: ReplyStore) -> None:
        self._store = store
        self._waiting: dict[int, tuple[TurnState, Answer]] = {}
        self._shown: set[int] = set()
        self._private: set[Scope] = set()
        self._left: set[int] = set()

    def confirm(self, turn_id: int) -> None:
        """Note, with the next `retry`, that Discord has an answer's last state; an answer that is
        shown once more after a crash in between is shown as it was."""
        self._shown.add(turn_id)

    async def left_unshown(self, turn_id: int) -> None:
        """Have an answer that has ended shown later: Discord could not be reached."""
        self._left.add(turn_id)
        await self._release_rest()

    async def forget(self, scope: Scope) -> None:
        """Forget a conversation, now or when the memory works again."""
        self._private.add(scope)
        await self._forget_rest()

    async def close(
        self, turn_id: int, state: TurnState, answer: Answer, *, shown: bool = False
    ) -> None:
        """Keep an answer and how it ended, now or when the memory works again."""
        try:
            await self._store.close_turn(turn_id, state, answer, shown=shown)
        except StorageError as error:
            log.warning("ending not kept yet turn=%d: %s", turn_id, error)
            self._waiting[turn_id] = state, answer
        while len(self._waiting) > MOST_WAITING:
            given_up = next(iter(self._waiting))
            del self._waiting[given_up]
            self._left.discard(given_up)
            log.error("ending given up turn=%d", given_up)

    async def retry(self) -> int:
        """Try those that wait; how many still do."""
        for turn_id, (state, answer) in list(self._waiting.items()):
            try:
                await self._store.close_turn(turn_id, state, answer)
            except StorageError:
                return len(self._waiting)
            self._waiting.pop(turn_id, None)
            log.info("ending kept after all turn=%d", turn_id)
        await self._forget_rest()
        await self._release_rest()
        if shown := self._shown - self._waiting.keys():
            try:
                await self._store.confirm_shown(shown)
            except StorageError as error:
                log.warning("shown answers not noted yet: %s", error)
            else:
                self._shown -= shown
        return len(self._waiting)

    async def _release_rest(self) -> None:
        # Whoever finds an answer before its ending is kept takes it for an interrupted one.
        try:
            for turn_id in self._left - self._waiting.keys():
                await self._store.release(turn_id)
                self._left.discard(turn_id)
        except StorageError as error:
            log.warning("answers not left for later yet: %s", error)

    async def _forget_rest(self) -> None:
        try:
            for scope in list(self._private):
                await self._store.clear(scope)
                self._private.discard(scope)
        except StorageError as error:
            log.warning("private answers not forgotten yet: %s", error)


class NoMemory:
    """What a reply needs of the memory while there is none: nothing is known, nothing is kept."""

    async def history(self, turn_id: int, *, max_exchanges: int, max_bytes: int) -> list[Exchange]:
        """Nothing."""
        return []

    async def lineage(self, turn_id: int, *, max_exchanges: int, max_bytes: int) -> list[Exchange]:
        """Nothing."""
        return []

    async def keep_picture(self, turn_id: int, image: ImagePart) -> None:
        """Let it go; it is shown all the same."""

    async def close_turn(
        self, turn_id: int, state: TurnState, answer: Answer, *, shown: bool = False
    ) -> None:
        """Let it go."""

    async def confirm_shown(self, turn_ids: Collection[int]) -> None:
        """Let it go."""

    async def clear(self, scope: Scope) -> int:
        """There is nothing."""
        return 0

    async def release(self, turn_id: int) -> None:
        """Let it go."""


NO_MEMORY = NoMemory()


def unremembered(question: Question) -> OpenTurn:
    """An answer that the memory does not know of; its number is below zero."""
    return OpenTurn(-abs(question.event_id), question)
