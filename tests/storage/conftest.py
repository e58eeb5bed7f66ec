"""Every test of a store runs on a migrated SQLite file and on a migrated PostgreSQL."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database, migrate
from bot.storage.tables import Base
from bot.storage.variants import SqlVariantStore
from tests.postgres import PostgresServer, execute, run_apart

_numbers = count(1)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file to copy."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    run_apart(migrate(f"sqlite:///{path}"))
    return path


@pytest.fixture(scope="session")
def migrated_postgres(postgres: PostgresServer) -> str:
    """The address of a migrated database, emptied after each test: copying one is slower."""
    url = postgres.create("migrated")
    run_apart(migrate(url))
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
        yield server.create(name)
        server.drop(name)


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
        execute(address, "; ".join(f"DELETE FROM {table.name}" for table in children_first))


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
