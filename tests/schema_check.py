"""`python -m tests.schema_check`: do the models and the migrations agree, on both databases?

Each database is brought to head, compared with the models, taken down to nothing, and brought
up again.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from sqlalchemy import CheckConstraint, Connection, inspect, text

from bot.storage.database import ALEMBIC_INI, create_engine, migrate, writing
from bot.storage.tables import Base
from tests.postgres import PostgresMissingError, postgres_server


async def disagreements(url: str) -> list[str]:
    """What the database at head has otherwise than the models say; empty when all is well."""
    engine = create_engine(url)
    try:
        async with engine.connect() as connection:
            return await connection.run_sync(lambda sync: list(_compare(sync)))
    finally:
        await engine.dispose()


async def downgrade(url: str, revision: str = "base") -> None:
    """Undo migrations."""
    engine = create_engine(url)

    def down(connection: Connection) -> None:
        config = Config(ALEMBIC_INI)
        config.attributes["connection"] = connection
        command.downgrade(config, revision)

    async with writing(engine).connect() as connection:
        await connection.run_sync(down)
    await engine.dispose()


def _compare(connection: Connection) -> Iterator[str]:
    context = MigrationContext.configure(connection)
    for difference in compare_metadata(context, Base.metadata):
        yield f"the models have, or lack: {difference}"
    # What Alembic does not compare, and what SQLite loses when batch mode rebuilds a table.
    inspector = inspect(connection)
    present = set(inspector.get_table_names())
    for table in Base.metadata.sorted_tables:
        if table.name not in present:
            continue
        stored = {check["name"] for check in inspector.get_check_constraints(table.name)}
        wanted = {str(c.name) for c in table.constraints if isinstance(c, CheckConstraint)}
        for name in sorted(wanted ^ stored, key=str):
            yield f"CHECK constraint {name} of {table.name} is not in both"
        if connection.dialect.name == "sqlite" and table.dialect_kwargs.get("sqlite_autoincrement"):
            created = connection.scalar(
                text("SELECT sql FROM sqlite_master WHERE name = :name"), {"name": table.name}
            )
            if "AUTOINCREMENT" not in str(created):
                yield f"{table.name} has lost AUTOINCREMENT"


async def _up_and_down(url: str) -> list[str]:
    await migrate(url)
    problems = await disagreements(url)
    await downgrade(url)
    await migrate(url)
    return problems + [f"after down and up: {problem}" for problem in await disagreements(url)]


def main() -> int:
    """Check SQLite, and PostgreSQL where there is one; returns the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        found = {"SQLite": asyncio.run(_up_and_down(f"sqlite:///{Path(folder) / 'check.sqlite3'}"))}
    try:
        with postgres_server() as server:
            found["PostgreSQL"] = asyncio.run(_up_and_down(server.url()))
    except PostgresMissingError as missing:
        if os.environ.get("CI"):
            raise
        print(f"PostgreSQL: not checked, {missing}")
    for database, problems in found.items():
        print(f"{database}: {'models and migrations agree' if not problems else ''}")
        for problem in problems:
            print(f"  {problem}")
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
