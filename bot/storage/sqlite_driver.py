"""aiosqlite with one trip to its thread a statement, where SQLAlchemy would make four.

Opening a cursor, executing, fetching and closing are each a trip; a reply makes dozens of
statements, and the trips cost more than SQLite does.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, Self

import aiosqlite

_ROWS_AT_A_TIME = 64
"""aiosqlite's default for its own iteration, which SQLAlchemy does not use."""


class WholeCursor(aiosqlite.Cursor):
    """Runs a statement and fetches all its rows at once; opening and closing cost no trip."""

    def __init__(self, connection: OneTripConnection, cursor: sqlite3.Cursor) -> None:
        super().__init__(connection, cursor)
        self._rows: Iterable[Any] = ()

    async def __aenter__(self) -> Self:
        return self

    async def execute(self, sql: str, parameters: Iterable[Any] | None = None) -> Self:
        """Run the statement and keep its rows."""
        self._rows = await self._execute(self._run, sql, parameters or ())  # type: ignore[no-untyped-call]
        return self

    async def fetchall(self) -> Iterable[Any]:
        """The rows of the statement."""
        return self._rows

    async def close(self) -> None:
        """Let go of the statement."""
        self._cursor.close()

    def _run(self, sql: str, parameters: Sequence[Any]) -> Iterable[Any]:
        self._cursor.execute(sql, parameters)
        return self._cursor.fetchall() if self._cursor.description else ()


class OneTripConnection(aiosqlite.Connection):
    """What SQLAlchemy talks to."""

    def cursor(self) -> WholeCursor:  # type: ignore[override]  # SQLAlchemy enters what it gets
        """A new cursor, at once."""
        return WholeCursor(self, self._conn.cursor())

    async def commit(self) -> None:
        """Commit, if there is anything to: a single SELECT stands in no transaction."""
        if self.in_transaction:
            await super().commit()

    async def rollback(self) -> None:
        """Roll back, if there is anything to: the pool asks it of every returned connection."""
        if self.in_transaction:
            await super().rollback()


def connect(database: str, **options: Any) -> OneTripConnection:
    """Make a connection; the `async_creator_fn` of SQLAlchemy's aiosqlite dialect."""
    connection = OneTripConnection(lambda: sqlite3.connect(database, **options), _ROWS_AT_A_TIME)
    connection._thread.daemon = True  # as SQLAlchemy does, so that a lost one holds up no exit
    return connection
