"""What was used of the limits, counted so that nobody gets past one, however many ask at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import and_, case, delete, exists, insert, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from bot.chat.quota import (
    Account,
    Charge,
    Measure,
    Period,
    Spent,
    Standing,
    Wanted,
    exceeded,
)
from bot.chat.turns import TurnState
from bot.storage.database import Database
from bot.storage.runs import left_by_dead, living
from bot.storage.tables import QuotaReservationRow, QuotaUseRow, TurnRow
from bot.storage.upsert import insert_into

KEPT_FOR = timedelta(days=70)
"""Windows are at most a month long; older ones count for nothing."""

_KEY = ("guild_id", "member_id", "measure", "period", "begins")


class SqlQuotaStore:
    """The `QuotaStore` of `chat.ports`; each method is one transaction."""

    def __init__(self, database: Database, run_id: int | None = None) -> None:
        self._database = database
        self._run_id = run_id

    async def reserve(self, guild_id: int, wanted: Sequence[Wanted]) -> int:
        """Count what a reply will use, all of it or nothing; the reservation's number.

        Raises:
            QuotaError: a counter would go beyond its limit.
        """
        # In one order, so that two transactions never wait for each other.
        ordered = sorted(wanted, key=lambda want: _order(want.charge.account))
        async with self._database.write() as session:
            for want in ordered:
                if not await _count(session, guild_id, want):
                    [standing] = await _standings(session, guild_id, [want.charge])
                    raise exceeded(standing)
            entries = [_entry(want) for want in ordered]
            reserved = await session.scalar(
                insert(QuotaReservationRow)
                .values(guild_id=guild_id, entries=entries, run_id=self._run_id)
                .returning(QuotaReservationRow.id)
            )
        assert reserved is not None  # nothing can keep a new row from being there
        return int(reserved)

    async def settle(self, reservation: int, spent: Spent) -> None:
        """Count what was really used instead; a reservation is settled once."""
        async with self._database.write() as session:
            await _settle(session, reservation, spent)

    async def standings(self, guild_id: int, charges: Sequence[Charge]) -> list[Standing]:
        """How far these counters have gone."""
        async with self._database.read() as session:
            return await _standings(session, guild_id, charges)

    async def give_back(self) -> int:
        """Give back what runs that have died reserved for replies that owe nothing; how many
        reservations there were."""
        growing = exists().where(
            TurnRow.reservation_id == QuotaReservationRow.id,
            or_(TurnRow.state == TurnState.STREAMING, TurnRow.unshown.is_(True)),
        )
        async with self._database.write() as session:
            alive = await living(session, self._run_id)
            lost = await session.scalars(
                select(QuotaReservationRow.id).where(
                    left_by_dead(QuotaReservationRow.run_id, alive), ~growing
                )
            )
            numbers = list(lost)
            for number in numbers:
                await _settle(session, number, Spent())
        return len(numbers)

    async def forget(self, now: datetime) -> None:
        """Forget windows that are long over."""
        async with self._database.write() as session:
            await session.execute(delete(QuotaUseRow).where(QuotaUseRow.begins < now - KEPT_FOR))


def _order(account: Account) -> tuple[int, str, str]:
    return account.member_id, account.measure, account.period


def _key(guild_id: int, account: Account) -> dict[str, Any]:
    return {
        "guild_id": guild_id,
        "member_id": account.member_id,
        "measure": account.measure,
        "period": account.period,
        "begins": account.begins,
    }


async def _count(session: AsyncSession, guild_id: int, want: Wanted) -> bool:
    """Add to a counter if its limit allows it: one statement, so that nobody comes between.

    Nothing may always be added; the counter is then there for what comes of it after all.
    """
    if want.amount > want.charge.limit:
        return False
    added = await session.scalar(
        insert_into(session, QuotaUseRow)
        .values(**_key(guild_id, want.charge.account), used=want.amount)
        .on_conflict_do_update(
            index_elements=_KEY,
            set_={"used": QuotaUseRow.used + want.amount},
            where=QuotaUseRow.used + want.amount <= want.charge.limit if want.amount else None,
        )
        .returning(QuotaUseRow.used)
    )
    return added is not None


async def _standings(
    session: AsyncSession, guild_id: int, charges: Sequence[Charge]
) -> list[Standing]:
    if not charges:
        return []
    table = QuotaUseRow
    rows = await session.execute(
        select(table.member_id, table.measure, table.period, table.begins, table.used).where(
            table.guild_id == guild_id,
            or_(
                *(
                    and_(
                        table.member_id == charge.account.member_id,
                        table.measure == charge.account.measure,
                        table.period == charge.account.period,
                        table.begins == charge.account.begins,
                    )
                    for charge in charges
                )
            ),
        )
    )
    used = {Account(row.member_id, row.measure, row.period, row.begins): row.used for row in rows}
    return [Standing(charge, used.get(charge.account, 0)) for charge in charges]


async def _settle(session: AsyncSession, reservation: int, spent: Spent) -> None:
    row = (
        await session.execute(
            delete(QuotaReservationRow)
            .where(QuotaReservationRow.id == reservation)
            .returning(QuotaReservationRow.guild_id, QuotaReservationRow.entries)
        )
    ).one_or_none()
    if row is None:
        return
    for entry in row.entries:
        account = Account(
            entry["member_id"],
            Measure(entry["measure"]),
            Period(entry["period"]),
            datetime.fromisoformat(entry["begins"]).astimezone(UTC),
        )
        used = QuotaUseRow.used + (spent.of(account.measure) - entry["amount"])
        key = _key(row.guild_id, account)
        await session.execute(
            update(QuotaUseRow)
            .where(*(getattr(QuotaUseRow, name) == value for name, value in key.items()))
            .values(used=case((used < 0, 0), else_=used))
        )


def _entry(want: Wanted) -> dict[str, Any]:
    account = want.charge.account
    return {
        "member_id": account.member_id,
        "measure": account.measure.value,
        "period": account.period.value,
        "begins": account.begins.isoformat(),
        "amount": want.amount,
    }
