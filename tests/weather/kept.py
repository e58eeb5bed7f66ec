"""What the bot's database says, read from the file itself."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

NAME = "bot.sqlite3"
_ANSWERS = """
    SELECT question.event_id, answer.id, answer.state, conversations.guild_id,
           (SELECT count(*) FROM turn_parts
             WHERE turn_parts.turn_id = answer.id AND turn_parts.kind = 'image')
      FROM turns AS answer
      JOIN turns AS question ON question.id = answer.parent_id
      JOIN conversations ON conversations.id = answer.conversation_id
     WHERE answer.role = 'assistant' AND answer.id > ?
     ORDER BY answer.id
"""


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


def read(folder: Path, *, after_turn: int = 0) -> Kept:
    """Read the database of a bot that runs or has ended, with the turns after that one; whether
    it is damaged is asked only where it cannot be read."""
    with closing(sqlite3.connect(f"file:{folder / NAME}?mode=ro", uri=True)) as database:
        try:
            return _read(database, after_turn)
        except sqlite3.DatabaseError as error:
            return Kept(damage=(str(error),))


def read_checked(folder: Path) -> Kept:
    """Read all of it, and let SQLite check it."""
    found = read(folder)
    with closing(sqlite3.connect(f"file:{folder / NAME}?mode=ro", uri=True)) as database:
        return replace(found, damage=(*found.damage, *_damage(database)))


def read_dead(folder: Path) -> Kept:
    """Read what a killed bot left, without mending it: from a copy."""
    with tempfile.TemporaryDirectory() as name:
        for file in folder.glob(f"{NAME}*"):
            shutil.copy(file, name)
        return read(Path(name))


def _read(database: sqlite3.Connection, after_turn: int) -> Kept:
    used: Counter[str] = Counter()
    for measure, amount in database.execute(
        "SELECT measure, used FROM quota_use WHERE member_id = 0"
    ):
        used[measure] += amount
    [(least,)] = database.execute("SELECT coalesce(min(used), 0) FROM quota_use")
    [(reservations,)] = database.execute("SELECT count(*) FROM quota_reservations")
    return Kept(
        answers=tuple(KeptAnswer(*row) for row in database.execute(_ANSWERS, [after_turn])),
        shown_on=dict(
            database.execute(
                "SELECT message_id, turn_id FROM turn_messages WHERE turn_id > ?", [after_turn]
            )
        ),
        reservations=reservations,
        used=dict(used),
        least_used=least,
    )


def _damage(database: sqlite3.Connection) -> Iterator[str]:
    for (said,) in database.execute("PRAGMA integrity_check"):
        if said != "ok":
            yield f"integrity_check: {said}"
    for table, row, parent, _ in database.execute("PRAGMA foreign_key_check"):
        yield f"foreign_key_check: {table} row {row} points at nothing in {parent}"
