"""A database that does not do its work raises one of our errors, and recovers by itself."""

from __future__ import annotations

import sqlite3

import pytest
from sqlalchemy import TextClause, event, text
from sqlalchemy.exc import DBAPIError

from bot.errors import StorageError
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database, migrate
from tests.storage.asking import ask, opened


class TestSqlite:
    """A file."""

    @pytest.fixture
    def backend(self):
        return "sqlite"

    async def test_a_full_disk(self, database):
        store = SqlConversationStore(database)
        await opened(store, ask())

        def fill(connection, *_more):
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA max_page_count={pages}")
            cursor.close()

        async with database.read() as session:
            count = (await session.connection()).exec_driver_sql
            pages = (await count("PRAGMA page_count")).scalar()
        await database._engine.dispose()
        event.listen(database._engine.sync_engine, "connect", fill)
        with pytest.raises(StorageError, match="full"):
            for _number in range(50):
                await store.open_turn(ask("x" * 100_000))
        assert len(await store.exchanges(ask().scope, limit=100)) >= 1
        event.remove(database._engine.sync_engine, "connect", fill)
        await database._engine.dispose()
        await opened(store, ask("x" * 100_000))

    async def test_somebody_elses_lock(self, url, database, monkeypatch):
        await opened(SqlConversationStore(database), ask())
        async with database.read() as session:
            await (await session.connection()).exec_driver_sql("PRAGMA busy_timeout=1")
        other = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StorageError, match="locked"):
            await SqlConversationStore(database).open_turn(ask())
        other.execute("ROLLBACK")
        other.close()
        await opened(SqlConversationStore(database), ask())


class TestPostgres:
    """A server, most of whose errors SQLAlchemy does not tell apart."""

    @pytest.fixture
    def backend(self):
        return "postgres"

    @pytest.mark.parametrize(
        "state",
        ["53100", "53200", "53300", "57P01", "57P03", "40001", "55P03", "25006", "58030", "XX000"],
    )
    async def test_it_says_what_is_wrong(self, database, state):
        with pytest.raises(StorageError, match=f"sqlstate={state}"):
            async with database.write() as session:
                await session.execute(_raise(state))

    @pytest.mark.parametrize("state", ["0A000", "22012", "23505", "42601"])
    async def test_our_own_mistakes_are_not_called_its_trouble(self, database, state):
        with pytest.raises(DBAPIError):
            async with database.write() as session:
                await session.execute(_raise(state))

    async def test_it_lets_nobody_in_for_a_while(self, postgres):
        url = postgres.create("closed")
        await migrate(url)
        async with Database(url) as database:
            store = SqlConversationStore(database)
            await opened(store, ask())
            postgres.close("closed")
            for _ in range(2):
                with pytest.raises(StorageError):
                    await store.open_turn(ask())
            postgres.reopen("closed")
            await opened(store, ask())
        postgres.drop("closed")

    async def test_it_hangs(self, url, monkeypatch):
        monkeypatch.setattr("bot.storage.database.STATEMENT_SECONDS", 0.05)
        async with Database(url) as database:
            with pytest.raises(StorageError, match="TimeoutError"):
                async with database.read() as session:
                    await session.execute(text("SELECT pg_sleep(10)"))


def _raise(state: str) -> TextClause:
    return text(f"DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '{state}'; END $$")


async def test_a_server_that_is_not_there_is_trouble():
    async with Database("postgresql://nobody@127.0.0.1:1/none") as database:
        with pytest.raises(StorageError):
            await SqlConversationStore(database).is_known(1)
