from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from bot.cogs import _asking
from tests.fakes import MemoryState


class SlowState(MemoryState):
    """Writes when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.works = asyncio.Event()

    async def write(self, key: str, value: str) -> None:
        await self.works.wait()
        await super().write(key, value)


async def test_a_private_command_is_acknowledged_while_the_database_is_in_trouble(monkeypatch):
    monkeypatch.setattr(_asking, "NOTE_SECONDS", 0)
    state = SlowState()
    command: Any = SimpleNamespace(client=SimpleNamespace(state=state), id=1, token="t")
    async with asyncio.timeout(5):
        async with _asking.noted(command):
            state.works.set()
    assert state.values == {}


async def test_a_private_command_is_noted_before_it_is_acknowledged():
    state = SlowState()
    state.works.set()
    command: Any = SimpleNamespace(client=SimpleNamespace(state=state), id=1, token="t")
    async with _asking.noted(command):
        assert state.values == {"private:1": "t"}
