from __future__ import annotations

import asyncio

import pytest

from bot.chat.order import Arrivals


async def test_a_later_arrival_waits_for_an_earlier_one_that_is_slower():
    arrivals = Arrivals()
    slow = asyncio.Event()
    passed: list[str] = []

    async def come(name: str, ready: asyncio.Event | None) -> None:
        with arrivals.place("channel") as turn:
            if ready:
                await ready.wait()
            await turn()
            passed.append(name)

    tasks = [asyncio.create_task(come("first", slow)), asyncio.create_task(come("second", None))]
    await asyncio.sleep(0)
    assert passed == []
    slow.set()
    await asyncio.gather(*tasks)
    assert passed == ["first", "second"]


async def test_other_conversations_do_not_wait():
    arrivals = Arrivals()
    with arrivals.place("one"), arrivals.place("two") as turn:
        await asyncio.wait_for(turn(), 1)


async def test_an_arrival_that_fails_lets_the_next_one_through():
    arrivals = Arrivals()
    with pytest.raises(ValueError, match="broken"), arrivals.place("channel"):
        raise ValueError("broken")
    with arrivals.place("channel") as turn:
        await asyncio.wait_for(turn(), 1)
