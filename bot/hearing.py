"""Since when messages may have been missed, as sessions with Discord are lost and begin. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Gap:
    """A time in which not everything was heard."""

    since: datetime
    sessions: int
    """How many sessions had begun without what came before them, when it was looked at."""


class Hearing:
    """What the shards hear. A gap stays open until somebody has looked through it: whoever starts
    next looks back to its beginning."""

    def __init__(self, deaf_since: datetime | None = None) -> None:
        self._since = deaf_since
        self._lost: set[int] = set()
        self._sessions = 0
        self._looked = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing can have been missed."""
        return self._since is None

    def lose(self, shard_id: int, now: datetime) -> None:
        """Note that a shard's connection is lost; told again while it tries to return."""
        self._lost.add(shard_id)
        if self._since is None:
            self._since = now

    def begin(self, shard_id: int) -> None:
        """Note that a shard has a new session; what came before it, Discord does not send."""
        self._lost.discard(shard_id)
        if self._since is not None:
            self._sessions += 1

    def resume(self, shard_id: int) -> None:
        """Note that a shard has its session again; Discord sends what came meanwhile."""
        self._lost.discard(shard_id)
        self._settle()

    def gap(self) -> Gap | None:
        """What is to be looked through, if anything."""
        return None if self._since is None else Gap(self._since, self._sessions)

    def is_open(self, gap: Gap) -> bool:
        """Whether a gap is still to be looked through, and not as a part of a later one."""
        return self._looked < gap.sessions == self._sessions

    def close(self, gap: Gap) -> None:
        """Note that everything in it was found."""
        self._looked = max(self._looked, gap.sessions)
        self._settle()

    def _settle(self) -> None:
        if not self._lost and self._looked == self._sessions:
            self._since = None
