"""The write-ahead log is emptied by itself, and nobody has to wait for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import text

from bot.storage.database import Database
from bot.storage.write_ahead import LONG_BYTES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "bot.sqlite3"


def _size(file: Path) -> int:
    return file.stat().st_size


async def _write(database: Database, size: int) -> None:
    async with database.write() as session:
        await session.execute(text("CREATE TABLE IF NOT EXISTS heap (data BLOB)"))
        await session.execute(text("INSERT INTO heap VALUES (zeroblob(:size))"), {"size": size})


async def test_a_long_log_goes_into_the_file_and_becomes_short(file: Path) -> None:
    log = file.with_name("bot.sqlite3-wal")
    async with Database(f"sqlite:///{file}") as database:
        await _write(database, LONG_BYTES)
        assert database._log is not None
        await database._log.close()
        assert _size(file) > LONG_BYTES
        await _write(database, 1)
        assert _size(log) <= LONG_BYTES


async def test_a_short_log_is_left_alone(file: Path) -> None:
    async with Database(f"sqlite:///{file}") as database:
        await _write(database, 1_000_000)
        assert database._log is not None
        await database._log.close()
        assert _size(file) < 1_000_000
