"""What admins have set, one row for each server and channel that set anything."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Integer, Select, literal, null, select, type_coerce

from bot.chat.ports import Preferences, Setting
from bot.storage.database import Database
from bot.storage.tables import ChannelPreferencesRow, GuildPreferencesRow, PreferenceColumns
from bot.storage.upsert import insert_into

FIELDS = tuple(Preferences.__dataclass_fields__)


class SqlPreferenceStore:
    """The `PreferenceStore` of `chat.ports`; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, guild_id: int | None, channel_id: int) -> tuple[Preferences, Preferences]:
        """The server's and the channel's layer, in one round trip."""

        def layer(name: str, table: type[PreferenceColumns]) -> Select[Any]:
            # What only a server has is nothing in a channel.
            return select(
                literal(name),
                *(getattr(table, field, type_coerce(null(), Integer)) for field in FIELDS),
            )

        server = layer("server", GuildPreferencesRow)
        channel = layer("channel", ChannelPreferencesRow)
        async with self._database.read() as session:
            rows = await session.execute(
                server.where(GuildPreferencesRow.guild_id == guild_id).union_all(
                    channel.where(ChannelPreferencesRow.channel_id == channel_id)
                )
            )
        found = {name: Preferences(*values) for name, *values in rows}
        return found.get("server", Preferences()), found.get("channel", Preferences())

    async def write(
        self, guild_id: int, channel_id: int | None, changes: Mapping[str, Setting]
    ) -> None:
        """Change the given fields of the server's layer, or of one channel's; None inherits.

        Raises:
            ValueError: a field is not one of `Preferences`.
        """
        table = GuildPreferencesRow if channel_id is None else ChannelPreferencesRow
        if unknown := {name for name in changes if name not in FIELDS or not hasattr(table, name)}:
            raise ValueError(f"no such preference: {', '.join(sorted(unknown))}")
        if not changes:
            return
        async with self._database.write() as session:
            if channel_id is None:
                upsert = insert_into(session, GuildPreferencesRow).values(guild_id=guild_id)
                key = "guild_id"
            else:
                upsert = insert_into(session, ChannelPreferencesRow).values(
                    guild_id=guild_id, channel_id=channel_id
                )
                key = "channel_id"
            await session.execute(
                upsert.values(**changes).on_conflict_do_update(
                    index_elements=[key], set_=dict(changes)
                )
            )
