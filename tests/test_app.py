"""Starting and stopping in order."""

from __future__ import annotations

import asyncio

import pytest

from bot import app


async def test_a_first_connection_that_never_opens_does_not_keep_the_bot_from_leaving(monkeypatch):
    monkeypatch.setattr(app, "LEAVE_SECONDS", 0)

    async def go_on_for_ever() -> None:
        await asyncio.Event().wait()

    connection = asyncio.create_task(go_on_for_ever())
    await app.leave(connection)
    assert connection.cancelled()


async def test_how_the_connection_ended_is_not_swallowed():
    async def end() -> None:
        raise ConnectionError("lost")

    with pytest.raises(ConnectionError, match="lost"):
        await app.leave(asyncio.create_task(end()))
