"""The engine, its transactions, and its schema. What the tables hold stands in `tables`."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import (
    AbstractAsyncContextManager,
    asynccontextmanager,
    contextmanager,
    nullcontext,
    suppress,
)
from pathlib import Path
from typing import Self

from alembic import command
from alembic.config import Config
from alembic.util import CommandError
from sqlalchemy import URL, Connection, event, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import (
    ArgumentError,
    DataError,
    DBAPIError,
    IntegrityError,
    NotSupportedError,
    ProgrammingError,
    TimeoutError as PoolTimeoutError,
)
from sqlalchemy.ext.asyncio import (
    AsyncEngine,
    AsyncSession,
    async_sessionmaker,
    create_async_engine,
)
from sqlalchemy.pool import ConnectionPoolEntry

from bot.errors import SettingsError, StartupError, StorageError
from bot.storage import sqlite_driver, write_ahead
from bot.storage.write_ahead import WriteAheadLog

ALEMBIC_INI = Path(__file__).parents[2] / "alembic.ini"

BUSY_TIMEOUT_SECONDS = 10
"""How long SQLite waits for a writer in another process."""
SQLITE_CONNECTIONS = 4
SQLITE_CACHE_KIB = 1_000
"""Of pages, for each connection; the system keeps the file in memory as well."""
CONNECT_SECONDS = 10
"""How long PostgreSQL may take to let us in, and how long a transaction waits for a connection."""
STATEMENT_SECONDS = 20
"""How long PostgreSQL may take for one statement; a server that hangs says nothing at all."""
CLOSE_SECONDS = 5

OLDEST_SQLITE = (3, 35)
"""The first with RETURNING."""

_MISTAKES = frozenset({"0A", "21", "22", "23", "42"})
"""Not supported, cardinality, data, integrity, syntax or access."""

_DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}


def async_url(url: str) -> URL:
    """The same database, by our asynchronous driver.

    Raises:
        SettingsError: the address is not one, or of a database we do not speak.
    """
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError) as err:
        # The address may hold a password, so neither it nor its error is repeated.
        raise SettingsError(["DATABASE_URL: this is not a database address"]) from err
    if parsed.drivername not in _DRIVERS:
        raise SettingsError(["DATABASE_URL: must start with sqlite:/// or postgresql://"])
    parsed = parsed.set(drivername=_DRIVERS[parsed.drivername])
    if parsed.get_backend_name() == "sqlite":
        if parsed.database in (None, "", ":memory:"):
            raise SettingsError(["DATABASE_URL: SQLite needs a file, as in sqlite:///data/bot.db"])
        return parsed
    # Hosted databases hand out libpq's spelling. asyncpg calls `sslmode` `ssl`, and it decides on
    # `channel_binding` by itself.
    query = dict(parsed.query)
    query.pop("channel_binding", None)
    if (mode := query.pop("sslmode", None)) is not None:
        query["ssl"] = mode
    return parsed.set(query=query)


def create_engine(url: str, *, statement_seconds: float | None = None) -> AsyncEngine:
    """An engine for that address; the folder of a SQLite file is made when missing.

    Raises:
        SettingsError: see `async_url`.
        StartupError: this Python's SQLite is too old, or the folder cannot be made.
    """
    parsed = async_url(url)
    if parsed.get_backend_name() != "sqlite":
        # A hosted server closes idle connections; a bot may be idle all night.
        return create_async_engine(
            parsed,
            pool_pre_ping=True,
            pool_timeout=CONNECT_SECONDS,
            hide_parameters=True,
            connect_args={"timeout": CONNECT_SECONDS, "command_timeout": statement_seconds},
        )
    if sqlite3.sqlite_version_info < OLDEST_SQLITE:
        raise StartupError(f"SQLite {sqlite3.sqlite_version} is too old: 3.35 or newer is needed")
    try:
        _make_file(Path(parsed.database or ""))
    except OSError as err:
        raise StartupError(f"The database's file or folder cannot be made: {err}") from err
    # An error's text may reach the log, and parameters are what people wrote.
    engine = create_async_engine(
        parsed,
        hide_parameters=True,
        # Each has a thread and a cache of pages; writers take one at a time anyway.
        pool_size=SQLITE_CONNECTIONS,
        max_overflow=0,
        connect_args={"async_creator_fn": sqlite_driver.connect},
    )
    event.listen(engine.sync_engine, "connect", _prepare_sqlite)
    event.listen(engine.sync_engine, "begin", _begin_sqlite)
    return engine


def _make_file(path: Path) -> None:
    """Make the file and its folder for nobody else to read, where they are missing; SQLite gives
    its log the file's mode."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def reading(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for transactions that only look, all at one moment of the database.

    SQLite's are like that; PostgreSQL's would see another moment with each statement.
    """
    if engine.dialect.name == "sqlite":
        return engine
    return engine.execution_options(isolation_level="REPEATABLE READ")


def glancing(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for a single statement that only looks: no BEGIN and no COMMIT around it,
    which would be two more round trips to PostgreSQL."""
    if engine.dialect.name == "sqlite":
        return engine.execution_options(sqlite_begin="")
    return engine.execution_options(isolation_level="AUTOCOMMIT")


def writing(engine: AsyncEngine) -> AsyncEngine:
    """The same engine for transactions that will write.

    SQLite refuses to turn a reading transaction into a writing one when somebody else wrote
    meanwhile, however long it may wait. So a writer says so at its BEGIN, and waits there.
    """
    return engine.execution_options(sqlite_begin="BEGIN IMMEDIATE")


def _prepare_sqlite(connection: DBAPIConnection, _record: ConnectionPoolEntry) -> None:
    # The driver would begin transactions by its own rules, and none for DDL or SELECT
    # (SQLAlchemy's manual, "Transactions with SQLite and the sqlite3 driver").
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}")
    # Counts for new files only. A picture takes a third less processor time than in 4 KiB.
    cursor.execute("PRAGMA page_size=8192")
    cursor.execute(f"PRAGMA cache_size=-{SQLITE_CACHE_KIB}")
    cursor.execute("PRAGMA journal_mode=WAL")
    # Enough with WAL: a power cut may lose the last moments, never the file.
    cursor.execute("PRAGMA synchronous=NORMAL")
    cursor.execute("PRAGMA wal_autocheckpoint=0")  # see `write_ahead`
    cursor.execute(f"PRAGMA journal_size_limit={write_ahead.LONG_BYTES}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    if begin := connection.get_execution_options().get("sqlite_begin", "BEGIN"):
        connection.exec_driver_sql(begin)


@contextmanager
def _translated() -> Iterator[None]:
    """Raise what a database in trouble raises as one of ours; our own mistakes stay as they are."""
    try:
        yield
    except DBAPIError as error:
        if _is_mistake(error):
            raise
        raise StorageError(_said(error)) from error
    except (PoolTimeoutError, OSError) as error:
        raise StorageError(f"{type(error).__name__}: {error}"[:300]) from error


def _is_mistake(error: DBAPIError) -> bool:
    """Whether the statement is to blame. Of PostgreSQL's errors SQLAlchemy tells a few kinds apart
    by class; all have a state, whose first two characters are its kind (PostgreSQL's manual,
    appendix A)."""
    if isinstance(error, (DataError, IntegrityError, NotSupportedError, ProgrammingError)):
        return True
    return (getattr(error.orig, "sqlstate", None) or "")[:2] in _MISTAKES


def _said(error: DBAPIError) -> str:
    """What went wrong, without what people wrote: the statement's parameters stay out, and so does
    what PostgreSQL's driver says, which quotes them."""
    if isinstance(error.orig, sqlite3.Error):
        return f"{type(error.orig).__name__}: {error.orig}"[:300]
    driver = getattr(error.orig, "__cause__", None) or error.orig
    return f"{type(driver).__name__} sqlstate={getattr(error.orig, 'sqlstate', None)}"


async def migrate(url: str, *, revision: str = "head") -> None:
    """Run every migration that the database has not seen; safe when several processes start.

    One call at a time in one process, because Alembic keeps what it works on in globals.

    Raises:
        SettingsError: the address cannot be used.
        StartupError: the database cannot be reached, refuses us, or is newer than this bot.
    """
    engine = create_engine(url)

    def upgrade(connection: Connection) -> None:
        config = Config(ALEMBIC_INI)
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    try:
        async with writing(engine).connect() as connection:
            await connection.run_sync(upgrade)
    except CommandError as err:
        raise StartupError(f"The database fits another version of the bot: {err}") from err
    except (OSError, DBAPIError) as err:
        raise StartupError(f"The database cannot be opened or brought up to date: {err}") from err
    finally:
        await engine.dispose()


class Database:
    """Transactions on one database, for the stores of this room.

    Raises:
        StorageError: from every transaction, when the database does not do its work: it cannot be
            reached, is locked for too long, or its disk is full.
    """

    def __init__(self, url: str) -> None:
        self._engine = create_engine(url, statement_seconds=STATEMENT_SECONDS)
        self._glancers = async_sessionmaker(glancing(self._engine))
        self._readers = async_sessionmaker(reading(self._engine), expire_on_commit=False)
        self._writers = async_sessionmaker(writing(self._engine), expire_on_commit=False)
        self._open = 0
        self._closed = False
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._line: AbstractAsyncContextManager[None] = nullcontext()
        self._log: WriteAheadLog | None = None
        if self._engine.dialect.name == "sqlite":
            # SQLite has one writer. In this process writers line up here, first come first
            # served, instead of each holding a connection while it polls for the file's lock.
            self._line = asyncio.Lock()
            self._log = WriteAheadLog(self._engine, Path(self._engine.url.database or ""))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_exc: object) -> None:
        await self.close()

    @asynccontextmanager
    async def glance(self) -> AsyncIterator[AsyncSession]:
        """One statement that only looks, in one round trip."""
        with self._counted(), _translated():
            async with self._glancers() as session:
                yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """One transaction that only looks."""
        with self._counted(), _translated():
            async with self._readers.begin() as session:
                yield session

    @asynccontextmanager
    async def write(self) -> AsyncIterator[AsyncSession]:
        """One transaction that changes something; rolled back when the block raises."""
        with self._counted(), _translated():
            async with self._line, self._writers.begin() as session:
                yield session
        if self._log is not None:
            self._log.tend()

    @contextmanager
    def _counted(self) -> Iterator[None]:
        if self._closed:
            # It would open a connection that nobody closes.
            raise StorageError("the database is closed: the bot is going down")
        self._open += 1
        self._quiet.clear()
        try:
            yield
        finally:
            self._open -= 1
            if not self._open:
                self._quiet.set()

    async def close(self) -> None:
        """Let the transactions that run come to their end, then close every connection."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._quiet.wait()
        self._closed = True
        if self._log is not None:
            await self._log.close()
        await self._engine.dispose()
