from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from bot.chat.account import Balance, Charged
from bot.errors import AuthCodeError, UnavailableError
from bot.llm.credits import GatewayAccount
from bot.llm.models import read_models
from tests.llm.gateway import AUTHCODE, gateway, plain

PAGE = plain(b"<html>Just a moment", 403, content_type="text/html")
ODD_NUMBERS = {
    "infinite": b"1e999",
    "less than nothing at all": b"-1e999",
    "NaN": b"NaN",
    "nan in quotes": b'"nan"',
    "400 digits": b"9" * 400,
    "more than there is": b"1e300",
}


@pytest.mark.parametrize(
    ("document", "balance"),
    [
        ({"data": {"balance": 12.5, "amount": 40.0, "usage": {}}}, Balance(12.5, 40.0)),
        ({"data": {"balance": "3", "amount": None}}, Balance(3.0, 0.0)),
        ({"balance": 0}, Balance(0.0, 0.0)),
        ({"balance": -0.5}, Balance(-0.5, 0.0)),
        (b'{"balance": 3, "amount": 1e999}', Balance(3.0, 0.0)),
        (b'{"balance": 3, "amount": -1}', Balance(3.0, 0.0)),
    ],
)
async def test_the_balance_is_read(document: Any, balance: Balance) -> None:
    async with gateway(plain(document)) as there:
        assert await GatewayAccount(there.session, there.hosts()).balance(AUTHCODE) == balance
        [call] = there.asked
    assert (call.method, call.path) == ("GET", "/api/v1/credits")
    assert call.headers["Authorization"] == f"Bearer {AUTHCODE}"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        pytest.param(plain({"message": "401 Unauthorized"}, 401), AuthCodeError, id="401"),
        pytest.param(
            plain({"success": False, "message": "无效的令牌"}), AuthCodeError, id="refused in a 200"
        ),
        pytest.param(plain(b"Error", 402), UnavailableError, id="402"),
        pytest.param(plain(b"Error", 500), UnavailableError, id="500"),
        pytest.param(PAGE, UnavailableError, id="challenge"),
        pytest.param(plain(b"<html>"), UnavailableError, id="page in a 200"),
        pytest.param(plain({"data": []}), UnavailableError, id="no balance"),
        pytest.param(plain({"data": {"balance": "x"}}), UnavailableError, id="no number"),
        *(
            pytest.param(plain(b'{"balance": %b}' % odd), UnavailableError, id=name)
            for name, odd in ODD_NUMBERS.items()
        ),
    ],
)
async def test_what_is_no_balance_is_told(reply: Any, kind: type[Exception]) -> None:
    async with gateway(reply) as there:
        with pytest.raises(kind):
            await GatewayAccount(there.session, there.hosts()).balance(AUTHCODE)


async def test_a_gateway_that_is_not_there_is_told() -> None:
    async with gateway(PAGE) as there:
        with pytest.raises(UnavailableError):
            await GatewayAccount(there.session, there.hosts("http://127.0.0.1:1")).balance(AUTHCODE)


def entry(number: int, at: int, model: str = "m", price: float = 0.5) -> dict[str, Any]:
    return {"id": number, "model": model, "price": price, "tokens": 100, "create_time": at * 1000}


def statement(*entries: dict[str, Any], following: str = "") -> Any:
    usage = {"pageSize": 100, "nextId": following, "list": list(entries)}
    return plain({"data": {"balance": 1, "usage": usage}})


LONG_AGO = datetime.fromtimestamp(0, UTC)


async def test_charges_are_read_page_by_page() -> None:
    pages = [statement(entry(3, 30), entry(2, 20), following="2"), statement(entry(1, 10))]
    async with gateway(*pages) as there:
        charges = await GatewayAccount(there.session, there.hosts()).charges(
            AUTHCODE, since=LONG_AGO
        )
        assert [call.query.get("nextId") for call in there.asked] == [None, "2"]
    assert [charge.at.timestamp() for charge in charges] == [30, 20, 10]
    assert charges[0] == Charged("m", 0.5, 100, datetime.fromtimestamp(30, UTC))


async def test_a_gateway_that_ignores_the_page_mark_is_not_asked_for_ever() -> None:
    page = statement(entry(2, 20), entry(1, 10), following="1")
    async with gateway(page, page, page) as there:
        charges = await GatewayAccount(there.session, there.hosts()).charges(
            AUTHCODE, since=LONG_AGO
        )
        assert len(there.asked) == 2
    assert len(charges) == 2


async def test_older_charges_are_neither_told_nor_asked_for() -> None:
    async with gateway(statement(entry(2, 20), entry(1, 10), following="1")) as there:
        since = datetime.fromtimestamp(15, UTC)
        charges = await GatewayAccount(there.session, there.hosts()).charges(AUTHCODE, since=since)
        assert len(there.asked) == 1
    assert len(charges) == 1


async def test_charges_of_an_unknown_form_are_left_out() -> None:
    odd: list[Any] = [None, {"model": "m"}, entry(1, 10, price=2.0), {**entry(2, 1), "price": "x"}]
    async with gateway(statement(*odd)) as there:
        charges = await GatewayAccount(there.session, there.hosts()).charges(
            AUTHCODE, since=LONG_AGO
        )
    assert [charge.price for charge in charges] == [2.0]


async def charges_of(entries: bytes) -> list[Charged]:
    body = b'{"data": {"balance": 1, "usage": {"list": [%b]}}}' % entries
    async with gateway(plain(body)) as there:
        account = GatewayAccount(there.session, there.hosts())
        return await account.charges(AUTHCODE, since=LONG_AGO)


@pytest.mark.parametrize("odd", [*ODD_NUMBERS.values(), b"-1"], ids=[*ODD_NUMBERS, "negative"])
async def test_prices_and_times_that_are_none_are_left_out_and_such_tokens_not_counted(
    odd: bytes,
) -> None:
    form = b'{"id": %b, "model": "m", "price": %b, "tokens": %b, "create_time": %b}'
    entries = [
        form % (b"1", odd, b"1", b"1000"),
        form % (b"2", b"1", odd, b"1000"),
        form % (b"3", b"1", b"1", odd),
    ]
    [charge] = await charges_of(b", ".join(entries))
    assert (charge.price, charge.tokens) == (1.0, 0)


async def test_charges_without_an_id_or_with_an_odd_one_count_each() -> None:
    ids: list[Any] = [[], {}, None]
    entries = [entry(1, 10) | {"id": odd} for odd in ids]
    assert len(await charges_of(json.dumps(entries)[1:-1].encode())) == 3


@pytest.mark.parametrize(
    ("reply", "models"),
    [
        (plain({"object": "list", "data": [{"id": "a"}, {"id": "b"}, {"id": "a"}]}), ("a", "b")),
        (plain({"models": [{"name": "models/a"}, {"name": "b"}]}), ("a", "b")),
        (plain({"message": "not found"}, 404), ()),
        (plain({"success": False}), ()),
        (plain(b"[1, 2]"), ()),
        (plain({"data": [{"id": 5}, {"id": ""}, {"id": "x" * 101}, "x"]}), ()),
    ],
)
async def test_the_list_of_models_is_read_in_both_forms(
    reply: Any, models: tuple[str, ...]
) -> None:
    async with gateway(reply) as there:
        assert await read_models(there.session, there.hosts(), AUTHCODE) == models


async def test_models_are_asked_for_at_the_next_host_when_one_is_down() -> None:
    async with gateway(plain({"data": [{"id": "a"}]})) as there:
        hosts = there.hosts("http://127.0.0.1:1", there.url)
        assert await read_models(there.session, hosts, AUTHCODE) == ("a",)
