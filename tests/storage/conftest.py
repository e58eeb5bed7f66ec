"""Every test of a store runs on a migrated SQLite file and on a migrated PostgreSQL."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import asyncpg  # type: ignore[import-untyped]  # it has none
import pytest

from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database, migrate
from bot.storage.tables import Base
from bot.storage.variants import SqlVariantStore
from tests.postgres import PostgresMissingError, PostgresServer, postgres_server

_numbers = count(1)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The PostgreSQL of this run of the tests."""
    try:
        with postgres_server() as server:
            yield server
    except PostgresMissingError as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"not tested on PostgreSQL: {missing}")


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    _run(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """The address of a migrated database, emptied after each test: copying one is slower."""
    _run(_execute(postgres.url(), "CREATE DATABASE migrated"))
    url = postgres.url("migrated")
    _run(migrate(url))
    return url


@pytest.fixture(params=["sqlite", "postgres"])
def backend(request):
    """The kind of database."""
    return request.param


@pytest.fixture
def empty_url(backend, request, tmp_path) -> Iterator[str]:
    """The address of a database of this test's own, without tables."""
    if backend == "sqlite":
        yield f"sqlite:///{tmp_path / 'empty.sqlite3'}"
    else:
        server, name = request.getfixturevalue("postgres"), f"test_{next(_numbers)}"
        _run(_execute(server.url(), f"CREATE DATABASE {name}"))
        yield server.url(name)
        _run(_execute(server.url(), f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.fixture
def url(backend, request, tmp_path) -> Iterator[str]:
    """The address of a migrated database without rows."""
    if backend == "sqlite":
        path = tmp_path / "bot.sqlite3"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
    else:
        address = request.getfixturevalue("migrated_postgres")
        yield address
        children_first = reversed(Base.metadata.sorted_tables)
        _run(_execute(address, "; ".join(f"DELETE FROM {table.name}" for table in children_first)))


@pytest.fixture
async def database(url):
    async with Database(url) as database:
        yield database


@pytest.fixture
def store(database) -> SqlConversationStore:
    return SqlConversationStore(database)


@pytest.fixture
def variants(database) -> SqlVariantStore:
    return SqlVariantStore(database)


async def _execute(address: str, sql: str) -> None:
    connection = await asyncpg.connect(address)
    await connection.execute(sql)
    await connection.close()


def _run(work: Coroutine[object, object, None]) -> None:
    # In a thread, because a fixture may be asked for while the test's own loop runs.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()
