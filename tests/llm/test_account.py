from __future__ import annotations

from typing import Any

import pytest

from bot.errors import AuthCodeError, UnavailableError
from bot.llm.credits import Balance, read_balance
from tests.llm.gateway import AUTHCODE, gateway, plain

PAGE = plain(b"<html>Just a moment", 403, content_type="text/html")


@pytest.mark.parametrize(
    ("document", "balance"),
    [
        ({"data": {"balance": 12.5, "amount": 40.0, "usage": {}}}, Balance(12.5, 40.0)),
        ({"data": {"balance": "3", "amount": None}}, Balance(3.0, 0.0)),
        ({"balance": 0}, Balance(0.0, 0.0)),
    ],
)
async def test_the_balance_is_read(document: Any, balance: Balance) -> None:
    async with gateway(plain(document)) as there:
        assert await read_balance(there.session, there.url, AUTHCODE) == balance
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
    ],
)
async def test_what_is_no_balance_is_told(reply: Any, kind: type[Exception]) -> None:
    async with gateway(reply) as there:
        with pytest.raises(kind):
            await read_balance(there.session, there.url, AUTHCODE)


async def test_a_gateway_that_is_not_there_is_told() -> None:
    async with gateway(PAGE) as there:
        with pytest.raises(UnavailableError):
            await read_balance(there.session, "http://127.0.0.1:1", AUTHCODE)
