"""What admins have set: one row for each server and channel that set anything, and its log."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, fields
from typing import Any, cast

import msgspec
from sqlalchemy import (
    JSON,
    BigInteger,
    ColumnElement,
    CompoundSelect,
    Integer,
    LargeBinary,
    Text,
    bindparam,
    delete,
    insert,
    null,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.content import Speaker
from bot.chat.places import SettingsPlace
from bot.chat.preferences import (
    Change,
    Configuration,
    Layers,
    Lists,
    LoggedChange,
    Preferences,
    SealedKey,
    differences,
)
from bot.storage.database import Database
from bot.storage.tables import (
    ChannelPreferencesRow,
    ConfigChangeRow,
    GuildPreferencesRow,
    GuildSecretRow,
    PreferenceColumns,
)
from bot.storage.upsert import insert_into

FIELDS = tuple(field.name for field in fields(Preferences))
KEY = "authcode"
"""How the log names a server's own auth code."""


class SqlPreferenceStore:
    """The `PreferenceStore` of `chat.ports`; each method is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def read(self, place: SettingsPlace) -> Layers:
        """Everything that decides what holds in a place, in one round trip."""
        if place.guild_id is None:
            return Layers()
        category_id = place.category_id or place.channel_id
        asked = {"guild": place.guild_id, "channel": place.channel_id, "category": category_id}
        async with self._database.glance() as session:
            rows = list(await session.execute(_EVERYTHING, asked))
        found = {row[0]: row for row in rows}

        def layer(row_id: int | None) -> Preferences:
            row = found.get(row_id)
            return Preferences() if row is None else Preferences(*row[4:])

        server = found[place.guild_id]
        return Layers(
            server=layer(place.guild_id),
            category=layer(place.category_id),
            channel=layer(place.channel_id),
            lists=_lists(server[1]),
            key=None if server[2] is None else SealedKey(server[2], server[3]),
        )

    async def configuration(self, guild_id: int) -> Configuration:
        """All that a server has set."""
        async with self._database.read() as session:
            return await _configuration(session, guild_id)

    async def change(
        self, guild_id: int, edit: Callable[[Configuration], Configuration], by: Speaker
    ) -> list[Change]:
        """Put what `edit` makes of the configuration in its place, and log the differences."""
        async with self._database.write() as session:
            await session.execute(
                insert_into(session, GuildPreferencesRow)
                .values(guild_id=guild_id)
                .on_conflict_do_nothing()
            )
            # Whoever else changes this server waits here, and then sees what was changed.
            await session.execute(
                select(GuildPreferencesRow.guild_id)
                .where(GuildPreferencesRow.guild_id == guild_id)
                .with_for_update()
            )
            old = await _configuration(session, guild_id)
            new = edit(old)
            changes = differences(old, new)
            if changes:
                await _save(session, guild_id, old, new)
                await _note(session, guild_id, changes, by)
        return changes

    async def keep_key(self, guild_id: int, key: SealedKey | None, by: Speaker) -> None:
        """Keep a server's own auth code, or forget it; logged without the code."""
        async with self._database.write() as session:
            before = await session.scalar(
                select(GuildSecretRow.tail).where(GuildSecretRow.guild_id == guild_id)
            )
            if key is None:
                await session.execute(
                    delete(GuildSecretRow).where(GuildSecretRow.guild_id == guild_id)
                )
            else:
                values = {"sealed": key.data, "tail": key.tail}
                await session.execute(
                    insert_into(session, GuildSecretRow)
                    .values(guild_id=guild_id, **values)
                    .on_conflict_do_update(index_elements=["guild_id"], set_=values)
                )
            after = None if key is None else key.tail
            if key is not None or before is not None:
                told = [msgspec.json.encode(tail).decode() for tail in (before, after)]
                await _note(session, guild_id, [Change(None, KEY, *told)], by)

    async def with_keys(self) -> list[int]:
        """The servers that have an auth code of their own."""
        async with self._database.read() as session:
            return list(await session.scalars(select(GuildSecretRow.guild_id)))

    async def log(self, guild_id: int, *, limit: int, skip: int = 0) -> list[LoggedChange]:
        """The newest changes first."""
        async with self._database.read() as session:
            rows = await session.scalars(
                select(ConfigChangeRow)
                .where(ConfigChangeRow.guild_id == guild_id)
                .order_by(ConfigChangeRow.id.desc())
                .limit(limit)
                .offset(skip)
            )
            return [
                LoggedChange(
                    Change(row.place_id, row.name, row.before, row.after),
                    row.member_id,
                    row.member_name,
                    row.at,
                )
                for row in rows
            ]


def _columns(table: type[PreferenceColumns]) -> list[ColumnElement[Any]]:
    """The fields in their order; what only a server has is nothing in a channel."""
    return [getattr(table, name, type_coerce(null(), Integer)) for name in FIELDS]


def _everything() -> CompoundSelect[Any]:
    """All that decides in a `channel` of a `category` of a `guild`: the server's row first."""
    guild, channel = GuildPreferencesRow, ChannelPreferencesRow
    secret = (GuildSecretRow.sealed, GuildSecretRow.tail)
    # A server may have a key and no settings, so its row is sought from the place's id.
    here = select(bindparam("guild", type_=BigInteger).label("id")).subquery()
    of_server = (
        select(here.c.id, guild.lists, *secret, *_columns(guild))
        .outerjoin(guild, guild.guild_id == here.c.id)
        .outerjoin(GuildSecretRow, GuildSecretRow.guild_id == here.c.id)
    )
    of_places = select(
        channel.channel_id,
        type_coerce(null(), JSON),
        type_coerce(null(), LargeBinary),
        type_coerce(null(), Text),
        *_columns(channel),
    ).where(
        channel.guild_id == bindparam("guild", type_=BigInteger),
        or_(
            channel.channel_id == bindparam("channel", type_=BigInteger),
            channel.channel_id == bindparam("category", type_=BigInteger),
        ),
    )
    return of_server.union_all(of_places)


_EVERYTHING = _everything()
"""Built once: building it costs more than running it."""


def _layer(row: PreferenceColumns) -> Preferences:
    return Preferences(**{name: getattr(row, name, None) for name in FIELDS})


def _lists(stored: dict[str, Any] | None) -> Lists:
    return msgspec.convert(stored, Lists) if stored else Lists()


async def _configuration(session: AsyncSession, guild_id: int) -> Configuration:
    server = await session.get(GuildPreferencesRow, guild_id)
    places = await session.scalars(
        select(ChannelPreferencesRow).where(ChannelPreferencesRow.guild_id == guild_id)
    )
    return Configuration(
        server=Preferences() if server is None else _layer(server),
        places={row.channel_id: layer for row in places if (layer := _layer(row)) != Preferences()},
        lists=_lists(None if server is None else server.lists),
    )


async def _save(
    session: AsyncSession, guild_id: int, old: Configuration, new: Configuration
) -> None:
    server = await session.get_one(GuildPreferencesRow, guild_id)
    for name, value in asdict(new.server).items():
        setattr(server, name, value)
    server.lists = cast("dict[str, Any]", msgspec.to_builtins(new.lists))
    table = ChannelPreferencesRow
    gone = old.places.keys() - new.places.keys()
    await session.execute(
        delete(table).where(table.guild_id == guild_id, table.channel_id.in_(gone))
    )
    for place_id, layer in new.places.items():
        if layer == old.places.get(place_id):
            continue
        values = {name: getattr(layer, name) for name in FIELDS if hasattr(table, name)}
        await session.execute(
            insert_into(session, table)
            .values(guild_id=guild_id, channel_id=place_id, **values)
            .on_conflict_do_update(
                index_elements=["channel_id"],
                set_=values,
                # An imported file may name a channel of another server.
                where=table.guild_id == guild_id,
            )
        )


async def _note(
    session: AsyncSession, guild_id: int, changes: Sequence[Change], by: Speaker
) -> None:
    await session.execute(
        insert(ConfigChangeRow),
        [
            {
                "guild_id": guild_id,
                "place_id": change.place_id,
                "name": change.name,
                "before": change.before,
                "after": change.after,
                "member_id": by.id,
                "member_name": by.name,
            }
            for change in changes
        ],
    )
