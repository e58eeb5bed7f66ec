"""What the bot's database says, read without the bot's own code."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped]  # it has none

from tests.postgres import run_apart

NAME = "bot.sqlite3"
_ANSWERS = """
    SELECT question.event_id, answer.id, answer.state, conversations.guild_id,
           (SELECT count(*) FROM turn_parts
             WHERE turn_parts.turn_id = answer.id AND turn_parts.kind = 'image')
      FROM turns AS answer
      JOIN turns AS question ON question.id = answer.parent_id
      JOIN conversations ON conversations.id = answer.conversation_id
     WHERE answer.role = 'assistant' AND answer.id > {after}
     ORDER BY answer.id
"""
_SHOWN_ON = "SELECT message_id, turn_id FROM turn_messages WHERE turn_id > {after}"
_USED = "SELECT measure, used FROM quota_use WHERE member_id = 0"
_LEAST_USED = "SELECT coalesce(min(used), 0) FROM quota_use"
_RESERVATIONS = "SELECT count(*) FROM quota_reservations"

Rows = Sequence[Any]
"""Each a sequence of its columns."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """One answer to a question."""

    event_id: int
    turn_id: int
    state: str
    guild_id: int | None
    pictures: int


@dataclass(frozen=True, slots=True)
class Kept:
    """What matters of the database here."""

    answers: tuple[KeptAnswer, ...] = ()
    shown_on: Mapping[int, int] | None = None
    """Message id -> turn id."""
    reservations: int = 0
    used: Mapping[str, int] | None = None
    """What all members together have used, by measure."""
    least_used: int = 0
    """The lowest of all counters."""
    damage: tuple[str, ...] = ()
    """What SQLite's own checks found."""

    def of(self, event_id: int) -> list[KeptAnswer]:
        """The answers to one question, oldest first."""
        return [answer for answer in self.answers if answer.event_id == event_id]


class Memory(ABC):
    """Where a bot remembers."""

    url: str
    """As DATABASE_URL takes it."""

    def read(self, *, after_turn: int = 0) -> Kept:
        """Read the database of a bot that runs or has ended, with the turns after that one."""
        statements = [_ANSWERS, _SHOWN_ON, _USED, _LEAST_USED, _RESERVATIONS]
        answers, shown_on, used, [[least]], [[reservations]] = self._fetch(
            [statement.format(after=after_turn) for statement in statements]
        )
        total: Counter[str] = Counter()
        for measure, amount in used:
            total[measure] += amount
        return Kept(
            answers=tuple(KeptAnswer(*row) for row in answers),
            shown_on=dict(shown_on),
            reservations=reservations,
            used=dict(total),
            least_used=least,
        )

    def read_checked(self) -> Kept:
        """Read all of it, and let the database check itself where it can."""
        return self.read()

    def read_dead(self) -> Kept:
        """Read what a killed bot left, without mending it."""
        return self.read()

    @abstractmethod
    def _fetch(self, statements: Sequence[str]) -> list[Rows]: ...


class SqliteFile(Memory):
    """A file in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = f"sqlite:///{folder / NAME}"

    def read(self, *, after_turn: int = 0) -> Kept:
        """As for all; whether it is damaged is asked only where it cannot be read."""
        try:
            return super().read(after_turn=after_turn)
        except sqlite3.DatabaseError as error:
            return Kept(damage=(str(error),))

    def read_checked(self) -> Kept:
        """Read it, and let SQLite check it."""
        found = self.read()
        with closing(self._opened()) as database:
            return replace(found, damage=(*found.damage, *_damage(database)))

    def read_dead(self) -> Kept:
        """Read a copy."""
        with tempfile.TemporaryDirectory() as name:
            for file in self._folder.glob(f"{NAME}*"):
                shutil.copy(file, name)
            return SqliteFile(Path(name)).read()

    def _fetch(self, statements: Sequence[str]) -> list[Rows]:
        with closing(self._opened()) as database:
            return [database.execute(statement).fetchall() for statement in statements]

    def _opened(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self._folder / NAME}?mode=ro", uri=True)


class PostgresDatabase(Memory):
    """A database of a PostgreSQL server, which mends and checks itself."""

    def __init__(self, url: str) -> None:
        self.url = url

    def _fetch(self, statements: Sequence[str]) -> list[Rows]:
        async def fetch() -> list[Rows]:
            connection = await asyncpg.connect(self.url)
            try:
                async with connection.transaction(isolation="repeatable_read", readonly=True):
                    return [await connection.fetch(statement) for statement in statements]
            finally:
                await connection.close()

        return run_apart(fetch())


def _damage(database: sqlite3.Connection) -> Iterator[str]:
    for (said,) in database.execute("PRAGMA integrity_check"):
        if said != "ok":
            yield f"integrity_check: {said}"
    for table, row, parent, _ in database.execute("PRAGMA foreign_key_check"):
        yield f"foreign_key_check: {table} row {row} points at nothing in {parent}"
