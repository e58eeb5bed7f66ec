"""Small facts the bot keeps about itself between starts."""

from __future__ import annotations

from sqlalchemy import delete, select

from bot.storage.database import Database
from bot.storage.tables import BotStateRow
from bot.storage.upsert import insert_into


class SqlStateStore:
    """The `StateStore` of `chat.ports`; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, key: str) -> str | None:
        """The value, or None."""
        async with self._database.read() as session:
            return await session.scalar(select(BotStateRow.value).where(BotStateRow.name == key))

    async def write(self, key: str, value: str) -> None:
        """Keep a value in place of the one before."""
        async with self._database.write() as session:
            await session.execute(
                insert_into(session, BotStateRow)
                .values(name=key, value=value)
                .on_conflict_do_update(index_elements=["name"], set_={"value": value})
            )

    async def find(self, prefix: str) -> dict[str, str]:
        """All values whose key begins so."""
        async with self._database.read() as session:
            rows = await session.execute(
                select(BotStateRow.name, BotStateRow.value).where(
                    BotStateRow.name.startswith(prefix, autoescape=True)
                )
            )
            return {row.name: row.value for row in rows}

    async def forget(self, key: str) -> None:
        """Keep a value no longer."""
        async with self._database.write() as session:
            await session.execute(delete(BotStateRow).where(BotStateRow.name == key))
