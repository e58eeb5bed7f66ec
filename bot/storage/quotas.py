"""What was used of the limits, counted so that nobody gets past one, however many ask at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
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
            entries = []
            for want in ordered:
                amount = await _count(session, guild_id, want)
                if amount is None:
                    [standing] = await _standings(session, guild_id, [want.charge])
                    held = await _held(session, guild_id, want.charge.account)
                    raise exceeded(replace(standing, held=held))
                entries.append(_entry(want.charge.account, amount))
            reserved = await session.scalar(
                insert(QuotaReservationRow)
                .values(guild_id=guild_id, entries=entries, run_id=self._run_id)
                .returning(QuotaReservationRow.id)
            )
        assert reserved is not None  # nothing can keep a new row from being there
        return int(reserved)

    async def lower(self, reservation: int, most: Spent) -> None:
        """Hold no more than this any longer."""
        async with self._database.write() as session:
            row = await session.get(QuotaReservationRow, reservation, with_for_update=True)
            if row is None:
                return
            entries = []
            for entry in row.entries:
                account = _account(entry)
                amount = min(entry["amount"], most.of(account.measure))
                await _add(session, _key(row.guild_id, account), amount - entry["amount"])
                entries.append(_entry(account, amount))
            row.entries = entries

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


async def _count(session: AsyncSession, guild_id: int, want: Wanted) -> int | None:
    """Add to a counter what its limit allows; how much that was, or None if it is not enough.

    Nothing may always be added; the counter is then there for what comes of it after all.
    """
    key = _key(guild_id, want.charge.account)
    # Written first, so that nobody comes between until this transaction ends.
    used = await session.scalar(
        insert_into(session, QuotaUseRow)
        .values(**key, used=0)
        .on_conflict_do_update(index_elements=_KEY, set_={"used": QuotaUseRow.used})
        .returning(QuotaUseRow.used)
    )
    left = want.charge.limit - (used or 0)
    if want.amount > max(0, left):
        return None
    amount = max(want.amount, min(want.up_to, left))
    if amount:
        await _add(session, key, amount)
    return amount


async def _held(session: AsyncSession, guild_id: int, account: Account) -> int:
    """How much of a counter is only reserved."""
    reserved = await session.scalars(
        select(QuotaReservationRow.entries).where(QuotaReservationRow.guild_id == guild_id)
    )
    return sum(
        entry["amount"] for entries in reserved for entry in entries if _account(entry) == account
    )


async def _add(session: AsyncSession, key: dict[str, Any], amount: int) -> None:
    used = QuotaUseRow.used + amount
    await session.execute(
        update(QuotaUseRow)
        .where(*(getattr(QuotaUseRow, name) == value for name, value in key.items()))
        .values(used=case((used < 0, 0), else_=used))
    )


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
        account = _account(entry)
        change = spent.of(account.measure) - entry["amount"]
        await _add(session, _key(row.guild_id, account), change)


def _entry(account: Account, amount: int) -> dict[str, Any]:
    return {
        "member_id": account.member_id,
        "measure": account.measure.value,
        "period": account.period.value,
        "begins": account.begins.isoformat(),
        "amount": amount,
    }


def _account(entry: dict[str, Any]) -> Account:
    return Account(
        entry["member_id"],
        Measure(entry["measure"]),
        Period(entry["period"]),
        datetime.fromisoformat(entry["begins"]).astimezone(UTC),
    )
