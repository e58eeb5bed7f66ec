"""One member cannot have all of the bot."""

from __future__ import annotations

import asyncio

import pytest

from bot.chat.floods import Sparing, Turns
from bot.errors import QuotaError

MIRA, EVE = 11, 12


class Crowd:
    """Members who want their turn, and who of them has it."""

    def __init__(self, turns: Turns) -> None:
        self.turns = turns
        self.inside: list[int] = []
        self.go_on = asyncio.Event()

    async def come(self, member_id: int) -> None:
        async with self.turns.turn(member_id):
            self.inside.append(member_id)
            await self.go_on.wait()


async def test_a_few_at_a_time_and_of_one_member_fewer():
    crowd = Crowd(Turns(all_together=3, of_a_member=2, waiting=5))
    async with asyncio.TaskGroup() as group:
        for member_id in (EVE, EVE, EVE, EVE, MIRA, MIRA):
            group.create_task(crowd.come(member_id))
        for _ in range(5):
            await asyncio.sleep(0)
        assert crowd.inside == [EVE, EVE, MIRA]
        crowd.go_on.set()
    assert sorted(crowd.inside) == [MIRA] * 2 + [EVE] * 4


async def test_nobody_waits_behind_too_many_of_their_own():
    crowd = Crowd(Turns(all_together=3, of_a_member=1, waiting=2))
    async with asyncio.TaskGroup() as group:
        group.create_task(crowd.come(EVE))
        group.create_task(crowd.come(EVE))
        await asyncio.sleep(0)
        with pytest.raises(QuotaError):
            await crowd.come(EVE)
        crowd.go_on.set()
    await crowd.come(EVE)
    assert len(crowd.inside) == 3


async def test_who_gives_up_leaves_no_place_taken():
    turns = Turns(all_together=1, of_a_member=1, waiting=1)
    crowd = Crowd(turns)
    for _ in range(3):
        task = asyncio.create_task(crowd.come(EVE))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    crowd.go_on.set()
    await asyncio.wait_for(crowd.come(EVE), 1)


def test_something_happens_so_often_in_a_while_for_each_by_themselves():
    sparing = Sparing(times=2, seconds=20)
    assert [sparing.again(EVE, now) for now in (0, 5, 10, 19, 20, 21, 25)] == [
        True, True, False, False, True, False, True
    ]  # fmt: skip
    assert sparing.again(MIRA, 21)
    assert sparing.again(EVE, 100)
