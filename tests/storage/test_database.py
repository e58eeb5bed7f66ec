"""Addresses, connections and transactions."""

from __future__ import annotations

import asyncio
import os
from datetime import UTC, datetime, timedelta, timezone

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, InterfaceError, StatementError

from bot.errors import SettingsError, StartupError, StorageError
from bot.storage.database import Database, async_url
from bot.storage.tables import BotStateRow, ConversationRow

TOKYO = timezone(timedelta(hours=9))


class TestAddress:
    @pytest.mark.parametrize(
        ("given", "driver"),
        [
            ("sqlite:///data/bot.db", "sqlite+aiosqlite"),
            ("sqlite+aiosqlite:///data/bot.db", "sqlite+aiosqlite"),
            ("postgres://u:p@db.example/liaocord", "postgresql+asyncpg"),
            ("postgresql://u:p@db.example/liaocord", "postgresql+asyncpg"),
            ("postgresql+asyncpg://u:p@db.example/liaocord", "postgresql+asyncpg"),
        ],
    )
    def test_the_usual_spellings_lead_to_the_asynchronous_driver(self, given, driver):
        parsed = async_url(given)
        assert parsed.drivername == driver
        assert parsed.database == given.rpartition(":///" if "sqlite" in given else "/")[2]

    def test_a_hosted_databases_parameters_are_translated(self):
        parsed = async_url("postgres://u:p@h/d?sslmode=require&channel_binding=require")
        assert dict(parsed.query) == {"ssl": "require"}

    @pytest.mark.parametrize(
        "given", ["", "hunter2", "mysql://u:hunter2@h/d", "sqlite://", "sqlite:///:memory:"]
    )
    def test_an_address_that_cannot_be_used_is_refused_in_plain_words(self, given):
        with pytest.raises(SettingsError, match="DATABASE_URL") as raised:
            async_url(given)
        assert "hunter2" not in str(raised.value)

    def test_a_folder_that_cannot_be_made_is_refused_in_plain_words(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(StartupError, match="cannot be made"):
            Database(f"sqlite:///{tmp_path}/file/bot.db")


class TestSqlite:
    async def test_the_folder_is_made(self, tmp_path):
        url = f"sqlite:///{tmp_path}/a/b/bot.db"
        async with Database(url) as database, database.read() as session:
            await session.execute(text("SELECT 1"))
        assert (tmp_path / "a" / "b" / "bot.db").exists()

    async def test_nobody_else_on_the_machine_reads_it(self, tmp_path):
        before = os.umask(0)
        try:
            folder = tmp_path / "data"
            async with Database(f"sqlite:///{folder}/bot.db") as database:
                async with database.write() as session:
                    await session.execute(text("CREATE TABLE x (y)"))
                modes = {path.name: path.stat().st_mode & 0o777 for path in folder.iterdir()}
        finally:
            os.umask(before)
        assert folder.stat().st_mode & 0o777 == 0o700
        assert modes == dict.fromkeys(("bot.db", "bot.db-wal", "bot.db-shm"), 0o600)

    @pytest.mark.parametrize(
        ("pragma", "value"),
        [("journal_mode", "wal"), ("foreign_keys", 1), ("synchronous", 1), ("busy_timeout", 10000)],
    )
    async def test_each_connection_is_prepared(self, tmp_path, pragma, value):
        async with (
            Database(f"sqlite:///{tmp_path}/bot.db") as database,
            database.read() as one,
            database.read() as another,
        ):
            for session in (one, another):
                assert await session.scalar(text(f"PRAGMA {pragma}")) == value


class TestTransactions:
    async def test_whoever_comes_after_the_end_is_told(self, url):
        async with Database(url) as database:
            pass
        with pytest.raises(StorageError, match="closed"):
            async with database.read() as session:
                await session.get(BotStateRow, "a")

    async def test_a_block_that_raises_changes_nothing(self, database):
        with pytest.raises(KeyError):
            async with database.write() as session:
                session.add(BotStateRow(name="a", value="b"))
                await session.flush()
                raise KeyError
        async with database.read() as session:
            assert await session.get(BotStateRow, "a") is None

    async def test_an_error_does_not_tell_what_people_wrote(self, database):
        with pytest.raises((DBAPIError, StorageError)) as caught:
            async with database.write() as session:
                await session.execute(text("INSERT INTO no_table VALUES (:x)"), {"x": "secret"})
        error: BaseException | None = caught.value
        while error is not None:
            assert "secret" not in str(error)
            error = error.__cause__ or error.__context__

    async def test_neither_does_what_postgresqls_driver_says_of_its_trouble(self, database):
        driver = ValueError("invalid input for query argument $1: 'my cat is called Momo'")
        with pytest.raises(StorageError) as caught:
            async with database.read():
                raise InterfaceError("INSERT", {"text": "Momo"}, driver)
        assert str(caught.value) == "ValueError sqlstate=None"

    async def test_writers_that_read_first_wait_for_each_other(self, url):
        """On SQLite two such transactions would end in SQLITE_BUSY without BEGIN IMMEDIATE."""

        async def add_one(database: Database) -> None:
            async with database.write() as session:
                row = await session.get_one(BotStateRow, "count", with_for_update=True)
                await asyncio.sleep(0)
                row.value = str(int(row.value) + 1)

        async with Database(url) as one, Database(url) as other:
            async with one.write() as session:
                session.add(BotStateRow(name="count", value="0"))
            await asyncio.gather(*(add_one(database) for database in (one, other) * 8))
            async with one.read() as session:
                assert (await session.get_one(BotStateRow, "count")).value == "16"

    async def test_a_reader_sees_one_moment(self, database):
        count = select(func.count()).select_from(BotStateRow)
        async with database.read() as reader:
            before = await reader.scalar(count)
            async with database.write() as writer:
                writer.add(BotStateRow(name="a", value="b"))
            assert await reader.scalar(count) == before

    async def test_closing_waits_for_the_transactions_that_run(self, url):
        database = Database(url)
        inside, go_on = asyncio.Event(), asyncio.Event()

        async def work() -> str:
            async with database.write() as session:
                session.add(BotStateRow(name="a", value="b"))
                inside.set()
                await go_on.wait()
            return "kept"

        working = asyncio.create_task(work())
        await inside.wait()
        closing = asyncio.create_task(database.close())
        await asyncio.sleep(0)
        assert not closing.done()
        go_on.set()
        await closing
        assert working.done()
        assert await working == "kept"

    async def test_a_cancelled_writer_lets_the_next_one_in(self, database):
        inside = asyncio.Event()

        async def write_for_ever() -> None:
            async with database.write() as session:
                session.add(BotStateRow(name="a", value="cancelled"))
                await session.flush()
                inside.set()
                await asyncio.Event().wait()

        stuck = asyncio.create_task(write_for_ever())
        await inside.wait()
        stuck.cancel()
        async with asyncio.timeout(5), database.write() as session:
            session.add(BotStateRow(name="a", value="kept"))
        async with database.read() as session:
            assert (await session.get_one(BotStateRow, "a")).value == "kept"


class TestTimes:
    async def test_times_come_back_aware_and_in_utc(self, database):
        noon = datetime(2026, 11, 22, 12, 0, 0, 123456, TOKYO)
        async with database.write() as session:
            session.add(ConversationRow(scope_key="k", channel_id=1, created_at=noon))
        async with database.read() as session:
            stored = (await session.scalars(select(ConversationRow))).one().created_at
        assert stored == noon
        assert stored.tzinfo is UTC

    async def test_a_time_without_zone_is_refused(self, database):
        naive = datetime(2026, 11, 22)  # noqa: DTZ001 - the point of this test
        with pytest.raises(StatementError, match="time zone"):
            async with database.write() as session:
                session.add(ConversationRow(scope_key="k", channel_id=1, created_at=naive))
