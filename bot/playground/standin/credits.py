"""The balance of the stand-in's auth code, and what its calls cost."""

from __future__ import annotations

import time
from typing import Any

_CREDITS_PER_1000_TOKENS = 0.01
_PAGE_SIZE_MAX = 100


class Ledger:
    """What was charged, newest last."""

    def __init__(self, amount: float = 40.0, balance: float = 12.5) -> None:
        self.amount = amount
        self.balance = balance
        self._charges: list[dict[str, Any]] = []

    def charge(self, model: str, input_tokens: int, output_tokens: int) -> None:
        """Take the price of one call off the balance."""
        tokens = input_tokens + output_tokens
        price = round(tokens / 1000 * _CREDITS_PER_1000_TOKENS, 6)
        self.balance = max(0.0, round(self.balance - price, 6))
        self._charges.append(
            {
                "id": len(self._charges) + 1,
                "model": model,
                "price": price,
                "tokens": tokens,
                "input_tokens": input_tokens,
                "output_tokens": output_tokens,
                "cache_hit_tokens": 0,
                "cache_creation_tokens": 0,
                "create_time": int(time.time() * 1000),
            }
        )

    def statement(self, query: dict[str, str]) -> dict[str, Any]:
        """The body of `GET /api/v1/credits`; charges are listed newest first."""
        data: dict[str, Any] = {"balance": self.balance, "amount": self.amount}
        if query.get("include_usage") == "true":
            size = min(_number(query.get("pageSize"), 50), _PAGE_SIZE_MAX)
            below = _number(query.get("nextId"), len(self._charges) + 1)
            listed = [charge for charge in reversed(self._charges) if charge["id"] < below]
            page = listed[:size]
            following = str(page[-1]["id"]) if len(listed) > size and page else ""
            data["usage"] = {"pageSize": size, "nextId": following, "list": page}
        return {"data": data}


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isdecimal() else default
