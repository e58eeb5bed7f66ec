"""Run migrations: on a connection the bot passes in, or for the `alembic` command line."""

from __future__ import annotations

import asyncio
import logging
import os
from typing import Any

from alembic import context
from alembic.autogenerate.api import AutogenContext
from alembic.util import CommandError
from sqlalchemy import Connection, Enum, TypeDecorator, text

from bot.storage.database import create_engine, writing
from bot.storage.tables import Base

DEFAULT_URL = "sqlite:///data/liaocord.sqlite3"

POSTGRES_LOCK = 0x6C69616F
"""The advisory lock ("liao") behind which processes that start together take turns."""


def run(connection: Connection) -> None:
    """Run what the command asked for, all of it in one transaction."""
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        # Batch mode drops and recreates a table; with foreign keys on, that empties every table
        # which refers to it. The pragma does nothing inside a transaction, hence this early.
        _pragma(connection, "foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        render_item=_render_item,
        # Our engine begins SQLite's transactions itself, so DDL is in them there as well.
        transactional_ddl=True,
    )
    try:
        with context.begin_transaction():
            if not on_sqlite:
                connection.execute(text(f"SELECT pg_advisory_xact_lock({POSTGRES_LOCK})"))
            context.run_migrations()
            if on_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                raise CommandError("a migration left rows that refer to nothing")
    finally:
        if on_sqlite:
            _pragma(connection, "foreign_keys=ON")


def _pragma(connection: Connection, pragma: str) -> None:
    cursor = connection.connection.cursor()
    cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _render_item(kind: str, item: Any, _context: AutogenContext) -> str | bool:
    # A migration must not change when our column types do, so it gets the plain type below them;
    # and a new word in an enumeration needs no migration.
    if kind == "type" and isinstance(item, Enum):
        return f"sa.String(length={item.length})"
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


async def run_from_command_line() -> None:
    """Run on the database that `-x url=` or DATABASE_URL names."""
    arguments = context.get_x_argument(as_dictionary=True)
    engine = create_engine(arguments.get("url") or os.environ.get("DATABASE_URL") or DEFAULT_URL)
    async with writing(engine).connect() as connection:
        await connection.run_sync(run)
    await engine.dispose()


if context.is_offline_mode():
    raise CommandError("--sql is not supported: these migrations look at a live database")
if (given := context.config.attributes.get("connection")) is not None:
    run(given)
else:
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    asyncio.run(run_from_command_line())
