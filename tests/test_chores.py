"""What is done again and again, also when it fails, and how it ends."""

from __future__ import annotations

import asyncio
import logging

import pytest

from bot.chores import Chore, doing
from bot.errors import StorageError
from tests.replies.clock import FakeClock


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


async def test_it_is_done_at_once_and_then_in_its_rhythm(clock, caplog):
    done: list[float] = []

    async def work() -> int:
        done.append(clock.now())
        return len(done)

    began = clock.now()
    with caplog.at_level(logging.INFO):
        async with doing([Chore("sweep", 10, work)], clock):
            await clock.advance(25)
    assert done == [began, began + 10, began + 20]
    assert caplog.messages == ["sweep: 1", "sweep: 2", "sweep: 3"]


@pytest.mark.parametrize(
    ("error", "line", "has_traceback"),
    [
        (StorageError("locked"), "not done: sweep: locked", False),
        (KeyError("a mistake"), "chore failed: sweep", True),
    ],
    ids=["trouble outside", "our mistake"],
)
async def test_what_fails_is_told_and_tried_again(clock, caplog, error, line, has_traceback):
    tries = 0

    async def work() -> None:
        nonlocal tries
        tries += 1
        raise error

    async with doing([Chore("sweep", 10, work)], clock):
        await clock.advance(15)
    assert tries == 2
    assert [record.message for record in caplog.records] == [line, line]
    assert bool(caplog.records[0].exc_info) is has_traceback


async def test_what_is_under_way_at_the_end_may_finish(clock):
    go_on, finished = asyncio.Event(), False

    async def work() -> None:
        nonlocal finished
        await go_on.wait()
        finished = True

    async with doing([Chore("sweep", 10, work)], clock):
        await clock.settle()
        asyncio.get_running_loop().call_soon(go_on.set)
    assert finished
