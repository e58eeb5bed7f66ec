"""Limits hold, however many ask at once and from however many processes."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta

import pytest

from bot.chat.events import Finished, FinishReason, TextDelta
from bot.chat.metering import Meter
from bot.chat.quota import MICRO, Account, Charge, Measure, Period, Spent, Wanted
from bot.chat.respond import Responder
from bot.chat.turns import Grant, Manner, Scope
from bot.errors import QuotaError
from bot.storage.conversations import SqlConversationStore
from bot.storage.database import Database
from bot.storage.quotas import KEPT_FOR, SqlQuotaStore
from bot.storage.variants import SqlVariantStore
from tests.fakes import FakeClock, FakeModel, RecordingSurface, question

SERVER, MIRA = 10**18, 10**18 + 11
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)
TODAY = NOW.replace(hour=0, minute=0)


async def no_scaling(image, _max_bytes):
    return image


@pytest.fixture
def quotas(database) -> SqlQuotaStore:
    return SqlQuotaStore(database)


def charge(limit: int, measure=Measure.REQUESTS, member_id=MIRA, begins=TODAY) -> Charge:
    account = Account(member_id, measure, Period.DAY, begins)
    return Charge(account, limit, begins + timedelta(days=1))


async def used(quotas: SqlQuotaStore, *charges: Charge) -> list[int]:
    return [standing.used for standing in await quotas.standings(SERVER, charges)]


async def reserve(quotas: SqlQuotaStore, *wanted: tuple[Charge, int]) -> int:
    return await quotas.reserve(SERVER, [Wanted(*want) for want in wanted])


async def test_what_is_reserved_counts_until_it_is_settled(quotas):
    tokens = charge(1_000, Measure.TOKENS)
    number = await reserve(quotas, (tokens, 600))
    assert await used(quotas, tokens) == [600]
    await quotas.settle(number, Spent(requests=1, tokens=250))
    assert await used(quotas, tokens) == [250]
    await quotas.settle(number, Spent(tokens=9_999))
    assert await used(quotas, tokens) == [250]


async def test_an_error_gives_back(quotas):
    number = await reserve(quotas, (charge(5), 1))
    await quotas.settle(number, Spent())
    assert await used(quotas, charge(5)) == [0]


async def test_a_reply_may_use_more_than_was_expected_and_the_next_is_refused(quotas):
    tokens = charge(1_000, Measure.TOKENS)
    await quotas.settle(await reserve(quotas, (tokens, 600)), Spent(tokens=1_500))
    with pytest.raises(QuotaError, match="Left: 0 tokens"):
        await reserve(quotas, (tokens, 1))


async def test_what_may_come_of_it_is_counted_also_where_nothing_was_expected(quotas):
    """A chat may end with pictures; whoever has none left can still have words."""
    pictures = charge(2, Measure.IMAGES)
    await quotas.settle(await reserve(quotas, (pictures, 0)), Spent(images=3))
    assert await used(quotas, pictures) == [3]
    await quotas.settle(await reserve(quotas, (pictures, 0)), Spent())
    assert await used(quotas, pictures) == [3]
    with pytest.raises(QuotaError):
        await reserve(quotas, (pictures, 1))


async def test_all_counters_are_run_up_or_none(quotas):
    own, shared = charge(5), charge(0, member_id=0)
    with pytest.raises(QuotaError, match="all members"):
        await reserve(quotas, (own, 1), (shared, 1))
    assert await used(quotas, own, shared) == [0, 0]


async def test_members_servers_and_windows_are_counted_apart(quotas):
    tomorrow = charge(1, begins=TODAY + timedelta(days=1))
    await reserve(quotas, (charge(1), 1))
    await reserve(quotas, (charge(1, member_id=MIRA + 1), 1))
    await reserve(quotas, (tomorrow, 1))
    await quotas.reserve(SERVER + 1, [Wanted(charge(1), 1)])
    with pytest.raises(QuotaError):
        await reserve(quotas, (charge(1), 1))


async def test_of_200_at_once_exactly_the_100_of_the_limit_get_in(url):
    async with AsyncExitStack() as stack:
        stores = [
            SqlQuotaStore(await stack.enter_async_context(Database(url))) for _process in range(2)
        ]

        async def ask(number: int) -> bool:
            try:
                await reserve(stores[number % 2], (charge(100), 1), (charge(500, member_id=0), 1))
            except QuotaError:
                return False
            return True

        outcomes = await asyncio.gather(*map(ask, range(200)))
        assert sum(outcomes) == 100
        assert await used(stores[0], charge(100), charge(500, member_id=0)) == [100, 100]


async def test_of_200_replies_at_once_exactly_the_100_of_the_quota_are_answered(url):
    model = FakeModel([TextDelta("Hello!"), Finished(FinishReason.STOP)])
    grant = Grant(charges=(charge(100, member_id=0),))
    async with AsyncExitStack() as stack:
        databases = [await stack.enter_async_context(Database(url)) for _process in range(2)]
        responders = [
            Responder(
                model=model,
                store=SqlConversationStore(database),
                variants=SqlVariantStore(database),
                clock=FakeClock(),
                meter=Meter(SqlQuotaStore(database)),
                scale=no_scaling,
            )
            for database in databases
        ]

        async def ask(number: int) -> str:
            scope = Scope(f"channel:{number}", guild_id=SERVER, channel_id=number)
            asked = question(event_id=number, scope=scope, manner=Manner(grant=grant))
            surface = RecordingSurface()

            async def prepare():
                return asked

            async def open_surface(_turn):
                return surface

            with suppress(QuotaError):
                await responders[number % 2].ask(scope, prepare, open_surface)
            return surface.text

        shown = await asyncio.gather(*map(ask, range(1, 201)))
        assert Counter(shown) == {"Hello!": 100, "": 100}
        assert len(model.requests) == 100
        assert await used(SqlQuotaStore(databases[0]), charge(100, member_id=0)) == [100]


@pytest.mark.parametrize("measure", [Measure.TOKENS, Measure.CREDITS])
async def test_whoever_asks_at_once_uses_no_more_than_one_after_the_other(quotas, measure):
    """How long answers become is not known before: what they may need is held meanwhile."""
    meter = Meter(quotas, lambda _model, tokens, _images: tokens / 1_000)
    limit = charge(3_000 if measure is Measure.TOKENS else 3 * MICRO, measure)
    scope = Scope("channel:7", SERVER, 7)
    asked = question(scope=scope, manner=Manner(grant=Grant(charges=(limit,))))
    async with AsyncExitStack() as stack:
        spending = await stack.enter_async_context(meter.reply(asked))
        with pytest.raises(QuotaError, match="are held for answers that have not ended"):
            async with meter.reply(asked):
                raise AssertionError("two grow at once")
        spending.used = Spent(requests=1, tokens=600, credits=MICRO)
    async with meter.reply(asked):
        pass  # There is something left again.


async def test_less_can_be_held_as_soon_as_more_is_known(quotas):
    tokens, requests = charge(1_000, Measure.TOKENS), charge(5)
    number = await quotas.reserve(SERVER, [Wanted(tokens, 100, 900), Wanted(requests, 1)])
    assert await used(quotas, tokens, requests) == [900, 1]
    await quotas.lower(number, Spent(requests=1, tokens=250))
    assert await used(quotas, tokens, requests) == [250, 1]
    await quotas.lower(number, Spent(requests=9, tokens=800))
    assert await used(quotas, tokens, requests) == [250, 1]
    await quotas.settle(number, Spent(requests=1, tokens=300))
    assert await used(quotas, tokens, requests) == [300, 1]


async def test_a_generous_limit_lets_many_ask_at_once(quotas):
    limit = charge(1_000_000, Measure.TOKENS)
    scope = Scope("channel:7", SERVER, 7)
    asked = question(scope=scope, manner=Manner(grant=Grant(charges=(limit,))))
    async with AsyncExitStack() as stack:
        for _number in range(15):
            await stack.enter_async_context(Meter(quotas).reply(asked))


async def test_old_windows_are_forgotten(quotas):
    await reserve(quotas, (charge(5), 2))
    await quotas.forget(TODAY + KEPT_FOR + timedelta(days=1))
    assert await used(quotas, charge(5)) == [0]
